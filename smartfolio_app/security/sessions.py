"""Signed-in devices: an opaque cookie outside, its SHA-256 at rest.

The hash is both the session table's key and what the rest of the app sees instead of the cookie (see ``handshake``):
neither a stolen database nor a leaked log line opens a session.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, delete, event, select, update
from sqlmodel import Session, col

from smartfolio_app.errors import NotFoundError
from smartfolio_app.security.connections import LIVE
from smartfolio_app.security.identity import Viewer
from smartfolio_app.storage.tables import User, UserSession
from smartfolio_app.storage.tables.base import utc_now

#: Under https the name carries the browser's own guarantee: set by this host, over https, for the whole site.
PLAIN_COOKIE = "smartfolio_session"
SECURE_COOKIE = "__Host-smartfolio_session"

DEFAULT_DAYS = 30
#: Sliding the expiry writes to the database; once in a while is enough.
TOUCH_EVERY = timedelta(minutes=5)

_COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")
_HASH = re.compile(r"[0-9a-f]{64}")
_DEVICE_ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Device:
    """One signed-in device, as its owner sees it. Times are UTC; ``id`` opens nothing."""

    id: str
    label: str
    address: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A live session: who, and whether its expiry is due to slide (see ``touch``)."""

    viewer: Viewer
    touch_due: bool


def cookie_name(*, secure: bool) -> str:
    """Return the session cookie's name for an https (``secure``) or http page."""
    return SECURE_COOKIE if secure else PLAIN_COOKIE


def hash_of(cookie_value: str) -> str:
    """Return the key under which a session is stored: the SHA-256 of its cookie, 64 hex digits."""
    return hashlib.sha256(cookie_value.encode()).hexdigest()


def is_cookie_value(text: str) -> bool:
    """Tell whether ``text`` looks like a cookie this server gave out (43 url-safe characters)."""
    return _COOKIE_VALUE.fullmatch(text) is not None


def read_cookie(header: str, name: str) -> str:
    """Return the value of one cookie, or an empty text. Other people's malformed cookies do no harm."""
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return ""


def issue(
    db: Session,
    user_id: str,
    *,
    device: str = "",
    address: str = "",
    days: int = DEFAULT_DAYS,
    now: datetime | None = None,
) -> str:
    """Sign a device in and return the cookie's value, which is stored nowhere. The caller commits."""
    moment = now or utc_now()
    value = secrets.token_urlsafe(32)
    db.add(
        UserSession(
            token_hash=hash_of(value),
            user_id=user_id,
            device=device[:200],
            address=address[:64],
            created_at=moment,
            seen_at=moment,
            expires_at=moment + timedelta(days=days),
        )
    )
    db.flush()
    return value


def find(db: Session, token_hash: str, *, now: datetime | None = None) -> Found | None:
    """Return the viewer of a live session of an enabled user, else ``None``. One indexed read, no write."""
    if _HASH.fullmatch(token_hash) is None:
        return None
    moment = now or utc_now()
    row = db.execute(
        select(
            col(User.id),
            col(User.name),
            col(User.is_admin),
            col(User.is_demo),
            col(User.disabled),
            col(UserSession.seen_at),
            col(UserSession.expires_at),
        )
        .join(UserSession, col(UserSession.user_id) == col(User.id))
        .where(col(UserSession.token_hash) == token_hash)
    ).one_or_none()
    if row is None or row.disabled or row.expires_at <= moment:
        return None
    viewer = Viewer(
        user_id=row.id,
        name=row.name,
        is_admin=row.is_admin,
        is_demo=row.is_demo,
        via="session",
        credential=token_hash[:_DEVICE_ID_LENGTH],
    )
    return Found(viewer, touch_due=abs(moment - row.seen_at) >= TOUCH_EVERY)


def touch(db: Session, token_hash: str, *, days: int = DEFAULT_DAYS, now: datetime | None = None) -> None:
    """Note that a session is in use, which moves its expiry. The caller commits."""
    moment = now or utc_now()
    db.execute(
        update(UserSession)
        .where(col(UserSession.token_hash) == token_hash)
        .values(seen_at=moment, expires_at=moment + timedelta(days=days))
    )


def devices(db: Session, user_id: str, *, current: str = "", now: datetime | None = None) -> list[Device]:
    """Return the user's live sessions, most recently used first; ``current`` is ``Viewer.credential``."""
    moment = now or utc_now()
    rows = db.execute(
        select(UserSession)
        .where(col(UserSession.user_id) == user_id, col(UserSession.expires_at) > moment)
        .order_by(col(UserSession.seen_at).desc(), col(UserSession.token_hash))
    ).scalars()
    return [
        Device(
            id=row.token_hash[:_DEVICE_ID_LENGTH],
            label=row.device,
            address=row.address,
            created_at=row.created_at,
            seen_at=row.seen_at,
            expires_at=row.expires_at,
            current=row.token_hash[:_DEVICE_ID_LENGTH] == current,
        )
        for row in rows
    ]


def revoke(db: Session, user_id: str, device_id: str) -> None:
    """Sign one of the user's devices out, with what it has open; the caller commits.

    Raises:
        NotFoundError: The user has no such device.
    """
    if re.fullmatch(r"[0-9a-f]{16}", device_id) is None:
        raise NotFoundError("auth.no_such_device")
    ended = _end(
        db,
        col(UserSession.user_id) == user_id,
        col(UserSession.token_hash).startswith(device_id, autoescape=True),
    )
    if not ended:
        raise NotFoundError("auth.no_such_device")


def revoke_others(db: Session, user_id: str, keep: str = "") -> int:
    """Sign every device of the user out but ``keep`` (a ``Viewer.credential``), with what they have open.

    Return how many. The caller commits.
    """
    conditions = [col(UserSession.user_id) == user_id]
    if keep:
        conditions.append(~col(UserSession.token_hash).startswith(keep, autoescape=True))
    return _end(db, *conditions)


def revoke_hash(db: Session, token_hash: str) -> None:
    """End the session stored under ``token_hash``, if there is one (logout). The caller commits."""
    _end(db, col(UserSession.token_hash) == token_hash)


def purge_expired(db: Session, *, now: datetime | None = None) -> int:
    """Remove sessions past their expiry; return how many. The caller commits."""
    removed = db.execute(delete(UserSession).where(col(UserSession.expires_at) <= (now or utc_now())))
    return cast("CursorResult[Any]", removed).rowcount


def _end(db: Session, *conditions: ColumnElement[bool]) -> int:
    """Remove sessions; once that is committed, close the websockets they have open in this process."""
    ended = set(
        db.execute(delete(UserSession).where(*conditions).returning(col(UserSession.token_hash))).scalars()
    )
    if ended:
        event.listen(db, "after_commit", lambda _session: LIVE.close_where(ended.__contains__), once=True)
    return len(ended)
