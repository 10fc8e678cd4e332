"""How well it went, and what was earned."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from smartfolio_app.analytics.benchmark import Benchmark
from smartfolio_app.analytics.income_calendar import IncomeTotal, dividends
from smartfolio_app.analytics.performance import Performance
from smartfolio_app.api.dependencies import Database
from smartfolio_app.api.history import known
from smartfolio_app.api.schemas import Amount, Answer
from smartfolio_app.api.views import ChosenView
from smartfolio_app.services import income, performance

router = APIRouter(prefix="/api/portfolio", tags=["portfolio"])

PeriodQuery = Literal["1D", "1W", "1M", "3M", "YTD", "1Y", "3Y", "MAX", "max"]
Ratio = Annotated[Amount | None, Field(description="a ratio: 0.05 is five percent; null: there is none")]


Cut = Annotated[
    bool,
    Field(
        description="true: it begins later than asked, with the first day from which the prices of most of what was "
        "owned are known; on the last day itself nothing is told"
    ),
]


class ReturnsOut(Answer):
    """From the end of ``first`` to the end of ``last``: ``gain`` = ``end`` - ``start`` - ``flows``."""

    first: date
    last: date
    start: Amount | None
    end: Amount | None
    flows: Amount | None = Field(description="put in less taken out")
    gain: Amount | None
    income: Amount | None
    fees: Amount | None
    fx: Amount | None = Field(description="the part of the gain that exchange rates alone made")
    simple: Ratio = Field(description="gain on everything that was put to work")
    twr: Ratio = Field(description="time-weighted return, days chained around flows")
    annualised: Ratio = Field(description="the time-weighted return a year; null for less than a year")
    xirr: Ratio = Field(description="money-weighted return a year; null where the equation has no solution")


class ContributionOut(Answer):
    """One asset's part of the gain; the shares of all add up to the simple return."""

    asset: str
    gain: Amount | None
    share: Ratio


class DrawdownOut(Answer):
    """One fall of the time-weighted index; ``recovered`` is null while its peak has not been reached again."""

    depth: Ratio
    peak: date
    trough: date
    recovered: date | None


class BenchmarkOut(Answer):
    """The same money on the same days in another asset: what it would be worth, and its returns."""

    asset: str
    end: Amount | None
    twr: Ratio = Field(description="the asset's own return over the days it has prices")
    xirr: Ratio = Field(description="money-weighted, of the same flows")


class PerformancePoint(Answer):
    """One day: the value, the worth of 1 put in when the period began, its distance from the peak, the benchmark."""

    day: date
    value: Amount | None
    index: Amount | None
    below: Amount | None
    benchmark: Amount | None


class PerformanceOut(Answer):
    """One period, or any two dates."""

    currency: str
    period: str
    cut: Cut
    returns: ReturnsOut
    contributions: list[ContributionOut]
    drawdowns: list[DrawdownOut]
    benchmark: BenchmarkOut | None
    points: list[PerformancePoint]


class IncomeTotalOut(Answer):
    """What came in; ``unknown`` receipts have no known value and are not in ``value``."""

    value: Amount
    count: int
    unknown: int


class IncomeMonthOut(IncomeTotalOut):
    """A month."""

    year: int
    month: int


class IncomeAssetOut(IncomeTotalOut):
    """What one asset earned; ``dividends`` is the part that was dividends."""

    asset: str
    last: date | None
    dividends: Amount


class IncomeOut(Answer):
    """Everything earned, at its market value on the day."""

    currency: str
    years: dict[int, IncomeTotalOut]
    months: list[IncomeMonthOut]
    assets: list[IncomeAssetOut]
    kinds: dict[str, IncomeTotalOut]


