"""Reading a table's cells by heading: text, exact numbers, instants. Styles are decided per column, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, tzinfo
from decimal import Decimal

from smartfolio_app.providers.csv import dates, numbers
from smartfolio_app.providers.csv.base import ReadOptions, Row, RowError, Table
from smartfolio_app.providers.csv.headings import normalise

NumberReader = Callable[[str], Decimal]


class Columns:
    """The columns of one table. Names are normalised headings; a doubled heading is reached by ``name#2``.

    ``decimal`` and ``order`` are what the format is known to write. A column that proves another decimal overrules it,
    unless ``fixed`` says that the format has no other (``1,000`` is then a thousand); the user's options overrule all.
    """

    def __init__(
        self,
        table: Table,
        options: ReadOptions,
        *,
        decimal: str | None = None,
        order: str | None = None,
        fixed: bool = False,
    ) -> None:
        self._rows = table.rows
        self._options = options
        self._decimal = decimal
        self._fixed = fixed
        self._order = options.date_order or order
        self._serials = table.kind == "spreadsheet"
        self.zone: tzinfo = dates.zone_named(options.time_zone)
        self._index: dict[str, int] = {}
        self._styles: dict[int, numbers.Style] = {}
        self._dates: dict[int, dates.DateReader] = {}
        seen: dict[str, int] = {}
        for position, header in enumerate(table.headers):
            name = normalise(header)
            seen[name] = seen.get(name, 0) + 1
            self._index[name if seen[name] == 1 else f"{name}#{seen[name]}"] = position

    def find(self, *names: str) -> str:
        """Return the first of ``names`` that is a heading here, "" when none is."""
        return next((name for name in names if name in self._index), "")

    def starting(self, *prefixes: str) -> str:
        """Return the first heading that starts with one of ``prefixes``, "" when none does."""
        return next((name for name in self._index if name.startswith(prefixes)), "")

    def index(self, name: str) -> int:
        """Return the position of a heading, -1 when it is not there."""
        return self._index.get(name, -1)

    def values(self, position: int) -> list[str]:
        """Return all cells of one column."""
        return [row.cells[position] for row in self._rows if position < len(row.cells)]

    def style(self, position: int) -> numbers.Style:
        """Return the number style of the column at ``position``."""
        style = self._styles.get(position)
        if style is None:
            if self._options.decimal:
                style = numbers.Style(self._options.decimal, evident=True)
            elif self._fixed:
                style = numbers.Style(self._decimal, evident=True)
            else:
                style = numbers.detect(self.values(position))
                if style.decimal is None:
                    style = numbers.Style(self._decimal)
            self._styles[position] = style
        return style

    def set_style(self, positions: Iterable[int], style: numbers.Style) -> None:
        """Give the columns at ``positions`` that prove no style of their own the style of their neighbours."""
        for position in positions:
            if not self.style(position).evident:
                self._styles[position] = style

    def date_reader(self, position: int, *, day_first: bool = False) -> dates.DateReader:
        """Return the date reader of the column at ``position``."""
        reader = self._dates.get(position)
        if reader is None:
            reader = dates.reader_for(
                self.values(position),
                self.zone,
                order=self._order,
                day_first=day_first,
                serials=self._serials,
            )
            self._dates[position] = reader
        return reader

    def record(self, row: Row) -> Record:
        """Return ``row`` with its cells reachable by heading."""
        return Record(self, row)


class Record:
    """One row, by heading. A heading that the table has not reads as an empty cell."""

    __slots__ = ("_columns", "cells", "line", "row")

    def __init__(self, columns: Columns, row: Row) -> None:
        self._columns = columns
        self.row = row
        self.line = row.line
        self.cells = row.cells

    def text(self, name: str) -> str:
        """Return the cell without surrounding blanks."""
        position = self._columns.index(name)
        return self.cells[position].strip() if 0 <= position < len(self.cells) else ""

    def number(self, name: str) -> Decimal:
        """Return the number in the cell; raise ``RowError`` when there is none."""
        found = self.maybe(name)
        if found is None:
            raise RowError("number_missing", column=name)
        return found

    def maybe(self, name: str) -> Decimal | None:
        """Return the number in the cell, or nothing where the cell says nothing."""
        text = self.text(name)
        if numbers.is_empty(text):
            return None
        return numbers.parse(text, self._columns.style(self._columns.index(name)))

    def with_unit(self, name: str) -> tuple[Decimal, str]:
        """Return the number in the cell and the unit next to it ("" for none); raise ``RowError`` when empty."""
        text = self.text(name)
        if numbers.is_empty(text):
            raise RowError("number_missing", column=name)
        return numbers.parse_with_unit(text, self._columns.style(self._columns.index(name)))

    def moment(self, name: str) -> datetime:
        """Return the instant in the cell."""
        position = self._columns.index(name)
        if position < 0:
            raise RowError("date_missing")
        return self._columns.date_reader(position)(self.text(name))

    def moment_of(self, day: str, time: str, zone: tzinfo | None = None) -> datetime:
        """Return the instant told by two cells, a day and a time of day."""
        position = self._columns.index(day)
        if position < 0:
            raise RowError("date_missing")
        return self._columns.date_reader(position).combined(self.text(day), self.text(time), zone)

    def day(self, name: str) -> date:
        """Return the calendar day in the cell, as written."""
        position = self._columns.index(name)
        if position < 0:
            raise RowError("date_missing")
        return self._columns.date_reader(position).day(self.text(name))
