"""Why a return, a contribution, a fall or an income is what it is.

Figures: ``performance:<measure>:<period>`` (measures: ``twr``, ``xirr``, ``simple``, ``annualised``, ``gain``,
``flows``, ``income``, ``fees``, ``fx``, ``start``, ``end``), ``contribution:<period>:<asset id>``,
``drawdown:<period>``, ``benchmark:<measure>:<period>:<asset id>`` (measures: ``twr``, ``xirr``, ``end``), and
``income:<what>``, where that is ``all``, a year (``2025``), a month (``2025-03``) or an asset's id. A period is one of
``periods.Period`` or two days: ``2024-01-01..2024-12-31``.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.analytics.explain_steps import (
    LISTED,
    line,
    money,
    transactions_of,
    transactions_on,
)
from smartfolio_app.analytics.income_calendar import IncomeTotal
from smartfolio_app.analytics.results import Explanation, Measure, Step
from smartfolio_app.ledger.assets import symbol_of
from smartfolio_app.ledger.money import ZERO, plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from smartfolio_app.analytics.benchmark import Benchmark
    from smartfolio_app.analytics.income_calendar import IncomeCalendar, Receipt
    from smartfolio_app.analytics.performance import Contribution, Performance, PerformanceSeries
    from smartfolio_app.analytics.risk.drawdowns import Drawdown

RATES = frozenset({"twr", "xirr", "simple", "annualised"})
MEASURES = frozenset({*RATES, "gain", "flows", "income", "fees", "start", "end", "fx"})
#: What is told of the same money in another asset.
AGAINST = frozenset({"twr", "xirr", "end"})


def explain_performance(measure: str, found: Performance, series: PerformanceSeries) -> Explanation:
    """Return why one figure of a period is what it is."""
    currency = series.currency
    begin, end = series.number(found.first), series.number(found.last)
    flows = [
        (series.days[begin + 1 + step], float(amount))
        for step, amount in enumerate(series.flows[begin + 1 : end + 1])
        if amount
    ]
    put_in = sum(amount for _, amount in flows if amount > 0)
    steps = [
        money("explain.performance.value_start", exact(found.start), currency, params=_days(found)),
        money(
            "explain.performance.paid",
            exact(found.flows),
            currency,
            children=tuple(_flow_lines(flows, currency)),
        ),
        money("explain.performance.value_end", exact(found.end), currency, params=_days(found)),
    ]
    if measure in {"gain", "simple"}:
        steps.append(money("explain.performance.gained", exact(found.gain), currency))
    if measure == "gain" and found.twr is not None:
        steps.append(line("explain.performance.weighted", exact(found.twr), Measure.FINE_SHARE))
    if measure == "simple":
        steps.append(money("explain.performance.put_to_work", exact(found.start + put_in), currency))
    if measure in {"twr", "annualised"}:
        steps += _chain_lines(series, begin, end)
    if measure == "annualised":
        steps.append(line("explain.performance.weighted", exact(found.twr), Measure.FINE_SHARE))
    if measure in {"income", "fees"}:
        steps = [money(f"performance.{measure}", exact(getattr(found, measure)), currency)]
    if measure == "fx":
        steps = list(_currency_lines(series, begin, end))
    value = getattr(found, measure)
    return _told(
        f"return.{measure}",
        value,
        steps,
        currency,
        rate=measure in RATES,
        notes=[] if value is not None else [_why_none(measure, found)],
        params={**_days(found), "days": str((found.last - found.first).days)},
    )


def _why_none(measure: str, found: Performance) -> str:
    if found.first == found.last:
        return "explain.performance.not_known"
    return f"explain.performance.none_{measure}"


def explain_contribution(
    found: Contribution, performance: Performance, currency: str, name: str
) -> Explanation:
    """Return what an asset's part of the gain is made of."""
    steps = [
        money("explain.contribution.gain", exact(found.gain), currency, link=transactions_of(found.asset)),
        line("explain.contribution.share", exact(found.share), Measure.FINE_SHARE),
        money("explain.contribution.whole", exact(performance.gain), currency),
    ]
    return _told("contribution", found.gain, steps, currency, params={**_days(performance), "asset": name})


