"""Observed prices and rates. Every row says who observed it and when.

``owner`` is a user id for what only that user brought (a price in their file, one they typed) and ``""`` for
what a public provider told, which all users share. It is not a foreign key because of that empty value;
removing a user removes their rows explicitly.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from smartfolio_app.storage.tables.base import decimal, moment


class DailyPrice(SQLModel, table=True):
    """The last price observed on a UTC day: 1 ``asset`` = ``price`` ``currency``.

    An observer tells one price a day, outside of imports (``batch_id`` null) and in each import: undoing the
    import of one file leaves what another file of the same day told. Write through ``storage.repo_market``.
    """

    __tablename__ = "price"
    __table_args__ = (
        Index("ix_price_asset_day", "asset", "day"),
        Index(
            "uq_price_observer",
            *("owner", "asset", "currency", "day", "provider"),
            unique=True,
            sqlite_where=text("batch_id IS NULL"),
            postgresql_where=text("batch_id IS NULL"),
        ),
        Index(
            "uq_price_batch",
            *("batch_id", "asset", "currency", "day", "provider"),
            unique=True,
            sqlite_where=text("batch_id IS NOT NULL"),
            postgresql_where=text("batch_id IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    owner: str = Field(max_length=32)
    asset: str = Field(max_length=80)
    currency: str = Field(max_length=8)
    day: date = Field()
    provider: str = Field(max_length=40)
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


class PriceWitness(SQLModel, table=True):
    """A price that was heard and is not used: the newest of a UTC day, in the words of one provider.

    ``verdict`` is ``spare`` when it agrees with what is used (a provider asked first told the same day), else why it
    was set aside: ``unit``, ``split``, ``outlier``, ``collision``. ``expected`` is then what the others said, in the
    same currency, and ``against`` who they are. ``since`` is when it was first set aside.
    """

    __tablename__ = "price_witness"

    owner: str = Field(primary_key=True, max_length=32)
    asset: str = Field(primary_key=True, max_length=80)
    provider: str = Field(primary_key=True, max_length=40)
    day: date = Field(primary_key=True)
    currency: str = Field(max_length=8)
    price: Decimal = decimal()
    at: datetime = moment()
    verdict: str = Field(default="spare", max_length=16)
    expected: Decimal | None = decimal(default=None, nullable=True)
    against: str = Field(default="", max_length=80)
    since: datetime = moment()
    heard_at: datetime = moment()


class PriceListing(SQLModel, table=True):
    """Under which symbol a provider that goes by symbols knows an asset: for everybody, or by one user's word.

    ``symbol`` is empty when none was found, and ``-`` when the user says that there is none. ``next_at`` is when asking
    for its price again makes sense.
    """

    __tablename__ = "price_listing"

    owner: str = Field(primary_key=True, max_length=32)
    asset: str = Field(primary_key=True, max_length=80)
    provider: str = Field(primary_key=True, max_length=40)
    symbol: str = Field(default="", max_length=40)
    name: str = Field(default="", max_length=200)
    exchange: str = Field(default="", max_length=60)
    currency: str = Field(default="", max_length=8)
    checked_at: datetime = moment()
    next_at: datetime | None = moment(default=None, nullable=True)


class SecurityEvent(SQLModel, table=True):
    """A split (``amount`` new shares for one old) or a dividend (``amount`` ``currency`` a share) of a symbol."""

    __tablename__ = "security_event"

    provider: str = Field(primary_key=True, max_length=40)
    symbol: str = Field(primary_key=True, max_length=40)
    kind: str = Field(primary_key=True, max_length=12)
    day: date = Field(primary_key=True)
    amount: Decimal = decimal()
    currency: str = Field(default="", max_length=8)


class MarketSignal(SQLModel, table=True):
    """A signal of the market's mood, as it was told: ``funding`` (settled) and ``funding_now`` rates of a contract,
    ``fear_greed``, ``btc_dominance``, the daily ``close`` of a reference (a large coin, a stock index), and the
    ``episode_close`` of an asset (in the currency ``word``) from the days of an episode that the Risk page replays.
    Nothing is interpolated: a time without a row is a time without a signal. No holding is ever priced by it.
    """

    __tablename__ = "market_signal"

    signal: str = Field(primary_key=True, max_length=24)
    subject: str = Field(primary_key=True, max_length=24)
    at: datetime = moment(primary_key=True)
    value: Decimal = decimal()
    word: str = Field(default="", max_length=40)
    provider: str = Field(max_length=40)
    heard_at: datetime = moment()
