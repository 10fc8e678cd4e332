"""The daily record of what everything was worth: one a day, scope and currency, at the user's own midnight.

The snapshot of a day is valued at the instant that day begins in the user's time zone, also when the app wakes up later
in the day; one taken by hand is valued when it is taken and replaces that day's. Taking the due ones twice changes
nothing. A day on which the app never ran is left out rather than made up.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.analytics.clock import local_midnight
from smartfolio_app.analytics.results import Portfolio
from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.services import wealth
from smartfolio_app.storage import repo_snapshots
from smartfolio_app.storage.repo_snapshots import last_taken as last
from smartfolio_app.storage.repo_snapshots import listed
from smartfolio_app.storage.tables import Snapshot, SourceRow, User, UserSettings

__all__ = ["due", "last", "listed", "take", "take_due"]

log = logging.getLogger(__name__)


def take(db: Session, user_id: str, now: datetime | None = None) -> int:
    """Record what everything and each source is worth now; return how many snapshots were stored. Commits.

    What has no price at all has no worth to record: it is left out.

    Raises:
        NotFoundError: There is no such user.
    """
    at = now or datetime.now(UTC)
    return _take(db, wealth.view_of(db, user_id, scope=Scope()), at)


def take_due(db: Session, now: datetime | None = None) -> int:
    """Take the snapshot of today for every user who has none yet; return how many were stored. Commits.

    One user's failure is logged and stops nobody else's.
    """
    at = now or datetime.now(UTC)
    stored = 0
    for user_id, midnight in due(db, at):
        try:
            stored += _take(db, wealth.view_of(db, user_id, scope=Scope()), midnight)
        except SmartFolioError:
            log.exception("the snapshot of user %s failed", user_id)
            db.rollback()
    return stored


def due(db: Session, now: datetime) -> list[tuple[str, datetime]]:
    """Return the users without a snapshot of today, each with the instant their today began."""
    taken = repo_snapshots.last_days(db, now)
    people = db.execute(
        select(col(User.id), col(UserSettings.time_zone))
        .join(UserSettings, col(UserSettings.user_id) == col(User.id))
        .where(~col(User.disabled))
    )
    found = []
    for user_id, name in people:
        zone = ZoneInfo(name)
        today = now.astimezone(zone).date()
        if user_id not in taken or taken[user_id] < today:
            found.append((user_id, local_midnight(today, zone)))
    return found


def _take(db: Session, view: wealth.View, at: datetime) -> int:
    day = at.astimezone(ZoneInfo(view.time_zone)).date()
    rows = []
    for scope in _scopes(db, view.user_id):
        whole = wealth.portfolio(db, replace(view, scope=scope), at)
        if whole.holdings and whole.total is not None:
            rows.append(_row(view, whole, day))
    repo_snapshots.put(db, rows)
    db.commit()
    return len(rows)


def _row(view: wealth.View, whole: Portfolio, day: date) -> Snapshot:
    assert whole.total is not None, "only what has a worth is recorded"
    return Snapshot(
        user_id=view.user_id,
        scope=whole.scope.name,
        day=day,
        currency=view.currency,
        taken_at=whole.at,
        total=whole.total,
        crypto=whole.by_category[Category.CRYPTO],
        stocks=whole.by_category[Category.STOCKS],
        wealth=whole.by_category[Category.WEALTH],
        priced=whole.coverage.priced,
        unpriced=whole.coverage.total - whole.coverage.priced,
        stale=whole.coverage.stale,
    )


def _scopes(db: Session, user_id: str) -> Iterator[Scope]:
    """Give everything, and each active source with all of the other categories: any other choice is a sum of these."""
    yield Scope()
    active = select(col(SourceRow.category), col(SourceRow.key)).where(
        col(SourceRow.user_id) == user_id, col(SourceRow.active)
    )
    for category, key in db.execute(active.order_by(col(SourceRow.key))):
        yield Scope(**{category: key})
