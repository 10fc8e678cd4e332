"""What its owner sees of alerts, and does with them: acknowledge, snooze, look back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlmodel import Session, col

from smartfolio_app.analytics.alerts.base import Figure
from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.services import audit
from smartfolio_app.services.alerts.words import read_figures
from smartfolio_app.storage.tables import Alert
from smartfolio_app.storage.tables.base import utc_now

LONGEST_SNOOZE = timedelta(days=90)
MOST_AT_ONCE = 500
STATES = ("open", "closed", "all")


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert. ``status`` is ``open``, ``acknowledged``, ``snoozed`` or ``closed``."""

    id: str
    rule_id: str
    kind: str
    severity: str
    subject: str
    says: str
    figures: tuple[Figure, ...]
    link: str
    status: str
    opened_at: datetime
    seen_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    snoozed_until: datetime | None


def listed(db: Session, user_id: str, state: str = "open", limit: int = 100) -> list[AlertView]:
    """Return the user's alerts, newest first: ``open`` ones (acknowledged and snoozed too), ``closed``, or ``all``.

    Raises:
        InvalidInputError: There is no such state.
    """
    if state not in STATES:
        raise InvalidInputError("alert.no_such_state", state=state, allowed=", ".join(STATES))
    mine = select(Alert).where(col(Alert.user_id) == user_id)
    if state != "all":
        is_open = col(Alert.open_key).is_not(None)
        mine = mine.where(is_open if state == "open" else ~is_open)
    order = col(Alert.cleared_at if state == "closed" else Alert.opened_at).desc()
    rows = db.execute(mine.order_by(order, col(Alert.id)).limit(min(limit, MOST_AT_ONCE))).scalars()
    now = utc_now()
    return [_view(row, now) for row in rows]


def waiting(db: Session, user_id: str) -> int:
    """Return how many alerts want attention: open, neither acknowledged nor snoozed."""
    count = select(func.count()).where(*attention(user_id, utc_now()))
    return int(db.execute(count).scalar_one())


def attention(user_id: str, now: datetime) -> Sequence[ColumnElement[bool]]:
    """Return the conditions under which an alert wants its owner's attention."""
    awake = or_(col(Alert.snoozed_until).is_(None), col(Alert.snoozed_until) <= now)
    return (
        col(Alert.user_id) == user_id,
        col(Alert.open_key).is_not(None),
        col(Alert.acknowledged_at).is_(None),
        awake,
    )


def acknowledge(db: Session, user_id: str, alert_id: str) -> AlertView:
    """Note that the owner has seen an alert: it stays open and asks for nothing any more. Commits.

    Raises:
        NotFoundError: The user has no such alert.
    """
    row = one(db, user_id, alert_id)
    if row.acknowledged_at is None:
        row.acknowledged_at, row.snoozed_until = utc_now(), None
        db.add(row)
        audit.record(db, user_id, "alert.acknowledge", {"rule": row.kind, "subject": row.subject})
        db.commit()
    return _view(row, utc_now())


def snooze(db: Session, user_id: str, alert_id: str, hours: int) -> AlertView:
    """Be left alone with an alert for some hours (0: no longer); if it is still open then, it is told again. Commits.

    Raises:
        NotFoundError: The user has no such alert.
        InvalidInputError: That is no time to be left alone.
    """
    row = one(db, user_id, alert_id)
    if not 0 <= hours <= LONGEST_SNOOZE // timedelta(hours=1):
        raise InvalidInputError("alert.snooze", most=LONGEST_SNOOZE.days)
    row.snoozed_until = utc_now() + timedelta(hours=hours) if hours else None
    row.acknowledged_at = None
    db.add(row)
    audit.record(db, user_id, "alert.snooze", {"rule": row.kind, "subject": row.subject, "hours": hours})
    db.commit()
    return _view(row, utc_now())


def one(db: Session, user_id: str, alert_id: str) -> Alert:
    """Return one of the user's alerts; raise ``NotFoundError`` when there is none such."""
    row = db.get(Alert, alert_id) if alert_id.isalnum() else None  # no database is asked for nonsense
    if row is None or row.user_id != user_id:
        raise NotFoundError("alert.no_such_alert")
    return row


def _view(row: Alert, now: datetime) -> AlertView:
    status = "open"
    if row.open_key is None:
        status = "closed"
    elif row.acknowledged_at is not None:
        status = "acknowledged"
    elif row.snoozed_until is not None and row.snoozed_until > now:
        status = "snoozed"
    return AlertView(
        id=row.id,
        rule_id=row.rule_id or "",
        kind=row.kind,
        severity=row.severity,
        subject=row.subject,
        says=row.says,
        figures=read_figures(row.figures),
        link=row.link,
        status=status,
        opened_at=row.opened_at,
        seen_at=row.seen_at,
        cleared_at=row.cleared_at,
        acknowledged_at=row.acknowledged_at,
        snoozed_until=row.snoozed_until,
    )
