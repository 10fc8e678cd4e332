"""What the Performance page shows, made from the report: plain functions, no state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

from smartfolio_app.analytics.explain_performance import exact
from smartfolio_app.analytics.income_calendar import IncomeCalendar, IncomeTotal
from smartfolio_app.analytics.periods import Period
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.i18n.format import month_name
from smartfolio_app.ledger.assets import Asset, symbol_of
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.services.performance import PeriodRow, Report, Span
from smartfolio_app.state.figures import UNKNOWN, Figures, direction

#: A screen is about this many points wide; more are thinned out.
MAX_POINTS = 730
CONTRIBUTORS = 10
EARNERS = 12
#: A money-weighted rate is one of a year: told for a day or a week it would mean nothing.
SHORTEST = 28


@dataclass
class Drawn:
    """One line: ``kind`` is ``area``, ``line`` or ``under``; ``labels`` are what the cursor says at each point."""

    kind: str = "area"
    values: list[float | None] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)


@dataclass
class Drawing:
    """Lines over the same points: UTC seconds, and how each day reads.

    ``figure_of_day`` and a day (``2026-01-02``) name what explains the first line's point of that day, where it is not
    empty.
    """

    times: list[int] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    lines: list[Drawn] = field(default_factory=list)
    summary: str = ""
    figure_of_day: str = ""


@dataclass
class Fact:
    """A figure with its name; ``direction`` gives it an arrow, ``plain`` leaves it without."""

    key: str = ""
    label: str = ""
    value: str = ""
    figure: str = ""
    direction: str = "plain"


@dataclass
class PeriodLine:
    """One line of the table of periods."""

    period: str = ""
    label: str = ""
    since: str = ""
    gain: Fact = field(default_factory=Fact)
    twr: Fact = field(default_factory=Fact)
    other: Fact = field(default_factory=Fact)
    ahead: str = ""
    ahead_direction: str = "none"
    xirr: Fact = field(default_factory=Fact)
    annualised: Fact = field(default_factory=Fact)


@dataclass
class PartLine:
    """One contributor. The bar begins at ``x`` and is ``width`` wide, in percent of its track."""

    symbol: str = ""
    name: str = ""
    gain: Fact = field(default_factory=Fact)
    share: str = ""
    x: str = "50%"
    width: str = "0%"


@dataclass
class FallLine:
    """One fall from a peak."""

    depth: str = ""
    figure: str = ""
    dates: str = ""
    recovered: str = ""


@dataclass
class IncomeCell:
    """One month; ``tone`` (0 to 4) is how much it is beside the best month."""

    value: str = ""
    figure: str = ""
    label: str = ""
    tone: str = "tone-0"


@dataclass
class IncomeYear:
    """One year of the calendar."""

    year: str = ""
    total: str = ""
    figure: str = ""
    cells: list[IncomeCell] = field(default_factory=list)


@dataclass
class Earner:
    """What one asset earned."""

    symbol: str = ""
    kinds: str = ""
    count: str = ""
    last: str = ""
    value: str = ""
    figure: str = ""


# ------------------------------------------------------------------------------------------------- figures
def name_of(span: Span) -> str:
    """Return how figures call a span: its period, or its two days."""
    return span.period or f"{span.first.isoformat()}..{span.last.isoformat()}"


def rate_fact(key: str, value: float | None, span: Span, figures: Figures, *, family: str = "") -> Fact:
    """Return a return, with its arrow; one that does not exist says so where there are words for it."""
    short = key == "xirr" and (span.last - span.first).days < SHORTEST
    amount = None if short else _shown(value)
    words = figures.percent(amount, sign=True, decimals=2)
    if short and span.first < span.last:
        words = figures.say("performance.too_short")
    elif amount is None and key in {"xirr", "annualised"} and not family and span.first < span.last:
        words = figures.say(f"performance.none_{key}")
    return Fact(
        key,
        figures.say(f"performance.{key}"),
        words,
        f"{family or f'performance:{key}'}:{name_of(span)}",
        direction(amount),
    )


def money_fact(key: str, value: float | None, span: Span, figures: Figures, *, moved: bool) -> Fact:
    """Return an amount; ``moved`` gives it a sign and an arrow."""
    amount = None if value is None else _cents(value)
    return Fact(
        key,
        figures.say(f"performance.{key}"),
        figures.money(amount, sign=moved),
        f"performance:{key}:{name_of(span)}",
        direction(amount) if moved and key == "gain" else "plain",
    )


def facts(report: Report, other: str, figures: Figures) -> list[Fact]:
    """Return the figures beside the chart."""
    found, span = report.figures, report.span
    deepest = report.drawdowns[0].depth if report.drawdowns else 0.0
    fell = _shown(deepest) if span.first < span.last else None
    rows = [
        money_fact("gain", found.gain, span, figures, moved=True),
        rate_fact("simple", found.simple, span, figures),
        rate_fact("annualised", found.annualised, span, figures),
        rate_fact("xirr", found.xirr, span, figures),
        Fact(
            "drawdown",
            figures.say("performance.drawdown"),
            figures.percent(fell, decimals=2),
            f"drawdown:{name_of(span)}",
        ),
        money_fact("flows", found.flows, span, figures, moved=True),
        money_fact("income", found.income, span, figures, moved=False),
        money_fact("fees", found.fees, span, figures, moved=False),
        money_fact("fx", found.fx, span, figures, moved=True),
    ]
    if report.benchmark is not None:
        asset = report.benchmark.asset
        end = float(report.benchmark.value[-1]) if report.benchmark.rate is not None else math.nan
        rows.append(
            Fact(
                "same_money",
                figures.say("performance.same_money", asset=other),
                figures.money(None if math.isnan(end) else _cents(end)),
                f"benchmark:end:{name_of(span)}:{asset}",
            )
        )
    return rows


def period_lines(rows: Sequence[PeriodRow], figures: Figures) -> list[PeriodLine]:
    """Return the table of periods."""
    lines = []
    for row in rows:
        found, span, other = row.figures, row.span, row.benchmark
        if span.cut and span.period != Period.MAX:  # a return of three weeks is none of a year
            lines.append(_not_known(span, figures))
            continue
        rate = None if other is None else other.rate
        ahead = None if found.twr is None or rate is None else found.twr - rate
        lines.append(
            PeriodLine(
                period=span.period,
                label=figures.say(f"performance.period_{span.period}"),
                since=figures.say("performance.since", day=figures.day(span.first)) if span.cut else "",
                gain=money_fact("gain", found.gain, span, figures, moved=True),
                twr=rate_fact("twr", found.twr, span, figures),
                other=_other_rate(row, figures),
                ahead=figures.percent(_shown(ahead), sign=True, decimals=2),
                ahead_direction=direction(_shown(ahead)),
                xirr=rate_fact("xirr", found.xirr, span, figures),
                annualised=rate_fact("annualised", found.annualised, span, figures),
            )
        )
    return lines


def _not_known(span: Span, figures: Figures) -> PeriodLine:
    nothing = Fact(value=UNKNOWN, direction="none")
    return PeriodLine(
        span.period,
        figures.say(f"performance.period_{span.period}"),
        gain=nothing,
        twr=nothing,
        other=nothing,
        ahead=UNKNOWN,
        xirr=nothing,
        annualised=nothing,
    )


def cut_note(span: Span, figures: Figures) -> str:
    """Return from when on the figures count, where that is later than asked."""
    if not span.cut:
        return ""
    key = "performance.cut" if span.first < span.last else "performance.not_yet"
    return figures.say(key, day=figures.day(span.first))


def _other_rate(row: PeriodRow, figures: Figures) -> Fact:
    if row.benchmark is None:
        return Fact(value=UNKNOWN)
    fact = rate_fact("twr", row.benchmark.rate, row.span, figures, family="benchmark:twr")
    fact.figure += f":{row.benchmark.asset}"
    return fact


def part_lines(report: Report, figures: Figures) -> list[PartLine]:
    """Return who contributed most, either way, and the rest in one line."""
    rows = [one for one in report.contributions if _cents(one.gain)]
    largest = sorted(rows, key=lambda one: -abs(one.gain))[:CONTRIBUTORS]
    shown = sorted(largest, key=lambda one: -one.gain)
    scale = max((abs(one.gain) for one in shown), default=0.0)
    lines = []
    for one in shown:
        asset = report.assets[one.asset]
        half = 50 * abs(one.gain) / scale if scale else 0.0
        lines.append(
            PartLine(
                symbol=asset.symbol,
                name=asset.name if asset.name != asset.symbol else "",
                gain=Fact(
                    value=figures.money(_cents(one.gain), sign=True),
                    figure=f"contribution:{name_of(report.span)}:{one.asset}",
                    direction=direction(_cents(one.gain)),
                ),
                share=figures.percent(_shown(one.share), sign=True, decimals=2),
                x=f"{50 - half if one.gain < 0 else 50:.2f}%",
                width=f"{half:.2f}%",
            )
        )
    return lines


def fall_lines(report: Report, figures: Figures) -> list[FallLine]:
    """Return the deepest falls."""
    return [
        FallLine(
            depth=figures.percent(_shown(one.depth), decimals=2),
            figure=f"drawdown:{name_of(report.span)}",
            dates=figures.say(
                "performance.fall_dates", peak=figures.day(one.peak), trough=figures.day(one.trough)
            ),
            recovered=figures.day(one.recovered)
            if one.recovered
            else figures.say("performance.not_recovered"),
        )
        for one in report.drawdowns
        if _shown(one.depth)
    ]


# ------------------------------------------------------------------------------------------------- drawings
def growth_drawing(report: Report, other: str, figures: Figures) -> Drawing:
    """Return the return since the start, beside the benchmark's own price."""
    kept = _kept(len(report.days))
    lines = [_percent_line("area", (report.index - 1.0)[kept], figures)]
    if report.benchmark is not None:
        price = report.benchmark.price
        first = next((value for value in price if value > 0), math.nan)
        lines.append(_percent_line("line", (price / first - 1.0)[kept], figures, other))
    drawn = _drawing(report, kept, lines, figures)
    return replace(drawn, figure_of_day=f"performance:twr:{report.span.first}..")


