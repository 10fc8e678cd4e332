"""A VaR for every day, each from the days before it alone: the models of ``tails``, for all days at once."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.risk.tails import LEAST_TAIL

if TYPE_CHECKING:
    from smartfolio_app.analytics.results import FloatArray

MODELS = ("historical", "parametric", "cornish_fisher")
#: So many days each model needs, as in ``tails``.
LEAST_DAYS = {"historical": 0, "parametric": 30, "cornish_fisher": 60}


def rolling_var(values: FloatArray, model: str, confidence: float, window: int) -> FloatArray:
    """Return the VaR that ``model`` gave for each day from ``window`` on, shape (n - window,); ``nan`` where it gave
    none.

    ``values`` are known returns, shape (n,). Equal to calling the model of ``tails`` on each stretch of ``window``
    days.
    """
    count = max(values.size - window, 0)
    if count == 0 or window < 2 or window < LEAST_DAYS[model]:
        return np.full(count, np.nan)
    past = np.lib.stride_tricks.sliding_window_view(values, window)[:count]
    if model == "historical":
        if window * (1 - confidence) < LEAST_TAIL:
            return np.full(count, np.nan)
        return np.asarray(np.quantile(past, 1 - confidence, axis=1))
    z = NormalDist().inv_cdf(1 - confidence)
    mean = past.mean(axis=1)
    sample = past.std(axis=1, ddof=1)
    if model == "parametric":
        return np.asarray(mean + z * sample)
    centred = past - mean[:, None]
    squares = centred * centred
    variance = squares.mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        skew = (squares * centred).mean(axis=1) / variance**1.5
        kurtosis = (squares * squares).mean(axis=1) / variance**2 - 3.0
        a = kurtosis / 8 - skew**2 / 6
        monotone = (a > 0) & ((skew / 3) ** 2 - 4 * a * (1 - kurtosis / 8 + 5 * skew**2 / 36) <= 0)
    bent = z + (z * z - 1) * skew / 6 + (z**3 - 3 * z) * kurtosis / 24 - (2 * z**3 - 5 * z) * skew**2 / 36
    return np.where(monotone & (variance > 0), mean + sample * bent, np.nan)
