"""Sources: what there is, how it is, adding, renaming, switching off, removing."""

from __future__ import annotations

from fastapi import APIRouter

from smartfolio_app.api.dependencies import Database, SignedIn
from smartfolio_app.api.schemas import Done, SourceChange, SourceIn, SourceOut, SourcesOut
from smartfolio_app.services import sources

router = APIRouter(prefix="/api", tags=["sources"])


@router.get("/users/sources", summary="Every source and how it is")
def list_sources(viewer: SignedIn, db: Database) -> SourcesOut:
    """Return every source with its status; one that fails is listed with its reason and takes no other with it."""
    return SourcesOut.model_validate(sources.source_status(db, viewer.user_id))


@router.post("/sources", status_code=201, summary="Add a source")
def add_source(viewer: SignedIn, db: Database, body: SourceIn) -> SourceOut:
    """Add a source of a provider."""
    return SourceOut.model_validate(
        sources.add(db, viewer.user_id, body.provider, body.label, separate=body.separate, config=body.config)
    )


@router.get("/sources/{key}", summary="One source")
def get_source(viewer: SignedIn, db: Database, key: str) -> SourceOut:
    """Return one source."""
    return SourceOut.model_validate(sources.status_of(db, viewer.user_id, key))


@router.patch("/sources/{key}", summary="Rename a source, or switch it on or off")
def change_source(viewer: SignedIn, db: Database, key: str, body: SourceChange) -> SourceOut:
    """Change a source's label, or whether it counts in the totals."""
    if body.label is not None:
        sources.rename(db, viewer.user_id, key, body.label)
    if body.active is not None:
        sources.set_active(db, viewer.user_id, key, body.active)
    return SourceOut.model_validate(sources.status_of(db, viewer.user_id, key))


@router.get("/sources/{key}/removal", summary="What removing a source would take with it")
def preview_removal(viewer: SignedIn, db: Database, key: str) -> dict[str, int]:
    """Return how many transactions, positions, items, prices, files and batches would go."""
    return sources.what_delete_removes(db, viewer.user_id, key)


@router.delete("/sources/{key}", summary="Remove a source and everything in it")
def delete_source(viewer: SignedIn, db: Database, key: str) -> Done:
    """Remove a source for good."""
    sources.delete_source(db, viewer.user_id, key)
    return Done()
