"""Monte Carlo: ten thousand futures of today's holdings, by two methods, from a stated seed.

*Block bootstrap* puts the future together from stretches of the past (Künsch 1989; Politis and Romano 1994 for why
stretches): whole days of all assets at once, so that what fell together falls together, and calm follows calm.
*Student-t* draws all assets from one multivariate t distribution with their covariance; its degrees of freedom
follow from the portfolio's own kurtosis (4 + 6 / excess kurtosis), and paths come in mirrored pairs.

Holdings drift: nothing is rebalanced. What is paid in is spread as the holdings are today; what is taken out is
taken from all alike, and an empty portfolio stays empty. Up to a year the step is a day, beyond a month.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.risk.dispersion import excess_kurtosis

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS = ("bootstrap", "student_t")
PATHS = 10_000
MONTHS = (1, 3, 6, 12, 24, 60, 120, 240, 360)
#: Blocks of the bootstrap, in days; for monthly steps a block is the month.
BLOCK = 20
#: Levels of the fan.
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
#: A loss of so much (at the end) is counted.
LOSSES = (0.0, 0.1, 0.25, 0.5)
#: So many assets are followed each for itself.
MOST_ASSETS = 50
#: At most so many points of the fan.
POINTS = 121
_CHUNK = 500
_LEAST_FREEDOM, _MOST_FREEDOM = 4.2, 200.0

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked. Money is in the view's currency: ``monthly`` is paid in (+) or taken out (-) each month.

    ``growth`` is the return a year the whole is expected to make: ``None`` as in the past, 0 for risk alone.
    """

    months: int = 12
    method: str = "bootstrap"
    monthly: float = 0.0
    growth: float | None = 0.0
    goal: float | None = None
    seed: int = 1
    paths: int = PATHS
    currency: str = ""
    covered: float = 1.0  # the share of everything (gross) that is simulated


@dataclass(frozen=True, slots=True)
class Drawn:
    """What futures are drawn from: ``returns`` (days, assets), today's ``values`` (assets,), and days a year."""

    returns: FloatArray = field(repr=False)
    values: FloatArray = field(repr=False)
    days_a_year: int


@dataclass(frozen=True, slots=True)
class Future:
    """What came out. The fan is (levels, points) at ``at`` (years from now); ``paid`` what had been put in by then.

    ``losses`` are chances to end with so much less than was put in, what was taken out counted as had; ``dips`` to
    be so far below it at some point (seen at every step); ``goal`` the chance to end with at least the goal;
    ``ruin`` to be empty.
    """

    plan: Plan
    start: float
    at: FloatArray
    fan: FloatArray
    paid: FloatArray
    mean: float
    losses: tuple[tuple[float, float], ...]
    dips: tuple[tuple[float, float], ...]
    goal: float | None
    ruin: float
    freedom: float | None
    history_days: int
    assets: int
    step_days: int
    drawn_from: Drawn


def figure_of(future: Future, measure: str, about: str) -> float | None:
    """Return a figure: ``level`` (about one of ``LEVELS``), ``mean``, ``end`` and ``way`` (about a loss), ``goal``,
    ``empty`` or ``drawn``; ``None`` when there is no such one.
    """
    match measure:
        case "level":
            ends = zip(LEVELS, future.fan[:, -1].tolist(), strict=True)
            return next((end for level, end in ends if str(level) == about), None)
        case "end" | "way":
            chances = future.losses if measure == "end" else future.dips
            return next((chance for loss, chance in chances if str(loss) == about), None)
        case "mean":
            return future.mean
        case "drawn":
            return future.plan.covered
        case "goal":
            return future.goal
        case "empty":
            return future.ruin
        case _:
            return None


def simulate(
    returns: FloatArray,
    values: FloatArray,
    days_a_year: int,
    plan: Plan,
    progress: Callable[[str, int, int], None] | None = None,
) -> Future:
    """Return the future of ``values`` (assets,) whose past is ``returns`` (days, assets; complete).

    The same input and seed give the same future. ``progress`` is told how many paths are done.
    """
    with threadpool_limits(1):  # many small products: threads would only wait for each other, busily
        return _simulate(returns, values, days_a_year, plan, progress)


