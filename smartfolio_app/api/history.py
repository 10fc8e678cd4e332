"""What everything was worth over time, and what a stretch of time brought."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from smartfolio_app.analytics.results import DailySeries, FloatArray, History
from smartfolio_app.api.dependencies import Database
from smartfolio_app.api.schemas import Amount, Answer
from smartfolio_app.api.views import ChosenView
from smartfolio_app.api.wealth_schemas import ChangeOut, CoverageOut
from smartfolio_app.services import wealth, wealth_history

router = APIRouter(prefix="/api/portfolio", tags=["portfolio"])

Window = Literal["1d", "1w", "1m", "3m", "ytd", "1y", "all"]
_DAYS_BACK = {"1d": 1, "1w": 7, "1m": 30, "3m": 91, "1y": 365}


class DayOut(Answer):
    """One day, at its end in the user's time zone; ``null`` where nothing is known."""

    day: date
    value: Amount | None = Field(description="at the last known prices")
    invested: Amount | None = Field(description="the running sum of flows, from the very beginning")
    flows: Amount | None = Field(description="put in (+) or taken out (-) on the day")
    income: Amount | None = Field(description="earned on the day")
    fees: Amount | None = Field(description="fees, expenses and losses of the day")
    realised: Amount | None = Field(description="gains realised on the day, as far as their cost is known")
    unrealised: Amount | None = Field(description="gains not yet realised at the end of the day")
    fx: Amount | None = Field(description="what exchange rates alone did on the day")
    coverage: Amount | None = Field(description="share (0 to 1) of what was held that had a fresh price")
    known: Amount | None = Field(
        description="the same by worth; what never had a price weighs nothing. No return is told across a long "
        "stretch where this is under 0.5"
    )


class HistoryOut(Answer):
    """One point a day; ``by`` holds the value per key, in the order of the days, where a split was asked for; ``parts``
    all series per key.
    """

    currency: str
    points: list[DayOut]
    by: dict[str, list[Amount | None]]
    parts: dict[str, list[DayOut]]


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


@router.get("/history", summary="What it was worth, day by day", response_model=HistoryOut)
def get_history(  # noqa: PLR0917 - FastAPI passes them by name
    view: ChosenView,
    db: Database,
    first: Annotated[
        date | None, Query(alias="from", description="default: the first day anything is known")
    ] = None,
    last: Annotated[date | None, Query(alias="to", description="default: today")] = None,
    by: Annotated[Literal["category", "group", "source", "asset"] | None, Query()] = None,
    parts: Annotated[bool, Query(description="give every series of each part, not its value alone")] = False,
) -> Response:
    """Return one point a day, from the first day anything is known of to today unless asked otherwise."""
    found = wealth_history.history(db, view, first, last, by)
    answer = HistoryOut(
        currency=found.currency,
        points=_points(found.days, found),
        by={key: [known(number) for number in values] for key, values in found.by.items()},
        parts={key: _points(found.days, part) for key, part in found.parts.items()} if parts else {},
    )
    # Written at once: checked again and turned about on the way, ten years of days take three times as long.
    return Response(answer.model_dump_json(), media_type="application/json")


def _points(days: Sequence[date], series: DailySeries) -> list[DayOut]:
    names = ["day", *(one.name for one in fields(DailySeries))]
    columns = [[known(number) for number in getattr(series, name).tolist()] for name in names[1:]]
    # Nothing to be checked: these are decimals and days already, ten years of them.
    return [
        DayOut.model_construct(**dict(zip(names, values, strict=True)))
        for values in zip(days, *columns, strict=True)
    ]


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
