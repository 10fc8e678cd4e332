"""The panel that answers "why this number?" for any figure on any page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import reflex as rx

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.seat import PageState, Seat

if TYPE_CHECKING:
    from smartfolio_app.analytics.results import Step


_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DAYS = re.compile(rf"{_ISO_DAY.pattern}( – {_ISO_DAY.pattern})?")


@dataclass
class StepRow:
    """One line of an explanation, ready to be read. ``depth`` is how far it is indented (0..2)."""

    label: str = ""
    value: str = ""
    source: str = ""
    when: str = ""
    link: str = ""
    depth: int = 0


class ExplainState(PageState, rx.State):
    """What the panel shows; empty while it is closed."""

    is_open: bool = False
    figure: str = ""
    title: str = ""
    result: str = ""
    formula: str = ""
    steps: list[StepRow] = []
    notes: list[str] = []
    problem: str = ""
    bundle_address: str = ""

    _page: str = ""

    @rx.event
    @signed_in
    async def open(self, viewer: Viewer, figure: str) -> AsyncIterator[None]:
        """Open the panel at once, then fill it."""
        self.is_open, self._page = True, self.router.url.path
        self.figure = figure
        self.title = self.result = self.formula = self.problem = self.bundle_address = ""
        self.steps, self.notes = [], []
        yield
        seat = await self._seat(viewer)
        await self._fill(seat)

    @rx.event
    @signed_in
    def close(self) -> None:
        """Close the panel."""
        self.is_open = False

    def _arrive(self) -> None:
        """Close the panel when another page was opened than the one it explains: the tab's state outlives a page."""
        if self.router.url.path != self._page:
            self.is_open = False

    async def _show(self, seat: Seat) -> None:
        """Follow a change of the view while the panel is open."""
        if self.is_open:
            await self._fill(seat)

    async def _fill(self, seat: Seat) -> None:
        from smartfolio_app.services import explain

        figures: Figures = seat.figures
        try:
            found = await off_loop(explain.explain, seat.view, self.figure)
        except SmartFolioError as error:
            self.problem = error_text(figures.language, error)
            return
        params = _spoken(found.params, figures)
        self.title = figures.say_or_text(found.title, **params)
        self.formula = figures.say_or_text(found.formula, **params)
        self.result = figures.measured(found.amount, found.measure, found.unit, found.result)
        self.steps = list(_rows(found.steps, figures))
        self.notes = [figures.say_or_text(note, **params) for note in found.notes]
        has_bundle = found.amount is not None and not figures.privacy
        self.bundle_address = _bundle_address(self.figure, seat) if has_bundle else ""


def _spoken(params: Mapping[str, str], figures: Figures) -> dict[str, str]:
    """Return what stands in an explanation's words with its days as the reader writes them."""
    return {name: _day(text, figures) for name, text in params.items()}


def _day(text: str, figures: Figures) -> str:
    """Return a text that is a day, or a stretch of days, as the reader writes it; any other as it is."""
    if not _DAYS.fullmatch(text):
        return text
    return _ISO_DAY.sub(lambda found: figures.day(date.fromisoformat(found.group())), text)


def _bundle_address(figure: str, seat: Seat) -> str:
    """Return where the bundle of a figure is, in the view on screen."""
    view = seat.view
    asked = {"currency": view.currency, "anchor": view.anchor}
    asked |= {name: getattr(view.scope, name) for name in ("crypto", "stocks", "wealth")}
    return f"/api/explain/{quote(figure, safe='')}/bundle?{urlencode(asked)}"


def _rows(steps: tuple[Step, ...], figures: Figures, depth: int = 0) -> Iterator[StepRow]:
    for step in steps:
        yield StepRow(
            label=_day(figures.say_or_text(step.label, **_spoken(step.params, figures)), figures),
            value=figures.measured(step.amount, step.measure, step.unit, _day(step.value, figures)),
            source=figures.say_or_text(step.source) if step.source else "",
            when=figures.moment(step.at) if step.at else "",
            link=step.link,
            depth=depth,
        )
        if depth < 2:
            yield from _rows(step.children, figures, depth + 1)
