"""The history chart's points: which days a range covers, and how each point reads."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from smartfolio_app.analytics.results import History
from smartfolio_app.ledger.money import divide
from smartfolio_app.state.figures import Figures, direction

#: In the order they are offered; the key is also its message key under ``dashboard.range_``.
RANGES = ("1d", "1w", "1m", "3m", "ytd", "1y", "all")
_DAYS = {"1w": 7, "1m": 30, "3m": 91, "1y": 365}
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


def first_day(chosen: str, today: date) -> date | None:
    """Return the first day of a range that is counted in days; ``None`` for the whole history."""
    if chosen == "ytd":
        return date(today.year, 1, 1)
    days = _DAYS.get(chosen)
    return None if days is None else today - timedelta(days=days)


def timeline(history: History, figures: Figures) -> Timeline:
    """Return the line of a daily history. With privacy its heights are an index: the shape, not the amounts."""
    points = [
        (_seconds(day), float(value), figures.day(day))
        for day, value in zip(history.days, history.value, strict=True)
    ]
    paid_in = Decimal(str(round(math.fsum(x for x in history.flows[1:] if not math.isnan(x)), 2)))
    return build(points, paid_in, figures)


def build(points: list[tuple[int, float, str]], paid_in: Decimal | None, figures: Figures) -> Timeline:
    """Return the line through ``(UTC seconds, value or nan, date text)`` and how it reads as a whole."""
    known = [point for point in points if not math.isnan(point[1])]
    if not known:
        return Timeline()
    started = points.index(known[0])
    points = _thinned(points[started:])
    base = known[0][1] if figures.privacy else 1.0
    first, last = _exact(known[0][1]), _exact(known[-1][1])
    change = last - first
    pct = divide(change, first) if first > 0 else None
    return Timeline(
        times=[at for at, _, _ in points],
        values=[None if math.isnan(value) else _height(value, base) for _, value, _ in points],
        labels=["" if math.isnan(value) else figures.money(_exact(value)) for _, value, _ in points],
        dates=[text for _, _, text in points],
        summary=figures.say(
            "dashboard.chart_summary",
            first=figures.money(first),
            start=known[0][2],
            last=figures.money(last),
            end=known[-1][2],
        ),
        change=figures.money(change, sign=True),
        change_pct=figures.percent(pct, sign=True),
        direction=direction(change),
        flows=figures.say("dashboard.range_flows", amount=figures.money(paid_in, sign=True))
        if paid_in
        else "",
    )


def _height(value: float, base: float) -> float:
    return round(value / abs(base) * 100, 3) if base not in (0.0, 1.0) else round(value, 8)


def _thinned(points: list[tuple[int, float, str]]) -> list[tuple[int, float, str]]:
    if len(points) <= MAX_POINTS:
        return points
    step = math.ceil(len(points) / MAX_POINTS)
    kept = points[::step]
    return kept if kept[-1] == points[-1] else [*kept, points[-1]]


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
