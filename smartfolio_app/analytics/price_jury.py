"""The price jury: which of the prices that several sources tell can be right.

Two sources that agree within a fifth are both believed; the one asked first is used. Where they do not, the one that
jumps away from its own past and future by more is set aside, and says why:

- ``unit``: a hundred times too much or too little, as when pence are taken for pounds;
- ``split``: off by the ratio of a split that one of them has applied and the other has not;
- ``collision``: off on most of the days both speak of, so they speak of different things; then the source that goes by
  a ticker is set aside, not the one that goes by identity;
- ``outlier``: anything else.

A source that is alone is only doubted when it jumps by a hundred (nothing does that in a few days) and stays there for
less than two weeks: afterwards it is the new level. Honest days are never touched by that: the largest daily move of
any real series is far from a factor of eighty.

Prices are handed in as floats in one common currency; this is statistics, the exact figures stay where they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Verdict = Literal["unit", "split", "outlier", "collision"]

#: Two sources agree within this factor. Closes of one asset in two places differ by some per cent in the worst storms.
AGREE = float(np.log(1.2))
#: A slip of units is a factor of a hundred, give or take what a market moves meanwhile.
HUNDRED = float(np.log(100))
UNIT_SLACK = float(np.log(1.25))
#: Splits as they happen, either way.
SPLITS = (1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50)
SPLIT_SLACK = float(np.log(1.08))
#: More than this share of the days both speak of, and they speak of different things.
DIFFERENT = 0.6
#: For how many days a jump by a hundred is doubted; and over what gap two days are still neighbours.
DOUBTED_DAYS = 14
NEIGHBOURS = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """A price of ``source`` on ``day`` (a day number) that is set aside: why, and what it should be (as a factor).

    ``factor`` is price said over price expected. ``against`` is the source it was compared with, empty when it was
    compared with its own past.
    """

    source: str
    day: int
    verdict: Verdict
    factor: float
    against: str = ""


def judge(told: Mapping[str, Mapping[int, float]]) -> list[Finding]:
    """Return the prices that must not be used.

    Args:
        told: By source, in the order in which they are asked, its price by day number (positive, finite, in a currency
            common to all). The first source is the one that goes by identity.
    """
    sources = {name: _Line.of(prices) for name, prices in told.items() if prices}
    findings: dict[tuple[str, int], Finding] = {}
    for name, line in sources.items():
        for one in _alone(name, line):
            findings[name, one.day] = one
    names = list(sources)
    for position, first in enumerate(names):
        for second in names[position + 1 :]:
            for one in _between(first, sources[first], second, sources[second]):
                findings[one.source, one.day] = one
    # Who is contradicted on a day by one that is wrong itself has nobody against it.
    return [one for one in findings.values() if not one.against or (one.against, one.day) not in findings]


@dataclass(frozen=True, slots=True)
class _Line:
    """Days ascending, and the logarithm of the price on each; both of shape (n,)."""

    days: NDArray[np.int64]
    logs: NDArray[np.float64]

    @classmethod
    def of(cls, prices: Mapping[int, float]) -> _Line:
        days = np.array(sorted(prices), dtype=np.int64)
        return cls(days, np.log(np.array([prices[int(day)] for day in days], dtype=np.float64)))


def _alone(name: str, line: _Line) -> list[Finding]:
    """Find the days on another level: a hundred times the one most days are on, for less than two weeks."""
    steps = np.diff(line.logs)
    near = np.diff(line.days) <= NEIGHBOURS
    jumps = np.where(near & (np.abs(np.abs(steps) - HUNDRED) < UNIT_SLACK), np.sign(steps), 0).astype(int)
    if not jumps.any():
        return []
    level = np.concatenate([[0], np.cumsum(jumps)])
    starts = np.concatenate([[0], np.flatnonzero(jumps) + 1])
    ends = np.concatenate([starts[1:], [len(level)]])
    stretches = list(zip(starts, ends, strict=True))
    # The level that was there first for long counts; a later one that lasts replaces it.
    lasting = [_lasts(line, start, end) for start, end in stretches]
    found = []
    base = next(
        (int(level[start]) for (start, _), long in zip(stretches, lasting, strict=True) if long), None
    )
    if base is None:
        base = int(np.bincount(level - level.min()).argmax() + level.min())
    for (start, end), long in zip(stretches, lasting, strict=True):
        off = int(level[start]) - base
        if long:
            base = int(level[start])
        elif off:
            found += [Finding(name, int(day), "unit", 100.0**off) for day in line.days[start:end]]
    return found


def _lasts(line: _Line, start: int, end: int) -> bool:
    return int(line.days[end - 1] - line.days[start]) >= DOUBTED_DAYS


def _between(first: str, one: _Line, second: str, two: _Line) -> list[Finding]:
    """Compare two sources on the days both speak of."""
    days, mine, theirs = np.intersect1d(one.days, two.days, assume_unique=True, return_indices=True)
    if not len(days):
        return []
    apart = one.logs[mine] - two.logs[theirs]
    wrong = np.abs(apart) > AGREE
    if not wrong.any():
        return []
    persistent = len(days) >= 3 and wrong.mean() > DIFFERENT
    if persistent and not _is_one_sided(one, days[wrong]):
        middle = float(np.median(-apart[wrong]))
        verdict: Verdict = "unit" if _is_unit(middle) else "collision"
        return [
            Finding(second, int(day), verdict, float(np.exp(-gap)), first)
            for day, gap in zip(days[wrong], apart[wrong], strict=True)
        ]
    found = []
    for run in _runs(wrong):
        start, end = run
        gap = float(np.median(apart[start:end]))
        first_is_wrong = _jump(one, int(mine[start]), int(mine[end - 1])) > _jump(
            two, int(theirs[start]), int(theirs[end - 1])
        )
        source, against, sign = (first, second, 1) if first_is_wrong else (second, first, -1)
        verdict = _verdict(gap, touches_an_end=start == 0 or end == len(days))
        found += [
            Finding(source, int(days[index]), verdict, float(np.exp(sign * apart[index])), against)
            for index in range(start, end)
        ]
    return found


def _is_one_sided(line: _Line, wrong: NDArray[np.int64]) -> bool:
    """Tell whether the first source itself jumps where the disagreement begins or ends: then it is the one to doubt."""
    inside = np.isin(line.days, wrong)
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    return bool(len(edges)) and bool(np.abs(np.diff(line.logs)[edges]).max() > HUNDRED - UNIT_SLACK)


def _runs(wrong: NDArray[np.bool_]) -> Sequence[tuple[int, int]]:
    """Return the stretches of consecutive disagreement as (start, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], wrong.astype(np.int8), [0]])))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _jump(line: _Line, start: int, end: int) -> float:
    """Return how far a stretch lies from what stands before and after it in the same source."""
    total = 0.0
    if start > 0 and line.days[start] - line.days[start - 1] <= NEIGHBOURS:
        total += abs(float(line.logs[start] - line.logs[start - 1]))
    if end + 1 < len(line.days) and line.days[end + 1] - line.days[end] <= NEIGHBOURS:
        total += abs(float(line.logs[end + 1] - line.logs[end]))
    return total


def _verdict(gap: float, *, touches_an_end: bool) -> Verdict:
    if _is_unit(gap):
        return "unit"
    if touches_an_end and any(abs(abs(gap) - float(np.log(ratio))) < SPLIT_SLACK for ratio in SPLITS):
        return "split"
    return "outlier"


def _is_unit(gap: float) -> bool:
    return abs(abs(gap) - HUNDRED) < UNIT_SLACK
