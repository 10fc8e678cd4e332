"""A small model of the market's mood, and its own record on days it had not seen.

It asks one question: does the subject stand higher ``HORIZON`` days later? A logistic regression answers with a chance,
from the components of the day, each standardised. It is fitted again every ``REFIT_DAYS``, on past days alone whose
answer was known by then; the record compares it with the plain share of rises on the very same days.

Skill is 1 - Brier score / Brier score of that base rate (Brier 1950): 0 is no better than knowing nothing. Its interval
comes from a circular block bootstrap (Politis and Romano 1992), as neighbouring days share most of their answer. Only
where the whole interval is above zero an edge counts as demonstrated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.signals.components import Component, Daily, IntArray, components

if TYPE_CHECKING:
    from collections.abc import Sequence

HORIZON = 7
REFIT_DAYS = 30
LEAST_TRAINING = 365
#: Fewer days out of sample are no record.
LEAST_TESTED = 180
#: The newest day may be so old, in days; that of what is not traded every day, so old.
FRESH_DAYS = 3
FRESH_EXCHANGE_DAYS = 6
#: How freely weights may grow; below 1 they are drawn towards zero, which is "this component says nothing".
FREEDOM = 0.1

BLOCK_DAYS = 30
DRAWS = 2000
SEED = 20_240_229
LEVEL = 0.95
BINS = 5

EDGE, NONE = "edge", "none"
USED, ABSENT, STALE, SHORT = "used", "absent", "stale", "short"


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure of the record, and between which bounds it lies with 95 % confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts of about one chance: what was said on average, what happened, on how many days."""

    said: float
    happened: float
    count: int


@dataclass(frozen=True, slots=True)
class Record:
    """What the model said on days it had not seen: ``days`` (n,), ``chance`` (n,), ``base`` (n,) the share of rises
    known by then, ``rose`` (n,) what happened.

    ``hits`` is how often the likelier side came, ``base_hits`` how often the side the base rate calls likelier did.
    """

    days: IntArray = field(repr=False)
    chance: FloatArray = field(repr=False)
    base: FloatArray = field(repr=False)
    rose: FloatArray = field(repr=False)
    hits: Interval
    base_hits: float
    brier: float
    base_brier: float
    skill: Interval
    bins: tuple[Bin, ...]

    @property
    def verdict(self) -> str:
        """``edge`` when the skill is above zero with confidence, else ``none``: no demonstrated edge."""
        return EDGE if self.skill.low > 0 else NONE


@dataclass(frozen=True, slots=True)
class Weighed:
    """A component on the newest day, and what the model makes of it.

    ``state`` is ``used``, or why it is not: ``absent`` (nothing is known), ``stale`` (its newest value is of an earlier
    day), ``short`` (too short a history). ``weight`` is the coefficient of the standardised component, ``push`` what it
    adds to the log-odds today, ``share`` its part of the sum of all sizes of weights.
    """

    name: str
    state: str
    day: int | None
    value: float | None
    rank: float | None
    days: int
    weight: float | None = None
    share: float | None = None
    push: float | None = None


@dataclass(frozen=True, slots=True)
class Mood:
    """The answer. ``reason`` is empty when there is one, else why there is none: ``no_prices``, ``old``, ``short``.

    ``chance`` is that of standing higher ``HORIZON`` days after ``day``; ``base`` the share of rises in all the past.
    """

    reason: str
    day: int | None
    known_days: int
    needed_days: int
    parts: tuple[Weighed, ...]
    chance: float | None = None
    base: float | None = None
    record: Record | None = None

    @property
    def score(self) -> float | None:
        """The chance on a scale from -1 to 1."""
        return None if self.chance is None else 2.0 * self.chance - 1.0


NEEDED_DAYS = LEAST_TRAINING + LEAST_TESTED + 2 * HORIZON


