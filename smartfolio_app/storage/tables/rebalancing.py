"""Where a person wants their portfolio to be, and what stands in the way. Shares and rates are parts of one."""

from __future__ import annotations

from decimal import Decimal

from sqlmodel import Field, SQLModel

from smartfolio_app.storage.tables.base import decimal, user_reference


class RebalancePlanRow(SQLModel, table=True):
    """How a person rebalances; without a row, the defaults of ``services.rebalancing``. Money is in base currency."""

    __tablename__ = "rebalance_plan"

    user_id: str = Field(foreign_key="user.id", ondelete="CASCADE", primary_key=True, max_length=32)
    by: str = Field(max_length=16)  # group, asset, category
    band_absolute: Decimal | None = decimal(default=None, nullable=True)
    band_relative: Decimal | None = decimal(default=None, nullable=True)
    minimum: Decimal = decimal()
    lot_choice: str = Field(max_length=16)  # method, least_tax
    tax_short: Decimal = decimal()
    tax_long: Decimal = decimal()


class RebalanceTarget(SQLModel, table=True):
    """The share a group, asset or category should have."""

    __tablename__ = "rebalance_target"

    user_id: str = Field(foreign_key="user.id", ondelete="CASCADE", primary_key=True, max_length=32)
    key: str = Field(primary_key=True, max_length=120)
    weight: Decimal = decimal()


class RebalanceVenue(SQLModel, table=True):
    """What a trade at a source costs: ``rate`` of the amount and ``fixed`` money; and whether it may be made."""

    __tablename__ = "rebalance_venue"

    source_id: str = Field(foreign_key="source.id", ondelete="CASCADE", primary_key=True, max_length=32)
    user_id: str = user_reference()
    rate: Decimal = decimal()
    fixed: Decimal = decimal()
    locked: bool = False
    whole: bool = False


class RebalanceLock(SQLModel, table=True):
    """An asset that is neither sold nor bought."""

    __tablename__ = "rebalance_lock"

    user_id: str = Field(foreign_key="user.id", ondelete="CASCADE", primary_key=True, max_length=32)
    asset: str = Field(primary_key=True, max_length=120)