def _simulate(
    returns: FloatArray,
    values: FloatArray,
    days_a_year: int,
    plan: Plan,
    progress: Callable[[str, int, int], None] | None,
) -> Future:
    start = float(values.sum())
    weights = values / start
    past = _with_growth(returns, days_a_year, plan.growth)
    daily = plan.months <= 12
    month = days_a_year / 12
    steps = max(1, round(plan.months * month)) if daily else plan.months
    span = 1 if daily else max(1, round(month))
    pays = {round((number + 1) * month) - 1 for number in range(plan.months)} if daily else set(range(steps))
    made = _Maker(past, weights, span, plan)
    rng = np.random.default_rng(plan.seed)
    kept = np.unique(np.linspace(0, steps - 1, min(steps, POINTS - 1)).round().astype(np.int64))
    fan_paths = np.empty((len(kept), plan.paths), dtype=np.float32)
    final = np.empty(plan.paths)
    had = np.empty(plan.paths)
    lowest = np.empty(plan.paths)
    monthly = plan.monthly / start
    put_in = np.cumsum([max(plan.monthly, 0.0) if step in pays else 0.0 for step in range(steps)]) + start
    done = 0
    while done < plan.paths:
        count = min(_CHUNK, plan.paths - done)
        there = slice(done, done + count)
        held = np.tile(weights.astype(np.float32), (count, 1))
        low = np.ones(count, dtype=np.float32)
        taken = np.zeros(count, dtype=np.float32)
        draws = made.draws(rng, steps, count)
        place = 0
        for step in range(steps):
            held *= draws(step)
            worth = held.sum(axis=1)
            if monthly and step in pays:
                before, worth = worth, _pay(held, worth, weights, monthly)
                if monthly < 0:
                    taken += before - worth
            np.minimum(low, (worth + taken) * np.float32(start / put_in[step]), out=low)
            if place < len(kept) and step == kept[place]:
                fan_paths[place, there] = worth
                place += 1
        final[there], lowest[there], had[there] = worth, low, worth + taken
        done += count
        if progress is not None:
            progress("simulating", done, plan.paths)
    fan = np.quantile(fan_paths, LEVELS, axis=1) * start
    base = float(put_in[-1]) / start
    return Future(
        plan=plan,
        start=start,
        at=np.concatenate(([0.0], (kept + 1) * span / days_a_year)),
        fan=np.concatenate((np.full((len(LEVELS), 1), start), fan), axis=1),
        paid=np.concatenate(([start], put_in[kept])),
        mean=float(final.mean()) * start,
        losses=tuple((loss, float((had < base * (1 - loss)).mean())) for loss in LOSSES),
        dips=tuple((loss, float((lowest < 1 - loss).mean())) for loss in LOSSES[1:]),
        goal=None if plan.goal is None else float((final * start >= plan.goal).mean()),
        ruin=float((final <= 1e-6).mean()),
        freedom=made.freedom,
        history_days=len(returns),
        assets=returns.shape[1],
        step_days=span,
        drawn_from=Drawn(returns, values, days_a_year),
    )


def _with_growth(returns: FloatArray, days_a_year: int, growth: float | None) -> FloatArray:
    """Return the past with its growth replaced: every asset's mean becomes the one that gives the whole ``growth``."""
    if growth is None:
        return returns
    daily = (1.0 + growth) ** (1.0 / days_a_year) - 1.0
    return np.asarray(returns - returns.mean(axis=0) + daily)


def _pay(held: Float32, worth: Float32, weights: FloatArray, monthly: float) -> Float32:
    """Pay in or take out; return what each path is worth after it."""
    if monthly > 0:
        held += (weights * monthly).astype(np.float32)
        return np.asarray(worth + np.float32(monthly))
    left = np.maximum(worth + np.float32(monthly), 0.0)
    held *= np.divide(left, worth, out=np.zeros_like(left), where=worth > 0)[:, None]
    return np.asarray(left)