def value_drawing(report: Report, other: str, figures: Figures) -> Drawing:
    """Return the worth of everything, beside that of the same money in the benchmark.

    With privacy the heights are an index of the first worth: the shape is sent, no amount is.
    """
    kept = _kept(len(report.days))
    base = next((abs(float(value)) for value in report.value if value), 1.0) if figures.privacy else 0.0
    lines = [_money_line("area", report.value[kept], base, figures)]
    if report.benchmark is not None:
        lines.append(_money_line("line", report.benchmark.value[kept], base, figures, other))
    return replace(_drawing(report, kept, lines, figures), figure_of_day="history:")


def under_drawing(report: Report, figures: Figures) -> Drawing:
    """Return how far below its peak the return was."""
    kept = _kept(len(report.days))
    return _drawing(report, kept, [_percent_line("under", report.below[kept], figures)], figures)


def _drawing(report: Report, kept: list[int], lines: list[Drawn], figures: Figures) -> Drawing:
    days = [report.days[index] for index in kept]
    last = lines[0].labels[-1] if lines and lines[0].labels else ""
    return Drawing(
        times=[_seconds(day) for day in days],
        dates=[figures.day(day) for day in days],
        lines=lines,
        summary=figures.say(
            "performance.summary",
            label=figures.say("performance.yours"),
            value=last,
            day=figures.day(days[-1]) if days else "",
        ),
    )


