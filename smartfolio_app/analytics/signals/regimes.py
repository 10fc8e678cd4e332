"""Market regimes by published rules: a close against its long mean, and its distance from the highest close of a year.

Above the mean and near the high it is an *advance*, below the mean and near it a *pullback*; far below the high it is a
*recovery* above the mean and a *decline* below it. A change counts once ``CONFIRMED`` closes in a row have said so, and
is dated by the last of them: what is said of a day was known on that day. ``docs/signals.md`` publishes the rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from smartfolio_app.analytics.signals.components import (
    IntArray,
    realised_volatility,
    trailing_mean,
    trailing_rank,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smartfolio_app.analytics.results import FloatArray

ADVANCE, PULLBACK, RECOVERY, DECLINE = REGIMES = ("advance", "pullback", "recovery", "decline")
CALM, USUAL, TURBULENT = ("calm", "usual", "turbulent")

MEAN_CLOSES = 200
CONFIRMED = 5
CALM_RANK, TURBULENT_RANK = 0.25, 0.75
#: What came after an earlier change is looked at over so many calendar days.
AFTER_DAYS = (30, 90)


@dataclass(frozen=True, slots=True)
class Rules:
    """What differs between kinds of markets: how many closes a year has, and from which fall on it is far below."""

    closes_a_year: int
    far_below: float


COIN = Rules(365, 0.30)
STOCKS = Rules(252, 0.20)


@dataclass(frozen=True, slots=True)
class Spell:
    """One regime without a break: since which day (number), up to which (``None``: it lasts), and the closes there."""

    regime: str
    start: int
    end: int | None
    first_close: float
    last_close: float

    @property
    def change(self) -> float:
        """What the price did from its first close to its last."""
        return self.last_close / self.first_close - 1.0


@dataclass(frozen=True, slots=True)
class After:
    """What followed earlier changes into a regime: returns over ``days`` calendar days, as a distribution.

    ``count`` is how many changes it is of; every figure is ``None`` where there was none.
    """

    regime: str
    days: int
    count: int
    lowest: float | None = None
    lower_quarter: float | None = None
    median: float | None = None
    upper_quarter: float | None = None
    highest: float | None = None
    rose: float | None = None


@dataclass(frozen=True, slots=True)
class Regime:
    """Where a market stands on its newest ``day``. ``regime`` is empty while there are too few closes to tell.

    ``below`` is the distance of the newest ``close`` from the ``high`` (0 or negative), ``mean_gap`` from the long
    ``mean``; ``volatility`` is a year's, ``volatility_rank`` among two years, ``turbulence`` what that is called.
    """

    regime: str
    day: int | None
    closes: int
    needed: int
    rules: Rules
    below: float | None = None
    mean_gap: float | None = None
    volatility: float | None = None
    volatility_rank: float | None = None
    turbulence: str = ""
    spells: tuple[Spell, ...] = ()
    after: tuple[After, ...] = field(default=())
    close: float | None = None
    high: float | None = None
    mean: float | None = None


def regime_of(days: IntArray, closes: FloatArray, rules: Rules) -> Regime:
    """Return the regime of a market from its known closes (n,) on ``days`` (n,), oldest first."""
    needed = max(MEAN_CLOSES, rules.closes_a_year) + CONFIRMED
    count = len(closes)
    if count < needed:
        return Regime("", int(days[-1]) if count else None, count, needed, rules)
    mean = trailing_mean(closes, MEAN_CLOSES)
    high = _trailing_high(closes, rules.closes_a_year)
    below = closes / high - 1.0
    gap = closes / mean - 1.0
    spells = _spells(days, closes, _confirmed(_said(gap, below, rules)))
    moves = realised_volatility(closes, a_year=rules.closes_a_year)
    rank = trailing_rank(moves, 2 * rules.closes_a_year, rules.closes_a_year)
    place = float(rank[-1]) if np.isfinite(rank[-1]) else None
    return Regime(
        regime=spells[-1].regime if spells else "",
        day=int(days[-1]),
        closes=count,
        needed=needed,
        rules=rules,
        below=float(below[-1]),
        mean_gap=float(gap[-1]),
        volatility=float(moves[-1]),
        volatility_rank=place,
        turbulence=_turbulence(place),
        spells=tuple(spells),
        after=tuple(_after(days, closes, spells, regime, span) for regime in REGIMES for span in AFTER_DAYS),
        close=float(closes[-1]),
        high=float(high[-1]),
        mean=float(mean[-1]),
    )


def _said(gap: FloatArray, below: FloatArray, rules: Rules) -> IntArray:
    """Return the regime each close alone speaks for, as a position in ``REGIMES``; -1 where it is not known."""
    known = np.isfinite(gap) & np.isfinite(below)
    far = below <= -rules.far_below
    above = gap > 0
    said = np.select([above & ~far, ~above & ~far, above & far], [0, 1, 2], 3)
    return np.asarray(np.where(known, said, -1), dtype=np.int64)


def _confirmed(said: IntArray) -> IntArray:
    """Return the regime that counts on each day: the last one that ``CONFIRMED`` closes in a row have spoken for."""
    counts = np.full(len(said), -1, dtype=np.int64)
    now, run = -1, 0
    for at, one in enumerate(said.tolist()):
        run = run + 1 if at and one == said[at - 1] else 1
        if one >= 0 and run >= CONFIRMED:
            now = one
        counts[at] = now
    return counts


def _spells(days: IntArray, closes: FloatArray, counts: IntArray) -> list[Spell]:
    begins = [
        at for at in range(len(counts)) if counts[at] >= 0 and (at == 0 or counts[at] != counts[at - 1])
    ]
    spells = []
    for at, begin in enumerate(begins):
        later = begins[at + 1] if at + 1 < len(begins) else None
        spells.append(
            Spell(
                REGIMES[int(counts[begin])],
                int(days[begin]),
                None if later is None else int(days[later]),
                float(closes[begin]),
                float(closes[-1 if later is None else later]),
            )
        )
    return spells


def _after(days: IntArray, closes: FloatArray, spells: Sequence[Spell], regime: str, span: int) -> After:
    """Return what followed. The first spell is left out: nobody saw it begin."""
    found = []
    for one in spells[1:]:
        until = one.start + span
        if one.regime != regime or until > days[-1]:
            continue
        at = int(np.searchsorted(days, until, side="right")) - 1
        found.append(float(closes[at]) / one.first_close - 1.0)
    if not found:
        return After(regime, span, 0)
    low, quarter, middle, upper, high = (float(one) for one in np.percentile(found, [0, 25, 50, 75, 100]))
    rose = sum(one > 0 for one in found) / len(found)
    return After(regime, span, len(found), low, quarter, middle, upper, high, rose)


def _trailing_high(closes: FloatArray, count: int) -> FloatArray:
    """Return the highest of the last ``count`` closes, ``nan`` while there are fewer."""
    found = np.full(len(closes), np.nan)
    found[count - 1 :] = sliding_window_view(closes, count).max(axis=1)
    return found


def _turbulence(rank: float | None) -> str:
    if rank is None:
        return ""
    return CALM if rank <= CALM_RANK else TURBULENT if rank >= TURBULENT_RANK else USUAL
