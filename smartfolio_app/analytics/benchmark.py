"""What the same money would have become in something else: every flow put into one asset, on the same day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from smartfolio_app.analytics.clock import day_starts
from smartfolio_app.analytics.money_returns import linked, xirr
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.instants import micros

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from smartfolio_app.analytics.performance import PerformanceSeries
    from smartfolio_app.analytics.prices import PriceBook


#: So many days a comparison may begin late: a weekend and its holidays.
LATEST = 7


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The comparison over ``days``; ``value`` is the worth of the same flows in the asset, ``nan`` before its prices.

    ``rate`` is the asset's own return over the days (what a ``twr`` is compared with), ``xirr`` the money-weighted rate
    of the same flows (what an ``xirr`` is compared with); ``None`` where not known, or where its prices begin more than
    ``LATEST`` days after the first one: a return over half the time is none to compare with.
    """

    asset: AssetId
    days: tuple[date, ...]
    value: FloatArray
    price: FloatArray
    rate: float | None
    xirr: float | None


def benchmark(
    series: PerformanceSeries,
    prices: PriceBook,
    asset: AssetId,
    first: date,
    last: date,
    *,
    time_zone: str = "UTC",
    until: datetime | None = None,
) -> Benchmark:
    """Return what the portfolio's value at the end of ``first`` and its flows until ``last`` would be in ``asset``.

    Each flow buys (or sells) at the price of the end of its day, without fees. Flows of days before the asset's first
    fresh price wait for that price. More taken out than there would have been leaves a debt, honestly negative.
    """
    begin, end = series.number(first), series.number(last)
    days = series.days[begin : end + 1]
    ends = day_starts(days[0], days[-1], ZoneInfo(time_zone))[1:] - 1
    if until is not None:
        ends = np.minimum(ends, micros(until))
    found = prices.daily([asset], series.currency, ends)
    price = np.where(_begun(found.fresh[:, 0]), found.price[:, 0], np.nan)
    money = series.flows[begin : end + 1].copy()
    money[0] = series.value[begin]
    return same_money(asset, days, money, price)


def same_money(asset: AssetId, days: tuple[date, ...], money: FloatArray, price: FloatArray) -> Benchmark:
    """Return what ``money``, put in (+) or taken out (-) at the end of each of ``days``, becomes at these prices."""
    money = money.copy()
    known = np.flatnonzero(price > 0)
    if not len(known):
        nothing = np.full(len(days), np.nan)
        return Benchmark(asset, days, nothing, price, None, None)
    start = int(known[0])
    money[start] += money[:start].sum()
    money[:start] = 0.0
    units = np.cumsum(np.divide(money, price, out=np.zeros(len(days)), where=price > 0))
    value = np.where(price > 0, units * price, np.nan)
    if start > LATEST:
        return Benchmark(asset, days, value, price, None, None)
    dated = [(days[step], -float(amount)) for step, amount in enumerate(money) if amount]
    dated.append((days[-1], float(value[-1])))
    returns = price[start + 1 :] / price[start:-1] - 1.0
    return Benchmark(asset, days, value, price, linked(returns) if len(returns) else None, xirr(dated))


def _begun(fresh: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell from the first fresh price on; what another year's price would say of the days before is not known."""
    return np.logical_or.accumulate(fresh)
