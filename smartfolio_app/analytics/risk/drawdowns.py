"""Falls from a peak: how deep, how long, and whether they are over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.risk.returns import MisalignedSeriesError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smartfolio_app.analytics.results import FloatArray


@dataclass(frozen=True, slots=True)
class Drawdown:
    """One fall: ``depth`` is negative; ``recovered`` is ``None`` while the old peak has not been reached again."""

    depth: float
    peak: date
    trough: date
    recovered: date | None


def wealth(returns: FloatArray) -> FloatArray:
    """Return the growth of 1 invested before the first return, shape (n + 1,); an unknown return changes nothing."""
    steps = np.where(np.isfinite(returns), returns, 0.0)
    return np.concatenate(([1.0], np.cumprod(1.0 + steps)))


def underwater(returns: FloatArray) -> FloatArray:
    """Return the distance from the running peak, shape (n + 1,), between -1 and 0."""
    value = wealth(returns)
    return value / np.maximum.accumulate(value) - 1.0


def max_drawdown(returns: FloatArray) -> float | None:
    """The deepest distance from a running peak (negative, 0 when it only rose); ``None`` without returns."""
    return float(underwater(returns).min()) if np.isfinite(returns).any() else None


def current_drawdown(returns: FloatArray) -> float | None:
    """The distance from the running peak at the end; ``None`` without returns."""
    return float(underwater(returns)[-1]) if np.isfinite(returns).any() else None


def ulcer_index(returns: FloatArray) -> float | None:
    """Root mean square of the drawdowns (Martin 1989), over the days of the returns and over n - 1.

    The day before the first return is left out and the divisor is n - 1, as in quantstats.
    """
    below = underwater(returns)[1:]
    return math.sqrt(float(np.sum(below**2)) / (below.size - 1)) if below.size >= 2 else None


def deepest(returns: FloatArray, days: Sequence[date]) -> Drawdown | None:
    """Return the deepest fall with its dates, or ``None`` when the series never fell.

    ``days`` names the points of the wealth curve, so there is one more of them than returns.

    Raises:
        MisalignedSeriesError: ``days`` and ``returns`` do not fit.
    """
    value = wealth(returns)
    if len(days) != value.size:
        raise MisalignedSeriesError(f"{len(days)} days for {value.size} points")
    below = value / np.maximum.accumulate(value) - 1.0
    trough = int(below.argmin())
    if below[trough] == 0:
        return None
    peak = int(value[: trough + 1].argmax())
    again = np.flatnonzero(value[trough:] >= value[peak])
    recovered = days[trough + int(again[0])] if again.size else None
    return Drawdown(float(below[trough]), days[peak], days[trough], recovered)


def falls(returns: FloatArray, days: Sequence[date], count: int = 5) -> list[Drawdown]:
    """Return the deepest falls, each from a peak to where that peak was reached again, the deepest first.

    Raises:
        MisalignedSeriesError: ``days`` and ``returns`` do not fit.
    """
    below = underwater(returns)
    if len(days) != below.size:
        raise MisalignedSeriesError(f"{len(days)} days for {below.size} points")
    under = np.concatenate(([False], below < 0, [False]))
    starts, ends = (np.flatnonzero(np.diff(under.astype(np.int8)) == step) for step in (1, -1))
    found = [
        Drawdown(
            float(below[start:end].min()),
            days[start - 1],
            days[start + int(below[start:end].argmin())],
            days[end] if end < below.size else None,
        )
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    return sorted(found, key=lambda fall: (fall.depth, fall.peak))[:count]
