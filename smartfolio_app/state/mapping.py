"""The mapping wizard: saying what the columns of an unknown file mean, with the file in view."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import reflex as rx
from starlette.concurrency import run_in_threadpool

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.providers.csv import Mapping, ReadOptions, UnknownFormatError
from smartfolio_app.providers.csv.mapping import SHAPES
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import mappings, uploads
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.upload_grid import Grid
from smartfolio_app.state.base import Option
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.imports import ImportsState
from smartfolio_app.state.seat import PageState, Seat

_EVERYWHERE = ("account", "note", "id", "status")
_NAMES = ("asset", "isin", "name", "class")
_FEES = ("fee", "fee_currency")
#: What a column can mean in a file of each shape, in the order in which it is offered.
ROLES_OF = {
    "trades": (
        *("date", "time", "type"),
        *_NAMES,
        *("quantity", "price", "total", "currency"),
        *_FEES,
        "split_ratio",
        *_EVERYWHERE,
    ),
    "two_sided": (
        *("date", "time", "type", "received_quantity", "received_asset", "sent_quantity", "sent_asset"),
        *_FEES,
        *_EVERYWHERE,
    ),
    "cash": ("date", "time", "type", "total", "debit", "credit", "currency", *_NAMES, *_FEES, *_EVERYWHERE),
    "positions": (*_NAMES, "quantity", "price", "total", "currency", "date", *_EVERYWHERE),
}
#: Roles that several columns may share; their sum counts.
_SUMMED = frozenset({"fee"})
#: What can be said about the file besides its columns; of the first three depends what the columns are.
_READING = frozenset({"delimiter", "encoding", "sheet"})
_SETTINGS = _READING | {"decimal", "date_order", "time_zone", "default_currency", "asset_class"}


@dataclass
class ColumnView:
    """One column of the file: its position, heading, meaning and first cells."""

    index: int = 0
    heading: str = ""
    role: str = ""
    cells: list[str] = field(default_factory=list)


class MappingState(PageState, rx.State):
    """The assignment being made, for one upload at a time."""

    upload_id: str = ""
    file_name: str = ""
    is_sheet: bool = False
    sheets: list[str] = []
    columns: list[ColumnView] = []
    roles: list[Option] = []
    saved: list[Option] = []
    saved_name: str = ""
    turn: int = 0

    shape: str = "trades"
    delimiter: str = ""
    encoding: str = ""
    sheet: str = ""
    decimal: str = ""
    date_order: str = ""
    time_zone: str = ""
    default_currency: str = ""
    asset_class: str = "auto"
    unsigned: bool = False

    lacking: str = ""
    problem: str = ""

    _mapping: Mapping = Mapping()
    _grid: Grid | None = None
    _earlier: dict[tuple[str, ...], Mapping] = {}

    @rx.event
    @signed_in
    async def start(self, viewer: Viewer, upload_id: str) -> None:
        """Open the wizard on a file, with the best assignment known for it."""
        seat = await self._seat(viewer)
        self.problem = self.saved_name = ""
        self._earlier = {}
        try:
            upload = await run_in_threadpool(uploads.find, viewer.user_id, upload_id)
            self._grid = await run_in_threadpool(uploads.grid, viewer.user_id, upload_id)
        except SmartFolioError as error:
            self.problem = error_text(seat.figures.language, error)
            return
        error = upload.job.error
        suggested = error.suggestion if isinstance(error, UnknownFormatError) else None
        read_by = upload.preview.mapping if upload.preview is not None else None
        self._mapping = upload.choices.mapping or read_by or suggested or self._grid.suggestion
        self.upload_id, self.file_name = upload.file.id, upload.file.name
        self.saved_name = upload.preview.mapping_name if upload.preview is not None else ""
        kept = await off_loop(mappings.saved, viewer.user_id)
        self.saved = [Option(one.name, one.name) for one in kept]
        self._fill(seat)

    @rx.event
    @signed_in
    def close(self) -> None:
        """Close the wizard; the file waits."""
        self.upload_id = ""

    @rx.event
    @signed_in
    async def assign(self, viewer: Viewer, index: int, role: str) -> None:
        """Give a column a meaning, or none."""
        columns = {
            name: tuple(one for one in places if one != index)
            for name, places in self._mapping.columns.items()
        }
        if role in ROLES_OF[self._mapping.shape]:
            columns[role] = (*columns.get(role, ()), index) if role in _SUMMED else (index,)
        self._keep(
            columns={name: places for name, places in columns.items() if places}, missing=(), ambiguous=()
        )
        self._fill(await self._seat(viewer))

    @rx.event
    @signed_in
    async def choose(self, viewer: Viewer, name: str, value: str) -> None:
        """Say how the file is written; the table is read anew where that changes it."""
        if name not in _SETTINGS:
            return
        seat, before = await self._seat(viewer), self._mapping
        self._keep(**{name: value})
        if name in _READING and not await self._read_again(seat):
            self._mapping = before
        self._fill(seat)

    @rx.event
    @signed_in
    async def choose_shape(self, viewer: Viewer, shape: str) -> None:
        """Say what a row of the file is."""
        if shape in SHAPES:
            allowed = ROLES_OF[shape]
            columns = {name: places for name, places in self._mapping.columns.items() if name in allowed}
            self._keep(shape=shape, columns=columns, missing=(), ambiguous=())
            self._fill(await self._seat(viewer))

    @rx.event
    @signed_in
    async def choose_unsigned(self, viewer: Viewer, unsigned: bool) -> None:
        """Say whether the amounts carry a sign."""
        self._keep(unsigned=unsigned)
        self._fill(await self._seat(viewer))

    @rx.event
    @signed_in
    async def use_saved(self, viewer: Viewer, name: str) -> None:
        """Take an assignment that was saved before."""
        seat = await self._seat(viewer)
        try:
            self._mapping = (await off_loop(mappings.named, viewer.user_id, name)).mapping
        except SmartFolioError as error:
            self.problem = error_text(seat.figures.language, error)
            return
        self.saved_name = name
        await self._read_again(seat)
        self._fill(seat)

    @rx.event
    @signed_in
    async def finish(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[Any]:
        """Preview the file by the assignment."""
        seat = await self._seat(viewer)
        if self.lacking:
            return
        try:
            await run_in_threadpool(
                uploads.choose,
                viewer.user_id,
                self.upload_id,
                mapping=self._mapping,
                format_id="",
                name=str(form.get("name", "")).strip(),
            )
        except SmartFolioError as error:
            self.problem = error_text(seat.figures.language, error)
            return
        self.upload_id = ""
        await (await self.get_state(ImportsState))._show(seat)
        yield ImportsState.watch

    async def _show(self, seat: Seat) -> None:
        if self.upload_id:
            self._fill(seat)

    def _keep(self, **changes: Any) -> None:
        self._mapping = replace(self._mapping, **changes)

    async def _read_again(self, seat: Seat) -> bool:
        """Read the file as the mapping says; tell whether that was possible. Other headings get another assignment:
        the one they had before, else a suggestion."""
        self.problem = ""
        options = self._mapping.read_options(ReadOptions())
        try:
            grid = await run_in_threadpool(uploads.grid, seat.viewer.user_id, self.upload_id, options)
        except SmartFolioError as error:
            reason = error_text(seat.figures.language, error)
            self.problem = seat.figures.say("import_wizard.unreadable", reason=reason)
            return False
        if self._grid is not None and grid.headers != self._grid.headers:
            self._earlier[self._grid.headers] = self._mapping
            assigned = self._earlier.get(grid.headers, grid.suggestion)
            kept = {name: getattr(self._mapping, name) for name in _SETTINGS}
            self._mapping = replace(assigned, **kept)
        self._grid = grid
        return True

    def _fill(self, seat: Seat) -> None:
        grid, mapping, figures = self._grid, self._mapping, seat.figures
        if grid is None:
            return
        roles = {place: role for role, places in mapping.columns.items() for place in places}
        self.columns = [
            ColumnView(index, heading, roles.get(index, ""), [row[index][:60] for row in grid.rows])
            for index, heading in enumerate(grid.headers)
        ]
        self.roles = [
            Option(role, figures.say(f"import_wizard.role.{role}")) for role in ROLES_OF[mapping.shape]
        ]
        self.is_sheet, self.sheets = grid.kind == "spreadsheet", list(grid.sheets)
        self.shape, self.asset_class, self.unsigned = mapping.shape, mapping.asset_class, mapping.unsigned
        self.delimiter = mapping.delimiter or grid.delimiter
        self.encoding, self.sheet = mapping.encoding or grid.encoding, mapping.sheet or grid.sheet
        self.decimal, self.date_order = mapping.decimal, mapping.date_order
        self.time_zone, self.default_currency = mapping.time_zone, mapping.default_currency
        needed = [figures.say(f"import_wizard.role.{role}") for role in mapping.lacking()]
        self.lacking = figures.say("import_wizard.lacking", roles=", ".join(needed)) if needed else ""
        self.turn += 1
