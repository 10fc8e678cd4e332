"""The Gains page: what was realised, by which lots and method; what another method would say; what is not known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from functools import partial
from typing import ClassVar, NamedTuple
from urllib.parse import urlencode

import reflex as rx

from smartfolio_app.analytics.gain_reports import realised_figure
from smartfolio_app.ledger.gains import GainsReport
from smartfolio_app.ledger.lots import Policy
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import gains, user_settings
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.user_settings import METHODS, POOLINGS
from smartfolio_app.state.base import AppState, Option
from smartfolio_app.state.figures import UNKNOWN, Figures
from smartfolio_app.state.gains_rows import (
    MatchRow,
    SideRow,
    TotalRow,
    UnknownRow,
    asset_address,
    match_row,
    side_row,
    total_row,
    unknown_row,
)
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.listing import ListState
from smartfolio_app.state.notices import say
from smartfolio_app.state.seat import Seat, shows
from smartfolio_app.state.what_if import WhatIfState

#: What is offered as the rule for long term; others can be set through the API.
RULES = ("365d", "1y", "2y", "none")
SORTS = ("realised", "quantity", "proceeds", "gain")
PAGE_SIZE = 50
MOST_UNKNOWN = 12
EXPORT_PATH = "/api/portfolio/gains"


class _Listed(NamedTuple):
    page: int
    pages: int
    size: int
    total: int


@shows("/gains")
class GainsState(ListState, rx.State):
    """What the page shows. ``method``, ``pooling`` and ``rule`` are looked at, and kept only when the user says so."""

    loaded: bool = False
    is_empty: bool = False
    summary: str = ""

    years: list[Option] = []
    year: str = ""
    method: str = ""
    own_method: str = ""
    pooling: str = ""
    rule: str = ""
    differs: bool = False

    gain: str = ""
    gain_direction: str = "none"
    gain_figure: str = ""
    income_figure: str = ""
    long_term: str = ""
    short_term: str = ""
    has_terms: bool = True
    proceeds: str = ""
    cost: str = ""
    fees: str = ""
    income: str = ""
    unknown_count: str = ""
    unknown_proceeds: str = ""

    rows: list[MatchRow] = []
    by_year: list[TotalRow] = []
    by_asset: list[TotalRow] = []
    by_source: list[TotalRow] = []
    sides: list[SideRow] = []
    comparing: bool = True
    unknown: list[UnknownRow] = []
    more_unknown: str = ""

    year_methods: list[Option] = []
    choosing_years: bool = False

    sort: str = "realised"
    csv_address: str = EXPORT_PATH
    xlsx_address: str = EXPORT_PATH

    _sortable: ClassVar = frozenset(SORTS)
    _largest_first: ClassVar = frozenset(SORTS)

    @rx.event
    @signed_in
    async def choose(self, viewer: Viewer, name: str, value: str) -> AsyncIterator[None]:
        """Look at a year, by a method, a pooling or a rule."""
        allowed = {
            "year": {"", *(one.value for one in self.years)},
            "method": {"", *METHODS},
            "pooling": set(POOLINGS),
            "rule": {self.rule, *RULES},
        }
        if value not in allowed.get(name, ()):
            return
        setattr(self, name, value)
        self._page = 1
        seat = await self._seat(viewer)
        await self._show(seat)
        yield
        await self._later(seat)

    @rx.event
    @signed_in
    async def keep(self, viewer: Viewer, for_year: bool) -> AsyncIterator[None]:
        """Make what is looked at the user's own setting: the method for the chosen year alone, or for every year."""
        seat = await self._seat(viewer)
        changes: dict[str, object] = {"cost_basis_pooling": self.pooling, "long_term_rule": self.rule}
        if self.method and for_year and self.year:
            kept = await off_loop(user_settings.get, viewer.user_id)
            methods = {**Policy.parse(kept.policy).methods, int(self.year): self.method}
            changes["cost_basis_years"] = ";".join(f"{year}={one}" for year, one in methods.items())
        elif self.method:
            changes |= {"cost_basis_method": self.method, "cost_basis_years": ""}
        async for _ in self._keep(viewer, seat, changes):
            yield

    @rx.event
    @signed_in
    async def back(self, viewer: Viewer) -> AsyncIterator[None]:
        """Look by the user's own settings again."""
        self.method = self.pooling = self.rule = ""
        self._page = 1
        seat = await self._seat(viewer)
        await self._show(seat)
        yield
        await self._later(seat)

    @rx.event
    @signed_in
    def open_years(self) -> None:
        """Open the methods by year."""
        self.choosing_years = True

    @rx.event
    @signed_in
    def close_years(self) -> None:
        """Close them."""
        self.choosing_years = False

    @rx.event
    @signed_in
    async def choose_year_method(self, viewer: Viewer, year: str, method: str) -> AsyncIterator[None]:
        """Keep another method for one year; an empty one follows the general setting again."""
        if not year.isdecimal() or method not in ("", *METHODS):
            return
        seat = await self._seat(viewer)
        kept = await off_loop(user_settings.get, viewer.user_id)
        methods = {**Policy.parse(kept.policy).methods, int(year): method}
        text = ";".join(f"{number}={one}" for number, one in methods.items() if one)
        async for _ in self._keep(viewer, seat, {"cost_basis_years": text}):
            yield

    async def _keep(self, viewer: Viewer, seat: Seat, changes: dict[str, object]) -> AsyncIterator[None]:
        if not await self._done(seat, partial(user_settings.update, **changes), viewer.user_id):
            return
        self.method = self.pooling = self.rule = ""
        app = await self.get_state(AppState)
        await app._read_settings(viewer)
        async for _ in app._show(viewer):
            yield
        await say(self, seat.figures.say("gains.kept"))

    async def _show(self, seat: Seat) -> None:
        view, figures = seat.view, seat.figures
        kept = await off_loop(user_settings.get, seat.viewer.user_id)
        policy = Policy.parse(view.method)
        self.pooling = self.pooling or kept.cost_basis_pooling
        self.rule = self.rule or kept.long_term_rule
        everything = await off_loop(gains.report, view, self._query(whole=True))
        known_years = sorted(everything.report.by_year, reverse=True)
        self.years = [Option(str(year), str(year)) for year in known_years]
        if self.year not in {one.value for one in self.years}:
            self.year = ""
        found = everything
        if self.year:
            found = await off_loop(gains.report, view, self._query())
        number = int(self.year) if self.year else figures.moment_now().year
        self.own_method = policy.method_of(number).value
        self.differs = (
            self.method not in ("", self.own_method)
            or self.pooling != kept.cost_basis_pooling
            or self.rule != kept.long_term_rule
        )
        self.year_methods = [
            Option(str(year), str(policy.methods[year]) if year in policy.methods else "")
            for year in known_years
        ]
        self.gain_figure = realised_figure(self.year, found.policy, self.rule)
        self._fill_totals(found.report, figures)
        self._fill_lists(everything, found, figures)
        self.is_empty = not everything.report.total.count and not everything.unknown
        self.summary = figures.say(
            "gains.count", count=found.report.total.count, number=figures.count(found.report.total.count)
        )
        self._write_addresses(seat)
        self.comparing = True
        await (await self.get_state(WhatIfState))._offer(seat)
        self.loaded = True

    async def _later(self, seat: Seat) -> None:
        sides = await off_loop(gains.side_by_side, seat.view, self._query())
        current = self.method or self.own_method
        chosen = (self.year, self.rule)
        self.sides = [side_row(side, current, chosen, seat.figures) for side in sides]
        self.comparing = False

    def _query(self, *, whole: bool = False) -> gains.Query:
        year = int(self.year) if self.year and not whole else None
        return gains.Query(
            method=self.method,
            pooling=self.pooling,
            rule=self.rule,
            first=None if year is None else date(year, 1, 1),
            last=None if year is None else date(year, 12, 31),
        )

    def _fill_totals(self, report: GainsReport, figures: Figures) -> None:
        total = report.total
        some = total.count > total.unknown
        self.gain = figures.money(total.gain, sign=True) if some or not total.count else UNKNOWN
        self.gain_direction = figures.direction(total.gain) if some else "none"
        self.long_term = figures.money(total.long_term, sign=True)
        self.short_term = figures.money(total.short_term, sign=True)
        self.has_terms = self.rule != "none"
        self.proceeds, self.cost = figures.money(total.proceeds), figures.money(total.cost)
        self.fees, self.income = figures.money(total.fees), figures.money(total.income)
        earned = total.income or total.unknown_income
        self.income_figure = f"income:{self.year or 'all'}" if earned else self.gain_figure
        self.unknown_count = figures.count(total.unknown) if total.unknown else ""
        self.unknown_proceeds = (
            figures.say("gains.unknown_brought", amount=figures.money(total.unknown_proceeds))
            if total.unknown_proceeds
            else ""
        )

    def _fill_lists(self, everything: gains.Gains, found: gains.Gains, figures: Figures) -> None:
        report = found.report
        listed = report.rows.ordered(self.sort, descending=self.descending)
        pages = max(1, -(-len(listed) // PAGE_SIZE))
        page = max(1, min(self._page, pages))
        shown = listed[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        self.rows = [match_row(number, shown, found, figures) for number in range(len(shown))]
        self._turned(_Listed(page, pages, PAGE_SIZE, len(listed)), len(shown), figures)
        policy, rule = found.policy, self.rule
        self.by_year = [
            total_row(
                str(year),
                str(year),
                total,
                figures,
                figure=realised_figure(str(year), everything.policy, rule),
            )
            for year, total in sorted(everything.report.by_year.items(), reverse=True)
        ]
        largest = sorted(report.by_asset.items(), key=lambda one: -abs(one[1].gain))
        self.by_asset = [
            total_row(
                asset,
                found.assets[asset].symbol,
                total,
                figures,
                figure=realised_figure(self.year, policy, rule, "asset", asset),
                address=asset_address(asset),
            )
            for asset, total in largest[:12]
        ]
        self.by_source = [
            total_row(
                source,
                label,
                total,
                figures,
                figure=realised_figure(self.year, policy, rule, "source", key),
            )
            for source, total in report.by_source.items()
            for key, label in [found.sources.get(source, ("", source))]
        ]
        self.unknown = [
            unknown_row(number, one, found, figures)
            for number, one in enumerate(found.unknown[:MOST_UNKNOWN])
        ]
        rest = len(found.unknown) - MOST_UNKNOWN
        self.more_unknown = figures.say("gains.more_unknown", number=figures.count(rest)) if rest > 0 else ""

    def _write_addresses(self, seat: Seat) -> None:
        view, query = seat.view, self._query()
        asked = {
            "method": query.method,
            "scope": query.pooling,
            "rule": query.rule,
            "from": query.first.isoformat() if query.first else "",
            "to": query.last.isoformat() if query.last else "",
            "currency": view.currency,
            **{name: getattr(view.scope, name) for name in ("crypto", "stocks", "wealth")},
        }
        words = urlencode({name: value for name, value in asked.items() if value})
        self.csv_address = f"{EXPORT_PATH}?{words}&format=csv"
        self.xlsx_address = f"{EXPORT_PATH}?{words}&format=xlsx"
