"""What a person wants to be told of, what there is to tell, and how it is delivered. No secret is kept here."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from smartfolio_app.storage.tables.base import moment, new_id, user_reference, utc_now


class AlertRule(SQLModel, table=True):
    """One rule. ``params`` is JSON, name -> text; money in it is in ``currency``, whatever is looked in later.

    ``error`` is why it could not be judged the last time, empty when it was.
    """

    __tablename__ = "alert_rule"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    user_id: str = user_reference()
    kind: str = Field(max_length=40)
    params: str = Field(default="{}", sa_type=Text)
    currency: str = Field(max_length=8)
    active: bool = True
    created_at: datetime = moment(default_factory=utc_now)
    judged_at: datetime | None = moment(default=None, nullable=True)
    error: str = Field(default="", max_length=80)


class Alert(SQLModel, table=True):
    """One alert: a rule and a subject, from when it fired until it cleared.

    ``open_key`` is unique while it is open and empty (null) afterwards: there are never two at once. ``figures`` is
    JSON: those it was last judged by, with the rule and the facts of then. ``told_at`` is when it was last handed to
    the channels.
    """

    __tablename__ = "alert"
    __table_args__ = (Index("ix_alert_user_opened", "user_id", "opened_at"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    user_id: str = user_reference()
    rule_id: str | None = Field(
        default=None, foreign_key="alert_rule.id", ondelete="SET NULL", index=True, max_length=32
    )
    open_key: str | None = Field(default=None, unique=True, max_length=200, nullable=True)
    kind: str = Field(max_length=40)
    severity: str = Field(max_length=8)
    subject: str = Field(max_length=120)
    says: str = Field(max_length=20)
    figures: str = Field(default="[]", sa_type=Text)
    link: str = Field(default="", max_length=300)
    opened_at: datetime = moment(default_factory=utc_now)
    seen_at: datetime = moment(default_factory=utc_now)
    cleared_at: datetime | None = moment(default=None, nullable=True)
    acknowledged_at: datetime | None = moment(default=None, nullable=True)
    snoozed_until: datetime | None = moment(default=None, nullable=True)
    told_at: datetime | None = moment(default=None, nullable=True)


class AlertChannel(SQLModel, table=True):
    """One way of telling somebody. ``shown`` is what its owner recognises it by (an address, a host), no secret.

    ``private``: amounts are left out. ``brief``: the morning brief goes there too.
    """

    __tablename__ = "alert_channel"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    user_id: str = user_reference()
    kind: str = Field(max_length=20)
    label: str = Field(max_length=80)
    shown: str = Field(default="", max_length=255)
    active: bool = True
    private: bool = False
    alerts: bool = True
    brief: bool = False
    created_at: datetime = moment(default_factory=utc_now)
    worked_at: datetime | None = moment(default=None, nullable=True)
    error: str = Field(default="", max_length=80)


class AlertDelivery(SQLModel, table=True):
    """One message to one channel. ``about`` is ``alert``, ``brief`` or ``test``; ``content`` (JSON) says of which
    alerts. The words are made when it is sent: nothing that is no longer true is told.

    ``state`` is ``waiting`` (due at ``next_at``), ``done``, ``failed`` (given up) or ``dropped`` (no longer true when
    it was due). Who sends it moves ``next_at`` on first, so that nobody else does.
    """

    __tablename__ = "alert_delivery"
    __table_args__ = (Index("ix_alert_delivery_due", "state", "next_at"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    user_id: str = user_reference()
    channel_id: str = Field(foreign_key="alert_channel.id", ondelete="CASCADE", index=True, max_length=32)
    about: str = Field(max_length=8)
    content: str = Field(default="{}", sa_type=Text)
    state: str = Field(default="waiting", max_length=8)
    attempts: int = 0
    created_at: datetime = moment(default_factory=utc_now)
    next_at: datetime = moment(default_factory=utc_now)
    done_at: datetime | None = moment(default=None, nullable=True)
    error: str = Field(default="", max_length=80)
    error_params: str = Field(default="{}", sa_type=Text)


class AlertSettings(SQLModel, table=True):
    """When somebody may be told, in their own time zone: minutes after midnight, ``None`` for no such wish.

    ``brief_day`` is the day whose morning brief was handed to the channels last.
    """

    __tablename__ = "alert_settings"

    user_id: str = Field(foreign_key="user.id", ondelete="CASCADE", primary_key=True, max_length=32)
    quiet_from: int | None = None
    quiet_until: int | None = None
    brief_at: int | None = None
    brief_day: date | None = None
