"""What the Risk page shows, made from the report: plain functions, no state."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import numpy as np

from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.analytics.groups import GROUPS
from smartfolio_app.analytics.results import Breakdown
from smartfolio_app.analytics.risk.panel import Exposure
from smartfolio_app.analytics.risk.report import CONFIDENCES, HORIZONS, RiskReport
from smartfolio_app.analytics.risk.rolling import MODELS
from smartfolio_app.analytics.risk.scenarios import Outcome
from smartfolio_app.analytics.risk.simulation import LEVELS, Future
from smartfolio_app.ledger.assets import symbol_of
from smartfolio_app.ledger.money import ZERO, plain
from smartfolio_app.services.risk import Dashboard
from smartfolio_app.state.figures import UNKNOWN, Figures
from smartfolio_app.state.reading import decimal_sign

#: So many lines of a list before it is asked for whole.
FEW = 10
#: The matrix of more is not readable.
MOST_IN_MATRIX = 100
#: Points of a curve; a screen is about as wide.
MOST_POINTS = 700
#: Days of the track that is drawn.
TRACK_DAYS = 252
_PAIRS = 3
#: A verdict and the tone it is said in.
VERDICTS = {"passed": "good", "failed": "bad", "too_short": ""}


@dataclass
class Pointed:
    """A picture: what the pointer says at each point, and what the whole says to who cannot see it."""

    labels: list[str] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    summary: str = ""


@dataclass
class Curve(Pointed):
    """A drawn line: its heights."""

    values: list[float] = field(default_factory=list)


@dataclass
class DailyTrack(Pointed):
    """Returns, and the VaR given for each day (``None``: none)."""

    returns: list[float] = field(default_factory=list)
    limits: list[float | None] = field(default_factory=list)


@dataclass
class TailCell:
    """One bad day of one model; where it has none, ``why``."""

    figure: str = ""
    mean_figure: str = ""
    money: str = ""
    ratio: str = ""
    mean: str = ""
    why: str = ""


@dataclass
class RecordCell:
    """How one model did: how many breaches of how many expected, and the verdict."""

    figure: str = ""
    text: str = ""
    chance: str = ""
    verdict: str = ""
    tone: str = ""


@dataclass
class TailRow:
    """One model."""

    key: str = ""
    label: str = ""
    cells: list[TailCell] = field(default_factory=list)
    records: list[RecordCell] = field(default_factory=list)


@dataclass
class SourceRow:
    """A group or an asset: its share of the value and of the risk, as text and as SVG widths."""

    id: str = ""
    figure: str = ""
    label: str = ""
    name: str = ""
    share: str = ""
    share_figure: str = ""
    risk: str = ""
    share_width: str = "0%"
    risk_width: str = "0%"
    volatility: str = ""
    volatility_figure: str = ""
    beta: str = ""
    beta_figure: str = ""
    reason: str = ""


@dataclass
class PartRow:
    """One part of the score."""

    key: str = ""
    figure: str = ""
    label: str = ""
    rank: str = ""
    width: str = "0%"
    detail: str = ""


@dataclass
class Matrix:
    """Correlations in the order of ``names``; ``point`` is the reader's decimal separator. What explains a cell is
    ``figure`` and the two assets' ``ids`` in their order, a bar between them."""

    names: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    figure: str = ""
    rows: list[list[float]] = field(default_factory=list)
    point: str = "."
    hint: str = ""
    summary: str = ""


@dataclass
class Fact:
    """A label and its value; ``width`` as an SVG width; ``figure`` is its name where it explains itself."""

    key: str = ""
    label: str = ""
    value: str = ""
    width: str = "0%"
    figure: str = ""


@dataclass
class OutcomeRow:
    """An episode, or one line of an outcome."""

    key: str = ""
    label: str = ""
    when: str = ""
    change: str = ""
    loss: str = ""
    direction: str = "none"
    width: str = "0%"
    note: str = ""
    figure: str = ""
    change_figure: str = ""


