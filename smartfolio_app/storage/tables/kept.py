"""What was computed once and is looked at later."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from smartfolio_app.storage.tables.base import moment, user_reference, utc_now


class KeptWork(SQLModel, table=True):
    """The answer of a simulation or of the optimiser (``kind``), as JSON, under the id of the work that made it."""

    __tablename__ = "kept_work"

    id: str = Field(primary_key=True, max_length=32)
    user_id: str = user_reference()
    kind: str = Field(max_length=32)
    made_at: datetime = moment(default_factory=utc_now)
    told: str = Field(sa_type=Text)
