"""Devices and API tokens, as their owner changes them; each change is in the audit log, whichever edge it came by."""

from __future__ import annotations

from sqlmodel import Session

from smartfolio_app.security import sessions, tokens
from smartfolio_app.security.identity import Viewer
from smartfolio_app.security.tokens import TokenInfo
from smartfolio_app.services import audit


def sign_out(db: Session, viewer: Viewer, device_id: str, address: str = "") -> None:
    """End one of the viewer's sessions at once; raise ``NotFoundError`` when there is none such. Commits."""
    label = next((one.label for one in sessions.devices(db, viewer.user_id) if one.id == device_id), "")
    sessions.revoke(db, viewer.user_id, device_id)
    _note(db, viewer, "session.revoke", {"device": label or device_id}, address)


def sign_out_others(db: Session, viewer: Viewer, address: str = "") -> int:
    """End every session of the viewer but the one that asks (called with a token: every one); return how many."""
    keep = viewer.credential if viewer.via == "session" else ""
    count = sessions.revoke_others(db, viewer.user_id, keep=keep)
    _note(db, viewer, "session.revoke_others", {"count": count}, address)
    return count


def create_token(
    db: Session, viewer: Viewer, *, name: str, scope: str, address: str = ""
) -> tuple[TokenInfo, str]:
    """Make an API token; raises as ``tokens.create``. Commits."""
    info, token = tokens.create(db, viewer.user_id, name=name, scope=scope)
    _note(db, viewer, "token.create", {"token": info.name or info.id, "scope": info.scope}, address)
    return info, token


def revoke_token(db: Session, viewer: Viewer, token_id: str, address: str = "") -> None:
    """End an API token at once; raise ``NotFoundError`` when there is none such. Commits."""
    name = next((one.name for one in tokens.listed(db, viewer.user_id) if one.id == token_id), "")
    tokens.revoke(db, viewer.user_id, token_id)
    _note(db, viewer, "token.revoke", {"token": name or token_id}, address)


def _note(db: Session, viewer: Viewer, action: str, detail: dict[str, object], address: str) -> None:
    audit.record(db, viewer.user_id, action, detail, address or audit.address_of(db, viewer))
    db.commit()
