"""How well it went: returns, gains, contributions, drawdowns and a benchmark, for any scope and period."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from smartfolio_app.analytics.clock import day_starts
from smartfolio_app.analytics.currency_effect import Exposures, exposures
from smartfolio_app.analytics.flows import Flows, flows_of
from smartfolio_app.analytics.grid import Grid, make_grid
from smartfolio_app.analytics.history import first_day
from smartfolio_app.analytics.money_returns import (
    DAYS_A_YEAR,
    annualised,
    daily_returns,
    linked,
    modified_dietz,
    simple_return,
    xirr,
)
from smartfolio_app.analytics.periods import Period, period_start
from smartfolio_app.analytics.reliable import known_share, returns_from, weights
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.risk.drawdowns import Drawdown, deepest, falls, underwater
from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.instants import micros

if TYPE_CHECKING:
    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.analytics.scope import Scope


@dataclass(frozen=True, slots=True)
class Performance:
    """One period, from the end of ``first`` to the end of ``last``; amounts in the series' currency, rates as ratios.

    ``gain`` = ``end`` - ``start`` - ``flows``: what the market, income and costs made together. ``twr`` is
    time-weighted (how good the choices were), ``xirr`` money-weighted and a year (how good the timing was as well),
    ``None`` where it has no solution. ``annualised`` is the ``twr`` a year, ``None`` for less than a year. Of a period
    without a day (``first`` is ``last``) nothing but its value is known. ``fx`` is the part of the gain that exchange
    rates alone made (``currency_effect``).
    """

    first: date
    last: date
    start: float
    end: float
    flows: float | None
    gain: float | None
    income: float | None
    fees: float | None
    simple: float | None
    dietz: float | None
    twr: float | None
    annualised: float | None
    xirr: float | None
    fx: float | None = None


@dataclass(frozen=True, slots=True)
class Contribution:
    """One asset's part of a period's gain; ``share`` is of what was put to work over all assets, so shares add up."""

    asset: AssetId
    gain: float
    share: float | None


@dataclass(frozen=True, slots=True)
class PerformanceSeries:
    """Everything performance is computed from, by day from the eve of the ledger's first day on; shape (days,).

    ``index`` is the time-weighted worth of 1 put in on the first day, ``below`` the distance of the index from its peak
    (0 or negative), ``gains`` the gain of each asset and day, shape (days, assets). ``known`` is the share of what was
    held, by worth, that had a price of its time (``reliable.known_share``). ``exposures`` is what lay in foreign
    currencies.
    """

    days: tuple[date, ...]
    currency: str
    value: FloatArray
    flows: FloatArray
    income: FloatArray
    fees: FloatArray
    returns: FloatArray  # of each day after the first
    index: FloatArray
    below: FloatArray
    assets: tuple[AssetId, ...]
    gains: FloatArray = field(repr=False)
    known: FloatArray
    exposures: Exposures = field(repr=False)

    def number(self, day: date) -> int:
        """Return the row of a day, the nearest there is."""
        return min(max((day - self.days[0]).days, 0), len(self.days) - 1)

    def known_from(self, first: date) -> date:
        """Return the first day, ``first`` or later, from whose end on a return tells what was."""
        return self.days[returns_from(self.known, self.flows, self.number(first))]

    def between(self, first: date, last: date) -> Performance:
        """Return the performance from the end of ``first`` to the end of ``last``."""
        begin, end = self.number(first), self.number(last)
        start_value, end_value = float(self.value[begin]), float(self.value[end])
        days = end - begin
        if not days:
            return Performance(self.days[begin], self.days[end], start_value, end_value, *(None,) * 10)
        flow = self.flows[begin + 1 : end + 1]
        returns = self.returns[begin:end]
        worked = bool((self.value[begin : end + 1] > 0).any())
        twr = linked(returns) if worked else None
        dated = [(self.days[begin], -start_value)]
        dated += [(self.days[begin + 1 + step], -float(amount)) for step, amount in enumerate(flow) if amount]
        dated.append((self.days[end], end_value))
        return Performance(
            first=self.days[begin],
            last=self.days[end],
            start=start_value,
            end=end_value,
            flows=float(flow.sum()),
            gain=end_value - start_value - float(flow.sum()),
            income=float(self.income[begin + 1 : end + 1].sum()),
            fees=float(self.fees[begin + 1 : end + 1].sum()),
            simple=simple_return(start_value, end_value, flow),
            dietz=modified_dietz(start_value, end_value, flow),
            twr=twr,
            annualised=annualised(twr, days) if twr is not None and days >= DAYS_A_YEAR else None,
            xirr=xirr(dated),
            fx=float(self.exposures.effect[begin + 1 : end + 1].sum()),
        )

    def period(self, period: Period) -> Performance:
        """Return the performance of a period that ends on the last day."""
        return self.between(
            period_start(period, self.days[-1], self.days[0] + timedelta(days=1)), self.days[-1]
        )

    def contributions(self, first: date, last: date) -> list[Contribution]:
        """Return each asset's part of the gain between the ends of two days, the largest first."""
        begin, end = self.number(first), self.number(last)
        gains = self.gains[begin + 1 : end + 1].sum(axis=0)
        base = float(self.value[begin]) + float(np.maximum(self.flows[begin + 1 : end + 1], 0.0).sum())
        found = [
            Contribution(asset, float(gain), float(gain) / base if base > 0 else None)
            for asset, gain in zip(self.assets, gains, strict=True)
            if gain
        ]
        return sorted(found, key=lambda one: (-one.gain, one.asset))

    def drawdown(self, first: date, last: date) -> Drawdown | None:
        """Return the deepest fall of the index between two days, ``None`` when it never fell."""
        begin, end = self.number(first), self.number(last)
        return deepest(self.returns[begin:end], self.days[begin : end + 1])

    def drawdowns(self, first: date, last: date, count: int = 5) -> list[Drawdown]:
        """Return the deepest falls of the index between two days, the deepest first."""
        begin, end = self.number(first), self.number(last)
        return falls(self.returns[begin:end], self.days[begin : end + 1], count)


