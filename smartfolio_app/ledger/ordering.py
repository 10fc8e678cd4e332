"""The one order in which transactions are read, whatever order they came in.

By UTC instant; of those at the same instant, what only brings something comes first, then what exchanges one asset for
another (a swap that yields an asset before the one that spends it), then what only takes something; what is still equal
is ordered by its content. Storage ids and file rows play no part, because they depend on what was imported first.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.ledger.assets import is_fiat
from smartfolio_app.ledger.instants import instants_of
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from smartfolio_app.ledger.instants import Microseconds

_NOTHING = Amount(ZERO, "")
_SPLIT, _BRINGS, _EXCHANGES, _TAKES = 0, 1, 2, 3


def in_order(transactions: Iterable[Transaction]) -> list[Transaction]:
    """Return the transactions in the engine's order; the result does not depend on the order given."""
    return in_order_with_instants(transactions)[0]


def in_order_with_instants(
    transactions: Iterable[Transaction],
) -> tuple[list[Transaction], array[Microseconds]]:
    """Return the transactions in the engine's order, and the instant of each."""
    ordered = list(transactions)
    instants = instants_of(ordered)
    moments = np.array(instants, dtype=np.int64)
    apart = np.diff(moments)
    if (apart < 0).any():
        order = np.argsort(moments, kind="stable")
        ordered = [ordered[index] for index in order.tolist()]
        moments = moments[order]
        instants, apart = array("q", moments.tobytes()), np.diff(moments)
    for start, end in _runs(np.flatnonzero(apart == 0)):
        ordered[start : end + 2] = simultaneous(ordered[start : end + 2])
    return ordered, instants


def _runs(numbers: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of each run of consecutive numbers, which ascend."""
    if len(numbers):
        breaks = np.flatnonzero(np.diff(numbers) > 1)
        firsts, lasts = numbers[np.append(0, breaks + 1)], numbers[np.append(breaks, -1)]
        yield from zip(firsts.tolist(), lasts.tolist(), strict=True)


def simultaneous(group: list[Transaction]) -> list[Transaction]:
    """Return transactions of one instant in the engine's order."""
    ranked = sorted((_content(row), index) for index, row in enumerate(group))
    ordered = [group[index] for _, index in ranked]
    ranks = [content[0] for content, _ in ranked]
    first, last = ranks.count(_SPLIT) + ranks.count(_BRINGS), ranks.count(_TAKES)
    end = len(ordered) - last
    return [*ordered[:first], *_producers_first(ordered[first:end]), *ordered[end:]]


def _content(row: Transaction) -> tuple[object, ...]:
    received, sent, fee = row.received or _NOTHING, row.sent or _NOTHING, row.fee or _NOTHING
    value = row.value or _NOTHING
    return (
        _rank(row),
        row.source,
        row.account,
        row.kind,
        received.asset,
        received.quantity,
        sent.asset,
        sent.quantity,
        fee.asset,
        fee.quantity,
        row.external_id,
        row.about,
        value.asset,
        value.quantity,
    )


def _rank(row: Transaction) -> int:
    """Cash is left out of account: it never has to be bought before it can be spent."""
    if row.kind is TransactionKind.SPLIT:
        return _SPLIT
    brings = row.received is not None and not is_fiat(row.received.asset)
    takes = (row.sent is not None and not is_fiat(row.sent.asset)) or (
        row.received is None and row.fee is not None
    )
    if brings and takes:
        return _EXCHANGES
    return _TAKES if takes else _BRINGS


def _producers_first(exchanges: list[Transaction]) -> list[Transaction]:
    """Order A->B before B->C; where they run in a circle, keep the order given."""
    if len(exchanges) < 2:
        return exchanges
    ordered: list[Transaction] = []
    left = exchanges
    while left:
        produced = {row.received.asset for row in left if row.received is not None}
        ready = [row for row in left if row.sent is None or row.sent.asset not in produced]
        if not ready:
            return [*ordered, *left]
        ordered.extend(ready)
        taken = {id(row) for row in ready}
        left = [row for row in left if id(row) not in taken]
    return ordered
