"""Wealth items and their valuations."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter

from smartfolio_app.api.dependencies import Database, SignedIn
from smartfolio_app.api.schemas import Done, ItemChange, ItemIn, ItemOut, ItemsOut, ValuationIn
from smartfolio_app.services import items
from smartfolio_app.services.item_kinds import ITEM_KINDS

router = APIRouter(prefix="/api/wealth/items", tags=["wealth"])


@router.get("", summary="Every wealth item")
def list_items(viewer: SignedIn, db: Database) -> ItemsOut:
    """Return the items (what is owned first, then what is owed) and the kinds there are."""
    found = [ItemOut.model_validate(one) for one in items.list_items(db, viewer.user_id)]
    return ItemsOut(items=found, kinds=ITEM_KINDS)


@router.post("", status_code=201, summary="Add a wealth item")
def add_item(viewer: SignedIn, db: Database, body: ItemIn) -> ItemOut:
    """Add an item, with its first valuation where a value is given."""
    return ItemOut.model_validate(items.add(db, viewer.user_id, **body.model_dump()))


@router.get("/{item_id}", summary="One wealth item")
def get_item(viewer: SignedIn, db: Database, item_id: str) -> ItemOut:
    """Return one item with its history."""
    return ItemOut.model_validate(items.get(db, viewer.user_id, item_id))


@router.patch("/{item_id}", summary="Change a wealth item")
def change_item(viewer: SignedIn, db: Database, item_id: str, body: ItemChange) -> ItemOut:
    """Change what is given; ``closed_on`` closes the item, or opens it again with ``null``."""
    changes = body.model_dump(exclude_unset=True)
    items.get(db, viewer.user_id, item_id)
    if "closed_on" in changes:
        items.set_closed(db, viewer.user_id, item_id, changes.pop("closed_on"))
    return ItemOut.model_validate(items.update(db, viewer.user_id, item_id, **changes))


@router.get("/{item_id}/removal", summary="What removing an item would take with it")
def preview_removal(viewer: SignedIn, db: Database, item_id: str) -> dict[str, int]:
    """Return how many valuations would go."""
    return items.what_delete_removes(db, viewer.user_id, item_id)


@router.delete("/{item_id}", summary="Remove a wealth item")
def delete_item(viewer: SignedIn, db: Database, item_id: str) -> Done:
    """Remove an item with its whole history, for good."""
    items.delete(db, viewer.user_id, item_id)
    return Done()


@router.put("/{item_id}/valuations/{day}", summary="Say what an item was worth on a day")
def set_value(viewer: SignedIn, db: Database, item_id: str, day: date, body: ValuationIn) -> ItemOut:
    """Set the valuation of a day, replacing what was said of it."""
    return ItemOut.model_validate(
        items.set_value(db, viewer.user_id, item_id, value=body.value, day=day, note=body.note)
    )


@router.delete("/{item_id}/valuations/{day}", summary="Take a valuation back")
def delete_value(viewer: SignedIn, db: Database, item_id: str, day: date) -> ItemOut:
    """Remove the valuation of a day."""
    return ItemOut.model_validate(items.delete_value(db, viewer.user_id, item_id, day))