def explain_drawdown(falls: list[Drawdown], performance: Performance, currency: str) -> Explanation:
    """Return the falls of a period."""
    steps = [
        line(
            "explain.drawdown.fall" if one.recovered else "explain.drawdown.still",
            exact(one.depth),
            Measure.FINE_SHARE,
            params={
                "peak": one.peak.isoformat(),
                "trough": one.trough.isoformat(),
                "recovered": one.recovered.isoformat() if one.recovered else "",
            },
        )
        for one in falls
    ]
    deepest = falls[0].depth if falls else 0.0
    return _told("drawdown", deepest, steps, currency, rate=True, params=_days(performance))


def explain_benchmark(
    measure: str, found: Benchmark, currency: str, name: str, own: float | None = None
) -> Explanation | None:
    """Return what the same money would have become in another asset; ``None`` for an unknown measure.

    ``own`` is the time-weighted return of the portfolio over the same days, as a ratio.
    """
    values = {"twr": found.rate, "xirr": found.xirr, "end": float(found.value[-1])}
    if measure not in values:
        return None
    priced = [(day, float(price)) for day, price in zip(found.days, found.price, strict=True) if price > 0]
    steps = [
        line(
            "explain.against.price",
            exact(price),
            Measure.PRICE,
            currency,
            params={"asset": name, "day": day.isoformat()},
        )
        for day, price in (priced[:1] + priced[-1:] if priced else [])
    ]
    steps.append(money("explain.against.worth", exact(float(found.value[-1])), currency))
    if measure == "twr" and own is not None and found.rate is not None:
        steps.append(line("explain.against.own", exact(own), Measure.FINE_SHARE))
        steps.append(line("explain.against.ahead", exact(own - found.rate), Measure.FINE_SHARE))
    return _told(
        f"against.{measure}",
        values[measure],
        steps,
        currency,
        rate=measure != "end",
        params={"asset": name, "first": found.days[0].isoformat(), "last": found.days[-1].isoformat()},
    )


def explain_income(calendar: IncomeCalendar, what: str) -> Explanation | None:
    """Return the receipts behind an income; ``None`` when there is none of that name."""
    rows = [row for row in calendar.receipts if within(row, what)]
    if not rows:
        return None
    total = IncomeTotal()
    for row in rows:
        total.add(row)
    assets: dict[str, IncomeTotal] = {}
    for row in rows:
        assets.setdefault(row.of, IncomeTotal()).add(row)
    largest = sorted(assets.items(), key=lambda item: (-item[1].value, item[0]))
    by_asset = ":" in what
    steps = (
        [_receipt_line(row, calendar.currency) for row in rows[-LISTED:][::-1]]
        if by_asset or len(rows) <= LISTED
        else [
            money(
                symbol_of(asset),
                one.value,
                calendar.currency,
                link=transactions_of(asset),
                children=tuple(
                    _receipt_line(row, calendar.currency) for row in rows[::-1] if row.of == asset
                )[:3],
            )
            for asset, one in largest[:LISTED]
        ]
    )
    left = len(rows) - LISTED if by_asset else len(largest) - LISTED
    if left > 0:
        shown = sum((step.amount or ZERO for step in steps), ZERO)
        steps.append(
            money("explain.rest", total.value - shown, calendar.currency, params={"count": str(left)})
        )
    notes = ["explain.income.unknown"] if total.unknown else []
    params = {
        "what": symbol_of(what) if by_asset else what,
        "count": str(total.count),
        "unknown": str(total.unknown),
    }
    return Explanation(
        figure="",
        title="explain.income.title_all" if what == "all" else "explain.income.title",
        formula="explain.income.formula",
        result=plain(total.value),
        steps=tuple(steps),
        notes=tuple(notes),
        params=params,
        amount=total.value,
        unit=calendar.currency,
    )


def exact(value: float | None) -> Decimal | None:
    """Return a point of a series as a decimal of ten places, ``None`` where it is not known."""
    return None if value is None or math.isnan(value) else Decimal(f"{value:.10f}")


