"""Importing twice is importing once, and two identical fills stay two.

A transaction's *fingerprint* is made of what happened, never of how a file told it: language, column order, row number
and notes may differ between two exports of the same ledger. Equal fingerprints are then *counted*: a file that has a
row three times brings three, and brings none when three are known.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

from smartfolio_app.ledger.money import plain
from smartfolio_app.ledger.transactions import Amount, Transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Known:
    """A transaction that is already stored, as far as deduplication needs it.

    ``fingerprint`` is that of the row as it was first imported. A row the user deleted (``deleted``) still counts:
    importing its file again does not bring it back. ``id`` is the storage id, only passed through.
    """

    fingerprint: str
    external_id: str = ""
    deleted: bool = False
    id: str = ""


@dataclass(slots=True)
class MergeResult:
    """What an import adds.

    ``new`` and ``duplicates`` keep the order of the file. ``fingerprints`` is parallel to ``new``. ``deleted`` are
    those duplicates that match a row the user removed earlier. ``identified`` pairs the storage id of a known row that
    had no external id with the one this import tells: stored, it keeps the result independent of the order of imports.
    """

    new: list[Transaction] = field(default_factory=list)
    duplicates: list[Transaction] = field(default_factory=list)
    fingerprints: list[str] = field(default_factory=list)
    deleted: list[Transaction] = field(default_factory=list)
    identified: list[tuple[str, str]] = field(default_factory=list)


def fingerprint(transaction: Transaction) -> str:
    """Return 32 hex digits that are equal for the same event: instant, kind, sides, fee and account."""
    since = transaction.at - _EPOCH
    text = "\x1f".join(
        (
            f"{since.days}:{since.seconds}:{since.microseconds}",
            transaction.kind.value,
            _side(transaction.received),
            _side(transaction.sent),
            _side(transaction.fee),
            transaction.account,
        )
    )
    return blake2b(text.encode(), digest_size=16).hexdigest()


def merge(existing: Iterable[Known], incoming: Sequence[Transaction]) -> MergeResult:
    """Tell which of ``incoming`` are not yet in ``existing``.

    Per fingerprint, rows with equal external ids are matched first; then rows of which at least one has no external id,
    one to one; two rows with different external ids are never the same. What finds no partner is new.
    """
    pool: defaultdict[str, list[Known]] = defaultdict(list)
    for known in existing:
        pool[known.fingerprint].append(known)

    prints = [fingerprint(transaction) for transaction in incoming]
    candidates: defaultdict[str, list[int]] = defaultdict(list)
    for index, print_ in enumerate(prints):
        if print_ in pool:
            candidates[print_].append(index)

    partner: dict[int, Known] = {}
    for print_, indices in candidates.items():
        _pair(pool[print_], indices, incoming, partner)

    result = MergeResult()
    for index, transaction in enumerate(incoming):
        match = partner.get(index)
        if match is None:
            result.new.append(transaction)
            result.fingerprints.append(prints[index])
            continue
        result.duplicates.append(transaction)
        if match.deleted:
            result.deleted.append(transaction)
        if transaction.external_id and not match.external_id:
            result.identified.append((match.id, transaction.external_id))
    return result


def _side(amount: Amount | None) -> str:
    return "" if amount is None else f"{amount.asset} {plain(amount.quantity)}"


def _pair(
    known: list[Known], indices: list[int], incoming: Sequence[Transaction], partner: dict[int, Known]
) -> None:
    """Match one fingerprint's rows, as many as possible, into ``partner``."""
    named: defaultdict[str, list[Known]] = defaultdict(list)
    for row in known:
        named[row.external_id].append(row)
    unnamed = named.pop("", [])

    with_id: list[int] = []
    without_id: list[int] = []
    for index in indices:
        external_id = incoming[index].external_id
        if not external_id:
            without_id.append(index)
        elif named.get(external_id):
            partner[index] = named[external_id].pop()
        else:
            with_id.append(index)

    # An incoming row with an id can only take a known row without one, so these choose before the undemanding ones.
    for index in with_id:
        if unnamed:
            partner[index] = unnamed.pop()
    left = [*unnamed, *(row for rows in named.values() for row in rows)]
    for index in without_id:
        if left:
            partner[index] = left.pop()
