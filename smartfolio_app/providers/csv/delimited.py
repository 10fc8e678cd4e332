"""Text to records: the delimiter, the rows, and whether the file was cut off."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from smartfolio_app.providers.csv.base import Message, Row, UnreadableFileError
from smartfolio_app.providers.csv.limits import MAX_CELL, MAX_CELLS, MAX_COLUMNS, MAX_ROWS

DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_RECORDS = 60
_DECLARED = re.compile(r'\s*"?sep=(?P<delimiter>.)"?\s*\Z', re.IGNORECASE)
#: How many different texts are remembered at a time.
_POOLED = 50_000


@dataclass(frozen=True, slots=True)
class Delimited:
    """The records of a text file. ``cut_line`` is the line of the record that the end of the file cut, 0 for none."""

    records: list[Row]
    delimiter: str
    warnings: tuple[Message, ...] = ()
    cut_line: int = 0


def split(text: str, delimiter: str | None = None) -> Delimited:
    """Return the records of ``text``. Blank lines are left out; newlines of all three kinds may be mixed.

    Raises:
        UnreadableFileError: no delimiter makes columns of it, or it is larger than any export.
    """
    first, _, rest = text.partition("\n")
    skipped = 0
    if declared := _DECLARED.match(first):  # Excel's own way to say it
        delimiter = delimiter or declared["delimiter"]
        text, skipped = rest, 1
    chosen = delimiter or sniff(text)
    records, cut_line = _records(text, chosen, skipped)
    warnings: list[Message] = []
    if not cut_line and _is_short(records) and not text.endswith(("\n", "\r")):
        cut_line = records.pop().line
    if cut_line:
        warnings.append(Message("import.warn.truncated", {"row": cut_line}))
    return Delimited(records, chosen, tuple(warnings), cut_line)


def sniff(text: str) -> str:
    """Return the delimiter under which most records have the same number of columns, more than one.

    Raises:
        UnreadableFileError: there is no such delimiter.
    """
    best, best_score = "", 0.0
    for delimiter in DELIMITERS:
        widths = [
            len(cells) for cells in _some_records(text, delimiter) if any(cell.strip() for cell in cells)
        ]
        if not widths:
            continue
        (width, count), *_ = sorted(Counter(widths).items(), key=lambda item: (-item[1], -item[0]))
        wide = sum(1 for found in widths if found > 1)
        if width < 2:  # a preamble longer than the table: judge the records that have columns at all
            if wide < 2:
                continue
            width, count = Counter(found for found in widths if found > 1).most_common(1)[0]
        score = count / len(widths) * math.log2(width)
        if score > best_score:
            best, best_score = delimiter, score
    if not best:
        raise UnreadableFileError("import.not_a_table")
    return best


def _lines(text: str) -> Iterator[str]:
    """Return the lines with their endings, all three kinds; a ``StringIO`` would take four bytes a character."""
    return io.TextIOWrapper(
        io.BytesIO(text.encode("utf-8", "surrogatepass")), "utf-8", "surrogatepass", newline=""
    )


def _some_records(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(_lines(text[:200_000]), delimiter=delimiter)
    try:
        for index, cells in enumerate(reader):
            if index >= _SNIFFED_RECORDS:
                return
            yield cells
    except csv.Error:
        return


def _records(text: str, delimiter: str, skipped: int) -> tuple[list[Row], int]:
    """Return the records and the line of a last one that is not closed."""
    reader = csv.reader(_lines(text), delimiter=delimiter)
    records: list[Row] = []
    line, cells_seen, seen = 1 + skipped, 0, 0
    # Most cells of a long file occur many times (its words, currencies, places): each text is held once.
    pool: dict[str, str] = {}
    known = pool.setdefault
    # csv's own limit on a cell is far above any export's; a quote that is never closed runs into it.
    try:
        for cells in reader:
            if len(cells) > 1 or (cells and cells[0].strip()):
                seen += 1
                cells_seen += len(cells)
                if len(cells) > MAX_COLUMNS:
                    raise UnreadableFileError("import.too_many_columns", row=line, limit=MAX_COLUMNS)
                if seen > MAX_ROWS or cells_seen > MAX_CELLS:
                    raise UnreadableFileError("import.too_many_rows", limit=MAX_ROWS)
                records.append(Row(line, [known(cell, cell) for cell in cells]))
                if len(pool) > _POOLED:
                    pool.clear()
            line = reader.line_num + 1 + skipped
    except csv.Error:
        return records, line
    if records and _is_open(text, records[-1].line - skipped, delimiter):
        return records[:-1], records[-1].line
    if any(len(cell) > MAX_CELL for cell in (records[-1].cells if records else ())):
        return records[:-1], records[-1].line
    return records, 0


def _is_open(text: str, line: int, delimiter: str) -> bool:
    """Tell whether the record that starts at ``line`` ends inside a quoted cell."""
    lines = _lines(text)
    for _ in range(line - 1):
        next(lines, None)
    try:
        for _ in csv.reader(lines, delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _is_short(records: list[Row]) -> bool:
    """Tell whether the last record alone has fewer cells than all the others have."""
    if len(records) < 4:
        return False
    widths = {len(row.cells) for row in records[1:-1]}
    return len(widths) == 1 and len(records[-1].cells) < next(iter(widths))
