"""Observed prices and rates. Every row says who observed it and when.

``owner`` is a user id for what only that user brought (a price in their file, one they typed) and ``""`` for what a
public provider told, which all users share. It is not a foreign key because of that empty value; removing a user
removes their rows explicitly.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from smartfolio_app.storage.tables.base import decimal, moment


class DailyPrice(SQLModel, table=True):
    """The last price observed on a UTC day: 1 ``asset`` = ``price`` ``currency``."""

    __tablename__ = "price"
    __table_args__ = (Index("ix_price_asset_day", "asset", "day"),)

    owner: str = Field(primary_key=True, max_length=32)
    asset: str = Field(primary_key=True, max_length=80)
    currency: str = Field(primary_key=True, max_length=8)
    day: date = Field(primary_key=True)
    provider: str = Field(primary_key=True, max_length=40)
    price: Decimal = decimal()
    at: datetime = moment()
    batch_id: str | None = Field(
        default=None, foreign_key="import_batch.id", ondelete="CASCADE", index=True, max_length=32
    )


class Quote(SQLModel, table=True):
    """Recent intraday prices (about a week); the newest one is the latest price."""

    __tablename__ = "latest_price"

    owner: str = Field(primary_key=True, max_length=32)
    asset: str = Field(primary_key=True, max_length=80)
    currency: str = Field(primary_key=True, max_length=8)
    at: datetime = moment(primary_key=True)
    provider: str = Field(primary_key=True, max_length=40)
    price: Decimal = decimal()
    batch_id: str | None = Field(
        default=None, foreign_key="import_batch.id", ondelete="CASCADE", index=True, max_length=32
    )


class FxRate(SQLModel, table=True):
    """A reference rate: 1 EUR = ``rate`` ``currency`` on ``day``."""

    __tablename__ = "fx_rate"

    currency: str = Field(primary_key=True, max_length=8)
    day: date = Field(primary_key=True)
    provider: str = Field(default="ecb", primary_key=True, max_length=40)
    rate: Decimal = decimal()
    fetched_at: datetime = moment()
