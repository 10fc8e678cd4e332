"""From a file to its parsed content: read, recognise, and let the format's reader do the rest."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import localcontext

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.ledger.money import MONEY_CONTEXT
from smartfolio_app.providers.csv import mapping as column_mapping
from smartfolio_app.providers.csv.base import (
    Format,
    FormatMatch,
    ParsedFile,
    Progress,
    ReadOptions,
    Table,
    UnknownFormatError,
    UnreadableFileError,
    headings_text,
)
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.mapping import Mapping
from smartfolio_app.providers.csv.reading import HEADING_SEARCH, is_value, read_table
from smartfolio_app.providers.csv.registry import all_formats, format_named

#: The format id of a file that is read by a column mapping.
BY_MAPPING = "mapping"


def detect(table: Table) -> FormatMatch | None:
    """Return the format whose headings the table has, wherever in its first lines they stand."""
    for candidate in _headings(table):
        for item in all_formats():
            if item.matches(candidate):
                return FormatMatch(item, candidate)
    return None


def claims(table: Table) -> list[str]:
    """Return the ids of all formats that would take this table; more than one is a mistake in the formats."""
    return sorted(
        {item.info.id for candidate in _headings(table) for item in all_formats() if item.matches(candidate)}
    )


def parse(
    data: bytes,
    filename: str = "",
    *,
    options: ReadOptions | None = None,
    format_id: str | None = None,
    mapping: Mapping | None = None,
    guess: bool = True,
    progress: Progress | None = None,
) -> ParsedFile:
    """Return what a file says.

    ``format_id`` skips detection; ``mapping`` reads any table by the user's own assignment of columns. Without either,
    an unknown table is read by a suggested mapping when that one is complete and ``guess`` allows it.

    Raises:
        UnreadableFileError: no table at all.
        UnknownFormatError: a table, but nobody knows what its columns mean; carries the headings.
        InvalidInputError: no such format, or a mapping that does not fit the table.
    """
    options = options or ReadOptions()
    if mapping is not None:
        options = mapping.read_options(options)
    table = read_table(data, filename, options)
    if mapping is not None:
        return column_mapping.apply(table, mapping, options, progress=progress)
    match = _named(table, format_id) if format_id and format_id != BY_MAPPING else detect(table)
    if match is not None and format_id != BY_MAPPING:
        return _read(match, options, progress)
    return _by_suggestion(table, options, progress, guess=guess or format_id == BY_MAPPING)


def _by_suggestion(
    table: Table, options: ReadOptions, progress: Progress | None, *, guess: bool
) -> ParsedFile:
    if table.kind == "json":
        raise UnreadableFileError("import.json_file")
    if table.kind == "xml":
        raise UnreadableFileError("import.xml_file")
    suggestion = column_mapping.suggest(table, options)
    if not guess or not suggestion.complete:
        raise UnknownFormatError("import.unknown_format", headers=table.headers, suggestion=suggestion)
    return column_mapping.apply(table, suggestion, options, progress=progress, guessed=True)


def _read(match: FormatMatch, options: ReadOptions, progress: Progress | None) -> ParsedFile:
    book = Book(match.table, options, match.info, progress)
    # The default context would round a sum of a very large and a very small amount.
    with localcontext(MONEY_CONTEXT):
        match.format.read(match.table, book)
        return book.close()


def _named(table: Table, format_id: str) -> FormatMatch:
    """Return the match with the format asked for.

    Raises:
        InvalidInputError: there is no such format, or the file has not its headings.
    """
    item: Format | None = format_named(format_id)
    if item is None:
        raise InvalidInputError("import.no_such_format", format=format_id)
    for candidate in _headings(table):
        if item.matches(candidate):
            return FormatMatch(item, candidate)
    raise InvalidInputError(
        "import.not_this_format", format=item.info.label, headers=headings_text(table.headers)
    )


def _headings(table: Table) -> Iterator[Table]:
    """Yield the table under each record that can be its headings, the likeliest first."""
    yield table
    for index, record in enumerate(table.records[:HEADING_SEARCH]):
        filled = [cell for cell in record.cells if cell.strip()]
        if (
            len(filled) > 2
            and record.line != table.header_line
            and not any(is_value(cell) for cell in filled)
        ):
            yield table.headed_by(index)