def performance_series(
    ledger: LedgerView,
    prices: PriceBook,
    scope: Scope,
    currency: str,
    last: date,
    *,
    time_zone: str = "UTC",
    until: datetime | None = None,
) -> PerformanceSeries:
    """Return the series from the eve of the ledger's first day to ``last`` (of today: at ``until``).

    Raises:
        UnknownSourceError: a transaction or a statement names a source that is not among ``ledger.sources``.
        zoneinfo.ZoneInfoNotFoundError: there is no such time zone.
    """
    zone = ZoneInfo(time_zone)
    first = min(first_day(ledger, zone) or last, last) - timedelta(days=1)
    ends = day_starts(first, last, zone)[1:] - 1
    if until is not None:
        ends = np.minimum(ends, micros(until))
    grid, moved = make_grid(ledger, prices, scope, currency, ends, zone=zone)
    flows = flows_of(ledger, grid, moved, zone)
    by_column = grid.values()
    value, external = by_column.sum(axis=1), flows.external.sum(axis=1)
    returns = daily_returns(value, external)
    assets, gains = _gains_by_asset(grid, flows)
    return PerformanceSeries(
        days=tuple(first + timedelta(days=step) for step in range(len(ends))),
        currency=currency,
        value=value,
        flows=external,
        income=flows.income.sum(axis=1),
        fees=flows.costs.sum(axis=1),
        returns=returns,
        index=np.concatenate([[1.0], np.cumprod(1.0 + returns)]),
        below=underwater(returns),
        assets=assets,
        gains=gains,
        known=known_share(weights(grid), grid.held, grid.fresh),
        exposures=exposures(grid, by_column),
    )


def _gains_by_asset(grid: Grid, flows: Flows) -> tuple[tuple[AssetId, ...], FloatArray]:
    """Return what each asset gained each day: the change of its worth less what flows and trades brought or took."""
    values = grid.values()
    gains = -flows.external - flows.exchanged
    gains += values
    gains[1:] -= values[:-1]
    names = [column.asset.id for column in grid.columns]
    assets = tuple(dict.fromkeys(names))
    if len(assets) == len(names):
        return assets, gains
    merged = np.zeros((len(grid.ends), len(assets)))
    for index, name in enumerate(names):
        merged[:, assets.index(name)] += gains[:, index]
    return assets, merged
