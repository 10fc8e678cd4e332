"""How the server itself is doing: what each process tells of itself, and which findings were set aside."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from smartfolio_app.storage.tables.base import moment, utc_now


class ProcessReport(SQLModel, table=True):
    """What one server process told last: ``report`` is JSON of counters, violations and jobs since its start."""

    __tablename__ = "process_report"

    id: str = Field(primary_key=True, max_length=32)
    host: str = Field(default="", max_length=120)
    pid: int = 0
    version: str = Field(default="", max_length=40)
    started_at: datetime = moment(default_factory=utc_now)
    seen_at: datetime = moment(default_factory=utc_now, index=True)
    report: str = Field(default="{}", sa_type=Text)


class HealthDismissal(SQLModel, table=True):
    """A finding that an administrator does not want to be reminded of; ``finding`` is ``Finding.key``."""

    __tablename__ = "health_dismissal"

    finding: str = Field(primary_key=True, max_length=400)
    by: str = Field(default="", max_length=80)
    at: datetime = moment(default_factory=utc_now)