@dataclass
class RiskTile:
    """Risk in one line, for the dashboard."""

    loss: str = ""
    figure: str = ""
    ratio: str = ""
    verdict: str = ""
    tone: str = ""


@dataclass
class FanView(Pointed):
    """The fan: quantiles by level, and what had been paid in."""

    years: list[float] = field(default_factory=list)
    levels: list[list[float]] = field(default_factory=list)
    paid: list[float] = field(default_factory=list)
    goal: float = 0.0
    ends: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)


# --------------------------------------------------------------------------------------------------- single figures
def prefix(window: str, basis: str, rate: Decimal = ZERO) -> str:
    """Return what the names of the page's figures begin with; ``rate`` is the risk-free one."""
    return f"risk:{window}@{plain(rate)}:{basis}:" if rate else f"risk:{window}:{basis}:"


def percent(value: float | None, figures: Figures, *, sign: bool = False, decimals: int = 1) -> str:
    """Return a float ratio as a percentage."""
    return figures.percent(exact(value), sign=sign, decimals=decimals)


def facts(found: Dashboard, figures: Figures) -> dict[str, str]:
    """Return every single figure of the page by name."""
    report = found.report
    if report is None:
        return {}
    shares = {
        name: percent(getattr(report, name), figures)
        for name in ("volatility", "downside", "ulcer", "drawdown", "coverage")
    }
    ratios = {
        name: figures.ratio(exact(getattr(report, name)))
        for name in ("sharpe", "sortino", "calmar", "skew", "kurtosis", "beta", "diversification", "hhi")
    }
    fall = report.deepest
    return {
        **shares,
        **ratios,
        "effective": figures.ratio(exact(report.effective), decimals=1),
        "max_drawdown": percent(0.0 if fall is None else fall.depth, figures),
        "score": figures.count(round(report.robustness.score)) if report.robustness else UNKNOWN,
    }


def headline(report: RiskReport) -> tuple[str, float] | None:
    """Return the model of the hero's VaR (95 %, a day) and its return: the first that has one."""
    for model in MODELS:
        value = report.tail(model, 0.95, 1).var
        if value is not None:
            return model, value
    return None


def tile(found: Dashboard, figures: Figures) -> RiskTile:
    """Return the dashboard's tile; where nothing is measured, why not."""
    report = found.report
    head = None if report is None else headline(report)
    if report is None or head is None:
        return RiskTile(loss=UNKNOWN, verdict=figures.say("risk.verdict_too_short"))
    model, value = head
    verdict = report.record(model, 0.95).test.verdict
    return RiskTile(
        loss=figures.money(exact(-value * report.value), decimals=0),
        figure=f"{prefix(window_name(report), report.basis)}var:{model}-95-1",
        ratio=percent(-value, figures),
        verdict=figures.say(f"risk.verdict_{verdict}"),
        tone=VERDICTS[verdict],
    )


def fall_text(report: RiskReport, figures: Figures) -> str:
    """Say when the deepest fall was, how long it took, and whether it is over."""
    fall = report.deepest
    if fall is None:
        return figures.say("risk.no_fall")
    end = fall.recovered or report.days[-1]
    days = (end - fall.peak).days
    key = "risk.fall_over" if fall.recovered else "risk.fall_open"
    return figures.say(
        key,
        count=days,
        peak=figures.day(fall.peak),
        trough=figures.day(fall.trough),
        days=figures.count(days),
        recovered=figures.day(fall.recovered),
    )


def below_text(report: RiskReport, figures: Figures) -> str:
    """Say since when the present drawdown lasts; nothing while there is none."""
    if report.last_peak is None or not report.drawdown:
        return ""
    days = (report.days[-1] - report.last_peak).days
    return figures.say(
        "risk.below_since", count=days, peak=figures.day(report.last_peak), days=figures.count(days)
    )


