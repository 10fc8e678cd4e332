"""The components of the market's mood, day by day: what each says, and the number the model is given of it.

A day's components use nothing later than that day's last instant. A day on which one is not known has none:
nothing is carried over or interpolated. (A security's close stands while its exchange is shut; those days are told
apart by ``traded``, and have no components of their own.)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from smartfolio_app.analytics.results import FloatArray

if TYPE_CHECKING:
    from collections.abc import Callable

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

FEAR_GREED, FUNDING, TREND, VOLATILITY, BREADTH = NAMES = (
    "fear_greed",
    "funding",
    "trend",
    "volatility",
    "breadth",
)

#: Days of the mean that a price is compared with.
TREND_DAYS = 100
#: Days of returns that a realised volatility is of; coins trade on every day of the year.
VOLATILITY_DAYS = 30
DAYS_A_YEAR = 365
#: Days of funding rates that are averaged.
FUNDING_DAYS = 3
#: Days among which a value is ranked, and how many of them have to be known.
RANK_DAYS = 365
LEAST_RANKED = 120
#: Coins that have to be known before their breadth says anything.
LEAST_COINS = 5


@dataclass(frozen=True, slots=True)
class Daily:
    """What is known of a subject, on consecutive UTC days: ``days`` (T,) as day numbers, every other array with ``nan``
    where nothing is known.

    ``close`` (T,) is the subject's, ``coins`` (T, n) are the closes of the assets that breadth is about, ``funding``
    (T,) is the mean of the rates settled on the day, as fractions. ``traded`` (T,) tells the days on which the subject
    is traded, where those are not all.
    """

    days: IntArray = field(repr=False)
    close: FloatArray = field(repr=False)
    fear_greed: FloatArray = field(repr=False)
    funding: FloatArray = field(repr=False)
    coins: FloatArray = field(repr=False)
    traded: BoolArray | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class Component:
    """One component: ``value`` (T,) as people read it, ``feature`` (T,) as the model does, and its ``rank`` (T,) among
    the days of a year where it has one (0..1).
    """

    name: str
    value: FloatArray = field(repr=False)
    feature: FloatArray = field(repr=False)
    rank: FloatArray | None = field(repr=False, default=None)

    def on(self, days: BoolArray) -> Component:
        """Return the component as it is on some days alone."""
        value, feature = (np.where(days, row, np.nan) for row in (self.value, self.feature))
        return Component(
            self.name, value, feature, None if self.rank is None else np.where(days, self.rank, np.nan)
        )


def components(known: Daily) -> tuple[Component, ...]:
    """Return every component, whether anything is known of it or not."""
    rates = trailing_mean(known.funding, FUNDING_DAYS)
    rates_rank = trailing_rank(rates)
    moves = realised_volatility(known.close)
    moves_rank = trailing_rank(moves)
    trend = known.close / trailing_mean(known.close, TREND_DAYS) - 1.0
    breadth = breadth_of(known.coins)
    found = (
        Component(FEAR_GREED, known.fear_greed, known.fear_greed / 100.0),
        Component(FUNDING, rates, rates_rank, rates_rank),
        Component(TREND, trend, trend),
        Component(VOLATILITY, moves, moves_rank, moves_rank),
        Component(BREADTH, breadth, breadth),
    )
    return found if known.traded is None else tuple(one.on(known.traded) for one in found)


def trailing_mean(values: FloatArray, days: int) -> FloatArray:
    """Return the mean of the last ``days`` values, ``nan`` where one of them is missing."""
    return _over_windows(values, days, lambda windows: np.asarray(windows.mean(axis=1)))


def trailing_rank(values: FloatArray, days: int = RANK_DAYS, least: int = LEAST_RANKED) -> FloatArray:
    """Return which share of the known values of the last ``days`` are not above each value, itself among them."""
    padded = np.concatenate([np.full(days - 1, np.nan), values])
    if not len(values):
        return values
    windows = sliding_window_view(padded, days)
    known = np.isfinite(windows).sum(axis=1)
    below = (windows <= values[:, None]).sum(axis=1)
    enough = np.isfinite(values) & (known >= least)
    return np.asarray(np.divide(below, known, out=np.full(len(values), np.nan), where=enough))


def realised_volatility(
    close: FloatArray, days: int = VOLATILITY_DAYS, a_year: int = DAYS_A_YEAR
) -> FloatArray:
    """Return the standard deviation of the last ``days`` daily log returns, a year."""
    returns = np.concatenate([[np.nan], np.diff(np.log(close))]) if len(close) else close
    return _over_windows(
        returns, days, lambda windows: np.asarray(windows.std(axis=1, ddof=1) * np.sqrt(a_year))
    )


def breadth_of(coins: FloatArray) -> FloatArray:
    """Return the share of the coins that close above their own mean, where enough of them are known."""
    if not coins.size:
        return np.full(len(coins), np.nan)
    means = np.column_stack([trailing_mean(coins[:, at], TREND_DAYS) for at in range(coins.shape[1])])
    known = np.isfinite(coins) & np.isfinite(means)
    count = known.sum(axis=1)
    above = (known & (coins > means)).sum(axis=1)
    return np.asarray(np.divide(above, count, out=np.full(len(coins), np.nan), where=count >= LEAST_COINS))


def _over_windows(values: FloatArray, days: int, measure: Callable[[FloatArray], FloatArray]) -> FloatArray:
    found = np.full(len(values), np.nan)
    if len(values) >= days:
        found[days - 1 :] = measure(sliding_window_view(values, days))
    return found
