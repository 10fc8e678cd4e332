"""Reading and writing the daily snapshots. Nothing in this file commits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from smartfolio_app.storage.tables import Snapshot
from smartfolio_app.storage.upserts import upsert

EVERYTHING = "all"  # the name of the scope that holds everything
_VALUES = ("taken_at", "total", "crypto", "stocks", "wealth", "priced", "unpriced", "stale")


def put(db: Session, snapshots: Iterable[Snapshot]) -> None:
    """Store snapshots; an earlier one of the same user, scope, day and currency is replaced."""
    rows = [snapshot.model_dump() for snapshot in snapshots]
    upsert(db, Snapshot, rows, key=("user_id", "scope", "day", "currency"), update=_VALUES)


def last_taken(db: Session, user_id: str, before: datetime | None = None) -> datetime | None:
    """Return the instant of the user's newest snapshot of everything (not later than ``before``)."""
    wanted = select(func.max(col(Snapshot.taken_at))).where(
        col(Snapshot.user_id) == user_id, col(Snapshot.scope) == EVERYTHING
    )
    if before is not None:
        wanted = wanted.where(col(Snapshot.taken_at) <= before)
    return db.execute(wanted).scalar_one()


def last_days(db: Session, now: datetime) -> dict[str, date]:
    """Return the day of each user's newest snapshot of everything that was taken by ``now``.

    One of the future was taken while the clock was wrong; it must not keep the present from being recorded.
    """
    rows = db.execute(
        select(col(Snapshot.user_id), func.max(col(Snapshot.day)))
        .where(col(Snapshot.scope) == EVERYTHING, col(Snapshot.taken_at) <= now)
        .group_by(col(Snapshot.user_id))
    )
    return {user_id: day for user_id, day in rows}  # noqa: C416 - rows are not pairs to a type checker


def listed(db: Session, user_id: str, scope: str = EVERYTHING) -> list[Snapshot]:
    """Return a user's snapshots of one scope, oldest first."""
    wanted = select(Snapshot).where(col(Snapshot.user_id) == user_id, col(Snapshot.scope) == scope)
    return list(db.execute(wanted.order_by(col(Snapshot.day))).scalars())
