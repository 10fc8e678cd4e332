"""A live source's books against its report, and closing a gap with one entry."""

from __future__ import annotations

from sqlmodel import Session, col

from smartfolio_app.errors import ConflictError, NotFoundError
from smartfolio_app.ledger.assets import Asset, AssetId
from smartfolio_app.ledger.dedupe import fingerprint
from smartfolio_app.ledger.reconcile import Gap, Reconciliation, reconcile
from smartfolio_app.ledger.transactions import Transaction
from smartfolio_app.services import audit, sources, trade_prices
from smartfolio_app.services.sync.reports import live_source
from smartfolio_app.services.sync.storing import last_statement
from smartfolio_app.storage.repo_ledger import (
    bump_revision,
    insert_transactions,
    read_assets,
    read_transactions,
)
from smartfolio_app.storage.tables import ImportBatch, SourceRow, TransactionRow

#: The format of a batch that is a correction.
CORRECTION = "correction"


def report(db: Session, user_id: str, source_key: str) -> Reconciliation | None:
    """Return a source's books against what it last reported, ``None`` while it has reported nothing.

    Raises:
        NotFoundError: The user has no such source.
        InvalidInputError: It is no live source.
    """
    return _report(db, live_source(db, user_id, source_key))


def assets_of(db: Session, found: Reconciliation) -> dict[AssetId, Asset]:
    """Return what is known of the assets that have a gap."""
    return read_assets(db, {one for gap in found.gaps for one in (gap.asset, gap.related) if one})


def close_gap(db: Session, user_id: str, source_key: str, asset: AssetId) -> Gap:
    """Enter the transaction that closes a gap, as a batch of its own that can be taken back. Commits.

    Raises:
        NotFoundError: The user has no such source, or the asset has no gap (any longer).
        InvalidInputError: It is no live source.
        ConflictError: Nothing was reported yet, or no entry would mend the gap.
    """
    bump_revision(db, user_id)
    source = live_source(db, user_id, source_key)
    found = _report(db, source)
    if found is None:
        db.rollback()
        raise ConflictError("reconcile.no_report", source=source_key)
    gap = next((one for one in found.gaps if one.asset == asset), None)
    if gap is None:
        db.rollback()
        raise NotFoundError("reconcile.no_such_gap", asset=asset)
    if gap.fix is None:
        db.rollback()
        raise ConflictError("reconcile.no_fix", asset=asset)
    batch = ImportBatch(user_id=user_id, source_id=source.id, format=CORRECTION, rows=1, added=1)
    db.add(batch)
    db.flush()
    insert_transactions(db, user_id, source.id, [gap.fix], [fingerprint(gap.fix)], batch_id=batch.id)
    trade_prices.add(db, user_id, [gap.fix])
    audit.record(db, user_id, "reconcile.close", {"source": source_key, "asset": asset, "batch": batch.id})
    db.commit()
    return gap


def books_of(db: Session, user_id: str, source_key: str) -> tuple[list[Transaction], Reconciliation] | None:
    """Return a source's transactions and how they compare with what it last reported, ``None`` while that is nothing.

    Raises:
        NotFoundError: The user has no such source.
    """
    return _books(db, sources.find(db, user_id, source_key))


def _report(db: Session, source: SourceRow) -> Reconciliation | None:
    found = _books(db, source)
    return None if found is None else found[1]


def _books(db: Session, source: SourceRow) -> tuple[list[Transaction], Reconciliation] | None:
    last = last_statement(db, source)
    if last is None:
        return None
    transactions = read_transactions(db, col(TransactionRow.source_id) == source.id)
    return transactions, reconcile(transactions, last)
