"""Small helpers every table file shares."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlmodel import Field

from smartfolio_app.storage.types import ExactDecimal, UtcDateTime


def new_id() -> str:
    """Return an unguessable identifier."""
    return uuid4().hex


def utc_now() -> datetime:
    """Return the present instant, aware and in UTC."""
    return datetime.now(UTC)


def moment(**options: Any) -> Any:
    """Declare a column that holds an instant in UTC."""
    return Field(sa_type=UtcDateTime, **options)


def decimal(**options: Any) -> Any:
    """Declare a column that holds an exact decimal."""
    return Field(sa_type=ExactDecimal, **options)


def user_reference(**options: Any) -> Any:
    """Declare the owner of a row; the row goes when its owner goes."""
    return Field(foreign_key="user.id", ondelete="CASCADE", index=True, max_length=32, **options)


MaybeDecimal = Decimal | None
MaybeMoment = datetime | None
