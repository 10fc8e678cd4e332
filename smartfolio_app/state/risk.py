"""The Risk page's state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import reflex as rx
from sqlmodel import Session

from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.analytics.risk.scenarios import Outcome
from smartfolio_app.analytics.risk.simulation import METHODS, MONTHS, Future, Plan
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.i18n.format import MoneyParts
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import risk, wealth
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state import risk_view as show
from smartfolio_app.state.base import Option
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.reading import read_number
from smartfolio_app.state.seat import PageState, Seat, shows

#: How often a simulation under way is looked at.
_LOOK_SECONDS = 0.15
#: ``growth`` of the form: what it stands for.
GROWTHS = ("none", "past", "own")
#: Ready-made shocks.
PRESETS = {
    "crypto_half": ("crypto", -0.5),
    "stocks_third": ("security", -0.3),
    "all_quarter": ("traded", -0.25),
}
LOWEST_RATE, HIGHEST_RATE = Decimal("-0.05"), Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the page shows besides the future, read in one go."""

    dashboard: risk.Dashboard
    ground: risk.Ground


def gather(db: Session, view: wealth.View, asked: risk.Asked) -> Gathered:
    """Read the dashboard; a benchmark that is gone (another scope) falls back to the usual one."""
    ground = risk.ground_of(db, view)
    try:
        return Gathered(risk.dashboard(db, view, asked), ground)
    except SmartFolioError as error:
        if error.code != "risk.no_such_benchmark":
            raise
        return Gathered(risk.dashboard(db, view, replace(asked, benchmark="")), ground)