def measured_text(found: Dashboard, figures: Figures) -> str:
    """Say what the figures stand on: the value that is measured, how much of everything that is, how many days."""
    report = found.report
    if report is None:
        return ""
    returns = int(np.isfinite(report.returns).sum())
    return figures.say(
        "risk.measured" if report.basis == "held" else "risk.measured_lived",
        value=figures.money(exact(report.value), decimals=0),
        share=percent(report.coverage, figures),
        days=figures.count(returns),
        last=figures.day(report.days[-1]),
    )


# ---------------------------------------------------------------------------------------------------------- curves
def underwater_curve(report: RiskReport, figures: Figures) -> Curve:
    """Return the distance from the last peak, day by day."""
    step = max(1, math.ceil(len(report.days) / MOST_POINTS))
    places = sorted({*range(0, len(report.days), step), len(report.days) - 1, int(report.below.argmin())})
    values = [round(float(report.below[at]), 6) for at in places]
    return Curve(
        values=values,
        labels=[percent(value, figures) for value in values],
        dates=[figures.day(report.days[at]) for at in places],
        summary=figures.say(
            "risk.curve_summary",
            depth=percent(min(values), figures),
            now=percent(values[-1], figures),
            first=figures.day(report.days[0]),
            last=figures.day(report.days[-1]),
        ),
    )


def daily_track(report: RiskReport, figures: Figures) -> DailyTrack:
    """Return the last days' returns against the VaR that had been given for them."""
    track = report.track
    if track is None:
        return DailyTrack()
    returns = track.returns[-TRACK_DAYS:].tolist()
    limits = [float(one) if math.isfinite(one) else None for one in track.var[-TRACK_DAYS:]]
    days = track.days[-TRACK_DAYS:]
    over = sum(1 for value, limit in zip(returns, limits, strict=True) if limit is not None and value < limit)
    return DailyTrack(
        returns=[round(value, 6) for value in returns],
        limits=[None if one is None else round(one, 6) for one in limits],
        labels=[percent(value, figures, sign=True, decimals=2) for value in returns],
        dates=[
            figures.day(day)
            if limit is None
            else figures.say(
                "risk.track_day", day=figures.day(day), limit=percent(limit, figures, decimals=2)
            )
            for day, limit in zip(days, limits, strict=True)
        ],
        summary=figures.say(
            "risk.track_summary",
            count=over,
            breaches=figures.count(over),
            days=figures.count(len(returns)),
            model=figures.say(f"risk.model_{track.model}"),
        ),
    )


# ------------------------------------------------------------------------------------------------------- bad days
def tail_rows(report: RiskReport, figures: Figures) -> list[TailRow]:
    """Return the table of bad days, with each model's record."""
    return [
        TailRow(
            key=model,
            label=figures.say(f"risk.model_{model}"),
            cells=[
                _tail_cell(report, model, confidence, days, figures)
                for confidence in CONFIDENCES
                for days in HORIZONS
            ],
            records=[_record_cell(report, model, confidence, figures) for confidence in CONFIDENCES],
        )
        for model in MODELS
    ]


def _tail_cell(report: RiskReport, model: str, confidence: float, days: int, figures: Figures) -> TailCell:
    found = report.tail(model, confidence, days)
    about = f"{model}-{confidence * 100:.0f}-{days}"
    name = prefix(window_name(report), report.basis)
    if found.var is None or found.cvar is None:
        return TailCell(
            f"{name}var:{about}", f"{name}cvar:{about}", why=figures.say(f"explain.{found.reason}")
        )
    return TailCell(
        figure=f"{name}var:{about}",
        mean_figure=f"{name}cvar:{about}",
        money=figures.money(exact(-found.var * report.value), decimals=0),
        ratio=percent(-found.var, figures),
        mean=f"{figures.money(exact(-found.cvar * report.value), decimals=0)} · {percent(-found.cvar, figures)}",
    )


