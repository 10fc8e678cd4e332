"""What everything was worth over time, and what a stretch of time brought."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from smartfolio_app.analytics.results import FloatArray, History
from smartfolio_app.api.dependencies import Database
from smartfolio_app.api.schemas import Amount, Answer
from smartfolio_app.api.views import ChosenView
from smartfolio_app.api.wealth_schemas import ChangeOut, CoverageOut
from smartfolio_app.services import wealth, wealth_history

router = APIRouter(prefix="/api/portfolio", tags=["portfolio"])

Window = Literal["1d", "1w", "1m", "3m", "ytd", "1y", "all"]
_DAYS_BACK = {"1d": 1, "1w": 7, "1m": 30, "3m": 91, "1y": 365}


class DayOut(Answer):
    """One day, at its end in the user's time zone; ``null`` where nothing is known. ``invested`` is the running sum of
    ``flows``.
    """

    day: date
    value: Amount | None
    invested: Amount | None
    flows: Amount | None
    income: Amount | None
    fees: Amount | None
    coverage: Amount | None


class HistoryOut(Answer):
    """One point a day; ``by`` holds the value per key, in the order of the days, where a split was asked for."""

    currency: str
    points: list[DayOut]
    by: dict[str, list[Amount | None]]


class MomentOut(Answer):
    """The worth at an instant."""

    at: datetime
    value: Amount | None
    coverage: Amount | None


class LineOut(Answer):
    """The points of a day or a week, the last one now."""

    currency: str
    points: list[MomentOut]


class WindowOut(Answer):
    """What a stretch of days brought: ``gain`` = ``value_last`` - ``value_first`` - ``flows``."""

    window: str
    first: date
    last: date
    value_first: Amount | None
    value_last: Amount | None
    flows: Amount | None
    income: Amount | None
    fees: Amount | None
    gain: Amount | None


class MetricsOut(Answer):
    """Today's change against an anchor, and a stretch of days."""

    currency: str
    total_value: Amount | None
    pnl_today: Amount | None
    pnl_today_pct: Amount | None
    change: ChangeOut
    window: WindowOut
    coverage: CoverageOut
    as_of: datetime


@router.get("/history", summary="What it was worth, day by day")
def get_history(
    view: ChosenView,
    db: Database,
    first: date | None = None,
    last: date | None = None,
    by: Annotated[Literal["category", "group", "source", "asset"] | None, Query()] = None,
) -> HistoryOut:
    """Return one point a day, from the first day anything is known of to today unless asked otherwise."""
    found = wealth_history.history(db, view, first, last, by)
    series = (found.value, found.invested, found.flows, found.income, found.fees, found.coverage)
    columns = [[known(number) for number in one] for one in series]
    points = [
        DayOut(
            day=day, value=value, invested=invested, flows=flows, income=income, fees=fees, coverage=coverage
        )
        for day, value, invested, flows, income, fees, coverage in zip(found.days, *columns, strict=True)
    ]
    split = {key: [known(number) for number in values] for key, values in found.by.items()}
    return HistoryOut(currency=found.currency, points=points, by=split)


@router.get("/line", summary="What it was worth within the last day or week")
def get_line(view: ChosenView, db: Database, window: Literal["1d", "1w"] = "1d") -> LineOut:
    """Return points within the day (every 15 minutes) or the week (every hour), the last one now."""
    found = wealth_history.line(db, view, window)
    points = zip(found.times, found.value, found.coverage, strict=True)
    return LineOut(
        currency=found.currency,
        points=[MomentOut(at=at, value=known(value), coverage=known(part)) for at, value, part in points],
    )


@router.get("/metrics", summary="Today, and a stretch of days")
def get_metrics(view: ChosenView, db: Database, window: Annotated[Window, Query()] = "1m") -> MetricsOut:
    """Return what changed since the anchor (``anchor``) and over ``window``, flows apart from gains."""
    found = wealth.summary(db, view)
    today = datetime.now(UTC).astimezone(ZoneInfo(view.time_zone)).date()
    days = wealth_history.history(db, view, _first_day(window, today), today)
    if window == "all":  # from the evening before the beginning, when nothing was owned
        days = wealth_history.history(db, view, days.days[0] - timedelta(days=1), today)
    return MetricsOut(
        currency=found.currency,
        total_value=found.total_value,
        pnl_today=found.change.gain,
        pnl_today_pct=found.change.pct,
        change=ChangeOut.model_validate(found.change),
        window=window_of(window, days),
        coverage=CoverageOut.model_validate(found.coverage),
        as_of=found.as_of,
    )


def window_of(name: str, days: History) -> WindowOut:
    """Return what the days after the first one brought."""
    first, last = known(days.value[0]), known(days.value[-1])
    flows = _sum(days.flows)
    gain = None if first is None or last is None or flows is None else last - first - flows
    return WindowOut(
        window=name,
        first=days.days[0],
        last=days.days[-1],
        value_first=first,
        value_last=last,
        flows=flows,
        income=_sum(days.income),
        fees=_sum(days.fees),
        gain=gain,
    )


def known(number: float) -> Decimal | None:
    """Return a point of a series as a decimal (series are drawn, not booked: ten places do), ``None`` for *unknown*."""
    return None if math.isnan(number) else Decimal(f"{number:.10f}")


def _sum(series: FloatArray) -> Decimal | None:
    """Add up the days after the first; unknown when any of them is."""
    return known(float(series[1:].sum()))


def _first_day(window: str, today: date) -> date | None:
    if window == "all":
        return None
    if window == "ytd":
        return date(today.year - 1, 12, 31)
    return today - timedelta(days=_DAYS_BACK[window])
