"""Imports: what a file would do, doing it as one, and taking it back.

Large files are read, compared and stored in the worker process, so that nobody waits for them; small ones in the
caller's thread. Either way an import is one transaction: all of it is stored, or nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Unpack

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from smartfolio_app.errors import ConflictError, NotFoundError
from smartfolio_app.ledger.balances import Place, Quantity, effect, holdings_at
from smartfolio_app.services import audit, import_work, trade_prices
from smartfolio_app.services.import_results import (
    Batch,
    ImportOutcome,
    ImportPreview,
    Request,
    Undone,
    Wanted,
)
from smartfolio_app.services.jobs import jobs
from smartfolio_app.services.sync import taking_back
from smartfolio_app.services.worker import Progress, worker
from smartfolio_app.storage.repo_changes import ids_of_batch, note_change
from smartfolio_app.storage.repo_ledger import bump_revision, read_statements, read_transactions
from smartfolio_app.storage.tables import (
    DailyPrice,
    ImportBatch,
    SourceFile,
    SourceRow,
    StatementLineRow,
    StatementRow,
    TransactionRow,
)
from smartfolio_app.storage.tables.base import utc_now

#: From this size on a file is read in the worker process: some 2,000 rows, a tenth of a second.
HEAVY_TEXT = 256 * 1024
HEAVY_WORKBOOK = 48 * 1024
_ZIP = b"PK\x03\x04"

#: The trades' prices of more days than this are derived anew with all others.
_MANY_DAYS = 60


def preview(
    db: Session,
    user_id: str,
    data: bytes,
    filename: str,
    *,
    progress: Progress | None = None,
    **choices: Unpack[Wanted],
) -> ImportPreview:
    """Return what importing a file would do. Stores nothing.

    Raises:
        UnreadableFileError: It is no table that can be read.
        UnknownFormatError: It is a table whose columns nobody knows; ``headers`` and ``suggestion`` help to map them.
        NotFoundError: The user has no source of that key.
        InvalidInputError: There is no such format, or the source is of another category.
    """
    request = Request.of(user_id, data, filename, choices)
    if is_heavy(data):
        return worker().run(import_work.preview_here, request, progress=progress)
    return import_work.preview(db, request, progress)


def commit(
    db: Session,
    user_id: str,
    data: bytes,
    filename: str,
    *,
    progress: Progress | None = None,
    **choices: Unpack[Wanted],
) -> ImportOutcome:
    """Import a file and commit; raises as ``preview``, and then nothing is stored."""
    request = Request.of(user_id, data, filename, choices)
    if not is_heavy(data):
        return import_work.commit(db, request, progress)
    db.rollback()  # a transaction of ours would keep the worker from writing
    outcome = worker().run(import_work.commit_here, request, progress=progress)
    db.expire_all()
    return outcome


def start_preview(user_id: str, data: bytes, filename: str, **choices: Unpack[Wanted]) -> str:
    """Begin a preview as a job and return its id; its result is an ``ImportPreview``."""
    request = Request.of(user_id, data, filename, choices)
    return jobs.start(user_id, "preview", filename, import_work.preview_here, request, heavy=is_heavy(data))


def start_commit(user_id: str, data: bytes, filename: str, **choices: Unpack[Wanted]) -> str:
    """Begin an import as a job and return its id; its result is an ``ImportOutcome``."""
    request = Request.of(user_id, data, filename, choices)
    return jobs.start(user_id, "import", filename, import_work.commit_here, request, heavy=is_heavy(data))


def is_heavy(data: bytes) -> bool:
    """Tell whether a file is large enough to be read in the worker process."""
    return len(data) > (HEAVY_WORKBOOK if data.startswith(_ZIP) else HEAVY_TEXT)


def batches(db: Session, user_id: str, source_key: str | None = None) -> list[Batch]:
    """Return the user's imports, newest first; those of one source where ``source_key`` names it."""
    wanted = (
        select(ImportBatch, col(SourceRow.key), col(SourceFile.name))
        .join(SourceRow, col(SourceRow.id) == col(ImportBatch.source_id))
        .outerjoin(SourceFile, col(SourceFile.id) == col(ImportBatch.file_id))
        .where(col(ImportBatch.user_id) == user_id)
        .order_by(col(ImportBatch.created_at).desc(), col(ImportBatch.id))
    )
    if source_key is not None:
        wanted = wanted.where(col(SourceRow.key) == source_key)
    return [
        Batch(
            id=row.id,
            source_key=key,
            file_id=row.file_id,
            file_name=name or "",
            format=row.format,
            rows=row.rows,
            added=row.added,
            duplicates=row.duplicates,
            rejected=row.rejected,
            created_at=row.created_at,
            undone_at=row.undone_at,
        )
        for row, key, name in db.execute(wanted)
    ]


