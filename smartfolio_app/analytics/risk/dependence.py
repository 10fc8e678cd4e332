"""How assets move together, and who contributes what to the risk of the whole.

Matrices are (assets x assets), returns (days x assets), weights (assets,) summing to 1 over what is measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.risk.returns import aligned

#: So many complete days for each asset make a history long: beyond, shrinking changes next to nothing.
LONG_HISTORY = 10


@dataclass(frozen=True, slots=True)
class Covariance:
    """A daily covariance matrix; ``shrinkage`` (0..1) is how far it was pulled towards its target."""

    matrix: FloatArray
    shrinkage: float
    days: int


@dataclass(frozen=True, slots=True)
class RiskShares:
    """Annual volatility of the whole and each asset's part of it (parts sum to the volatility)."""

    volatility: float
    contribution: FloatArray
    diversification_ratio: float


def complete_days(returns: FloatArray) -> FloatArray:
    """Return the rows on which every asset has a return."""
    return returns[np.isfinite(returns).all(axis=1)]


def sample_covariance(returns: FloatArray) -> Covariance | None:
    """The unbiased sample covariance over the complete days; ``None`` with fewer than two."""
    rows = complete_days(returns)
    if rows.shape[0] < 2:
        return None
    return Covariance(np.atleast_2d(np.cov(rows, rowvar=False)), 0.0, rows.shape[0])


def shrunk_covariance(returns: FloatArray) -> Covariance | None:
    """Ledoit and Wolf (2004), "A well-conditioned estimator": towards the mean variance times the identity.

    The intensity is estimated from the data; it is near 0 with long history and near 1 with little. The
    sample matrix here is
    the population form (divided by n), as in the paper.
    """
    rows = complete_days(returns)
    days, assets = rows.shape
    if days < 2:
        return None
    centred = rows - rows.mean(axis=0)
    sample = centred.T @ centred / days
    mean_variance = float(np.trace(sample)) / assets
    target = mean_variance * np.eye(assets)
    distance = float(((sample - target) ** 2).sum()) / assets
    if distance == 0:
        return Covariance(sample, 0.0, days)
    squares = centred**2
    noise = float((squares.T @ squares / days - sample**2).sum()) / days / assets
    intensity = min(1.0, max(0.0, noise / distance))
    return Covariance(intensity * target + (1 - intensity) * sample, intensity, days)


def aligned_covariance(returns: FloatArray) -> Covariance | None:
    """The sample covariance where history is long, else one with its correlations shrunk; shape of ``returns``'
    columns.

    With fewer than ``LONG_HISTORY`` complete days for each asset, correlations are pulled towards none at all by
    Ledoit and Wolf's intensity, estimated on the standardised returns; each asset keeps its own sample variance,
    because pulling a stablecoin's towards a small coin's would be wrong. ``None`` with fewer than two complete days.
    """
    found = sample_covariance(returns)
    if found is None or found.days >= LONG_HISTORY * returns.shape[1]:
        return found
    rows = complete_days(returns)
    deviation = rows.std(axis=0, ddof=1)
    moving = deviation > 0
    if moving.sum() < 2:
        return found
    shrunk = shrunk_covariance(rows[:, moving] / deviation[moving])
    if shrunk is None:
        return found
    matrix = np.zeros_like(found.matrix)
    scale = np.outer(deviation[moving], deviation[moving])
    matrix[np.ix_(moving, moving)] = correlation(shrunk.matrix) * scale
    return Covariance(matrix, shrunk.shrinkage, found.days)


def correlation(covariance: FloatArray) -> FloatArray:
    """The correlations of a covariance matrix; ``nan`` for an asset that does not move."""
    deviation = np.sqrt(np.diag(covariance))
    scale = np.where(deviation > 0, deviation, np.nan)
    matrix: FloatArray = np.clip(covariance / np.outer(scale, scale), -1.0, 1.0)
    return matrix


def beta(returns: FloatArray, benchmark: FloatArray) -> float | None:
    """Covariance with the benchmark over the benchmark's variance, on the days both are known."""
    mine, market = aligned(returns, benchmark)
    if mine.size < 2:
        return None
    matrix = np.cov(mine, market)
    return float(matrix[0, 1] / matrix[1, 1]) if matrix[1, 1] > 0 else None


def risk_shares(covariance: FloatArray, weights: FloatArray, days_a_year: int) -> RiskShares | None:
    """Euler decomposition of volatility: ``w_i (C w)_i / sigma``; and weighted mean volatility over the
    volatility.

    ``None`` when the whole does not move (all in one stable asset, or a perfect hedge).
    """
    marginal = covariance @ weights
    variance = float(weights @ marginal)
    if variance <= 0:
        return None
    scale = math.sqrt(days_a_year)
    daily = math.sqrt(variance)
    alone = float(np.abs(weights) @ np.sqrt(np.diag(covariance)))
    return RiskShares(daily * scale, weights * marginal / daily * scale, alone / daily)


def herfindahl(weights: FloatArray) -> float | None:
    """Herfindahl-Hirschman index of the shares, 1/n (even) to 1 (all in one); ``None`` when there is nothing."""
    gross = float(np.abs(weights).sum())
    return float(((np.abs(weights) / gross) ** 2).sum()) if gross > 0 else None


def effective_assets(weights: FloatArray) -> float | None:
    """How many equal holdings would be as concentrated: the inverse of the Herfindahl index."""
    index = herfindahl(weights)
    return None if index is None else 1.0 / index
