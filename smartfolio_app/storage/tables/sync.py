"""Live sources: how each one is kept up to date, and every sync that was made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field, SQLModel

from smartfolio_app.storage.tables.base import moment, new_id, user_reference, utc_now


class SyncState(SQLModel, table=True):
    """How a live source is kept up to date. ``cursor`` is where the next sync begins (JSON, never a secret).

    ``every_minutes`` is 0 when it is synced by hand alone. ``owner`` is the process that syncs it now, believed until
    ``owner_until``. ``error`` is the code of the last failure, empty when the last sync succeeded.
    """

    __tablename__ = "sync_state"

    source_id: str = Field(foreign_key="source.id", ondelete="CASCADE", primary_key=True, max_length=32)
    user_id: str = user_reference()
    cursor: str = Field(default="{}", sa_type=Text)
    every_minutes: int = 60
    next_at: datetime | None = moment(default=None, nullable=True)
    owner: str = Field(default="", max_length=120)
    owner_until: datetime | None = moment(default=None, nullable=True)
    failures: int = 0
    error: str = Field(default="", max_length=80)
    error_params: str = Field(default="{}", sa_type=Text)
    tried_at: datetime | None = moment(default=None, nullable=True)
    succeeded_at: datetime | None = moment(default=None, nullable=True)
    account: str = Field(default="", max_length=120)
    may_trade: bool | None = None
    may_withdraw: bool | None = None
    checked_at: datetime | None = moment(default=None, nullable=True)


class SyncRun(SQLModel, table=True):
    """One sync. ``begun_with`` is the cursor it began with; ``effect`` is JSON: asset -> [before, after] of the source.

    ``state`` is ``queued``, ``running``, ``waiting`` (goes on by itself at ``retry_at``), ``done``, ``failed`` or
    ``cancelled``. What arrived before a failure is kept in its batch. ``untold`` is what it changed of the ledger
    since it last moved its owner's revision (JSON, empty for nothing): ``services.sync.telling``.
    """

    __tablename__ = "sync_run"
    __table_args__ = (Index("ix_sync_run_source_started", "source_id", "started_at"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=32)
    user_id: str = user_reference()
    source_id: str = Field(foreign_key="source.id", ondelete="CASCADE", max_length=32)
    batch_id: str | None = Field(
        default=None, foreign_key="import_batch.id", ondelete="SET NULL", index=True, max_length=32
    )
    state: str = Field(default="queued", index=True, max_length=12)
    trigger: str = Field(default="manual", max_length=12)
    started_at: datetime = moment(default_factory=utc_now)
    updated_at: datetime = moment(default_factory=utc_now)
    finished_at: datetime | None = moment(default=None, nullable=True)
    begun_with: str = Field(default="{}", sa_type=Text)
    untold: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    cancel_wanted: bool = False
    label: str = Field(default="", max_length=80)
    done: int = 0
    total: int = 0
    pages: int = 0
    added: int = 0
    duplicates: int = 0
    positions: int = 0
    effect: str = Field(default="{}", sa_type=Text)
    warnings: str = Field(default="[]", sa_type=Text)
    error: str = Field(default="", max_length=80)
    error_params: str = Field(default="{}", sa_type=Text)
    retry_at: datetime | None = moment(default=None, nullable=True)


class NonceRow(SQLModel, table=True):
    """The largest nonce handed out for a key (its digest), by any process."""

    __tablename__ = "nonce"

    provider: str = Field(primary_key=True, max_length=40)
    key_id: str = Field(primary_key=True, max_length=16)
    value: int = Field(sa_type=BigInteger)
