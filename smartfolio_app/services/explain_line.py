"""Why the line of net worth went up or down over a range: ``line:<range>``, its first point, its last, and flows."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from smartfolio_app.analytics import drawn_line
from smartfolio_app.analytics.drawn_line import RANGES, Moved, Point
from smartfolio_app.analytics.explain_steps import line, money
from smartfolio_app.analytics.results import Explanation, Measure
from smartfolio_app.ledger.money import plain
from smartfolio_app.services import wealth
from smartfolio_app.services.views import View


def explain(db: Session, view: View, chosen: str) -> Explanation | None:
    """Return why the line of a range changed as it did, ``None`` where there is no such range or no line."""
    found = moved(db, view, chosen)
    if found is None:
        return None
    first, last, told = found
    paid = () if told.paid_in is None else (money("explain.line.paid_in", -told.paid_in, view.currency),)
    return Explanation(
        figure="",
        title="explain.line.title",
        formula="explain.line.formula" if paid else "explain.line.formula_hours",
        result=plain(told.change),
        steps=(
            money("explain.line.first", told.first, view.currency, at=_instant(first, view)),
            money("explain.line.last", told.last, view.currency, at=_instant(last, view)),
            *paid,
            line("explain.line.rate", told.rate, Measure.SHARE),
        ),
        amount=told.change,
        measure=Measure.MONEY,
        unit=view.currency,
    )


def moved(db: Session, view: View, chosen: str) -> tuple[Point, Point, Moved] | None:
    """Return the first and the last known point of a range's line, and what happened between them."""
    if chosen not in RANGES:
        return None
    paid, rate = None, None
    if chosen in wealth.INTRADAY:
        points = drawn_line.points_of_hours(wealth.line(db, view, chosen))
    else:
        today = datetime.now(UTC).astimezone(ZoneInfo(view.time_zone)).date()
        history = wealth.history(db, view, first=drawn_line.first_day(chosen, today))
        points, owned, begin = drawn_line.points_of_days(history)
        if owned is None:
            return None
        paid, rate = drawn_line.paid_in(history, begin)
        points = points[begin:]
    known = [point for point in points if point.known]
    told = drawn_line.moved(points, paid, rate)
    return None if told is None or len(known) < 2 else (known[0], known[-1], told)


def _instant(point: Point, view: View) -> datetime:
    """Return when a point is of: of a day, its end on the clock of the view."""
    if isinstance(point.of, datetime):
        return point.of
    return datetime(point.of.year, point.of.month, point.of.day, 23, 59, 59, tzinfo=ZoneInfo(view.time_zone))
