"""What an import would do, what it did, and how it was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.balances import EffectRow
from smartfolio_app.providers.csv.base import Message, ReadOptions, Rejected
from smartfolio_app.providers.csv.mapping import Mapping


@dataclass(frozen=True, slots=True)
class Request:
    """A file to be imported, and what its user says about it.

    ``source_key``: where it goes (empty: the source of the detected format, created when new). ``format_id`` skips
    detection, ``mapping`` reads any table. ``skip_suspected`` leaves out the rows that repeat an earlier one exactly.
    """

    user_id: str
    data: bytes
    filename: str
    source_key: str = ""
    format_id: str = ""
    options: ReadOptions | None = None
    mapping: Mapping | None = None
    skip_suspected: bool = False

    @classmethod
    def of(cls, user_id: str, data: bytes, filename: str, choices: Wanted) -> Request:
        """Return the request that these choices make; what is ``None`` was not chosen."""
        return cls(
            user_id,
            data,
            filename,
            source_key=choices.get("source_key") or "",
            format_id=choices.get("format_id") or "",
            options=choices.get("options"),
            mapping=choices.get("mapping"),
            skip_suspected=choices.get("skip_suspected", False),
        )


class Wanted(TypedDict, total=False):
    """What a user may say about a file, as keyword arguments; the meaning of each is that of ``Request``."""

    source_key: str | None
    format_id: str | None
    options: ReadOptions | None
    mapping: Mapping | None
    skip_suspected: bool


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What importing a file would do; nothing is stored.

    ``rows`` counts the file's data rows; ``added`` what would be new (transactions, or positions of a statement),
    ``duplicates`` what is there already, ``prices`` those the file states. ``suspected`` are the rows that repeat an
    earlier one exactly. ``effect`` is on the holdings of the source, per asset. ``zone`` is the time zone in which the
    times of a file that names none were read; empty where it does, or where a column mapping says.
    """

    format: str
    institution: str
    category: str
    provider: str
    source_key: str
    source_label: str
    source_is_new: bool
    rows: int
    added: int
    duplicates: int
    prices: int
    rejected: list[Rejected]
    skipped: list[Rejected]
    suspected: list[int]
    warnings: list[Message]
    effect: list[EffectRow]
    is_statement: bool = False
    as_of: datetime | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    mapping: Mapping | None = None
    mapping_name: str = ""
    mapping_guessed: bool = False
    zone: str = ""
    symbols: dict[AssetId, str] = field(default_factory=dict)  # what the file calls the assets in ``effect``


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What an import did; the fields are those of ``ImportPreview``."""

    batch_id: str
    format: str
    source_key: str
    source_label: str
    rows: int
    added: int
    duplicates: int
    prices: int
    rejected: list[Rejected]
    suspected: list[int]
    warnings: list[Message]
    effect: list[EffectRow]
    is_statement: bool = False


@dataclass(frozen=True, slots=True)
class Undone:
    """What taking an import back removed."""

    batch_id: str
    source_key: str
    transactions: int
    positions: int
    prices: int
    effect: list[EffectRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Batch:
    """One import that was made; ``added`` and so on are what they were then."""

    id: str
    source_key: str
    file_id: str | None
    file_name: str
    format: str
    rows: int
    added: int
    duplicates: int
    rejected: int
    created_at: datetime
    undone_at: datetime | None
