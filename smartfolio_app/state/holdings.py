"""The Holdings page: searched, grouped, sorted and paged on the server; where things are; what has no price."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

import reflex as rx

from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import holdings, wealth
from smartfolio_app.services.holdings import GROUPINGS, Query
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state.base import AppState
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.holdings_rows import (
    HoldingRow,
    PlaceRow,
    UnpricedRow,
    holding_rows,
    place_row,
    unpriced_row,
)
from smartfolio_app.state.listing import ListState
from smartfolio_app.state.notices import say, say_gone
from smartfolio_app.state.seat import Seat, shows
from smartfolio_app.state.typed_prices import keep_price

#: What can be sorted by, and the message key of its name.
SORTS = {
    "symbol": "holdings.asset",
    "price": "holdings.price",
    "quantity": "holdings.quantity",
    "value": "holdings.value",
    "share": "holdings.share",
    "cost_basis": "holdings.cost_basis",
    "unrealised": "holdings.unrealised",
    "change_today": "holdings.today",
}
EXPORT_PATH = "/api/portfolio/holdings.csv"
#: How many of what has no price are listed before one asks for more, and how many more come each time.
UNPRICED_AT_FIRST = 10
UNPRICED_MORE = 50


@shows("/holdings", live=True)
class HoldingsState(ListState, rx.State):
    """The page of the table on screen, what it is narrowed to, and the asset that is opened or priced."""

    loaded: bool = False
    is_empty: bool = False
    summary: str = ""
    hidden: str = ""
    threshold: str = ""
    rows: list[HoldingRow] = []
    unpriced: list[UnpricedRow] = []
    unpriced_more: str = ""

    sort: str = "value"
    group_by: str = ""
    hide_small: bool = False

    opened: str = ""
    places: list[PlaceRow] = []
    export_address: str = EXPORT_PATH

    priced_asset: str = ""
    priced_symbol: str = ""
    price_problem: str = ""
    today: str = ""

    _sortable: ClassVar = frozenset(SORTS)
    _largest_first: ClassVar = frozenset(SORTS) - {"symbol"}
    _unpriced_shown: int = UNPRICED_AT_FIRST

    @rx.event
    @signed_in
    async def choose_grouping(self, viewer: Viewer, group_by: str) -> None:
        """Group the rows, or do not."""
        if group_by in GROUPINGS:
            self.group_by, self._page, self.opened = group_by, 1, ""
            await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def hide_small_balances(self, viewer: Viewer, hide: bool) -> None:
        """Leave out what is worth less than the threshold, or show it."""
        self.hide_small, self._page = hide, 1
        await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def clear_filters(self, viewer: Viewer) -> None:
        """Show everything again."""
        self.search, self.hide_small, self._page = "", False, 1
        await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def open_places(self, viewer: Viewer, row_id: str) -> None:
        """Show where an asset is, or fold that away again."""
        self.opened = "" if self.opened == row_id else row_id
        await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def show_more_unpriced(self, viewer: Viewer) -> None:
        """List more of what has no price."""
        self._unpriced_shown += UNPRICED_MORE
        await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def ask_price(self, asset: str) -> None:
        """Open the form that sets a price by hand."""
        chosen = next((one for one in self.unpriced if one.id == asset), UnpricedRow())
        self.priced_asset, self.priced_symbol, self.price_problem = chosen.id, chosen.symbol, ""
        if not chosen.id:
            await say_gone(self)

    @rx.event
    @signed_in
    def close_price(self) -> None:
        """Close the form, keeping nothing."""
        self.priced_asset = ""

    @rx.event
    @signed_in
    async def set_price(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[None]:
        """Keep the price that was typed, for this user alone."""
        seat = await self._seat(viewer)
        self.price_problem = await keep_price(seat, self.priced_asset, form)
        if self.price_problem:
            return
        symbol, self.priced_asset = self.priced_symbol, ""
        app = await self.get_state(AppState)
        async for _ in app._show(viewer):
            yield
        await say(self, seat.figures.say("holdings.price_saved", symbol=symbol))

    async def _show(self, seat: Seat) -> None:
        view, figures = seat.view, seat.figures
        query = Query(
            search=self.search,
            sort=self.sort,
            descending=self.descending,
            group_by=self.group_by,
            hide_small=self.hide_small,
            page=self._page,
        )
        table = await off_loop(holdings.table, view, query)
        whole = await off_loop(wealth.portfolio, view)
        limit = await off_loop(holdings.threshold, view)
        known = await off_loop(wealth.basis, view.user_id)
        labels = {source.key: source.label for source in known.ledger.sources.values()}
        self.rows = holding_rows(table, labels, self.group_by, figures, searched=bool(self.search))
        opened = [row for row in table.rows if f"{row.section}|{row.asset.id}" == self.opened]
        self.places = [place_row(one, row, labels, figures) for row in opened for one in row.positions]
        self.opened = self.opened if opened else ""
        unpriced = [row for row in whole.holdings if row.value is None]
        self.unpriced = [unpriced_row(row, figures) for row in unpriced[: self._unpriced_shown]]
        left = len(unpriced) - len(self.unpriced)
        self.unpriced_more = (
            figures.say("holdings.unpriced_more", count=left, number=figures.count(left)) if left else ""
        )
        self.is_empty = not whole.holdings
        count = len(whole.holdings)
        self.summary = figures.say("holdings.count", count=count, number=figures.count(count))
        self.hidden = (
            figures.say("holdings.hidden", count=table.hidden, number=figures.count(table.hidden))
            if table.hidden
            else ""
        )
        self.threshold = figures.money(limit) if limit is not None else ""
        self._turned(table, len(table.rows), figures)
        scope = {name: getattr(view.scope, name) for name in ("crypto", "stocks", "wealth")}
        self.export_address = f"{EXPORT_PATH}?{urlencode({**scope, 'currency': view.currency})}"
        self.today = datetime.now(UTC).date().isoformat()
        self.loaded = True
