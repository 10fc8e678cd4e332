"""The beginning of a file as a table, for a person who says what its columns mean."""

from __future__ import annotations

from dataclasses import dataclass

from smartfolio_app.providers.csv import Mapping, ReadOptions, read_table
from smartfolio_app.providers.csv.mapping import suggest
from smartfolio_app.services.worker import Progress

#: Enough rows to see what a column holds.
SHOWN_ROWS = 8


@dataclass(frozen=True, slots=True)
class Grid:
    """Headings and the first rows, how the file was read, and which columns its headings and cells suggest."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int
    kind: str
    delimiter: str
    encoding: str
    sheets: tuple[str, ...]
    sheet: str
    suggestion: Mapping


def first_rows(
    data: bytes,
    filename: str,
    options: ReadOptions | None = None,
    progress: Progress | None = None,  # noqa: ARG001 - every function the worker calls is given one
) -> Grid:
    """Return the headings and the first rows of a file; raises ``UnreadableFileError`` as ``read_table``."""
    options = options or ReadOptions()
    table = read_table(data, filename, options)
    width = len(table.headers)
    rows = tuple(tuple((row.cells + [""] * width)[:width]) for row in table.rows[:SHOWN_ROWS])
    return Grid(
        headers=table.headers,
        rows=rows,
        total=len(table.rows),
        kind=table.kind,
        delimiter=table.delimiter,
        encoding=table.encoding,
        sheets=table.sheets,
        sheet=table.sheet,
        suggestion=suggest(table, options),
    )