def _record_cell(report: RiskReport, model: str, confidence: float, figures: Figures) -> RecordCell:
    found = report.record(model, confidence)
    test = found.test
    name = f"{prefix(window_name(report), report.basis)}record:{model}-{confidence * 100:.0f}"
    verdict = figures.say(f"risk.verdict_{test.verdict}")
    if not test.days:
        return RecordCell(name, UNKNOWN, "", verdict, "")
    text = figures.say(
        "risk.record",
        breaches=figures.count(test.breaches),
        expected=figures.ratio(exact(test.expected), decimals=1),
        days=figures.count(test.days),
    )
    chance = ""
    if test.kupiec_p is not None:
        both = test.kupiec_p if test.conditional_p is None else test.conditional_p
        chance = figures.say(
            "risk.p_values", kupiec=figures.ratio(exact(test.kupiec_p)), both=figures.ratio(exact(both))
        )
    return RecordCell(name, text, chance, verdict, VERDICTS[test.verdict])


def window_name(report: RiskReport) -> str:
    """Return the name a report's window is asked for by."""
    return "all" if report.window is None else str(report.window)


# ----------------------------------------------------------------------------------------------- where it comes from
def group_label(key: str, figures: Figures) -> str:
    """Return a group's name: an asset group of coins, or an asset class."""
    return figures.say(f"explain.group.{key}" if key in GROUPS else f"explain.class.{key}")


def group_rows(report: RiskReport, figures: Figures) -> list[SourceRow]:
    """Return the groups by their part of the risk."""
    name = prefix(window_name(report), report.basis)
    most = max((max(one.share, abs(one.risk_share)) for one in report.groups), default=1.0)
    return [
        SourceRow(
            id=one.key,
            figure=f"{name}group:{one.key}",
            label=group_label(one.key, figures),
            share=percent(one.share, figures),
            share_figure=f"{name}group_share:{one.key}",
            risk=percent(one.risk_share, figures),
            share_width=_width(one.share / most),
            risk_width=_width(abs(one.risk_share) / most),
        )
        for one in report.groups
    ]


def asset_rows(report: RiskReport, figures: Figures) -> list[SourceRow]:
    """Return what is measured, by its part of the risk."""
    name = prefix(window_name(report), report.basis)
    rows = [row for row in report.assets if row.measured]
    rows.sort(key=lambda row: -(row.risk_share if row.risk_share is not None else -math.inf))
    most = max((abs(row.risk_share or 0.0) for row in rows), default=1.0) or 1.0
    return [
        SourceRow(
            id=row.exposure.asset.id,
            figure=f"{name}asset:{row.exposure.asset.id}",
            label=row.exposure.asset.symbol,
            name=row.exposure.asset.name,
            share=percent(row.share, figures),
            share_figure=f"{name}asset_share:{row.exposure.asset.id}",
            risk=percent(row.risk_share, figures),
            risk_width=_width(abs(row.risk_share or 0.0) / most),
            volatility=percent(row.volatility, figures, decimals=0),
            volatility_figure=f"{name}asset_volatility:{row.exposure.asset.id}",
            beta=figures.ratio(exact(row.beta)),
            beta_figure=f"{name}asset_beta:{report.benchmark}|{row.exposure.asset.id}",
        )
        for row in rows
    ]


def left_out(found: Dashboard, figures: Figures) -> list[SourceRow]:
    """Return what is not measured, with its share and why."""
    report = found.report
    rows = [] if report is None else [row for row in report.assets if not row.measured]
    name = "" if report is None else prefix(window_name(report), report.basis)
    listed = [
        SourceRow(
            id=row.exposure.asset.id,
            label=row.exposure.asset.name or row.exposure.asset.symbol,
            share=percent(row.share, figures),
            share_figure=f"{name}asset_share:{row.exposure.asset.id}",
            reason=figures.say(f"explain.{row.reason}"),
        )
        for row in rows
    ]
    return listed + [
        SourceRow(
            id=row.asset.id,
            label=row.asset.name or row.asset.symbol,
            share=UNKNOWN,
            reason=figures.say("risk.unpriced"),
        )
        for row in found.unpriced
    ]


