"""What waits to be delivered, and when it may be: quiet hours are the owner's, on their own clock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from smartfolio_app.analytics.alerts.quiet import DAY_MINUTES, QuietHours
from smartfolio_app.errors import InvalidInputError
from smartfolio_app.services import audit, user_settings
from smartfolio_app.storage.tables import Alert, AlertChannel, AlertDelivery, AlertSettings

#: How long the log of deliveries goes back.
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Times:
    """When somebody may be told, in minutes after their midnight; ``None``: no quiet, no morning brief."""

    quiet_from: int | None = None
    quiet_until: int | None = None
    brief_at: int | None = None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One line of the log. ``error`` is a code with its values."""

    id: str
    channel_id: str
    channel: str
    about: str
    state: str
    attempts: int
    created_at: datetime
    next_at: datetime | None
    done_at: datetime | None
    error: str
    error_params: dict[str, object]


def times(db: Session, user_id: str) -> Times:
    """Return when the user may be told."""
    row = db.get(AlertSettings, user_id)
    return Times() if row is None else Times(row.quiet_from, row.quiet_until, row.brief_at)


def set_times(db: Session, user_id: str, wanted: Times) -> Times:
    """Choose when to be told. Commits.

    Raises:
        InvalidInputError: A time is none of the day, or quiet hours have one end alone.
    """
    for minute in (wanted.quiet_from, wanted.quiet_until, wanted.brief_at):
        if minute is not None and not 0 <= minute < DAY_MINUTES:
            raise InvalidInputError("alert.time")
    if (wanted.quiet_from is None) != (wanted.quiet_until is None):
        raise InvalidInputError("alert.quiet_ends")
    row = db.get(AlertSettings, user_id) or AlertSettings(user_id=user_id)
    row.quiet_from, row.quiet_until, row.brief_at = wanted.quiet_from, wanted.quiet_until, wanted.brief_at
    db.add(row)
    told = {"quiet": _span(wanted), "brief": _clock(wanted.brief_at)}
    audit.record(db, user_id, "alert.times", told)
    db.commit()
    return wanted


def tell(db: Session, user_id: str, alert_ids: Sequence[str], now: datetime) -> int:
    """Hand alerts to each of the user's channels that takes them, as one message. Does not commit."""
    if not alert_ids:
        return 0
    told = update(Alert).where(col(Alert.id).in_(list(alert_ids))).values(told_at=now)
    db.connection().execute(told)
    wanted = select(AlertChannel).where(
        col(AlertChannel.user_id) == user_id, col(AlertChannel.active), col(AlertChannel.alerts)
    )
    at = allowed(db, user_id, now)
    return _put(
        db, db.execute(wanted).scalars().all(), "alert", content={"alerts": list(alert_ids)}, now=now, at=at
    )


def tell_brief(db: Session, user_id: str, now: datetime) -> int:
    """Hand the morning brief to each of the user's channels that takes it. Does not commit."""
    wanted = select(AlertChannel).where(
        col(AlertChannel.user_id) == user_id, col(AlertChannel.active), col(AlertChannel.brief)
    )
    return _put(db, db.execute(wanted).scalars().all(), "brief", content={}, now=now, at=now)


def allowed(db: Session, user_id: str, now: datetime) -> datetime:
    """Return when what is ready now may be delivered."""
    chosen = times(db, user_id)
    if chosen.quiet_from is None or chosen.quiet_until is None:
        return now
    zone = ZoneInfo(user_settings.get(db, user_id).time_zone)
    return QuietHours(chosen.quiet_from, chosen.quiet_until).allowed(now, zone)


def log_of(db: Session, user_id: str, limit: int = 50) -> list[DeliveryView]:
    """Return the newest deliveries to the user's channels."""
    mine = (
        select(AlertDelivery, col(AlertChannel.label))
        .join(AlertChannel, col(AlertChannel.id) == col(AlertDelivery.channel_id))
        .where(col(AlertDelivery.user_id) == user_id)
        .order_by(col(AlertDelivery.created_at).desc(), col(AlertDelivery.id))
        .limit(min(limit, 500))
    )
    return [view_of(row, label) for row, label in db.execute(mine)]


def view_of(row: AlertDelivery, label: str) -> DeliveryView:
    """Return one line of the log."""
    return DeliveryView(
        id=row.id,
        channel_id=row.channel_id,
        channel=label,
        about=row.about,
        state=row.state,
        attempts=row.attempts,
        created_at=row.created_at,
        next_at=row.next_at if row.state == "waiting" else None,
        done_at=row.done_at,
        error=row.error,
        error_params=json.loads(row.error_params),
    )


def sweep(db: Session, now: datetime) -> int:
    """Forget old lines of the log. Commits."""
    old = delete(AlertDelivery).where(
        col(AlertDelivery.created_at) < now - KEPT, col(AlertDelivery.state) != "waiting"
    )
    count = int(db.connection().execute(old).rowcount)
    db.commit()
    return count


def _put(
    db: Session,
    channels: Sequence[AlertChannel],
    about: str,
    *,
    content: dict[str, object],
    now: datetime,
    at: datetime,
) -> int:
    for channel in channels:
        db.add(
            AlertDelivery(
                user_id=channel.user_id,
                channel_id=channel.id,
                about=about,
                content=json.dumps(content),
                created_at=now,
                next_at=at,
            )
        )
    db.flush()
    return len(channels)


def _span(wanted: Times) -> str:
    if wanted.quiet_from is None:
        return "-"
    return f"{_clock(wanted.quiet_from)}-{_clock(wanted.quiet_until)}"


def _clock(minute: int | None) -> str:
    return "-" if minute is None else f"{minute // 60:02d}:{minute % 60:02d}"
