"""Sources, what they brought, and the ledger itself."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from smartfolio_app.storage.tables.base import decimal, moment, new_id, user_reference, utc_now


class SourceRow(SQLModel, table=True):
    """A place wealth comes from. ``config`` is JSON without secrets; credentials live in the vault's table."""

    __tablename__ = "source"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    user_id: str = user_reference()
    key: str = Field(max_length=80)  # readable, unique per user: "cointracking_csv", "saxo_csv_2"
    provider: str = Field(max_length=40)  # id in the provider registry
    label: str = Field(max_length=120)
    category: str = Field(max_length=16)  # crypto, stocks, wealth
    active: bool = True
    config: str = Field(default="{}", sa_type=Text)
    last_sync: datetime | None = moment(default=None, nullable=True)
    last_error: str = Field(default="", max_length=500)
    created_at: datetime = moment(default_factory=utc_now)


class SourceFile(SQLModel, table=True):
    """One uploaded file, kept as it came (content under the data folder, named by its hash)."""

    __tablename__ = "source_file"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    user_id: str = user_reference()
    source_id: str = Field(foreign_key="source.id", ondelete="CASCADE", index=True, max_length=32)
    name: str = Field(max_length=255)
    sha256: str = Field(index=True, max_length=64)
    size: int = 0
    format: str = Field(max_length=60)
    uploaded_at: datetime = moment(default_factory=utc_now)


class ImportBatch(SQLModel, table=True):
    """One committed import: what it added can be taken back as one."""

    __tablename__ = "import_batch"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    user_id: str = user_reference()
    source_id: str = Field(foreign_key="source.id", ondelete="CASCADE", index=True, max_length=32)
    file_id: str | None = Field(
        default=None, foreign_key="source_file.id", ondelete="SET NULL", max_length=32
    )
    format: str = Field(max_length=60)
    rows: int = 0
    added: int = 0
    duplicates: int = 0
    rejected: int = 0
    created_at: datetime = moment(default_factory=utc_now)
    undone_at: datetime | None = moment(default=None, nullable=True)


class TransactionRow(SQLModel, table=True):
    """One ledger transaction.

    ``fingerprint`` is that of the row as imported and survives edits, so that importing the file again does not bring
    back what the user corrected. ``deleted_at`` marks a removal that can be undone.
    """

    __tablename__ = "transaction"
    __table_args__ = (
        Index("ix_transaction_user_at", "user_id", "at"),
        Index("ix_transaction_source", "source_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    user_id: str = Field(foreign_key="user.id", ondelete="CASCADE", max_length=32)
    source_id: str = Field(foreign_key="source.id", ondelete="CASCADE", max_length=32)
    batch_id: str | None = Field(
        default=None, foreign_key="import_batch.id", ondelete="CASCADE", index=True, max_length=32
    )
    at: datetime = moment()
    kind: str = Field(max_length=20)
    received_asset: str | None = Field(default=None, max_length=80)
    received_quantity: Decimal | None = decimal(default=None, nullable=True)
    sent_asset: str | None = Field(default=None, max_length=80)
    sent_quantity: Decimal | None = decimal(default=None, nullable=True)
    fee_asset: str | None = Field(default=None, max_length=80)
    fee_quantity: Decimal | None = decimal(default=None, nullable=True)
    value_asset: str | None = Field(default=None, max_length=80)
    value_quantity: Decimal | None = decimal(default=None, nullable=True)
    about: str = Field(default="", max_length=80)
    account: str = Field(default="", max_length=120)
    group_name: str = Field(default="", max_length=200)
    note: str = Field(default="", sa_type=Text)
    external_id: str = Field(default="", max_length=200)
    fingerprint: str = Field(default="", max_length=32)
    row: int = 0
    raw: str = Field(default="", sa_type=Text)
    edited_at: datetime | None = moment(default=None, nullable=True)
    deleted_at: datetime | None = moment(default=None, nullable=True)


class LedgerChange(SQLModel, table=True):
    """Which transactions a revision of a user's ledger changed; see ``storage.repo_changes``.

    ``price_days`` are the UTC days for which the user's own trades may tell other prices, null: all own prices may
    have changed.
    """

    __tablename__ = "ledger_change"

    user_id: str = Field(foreign_key="user.id", ondelete="CASCADE", primary_key=True, max_length=32)
    revision: int = Field(primary_key=True)
    transactions: str = Field(sa_type=Text)
    price_days: str | None = Field(default=None, sa_type=Text, nullable=True)


class TransferDecision(SQLModel, table=True):
    """The user's word on an own transfer: what left became what arrived, or (no ``deposit_id``) left for elsewhere."""

    __tablename__ = "transfer_decision"

    withdrawal_id: int = Field(foreign_key="transaction.id", ondelete="CASCADE", primary_key=True)
    user_id: str = user_reference()
    deposit_id: int | None = Field(
        default=None, foreign_key="transaction.id", ondelete="CASCADE", unique=True, nullable=True
    )
    decided_at: datetime = moment(default_factory=utc_now)


class StatementRow(SQLModel, table=True):
    """What a source reported to hold at an instant; the newest one of a source is its anchor."""

    __tablename__ = "statement"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    user_id: str = user_reference()
    source_id: str = Field(foreign_key="source.id", ondelete="CASCADE", index=True, max_length=32)
    batch_id: str | None = Field(
        default=None, foreign_key="import_batch.id", ondelete="CASCADE", index=True, max_length=32
    )
    as_of: datetime = moment()
    format: str = Field(default="", max_length=60)
    has_accounts: bool = False


class StatementLineRow(SQLModel, table=True):
    """One reported position (the design's "balance")."""

    __tablename__ = "balance"

    id: int | None = Field(default=None, primary_key=True)
    statement_id: str = Field(foreign_key="statement.id", ondelete="CASCADE", index=True, max_length=32)
    asset: str = Field(max_length=80)
    quantity: Decimal = decimal()
    account: str = Field(default="", max_length=120)
    cost_currency: str | None = Field(default=None, max_length=8)
    cost: Decimal | None = decimal(default=None, nullable=True)
    row: int = 0
    raw: str = Field(default="", sa_type=Text)


class AssetRow(SQLModel, table=True):
    """What is known of an asset beyond its id. Shared by all users: nothing private is kept here."""

    __tablename__ = "asset"

    id: str = Field(primary_key=True, max_length=80)
    asset_class: str = Field(max_length=16)
    symbol: str = Field(index=True, max_length=60)
    name: str = Field(default="", max_length=200)
    isin: str = Field(default="", max_length=12)
    quote_currency: str = Field(default="", max_length=8)
    coingecko_id: str = Field(default="", max_length=120)


class AssetOverride(SQLModel, table=True):
    """One user's own word on an asset: its group, and which coin a symbol stands for."""

    __tablename__ = "asset_override"

    user_id: str = Field(foreign_key="user.id", ondelete="CASCADE", primary_key=True, max_length=32)
    asset: str = Field(primary_key=True, max_length=80)
    group_name: str = Field(default="", max_length=40)
    coingecko_id: str = Field(default="", max_length=120)


class ColumnMapping(SQLModel, table=True):
    """How to read one unknown kind of file; saved by name, proposed again when the same headings return."""

    __tablename__ = "column_mapping"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    user_id: str = user_reference()
    name: str = Field(max_length=80)
    headers_hash: str = Field(default="", index=True, max_length=64)
    mapping: str = Field(sa_type=Text)  # JSON of providers.csv.mapping.Mapping
    created_at: datetime = moment(default_factory=utc_now)