def liquidity(found: Dashboard, figures: Figures) -> list[Fact]:
    """Return how soon it could be money."""
    parts = found.liquidity
    if parts is None:
        return []
    values = {name: getattr(parts, name) for name in ("cash", "stablecoins", "traded", "items")}
    return [
        Fact(
            name,
            figures.say(f"risk.liquid_{name}"),
            percent(value, figures),
            _width(value),
            f"{prefix(found.window, 'held')}liquidity:{name}",
        )
        for name, value in values.items()
    ]


def currencies(parts: Iterable[Breakdown], figures: Figures) -> list[Fact]:
    """Return what decides the worth: currencies, and coins as one."""
    shown = [one for one in parts if one.share is not None][:6]
    return [
        Fact(
            one.key,
            figures.say_or_text(one.label) if one.label else figures.say("risk.no_currency"),
            figures.percent(one.share),
            _width(float(one.share or 0)),
            f"{prefix('365', 'held')}currency:{one.key}",
        )
        for one in shown
    ]


def part_rows(report: RiskReport, figures: Figures) -> list[PartRow]:
    """Return the parts of the score."""
    if report.robustness is None:
        return []
    name = prefix(window_name(report), report.basis)
    return [
        PartRow(
            key=part.name,
            figure=f"{name}part:{part.name}",
            label=figures.say(f"explain.risk.part.{part.name}"),
            rank=figures.count(round(100 * part.rank)),
            width=_width(part.rank),
            detail=figures.say(
                f"risk.part_{part.name}", **_measure(part.name, part.own, part.typical, figures)
            ),
        )
        for part in report.robustness.parts
    ]


def _measure(name: str, own: float, typical: float, figures: Figures) -> dict[str, str]:
    if name == "size":
        return {"own": percent(own, figures), "typical": percent(typical, figures)}
    if name == "spread":  # as the number of equal risks, which can be pictured
        own, typical = 1 / own, 1 / typical
    return {"own": figures.ratio(exact(own)), "typical": figures.ratio(exact(typical))}


def _width(part: float) -> str:
    return f"{min(max(part, 0.0), 1.0) * 100:.2f}%"


# ----------------------------------------------------------------------------------------------------- correlations
def matrix(found: Dashboard, figures: Figures) -> Matrix:
    """Return the heat map's cells, the largest holdings first."""
    report = found.report
    if report is None or report.correlations is None:
        return Matrix()
    one = report.correlations
    cells = np.round(one.matrix[:MOST_IN_MATRIX, :MOST_IN_MATRIX], 3)
    assets = [found.panel.exposures[column].asset for column in one.columns[:MOST_IN_MATRIX]]
    names = [asset.symbol for asset in assets]
    return Matrix(
        names=names,
        ids=[asset.id for asset in assets],
        figure=_pair_figure(report),
        rows=cells.tolist(),
        point=decimal_sign(figures),
        hint=figures.say("risk.matrix_hint"),
        summary=figures.say("risk.matrix_summary", count=len(names), assets=figures.count(len(names))),
    )


def _pair_figure(report: RiskReport) -> str:
    """Return what the figure of every pair begins with: the ids of its two assets follow, a bar between them."""
    return f"{prefix(window_name(report), report.basis)}pair:"


def matrix_note(report: RiskReport, figures: Figures) -> str:
    """Say on how many days the correlations stand, and whether they were shrunk."""
    one = report.correlations
    if one is None:
        return figures.say("risk.no_matrix")
    key = "risk.matrix_shrunk" if one.shrinkage > 0 else "risk.matrix_plain"
    return figures.say(key, days=figures.count(one.days), part=percent(one.shrinkage, figures, decimals=0))


