"""Who tried to sign in lately, from the audit log: a restart makes no guesser's delay shorter."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.security import redis_throttle
from smartfolio_app.security.client_address import Client
from smartfolio_app.security.throttle import PastTry, SignInThrottle
from smartfolio_app.settings import Settings
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import AuditEntry, User

REMEMBERED = timedelta(hours=1)
#: More tries than that in an hour are an attack whose oldest part tells nothing more.
MOST = 20_000


def throttle(settings: Settings) -> SignInThrottle:
    """Return the delays of this server: those in Redis where there is one, else of this process and its log."""
    if settings.redis_url:
        return SignInThrottle(delays=redis_throttle.delays(settings.redis_url))
    return SignInThrottle(past=_recorded)


def read(db: Session, now: datetime | None = None) -> list[PastTry]:
    """Return the sign-ins of the last hour, oldest first, those that succeeded and those that did not."""
    at = now or datetime.now(UTC)
    wanted = (
        select(AuditEntry, col(User.name))
        .outerjoin(User, col(User.id) == col(AuditEntry.user_id))
        .where(
            col(AuditEntry.action).in_(("session.refused", "session.login")),
            col(AuditEntry.at) > at - REMEMBERED,
            col(AuditEntry.at) <= at,
        )
        .order_by(col(AuditEntry.id).desc())
        .limit(MOST)
    )
    found = []
    for entry, name in db.execute(wanted):
        succeeded = entry.action == "session.login"
        account = name if succeeded else json.loads(entry.detail).get("name", "")
        address = Client(entry.address, "http", "").bucket
        found.append(PastTry(address, account or "", (at - entry.at).total_seconds(), succeeded))
    return found[::-1]


def _recorded() -> Iterable[PastTry]:
    with session_scope() as db:
        return read(db)
