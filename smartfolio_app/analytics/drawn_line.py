"""What a line of net worth comes to from its first point to its last: for the line on screen and its explanation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from smartfolio_app.analytics.money_returns import time_weighted
from smartfolio_app.analytics.reliable import reliable_from
from smartfolio_app.ledger.money import divide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smartfolio_app.analytics.intraday import Intraday
    from smartfolio_app.analytics.results import History

#: In the order they are offered.
RANGES = ("1d", "1w", "1m", "3m", "ytd", "1y", "all")
_DAYS = {"1m": 30, "3m": 91, "1y": 365}


class Point(NamedTuple):
    """One point: UTC seconds, its value (``nan``: not known), and the day or the instant it is of."""

    at: int
    value: float
    of: date | datetime

    @property
    def known(self) -> bool:
        """Tell whether there is a value."""
        return not math.isnan(self.value)


@dataclass(frozen=True, slots=True)
class Moved:
    """What happened between two known points. ``paid_in`` is what came in less what went out (``None``: not told
    apart), ``change`` what was gained, that apart, and ``rate`` the return as a ratio where there is one.
    """

    first: Decimal
    last: Decimal
    paid_in: Decimal | None
    rate: Decimal | None

    @property
    def change(self) -> Decimal:
        """What was gained: money that came or went is no part of it."""
        return self.last - self.first - (self.paid_in or 0)


def first_day(chosen: str, today: date) -> date | None:
    """Return the first day of a range that is counted in days; ``None`` for the whole history."""
    if chosen == "ytd":
        return date(today.year, 1, 1)
    days = _DAYS.get(chosen)
    return None if days is None else today - timedelta(days=days)


def points_of_days(history: History) -> tuple[list[Point], int | None, int]:
    """Return a point for each day, the first day on which something was owned (``None``: never), and the day that a
    line begins on: days before that are left out, and so is all that lies before a long stretch without prices.
    """
    points = [
        Point(int(datetime.combine(day, time(), UTC).timestamp()), float(value), day)
        for day, value in zip(history.days, history.value, strict=True)
    ]
    owned = next((index for index, point in enumerate(points) if point.value and point.known), None)
    begin = max(owned or 0, min(reliable_from(history.known), len(points) - 1))
    return points, owned, begin


def points_of_hours(line: Intraday) -> list[Point]:
    """Return a point for each instant from the first known one on."""
    points = [
        Point(int(at.timestamp()), float(value), at) for at, value in zip(line.times, line.value, strict=True)
    ]
    begin = next((index for index, point in enumerate(points) if point.known), len(points))
    return points[begin:]


def paid_in(history: History, begin: int) -> tuple[Decimal, float | None]:
    """Return what came in less what went out after a day, and the time-weighted return from then on."""
    flows = [float(flow) for flow in history.flows[begin + 1 :] if not math.isnan(flow)]
    return exact(round(math.fsum(flows), 2)), time_weighted(history.value[begin:], history.flows[begin:])


def moved(points: Sequence[Point], paid: Decimal | None = None, rate: float | None = None) -> Moved | None:
    """Return what happened between the first known point and the last; ``None`` when none is known. ``rate`` is the
    return, where it is not simply the change.
    """
    known = [point for point in points if point.known]
    if not known:
        return None
    first, last = exact(known[0].value), exact(known[-1].value)
    found = Moved(first, last, paid, None)
    share = exact(rate) if rate is not None else divide(found.change, first) if first > 0 else None
    return Moved(first, last, paid, share)


def exact(value: float) -> Decimal:
    """Return a float as the decimal it is written as."""
    return Decimal(repr(value))
