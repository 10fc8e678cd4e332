"""The Performance page's state: which period, beside what, drawn how."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import reflex as rx
from sqlmodel import Session

from smartfolio_app.analytics.income_calendar import IncomeCalendar
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.ledger.assets import Asset, symbol_of
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import income, performance, scheduler
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.performance import PERIODS, USUAL_BENCHMARK, PeriodRow, Report
from smartfolio_app.services.wealth import View
from smartfolio_app.state import performance_view as view
from smartfolio_app.state.base import Option
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.notices import say
from smartfolio_app.state.seat import PageState, Seat, shows

MODES = ("return", "value")
#: The select's word for no benchmark: an option's value cannot be empty and chosen.
NOTHING = "none"


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything the page shows of one period, read in one go."""

    report: Report
    rows: list[PeriodRow]
    choices: list[Asset] = field(default_factory=list)


def gather(db: Session, seen: View, period: str, days: tuple[date, date] | None, against: str) -> Gathered:
    """Read a period (or two days), the table of periods, and what can be compared with."""
    choices = performance.benchmarks(db, seen)
    wanted = against if against in {one.id for one in choices} else ""
    first, last = days or (None, None)
    report = performance.report(db, seen, period, first=first, last=last, against=wanted)
    return Gathered(report, performance.table(db, seen, wanted), choices)


def earned(db: Session, seen: View) -> tuple[IncomeCalendar, dict[str, Asset]]:
    """Read the income calendar and what is known of what earned it."""
    calendar = income.calendar(db, seen)
    return calendar, {asset: performance.asset_named(db, seen, asset) for asset in calendar.assets}


@shows("/performance", live=True)
class PerformanceState(PageState, rx.State):
    """What the page shows, as text."""

    filled: bool = False
    empty: bool = False
    period: str = "1Y"
    mode: str = "return"
    against: str = USUAL_BENCHMARK
    choices: list[Option] = []
    adding: bool = False
    adding_problem: str = ""
    first: str = ""
    last: str = ""
    problem: str = ""

    twr: view.Fact = view.Fact()
    other: view.Fact = view.Fact()
    other_name: str = ""
    span: str = ""
    note: str = ""
    told: bool = True  # the chosen period has figures
    any_told: bool = True  # some period has
    drawing: view.Drawing = view.Drawing()
    under: view.Drawing = view.Drawing()
    facts: list[view.Fact] = []
    periods: list[view.PeriodLine] = []
    parts: list[view.PartLine] = []
    falls: list[view.FallLine] = []

    calendar_filled: bool = False
    months: list[str] = []
    years: list[view.IncomeYear] = []
    earners: list[view.Earner] = []
    unknown_income: str = ""

    @rx.event
    @signed_in
    async def choose_period(self, viewer: Viewer, period: str) -> None:
        """Look at another period that ends today."""
        if period in PERIODS:
            self.period = period
            await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def choose_first(self, viewer: Viewer, day: str) -> None:
        """Count from the end of a day."""
        self.first = day
        await self._between(viewer)

    @rx.event
    @signed_in
    async def choose_last(self, viewer: Viewer, day: str) -> None:
        """Count to the end of a day."""
        self.last = day
        await self._between(viewer)

    @rx.event
    @signed_in
    async def choose_mode(self, viewer: Viewer, mode: str) -> None:
        """Draw the return, or the worth."""
        if mode in MODES:
            self.mode = mode
            await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def choose_benchmark(self, viewer: Viewer, asset: str) -> None:
        """Compare with another asset, or with nothing."""
        if asset == NOTHING or asset in {one.value for one in self.choices}:
            self.against = asset
            await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    def open_adding(self) -> None:
        """Ask for something else to compare with."""
        self.adding, self.adding_problem = True, ""

    @rx.event
    @signed_in
    def close_adding(self) -> None:
        """Leave that."""
        self.adding = False

    @rx.event
    @signed_in
    async def add_benchmark(self, viewer: Viewer, form: dict[str, Any]) -> None:
        """Have the prices of a security fetched that nobody here owns, by the symbol its market knows it by."""
        seat = await self._seat(viewer)
        symbol = str(form.get("symbol", "")).strip().upper()
        try:
            await off_loop(performance.want_benchmark, viewer.user_id, symbol)
        except SmartFolioError as error:
            self.adding_problem = error_text(seat.figures.language, error)
            return
        self.adding = False
        scheduler.soon("prices")
        await say(self, seat.figures.say("performance.benchmark_wanted", symbol=symbol))

    async def _between(self, viewer: Viewer) -> None:
        if _day(self.first) and _day(self.last):
            self.period = ""
            await self._show(await self._seat(viewer))

    async def _show(self, seat: Seat) -> None:
        figures = seat.figures
        first, last = _day(self.first), _day(self.last)
        days = (first, last) if not self.period and first and last else None
        self.problem = ""
        try:
            found = await off_loop(gather, seat.view, self.period or "1Y", days, self.against)
        except SmartFolioError as error:  # two days that make no stretch of time
            self.problem = error_text(figures.language, error)
            return
        report, other = found.report, report_name(found)
        self.empty = not report.value.any() and not report.flows.any()
        self.choices = [Option(NOTHING, figures.say("performance.against_nothing"))]
        self.choices += [Option(one.id, _label(one)) for one in found.choices]
        if self.against not in {one.value for one in self.choices}:
            self.against = NOTHING
        self.first, self.last = report.span.first.isoformat(), report.span.last.isoformat()
        self.span = figures.say(
            "performance.span", first=figures.day(report.span.first), last=figures.day(report.span.last)
        )
        self.told = report.span.first < report.span.last
        self.any_told = any(row.span.first < row.span.last for row in found.rows)
        self.note = view.cut_note(report.span, figures)
        self.twr = view.rate_fact("twr", report.figures.twr, report.span, figures)
        self.other_name, self.other = other, view.Fact()
        if report.benchmark is not None:
            rate = view.rate_fact("twr", report.benchmark.rate, report.span, figures, family="benchmark:twr")
            rate.figure += f":{report.benchmark.asset}"
            rate.label = other
            self.other = rate
        draw = view.growth_drawing if self.mode == "return" else view.value_drawing
        self.drawing = draw(report, other, figures) if self.told else view.Drawing()
        self.under = view.under_drawing(report, figures) if self.told else view.Drawing()
        self.facts = view.facts(report, other, figures)
        self.periods = view.period_lines(found.rows, figures)
        self.parts = view.part_lines(report, figures)
        self.falls = view.fall_lines(report, figures)
        self.filled = True

    async def _later(self, seat: Seat) -> None:
        calendar, assets = await off_loop(earned, seat.view)
        figures = seat.figures
        self.months = view.months(figures.language)
        self.years = view.income_years(calendar, figures)
        self.earners = view.earners(calendar, assets, figures)
        unknown = sum(total.unknown for total in calendar.years.values())
        self.unknown_income = figures.say("performance.unknown", count=unknown) if unknown else ""
        self.calendar_filled = True


def report_name(found: Gathered) -> str:
    """Return how the benchmark is called on screen, empty where there is none."""
    if found.report.benchmark is None:
        return ""
    asset = found.report.benchmark.asset
    return next((one.symbol for one in found.choices if one.id == asset), symbol_of(asset))


def _label(asset: Asset) -> str:
    return f"{asset.symbol} · {asset.name}" if asset.name and asset.name != asset.symbol else asset.symbol


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
