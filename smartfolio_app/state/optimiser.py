"""Suggested targets on the Rebalancing page: computed in the background, shown beside what is held, kept by nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal

import reflex as rx

from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.analytics.rebalancing.drift import whole
from smartfolio_app.analytics.rebalancing.optimise import METHODS, OutOfSample, Suggestions
from smartfolio_app.analytics.results import Measure
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.ledger.assets import symbol_of
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import risk
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.rebalancing import optimiser
from smartfolio_app.services.rebalancing.explain_ideas import MEASURES, PRESENT, figure_name
from smartfolio_app.state.figures import UNKNOWN, Figures
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.rebalancing import RebalancingState
from smartfolio_app.state.seat import PageState

#: How often work under way is looked at.
_LOOK_SECONDS = 0.3


@dataclass
class Cell:
    """One figure, and its name."""

    text: str = ""
    figure: str = ""


@dataclass
class Line:
    """One asset's weights, or one figure of the test: the present one first, then each method's."""

    key: str = ""
    label: str = ""
    cells: list[Cell] = field(default_factory=list)


class OptimiserState(PageState, rx.State):
    """What was suggested, as text."""

    working: bool = False
    progress: int = 0
    problem: str = ""
    weights: list[Line] = []
    tests: list[Line] = []
    note: str = ""
    note_figure: str = ""

    _found: Suggestions | None = None
    _job: str = ""
    _symbols: dict[str, str] = {}

    @rx.event(background=True)
    @signed_in
    async def compute(self, viewer: Viewer) -> AsyncIterator[None]:
        """Compute the suggestions; the page stays usable, and says how far it is."""
        async with self:
            if self.working:
                return
            seat = await self._seat(viewer)
            self.problem, self.working, self.progress = "", True, 0
        yield
        try:
            job_id = await off_loop(optimiser.start, seat.view)
            job = optimiser.found(viewer.user_id, job_id)
            while not job.finished:
                await asyncio.sleep(_LOOK_SECONDS)
                job = optimiser.found(viewer.user_id, job_id)
                async with self:
                    self.progress = round(100 * job.done / job.total) if job.total else 0
            problem = job.error
            ground = await off_loop(risk.ground_of, seat.view)
        except SmartFolioError as error:
            problem, job, ground = error, None, None
        async with self:
            self.working = False
            figures = (await self._seat(viewer)).figures
            if problem is not None or job is None or ground is None:
                self.problem = error_text(figures.language, problem) if problem else ""
            else:
                self._found, self._job = job.result, job_id
                self._symbols = {one.asset.id: one.asset.symbol for one in ground.panel.exposures}
                self._fill(figures)

    @rx.event
    @signed_in
    async def take(self, viewer: Viewer, method: str) -> None:
        """Put a suggestion into the fields of the targets; it is kept when they are saved."""
        if self._found is None or method not in METHODS:
            return
        weights = {
            asset: Decimal(f"{weight:.6f}")
            for asset, weight in optimiser.as_weights(self._found, method).items()
        }
        page = await self.get_state(RebalancingState)
        await page._put(await self._seat(viewer), whole(weights), "asset")

    def _fill(self, figures: Figures) -> None:
        found = self._found
        if found is None:
            return
        columns = {PRESENT: (found.present, found.present_tested)}
        columns |= {one.method: (one.weights, one.tested) for one in found.ideas}

        def cell(column: str, measure: str, text: str) -> Cell:
            return Cell(text, figure_name(self._job, column, measure))

        self.weights = [
            Line(
                asset,
                self._symbols.get(asset) or symbol_of(asset),
                [
                    cell(name, f"weight:{asset}", figures.percent(exact(weights[at])))
                    for name, (weights, _) in columns.items()
                ],
            )
            for at, asset in enumerate(found.assets)
        ]
        self.tests = [
            Line(
                measure,
                figures.say(f"rebalancing.tested_{measure}"),
                [cell(name, measure, _measured(one, measure, figures)) for name, (_, one) in columns.items()],
            )
            for measure in MEASURES
        ]
        self.note_figure = figure_name(self._job, PRESENT, "growth")
        self.note = figures.say(
            "rebalancing.suggested_note",
            days=figures.count(found.days),
            train=figures.count(found.train_days),
            tested=figures.count(found.tested_days),
        )


def _measured(tested: OutOfSample, name: str, figures: Figures) -> str:
    value = exact(getattr(tested, name))
    if value is None:
        return UNKNOWN
    is_share = MEASURES[name] is Measure.SHARE
    return figures.percent(value, sign=name == "growth") if is_share else figures.ratio(value)
