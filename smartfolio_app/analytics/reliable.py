"""From which day on a history may be drawn as what it was, rather than as old prices carried on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from smartfolio_app.analytics.results import FloatArray

#: A day counts as known when this share of what was held had a price that was not too old ...
LEAST_COVERAGE = 0.5
#: ... and so many days in a row that do not count are a gap no line should cross: a month of yesterday's prices.
LONGEST_GAP = 31


def reliable_from(coverage: FloatArray, least: float = LEAST_COVERAGE, gap: int = LONGEST_GAP) -> int:
    """Return the index of the first day after the last gap, ``len(coverage)`` when the series ends in one.

    ``coverage`` has shape (days,), 0 to 1; ``nan`` (nothing was held) is known: nothing is worth nothing.
    """
    unknown = np.flatnonzero(coverage < least)
    if unknown.size == 0:
        return 0
    breaks = np.flatnonzero(np.diff(unknown) > 1)
    starts = unknown[np.concatenate(([0], breaks + 1))]
    ends = unknown[np.concatenate((breaks, [unknown.size - 1]))]
    long = ends[ends - starts + 1 > gap]
    return int(long[-1]) + 1 if long.size else 0


def time_weighted(value: FloatArray, flows: FloatArray) -> float | None:
    """Return the time-weighted return of a daily series, flows taken at the end of their day; shape (days,) each.

    The product of ``(value - flow) / value of the day before`` over the days whose day before was worth something
    (GIPS, daily valuation); ``None`` when there is no such day.
    """
    before, after, flow = value[:-1], value[1:], flows[1:]
    usable = (before > 0) & np.isfinite(after) & np.isfinite(flow)
    if not usable.any():
        return None
    growth = (after[usable] - flow[usable]) / before[usable]
    return float(np.prod(growth)) - 1.0
