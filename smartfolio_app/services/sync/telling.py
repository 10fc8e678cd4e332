"""What a sync changed of a ledger is told once, not page by page: each telling has every figure worked out anew.

Until then its rows are stored and noted with the sync; whoever has the ledger in memory takes them in when the user's
revision moves. Nothing here commits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.storage.repo_changes import ids_of_batch, note_change
from smartfolio_app.storage.repo_ledger import bump_revision
from smartfolio_app.storage.tables import SyncRun, TransactionRow

#: A long sync tells this often how far it is.
TELL_EVERY = timedelta(seconds=30)


def keep(run: SyncRun, identified: Iterable[int], *, prices: bool) -> None:
    """Note that a page changed the ledger: the rows it brought, ``identified`` older ones, own ``prices``."""
    known: dict[str, Any] = json.loads(run.untold) if run.untold else {"identified": [], "prices": False}
    run.untold = json.dumps(
        {
            "identified": sorted({*known["identified"], *identified}),
            "prices": known["prices"] or prices,
        }
    )


def tell(db: Session, run: SyncRun) -> None:
    """Move the user's revision once for all that the sync has not told yet, if there is anything."""
    if not run.untold:
        return
    revision = bump_revision(db, run.user_id, by_hand=False)
    untold = json.loads(run.untold)
    ids = ids_of_batch(db, run.batch_id, untold["identified"]) if run.batch_id else untold["identified"]
    days = None
    if ids is not None and not untold["prices"]:
        wanted = select(col(TransactionRow.at)).where(col(TransactionRow.batch_id) == run.batch_id)
        days = {at.date() for at in db.execute(wanted).scalars()}
    note_change(db, run.user_id, revision, ids, days)
    run.untold = ""
    db.add(run)
