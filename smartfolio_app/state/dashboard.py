"""The dashboard's state."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import reflex as rx

from smartfolio_app.analytics import allocation
from smartfolio_app.analytics.results import Breakdown, Portfolio
from smartfolio_app.i18n.format import MoneyParts
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.user_settings import ANCHORS
from smartfolio_app.state import dashboard_view as view
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.seat import PageState, Seat, shows
from smartfolio_app.state.timeline import RANGES, Timeline, first_day, timeline

SPLITS = {
    "group": allocation.by_group,
    "class": allocation.by_class,
    "source": allocation.by_source,
    "currency": allocation.by_currency,
}


@shows("/")
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
    concerns: list[view.Concern] = []

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
        from smartfolio_app.services import wealth

        if split in SPLITS:
            self.split = split
            seat = await self._seat(viewer)
            self._spread(await off_loop(wealth.portfolio, seat.view), seat)

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
        from smartfolio_app.services import wealth

        portfolio = await off_loop(wealth.portfolio, seat.view)
        figures = seat.figures
        self.empty = not portfolio.holdings
        self.net = figures.parts(portfolio.total)
        self.tiles = view.tiles(portfolio, figures)
        self.today = view.today(portfolio.change, figures)
        self.anchor = seat.view.anchor
        self._spread(portfolio, seat)
        self.top = view.top_holdings(portfolio, figures)
        self.gainers, self.losers = view.movers(portfolio, figures)
        self.concerns = view.concerns(portfolio, figures)
        if not self.empty:
            await self._draw(seat)
        self.filled = True

    def _spread(self, portfolio: Portfolio, seat: Seat) -> None:
        parts: Iterable[Breakdown] = SPLITS[self.split](portfolio)
        self.slices, self.whole = view.ring(parts, self.split, seat.figures)

    async def _draw(self, seat: Seat) -> None:
        from smartfolio_app.services import wealth

        today = datetime.now(ZoneInfo(seat.view.time_zone)).date()
        found = await off_loop(
            wealth.history, seat.view, first=first_day(self.range, today), last=today, by=None
        )
        self.line = timeline(found, seat.figures)