def mood(known: Daily, today: int) -> Mood:
    """Return the mood on the newest day that has a close; ``today`` is the day number that is still running."""
    parts, last = components(known), _last(known)
    described = [_described(known, one, last) for one in parts]
    if last < 0:
        return Mood("no_prices", None, 0, NEEDED_DAYS, tuple(described))
    chosen = [at for at, one in enumerate(described) if one.state == USED]
    day = int(known.days[last])
    table = _table([parts[at] for at in chosen], last)
    rows = int(np.isfinite(table).all(axis=1).sum()) if chosen else max(one.days for one in described)
    if today - day > (FRESH_DAYS if known.traded is None else FRESH_EXCHANGE_DAYS):
        return Mood("old", day, rows, NEEDED_DAYS, tuple(described))
    if rows < NEEDED_DAYS:
        return Mood("short", day, rows, NEEDED_DAYS, tuple(described))
    rose = _rises(known.close[: last + 1])
    found = walk_forward(table, rose, known.days[: last + 1])
    training = np.isfinite(table).all(axis=1) & np.isfinite(rose)
    fit = _fit(table[training], rose[training])
    inputs = fit.standardised(table[last : last + 1])[0]
    sizes = float(np.abs(fit.weights).sum())
    for at, weight, given in zip(chosen, fit.weights.tolist(), inputs.tolist(), strict=True):
        one = described[at]
        described[at] = Weighed(
            one.name,
            one.state,
            one.day,
            one.value,
            one.rank,
            one.days,
            weight=weight,
            share=abs(weight) / sizes if sizes else 0.0,
            push=weight * given,
        )
    chance = float(fit.chances(table[last : last + 1])[0])
    return Mood(
        "", day, rows, NEEDED_DAYS, tuple(described), chance=chance, base=float(fit.base), record=found
    )


def parts_of(known: Daily) -> tuple[Weighed, ...]:
    """Return the components on the newest day that has a close, as they are before anything is fitted."""
    return tuple(_described(known, one, _last(known)) for one in components(known))


def _last(known: Daily) -> int:
    """Return the row of the newest day that has a close, -1 when none has."""
    closed = np.isfinite(known.close)
    there = np.flatnonzero(closed if known.traded is None else closed & known.traded)
    return int(there[-1]) if len(there) else -1


def walk_forward(table: FloatArray, rose: FloatArray, days: IntArray) -> Record:
    """Return the record of forecasts each of which was made from earlier days alone.

    ``table`` (T, k) are the components and ``rose`` (T,) the answers (1, 0, or ``nan`` while unknown) of consecutive
    ``days``. There are at least ``NEEDED_DAYS`` days on which all components are known.
    """
    whole = np.isfinite(table).all(axis=1)
    rows = np.flatnonzero(whole & np.isfinite(rose))
    known = np.flatnonzero(whole)
    begin = int(known[LEAST_TRAINING]) + HORIZON
    tested = rows[rows >= begin]
    chance, base = np.empty(len(tested)), np.empty(len(tested))
    for first in range(begin, int(tested[-1]) + 1, REFIT_DAYS):
        now = np.flatnonzero((tested >= first) & (tested < first + REFIT_DAYS))
        if not len(now):
            continue
        past = rows[rows + HORIZON <= first]  # their answers are known on the day of the fit
        fit = _fit(table[past], rose[past])
        chance[now] = fit.chances(table[tested[now]])
        base[now] = fit.base
    return graded(days[tested], chance, base, rose[tested])


def graded(days: IntArray, chance: FloatArray, base: FloatArray, rose: FloatArray) -> Record:
    """Return the record of forecasts (all (n,))."""
    errors, base_errors = (chance - rose) ** 2, (base - rose) ** 2
    right = ((chance > 0.5) == (rose > 0.5)).astype(np.float64)
    draw_errors, draw_base, draw_right = _drawn(np.column_stack([errors, base_errors, right]))
    tail = 100 * (1 - LEVEL) / 2
    skills = _skill(draw_errors, draw_base)
    skill = _skill(errors.mean(keepdims=True), base_errors.mean(keepdims=True))
    order = np.argsort(chance, kind="stable")
    bins = tuple(
        Bin(float(chance[part].mean()), float(rose[part].mean()), len(part))
        for part in np.array_split(order, BINS)
        if len(part)
    )
    return Record(
        days=days,
        chance=chance,
        base=base,
        rose=rose,
        hits=Interval(float(right.mean()), *_bounds(draw_right, tail)),
        base_hits=float(((base > 0.5) == (rose > 0.5)).mean()),
        brier=float(errors.mean()),
        base_brier=float(base_errors.mean()),
        skill=Interval(float(skill[0]), *_bounds(skills, tail)),
        bins=bins,
    )


