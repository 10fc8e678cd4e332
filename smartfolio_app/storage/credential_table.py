"""The vault's own tables, apart from every other: one Fernet ciphertext a field.

Only ``storage.vault`` imports them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from smartfolio_app.storage.tables.base import moment, utc_now


class Credential(SQLModel, table=True):
    """One secret field of one source, encrypted. ``hint`` is its last four characters, for the owner's eyes."""

    __tablename__ = "credential"

    source_id: str = Field(foreign_key="source.id", ondelete="CASCADE", primary_key=True, max_length=32)
    field: str = Field(primary_key=True, max_length=40)
    ciphertext: str = Field(sa_type=Text)
    key_id: str = Field(max_length=16)
    hint: str = Field(default="", max_length=4)
    set_at: datetime = moment(default_factory=utc_now)


class ChannelSecret(SQLModel, table=True):
    """One secret field of one channel of notices, encrypted; otherwise as ``Credential``."""

    __tablename__ = "channel_secret"

    channel_id: str = Field(
        foreign_key="alert_channel.id", ondelete="CASCADE", primary_key=True, max_length=32
    )
    field: str = Field(primary_key=True, max_length=40)
    ciphertext: str = Field(sa_type=Text)
    key_id: str = Field(max_length=16)
    hint: str = Field(default="", max_length=4)
    set_at: datetime = moment(default_factory=utc_now)