@router.get("/performance", summary="How well it went")
def get_performance(  # noqa: PLR0917 - FastAPI passes them by name
    view: ChosenView,
    db: Database,
    period: Annotated[PeriodQuery, Query(description="ends today; ignored where days are given")] = "1Y",
    first: Annotated[date | None, Query(alias="from", description="counts from the end of this day")] = None,
    last: Annotated[
        date | None, Query(alias="to", description="to the end of this day; default: today")
    ] = None,
    benchmark: Annotated[
        str, Query(max_length=80, description="the id of any asset with a market price, such as crypto:BTC")
    ] = "",
) -> PerformanceOut:
    """Return time-weighted, money-weighted and simple returns, who contributed, the falls, and the benchmark."""
    found = performance.report(db, view, period.upper(), first=first, last=last, against=benchmark)
    other = found.benchmark
    return PerformanceOut(
        currency=found.currency,
        period=found.span.period,
        cut=found.span.cut,
        returns=returns_out(found.figures),
        contributions=[
            ContributionOut(asset=one.asset, gain=known(one.gain), share=told(one.share))
            for one in found.contributions
        ],
        drawdowns=[
            DrawdownOut(depth=told(one.depth), peak=one.peak, trough=one.trough, recovered=one.recovered)
            for one in found.drawdowns
        ],
        benchmark=None if other is None else benchmark_out(other),
        points=[
            PerformancePoint(
                day=day,
                value=known(float(found.value[step])),
                index=known(float(found.index[step])),
                below=known(float(found.below[step])),
                benchmark=None if other is None else known(float(other.value[step])),
            )
            for step, day in enumerate(found.days)
        ],
    )


class PeriodOut(Answer):
    """One line of the table."""

    cut: Cut
    returns: ReturnsOut
    benchmark: BenchmarkOut | None


@router.get("/performance/periods", summary="How well every period went")
def get_periods(
    view: ChosenView, db: Database, benchmark: Annotated[str, Query(max_length=80)] = ""
) -> dict[str, PeriodOut]:
    """Return the returns of 1D, 1W, 1M, 3M, YTD, 1Y, 3Y and MAX, each beside the benchmark."""
    return {
        row.span.period: PeriodOut(
            cut=row.span.cut,
            returns=returns_out(row.figures),
            benchmark=None if row.benchmark is None else benchmark_out(row.benchmark),
        )
        for row in performance.table(db, view, benchmark)
    }


@router.get("/income", summary="What was earned")
def get_income(view: ChosenView, db: Database) -> IncomeOut:
    """Return dividends, interest, staking and other income by month, year, asset and kind."""
    found = income.calendar(db, view)
    paid = dividends(found)
    return IncomeOut(
        currency=found.currency,
        years={year: IncomeTotalOut.model_validate(total) for year, total in found.years.items()},
        months=[
            IncomeMonthOut(year=year, month=month, **_total(total))
            for (year, month), total in found.months.items()
        ],
        assets=[
            IncomeAssetOut(
                asset=asset,
                last=total.last,
                dividends=paid.get(asset, IncomeTotal()).value,
                **_total(total),
            )
            for asset, total in found.assets.items()
        ],
        kinds={kind: IncomeTotalOut.model_validate(total) for kind, total in found.kinds.items()},
    )


def returns_out(found: Performance) -> ReturnsOut:
    """Write the figures of a period."""
    names = ("start", "end", "flows", "gain", "income", "fees", "fx", "simple", "twr", "annualised", "xirr")
    return ReturnsOut(
        first=found.first, last=found.last, **{name: told(getattr(found, name)) for name in names}
    )


def benchmark_out(found: Benchmark) -> BenchmarkOut:
    """Write a comparison."""
    return BenchmarkOut(
        asset=found.asset,
        end=known(float(found.value[-1])),
        twr=told(found.rate),
        xirr=told(found.xirr),
    )


def told(value: float | None) -> Amount | None:
    """Return an amount or a ratio with ten places, ``None`` where there is none."""
    return None if value is None else known(value)


def _total(total: IncomeTotal) -> dict[str, object]:
    return {"value": total.value, "count": total.count, "unknown": total.unknown}
