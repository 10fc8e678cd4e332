"""Who may come in, and how they like to see things."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlmodel import Field, SQLModel

from smartfolio_app.storage.tables.base import decimal, moment, new_id, user_reference, utc_now


class User(SQLModel, table=True):
    """A person. ``revision`` grows with every change of what they own, so caches know when they are stale;
    ``revised_by_hand`` is the newest that was their own doing rather than a sync's.
    """

    __tablename__ = "user"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    name: str = Field(unique=True, index=True, max_length=80)
    password_hash: str
    is_admin: bool = False
    is_demo: bool = False
    disabled: bool = False
    revision: int = 0
    revised_by_hand: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    created_at: datetime = moment(default_factory=utc_now)


class UserSession(SQLModel, table=True):
    """A signed-in device. The key is the SHA-256 of the cookie: a stolen database opens no session."""

    __tablename__ = "session"

    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: str = user_reference()
    device: str = Field(default="", max_length=200)
    address: str = Field(default="", max_length=64)
    created_at: datetime = moment(default_factory=utc_now)
    seen_at: datetime = moment(default_factory=utc_now)
    expires_at: datetime = moment()


class ApiToken(SQLModel, table=True):
    """A key for scripts. Only its SHA-256 is kept; ``scope`` is ``read`` or ``write``."""

    __tablename__ = "api_token"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    token_hash: str = Field(unique=True, index=True, max_length=64)
    user_id: str = user_reference()
    name: str = Field(default="", max_length=80)
    scope: str = Field(max_length=8)
    hint: str = Field(default="", max_length=8)
    created_at: datetime = moment(default_factory=utc_now)
    used_at: datetime | None = moment(default=None, nullable=True)


class SetupLink(SQLModel, table=True):
    """The one-time link that creates the first administrator; gone once used."""

    __tablename__ = "setup_link"

    token_hash: str = Field(primary_key=True, max_length=64)
    created_at: datetime = moment(default_factory=utc_now)


class UserSettings(SQLModel, table=True):
    """How one person wants to see their picture. Typed columns: a misspelt setting cannot exist.

    ``scope_*`` hold ``all`` or a source key (the WealthBar's choice). No credential is ever kept here.
    """

    __tablename__ = "user_settings"

    user_id: str = Field(foreign_key="user.id", ondelete="CASCADE", primary_key=True, max_length=32)
    base_currency: str = Field(default="USD", max_length=8)
    language: str = Field(default="en", max_length=8)
    theme: str = Field(default="system", max_length=8)  # system, dark, light
    time_zone: str = Field(default="UTC", max_length=64)
    number_style: str = Field(default="language", max_length=16)  # language, 1,234.56, 1.234,56, 1 234,56 ...
    small_balance_threshold: Decimal = decimal(default=Decimal(1))
    cost_basis_method: str = Field(default="fifo", max_length=16)
    cost_basis_pooling: str = Field(default="global", max_length=16)  # global, source, account
    cost_basis_years: str = Field(default="", max_length=2000)  # 2023=lifo;2024=hifo
    long_term_rule: str = Field(default="365d", max_length=8)  # 365d, 1y, none
    pnl_anchor: str = Field(default="midnight", max_length=16)  # midnight, snapshot, close
    privacy: bool = False
    scope_crypto: str = Field(default="all", max_length=80)
    scope_stocks: str = Field(default="all", max_length=80)
    scope_wealth: str = Field(default="all", max_length=80)
