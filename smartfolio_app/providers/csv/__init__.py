"""Files to transactions: any bank's, broker's or exchange's export, on one small base.

``parse`` is the way in. ``read_table`` and ``detect`` are its first two steps; ``mapping`` reads unknown tables.
"""

from __future__ import annotations

from smartfolio_app.providers.csv.base import (
    FormatInfo,
    FormatMatch,
    Message,
    ParsedFile,
    ReadOptions,
    Rejected,
    Row,
    Table,
    UnknownFormatError,
    UnreadableFileError,
)
from smartfolio_app.providers.csv.importing import BY_MAPPING, claims, detect, parse
from smartfolio_app.providers.csv.mapping import Mapping
from smartfolio_app.providers.csv.reading import read_table
from smartfolio_app.providers.csv.registry import formats

__all__ = [
    "BY_MAPPING",
    "FormatInfo",
    "FormatMatch",
    "Mapping",
    "Message",
    "ParsedFile",
    "ReadOptions",
    "Rejected",
    "Row",
    "Table",
    "UnknownFormatError",
    "UnreadableFileError",
    "claims",
    "detect",
    "formats",
    "parse",
    "read_table",
]
