"""The history chart's points: which days a range covers, and how each point reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from smartfolio_app.analytics import drawn_line
from smartfolio_app.analytics.drawn_line import RANGES, Point, first_day
from smartfolio_app.analytics.intraday import Intraday
from smartfolio_app.analytics.results import History
from smartfolio_app.state.figures import Figures

__all__ = ["RANGES", "Timeline", "build", "day_line", "first_day", "timeline"]

#: A screen is about this many points wide; more are thinned out.
MAX_POINTS = 730


@dataclass
class Timeline:
    """A drawn line. ``times`` are UTC seconds, ``values`` its heights (``None``: nothing known), ``labels`` and
    ``dates`` what the cursor says at each point. ``figure_of_day`` and a day (``2026-01-02``) name what explains the
    point of that day; it is empty where a point has no explanation of its own."""

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
    figure_of_day: str = ""


def timeline(history: History, figures: Figures) -> Timeline:
    """Return the line of a daily history; its change is what was gained, money that came or went apart.

    Days before anything was owned are left out, and so is all that lies before a long stretch without prices.
    """
    points, owned, begin = drawn_line.points_of_days(history)
    if owned is None:
        return Timeline()
    begins = figures.day(history.days[begin])
    note = figures.say("dashboard.chart_begins", day=begins) if begin > owned else ""
    if begin == len(points) - 1:
        return Timeline(note=note or figures.say("dashboard.chart_first"))  # one point is no line
    paid_in, rate = drawn_line.paid_in(history, begin)
    line = build(points[begin:], paid_in, figures, rate)
    return replace(line, note=note, figure_of_day="history:")


def day_line(points: Intraday, figures: Figures) -> Timeline:
    """Return the line of a day or a week, by the hour or finer."""
    drawn = drawn_line.points_of_hours(points)
    if len(drawn) < 2:
        return Timeline(note=figures.say("dashboard.chart_first"))
    return build(drawn, None, figures)


def build(
    points: Sequence[Point],
    paid_in: Decimal | None,
    figures: Figures,
    rate: float | None = None,
) -> Timeline:
    """Return the line through ``points`` (as ``Point``) and how it reads as a whole; empty when none is known.

    ``paid_in`` is what came in less what went out meanwhile; ``rate`` the return, where it is not simply the change.
    With privacy its heights are an index: the shape is sent, no amount is.
    """
    told = drawn_line.moved(points, paid_in, rate)
    if told is None:
        return Timeline()
    known = [point for point in points if point.known]
    points = _thinned(points)
    base = known[0].value if figures.privacy else 0.0
    moves = len(known) > 1
    return Timeline(
        times=[point.at for point in points],
        values=[_height(point.value, base) if point.known else None for point in points],
        labels=[figures.money(drawn_line.exact(point.value)) if point.known else "" for point in points],
        dates=[_when(point, figures) for point in points],
        summary=figures.say(
            "dashboard.chart_summary",
            first=figures.money(told.first),
            start=_when(known[0], figures),
            last=figures.money(told.last),
            end=_when(known[-1], figures),
        ),
        change=figures.money(told.change, sign=True) if moves else "",
        change_pct=figures.percent(told.rate, sign=True) if moves else "",
        direction=figures.direction(told.change) if moves else "none",
        flows=_flows(paid_in, figures) if paid_in else "",
    )


def _flows(paid_in: Decimal, figures: Figures) -> str:
    key = "dashboard.range_added" if paid_in > 0 else "dashboard.range_taken"
    return figures.say(key, amount=figures.money(abs(paid_in)))


def _height(value: float, base: float) -> float:
    return round(value / abs(base) * 100, 3) if base else round(value, 8)


def _thinned(points: Sequence[Point]) -> Sequence[Point]:
    if len(points) <= MAX_POINTS:
        return points
    step = math.ceil(len(points) / MAX_POINTS)
    kept = points[::step]
    return kept if kept[-1] == points[-1] else [*kept, points[-1]]


def _when(point: Point, figures: Figures) -> str:
    return figures.moment(point.of) if isinstance(point.of, datetime) else figures.day(point.of)
