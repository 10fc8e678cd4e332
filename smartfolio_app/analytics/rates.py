"""Exchange rates between currencies, all through the euro: the ECB's reference rates say what 1 EUR is worth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from smartfolio_app.analytics.clock import (
    DAY_US,
    business_days_array,
    business_days_between,
    day_number,
    day_of,
    micros,
)
from smartfolio_app.analytics.quotes import NEVER, RatePoint, Series, series_of
from smartfolio_app.analytics.results import Rate
from smartfolio_app.ledger.money import divide, multiply

if TYPE_CHECKING:
    from collections.abc import Iterable


PIVOT = "EUR"
ONE = Decimal(1)
#: The ECB publishes around 16:00 CET.
_PUBLISHED = time(15, tzinfo=UTC)
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
    """What 1 EUR was worth in each currency on each day.

    A day's rate applies to its whole UTC day, as tax offices use it; a day without one (weekend, holiday) carries the
    last fixing, which is stale only when more than ``stale_after`` TARGET business days have passed.
    """

    def __init__(self, rates: Iterable[RatePoint], stale_after: int) -> None:
        rows: defaultdict[str, list[tuple[int, Decimal, str]]] = defaultdict(list)
        for point in rates:
            if point.rate > 0:  # a zero rate divides by nothing and is a hole in the source's file
                rows[point.currency].append((day_number(point.day), point.rate, point.provider))
        self._series: dict[str, Series] = {currency: series_of(points) for currency, points in rows.items()}
        self._stale_after = stale_after

    def knows(self, currency: str) -> bool:
        """Tell whether there is any rate for the currency."""
        return currency == PIVOT or currency in self._series

    def convert(self, base: str, quote: str, at: int) -> Conversion | None:
        """Return what 1 ``base`` was worth in ``quote`` on the day of ``at``; ``None`` when a rate is missing."""
        if base == quote:
            return Conversion(ONE, (), at, stale=False)
        today = at // DAY_US
        rates: list[Rate] = []
        oldest = today
        value = ONE
        for currency, inverted in ((base, True), (quote, False)):
            if currency == PIVOT:
                continue
            series = self._series.get(currency)
            index = -1 if series is None else series.last(today)
            if series is None or index < 0:
                return None
            observed = series.values[index]
            value = divide(value, observed) if inverted else multiply(value, observed)
            day = series.times[index]
            oldest = min(oldest, day)
            moment = datetime.combine(day_of(day), _PUBLISHED)
            rates.append(Rate(PIVOT, currency, observed, moment, series.providers[index]))
        stale = business_days_between(oldest, today) > self._stale_after
        return Conversion(value, tuple(rates), min(at, micros(min(rate.at for rate in rates))), stale)

    def convert_daily(self, base: str, quote: str, ends: NDArray[np.int64]) -> DailyConversion:
        """Do what ``convert`` does, for an array of instants (µs)."""
        value = np.ones(len(ends))
        at = ends.copy()
        if base == quote:
            return DailyConversion(value, at, np.ones(len(ends), dtype=np.bool_))
        today = ends // DAY_US
        oldest = today.copy()
        for currency, inverted in ((base, True), (quote, False)):
            if currency == PIVOT:
                continue
            series = self._series.get(currency)
            if series is None:
                missing = np.full(len(ends), np.nan)
                return DailyConversion(
                    missing, np.full(len(ends), NEVER), np.zeros(len(ends), dtype=np.bool_)
                )
            observed, day = series.on(today)
            value = value / observed if inverted else value * observed
            oldest = np.minimum(oldest, day)
        known = ~np.isnan(value)
        fresh = known & (business_days_array(oldest, today) <= self._stale_after)
        published = np.where(known, np.where(known, oldest, 0) * DAY_US + _PUBLISHED_US, NEVER)
        return DailyConversion(value, np.minimum(at, published), fresh)
