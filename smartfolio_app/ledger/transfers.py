"""Own transfers: a withdrawal here and a deposit there that are one movement between the household's own places.

Two records belong together when they are of one asset, in different places (or carry the same transaction id), the
deposit follows the withdrawal within the window, and it brings what was sent less at most the tolerated fee. Of several
possible pairs the best is taken first: same id, then exact amount, then the shortest time. The user's own word comes
before all of that.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.ledger.assets import AssetId, is_fiat
from smartfolio_app.ledger.instants import DAY_US, Microseconds, micros
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.ledger.transactions import Transaction, TransactionKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far the two records may lie apart.

    ``after`` is how long coins may travel, ``after_fiat`` money; ``before`` allows for clocks that disagree (a record
    with a date only gets a whole day). ``fee`` is the share of what was sent that the way may cost.
    """

    after: timedelta = timedelta(days=3)
    after_fiat: timedelta = timedelta(days=7)
    before: timedelta = timedelta(hours=2)
    fee: Decimal = Decimal("0.05")


#: Smaller is better: without the same id, without the exact amount, time apart; then the two indices.
_Score = tuple[int, int, Microseconds, int, int]


def match_transfers(
    ordered: Sequence[Transaction],
    decided: Mapping[str, str] | None = None,
    tolerance: Tolerance | None = None,
    *,
    among: Sequence[int] | None = None,
) -> dict[int, int]:
    """Return for each withdrawal that became a deposit the index of the one and of the other.

    ``ordered`` comes from ``ordering.in_order``. ``decided`` is the user's word, by storage id: a withdrawal's id to
    its deposit's, or to ``""`` where there is none. ``among`` names the indices worth looking at, when they are known.
    """
    limits, word = tolerance or Tolerance(), decided or {}
    matched = _decided(ordered, word)
    taken = set(matched.values())
    confirmed = set(word.values())
    arrivals: defaultdict[AssetId, list[tuple[Microseconds, int]]] = defaultdict(list)
    leaving: list[int] = []
    for index in range(len(ordered)) if among is None else among:
        row = ordered[index]
        if row.received is not None and row.sent is not None:
            continue  # it says itself what became of what
        if row.kind is TransactionKind.DEPOSIT and row.received is not None:
            if index not in taken and not (row.id and row.id in confirmed):
                arrivals[row.received.asset].append((micros(row.at), index))
        elif row.kind is TransactionKind.WITHDRAWAL and row.sent is not None and row.id not in word:
            leaving.append(index)
    candidates = sorted(
        score
        for index in leaving
        for score in _candidates(ordered, index, arrivals.get(_sent(ordered[index]), []), limits)
    )
    for *_, index, arrival in candidates:
        if index not in matched and arrival not in taken:
            matched[index] = arrival
            taken.add(arrival)
    return dict(sorted(matched.items()))


def _decided(ordered: Sequence[Transaction], decided: Mapping[str, str]) -> dict[int, int]:
    if not decided:
        return {}
    index_of = {row.id: index for index, row in enumerate(ordered) if row.id}
    return {
        index_of[leaving]: index_of[arrival]
        for leaving, arrival in decided.items()
        if leaving in index_of and arrival in index_of
    }


def _sent(row: Transaction) -> AssetId:
    return row.sent.asset if row.sent is not None else ""


def _candidates(
    ordered: Sequence[Transaction], index: int, arrivals: list[tuple[Microseconds, int]], limits: Tolerance
) -> list[_Score]:
    row = ordered[index]
    assert row.sent is not None
    at = micros(row.at)
    after = limits.after_fiat if is_fiat(row.sent.asset) else limits.after
    earliest = at - max(limits.before, timedelta(days=1)) // timedelta(microseconds=1)
    latest = at + after // timedelta(microseconds=1)
    first = bisect_left(arrivals, (earliest, -1))
    last = bisect_right(arrivals, (latest, len(ordered)))
    found: list[_Score] = []
    for moment, arrival in arrivals[first:last]:
        other = ordered[arrival]
        same_id = bool(row.external_id) and row.external_id == other.external_id
        if not same_id and (row.source, row.account) == (other.source, other.account):
            continue
        if at - moment > _before(at, moment, limits):
            continue
        fits = _fits(row, other, limits)
        if fits is not None:
            found.append((0 if same_id else 1, 0 if fits else 1, abs(moment - at), index, arrival))
    return found


def _before(at: Microseconds, moment: Microseconds, limits: Tolerance) -> Microseconds:
    dated_only = at % DAY_US == 0 or moment % DAY_US == 0
    allowed = max(limits.before, timedelta(days=1)) if dated_only else limits.before
    return allowed // timedelta(microseconds=1)


def _fits(row: Transaction, other: Transaction, limits: Tolerance) -> bool | None:
    """Tell whether the amounts agree exactly (true), within the tolerated fee (false), or not at all (``None``)."""
    assert row.sent is not None
    assert other.received is not None
    sent, received = row.sent.quantity, other.received.quantity
    fee = row.fee.quantity if row.fee is not None and row.fee.asset == row.sent.asset else ZERO
    if received in (sent, sent - fee):
        return True
    return False if sent * (1 - limits.fee) <= received < sent else None
