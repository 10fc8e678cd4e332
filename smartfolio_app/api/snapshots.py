"""The daily record, taken on demand."""

from __future__ import annotations

from fastapi import APIRouter

from smartfolio_app.api.dependencies import Database, SignedIn
from smartfolio_app.services import snapshots

router = APIRouter(prefix="/api/portfolio/snapshots", tags=["portfolio"])


@router.post("", status_code=201, summary="Record what everything is worth now")
def take_snapshot(viewer: SignedIn, db: Database) -> dict[str, int]:
    """Take today's snapshot again, of everything and of each source; return how many were stored."""
    return {"stored": snapshots.take(db, viewer.user_id)}
