"""Which transactions a revision changed, written down by whoever knows, so that a ledger in memory can be brought up to
date instead of being read again. Where a revision has no note, anything may have changed. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select
from sqlmodel import Session, col

from smartfolio_app.storage.tables import LedgerChange, TransactionRow

#: A change of more transactions than this is read like a new ledger.
MOST_TRANSACTIONS = 2_000
#: Who has seen nothing for so many revisions reads everything.
KEPT = 256


@dataclass(frozen=True, slots=True)
class Changed:
    """What changed over some revisions: ids of transactions (added, edited or removed), and the UTC days for which the
    user's own trades may tell other prices; ``None``: any of the user's own prices may have changed.
    """

    transactions: frozenset[int]
    price_days: frozenset[date] | None


def note_change(
    db: Session,
    user_id: str,
    revision: int,
    transactions: Iterable[int] | None,
    price_days: Iterable[date] | None = (),
) -> None:
    """Write down all that a revision changed of the user's transactions and own prices (as in ``Changed``).

    ``transactions`` that cannot be told (``None``) or are very many leave the revision without a note. Statements,
    items, sources and the user's word on transfers are always looked at and need none.
    """
    ids = sorted(set(transactions or ()))
    if transactions is None or len(ids) > MOST_TRANSACTIONS:
        return
    days = None if price_days is None else " ".join(sorted(day.isoformat() for day in set(price_days)))
    db.add(
        LedgerChange(
            user_id=user_id, revision=revision, transactions=" ".join(map(str, ids)), price_days=days
        )
    )
    db.execute(
        delete(LedgerChange).where(
            col(LedgerChange.user_id) == user_id, col(LedgerChange.revision) <= revision - KEPT
        )
    )


def ids_of_batch(db: Session, batch_id: str | None, also: Iterable[int] = ()) -> list[int] | None:
    """Return the transactions of an import and ``also`` some others, ``None`` when they are too many to be told."""
    wanted = select(col(TransactionRow.id)).where(col(TransactionRow.batch_id) == batch_id)
    ids = db.execute(wanted.limit(MOST_TRANSACTIONS + 1)).scalars().all()
    return None if len(ids) > MOST_TRANSACTIONS else [*(int(id_) for id_ in ids if id_ is not None), *also]


def changed_between(db: Session, user_id: str, before: int, after: int) -> Changed | None:
    """Return what changed after the revision ``before`` up to ``after``, ``None`` when that is not all known."""
    if not 0 < after - before <= KEPT:
        return None
    wanted = select(
        col(LedgerChange.revision), col(LedgerChange.transactions), col(LedgerChange.price_days)
    ).where(
        col(LedgerChange.user_id) == user_id,
        col(LedgerChange.revision) > before,
        col(LedgerChange.revision) <= after,
    )
    notes = db.execute(wanted).all()
    if {note.revision for note in notes} != set(range(before + 1, after + 1)):
        return None
    days = [note.price_days for note in notes]
    return Changed(
        frozenset(int(id_) for note in notes for id_ in note.transactions.split()),
        None if None in days else frozenset(date.fromisoformat(day) for text in days for day in text.split()),
    )
