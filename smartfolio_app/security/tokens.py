"""API tokens for scripts (``Authorization: Bearer ...``): shown once, kept as SHA-256, scoped, revocable.

A token is 32 random bytes, so a plain hash is enough: there is nothing to guess, unlike with a password.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import select, update
from sqlmodel import Session, col

from smartfolio_app.errors import InvalidInputError, NotAllowedError, NotFoundError
from smartfolio_app.security.identity import AccessScope, Viewer
from smartfolio_app.storage.tables import ApiToken, User
from smartfolio_app.storage.tables.base import utc_now

#: A recognisable beginning, so that secret scanners and people know what they found.
PREFIX = "smartfolio_"
SCOPES: tuple[AccessScope, ...] = ("read", "write")
TOUCH_EVERY = timedelta(minutes=1)
MAXIMUM_PER_USER = 100

_TOKEN = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What its owner sees of a token; ``hint`` is its last four characters."""

    id: str
    name: str
    scope: AccessScope
    hint: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """The viewer a token stands for, and whether its last use is due to be noted (see ``touch``)."""

    viewer: Viewer
    token_id: str
    touch_due: bool


def hash_of(token: str) -> str:
    """Return the SHA-256 of a token, 64 hex digits: all that is stored of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def create(
    db: Session, user_id: str, *, name: str, scope: str, now: datetime | None = None
) -> tuple[TokenInfo, str]:
    """Make a token; return what is kept of it and the token itself, which cannot be shown again. The caller commits.

    Raises:
        InvalidInputError: The scope is unknown, the name over 80 characters, or there are too many tokens.
        NotAllowedError: The sample user is everybody's, and a token would outlast the visit.
    """
    if scope not in SCOPES:
        raise InvalidInputError("auth.unknown_scope", scope=scope, known=", ".join(SCOPES))
    label = name.strip()
    if len(label) > 80:
        raise InvalidInputError("auth.token_name_too_long", maximum=80)
    if len(listed(db, user_id)) >= MAXIMUM_PER_USER:
        raise InvalidInputError("auth.too_many_tokens", maximum=MAXIMUM_PER_USER)
    owner = db.get(User, user_id)
    if owner is None or owner.is_demo:
        raise NotAllowedError("auth.demo_not_allowed")
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        token_hash=hash_of(token),
        user_id=user_id,
        name=label,
        scope=scope,
        hint=token[-4:],
        created_at=now or utc_now(),
    )
    db.add(row)
    db.flush()
    return _info(row), token


def find(db: Session, token: str, *, now: datetime | None = None) -> Found | None:
    """Return the viewer of a live token of an enabled user, else ``None``. One indexed read, no write."""
    if _TOKEN.fullmatch(token) is None:
        return None
    row = db.execute(
        select(
            col(User.id),
            col(User.name),
            col(User.is_admin),
            col(User.is_demo),
            col(User.disabled),
            col(ApiToken.id).label("token_id"),
            col(ApiToken.scope),
            col(ApiToken.used_at),
        )
        .join(ApiToken, col(ApiToken.user_id) == col(User.id))
        .where(col(ApiToken.token_hash) == hash_of(token))
    ).one_or_none()
    if row is None or row.disabled:
        return None
    viewer = Viewer(
        user_id=row.id,
        name=row.name,
        is_admin=row.is_admin,
        is_demo=row.is_demo,
        scope="write" if row.scope == "write" else "read",
        via="token",
        credential=row.token_id,
    )
    moment = now or utc_now()
    return Found(viewer, row.token_id, touch_due=row.used_at is None or moment - row.used_at >= TOUCH_EVERY)


def touch(db: Session, token_id: str, *, now: datetime | None = None) -> None:
    """Note that a token was used. The caller commits."""
    db.execute(update(ApiToken).where(col(ApiToken.id) == token_id).values(used_at=now or utc_now()))


def listed(db: Session, user_id: str) -> list[TokenInfo]:
    """Return the user's tokens, newest first."""
    rows = db.execute(
        select(ApiToken)
        .where(col(ApiToken.user_id) == user_id)
        .order_by(col(ApiToken.created_at).desc(), col(ApiToken.id))
    ).scalars()
    return [_info(row) for row in rows]


def revoke(db: Session, user_id: str, token_id: str) -> None:
    """Remove a token at once; raise ``NotFoundError`` when the user has no such token. The caller commits."""
    row = db.get(ApiToken, token_id)
    if row is None or row.user_id != user_id:
        raise NotFoundError("auth.no_such_token")
    db.delete(row)
    db.flush()


def _info(row: ApiToken) -> TokenInfo:
    return TokenInfo(
        id=row.id,
        name=row.name,
        scope=cast("AccessScope", row.scope),
        hint=row.hint,
        created_at=row.created_at,
        used_at=row.used_at,
    )