@shows("/risk")
class RiskState(PageState, rx.State):
    """What the page shows, as text and as shapes."""

    filled: bool = False
    available: bool = False
    empty: bool = False
    reason: str = ""
    problem: str = ""

    window: str = "365"
    basis: str = "held"
    benchmark: str = ""
    benchmarks: list[Option] = []
    prefix: str = "risk:365:held:"
    risk_free: str = ""
    rate_problem: str = ""

    bad_day: MoneyParts = MoneyParts("", "", "")
    bad_day_ratio: str = ""
    bad_day_figure: str = ""
    bad_day_model: str = ""
    verdict: str = ""
    verdict_tone: str = ""
    facts: dict[str, str] = {}
    fall: str = ""
    below: str = ""
    measured: str = ""
    curve: show.Curve = show.Curve()
    track: show.DailyTrack = show.DailyTrack()
    track_figure: str = ""
    tails: list[show.TailRow] = []
    groups: list[show.SourceRow] = []
    assets: list[show.SourceRow] = []
    more_assets: bool = False
    all_assets: bool = False
    left: list[show.SourceRow] = []
    liquidity: list[show.Fact] = []
    currencies: list[show.Fact] = []
    parts: list[show.PartRow] = []
    matrix: show.Matrix = show.Matrix()
    matrix_note: str = ""
    together: list[show.Fact] = []
    apart: list[show.Fact] = []

    episodes: list[show.OutcomeRow] = []
    no_episode: str = ""
    shock_groups: list[show.Fact] = []
    shock_assets: list[Option] = []
    shock_loss: str = ""
    shock_change: str = ""
    shock_direction: str = "none"
    shock_rows: list[show.OutcomeRow] = []
    shock_figure: str = ""
    shock_change_figure: str = ""
    shock_problem: str = ""

    simulating: bool = False
    progress: int = 0
    fan: show.FanView = show.FanView()
    chances: list[show.Fact] = []
    ends: list[show.Fact] = []
    goal_chance: str = ""
    goal_figure: str = ""
    future_figure: str = ""
    future_note: str = ""
    future_problem: str = ""

    _rate: Decimal = ZERO
    _future: Future | None = None
    _future_job: str = ""
    _shocks: dict[str, float] = {}

    @rx.event
    @signed_in
    async def choose_window(self, viewer: Viewer, window: str) -> None:
        """Look at another stretch of the past."""
        if window in risk.WINDOWS:
            self.window = window
            await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def choose_basis(self, viewer: Viewer, basis: str) -> None:
        """Look at today's holdings over the past, or at what was lived through."""
        if basis in risk.BASES:
            self.basis = basis
            await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def choose_benchmark(self, viewer: Viewer, benchmark: str) -> None:
        """Compare with something else."""
        if benchmark in {one.value for one in self.benchmarks}:
            self.benchmark = benchmark
            await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def choose_rate(self, viewer: Viewer, text: str) -> None:
        """Measure against another risk-free rate a year, in per cent."""
        seat = await self._seat(viewer)
        self.risk_free, self.rate_problem = text.strip()[:20], ""
        typed = self.risk_free.replace("%", "").strip()
        try:
            rate = read_number(typed, seat.figures) / 100 if typed else ZERO
        except ValueError:
            self.rate_problem = seat.figures.say("risk.not_a_number", value=self.risk_free)
            return
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            self.rate_problem = seat.figures.say("error.risk.rate_wrong", rate=self.risk_free)
            return
        self._rate = rate
        await self._show(seat)

    @rx.event
    @signed_in
    async def toggle_assets(self, viewer: Viewer) -> None:
        """Show every asset of the list, or the first ones."""
        self.all_assets = not self.all_assets
        await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def apply_shocks(self, viewer: Viewer, form: dict[str, Any]) -> None:
        """Show what the shocks that were typed would do."""
        seat = await self._seat(viewer)
        self.shock_problem = ""
        try:
            self._shocks = _read_shocks(form, seat.figures)
            await self._shock(seat)
        except SmartFolioError as error:
            self.shock_problem = error_text(seat.figures.language, error)
        except ValueError as error:
            self.shock_problem = seat.figures.say("risk.not_a_number", value=str(error))

    @rx.event
    @signed_in
    async def try_preset(self, viewer: Viewer, name: str) -> None:
        """Show what one of the ready-made shocks would do."""
        if name not in PRESETS:
            return
        self.shock_problem = ""
        self._shocks = dict([PRESETS[name]])
        await self._shock(await self._seat(viewer))

    @rx.event(background=True)
    @signed_in
    async def simulate(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[None]:
        """Draw ten thousand futures; the page stays usable, and says how far it is."""
        async with self:
            if self.simulating:
                return
            seat = await self._seat(viewer)
            figures = seat.figures
            self.future_problem = ""
            try:
                plan = _read_plan(form, figures)
            except ValueError as error:
                self.future_problem = figures.say("risk.not_a_number", value=str(error))
                return
            self.simulating, self.progress = True, 0
        yield
        try:
            job_id = await off_loop(risk.start_simulation, seat.view, plan)
            job = risk.simulation(viewer.user_id, job_id)
            while not job.finished:
                await asyncio.sleep(_LOOK_SECONDS)
                job = risk.simulation(viewer.user_id, job_id)
                async with self:
                    self.progress = round(100 * job.done / job.total) if job.total else 0
            problem = job.error
        except SmartFolioError as error:
            problem, job = error, None
        async with self:
            self.simulating = False
            if problem is not None or job is None:
                self.future_problem = error_text(figures.language, problem) if problem else ""
            else:
                self._future, self._future_job = job.result, job_id
                self._draw_future((await self._seat(viewer)).figures)

    # --------------------------------------------------------------------------------------------------- filling
    async def _show(self, seat: Seat) -> None:
        asked = risk.Asked(self.window, self.basis, self.benchmark, float(self._rate))
        found = await off_loop(gather, seat.view, asked)
        self._fill(found, seat.figures)
        if self._future is not None and self._future.plan.currency != seat.view.currency:
            self._future, self.fan, self.chances, self.ends = None, show.FanView(), [], []
        elif self._future is not None:
            self._draw_future(seat.figures)
        self.filled = True

    async def _later(self, seat: Seat) -> None:
        if self.available:
            await self._what_if(seat)

    def _fill(self, found: Gathered, figures: Figures) -> None:
        dashboard = found.dashboard
        report = dashboard.report
        self.empty = not dashboard.portfolio.holdings
        self.available = report is not None
        self.reason = figures.say(dashboard.reason) if dashboard.reason else ""
        self.benchmarks = [Option(one.id, one.name or one.symbol) for one in dashboard.benchmarks]
        self.left = show.left_out(dashboard, figures)
        self.liquidity = show.liquidity(dashboard, figures)
        self.currencies = show.currencies(dashboard.currencies, figures)
        self.prefix = show.prefix(self.window, self.basis, self._rate)
        if report is None:
            return
        self.benchmark = report.benchmark
        self.facts = show.facts(dashboard, figures)
        self.fall = show.fall_text(report, figures)
        self.below = show.below_text(report, figures)
        self.measured = show.measured_text(dashboard, figures)
        self.curve = show.underwater_curve(report, figures)
        self.track = show.daily_track(report, figures)
        self.track_figure = f"{self.prefix}track:{show.TRACK_DAYS}"
        self.tails = show.tail_rows(report, figures)
        self.groups = show.group_rows(report, figures)
        rows = show.asset_rows(report, figures)
        self.more_assets = len(rows) > show.FEW
        self.assets = rows if self.all_assets else rows[: show.FEW]
        self.parts = show.part_rows(report, figures)
        self.matrix = show.matrix(dashboard, figures)
        self.matrix_note = show.matrix_note(report, figures)
        self.together, self.apart = show.pairs(dashboard, figures)
        self._fill_headline(report, figures)

    def _fill_headline(self, report: risk.RiskReport, figures: Figures) -> None:
        found = show.headline(report)
        model, value = found or ("historical", None)
        self.bad_day = figures.parts(None if value is None else exact(-value * report.value))
        self.bad_day_ratio = show.percent(None if value is None else -value, figures)
        self.bad_day_model = figures.say(f"risk.model_{model}")
        self.bad_day_figure = f"{self.prefix}var:{model}-95-1"
        verdict = report.record(model, 0.95).test.verdict
        self.verdict = figures.say(f"risk.verdict_{verdict}")
        self.verdict_tone = show.VERDICTS[verdict]

    async def _what_if(self, seat: Seat) -> None:
        figures = seat.figures
        outcomes: list[Outcome] = await off_loop(risk.episodes, seat.view)
        ground = await off_loop(risk.ground_of, seat.view)
        self.episodes = show.episode_rows(outcomes, figures)
        self.no_episode = show.missing_episodes(outcomes, figures)
        self.shock_groups = show.shock_fields(ground.exposures, figures)
        choices = sorted(ground.exposures, key=lambda one: -abs(one.value))
        self.shock_assets = [
            Option("", figures.say("risk.choose_asset")),
            *(Option(one.asset.id, one.asset.name or one.asset.symbol) for one in choices),
        ]
        if self._shocks:
            try:
                await self._shock(seat)
            except SmartFolioError:  # what was shocked is not in this view
                self._shocks, self.shock_rows, self.shock_loss = {}, [], ""

    async def _shock(self, seat: Seat) -> None:
        figures = seat.figures
        outcome = await off_loop(risk.shocks, seat.view, self._shocks)
        self.shock_loss = figures.money(exact(outcome.loss), sign=True, decimals=0)
        self.shock_change = show.percent(outcome.change, figures, sign=True)
        self.shock_direction = figures.direction(exact(outcome.loss), decimals=0)
        spec = risk.shock_spec(self._shocks)
        self.shock_figure = f"risk:365:held:shock:{spec}"
        self.shock_change_figure = f"risk:365:held:shock_change:{spec}"
        self.shock_rows = show.shock_rows(outcome, spec, figures)

    def _draw_future(self, figures: Figures) -> None:
        if self._future is None:
            return
        self.fan = show.fan(self._future, figures, datetime.now(UTC).date())
        self.ends = show.ends(self._future, self._future_job, figures)
        self.chances = show.chances(self._future, self._future_job, figures)
        chance = self._future.goal
        self.goal_chance = "" if chance is None else show.percent(chance, figures)
        self.goal_figure = f"simulation:{self._future_job}:goal"
        self.future_figure = f"simulation:{self._future_job}:drawn"
        self.future_note = show.future_note(self._future, figures)


def _typed(form: dict[str, Any], name: str) -> str:
    return str(form.get(name, "") or "").strip()


def _read_ratio(text: str, figures: Figures) -> float:
    """Read a percentage such as ``-30`` or ``-30 %``; raise ``ValueError`` with what was typed."""
    try:
        return float(read_number(text.replace("%", "").replace("−", "-").strip(), figures)) / 100
    except ValueError:
        raise ValueError(text) from None


def _read_shocks(form: dict[str, Any], figures: Figures) -> dict[str, float]:
    shocks = {
        name.removeprefix("shock:"): _read_ratio(str(text), figures)
        for name, text in form.items()
        if name.startswith("shock:") and str(text or "").strip()
    }
    asset, change = _typed(form, "asset"), _typed(form, "asset_change")
    if asset and change:
        shocks[asset] = _read_ratio(change, figures)
    return shocks


def _read_plan(form: dict[str, Any], figures: Figures) -> Plan:
    months, method, growth = _typed(form, "months"), _typed(form, "method"), _typed(form, "growth")
    monthly, goal, rate = _typed(form, "monthly"), _typed(form, "goal"), _typed(form, "rate")

    def amount(text: str) -> float:
        try:
            return float(read_number(text.replace("−", "-"), figures))
        except ValueError:
            raise ValueError(text) from None

    expected: float | None = 0.0
    if growth == "past":
        expected = None
    elif growth == "own" and rate:
        expected = _read_ratio(rate, figures)
    return Plan(
        months=int(months) if months in {str(one) for one in MONTHS} else 12,
        method=method if method in METHODS else METHODS[0],
        monthly=amount(monthly) if monthly else 0.0,
        growth=expected,
        goal=amount(goal) if goal else None,
    )
