"""The audit log: what was done, by whom, from where. Rows are only ever added, and each one seals those before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlmodel import Session, col

from smartfolio_app.security.identity import Viewer
from smartfolio_app.storage.tables import AuditEntry, UserSession
from smartfolio_app.storage.tables.base import utc_now

_LOCK = 7_318_274_916  # any constant: names our advisory lock on PostgreSQL


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as its user may read it; ``detail`` holds no secret."""

    id: int
    at: datetime
    action: str
    detail: dict[str, str]
    address: str


def record(
    db: Session,
    user_id: str,
    action: str,
    detail: Mapping[str, object] | None = None,
    address: str = "",
) -> None:
    """Add an entry in the caller's transaction: what was not done is not logged, what was logged was done.

    ``action`` is ``noun.verb`` (``import.undo``); ``user_id`` is empty when nobody is known (a failed login).
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    entry = AuditEntry(
        at=utc_now(),
        user_id=user_id,
        action=action,
        detail=json.dumps({key: str(value) for key, value in (detail or {}).items()}, sort_keys=True),
        address=address[:64],
    )
    db.add(entry)
    db.flush()  # from here on we hold the write lock: no entry can come between this one and the one before it
    previous = select(col(AuditEntry.digest)).where(col(AuditEntry.id) < entry.id)
    before = db.execute(previous.order_by(col(AuditEntry.id).desc()).limit(1)).scalar_one_or_none()
    entry.digest = _digest(before or "", entry)
    db.add(entry)
    db.flush()


def address_of(db: Session, viewer: Viewer) -> str:
    """Return the address from which the viewer's session was begun; empty for a token."""
    if viewer.via != "session":
        return ""
    same = col(UserSession.token_hash).startswith(viewer.credential, autoescape=True)
    begun = select(col(UserSession.address)).where(col(UserSession.user_id) == viewer.user_id, same)
    return db.execute(begun.limit(1)).scalar_one_or_none() or ""


def entries(db: Session, user_id: str, *, limit: int = 100, before: int | None = None) -> list[Entry]:
    """Return the user's newest entries, at most ``limit``; ``before`` (an id) turns the page."""
    wanted = select(AuditEntry).where(col(AuditEntry.user_id) == user_id)
    if before is not None:
        wanted = wanted.where(col(AuditEntry.id) < before)
    rows = db.execute(wanted.order_by(col(AuditEntry.id).desc()).limit(limit)).scalars()
    return [Entry(row.id or 0, row.at, row.action, json.loads(row.detail), row.address) for row in rows]


def was_done(db: Session, user_id: str, action: str) -> bool:
    """Tell whether a user has ever done something."""
    wanted = select(col(AuditEntry.id)).where(
        col(AuditEntry.user_id) == user_id, col(AuditEntry.action) == action
    )
    return db.execute(wanted.limit(1)).first() is not None


def first_broken(db: Session) -> int | None:
    """Return the id of the first entry that was changed, or that follows a removed one; ``None`` when all is whole."""
    before = ""
    for row in db.execute(select(AuditEntry).order_by(col(AuditEntry.id))).scalars():
        if row.digest != _digest(before, row):
            return row.id
        before = row.digest
    return None


def _digest(before: str, entry: AuditEntry) -> str:
    sealed = "\x1f".join(
        (
            before,
            str(entry.id),
            entry.at.isoformat(),
            entry.user_id,
            entry.action,
            entry.detail,
            entry.address,
        )
    )
    return hashlib.sha256(sealed.encode()).hexdigest()
