"""Workbooks (XLSX, XLSB, XLS, ODS) to records of text."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    XmlError,
    ZipError,
)

from smartfolio_app.providers.csv.archive import Workbook, inspect
from smartfolio_app.providers.csv.base import Message, Row, UnreadableFileError
from smartfolio_app.providers.csv.limits import MAX_COLUMNS, MAX_ROWS

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP_MAGIC = b"PK"

_Cell = int | float | str | bool | time | date | datetime | timedelta


@dataclass(frozen=True, slots=True)
class Sheets:
    """The records of one sheet, the names of all visible sheets, and what to tell the user."""

    records: list[Row]
    name: str
    names: tuple[str, ...]
    warnings: tuple[Message, ...] = ()


def read_workbook(data: bytes, wanted: str | None = None) -> Sheets:
    """Return the sheet called ``wanted``, else the visible one with the most rows. Hidden sheets are ignored.

    Raises:
        UnreadableFileError: protected, damaged, too large, empty, or without such a sheet.
    """
    inspected = inspect(data) if data.startswith(ZIP_MAGIC) else Workbook("xls")
    if data.startswith(OLE_MAGIC) and _is_encrypted(data):
        raise UnreadableFileError("import.password_protected")
    try:
        visible, grids = _visible_grids(data, wanted)
    except UnreadableFileError:
        raise
    except PasswordError as error:
        raise UnreadableFileError("import.password_protected") from error
    except (CalamineError, XmlError, ZipError, OSError, ValueError) as error:
        raise UnreadableFileError("import.damaged_workbook") from error
    except BaseException as error:
        # A panic inside the Rust reader arrives as an exception that is no Exception.
        if type(error).__name__ == "PanicException":
            raise UnreadableFileError("import.damaged_workbook") from error
        raise
    name = wanted or max(visible, key=lambda sheet: len(grids[sheet]))
    records, formulas = _as_text(grids[name], inspected.formulas if len(visible) == 1 or wanted else {})
    return Sheets(records, name, tuple(visible), _remarks(inspected, formulas, visible, name))


def _visible_grids(data: bytes, wanted: str | None) -> tuple[list[str], dict[str, list[list[_Cell]]]]:
    """Return the names of the visible sheets, and the cells of the one wanted or of all of them."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    visible = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]
    if not visible:
        raise UnreadableFileError("import.no_sheet")
    if wanted is not None and wanted not in visible:
        raise UnreadableFileError("import.sheet_not_found", sheet=wanted, sheets=", ".join(visible))
    return visible, {name: _grid(book, name) for name in ([wanted] if wanted else visible)}


def _is_encrypted(data: bytes) -> bool:
    return "EncryptedPackage".encode("utf-16-le") in data[: 64 * 1024] or (
        "EncryptedPackage".encode("utf-16-le") in data[-64 * 1024 :]
    )


def _grid(book: CalamineWorkbook, name: str) -> list[list[_Cell]]:
    sheet = book.get_sheet_by_name(name)
    if sheet.total_width > MAX_COLUMNS:
        raise UnreadableFileError("import.too_many_columns", row=1, limit=MAX_COLUMNS)
    if sheet.total_height > MAX_ROWS:
        raise UnreadableFileError("import.too_many_rows", limit=MAX_ROWS)
    return sheet.to_python(skip_empty_area=False)


def _as_text(grid: list[list[_Cell]], formulas: dict[str, str]) -> tuple[list[Row], int]:
    """Return the grid as text, and how many cells are formulas that hold no computed value (shown as their text)."""
    records = [Row(number, [_text(cell) for cell in cells]) for number, cells in enumerate(grid, start=1)]
    bare = 0
    for reference, formula in formulas.items():
        column, row = _position(reference)
        if (
            row <= len(records)
            and column < len(records[row - 1].cells)
            and not records[row - 1].cells[column]
        ):
            records[row - 1].cells[column] = f"={formula}"
            bare += 1
    return [row for row in records if any(row.cells)], bare


def _position(reference: str) -> tuple[int, int]:
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1, int(reference[len(letters) :])


def _text(cell: _Cell) -> str:
    """Return a cell as the text a CSV would hold: exact for numbers, ISO for dates."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        # repr is the shortest text that gives the same number back: what was typed, not its binary neighbour.
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        # The serial number of a spreadsheet is a binary fraction of a day: a second may arrive as 59.999999.
        return (
            (cell + timedelta(microseconds=500))
            .replace(tzinfo=None)
            .isoformat(" ", "milliseconds")
            .removesuffix(".000")
        )
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)


def _remarks(inspected: Workbook, bare: int, visible: list[str], name: str) -> tuple[Message, ...]:
    remarks: list[Message] = []
    if inspected.formulas:
        remarks.append(Message("import.warn.formula_cells", {"count": len(inspected.formulas)}))
    if bare:
        remarks.append(Message("import.warn.formulas_without_value", {"count": bare}))
    if len(visible) > 1:
        remarks.append(Message("import.warn.other_sheets", {"sheet": name, "count": len(visible) - 1}))
    return tuple(remarks)
