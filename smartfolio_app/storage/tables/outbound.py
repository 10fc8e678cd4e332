"""What was asked of the outside, and what came of it. No secret and no private value is kept here."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from smartfolio_app.storage.tables.base import moment, utc_now


class OutboundCallRow(SQLModel, table=True):
    """One call to a provider. ``key_id`` is a digest of the key used, ``path`` has no query.

    Budgets and pauses are rebuilt from these rows after a restart.
    """

    __tablename__ = "outbound_call"
    __table_args__ = (Index("ix_outbound_call_provider_at", "provider", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = moment(index=True)
    provider: str = Field(max_length=40)
    key_id: str = Field(default="", max_length=16)
    host: str = Field(max_length=255)
    path: str = Field(max_length=500)
    outcome: str = Field(max_length=20)
    status: int | None = None
    ms: int = 0
    size: int = 0
    paused_until: datetime | None = moment(default=None, nullable=True)


class ProviderState(SQLModel, table=True):
    """How a market provider is doing. ``revision`` grows with every stored change of the prices it tells.

    ``error`` is the code of the last failure, empty when the last attempt succeeded.
    """

    __tablename__ = "provider_state"

    provider: str = Field(primary_key=True, max_length=40)
    revision: int = 0
    tried_at: datetime | None = moment(default=None, nullable=True)
    succeeded_at: datetime | None = moment(default=None, nullable=True)
    error: str = Field(default="", max_length=80)
    retry_at: datetime | None = moment(default=None, nullable=True)


class PriceHistoryRow(SQLModel, table=True):
    """From which day on a provider was asked for an asset's history, so that a gap it cannot fill is not asked again.

    ``owner`` as in the price table: a user's own choice of coin has a history of its own.
    """

    __tablename__ = "price_history"

    owner: str = Field(primary_key=True, max_length=32)
    asset: str = Field(primary_key=True, max_length=80)
    provider: str = Field(primary_key=True, max_length=40)
    coin: str = Field(max_length=120)  # the provider's own id, as it was when asked
    first: date
    asked_at: datetime = moment(default_factory=utc_now)


class CoinCandidateRow(SQLModel, table=True):
    """A coin that a ticker could mean, where it could mean several: what the user is asked to choose from."""

    __tablename__ = "coin_candidate"

    asset: str = Field(primary_key=True, max_length=80)
    coin: str = Field(primary_key=True, max_length=120)
    name: str = Field(default="", max_length=200)
    position: int = 0
