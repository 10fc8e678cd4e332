"""What a file becomes on its way to the ledger: a table, then a parsed file; and what may go wrong.

Every sentence for a person is a key plus the values that fill it (``Message``, ``Rejected``); the words live in the
``import`` area of the catalogues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.ledger.assets import Asset, AssetId
from smartfolio_app.ledger.transactions import PriceQuote, Statement, Transaction

if TYPE_CHECKING:
    from smartfolio_app.providers.csv.book import Book
    from smartfolio_app.providers.csv.mapping import Mapping

Category = Literal["crypto", "stocks"]
#: Called with rows done and rows in all, now and then, from the thread that reads.
Progress = Callable[[int, int], None]
_HEADINGS_SHOWN = 15


class UnreadableFileError(InvalidInputError):
    """The bytes are no table that can be read: ``code`` says what they are, and its sentence what to do."""


def headings_text(headers: tuple[str, ...]) -> str:
    """Return headings as a message shows them: those that have a name, and not more than a reader takes in."""
    named = [" ".join(header.split())[:40] for header in headers if header.strip()]
    return ", ".join([*named[:_HEADINGS_SHOWN], "…"] if len(named) > _HEADINGS_SHOWN else named)


class UnknownFormatError(InvalidInputError):
    """A table, but of no known format: the user has to say what its columns mean.

    ``headers`` are the headings found; ``suggestion`` is the best mapping that could be made of them (never complete
    here, else it would have been used).
    """

    def __init__(
        self, code: str, /, *, headers: tuple[str, ...], suggestion: Mapping | None = None, **params: object
    ) -> None:
        super().__init__(code, headers=headings_text(headers), **params)
        self.headers = headers
        self.suggestion = suggestion


class RowError(Exception):
    """One row cannot be used; raised inside a format's reader and turned into a ``Rejected``.

    ``reason`` is the last part of a message key: ``not_a_date`` for ``import.reject.not_a_date``.
    """

    def __init__(self, reason: str, /, **params: object) -> None:
        self.reason = f"import.reject.{reason}"
        self.params = params
        super().__init__(reason, params)


@dataclass(frozen=True, slots=True)
class Message:
    """A remark on the whole file."""

    code: str
    params: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that brings nothing, and why. ``row`` is its 1-based line in the file (row in the sheet)."""

    row: int
    reason: str
    params: dict[str, object]
    raw: str


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user says about a file; everything left out is found out from the file.

    ``time_zone`` is meant for times without an offset. ``as_of`` is the instant of a statement that tells none;
    ``received_at`` the instant of the upload, used when nothing else tells. ``decimal`` is ``"."`` or ``","``;
    ``date_order`` is ``"dmy"``, ``"mdy"`` or ``"ymd"``. ``base_currency`` stands in where a file names no currency.
    """

    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    date_order: str | None = None
    sheet: str | None = None
    time_zone: str = "UTC"
    as_of: datetime | None = None
    base_currency: str = ""
    received_at: datetime | None = None


class Row(NamedTuple):
    """One record as text. ``line`` is where it starts: the line of a text file, the row of a sheet; 1-based."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A file as headings and rows of text.

    ``records`` is everything that was read, the heading row and what stands above it included; ``rows`` are the
    non-blank records below the headings. Headings are kept by position: two equal ones stay two. ``document`` is the
    parsed JSON or XML of the few formats that are no table; their ``rows`` are empty.
    """

    headers: tuple[str, ...]
    rows: list[Row]
    records: list[Row]
    filename: str = ""
    kind: Literal["delimited", "spreadsheet", "json", "xml"] = "delimited"
    delimiter: str = ""
    encoding: str = ""
    decimal: str | None = None
    header_line: int = 0
    warnings: tuple[Message, ...] = ()
    truncated: bool = False
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    document: object = None

    def headed_by(self, index: int) -> Table:
        """Return the same file with the record at ``index`` taken as the heading row."""
        record = self.records[index]
        rows = [row for row in self.records[index + 1 :] if any(row.cells)]
        return replace(self, headers=tuple(record.cells), rows=rows, header_line=record.line)


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What a file says, ready for a preview.

    ``rows`` counts the data rows found. ``transactions`` may be fewer (rejected, skipped, several rows that are
    one event) or more (one row that is two events). ``prices`` are those the file states; what its trades imply is
    derived from the transactions themselves. ``suspected`` are the rows that repeat an earlier identical row without
    an id that could tell them apart. ``skipped`` are rows that rightly bring nothing (internal moves, totals,
    cancelled orders). When ``as_of_known`` is false the statement's instant is only that of the upload. ``mapping``
    is the column mapping that was used, ``mapping_guessed`` when nobody confirmed it.
    """

    format: str
    institution: str
    category: Category
    provider: str
    rows: int
    transactions: list[Transaction] = field(default_factory=list)
    statement: Statement | None = None
    earlier_statements: list[Statement] = field(default_factory=list)
    as_of_known: bool = True
    prices: list[PriceQuote] = field(default_factory=list)
    assets: dict[AssetId, Asset] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    skipped: list[Rejected] = field(default_factory=list)
    warnings: list[Message] = field(default_factory=list)
    suspected: list[int] = field(default_factory=list)
    mapping: Mapping | None = None
    mapping_guessed: bool = False


@dataclass(frozen=True, slots=True)
class FormatInfo:
    """A known export. ``label`` and ``institution`` are proper names and are not translated.

    ``local_times``: its rows tell the time of day by a clock whose zone the file does not name.
    """

    id: str
    label: str
    institution: str
    category: Category
    provider: str
    kind: Literal["transactions", "statement"] = "transactions"
    local_times: bool = False


@dataclass(frozen=True, slots=True)
class Format:
    """One export format: how it is recognised by its headings, and how its rows become transactions.

    ``matches`` looks at the table's headings (and, where these are not enough, at its cells), never at the file name.
    ``read`` fills the book; it raises ``RowError`` only inside ``Book.each`` and ``Book.guard``.
    """

    info: FormatInfo
    matches: Callable[[Table], bool]
    read: Callable[[Table, Book], None]


@dataclass(frozen=True, slots=True)
class FormatMatch:
    """A recognised file: the format, and the table with the right record as its headings."""

    format: Format
    table: Table

    @property
    def info(self) -> FormatInfo:
        """The format's public description."""
        return self.format.info
