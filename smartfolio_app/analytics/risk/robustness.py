"""The robustness score: how the household compares with what chance would have made of the same things.

Version 1. One thousand portfolios are drawn at random (fixed seed, all long, evenly over all mixes) from what is
held, cash, and the references that are known (bitcoin, a stock index), and looked at over the same days. Each part
is a percentile rank: the share of those portfolios that did worse, ties counting half. The score is 100 times the
mean of the four.

Each part measures something the others do not: the size of the moves, the shape of the worst days *against* that
size, how falls last *against* that size, and how evenly the risk is spread. No size is counted twice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from smartfolio_app.analytics.results import FloatArray

VERSION = "1"
PARTS = ("size", "shape", "persistence", "spread")
PORTFOLIOS = 1000
_SEED = 20240101
#: Fewer days than this, and a rank among them means nothing.
LEAST_DAYS = 60
_TAIL = 0.05


@dataclass(frozen=True, slots=True)
class Part:
    """One part: the household's own measure, the median of the random portfolios, and its rank among them (0..1)."""

    name: str
    own: float
    typical: float
    rank: float


@dataclass(frozen=True, slots=True)
class Robustness:
    """``score`` is 0 to 100, higher is more robust; ``assets`` is how many things the portfolios were drawn from."""

    score: float
    parts: tuple[Part, ...]
    portfolios: int
    assets: int
    version: str = VERSION


def robustness(returns: FloatArray, weights: FloatArray, days_a_year: int) -> Robustness | None:
    """Return the score of ``weights`` (assets,) among random mixes of the columns of ``returns`` (days, assets).

    ``returns`` are complete; cash is added here, as a column that never moves. ``None`` with too few days or assets, or
    where nothing moves.
    """
    days, assets = returns.shape
    if days < LEAST_DAYS or assets < 1 or not np.isfinite(returns).all():
        return None
    own = weights / np.abs(weights).sum()
    mixes = _mixes(assets)
    table = np.vstack([own, mixes]).T  # (assets, 1 + portfolios)
    measures = _measures(returns, table, days_a_year)
    if measures is None:
        return None
    parts = []
    for name, values in zip(PARTS, measures, strict=True):
        mine, others = float(values[0]), values[1:][np.isfinite(values[1:])]
        if not math.isfinite(mine) or not others.size:
            return None
        worse = float((others > mine).mean() + (others == mine).mean() / 2)
        parts.append(Part(name, mine, float(np.median(others)), worse))
    return Robustness(
        100 * math.fsum(part.rank for part in parts) / len(parts), tuple(parts), PORTFOLIOS, assets + 1
    )


def _mixes(assets: int) -> FloatArray:
    """Return random portfolios of ``assets`` and cash, shape (portfolios, assets); cash is what is left to 1.

    Each first draws how many things it holds, then which, then how much: one coin alone is as likely as a bit of
    everything.
    """
    rng = np.random.default_rng(_SEED)
    count = rng.integers(1, assets + 1, PORTFOLIOS, endpoint=True)
    place = rng.random((PORTFOLIOS, assets + 1)).argsort(axis=1).argsort(axis=1)
    drawn = np.where(place < count[:, None], rng.standard_exponential((PORTFOLIOS, assets + 1)), 0.0)
    return np.asarray((drawn / drawn.sum(axis=1, keepdims=True))[:, :assets])


def _measures(returns: FloatArray, table: FloatArray, days_a_year: int) -> tuple[FloatArray, ...] | None:
    """Return the four measures of each column of ``table``; of each, more is worse."""
    made = returns @ table
    deviation = made.std(axis=0, ddof=1)
    if deviation[0] <= 0:
        return None
    deviation = np.where(deviation > 0, deviation, np.nan)
    worst = max(1, int(len(made) * _TAIL))
    shortfall = -np.partition(made, worst - 1, axis=0)[:worst].mean(axis=0)
    growth = np.cumprod(1.0 + made, axis=0)
    below = growth / np.maximum(np.maximum.accumulate(growth, axis=0), 1.0) - 1.0
    ulcer = np.sqrt((below**2).mean(axis=0))
    covariance = np.atleast_2d(np.cov(returns, rowvar=False))
    contribution = table * (covariance @ table) / deviation**2
    spread = (contribution**2).sum(axis=0)  # 1 / effective number of risks
    annual = deviation * math.sqrt(days_a_year)
    return annual, shortfall / deviation, ulcer / annual, spread
