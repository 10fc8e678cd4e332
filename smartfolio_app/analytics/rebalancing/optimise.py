"""Three ways of spreading risk, computed by skfolio, each with what it would have done on days it had not seen.

The walk forward: weights are fitted on ``train`` days, held (rebalanced daily, without costs) for ``HELD_DAYS``, fitted
anew on the days up to there, and so on. The present weights are held over the same days, so that the two compare.

skfolio is an optional extra: it is imported only when something is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.risk import dispersion
from smartfolio_app.analytics.risk.drawdowns import max_drawdown
from smartfolio_app.analytics.risk.tails import historical
from smartfolio_app.errors import SmartFolioError

#: Equal risk contribution, minimum variance, hierarchical risk parity (Lopez de Prado 2016); long only, fully invested.
METHODS = ("equal_risk", "minimum_variance", "hierarchical")
HELD_DAYS = 21
TRAIN_DAYS = 252
#: So many days for each asset: below that a sample covariance is mostly noise.
DAYS_AN_ASSET = 10
_SMALLEST = 1e-4

Progress = Callable[[str, int, int], None]


class NoSolutionError(SmartFolioError):
    """The optimiser found no weights for these histories; ``params``: ``method``."""

    status = 422


@dataclass(frozen=True, slots=True)
class OutOfSample:
    """What weights did out of sample: growth and volatility a year, Sharpe ratio (risk-free 0), deepest fall, mean of
    the worst 5 % of days, and the share that was exchanged at each refit (``None``: nothing was refitted).
    """

    growth: float | None
    volatility: float | None
    sharpe: float | None
    drawdown: float | None
    bad_day: float | None
    turnover: float | None


@dataclass(frozen=True, slots=True)
class Idea:
    """One method: its weights fitted on the last days (they sum to 1, in the order of the assets), and its test, with
    the weights ``fitted`` before each of its stretches.
    """

    method: str
    weights: tuple[float, ...]
    tested: OutOfSample
    fitted: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """All methods over ``days`` daily ``returns`` (days, assets); the last ``tested_days`` of them were the test."""

    assets: tuple[str, ...]
    present: tuple[float, ...]
    present_tested: OutOfSample
    ideas: tuple[Idea, ...]
    days: int
    train_days: int
    tested_days: int
    returns: FloatArray = field(repr=False)
    days_a_year: int


def train_days(days: int) -> int:
    """Return on how many of so many days weights are fitted: a year, or two thirds where there is less."""
    return min(TRAIN_DAYS, days * 2 // 3)


def most_assets(days: int) -> int:
    """Return how many assets so many days of history allow."""
    return train_days(days) // DAYS_AN_ASSET


def suggest(
    assets: tuple[str, ...],
    returns: FloatArray,
    present: FloatArray,
    days_a_year: int,
    progress: Progress = lambda _phase, _done, _total: None,
) -> Suggestions:
    """Return the ideas for ``returns`` (days, assets; every one known) beside the ``present`` weights (summing to 1).

    Raises:
        NoSolutionError: A method found no weights.
    """
    days = len(returns)
    train = train_days(days)
    starts = range(train, days, HELD_DAYS)
    total, done = len(METHODS) * (len(starts) + 1), 0
    ideas = []
    for method in METHODS:
        parts: list[FloatArray] = []
        fitted: list[FloatArray] = []
        for start in starts:
            weights = weights_of(method, returns[start - train : start])
            fitted.append(weights)
            parts.append(returns[start : start + HELD_DAYS] @ weights)
            done += 1
            progress("optimise", done, total)
        now = weights_of(method, returns[-train:])
        done += 1
        progress("optimise", done, total)
        ideas.append(
            Idea(
                method,
                tuple(now.tolist()),
                measured(np.concatenate(parts), days_a_year, fitted),
                tuple(tuple(one.tolist()) for one in fitted),
            )
        )
    return Suggestions(
        assets=assets,
        present=tuple(present.tolist()),
        present_tested=measured(returns[train:] @ present, days_a_year),
        ideas=tuple(ideas),
        days=days,
        train_days=train,
        tested_days=days - train,
        returns=returns,
        days_a_year=days_a_year,
    )


def weights_of(method: str, returns: FloatArray) -> FloatArray:
    """Return a method's weights for ``returns`` (days, assets); below 0.01 % is none, and they sum to 1.

    Raises:
        NoSolutionError: There are none.
    """
    from skfolio.exceptions import SkfolioError

    try:
        model = _model(method).fit(returns)
    except (SkfolioError, ValueError) as error:
        raise NoSolutionError("rebalance.no_solution", method=method) from error
    found = np.asarray(model.weights_, dtype=np.float64)
    found = np.where(found < _SMALLEST, 0.0, found)
    weights: FloatArray = found / found.sum()
    return weights


def _model(method: str) -> Any:
    from skfolio import RiskMeasure
    from skfolio.optimization import HierarchicalRiskParity, MeanRisk, RiskBudgeting

    makers = {
        "equal_risk": RiskBudgeting,
        "minimum_variance": MeanRisk,
        "hierarchical": HierarchicalRiskParity,
    }
    return makers[method](risk_measure=RiskMeasure.VARIANCE)


def measured(returns: FloatArray, days_a_year: int, fitted: Sequence[FloatArray] = ()) -> OutOfSample:
    """Return the figures of daily ``returns`` made by weights that were ``fitted`` one after the other."""
    moved = [float(np.abs(new - old).sum()) / 2 for old, new in pairwise(fitted)]
    return OutOfSample(
        growth=dispersion.annual_growth(returns, days_a_year),
        volatility=dispersion.volatility(returns, days_a_year),
        sharpe=dispersion.sharpe(returns, days_a_year),
        drawdown=max_drawdown(returns),
        bad_day=historical(returns, 0.95).cvar,
        turnover=float(np.mean(moved)) if moved else None,
    )
