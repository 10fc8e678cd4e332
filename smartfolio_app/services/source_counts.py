"""What each source of a user holds, counted in five queries whatever the number of sources."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select
from sqlmodel import Session, col

from smartfolio_app.storage.tables import (
    ImportBatch,
    SourceFile,
    StatementLineRow,
    StatementRow,
    TransactionRow,
    WealthItem,
)


def counts_by_source(db: Session, user_id: str) -> dict[str, dict[str, int]]:
    """Return ``transactions``, ``positions``, ``items``, ``files`` and ``batches`` by source id, zeros left out.

    Positions are those of the newest statement; deleted transactions and undone imports do not count.
    """
    found: dict[str, Counter[str]] = {}
    queries = {
        "transactions": select(col(TransactionRow.source_id), func.count())
        .where(col(TransactionRow.user_id) == user_id, col(TransactionRow.deleted_at).is_(None))
        .group_by(col(TransactionRow.source_id)),
        "items": select(col(WealthItem.source_id), func.count())
        .where(col(WealthItem.user_id) == user_id)
        .group_by(col(WealthItem.source_id)),
        "files": select(col(SourceFile.source_id), func.count())
        .where(col(SourceFile.user_id) == user_id)
        .group_by(col(SourceFile.source_id)),
        "batches": select(col(ImportBatch.source_id), func.count())
        .where(col(ImportBatch.user_id) == user_id, col(ImportBatch.undone_at).is_(None))
        .group_by(col(ImportBatch.source_id)),
    }
    for name, query in queries.items():
        for source_id, count in db.execute(query):
            found.setdefault(source_id, Counter())[name] = count
    lines = (
        select(col(StatementRow.source_id), func.count(col(StatementLineRow.id)))
        .join(StatementLineRow, col(StatementLineRow.statement_id) == col(StatementRow.id))
        .where(col(StatementRow.user_id) == user_id)
        .group_by(col(StatementRow.source_id), col(StatementRow.as_of), col(StatementRow.id))
        .order_by(col(StatementRow.as_of), col(StatementRow.id))
    )
    for source_id, count in db.execute(lines):  # oldest first: the newest one's count stays
        found.setdefault(source_id, Counter())["positions"] = count
    return {source_id: dict(counter) for source_id, counter in found.items()}
