"""Bytes to a table: the only place that decides what kind of file it is."""

from __future__ import annotations

import re

from smartfolio_app.providers.csv import dates, numbers
from smartfolio_app.providers.csv.base import Message, ReadOptions, Row, RowError, Table, UnreadableFileError
from smartfolio_app.providers.csv.delimited import split
from smartfolio_app.providers.csv.documents import read_json, read_xml
from smartfolio_app.providers.csv.encoding import decode
from smartfolio_app.providers.csv.spreadsheet import OLE_MAGIC, ZIP_MAGIC, read_workbook

#: How far down a file the headings may stand.
HEADING_SEARCH = 40

_MAGIC = (
    (b"%PDF", "import.pdf_file"),
    (b"\x1f\x8b", "import.compressed_file"),
    (b"BZh", "import.compressed_file"),
    (b"\xfd7zXZ", "import.compressed_file"),
    (b"7z\xbc\xaf\x27\x1c", "import.compressed_file"),
    (b"Rar!", "import.compressed_file"),
    (b"\x28\xb5\x2f\xfd", "import.compressed_file"),
    (b"\x89PNG", "import.image_file"),
    (b"\xff\xd8\xff", "import.image_file"),
    (b"GIF8", "import.image_file"),
    (b"SQLite format 3", "import.binary_file"),
    (b"\x7fELF", "import.binary_file"),
    (b"MZ\x90", "import.binary_file"),
)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|table|script|meta|div)\b", re.IGNORECASE)


def read_table(data: bytes, filename: str = "", options: ReadOptions | None = None) -> Table:
    """Return ``data`` as a table. ``filename`` is kept for what only it tells (a date); it never decides the kind.

    Raises:
        UnreadableFileError: the bytes are no table; the code says what they are instead.
    """
    options = options or ReadOptions()
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise UnreadableFileError("import.empty_file")
    for magic, code in _MAGIC:
        if data.startswith(magic):
            raise UnreadableFileError(code)
    if data.startswith(
        (ZIP_MAGIC + b"\x03\x04", ZIP_MAGIC + b"\x05\x06", ZIP_MAGIC + b"\x07\x08", OLE_MAGIC)
    ):
        return _from_workbook(data, filename, options)
    return _from_text(data, filename, options)


def _from_workbook(data: bytes, filename: str, options: ReadOptions) -> Table:
    sheets = read_workbook(data, options.sheet)
    if not sheets.records:
        raise UnreadableFileError("import.empty_file")
    return _headed(
        sheets.records,
        Table(
            headers=(),
            rows=[],
            records=sheets.records,
            filename=filename,
            kind="spreadsheet",
            decimal=options.decimal,
            warnings=sheets.warnings,
            sheets=sheets.names,
            sheet=sheets.name,
        ),
    )


def _from_text(data: bytes, filename: str, options: ReadOptions) -> Table:
    decoded = decode(data, options.encoding)
    start = decoded.text[:4096].lstrip()
    if not start and not decoded.text.strip():
        raise UnreadableFileError("import.empty_file")
    if start.startswith("<"):
        return _from_markup(data, decoded.text, start, filename)
    if start.startswith(("{", "[")):
        return _from_json(decoded.text, filename)
    found = split(decoded.text, options.delimiter)
    warnings = [*decoded.warnings, *found.warnings]
    if not found.records:
        raise UnreadableFileError("import.empty_file")
    if decoded.truncated and not found.cut_line:
        warnings.append(Message("import.warn.truncated", {"row": found.records[-1].line}))
    return _headed(
        found.records,
        Table(
            headers=(),
            rows=[],
            records=found.records,
            filename=filename,
            delimiter=found.delimiter,
            encoding=decoded.encoding,
            decimal=options.decimal,
            warnings=tuple(warnings),
            truncated=decoded.truncated or bool(found.cut_line),
        ),
    )


def _from_markup(data: bytes, text: str, start: str, filename: str) -> Table:
    if _HTML.search(start):
        raise UnreadableFileError("import.html_page")
    root = read_xml(data if data[:1] == b"<" or data[:5] == b"\xef\xbb\xbf<?" else text.encode())
    return Table(headers=(root.tag,), rows=[], records=[], filename=filename, kind="xml", document=root)


def _from_json(text: str, filename: str) -> Table:
    document = read_json(text)
    keys = tuple(str(key) for key in document) if isinstance(document, dict) else ()
    return Table(headers=keys, rows=[], records=[], filename=filename, kind="json", document=document)


def _headed(records: list[Row], table: Table) -> Table:
    """Return ``table`` with the record that looks most like headings as such; with made-up ones where none does."""
    index = _heading_index(records)
    if index is not None:
        return table.headed_by(index)
    width = max(len(row.cells) for row in records[:HEADING_SEARCH])
    headers = tuple(f"Column {number}" for number in range(1, width + 1))
    warning = Message("import.warn.no_headings", {})
    return Table(
        headers=headers,
        rows=[row for row in records if any(row.cells)],
        records=[Row(0, list(headers)), *records],
        filename=table.filename,
        kind=table.kind,
        delimiter=table.delimiter,
        encoding=table.encoding,
        decimal=table.decimal,
        warnings=(*table.warnings, warning),
        truncated=table.truncated,
        sheets=table.sheets,
        sheet=table.sheet,
    )


def _heading_index(records: list[Row]) -> int | None:
    """Return the record that is as wide as the table, all words, and followed by one that is not all words."""
    head = records[:HEADING_SEARCH]
    width = max(sum(1 for cell in row.cells if cell.strip()) for row in head)
    best: tuple[float, int] | None = None
    for index, row in enumerate(head):
        filled = [cell for cell in row.cells if cell.strip()]
        if len(filled) < 2 or any(is_value(cell) for cell in filled):
            continue
        score = len(filled) / width - index * 0.005
        if len(filled) >= width * 0.5 and (best is None or score > best[0]):
            best = (score, index)
    return best[1] if best else None


def is_value(cell: str) -> bool:
    """Tell whether a cell is a number or a date rather than a word."""
    text = cell.strip()
    if not any(character.isdigit() for character in text):
        return False
    try:
        numbers.parse_with_unit(text, numbers.Style(".", evident=True))
    except RowError:
        pass
    else:
        return True
    try:
        dates.DateReader("dmy", dates.UTC)(text)
    except RowError:
        return False
    return True
