"""Taking a sync back, and what taking its batch back means for the source."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.errors import ConflictError, NotFoundError
from smartfolio_app.services import sources
from smartfolio_app.services.import_results import Undone
from smartfolio_app.storage.repo_sync import open_run, state_of
from smartfolio_app.storage.tables import SyncRun


def undo(db: Session, user_id: str, run_id: str, source_key: str = "") -> Undone:
    """Take back everything a sync brought. The source is then synced by hand alone, until its owner says otherwise.

    Raises:
        NotFoundError: The user made no such sync, or it brought nothing.
        ConflictError: It was taken back already, or is still under way.
    """
    from smartfolio_app.services import imports

    run = db.get(SyncRun, run_id, populate_existing=True)
    if run is None or run.user_id != user_id or run.batch_id is None:
        raise NotFoundError("sync.no_such_sync")
    if source_key and sources.find(db, user_id, source_key).id != run.source_id:
        raise NotFoundError("sync.no_such_sync")
    return imports.undo(db, user_id, run.batch_id)


def before_undo(db: Session, batch_id: str) -> None:
    """Raise ``ConflictError`` when the batch is that of a sync and its source is being synced.

    Whichever sync brought it: one that is under way would write its own place over the place to begin anew from.
    """
    wanted = select(col(SyncRun.source_id)).where(col(SyncRun.batch_id) == batch_id)
    if any(open_run(db, source_id) is not None for source_id in db.execute(wanted).scalars().all()):
        raise ConflictError("sync.under_way")


def after_undo(db: Session, batch_id: str) -> None:
    """Have the next sync begin where the undone one began, and only when its owner says so. Does not commit."""
    run = db.execute(select(SyncRun).where(col(SyncRun.batch_id) == batch_id)).scalars().first()
    state = state_of(db, run.source_id) if run is not None else None
    if run is not None and state is not None:
        state.cursor = run.begun_with
        state.every_minutes, state.next_at = 0, None
        db.add(state)
