"""Market signals in the database: what was told, by whom, and when. Nothing here commits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from smartfolio_app.storage.tables import MarketSignal
from smartfolio_app.storage.upserts import upsert


@dataclass(frozen=True, slots=True)
class Told:
    """One value of a signal (``storage.tables.MarketSignal`` names them) about a subject, as of ``at``."""

    signal: str
    subject: str
    at: datetime
    value: Decimal
    provider: str
    word: str = ""
    heard_at: datetime | None = None


def put_signals(db: Session, told: Iterable[Told], heard_at: datetime) -> int:
    """Store what was told, in place of what was told of the same instant before; return how many."""
    rows = [
        {
            "signal": one.signal,
            "subject": one.subject,
            "at": one.at,
            "value": one.value,
            "word": one.word,
            "provider": one.provider,
            "heard_at": heard_at,
        }
        for one in told
    ]
    upsert(
        db,
        MarketSignal,
        rows,
        key=("signal", "subject", "at"),
        update=("value", "word", "provider", "heard_at"),
    )
    return len(rows)


def series(
    db: Session, signal: str, subject: str, since: datetime | None = None
) -> list[tuple[datetime, Decimal]]:
    """Return instants and values, oldest first."""
    wanted = select(col(MarketSignal.at), col(MarketSignal.value)).where(
        col(MarketSignal.signal) == signal, col(MarketSignal.subject) == subject
    )
    if since is not None:
        wanted = wanted.where(col(MarketSignal.at) >= since)
    return [(row[0], row[1]) for row in db.execute(wanted.order_by(col(MarketSignal.at)))]


def newest(db: Session, signal: str) -> dict[str, Told]:
    """Return the newest value of a signal, by subject."""
    last = (
        select(col(MarketSignal.subject).label("subject"), func.max(col(MarketSignal.at)).label("at"))
        .where(col(MarketSignal.signal) == signal)
        .group_by(col(MarketSignal.subject))
        .subquery()
    )
    wanted = select(MarketSignal).where(
        col(MarketSignal.signal) == signal,
        col(MarketSignal.subject) == last.c.subject,
        col(MarketSignal.at) == last.c.at,
    )
    return {
        row.subject: Told(row.signal, row.subject, row.at, row.value, row.provider, row.word, row.heard_at)
        for row in db.execute(wanted).scalars()
    }


def forget_older(db: Session, signal: str, subject: str, before: datetime) -> None:
    """Remove what was told before an instant: of what is only of use while it is new."""
    db.execute(
        delete(MarketSignal).where(
            col(MarketSignal.signal) == signal,
            col(MarketSignal.subject) == subject,
            col(MarketSignal.at) < before,
        )
    )