def undo(db: Session, user_id: str, batch_id: str) -> Undone:
    """Take back everything an import added, what was corrected in it since included. The file is kept. Commits.

    Raises:
        NotFoundError: The user made no such import.
        ConflictError: It was taken back already, or it is a sync that is under way.
    """
    revision = bump_revision(db, user_id)
    batch = db.get(ImportBatch, batch_id, populate_existing=True)
    if batch is None or batch.user_id != user_id:
        db.rollback()
        raise NotFoundError("import.no_such_batch")
    if batch.undone_at is not None:
        db.rollback()
        raise ConflictError("import.undone_already")
    try:
        taking_back.before_undo(db, batch_id)
    except ConflictError:
        db.rollback()
        raise
    source = db.get(SourceRow, batch.source_id)
    assert source is not None, "a batch goes with its source"
    before = _held(db, source.id)
    counts = _counts(db, batch_id)
    going = ids_of_batch(db, batch_id)
    days = _days_of_trades(db, batch_id)
    db.execute(delete(TransactionRow).where(col(TransactionRow.batch_id) == batch_id))
    db.execute(delete(StatementRow).where(col(StatementRow.batch_id) == batch_id))
    priced = db.execute(delete(DailyPrice).where(col(DailyPrice.batch_id) == batch_id)).rowcount  # type: ignore[attr-defined]
    if len(days) > _MANY_DAYS:
        trade_prices.rebuild(db, user_id)
    else:
        trade_prices.refresh(db, user_id, days)
    note_change(db, user_id, revision, going, None if priced else days)
    batch.undone_at = utc_now()
    db.add(batch)
    taking_back.after_undo(db, batch_id)
    db.flush()
    changed = effect(before, _held(db, source.id))
    audit.record(db, user_id, "import.undo", {"batch": batch_id, "source": source.key})
    db.commit()
    return Undone(batch_id, source.key, *counts, effect=changed)


def _held(db: Session, source_id: str) -> dict[Place, Quantity]:
    transactions = read_transactions(db, col(TransactionRow.source_id) == source_id)
    statements = read_statements(db, col(StatementRow.source_id) == source_id)
    newest = [one.at for one in transactions[-1:]] + [one.as_of for one in statements.get(source_id, [])]
    return holdings_at(transactions, statements, max([utc_now(), *newest]))


def _counts(db: Session, batch_id: str) -> tuple[int, int, int]:
    """Return the transactions, positions and prices that an import brought and that are still there."""
    transactions = select(func.count()).where(col(TransactionRow.batch_id) == batch_id)
    prices = select(func.count()).where(col(DailyPrice.batch_id) == batch_id)
    positions = (
        select(func.count(col(StatementLineRow.id)))
        .join(StatementRow, col(StatementRow.id) == col(StatementLineRow.statement_id))
        .where(col(StatementRow.batch_id) == batch_id)
    )
    first, second, third = (db.execute(one).scalar_one() for one in (transactions, positions, prices))
    return first, second, third


def _days_of_trades(db: Session, batch_id: str) -> set[date]:
    """Return the UTC days of an import's transactions."""
    wanted = select(col(TransactionRow.at)).where(col(TransactionRow.batch_id) == batch_id)
    return {at.date() for at in db.execute(wanted).scalars()}
