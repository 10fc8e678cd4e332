"""Things typed in by hand, and the daily record of what all was worth."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from smartfolio_app.storage.tables.base import decimal, moment, new_id, user_reference, utc_now


class WealthItem(SQLModel, table=True):
    """A bank account, a house, a mortgage. Its worth is its newest valuation; liabilities count against the total."""

    __tablename__ = "wealth_item"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    user_id: str = user_reference()
    source_id: str = Field(foreign_key="source.id", ondelete="CASCADE", index=True, max_length=32)
    kind: str = Field(max_length=24)
    name: str = Field(max_length=120)
    currency: str = Field(max_length=8)
    note: str = Field(default="", sa_type=Text)
    created_at: datetime = moment(default_factory=utc_now)
    closed_on: date | None = None


class WealthValuation(SQLModel, table=True):
    """What an item was worth on a day, in its own currency; never negative (the kind says asset or liability)."""

    __tablename__ = "wealth_valuation"

    item_id: str = Field(foreign_key="wealth_item.id", ondelete="CASCADE", primary_key=True, max_length=32)
    day: date = Field(primary_key=True)
    value: Decimal = decimal()
    note: str = Field(default="", max_length=200)


class Snapshot(SQLModel, table=True):
    """The worth of one scope at one of the user's midnights (or taken by hand); at most one a day and scope."""

    __tablename__ = "snapshot"

    user_id: str = Field(foreign_key="user.id", ondelete="CASCADE", primary_key=True, max_length=32)
    scope: str = Field(primary_key=True, max_length=250)
    day: date = Field(primary_key=True)
    currency: str = Field(primary_key=True, max_length=8)
    taken_at: datetime = moment(default_factory=utc_now)
    total: Decimal = decimal()
    crypto: Decimal | None = decimal(default=None, nullable=True)  # None: held, and none of it priced
    stocks: Decimal | None = decimal(default=None, nullable=True)
    wealth: Decimal | None = decimal(default=None, nullable=True)
    priced: int = 0
    unpriced: int = 0
    stale: int = 0
