"""From which day on a history, and the returns made from it, tell what was rather than old prices carried on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from smartfolio_app.analytics.grid import Grid
    from smartfolio_app.analytics.results import FloatArray

#: A day counts as known when this share of what was held, by worth, had a price that was not too old ...
LEAST_COVERAGE = 0.5
#: ... and so many days in a row that do not count are a gap no line should cross: a month of yesterday's prices.
LONGEST_GAP = 31


def weights(grid: Grid) -> FloatArray:
    """Return what each column weighs at each instant, in the grid's currency: its worth, never negative.

    Before its first price a column weighs what that price makes of its quantity: a bitcoin nobody had priced yet is
    not a small thing not to know. What never had a price weighs nothing, as nothing tells how much it is. Shape
    (T, columns).
    """
    priced = ~np.isnan(grid.price)
    first = np.where(
        priced.any(axis=0), grid.price[priced.argmax(axis=0), np.arange(grid.price.shape[1])], 0.0
    )
    return np.asarray(np.abs(grid.quantity * np.where(priced, grid.price, first)), dtype=np.float64)


def known_share(weight: FloatArray, held: NDArray[np.bool_], fresh: NDArray[np.bool_]) -> FloatArray:
    """Return the share, by weight, of what is held that has a fresh price; all arguments of shape (T, columns).

    ``nan`` where nothing is held, 0 where nothing of it ever had a price; shape (T,).
    """
    whole = np.where(held, weight, 0.0).sum(axis=1)
    share: FloatArray = np.where(held.any(axis=1), 0.0, np.nan)
    np.divide(np.where(held & fresh, weight, 0.0).sum(axis=1), whole, out=share, where=whole > 0)
    return share


def reliable_from(known: FloatArray, least: float = LEAST_COVERAGE, gap: int = LONGEST_GAP) -> int:
    """Return the index of the first day after the last gap, ``len(known)`` when the series ends in one.

    ``known`` (``known_share``) has shape (days,), 0 to 1; ``nan`` (nothing was held) counts as known: nothing is worth
    nothing.
    """
    found = gaps(known, least, gap)
    return found[-1][1] + 1 if found else 0


def returns_from(known: FloatArray, flows: FloatArray, begin: int) -> int:
    """Return the first day from ``begin`` on from whose end a return tells what was; the last day where none does.

    A return may cross a gap, as the worth before and after it is known; but it cannot begin in one, and not cross one
    in which money came or went (``flows``, shape (days,)), as nobody knows what that was worth beside the rest. What a
    statement corrects on the day after the gap went unrecorded in it.
    """
    for first, last in gaps(known):
        moved = bool(np.any(flows[first : last + 2] != 0))
        if moved or first <= begin <= last:
            begin = max(begin, last + 1)
    return min(begin, len(known) - 1)


def gaps(
    known: FloatArray, least: float = LEAST_COVERAGE, longest: int = LONGEST_GAP
) -> list[tuple[int, int]]:
    """Return the first and the last day of each stretch of more than ``longest`` days that do not count as known."""
    unknown = np.flatnonzero(known < least)
    if unknown.size == 0:
        return []
    breaks = np.flatnonzero(np.diff(unknown) > 1)
    starts = unknown[np.concatenate(([0], breaks + 1))]
    ends = unknown[np.concatenate((breaks, [unknown.size - 1]))]
    return [
        (int(first), int(last))
        for first, last in zip(starts, ends, strict=True)
        if last - first + 1 > longest
    ]