# ------------------------------------------------------------------------------------------------------- the parts
@dataclass(frozen=True, slots=True)
class _Fit:
    mean: FloatArray
    spread: FloatArray
    weights: FloatArray
    level: float
    base: float

    def standardised(self, table: FloatArray) -> FloatArray:
        return np.asarray((table - self.mean) / self.spread)

    def chances(self, table: FloatArray) -> FloatArray:
        odds = self.standardised(table) @ self.weights + self.level
        return np.asarray(1.0 / (1.0 + np.exp(-odds)))


def _fit(table: FloatArray, rose: FloatArray) -> _Fit:
    """Return the model of these days. Each counts a ``HORIZON``-th, as neighbours share most of their answer."""
    from sklearn.linear_model import LogisticRegression  # heavy: loaded in the process that fits

    mean, spread = table.mean(axis=0), table.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    base = float(rose.mean())
    if base in (0.0, 1.0):  # it only ever rose, or fell: there is nothing to tell apart
        none = np.zeros(table.shape[1])
        sure = min(max(base, 0.001), 0.999)
        return _Fit(mean, spread, none, float(np.log(sure / (1 - sure))), base)
    model = LogisticRegression(C=FREEDOM, solver="lbfgs", max_iter=500)
    model.fit((table - mean) / spread, rose, sample_weight=np.full(len(rose), 1.0 / HORIZON))
    return _Fit(mean, spread, np.asarray(model.coef_[0]), float(model.intercept_[0]), base)


def _rises(close: FloatArray) -> FloatArray:
    """Return 1 where the close is higher ``HORIZON`` days later, 0 where not, ``nan`` where it is not known."""
    found = np.full(len(close), np.nan)
    if len(close) > HORIZON:
        now, later = close[:-HORIZON], close[HORIZON:]
        both = np.isfinite(now) & np.isfinite(later)
        found[:-HORIZON] = np.where(both, later > now, np.nan)
    return found


def _table(parts: Sequence[Component], last: int) -> FloatArray:
    if not parts:
        return np.empty((last + 1, 0))
    return np.column_stack([one.feature[: last + 1] for one in parts])


def _described(known: Daily, one: Component, last: int) -> Weighed:
    there = np.flatnonzero(np.isfinite(one.feature[: last + 1])) if last >= 0 else np.empty(0, dtype=np.int64)
    shown = np.flatnonzero(np.isfinite(one.value[: last + 1])) if last >= 0 else there
    newest = int(shown[-1]) if len(shown) else None
    state = USED
    if newest is None:
        state = ABSENT
    elif len(there) < NEEDED_DAYS:
        state = SHORT
    elif int(there[-1]) < last:
        state = STALE
    rank = None
    if newest is not None and one.rank is not None and np.isfinite(one.rank[newest]):
        rank = float(one.rank[newest])
    return Weighed(
        one.name,
        state,
        None if newest is None else int(known.days[newest]),
        None if newest is None else float(one.value[newest]),
        rank,
        len(there),
    )


def _drawn(table: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the column sums of ``DRAWS`` resamples made of blocks of neighbouring days."""
    count = len(table)
    length = min(BLOCK_DAYS, count)
    blocks = -(-count // length)
    round_ = np.concatenate([table, table[: length - 1]]) if length > 1 else table
    totals = np.concatenate([np.zeros((1, table.shape[1])), np.cumsum(round_, axis=0)])
    of_block = totals[length:] - totals[:-length]  # (count, columns): the block that begins on each day
    starts = np.random.default_rng(SEED).integers(0, count, size=(DRAWS, blocks))
    sums = of_block[starts].sum(axis=1) / (blocks * length)
    return sums[:, 0], sums[:, 1], sums[:, 2]


def _skill(errors: FloatArray, base_errors: FloatArray) -> FloatArray:
    """Return the Brier skill; 0 where the base rate made no error at all, as nothing can be better than that."""
    ratio = np.divide(errors, base_errors, out=np.ones(len(errors)), where=base_errors > 0)
    return np.asarray(1.0 - ratio)


def _bounds(draws: FloatArray, tail: float) -> tuple[float, float]:
    low, high = np.percentile(draws, [tail, 100 - tail])
    return float(low), float(high)
