"""The dashboard's state."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx
from sqlmodel import Session

from smartfolio_app.analytics.results import Breakdown, Holding, Portfolio
from smartfolio_app.i18n.format import MoneyParts
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import wealth
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.user_settings import ANCHORS
from smartfolio_app.state import dashboard_view as view
from smartfolio_app.state import decision_tiles
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.seat import PageState, Seat, shows
from smartfolio_app.state.timeline import RANGES, Timeline, day_line, first_day, timeline

#: The ways of spreading that are offered; ``services.wealth`` knows more.
SPLITS = ("group", "class", "source", "currency")


#: The map of holdings is laid out twice, for a desk and for a phone: width and height in pixels.
MAP_WIDE = (1308, 320)
MAP_TALL = (358, 420)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything the dashboard shows of the present, read in one go."""

    portfolio: Portfolio
    parts: list[Breakdown]
    gainers: list[Holding]
    losers: list[Holding]


def gather(db: Session, seen: wealth.View, split: str) -> Gathered:
    """Read what the dashboard shows of the present."""
    gainers, losers = wealth.movers(db, seen, view.MOVERS)
    return Gathered(wealth.portfolio(db, seen), wealth.allocation(db, seen, split), gainers, losers)


def shown_of(db: Session, seat: Seat, split: str) -> dict[str, Any]:
    """Return what the dashboard shows of the present, by the state's fields. It is written beside the event loop."""
    found, figures = gather(db, seat.view, split), seat.figures
    portfolio = found.portfolio
    slices, whole = view.ring(found.parts, split, figures)
    concerns = view.concerns(portfolio, figures)
    left = len(concerns) - len(concerns[: view.CONCERNS])
    return {
        "empty": not portfolio.holdings,
        "net": figures.parts(portfolio.total),
        "tiles": view.tiles(portfolio, figures),
        "today": view.today(portfolio.change, figures),
        "slices": slices,
        "whole": whole,
        "top": view.top_holdings(portfolio, figures),
        "gainers": view.asset_rows(found.gainers, portfolio, figures),
        "losers": view.asset_rows(found.losers, portfolio, figures),
        "map_wide": view.heat_map(portfolio, figures, *MAP_WIDE),
        "map_tall": view.heat_map(portfolio, figures, *MAP_TALL),
        "concerns": concerns[: view.CONCERNS],
        "more_concerns": figures.say("dashboard.more_concerns", count=left) if left else "",
        "moves_known": portfolio.change.total is not None,
    }


def line_of(db: Session, seat: Seat, chosen: str) -> Timeline:
    """Return the line of a range: of hours, or of days. Two thousand points are written: nothing for the event loop."""
    if chosen in wealth.INTRADAY:
        return day_line(wealth.line(db, seat.view, chosen), seat.figures)
    today = datetime.now(ZoneInfo(seat.view.time_zone)).date()
    return timeline(wealth.history(db, seat.view, first=first_day(chosen, today)), seat.figures)


@shows("/", live=True)
class DashboardState(PageState, rx.State):
    """What the dashboard shows, as text."""

    filled: bool = False
    empty: bool = False

    net: MoneyParts = MoneyParts("", "", "")
    range: str = "1y"
    line: Timeline = Timeline()
    tiles: list[view.Tile] = []
    today: view.Today = view.Today()
    anchor: str = "midnight"
    split: str = "group"
    slices: list[view.Slice] = []
    whole: str = ""
    top: list[view.AssetRow] = []
    gainers: list[view.AssetRow] = []
    losers: list[view.AssetRow] = []
    map_wide: list[view.Field] = []
    map_tall: list[view.Field] = []
    concerns: list[view.Concern] = []
    more_concerns: str = ""
    moves_known: bool = False
    outlook: dict[str, decision_tiles.DecisionTile] = decision_tiles.waiting()

    @rx.event
    @signed_in
    async def choose_range(self, viewer: Viewer, chosen: str) -> None:
        """Show another stretch of the history."""
        if chosen in RANGES:
            self.range = chosen
            await self._draw(await self._seat(viewer))

    @rx.event
    @signed_in
    async def choose_split(self, viewer: Viewer, split: str) -> None:
        """Spread the allocation by group, class, source or currency."""
        if split in SPLITS:
            self.split = split
            seat = await self._seat(viewer)
            parts = await off_loop(wealth.allocation, seat.view, split)
            self.slices, self.whole = view.ring(parts, split, seat.figures)

    @rx.event
    @signed_in
    async def choose_anchor(self, viewer: Viewer, anchor: str) -> AsyncIterator[None]:
        """Count today's change from midnight, the previous snapshot or the previous close; the bar follows."""
        from smartfolio_app.state.base import AppState

        if anchor in ANCHORS:
            app = await self.get_state(AppState)
            await app._keep(viewer, pnl_anchor=anchor)
            app._anchor = anchor
            async for _ in app._show(viewer):
                yield

    async def _show(self, seat: Seat) -> None:
        for name, value in (await off_loop(shown_of, seat, self.split)).items():
            setattr(self, name, value)
        self.anchor = seat.view.anchor
        self.filled = True

    async def _later(self, seat: Seat) -> None:
        if not self.empty:
            await self._draw(seat)
            self.outlook = await off_loop(decision_tiles.read, seat.view, seat.figures)

    async def _draw(self, seat: Seat) -> None:
        self.line = await off_loop(line_of, seat, self.range)