def pairs(found: Dashboard, figures: Figures) -> tuple[list[Fact], list[Fact]]:
    """Return the pairs that move most together, and those that do least, among the twenty largest holdings."""
    report = found.report
    if report is None or report.correlations is None:
        return [], []
    one = report.correlations
    assets = [found.panel.exposures[column].asset for column in one.columns[:20]]
    cells = [
        (float(one.matrix[down, across]), down, across)
        for down in range(len(assets))
        for across in range(down)
    ]
    cells.sort()
    name = _pair_figure(report)

    def told(chosen: Sequence[tuple[float, int, int]]) -> list[Fact]:
        return [
            Fact(
                f"{assets[down].id} {assets[across].id}",
                f"{assets[across].symbol} · {assets[down].symbol}",
                figures.ratio(exact(value)),
                figure=f"{name}{assets[across].id}|{assets[down].id}",
            )
            for value, down, across in chosen
        ]

    return told(cells[: -_PAIRS - 1 : -1]), told(cells[:_PAIRS])


# ------------------------------------------------------------------------------------------------------- scenarios
def episode_rows(outcomes: Iterable[Outcome], figures: Figures) -> list[OutcomeRow]:
    """Return the episodes that can be replayed, in the order they happened."""
    found = [one for one in outcomes if one.loss is not None and one.change is not None]
    most = max((abs(one.change or 0.0) for one in found), default=1.0) or 1.0
    return [
        OutcomeRow(
            key=one.key,
            label=figures.say(f"risk.episode.{one.key}"),
            when=f"{figures.day(one.first)} – {figures.day(one.last)}",
            change=percent(one.change, figures, sign=True),
            loss=figures.money(exact(one.loss), sign=True, decimals=0),
            direction=figures.direction(exact(one.loss), decimals=0),
            width=_width(abs(one.change or 0.0) / most),
            note=_replay_note(one, figures),
            figure=f"{prefix('365', 'held')}episode:{one.key}",
            change_figure=f"{prefix('365', 'held')}episode_change:{one.key}",
        )
        for one in found
    ]


def _replay_note(one: Outcome, figures: Figures) -> str:
    words = [figures.say("risk.replay_covers", share=percent(one.covered, figures))]
    proxies: dict[str, list[str]] = {}
    for effect in one.effects:
        if effect.by == "proxy":
            beta = figures.ratio(exact(effect.beta))
            proxies.setdefault(symbol_of(effect.proxy), []).append(f"{effect.exposure.asset.symbol} × {beta}")
    for proxy, names in proxies.items():
        shown = ", ".join(names[:6])
        more = figures.say("risk.and_more", count=len(names) - 6) if len(names) > 6 else ""
        words.append(figures.say("risk.replay_proxy", proxy=proxy, names=f"{shown}{more}"))
    foreign: dict[str, list[str]] = {}
    for effect in one.effects:
        if effect.currency:
            foreign.setdefault(effect.currency, []).append(effect.exposure.asset.symbol)
    words += [
        figures.say("risk.replay_currency", currency=currency, names=", ".join(names[:6]))
        for currency, names in foreign.items()
    ]
    return " ".join(words)


def missing_episodes(outcomes: Iterable[Outcome], figures: Figures) -> str:
    """Name the episodes from which no price is known."""
    names = [figures.say(f"risk.episode.{one.key}") for one in outcomes if one.loss is None]
    return figures.say("risk.no_episode", names=", ".join(names)) if names else ""


def shock_fields(exposures: Iterable[Exposure], figures: Figures) -> list[Fact]:
    """Return the groups that can be shocked, the largest first."""
    totals: dict[str, float] = {}
    for one in exposures:
        totals[one.group] = totals.get(one.group, 0.0) + one.value
    gross = sum(abs(value) for value in totals.values()) or 1.0
    ordered = sorted(totals.items(), key=lambda pair: -abs(pair[1]))
    return [
        Fact(
            key,
            group_label(key, figures),
            percent(abs(value) / gross, figures),
            figure=f"{prefix('365', 'held')}weight:{key}",
        )
        for key, value in ordered
        if key != "fiat"
    ]


