"""How much returns move, and what was earned for it.

Definitions follow empyrical-reloaded 0.7 (sample standard deviation, arithmetic mean in ratios, geometric
mean in Calmar).
Quantstats agrees but for CVaR; ffn counts years by the calendar and so differs in annual growth.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.risk.drawdowns import max_drawdown
from smartfolio_app.analytics.risk.returns import known

if TYPE_CHECKING:
    from smartfolio_app.analytics.results import FloatArray

#: Below this a series is constant but for rounding, and a ratio over its deviation means nothing.
_NO_MOVEMENT = 1e-15


def volatility(returns: FloatArray, days_a_year: int) -> float | None:
    """Annualised sample standard deviation; ``None`` with fewer than two returns."""
    values = known(returns)
    return float(values.std(ddof=1) * math.sqrt(days_a_year)) if values.size >= 2 else None


def downside_deviation(returns: FloatArray, days_a_year: int, target: float = 0.0) -> float | None:
    """Annualised root mean square of the shortfalls below the daily ``target``, over *all* days (Sortino)."""
    values = known(returns)
    if values.size < 2:
        return None
    shortfall = np.minimum(values - target, 0.0)
    return float(math.sqrt(float(np.mean(shortfall**2))) * math.sqrt(days_a_year))


def annual_growth(returns: FloatArray, days_a_year: int) -> float | None:
    """Compound growth a year, ``(1 + total)^(days_a_year / n) - 1``; ``None`` without returns or after total loss."""
    values = known(returns)
    if values.size == 0:
        return None
    total = float(np.prod(1.0 + values))
    return total ** (days_a_year / values.size) - 1.0 if total > 0 else None


def sharpe(returns: FloatArray, days_a_year: int, daily_risk_free: float = 0.0) -> float | None:
    """Mean excess return over its sample deviation, annualised (Sharpe 1994); ``None`` when nothing moved."""
    values = known(returns) - daily_risk_free
    if values.size < 2:
        return None
    deviation = float(values.std(ddof=1))
    if deviation < _NO_MOVEMENT:
        return None
    return float(values.mean()) / deviation * math.sqrt(days_a_year)


def sortino(returns: FloatArray, days_a_year: int, target: float = 0.0) -> float | None:
    """Annual mean excess return over the annual downside deviation; ``None`` when no day fell short."""
    deviation = downside_deviation(returns, days_a_year, target)
    if deviation is None or deviation < _NO_MOVEMENT:
        return None
    return float((known(returns) - target).mean()) * days_a_year / deviation


def calmar(returns: FloatArray, days_a_year: int) -> float | None:
    """Annual growth over the deepest drawdown; ``None`` when there was none."""
    growth, worst = annual_growth(returns, days_a_year), max_drawdown(returns)
    return None if growth is None or worst is None or worst == 0 else growth / abs(worst)


def skewness(returns: FloatArray) -> float | None:
    """Third standardised moment, population form; ``None`` when nothing moved."""
    return _standardised_moment(returns, 3)


def excess_kurtosis(returns: FloatArray) -> float | None:
    """Fourth standardised moment less 3, population form; ``None`` when nothing moved."""
    moment = _standardised_moment(returns, 4)
    return None if moment is None else moment - 3.0


def _standardised_moment(returns: FloatArray, order: int) -> float | None:
    values = known(returns)
    if values.size < 3:
        return None
    deviation = float(values.std())
    if deviation < _NO_MOVEMENT:
        return None
    return float(np.mean(((values - values.mean()) / deviation) ** order))
