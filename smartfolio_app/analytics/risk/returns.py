"""From prices to returns: simple, close to close, and never across a gap that was filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from smartfolio_app.analytics.results import FloatArray

#: Days a year on which an asset's price can move; the factor that makes a daily figure annual.
CRYPTO_DAYS = 365
EXCHANGE_DAYS = 252


class MisalignedSeriesError(ValueError):
    """Two series that must describe the same days do not have the same length."""


def simple_returns(prices: FloatArray) -> FloatArray:
    """Return ``p[t] / p[t-1] - 1``, shape (n - 1,); a day with a missing or non-positive price gives ``nan``."""
    if prices.size < 2:
        return np.empty(0)
    before, after = prices[:-1], prices[1:]
    known = (before > 0) & (after > 0)
    return np.where(known, after / np.where(known, before, 1.0) - 1.0, np.nan)


def known(returns: FloatArray) -> FloatArray:
    """Return the finite values only."""
    return returns[np.isfinite(returns)]


def aligned(left: FloatArray, right: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the days on which both series are known; raise ``MisalignedSeriesError`` for unequal lengths."""
    if left.shape != right.shape:
        raise MisalignedSeriesError(f"{left.shape} against {right.shape}")
    both = np.isfinite(left) & np.isfinite(right)
    return left[both], right[both]


def over_days(returns: FloatArray, days: int) -> FloatArray:
    """Return the compounded returns of every overlapping window of ``days`` returns, shape (n - days + 1,)."""
    values = known(returns)
    if days < 1 or values.size < days:
        return np.empty(0)
    growth = np.concatenate(([0.0], np.cumsum(np.log1p(np.maximum(values, -1.0 + 1e-12)))))
    compounded: FloatArray = np.expm1(growth[days:] - growth[:-days])
    return compounded