def within(row: Receipt, what: str) -> bool:
    """Tell whether a receipt belongs to ``all``, a year, a month or an asset."""
    if what == "all":
        return True
    if ":" in what:
        return row.of == what
    return row.day.isoformat().startswith(f"{what}-")


def _receipt_line(row: Receipt, currency: str) -> Step:
    return money(
        "explain.income.receipt",
        row.value,
        currency,
        source=f"transactions.kinds.{row.kind}",
        link=transactions_of(row.of),
        params={"asset": symbol_of(row.of), "day": row.day.isoformat()},
        children=(
            (line("explain.holding.quantity", row.quantity, Measure.QUANTITY, symbol_of(row.asset)),)
            if row.asset != f"fiat:{currency}"
            else ()
        ),
    )


def _flow_lines(flows: list[tuple[date, float]], currency: str) -> Iterable[Step]:
    largest = sorted(flows, key=lambda one: -abs(one[1]))[:LISTED]
    for day, amount in sorted(largest):
        key = "explain.performance.put_in" if amount > 0 else "explain.performance.taken_out"
        yield money(key, exact(amount), currency, link=transactions_on(day), params=_day(day))
    if len(flows) > LISTED:
        rest = math.fsum(amount for _, amount in flows) - math.fsum(amount for _, amount in largest)
        yield money("explain.rest", exact(rest), currency, params={"count": str(len(flows) - LISTED)})


def _currency_lines(series: PerformanceSeries, begin: int, end: int) -> Iterable[Step]:
    """What each currency did, with its rate at either end, the strongest first."""
    found = series.exposures
    effects = found.effect[begin + 1 : end + 1].sum(axis=0)
    for number in sorted(range(len(found.currencies)), key=lambda one: -abs(effects[one]))[:LISTED]:
        name = found.currencies[number]
        rates = tuple(
            line(
                "explain.fx.rate",
                exact(float(found.rate[at, number])),
                Measure.PRICE,
                series.currency,
                params={"currency": name, "day": series.days[at].isoformat()},
            )
            for at in (begin, end)
        )
        held = money(
            "explain.fx.held",
            exact(float(found.value[end, number])),
            series.currency,
            params={"currency": name},
        )
        yield money(
            "explain.fx.effect",
            exact(float(effects[number])),
            series.currency,
            params={"currency": name},
            children=(*rates, held),
        )


def _chain_lines(series: PerformanceSeries, begin: int, end: int) -> list[Step]:
    """The worth of 1, and the days that moved it most."""
    returns = series.returns[begin:end]
    if not len(returns):
        return []
    strongest = sorted(range(len(returns)), key=lambda step: -abs(returns[step]))[:5]
    days = tuple(
        line(
            "explain.performance.day",
            exact(float(returns[step])),
            Measure.FINE_SHARE,
            link=transactions_on(series.days[begin + 1 + step]),
            params=_day(series.days[begin + 1 + step]),
        )
        for step in sorted(strongest)
    )
    return [
        line("explain.performance.chained", Decimal(len(returns)), Measure.COUNT),
        line("explain.performance.strongest", None, Measure.TEXT, children=days),
    ]


def _told(
    name: str,
    value: float | None,
    steps: Iterable[Step],
    currency: str,
    *,
    rate: bool = False,
    notes: Iterable[str] = (),
    params: dict[str, str] | None = None,
) -> Explanation:
    amount = exact(value)
    return Explanation(
        figure="",
        title=f"explain.{name}.title",
        formula=f"explain.{name}.formula",
        result="" if amount is None else plain(amount),
        steps=tuple(steps),
        notes=tuple(notes),
        params=params or {},
        amount=amount,
        measure=Measure.FINE_SHARE if rate else Measure.MONEY,
        unit="" if rate else currency,
    )


def _day(day: date) -> dict[str, str]:
    return {"day": day.isoformat()}


def _days(found: Performance) -> dict[str, str]:
    return {"first": found.first.isoformat(), "last": found.last.isoformat()}
