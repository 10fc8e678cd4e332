"""How bad a bad day is: value at risk and what lies beyond it.

All figures are returns (negative = loss) at a confidence such as 0.95: on 95 % of days the return is expected
to be better
than the VaR; CVaR is the mean of the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.risk.dispersion import excess_kurtosis, skewness
from smartfolio_app.analytics.risk.returns import known, over_days

if TYPE_CHECKING:
    from smartfolio_app.analytics.results import FloatArray

_NORMAL = NormalDist()

#: Fewer windows than this beyond the quantile, and the quantile is an anecdote.
LEAST_TAIL = 3


@dataclass(frozen=True, slots=True)
class TailRisk:
    """Value at risk and conditional value at risk of one model; ``reason`` says why they are ``None``."""

    model: str  # historical, parametric, cornish_fisher
    confidence: float
    days: int
    var: float | None
    cvar: float | None
    reason: str = ""


def historical(returns: FloatArray, confidence: float, days: int = 1) -> TailRisk:
    """The empirical quantile (linear interpolation) and the mean of the returns at or below it.

    For several days the returns of all overlapping windows are used, not a square root of time. CVaR averages
    the
    ``int((n - 1)(1 - confidence)) + 1`` worst, as empyrical does.
    """
    values = over_days(returns, days)
    if values.size * (1 - confidence) < LEAST_TAIL:
        return TailRisk("historical", confidence, days, None, None, "risk.too_short")
    worst = int((values.size - 1) * (1 - confidence))
    cvar = float(np.partition(values, worst)[: worst + 1].mean())
    return TailRisk("historical", confidence, days, float(np.quantile(values, 1 - confidence)), cvar)


def parametric(returns: FloatArray, confidence: float, days: int = 1) -> TailRisk:
    """Normal returns: ``mean * days + z * deviation * sqrt(days)``, and the closed form of its tail mean."""
    values = known(returns)
    if values.size < 30:
        return TailRisk("parametric", confidence, days, None, None, "risk.too_short")
    mean, deviation = float(values.mean()) * days, float(values.std(ddof=1)) * math.sqrt(days)
    z = _NORMAL.inv_cdf(1 - confidence)
    tail = mean - deviation * _NORMAL.pdf(z) / (1 - confidence)
    return TailRisk("parametric", confidence, days, mean + z * deviation, tail)


def cornish_fisher(returns: FloatArray, confidence: float, days: int = 1) -> TailRisk:
    """The normal quantile corrected for skewness S and excess kurtosis K (Favre and Galeano 2002).

    ``z + (z^2-1)S/6 + (z^3-3z)K/24 - (2z^3-5z)S^2/36``; over several days S falls with sqrt(days) and K with
    days. Outside the
    region where the expansion is monotone (Maillard 2012) it orders quantiles wrongly and is not given. CVaR
    is the mean of the
    expansion over the tail.
    """
    values = known(returns)
    if values.size < 60:
        return TailRisk("cornish_fisher", confidence, days, None, None, "risk.too_short")
    skew, kurtosis = skewness(values), excess_kurtosis(values)
    if skew is None or kurtosis is None:
        return TailRisk("cornish_fisher", confidence, days, None, None, "risk.no_movement")
    skew, kurtosis = skew / math.sqrt(days), kurtosis / days
    if not _is_monotone(skew, kurtosis):
        return TailRisk("cornish_fisher", confidence, days, None, None, "risk.cornish_fisher_domain")
    mean, deviation = float(values.mean()) * days, float(values.std(ddof=1)) * math.sqrt(days)
    var = mean + deviation * _expansion(_NORMAL.inv_cdf(1 - confidence), skew, kurtosis)
    steps = 400
    levels = [(1 - confidence) * (step + 0.5) / steps for step in range(steps)]
    tail = sum(_expansion(_NORMAL.inv_cdf(level), skew, kurtosis) for level in levels) / steps
    return TailRisk("cornish_fisher", confidence, days, var, mean + deviation * tail)


def _expansion(z: float, skew: float, kurtosis: float) -> float:
    return z + (z * z - 1) * skew / 6 + (z**3 - 3 * z) * kurtosis / 24 - (2 * z**3 - 5 * z) * skew * skew / 36


def _is_monotone(skew: float, kurtosis: float) -> bool:
    # The derivative in z is a z^2 + b z + c; it must not change sign.
    a = kurtosis / 8 - skew * skew / 6
    b = skew / 3
    c = 1 - kurtosis / 8 + 5 * skew * skew / 36
    if a == 0:
        return b == 0 and c > 0
    return a > 0 and b * b - 4 * a * c <= 0
