"""Looking into a zipped workbook before anything is unpacked into memory.

A few kilobytes can claim to be gigabytes. The directory of the archive is checked first; then every part is run through
the decompressor in pieces, up to the size it claims and not a byte further, because a directory can lie.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from smartfolio_app.providers.csv.base import UnreadableFileError
from smartfolio_app.providers.csv.limits import MAX_GRID, MAX_PARTS, MAX_RATIO, MAX_UNPACKED, RATIO_FROM

_CHUNK = 1 << 20
_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')
_FORMULA = re.compile(
    rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3}[0-9]{1,7})"[^>]*>\s*<(?:\w+:)?f(?:\s[^>]*)?>([^<]{0,500})</(?:\w+:)?f>'
)
_REPEATED_ROW = re.compile(
    rb'<table:table-row[^>]*number-rows-repeated="([0-9]{1,9})"[^>]*>(.*?)</table:table-row>', re.DOTALL
)
_REPEATED_CELL = re.compile(rb'<table:table-cell[^>]*number-columns-repeated="([0-9]{1,9})"[^>]*>')
_MAX_FORMULAS = 5_000
_MAX_REPEATS = 2_000


@dataclass(slots=True)
class Workbook:
    """What was found in a zipped workbook: its family, and the formulas of its sheets by cell (``H2``)."""

    family: str  # "xlsx", "xlsb" or "ods"
    formulas: dict[str, str] = field(default_factory=dict)


def inspect(data: bytes) -> Workbook:
    """Check a zip archive and return what workbook it holds.

    Raises:
        UnreadableFileError: not a workbook, protected, damaged, or larger unpacked than any export.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            _check_directory(parts)
            family = _family(archive, {part.filename for part in parts})
            found = Workbook(family)
            for part in parts:
                _check_part(data, part, found)
            return found
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, IndexError) as error:
        raise UnreadableFileError("import.damaged_archive") from error


def _check_directory(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise UnreadableFileError("import.archive_too_large", limit=MAX_UNPACKED // (1024 * 1024))
    for part in parts:
        if part.flag_bits & 1:
            raise UnreadableFileError("import.password_protected")
        if part.file_size > RATIO_FROM and part.file_size > MAX_RATIO * max(part.compress_size, 1):
            raise UnreadableFileError("import.archive_too_large", limit=MAX_UNPACKED // (1024 * 1024))


def _family(archive: zipfile.ZipFile, names: set[str]) -> str:
    if "xl/workbook.xml" in names or any(re.fullmatch(r"xl/workbook\d*\.xml", name) for name in names):
        return "xlsx"
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "mimetype" in names and "content.xml" in names:
        with archive.open("mimetype") as stream:
            if b"spreadsheet" in stream.read(200):
                return "ods"
    if any(name.endswith(".iwa") for name in names):
        raise UnreadableFileError("import.numbers_file")
    raise UnreadableFileError("import.zip_file")


def _check_part(data: bytes, part: zipfile.ZipInfo, found: Workbook) -> None:
    sheet = re.fullmatch(r"xl/worksheets/[^/]+\.xml", part.filename) is not None
    content = found.family == "ods" and part.filename == "content.xml"
    xml = part.filename.endswith((".xml", ".rels"))
    size, tail, corner = 0, b"", (0, 0)
    for piece in _inflate(data, part):
        size += len(piece)
        if size > part.file_size:
            raise UnreadableFileError("import.archive_too_large", limit=MAX_UNPACKED // (1024 * 1024))
        if not xml:
            continue
        window = tail + piece
        if b"<!ENTITY" in window or b"<!DOCTYPE" in window:
            raise UnreadableFileError("import.xml_entities")
        if sheet:
            corner = _corner(window, corner)
            _collect_formulas(window, found)
        elif content:
            _check_repeats(window)
        tail = window[-1024:]


def _inflate(data: bytes, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the unpacked content of one part, never holding more than a piece of it."""
    header = data[part.header_offset : part.header_offset + 30]
    if header[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile("no local header")
    start = (
        part.header_offset
        + 30
        + int.from_bytes(header[26:28], "little")
        + int.from_bytes(header[28:30], "little")
    )
    packed = memoryview(data)[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        for offset in range(0, len(packed), _CHUNK):
            yield bytes(packed[offset : offset + _CHUNK])
        return
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise UnreadableFileError("import.zip_file")
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    pending = bytes(packed)
    while pending and not machine.eof:
        yield machine.decompress(pending, _CHUNK)
        pending = machine.unconsumed_tail


def _corner(window: bytes, corner: tuple[int, int]) -> tuple[int, int]:
    """Return the furthest row and column named so far; refuse a sheet whose grid would not fit in memory."""
    row, column = corner
    for letters, digits in _CELL.findall(window):
        row = max(row, int(digits))
        column = max(column, _column_number(letters))
    if row * column > MAX_GRID:
        raise UnreadableFileError("import.sheet_too_large", rows=row, columns=column)
    return row, column


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _collect_formulas(window: bytes, found: Workbook) -> None:
    if b"<f" not in window and b":f" not in window:
        return
    for cell, formula in _FORMULA.findall(window):
        if len(found.formulas) < _MAX_FORMULAS:
            found.formulas[cell.decode()] = formula.decode("utf-8", "replace")


def _check_repeats(window: bytes) -> None:
    """Refuse an ODS in which a filled row or cell is repeated very often; a long empty tail is normal."""
    for row in _REPEATED_ROW.finditer(window):
        if int(row[1]) > _MAX_REPEATS and b"value-type" in row[2]:
            raise UnreadableFileError("import.sheet_too_large", rows=int(row[1]), columns=1)
    for cell in _REPEATED_CELL.finditer(window):
        if b"value-type" in cell[0] and int(cell[1]) > _MAX_REPEATS:
            raise UnreadableFileError("import.sheet_too_large", rows=1, columns=int(cell[1]))
