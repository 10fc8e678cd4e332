"""How the user wants to see their picture."""

from __future__ import annotations

from fastapi import APIRouter

from smartfolio_app.api.dependencies import Database, SignedIn
from smartfolio_app.api.schemas import GroupIn, SettingsChange, SettingsOut
from smartfolio_app.services import user_settings

router = APIRouter(prefix="/api/settings", tags=["settings"])


@router.get("", summary="Your settings")
def get_settings(viewer: SignedIn, db: Database) -> SettingsOut:
    """Return every setting."""
    return SettingsOut.model_validate(user_settings.get(db, viewer.user_id))


@router.patch("", summary="Change settings")
def change_settings(viewer: SignedIn, db: Database, body: SettingsChange) -> SettingsOut:
    """Change what is given, all or nothing."""
    changes = body.model_dump(exclude_none=True)
    return SettingsOut.model_validate(user_settings.update(db, viewer.user_id, **changes))


@router.get("/groups", summary="Your own asset groups")
def list_groups(viewer: SignedIn, db: Database) -> dict[str, str]:
    """Return asset id -> group, for the assets you have put elsewhere."""
    return user_settings.group_overrides(db, viewer.user_id)


@router.put("/groups/{asset}", summary="Put an asset into a group")
def set_group(viewer: SignedIn, db: Database, asset: str, body: GroupIn) -> dict[str, str]:
    """Put a coin (its symbol or asset id) into a group; an empty group puts it back where it usually is."""
    user_settings.set_group(db, viewer.user_id, asset, body.group)
    return user_settings.group_overrides(db, viewer.user_id)