def merged(returns: FloatArray, values: FloatArray, most: int = MOST_ASSETS) -> tuple[FloatArray, FloatArray]:
    """Return at most ``most`` assets: the smallest become one, mixed as they are today."""
    if len(values) <= most:
        return returns, values
    order = np.argsort(-np.abs(values))
    large, small = order[: most - 1], order[most - 1 :]
    rest = float(values[small].sum())
    mixed = returns[:, small] @ values[small] / rest if rest else returns[:, small].mean(axis=1)
    return np.column_stack((returns[:, large], mixed)), np.append(values[large], rest)


class _Maker:
    """Makes the growth of every asset, step by step, for a chunk of paths."""

    def __init__(self, past: FloatArray, weights: FloatArray, span: int, plan: Plan) -> None:
        self._bootstrap = plan.method == "bootstrap"
        self._span = span
        self.freedom: float | None = None
        if self._bootstrap:
            self._growth = _compounded(past, span)
            if (
                plan.growth is not None and span > 1
            ):  # months that follow each other do not average to the year's growth
                wanted = (1.0 + past.mean(axis=0)) ** span
                self._growth *= (wanted / self._growth.mean(axis=0)).astype(np.float32)
            return
        self._mean = ((1.0 + past.mean(axis=0)) ** span - 1.0).astype(np.float32)
        kurtosis = excess_kurtosis(past @ weights)
        # Over several days excess kurtosis falls with their number.
        tail = 0.0 if kurtosis is None else max(kurtosis, 0.0) / span
        self.freedom = min(max(4.0 + 6.0 / tail, _LEAST_FREEDOM), _MOST_FREEDOM) if tail else _MOST_FREEDOM
        scale = np.atleast_2d(np.cov(past, rowvar=False)) * span * (self.freedom - 2.0) / self.freedom
        levels, vectors = np.linalg.eigh(scale)
        self._root = (vectors * np.sqrt(np.maximum(levels, 0.0))).T.astype(np.float32)

    def draws(self, rng: np.random.Generator, steps: int, count: int) -> Callable[[int], Float32]:
        """Return a function from the step to the growth of each path and asset, shape (count, assets)."""
        return self._from_blocks(rng, steps, count) if self._bootstrap else self._from_t(rng, steps, count)

    def _from_blocks(self, rng: np.random.Generator, steps: int, count: int) -> Callable[[int], Float32]:
        rows = len(self._growth)
        block = BLOCK if self._span == 1 else 1
        begins = rng.integers(0, rows, size=(math.ceil(steps / block), count))
        out = np.empty((count, self._growth.shape[1]), dtype=np.float32)

        def at(step: int) -> Float32:
            index = (begins[step // block] + step % block) % rows  # the past is a ring: no day counts less
            return np.take(self._growth, index, axis=0, out=out, mode="clip")

        return at

    def _from_t(self, rng: np.random.Generator, steps: int, count: int) -> Callable[[int], Float32]:
        freedom = self.freedom or _MOST_FREEDOM
        half = (count + 1) // 2
        assets = len(self._mean)
        spread = np.sqrt(freedom / rng.chisquare(freedom, size=(steps, half))).astype(np.float32)
        noise = np.empty((half, assets), dtype=np.float32)
        drawn = np.empty((half, assets), dtype=np.float32)
        out = np.empty((2 * half, assets), dtype=np.float32)

        def at(step: int) -> Float32:
            rng.standard_normal(out=noise, dtype=np.float32)
            np.matmul(noise, self._root, out=drawn)
            np.multiply(drawn, spread[step][:, None], out=drawn)
            np.add(drawn, self._mean + np.float32(1.0), out=out[:half])
            np.subtract(self._mean + np.float32(1.0), drawn, out=out[half:])
            np.maximum(out, np.float32(0.0), out=out)  # nothing is worth less than nothing
            return out[:count]

        return at


def _compounded(past: FloatArray, span: int) -> Float32:
    """Return the growth over every ``span`` days in a row (the past as a ring), shape (days, assets)."""
    growth = np.maximum(1.0 + past, 0.0)
    if span == 1:
        return growth.astype(np.float32)
    ring = np.concatenate((growth, growth[: span - 1]))
    stretches = np.lib.stride_tricks.sliding_window_view(ring, span, axis=0)
    return np.asarray(stretches.prod(axis=-1), dtype=np.float32)
