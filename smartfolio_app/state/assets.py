"""The page of one asset: where it is, its lots and transactions, who tells its price, its own transfers."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import reflex as rx

from smartfolio_app.errors import NotFoundError
from smartfolio_app.i18n import error_text
from smartfolio_app.ledger.assets import AssetClass, is_fiat
from smartfolio_app.ledger.money import ZERO, divide, multiply, plain
from smartfolio_app.providers import registry
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import assets, gains, own_transfers, pricing, transactions
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.transactions import Filter
from smartfolio_app.state.asset_evidence import EvidenceState
from smartfolio_app.state.base import AppState
from smartfolio_app.state.figures import Figures, direction
from smartfolio_app.state.gains_rows import LotRow, lot_row, transactions_address
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.holdings_rows import badge
from smartfolio_app.state.notices import say
from smartfolio_app.state.seat import PageState, Seat, shows
from smartfolio_app.state.timeline import Timeline
from smartfolio_app.state.transactions_rows import TransactionRow, transaction_row
from smartfolio_app.state.transfers_rows import PairRow, pair_row
from smartfolio_app.state.typed_prices import keep_price
from smartfolio_app.state.what_if import WhatIfState

RANGES = {"1m": 30, "3m": 91, "1y": 365, "all": 0}
MOST_LOTS = 100
MOST_TRANSACTIONS = 15
MOST_TRANSFERS = 10
_PREFIX = "/assets/"


@dataclass
class PlaceLine:
    """A quantity in one place."""

    id: str = ""
    source: str = ""
    account: str = ""
    quantity: str = ""
    value: str = ""
    share: str = ""


@dataclass
class PriceSourceRow:
    """Who tells the price, what, and how long ago."""

    provider: str = ""
    price: str = ""
    age: str = ""
    when: str = ""
    since: str = ""


@dataclass
class OwnPriceRow:
    """A price typed in by hand."""

    day: str = ""
    shown: str = ""
    price: str = ""


@shows("/assets/[asset_code]")
class AssetState(PageState, rx.State):
    """What the page shows of the asset in its address."""

    loaded: bool = False
    missing: str = ""
    id: str = ""
    symbol: str = ""
    name: str = ""
    badge: str = ""
    kind: str = ""
    isin: str = ""

    held: bool = False
    quantity: str = ""
    value: str = ""
    price: str = ""
    age: str = ""
    stale: bool = False
    today: str = ""
    today_share: str = ""
    today_direction: str = "none"
    cost: str = ""
    average: str = ""
    gain: str = ""
    gain_share: str = ""
    gain_direction: str = "none"
    realised: str = ""
    realised_direction: str = "none"
    income: str = ""
    figure: str = ""
    cost_figure: str = ""
    gain_figure: str = ""
    price_figure: str = ""
    today_figure: str = ""
    realised_figure: str = ""
    income_figure: str = ""
    move_figure: str = ""

    range: str = "1y"
    line: Timeline = Timeline()
    places: list[PlaceLine] = []
    sources: list[PriceSourceRow] = []
    own_prices: list[OwnPriceRow] = []
    can_be_priced: bool = False
    lots: list[LotRow] = []
    has_lots: bool = False
    more_lots: str = ""
    rows: list[TransactionRow] = []
    transactions_address: str = "/transactions"
    transactions_text: str = ""
    pairs: list[PairRow] = []
    loose: str = ""
    transfers_address: str = "/transfers"

    pricing_open: bool = False
    price_problem: str = ""
    today_day: str = ""

    @rx.event
    @signed_in
    async def choose_range(self, viewer: Viewer, chosen: str) -> None:
        """Look at another stretch of the price."""
        if chosen in RANGES:
            self.range = chosen
            await self._draw(await self._seat(viewer))

    @rx.event
    @signed_in
    def open_pricing(self) -> None:
        """Open the form that sets a price by hand."""
        self.pricing_open, self.price_problem = True, ""

    @rx.event
    @signed_in
    def close_pricing(self) -> None:
        """Close it, keeping nothing."""
        self.pricing_open = False

    @rx.event
    @signed_in
    async def set_price(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[None]:
        """Keep the price that was typed, for this user alone."""
        seat = await self._seat(viewer)
        self.price_problem = await keep_price(seat, self.id, form)
        if self.price_problem:
            return
        self.pricing_open = False
        async for _ in (await self.get_state(AppState))._show(viewer):
            yield
        await say(self, seat.figures.say("holdings.price_saved", symbol=self.symbol))

    @rx.event
    @signed_in
    async def remove_price(self, viewer: Viewer, day: str) -> AsyncIterator[None]:
        """Take back a price that was set by hand."""
        if day not in {one.day for one in self.own_prices}:
            return
        await off_loop(pricing.remove_manual_price, viewer.user_id, self.id, date.fromisoformat(day))
        async for _ in (await self.get_state(AppState))._show(viewer):
            yield

    async def _show(self, seat: Seat) -> None:
        asset = unquote(self.router.url.path.removeprefix(_PREFIX)).strip("/")
        if asset != self.id:
            self.reset()
            self.id = asset
        try:
            found = await off_loop(assets.picture, seat.view, asset)
        except NotFoundError as error:
            self.missing, self.loaded = error_text(seat.figures.language, error), True
            return
        self.missing = ""
        self._fill_head(found, seat.figures)
        self._fill_prices(found, seat.figures)
        doubts = await self.get_state(EvidenceState)
        await doubts._about(seat, found, can_be_priced=self.can_be_priced)
        await self._fill_lots(seat)
        await self._fill_records(seat)
        await self._draw(seat)
        self.loaded = True

    def _fill_head(self, found: assets.AssetPicture, figures: Figures) -> None:
        asset, held = found.asset, found.holdings
        self.symbol, self.badge, self.isin = asset.symbol, badge(asset), asset.isin
        self.name = asset.name if asset.name != asset.symbol else ""
        self.kind = figures.say(f"explain.class.{asset.asset_class.value}")
        self.held = bool(held)
        self.can_be_priced = not is_fiat(asset.id) and asset.asset_class is not AssetClass.ITEM
        quantity = sum((one.quantity for one in held), ZERO)
        values = [one.value for one in held if one.value is not None]
        value = sum(values, ZERO) if values else None
        costs = [one.cost_basis for one in held]
        cost = None if not costs or None in costs else sum((one for one in costs if one is not None), ZERO)
        moved = [one.change_today for one in held if one.change_today is not None]
        gained = None if value is None or cost is None else value - cost
        self.quantity, self.value = figures.quantity(quantity), figures.money(value)
        self.cost = figures.money(cost) if cost is not None else ""
        self.average = figures.price(divide(cost, quantity)) if cost is not None and quantity else ""
        self.gain, self.gain_direction = figures.money(gained, sign=True), figures.direction(gained)
        self.gain_share = (
            figures.percent(divide(gained, cost), sign=True) if gained is not None and cost else ""
        )
        today = sum(moved, ZERO) if moved else None
        self.today_figure = "" if today is None else f"change_today:{asset.id}"
        self.today, self.today_direction = figures.money(today, sign=True), figures.direction(today)
        share = held[0].change_today_pct if len(held) == 1 else None
        self.today_share = figures.percent(share, sign=True, decimals=2) if share is not None else ""
        done = found.realised
        known = done.count > done.unknown
        self.realised = figures.money(done.gain, sign=True) if known else ""
        self.realised_direction = figures.direction(done.gain) if known else "none"
        self.realised_figure = f"realised:all:::asset:{asset.id}" if known else ""
        self.income_figure = f"income:{asset.id}"
        self.income = figures.money(done.income) if done.income else ""
        self.figure, self.cost_figure = f"holding:{asset.id}", f"cost_basis:{asset.id}"
        self.gain_figure = f"unrealised:{asset.id}"
        self._fill_places(found, quantity, figures)

    def _fill_places(self, found: assets.AssetPicture, quantity: Decimal, figures: Figures) -> None:
        self.places = [
            PlaceLine(
                id=f"{number}",
                source=found.labels.get(place.source_key, place.source_key),
                account=place.account if place.account != found.labels.get(place.source_key) else "",
                quantity=figures.quantity(place.quantity),
                value=figures.money(None if one.price is None else multiply(place.quantity, one.price.value)),
                share=figures.percent(divide(place.quantity, quantity)) if quantity else "",
            )
            for number, (one, place) in enumerate(
                (one, place) for one in found.holdings for place in one.positions
            )
        ]

    def _fill_prices(self, found: assets.AssetPicture, figures: Figures) -> None:
        price = found.price
        self.price = figures.price(price.value) if price is not None else ""
        self.price_figure = f"price:{found.asset.id}"
        self.age = figures.ago(price.quoted_at) if price is not None and price.path else ""
        self.stale = price is not None and price.stale
        self.sources = [
            PriceSourceRow(
                provider=provider_name(one.provider, figures),
                price=figures.price(one.price, one.currency),
                age=figures.ago(one.at),
                when=figures.moment(one.at),
                since=figures.say(
                    "assets.kept_since", day=figures.day(one.since), number=figures.count(one.days)
                )
                if one.since is not None
                else "",
            )
            for one in found.sources
        ]
        self.own_prices = [
            OwnPriceRow(
                day=one.at.date().isoformat(),
                shown=figures.day(one.at.date()),
                price=figures.price(one.price, one.currency),
            )
            for one in reversed(found.own_prices)
        ]
        self.today_day = datetime.now(UTC).date().isoformat()

    async def _fill_lots(self, seat: Seat) -> None:
        figures = seat.figures
        self.lots, self.more_lots, self.has_lots = [], "", False
        sale = await self.get_state(WhatIfState)
        if not self.can_be_priced:
            await sale._about(seat, "")
            return
        try:
            found = await off_loop(gains.open_lots, seat.view, self.id)
        except NotFoundError:
            await sale._about(seat, "")
            return
        self.lots = [lot_row(one, figures) for one in found.lots[:MOST_LOTS]]
        self.has_lots = bool(found.lots)
        rest = len(found.lots) - MOST_LOTS
        self.more_lots = figures.say("gains.more_lots", number=figures.count(rest)) if rest > 0 else ""
        await sale._offer(seat, only=self.id)

    async def _fill_records(self, seat: Seat) -> None:
        user, figures = seat.viewer.user_id, seat.figures
        page = await off_loop(transactions.listing, user, Filter(asset=self.id), size=MOST_TRANSACTIONS)
        self.rows = [transaction_row(one, page.assets, figures, warned=False) for one in page.entries]
        self.transactions_address = transactions_address(self.id)
        self.transactions_text = figures.say(
            "assets.all_transactions", count=page.total, number=figures.count(page.total)
        )
        moved = await off_loop(own_transfers.listing, user, self.id)
        self.pairs = [pair_row(one, moved, figures) for one in moved.matched[:MOST_TRANSFERS]]
        loose = len(moved.left) + len(moved.arrived)
        self.loose = figures.say("assets.loose", count=loose, number=figures.count(loose)) if loose else ""
        self.transfers_address = f"/transfers?asset={self.id}"

    async def _draw(self, seat: Seat) -> None:
        days = RANGES[self.range]
        first = (datetime.now(UTC) - timedelta(days=days)).date() if days else None
        try:
            found = await off_loop(assets.price_line, seat.view, self.id, first)
        except NotFoundError:
            self.line, self.move_figure = Timeline(), ""
            return
        line, self.move_figure = price_timeline(found, seat.figures), ""
        if line.times:
            first, last = (datetime.fromtimestamp(at, UTC).date() for at in (line.times[0], line.times[-1]))
            line.figure_of_day, self.move_figure = f"price:{self.id}:", f"price:{self.id}:{first}..{last}"
        self.line = line


def price_timeline(found: assets.PriceLine, figures: Figures) -> Timeline:
    """Return the drawn line of a price. A price tells nothing about how much there is, so privacy leaves it."""
    points = list(zip(found.times, found.prices, strict=True))
    begin = next((number for number, (_, price) in enumerate(points) if not math.isnan(price)), len(points))
    points = points[begin:]
    if len(points) < 2:
        return Timeline()
    step = max(1, math.ceil(len(points) / 730))
    kept = [*points[:-1:step], points[-1]]
    first, last = _exact(kept[0][1]), _exact(kept[-1][1])
    shown = replace(figures, privacy=False)
    moved = last - first
    return Timeline(
        times=[int(at.timestamp()) for at, _ in kept],
        values=[None if math.isnan(price) else price for _, price in kept],
        labels=[shown.price(_exact(price)) if not math.isnan(price) else "" for _, price in kept],
        dates=[shown.day(at.date()) for at, _ in kept],
        summary=shown.say(
            "assets.chart_summary",
            first=shown.price(first),
            start=shown.day(kept[0][0].date()),
            last=shown.price(last),
        ),
        change=shown.price(moved) if moved >= 0 else f"−{shown.price(-moved)}",
        change_pct=shown.percent(divide(moved, first), sign=True) if first else "",
        direction=direction(moved),
    )


def provider_name(provider: str, figures: Figures) -> str:
    """Return a price provider as a person knows it."""
    from smartfolio_app.analytics.explain_steps import provider_name as named

    told = named(provider)
    return figures.say_or_text(told if told != provider else registry.label_of(provider))


def _exact(value: float) -> Decimal:
    return Decimal(plain(Decimal(repr(value))))
