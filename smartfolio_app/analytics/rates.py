"""Exchange rates between currencies, all through the euro: the ECB's reference rates say what 1 EUR is worth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from smartfolio_app.analytics.clock import (
    DAY_US,
    Microseconds,
    business_days_array,
    business_days_between,
    day_number,
    instant,
)
from smartfolio_app.analytics.quotes import NEVER, RatePoint, Series, series_of
from smartfolio_app.analytics.results import Rate
from smartfolio_app.ledger.money import divide, multiply

if TYPE_CHECKING:
    from collections.abc import Iterable


PIVOT = "EUR"
ONE = Decimal(1)
#: The ECB publishes around 16:00 CET.
_PUBLISHED_US = 15 * 3_600_000_000


@dataclass(frozen=True, slots=True)
class Conversion:
    """1 unit of one currency = ``value`` of another: by which rates, the oldest's time (µs), and whether it is stale.

    ``rates`` are as observed (1 EUR = ...), not inverted, so that they can be compared with what the source publishes.
    """

    value: Decimal
    rates: tuple[Rate, ...]
    at: int
    stale: bool


@dataclass(frozen=True, slots=True)
class DailyConversion:
    """The same for many instants: ``value`` (``nan`` if unknown), oldest time ``at`` and ``fresh``, each shape (n,)."""

    value: NDArray[np.float64]
    at: NDArray[np.int64]
    fresh: NDArray[np.bool_]


class RateTable:
    """What 1 EUR was worth in each currency.

    A day's rate counts from its publication (15:00 UTC) until the next one; before the very first publication its own
    day may use it already. A rate that has been carried over more than ``stale_after`` TARGET business days is stale:
    never on a weekend, nor on the Monday before the new rate is out.
    """

    def __init__(self, rates: Iterable[RatePoint], stale_after: int) -> None:
        rows: defaultdict[str, list[tuple[int, Decimal, str]]] = defaultdict(list)
        for point in rates:
            if point.rate > 0:  # a zero rate divides by nothing and is a hole in the source's file
                published = day_number(point.day) * DAY_US + _PUBLISHED_US
                rows[point.currency].append((published, point.rate, point.provider))
        self._series: dict[str, Series] = {currency: series_of(points) for currency, points in rows.items()}
        self._stale_after = stale_after

    def knows(self, currency: str) -> bool:
        """Tell whether there is any rate for the currency."""
        return currency == PIVOT or currency in self._series

    def observed(self, currency: str, ends: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell on which of the UTC days before ``ends`` a reference rate of the currency was published."""
        series = self._series.get(currency)
        if series is None:  # the pivot is worth itself every day; of any other nothing is known
            return np.full(len(ends), currency == PIVOT, dtype=np.bool_)
        return np.asarray(series.on(ends)[1] > ends - DAY_US, dtype=np.bool_)

    def convert(self, base: str, quote: str, at: Microseconds) -> Conversion | None:
        """Return what 1 ``base`` was worth in ``quote`` at ``at``; ``None`` when a rate is missing."""
        if base == quote:
            return Conversion(ONE, (), at, stale=False)
        rates: list[Rate] = []
        oldest = at
        value = ONE
        for currency, inverted in ((base, True), (quote, False)):
            if currency == PIVOT:
                continue
            series = self._series.get(currency)
            if series is None:
                return None
            index = max(series.last(at), 0)
            published = series.times[index]
            if published > at and published // DAY_US > at // DAY_US:
                return None
            observed = series.values[index]
            value = divide(value, observed) if inverted else multiply(value, observed)
            oldest = min(oldest, published)
            rates.append(Rate(PIVOT, currency, observed, instant(published), series.providers[index]))
        stale = business_days_between(oldest // DAY_US, at // DAY_US) > self._stale_after
        return Conversion(value, tuple(rates), oldest, stale)

    def convert_daily(self, base: str, quote: str, ends: NDArray[np.int64]) -> DailyConversion:
        """Do what ``convert`` does, for an array of instants (µs)."""
        value = np.ones(len(ends))
        oldest = ends.copy()
        known = np.ones(len(ends), dtype=np.bool_)
        for currency, inverted in ((base, True), (quote, False)):
            if currency == PIVOT or base == quote:
                continue
            series = self._series.get(currency)
            if series is None:
                known[:] = False
                continue
            times, observed = series.arrays()
            index = np.maximum(np.searchsorted(times, ends, side="right") - 1, 0)
            published = times[index]
            known &= published // DAY_US <= ends // DAY_US
            value = value / observed[index] if inverted else value * observed[index]
            oldest = np.minimum(oldest, published)
        fresh = known & (business_days_array(oldest // DAY_US, ends // DAY_US) <= self._stale_after)
        return DailyConversion(np.where(known, value, np.nan), np.where(known, oldest, NEVER), fresh)
