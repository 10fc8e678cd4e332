"""What was done, by whom, when; rows are only ever added."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from smartfolio_app.storage.tables.base import moment, utc_now


class AuditEntry(SQLModel, table=True):
    """One entry; ``digest`` is the SHA-256 of the previous digest and this row, so a removed row shows."""

    __tablename__ = "audit_entry"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = moment(default_factory=utc_now)
    user_id: str = Field(default="", index=True, max_length=32)
    action: str = Field(max_length=60)
    detail: str = Field(default="", sa_type=Text)
    address: str = Field(default="", max_length=64)
    digest: str = Field(default="", max_length=64)