def shock_rows(outcome: Outcome, spec: str, figures: Figures) -> list[OutcomeRow]:
    """Return who would lose how much, the largest loss first."""
    moved = [one for one in outcome.effects if one.by == "shock" and one.loss]
    most = max((abs(one.loss or 0.0) for one in moved), default=1.0) or 1.0
    return [
        OutcomeRow(
            key=one.exposure.asset.id,
            label=one.exposure.asset.name or one.exposure.asset.symbol,
            change=percent(one.change, figures, sign=True, decimals=0),
            loss=figures.money(exact(one.loss), sign=True, decimals=0),
            direction=figures.direction(exact(one.loss), decimals=0),
            width=_width(abs(one.loss or 0.0) / most),
            figure=f"{prefix('365', 'held')}shocked:{one.exposure.asset.id}|{spec}",
            change_figure=f"{prefix('365', 'held')}shocked:{one.exposure.asset.id}|{spec}",
        )
        for one in moved[:FEW]
    ]


# -------------------------------------------------------------------------------------------------------- the future
def fan(future: Future, figures: Figures, today: date) -> FanView:
    """Return the fan; with privacy its heights are an index and no amount is sent."""
    scale = future.start / 100 if figures.privacy else 1.0
    money = [[figures.money(exact(float(value)), decimals=0) for value in row] for row in future.fan]
    count = len(future.at)
    goal = future.plan.goal
    return FanView(
        years=[round(float(year), 4) for year in future.at],
        levels=[[round(float(value) / scale, 2) for value in row] for row in future.fan],
        paid=[round(float(value) / scale, 2) for value in future.paid],
        goal=0.0 if goal is None or goal > future.fan.max() * 1.5 else round(goal / scale, 2),
        ends=[money[at][-1] for at in (0, 2, 4)],
        labels=money[2],
        ranges=[figures.say("risk.fan_range", low=money[0][at], high=money[4][at]) for at in range(count)],
        dates=[
            figures.day(date.fromordinal(today.toordinal() + round(float(year) * 365.25)))
            for year in future.at
        ],
        summary=figures.say(
            "risk.fan_summary",
            start=figures.money(exact(future.start), decimals=0),
            middle=money[2][-1],
            low=money[0][-1],
            high=money[4][-1],
        ),
    )


def ends(future: Future, job: str, figures: Figures) -> list[Fact]:
    """Return what the futures end at: the low one, the middle one and the high one."""
    return [
        Fact(
            name,
            figures.say(f"risk.end_{name}"),
            figures.money(exact(float(future.fan[LEVELS.index(level), -1])), decimals=0),
            figure=f"simulation:{job}:level-{level}",
        )
        for name, level in (("low", LEVELS[0]), ("middle", LEVELS[2]), ("high", LEVELS[-1]))
    ]


def chances(future: Future, job: str, figures: Figures) -> list[Fact]:
    """Return how likely losses and ruin are."""
    rows: list[tuple[str, str, float]] = []
    for loss, chance in future.losses:
        label = (
            figures.say("risk.chance_any")
            if not loss
            else figures.say("risk.chance_end", loss=percent(loss, figures, decimals=0))
        )
        rows.append((f"end-{loss}", label, chance))
    for loss, chance in future.dips:
        label = figures.say("risk.chance_way", loss=percent(loss, figures, decimals=0))
        rows.append((f"way-{loss}", label, chance))
    if future.plan.monthly < 0:
        rows.append(("empty", figures.say("risk.chance_empty"), future.ruin))
    return [
        Fact(key, label, percent(chance, figures), _width(chance), f"simulation:{job}:{key}")
        for key, label, chance in rows
    ]


def future_note(future: Future, figures: Figures) -> str:
    """Say what the futures were drawn from."""
    growth = future.plan.growth
    expected = (
        figures.say("risk.growth_past_note")
        if growth is None
        else figures.say("risk.growth_is", rate=percent(growth, figures))
    )
    text = figures.say(
        f"risk.drawn_{future.plan.method}",
        days=figures.count(future.history_days),
        assets=figures.count(future.assets),
        paths=figures.count(future.plan.paths),
        seed=str(future.plan.seed),
        share=percent(future.plan.covered, figures),
        freedom=figures.ratio(exact(future.freedom), decimals=1),
    )
    return f"{text} {expected}"
