"""The risk dashboard grades itself: did losses exceed the VaR as often as it said, and not in bunches?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.risk.returns import known

if TYPE_CHECKING:
    from collections.abc import Callable

    from smartfolio_app.analytics.results import FloatArray
    from smartfolio_app.analytics.risk.tails import TailRisk

    Model = Callable[[FloatArray, float], TailRisk]

#: A model is called failed when the chance of such breaches under a right model is below this.
SIGNIFICANCE = 0.05


@dataclass(frozen=True, slots=True)
class Backtest:
    """One model's record out of sample: each day's VaR was computed from the days before it only.

    ``kupiec_p`` is the p-value of unconditional coverage (Kupiec 1995, chi-square with 1 degree of freedom),
    ``independence_p`` that of independence of breaches and ``conditional_p`` of both together (Christoffersen
    1998; 1 and 2
    degrees of freedom). ``verdict`` is ``passed``, ``failed`` or ``too_short``.
    """

    days: int
    breaches: int
    expected: float
    kupiec_p: float | None
    independence_p: float | None
    conditional_p: float | None
    verdict: str


def backtest(returns: FloatArray, model: Model, confidence: float, window: int = 250) -> Backtest:
    """Roll ``model`` over the returns with ``window`` days of past each, and test its breaches."""
    values = known(returns)
    hits: list[bool] = []
    for day in range(window, values.size):
        limit = model(values[day - window : day], confidence).var
        if limit is not None:
            hits.append(bool(values[day] < limit))
    return grade(np.array(hits, dtype=bool), confidence)


def grade(hits: np.ndarray[tuple[int], np.dtype[np.bool_]], confidence: float) -> Backtest:
    """Test a sequence of breaches (``True`` = the loss exceeded the VaR) against ``confidence``."""
    days, breaches = int(hits.size), int(hits.sum())
    rate = 1 - confidence
    expected = days * rate
    if expected < 5:  # the chi-square approximation needs about five expected breaches
        return Backtest(days, breaches, expected, None, None, None, "too_short")
    kupiec = _likelihood_ratio(days - breaches, breaches, rate)
    independence = _independence_ratio(hits)
    kupiec_p = _chi_square_tail_1(kupiec)
    conditional_p = None if independence is None else math.exp(-max(kupiec + independence, 0.0) / 2)
    worst = kupiec_p if conditional_p is None else min(kupiec_p, conditional_p)
    return Backtest(
        days,
        breaches,
        expected,
        kupiec_p,
        None if independence is None else _chi_square_tail_1(independence),
        conditional_p,
        "failed" if worst < SIGNIFICANCE else "passed",
    )


def _likelihood_ratio(misses: int, hits: int, rate: float) -> float:
    """-2 log of the likelihood at ``rate`` over the likelihood at the observed rate."""
    observed = hits / (hits + misses)
    return 2 * (_log_likelihood(misses, hits, observed) - _log_likelihood(misses, hits, rate))


def _log_likelihood(misses: int, hits: int, rate: float) -> float:
    # 0 * log(0) is 0 here: an event that never happened and is held impossible.
    return (misses * math.log(1 - rate) if misses else 0.0) + (hits * math.log(rate) if hits else 0.0)


def _independence_ratio(hits: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float | None:
    """Christoffersen's ratio: does a breach today depend on a breach yesterday? ``None`` without two breaches."""
    before, after = hits[:-1], hits[1:]
    n00, n01 = int((~before & ~after).sum()), int((~before & after).sum())
    n10, n11 = int((before & ~after).sum()), int((before & after).sum())
    if n10 + n11 == 0 or n01 + n11 == 0:
        return None
    rate = (n01 + n11) / (n00 + n01 + n10 + n11)
    separate = _log_likelihood(n00, n01, n01 / (n00 + n01)) + _log_likelihood(n10, n11, n11 / (n10 + n11))
    return 2 * (separate - _log_likelihood(n00 + n10, n01 + n11, rate))


def _chi_square_tail_1(value: float) -> float:
    return math.erfc(math.sqrt(max(value, 0.0) / 2))
