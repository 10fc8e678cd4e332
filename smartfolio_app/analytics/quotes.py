"""Observed prices and rates as the price book takes them in, and how old they may get."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from smartfolio_app.analytics.floats import as_floats
from smartfolio_app.ledger.assets import AssetId

if TYPE_CHECKING:
    from collections.abc import Sequence


#: Prices derived from the user's own trades: evidence where no market price is known, never a rival of one.
TRADE_PROVIDER = "trade"
#: Prices the user typed in: on their day they win over every other.
MANUAL_PROVIDER = "manual"


@dataclass(frozen=True, slots=True)
class PricePoint:
    """1 ``asset`` = ``price`` ``currency`` at ``at``, told by ``provider``; the currency is an ISO code or a coin."""

    asset: AssetId
    currency: str
    price: Decimal
    at: datetime
    provider: str


@dataclass(frozen=True, slots=True)
class RatePoint:
    """1 EUR = ``rate`` ``currency``, the reference rate of ``day``."""

    currency: str
    day: date
    rate: Decimal
    provider: str = "ecb"


@dataclass(frozen=True, slots=True)
class Staleness:
    """From what age on a price is called stale.

    ``crypto`` for coins now; ``crypto_daily`` for coins on past days (one price a day is all there is);
    ``securities_days`` and ``fx_days`` count TARGET business days, so that a Friday's close is not stale on Sunday;
    ``item`` for valuations of wealth items.
    """

    crypto: timedelta = timedelta(hours=1)
    crypto_daily: timedelta = timedelta(hours=36)
    securities_days: int = 2
    fx_days: int = 1
    item: timedelta = timedelta(days=366)


@dataclass(slots=True)
class Series:
    """Observations of one thing in one currency, by time: parallel lists, and the same as arrays when asked for.

    Times are microseconds (prices) or day numbers (rates); they ascend and do not repeat.
    """

    times: list[int]
    values: list[Decimal]
    providers: list[str]
    _arrays: tuple[NDArray[np.int64], NDArray[np.float64]] | None = field(default=None, repr=False)

    def last(self, at: int) -> int:
        """Return the index of the newest observation not later than ``at``, or -1."""
        return bisect_right(self.times, at) - 1

    def arrays(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return times and values as arrays, made once."""
        if self._arrays is None:
            self._arrays = (
                np.fromiter(self.times, dtype=np.int64, count=len(self.times)),
                as_floats(self.values),
            )
        return self._arrays

    def on(self, ends: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return value and time of the newest observation at each of ``ends``; before any, ``nan`` and ``NEVER``."""
        times, values = self.arrays()
        index = np.searchsorted(times, ends, side="right") - 1
        known = index >= 0
        safe = np.maximum(index, 0)
        return np.where(known, values[safe], np.nan), np.where(known, times[safe], NEVER)


#: A time before all times; far enough from the limit that differences do not overflow.
NEVER = -(2**62)


def series_of(rows: Sequence[tuple[int, Decimal, str]]) -> Series:
    """Return a series of (time, value, provider) rows in any order.

    Of rows at one time the user's own word wins (``manual``, then ``file``), then the provider last in the alphabet: an
    arbitrary choice, but the same whatever the order of the rows.
    """
    ordered = sorted(rows, key=lambda row: (row[0], _RANK.get(row[2], 0), row[2], row[1]))
    newest = {row[0]: row for row in ordered}
    return Series(list(newest), [row[1] for row in newest.values()], [row[2] for row in newest.values()])


_RANK = {MANUAL_PROVIDER: 2, "file": 1}