def _percent_line(kind: str, values: FloatArray, figures: Figures, name: str = "") -> Drawn:
    labels = [
        ""
        if math.isnan(value)
        else _named(name, figures.percent(_shown(float(value)), sign=True, decimals=2))
        for value in values
    ]
    return Drawn(
        kind, [None if math.isnan(value) else round(float(value) * 100, 4) for value in values], labels
    )


def _money_line(kind: str, values: FloatArray, base: float, figures: Figures, name: str = "") -> Drawn:
    heights = [
        None if math.isnan(value) else round(float(value) / base * 100 if base else float(value), 8)
        for value in values
    ]
    labels = [
        "" if math.isnan(value) else _named(name, figures.money(_cents(float(value)))) for value in values
    ]
    return Drawn(kind, heights, labels)


def _named(name: str, text: str) -> str:
    return f"{name} {text}" if name else text


def _kept(count: int) -> list[int]:
    step = max(1, math.ceil(count / MAX_POINTS))
    return sorted({*range(0, count, step), count - 1}) if count else []


# --------------------------------------------------------------------------------------------------- income
def income_years(calendar: IncomeCalendar, figures: Figures) -> list[IncomeYear]:
    """Return months by years, the newest year first."""
    best = max((total.value for total in calendar.months.values()), default=ZERO)
    rows = []
    for year in sorted(calendar.years, reverse=True):
        cells = [
            _cell(year, month, calendar.months.get((year, month)), best, figures) for month in range(1, 13)
        ]
        total = calendar.years[year]
        rows.append(IncomeYear(str(year), figures.money(total.value, decimals=0), f"income:{year}", cells))
    return rows


def _cell(year: int, month: int, total: IncomeTotal | None, best: Decimal, figures: Figures) -> IncomeCell:
    label = f"{month_name(month, figures.language)} {year}"
    if total is None:
        return IncomeCell(label=label)
    share = total.value / best if best > 0 else ZERO
    tone = (
        1 if share < Decimal("0.25") else 2 if share < Decimal("0.5") else 3 if share < Decimal("0.75") else 4
    )
    known = total.value if total.unknown < total.count else None
    return IncomeCell(figures.money(known, decimals=0), f"income:{year}-{month:02}", label, f"tone-{tone}")


def earners(calendar: IncomeCalendar, assets: dict[str, Asset], figures: Figures) -> list[Earner]:
    """Return what earned most."""
    rows = list(calendar.assets.items())[:EARNERS]
    return [
        Earner(
            symbol=assets[asset].symbol if asset in assets else symbol_of(asset),
            kinds=", ".join(figures.say(f"transactions.kinds.{kind}") for kind in sorted(total.kinds)),
            count=figures.count(total.count),
            last=figures.day(total.last),
            value=figures.money(total.value if total.unknown < total.count else None),
            figure=f"income:{asset}",
        )
        for asset, total in rows
    ]


def months(language: str) -> list[str]:
    """Return the short names of the months."""
    return [month_name(month, language) for month in range(1, 13)]


#: A rate as high as this (a million times over) comes of a price or a cost that is not what was paid.
_MEANT_NOTHING = Decimal(10) ** 6


def _shown(value: float | None) -> Decimal | None:
    """Return a ratio as it is written, so that what reads as zero has no arrow."""
    amount = exact(value)
    if amount is None or abs(amount) >= _MEANT_NOTHING:
        return None
    return amount.quantize(Decimal("0.0001"))


def _cents(value: float) -> Decimal:
    return Decimal(f"{value:.2f}")


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
