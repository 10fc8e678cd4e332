"""The history chart's points: which days a range covers, and how each point reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from smartfolio_app.analytics.intraday import Intraday
from smartfolio_app.analytics.money_returns import time_weighted
from smartfolio_app.analytics.reliable import reliable_from
from smartfolio_app.analytics.results import History
from smartfolio_app.ledger.money import divide
from smartfolio_app.state.figures import Figures, direction

#: In the order they are offered; the key is also its message key under ``dashboard.range_``.
RANGES = ("1d", "1w", "1m", "3m", "ytd", "1y", "all")
_DAYS = {"1m": 30, "3m": 91, "1y": 365}
#: A screen is about this many points wide; more are thinned out.
MAX_POINTS = 730


@dataclass
class Timeline:
    """A drawn line. ``times`` are UTC seconds, ``values`` its heights (``None``: nothing known), ``labels`` and
    ``dates`` what the cursor says at each point."""

    times: list[int] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    summary: str = ""
    change: str = ""
    change_pct: str = ""
    direction: str = "none"
    flows: str = ""
    note: str = ""


class Point(NamedTuple):
    """One point: UTC seconds, its value (``nan``: not known), and how its time reads."""

    at: int
    value: float
    day: str

    @property
    def known(self) -> bool:
        """Tell whether there is a value."""
        return not math.isnan(self.value)


def first_day(chosen: str, today: date) -> date | None:
    """Return the first day of a range that is counted in days; ``None`` for the whole history."""
    if chosen == "ytd":
        return date(today.year, 1, 1)
    days = _DAYS.get(chosen)
    return None if days is None else today - timedelta(days=days)


def timeline(history: History, figures: Figures) -> Timeline:
    """Return the line of a daily history; its change is what was gained, money that came or went apart.

    Days before anything was owned are left out, and so is all that lies before a long stretch without prices.
    """
    points = [
        Point(_seconds(day), float(value), figures.day(day))
        for day, value in zip(history.days, history.value, strict=True)
    ]
    owned = next((index for index, point in enumerate(points) if point.value and point.known), None)
    if owned is None:
        return Timeline()
    begin = max(owned, min(reliable_from(history.known), len(points) - 1))
    note = figures.say("dashboard.chart_begins", day=points[begin].day) if begin > owned else ""
    if begin == len(points) - 1:
        return Timeline(note=note or figures.say("dashboard.chart_first"))  # one point is no line
    flows = [float(flow) for flow in history.flows[begin + 1 :] if not math.isnan(flow)]
    pct = time_weighted(history.value[begin:], history.flows[begin:])
    return replace(build(points[begin:], _exact(round(math.fsum(flows), 2)), figures, pct), note=note)


def day_line(points: Intraday, figures: Figures) -> Timeline:
    """Return the line of a day or a week, by the hour or finer."""
    drawn = [
        Point(int(at.timestamp()), float(value), figures.moment(at))
        for at, value in zip(points.times, points.value, strict=True)
    ]
    begin = next((index for index, point in enumerate(drawn) if point.known), len(drawn))
    if len(drawn) - begin < 2:
        return Timeline(note=figures.say("dashboard.chart_first"))
    return build(drawn[begin:], None, figures)


def build(
    points: Sequence[tuple[int, float, str]],
    paid_in: Decimal | None,
    figures: Figures,
    rate: float | None = None,
) -> Timeline:
    """Return the line through ``points`` (as ``Point``) and how it reads as a whole; empty when none is known.

    ``paid_in`` is what came in less what went out meanwhile; ``rate`` the return, where it is not simply the change.
    With privacy its heights are an index: the shape is sent, no amount is.
    """
    points = _thinned([Point(*point) for point in points])
    known = [point for point in points if point.known]
    if not known:
        return Timeline()
    first, last = _exact(known[0].value), _exact(known[-1].value)
    base = known[0].value if figures.privacy else 0.0
    change = last - first - (paid_in or 0)
    pct = _exact(rate) if rate is not None else divide(change, first) if first > 0 else None
    return Timeline(
        times=[point.at for point in points],
        values=[_height(point.value, base) if point.known else None for point in points],
        labels=[figures.money(_exact(point.value)) if point.known else "" for point in points],
        dates=[point.day for point in points],
        summary=figures.say(
            "dashboard.chart_summary",
            first=figures.money(first),
            start=known[0].day,
            last=figures.money(last),
            end=known[-1].day,
        ),
        change=figures.money(change, sign=True) if len(known) > 1 else "",
        change_pct=figures.percent(pct, sign=True) if len(known) > 1 else "",
        direction=direction(change) if len(known) > 1 else "none",
        flows=_flows(paid_in, figures) if paid_in else "",
    )


def _flows(paid_in: Decimal, figures: Figures) -> str:
    key = "dashboard.range_added" if paid_in > 0 else "dashboard.range_taken"
    return figures.say(key, amount=figures.money(abs(paid_in)))


def _height(value: float, base: float) -> float:
    return round(value / abs(base) * 100, 3) if base else round(value, 8)


def _thinned(points: list[Point]) -> list[Point]:
    if len(points) <= MAX_POINTS:
        return points
    step = math.ceil(len(points) / MAX_POINTS)
    kept = points[::step]
    return kept if kept[-1] == points[-1] else [*kept, points[-1]]


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
