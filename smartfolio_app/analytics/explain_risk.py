"""Why this figure of risk? Its definition with its source, its inputs, and the days or holdings behind it.

Figures: ``<window>:<basis>:<measure>`` and, for some, ``:<about>``: ``var:historical-95-1``, ``asset:crypto:BTC``,
``group:BTC``, ``record:historical-95``, ``beta:crypto:BTC``, ``asset_volatility:crypto:BTC``,
``asset_share:crypto:BTC``, ``group_share:BTC``, ``part:size`` (of the robustness), ``track:252`` (its newest days),
``shrinkage`` and
``asset_beta:<benchmark>|crypto:ETH``.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.explain_steps import LISTED, line, transactions_of
from smartfolio_app.analytics.groups import GROUPS
from smartfolio_app.analytics.results import Explanation, Measure, Step
from smartfolio_app.analytics.risk.report import CONFIDENCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from smartfolio_app.analytics.risk.report import AssetRisk, RiskReport
    from smartfolio_app.analytics.risk.tails import TailRisk

    Found = tuple[float | None, Measure, tuple[Step, ...], dict[str, str]]

_WORST = 8


def explain_risk(measure: str, about: str, report: RiskReport) -> Explanation | None:
    """Return why a figure is what it is, ``None`` when there is no such figure."""
    known = MEASURES.get(measure)
    if known is None:
        return None
    found = known(report, about)
    if found is None:
        return None
    value, kind, steps, params = found
    notes = ["explain.risk.note.held" if report.basis == "held" else "explain.risk.note.lived"]
    if report.coverage < 0.9995:
        notes.append("explain.risk.note.coverage")
    name = f"{measure}_{about.partition('-')[0]}" if measure in ("var", "cvar") else measure
    if measure == "part":
        name = f"part_{about}"
    amount = exact(value)
    return Explanation(
        figure="",
        title=_title(measure, about),
        formula=f"explain.risk.{name}.formula",
        result="" if amount is None else str(amount),
        steps=steps,
        notes=tuple(notes),
        params={"covered": _percent(report.coverage), **params},
        amount=amount,
        measure=kind,
        unit=report.currency,
    )


def _title(measure: str, about: str) -> str:
    if measure in ("group", "group_share"):
        return group_label(about)
    return f"explain.risk.part.{about}" if measure == "part" else f"explain.risk.{measure}.title"


def group_label(key: str) -> str:
    """Return the message key of a group: one of ``GROUPS``, or a class of assets."""
    return f"explain.group.{key}" if key in GROUPS else f"explain.class.{key}"


def exact(value: float | None) -> Decimal | None:
    """Return a statistic as a decimal of ten significant digits, ``None`` where it is not known."""
    return None if value is None or not math.isfinite(value) else Decimal(f"{value:.10g}")


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _share(label: str, value: float | None, **more: object) -> Step:
    return line(label, exact(value), Measure.SHARE, "", **more)


def _ratio(label: str, value: float | None, **more: object) -> Step:
    return line(label, exact(value), Measure.RATIO, "", **more)


def _count(label: str, value: int) -> Step:
    return line(label, Decimal(value), Measure.COUNT)


def _sample(report: RiskReport) -> tuple[Step, ...]:
    """What every figure of the whole is computed from."""
    days = int(np.isfinite(report.returns).sum())
    steps = [_count("explain.risk.days", days)]
    if report.days:
        text = f"{report.days[0].isoformat()} – {report.days[-1].isoformat()}"
        steps.append(Step("explain.risk.between", text))
    steps.append(_share("explain.risk.covered", report.coverage, link="/holdings"))
    return tuple(steps)


def _calendar(report: RiskReport) -> Step:
    return line("explain.risk.year", Decimal(report.days_a_year), Measure.COUNT)


def _moments(report: RiskReport) -> tuple[Step, ...]:
    values = report.returns[np.isfinite(report.returns)]
    if values.size < 2:
        return ()
    return (
        line("explain.risk.mean", exact(float(values.mean())), Measure.FINE_SHARE),
        line("explain.risk.deviation", exact(float(values.std(ddof=1))), Measure.FINE_SHARE),
    )


def _worst(report: RiskReport, count: int = _WORST) -> Step:
    """The worst days, one line each."""
    ends = report.days[1:]
    order = [at for at in np.argsort(report.returns).tolist() if math.isfinite(report.returns[at])][:count]
    rows = tuple(
        line(ends[at].isoformat(), exact(float(report.returns[at])), Measure.FINE_SHARE) for at in order
    )
    return Step("explain.risk.worst", "", children=rows)


# ---------------------------------------------------------------------------------------------------- measures
def _plain(name: str, kind: Measure) -> Callable[[RiskReport, str], Found]:
    def tell(report: RiskReport, _about: str) -> Found:
        steps = (*_sample(report), *_moments(report))
        if kind is Measure.SHARE or name in ("sharpe", "sortino"):
            steps = (*steps, _calendar(report))
        if name in ("sharpe", "sortino"):
            steps = (*steps, _share("explain.risk.risk_free", report.risk_free))
        if name == "sortino":
            steps = (*steps, _share("explain.risk.downside.title", report.downside))
        if name == "calmar":
            depth = None if report.deepest is None else report.deepest.depth
            steps = (
                *_sample(report),
                _share("explain.risk.growth", report.growth),
                _share("explain.risk.max_drawdown.title", depth),
            )
        if name in ("skew", "kurtosis"):
            steps = (*steps, _worst(report))
        return getattr(report, name), kind, steps, {}

    return tell


def _max_drawdown(report: RiskReport, _about: str) -> Found:
    fall = report.deepest
    if fall is None:
        return 0.0, Measure.SHARE, _sample(report), {}
    steps = (
        Step("explain.risk.peak", fall.peak.isoformat()),
        Step("explain.risk.trough", fall.trough.isoformat()),
        Step("explain.risk.not_recovered", "")
        if fall.recovered is None
        else Step("explain.risk.recovered", fall.recovered.isoformat()),
        _count("explain.risk.fall_days", ((fall.recovered or report.days[-1]) - fall.peak).days),
    )
    return fall.depth, Measure.SHARE, (*steps, *_sample(report)), {}


def _drawdown(report: RiskReport, _about: str) -> Found:
    peak = "" if report.last_peak is None else report.last_peak.isoformat()
    steps = [Step("explain.risk.peak", peak)]
    if report.last_peak is not None and report.drawdown:
        steps.append(_count("explain.risk.fall_days", (report.days[-1] - report.last_peak).days))
    return report.drawdown, Measure.SHARE, (*steps, *_sample(report)), {}


def _beta(report: RiskReport, _about: str) -> Found | None:
    if not report.benchmark:
        return None
    steps = (
        Step("explain.risk.benchmark", report.benchmark.partition(":")[2]),
        _count("explain.risk.common_days", report.beta_days),
        *_sample(report),
    )
    return report.beta, Measure.RATIO, steps, {}


def _tail(name: str) -> Callable[[RiskReport, str], Found | None]:
    def tell(report: RiskReport, about: str) -> Found | None:
        found = _tail_of(report, about)
        if found is None:
            return None
        value = found.var if name == "var" else found.cvar
        money = None if value is None else -value * report.value
        steps = [
            _share("explain.risk.of_value", value),
            line("explain.risk.value", exact(report.value), Measure.MONEY, report.currency, link="/holdings"),
            *_sample(report),
            *_moments(report),
        ]
        if found.model != "parametric":
            steps += [
                _ratio("explain.risk.skew.title", report.skew),
                _ratio("explain.risk.kurtosis.title", report.kurtosis),
            ]
        if found.reason:
            steps.append(Step(f"explain.{found.reason}", ""))
        steps.append(_worst(report))
        record = report.record(found.model, found.confidence)
        steps.append(Step(f"explain.risk.verdict.{record.test.verdict}", ""))
        params = {"confidence": f"{found.confidence * 100:.0f} %", "days": str(found.days)}
        return money, Measure.MONEY, tuple(steps), params

    return tell


def _tail_of(report: RiskReport, about: str) -> TailRisk | None:
    model, _, rest = about.partition("-")
    return next(
        (
            one
            for one in report.tails
            if one.model == model and rest == f"{one.confidence * 100:.0f}-{one.days}"
        ),
        None,
    )


def _record(report: RiskReport, about: str) -> Found | None:
    model, _, level = about.partition("-")
    found = next(
        (one for one in report.records if one.model == model and level == f"{one.confidence * 100:.0f}"), None
    )
    if found is None:
        return None
    test = found.test
    dates = tuple(Step(day.isoformat(), "") for day in found.breaches[-LISTED:])
    steps = [
        _count("explain.risk.tested", test.days),
        _count("explain.risk.lookback", found.lookback),
        _ratio("explain.risk.expected", test.expected),
        _count("explain.risk.breaches", test.breaches),
        _ratio("explain.risk.kupiec", test.kupiec_p),
        _ratio("explain.risk.christoffersen", test.conditional_p),
        _ratio("explain.risk.independence", test.independence_p),
        Step(f"explain.risk.verdict.{test.verdict}", ""),
        Step("explain.risk.breach_days", "", children=dates),
    ]
    return (
        float(test.breaches),
        Measure.COUNT,
        tuple(steps),
        {"confidence": f"{found.confidence * 100:.0f} %"},
    )


def _asset(report: RiskReport, about: str) -> Found | None:
    row = next((one for one in report.assets if one.exposure.asset.id == about), None)
    if row is None:
        return None
    steps = [
        line("explain.risk.value", exact(row.exposure.value), Measure.MONEY, report.currency),
        _share("explain.risk.share", row.share),
        _share("explain.risk.volatility.title", row.volatility),
        _count("explain.risk.days", row.days),
        line("explain.risk.year", Decimal(row.days_a_year), Measure.COUNT),
        _ratio("explain.risk.beta.title", row.beta),
        _share("explain.risk.contribution", row.contribution),
    ]
    if row.reason:
        steps.append(Step(f"explain.{row.reason}", ""))
    steps.append(Step("explain.risk.its_transactions", "", link=transactions_of(about)))
    name = row.exposure.asset.name or row.exposure.asset.symbol
    return row.risk_share, Measure.SHARE, tuple(steps), {"name": name}


def _asset_volatility(report: RiskReport, about: str) -> Found | None:
    row = next((one for one in report.assets if one.exposure.asset.id == about), None)
    if row is None:
        return None
    steps = (
        _count("explain.risk.days", row.days),
        line("explain.risk.year", Decimal(row.days_a_year), Measure.COUNT),
        Step("explain.risk.its_transactions", "", link=transactions_of(about)),
    )
    name = row.exposure.asset.name or row.exposure.asset.symbol
    return row.volatility, Measure.SHARE, steps, {"name": name}


def _asset_beta(report: RiskReport, about: str) -> Found | None:
    benchmark, _, asset = about.partition("|")
    row = next((one for one in report.assets if one.exposure.asset.id == asset), None)
    if row is None or benchmark != report.benchmark:
        return None
    steps = (
        Step("explain.risk.benchmark", report.benchmark.partition(":")[2]),
        _count("explain.risk.days", row.days),
        _share("explain.risk.volatility.title", row.volatility),
        Step("explain.risk.its_transactions", "", link=transactions_of(asset)),
    )
    name = row.exposure.asset.name or row.exposure.asset.symbol
    return row.beta, Measure.RATIO, steps, {"name": name}


def _group(report: RiskReport, about: str) -> Found | None:
    group = next((one for one in report.groups if one.key == about), None)
    if group is None:
        return None
    rows = [one for one in report.assets if one.exposure.group == about and one.risk_share is not None]
    steps = (
        line("explain.risk.value", exact(group.value), Measure.MONEY, report.currency),
        _share("explain.risk.share", group.share),
        *_lines(rows, "risk_share"),
    )
    return group.risk_share, Measure.SHARE, steps, {}


def _asset_share(report: RiskReport, about: str) -> Found | None:
    row = next((one for one in report.assets if one.exposure.asset.id == about), None)
    if row is None:
        return None
    steps = (
        line(
            "explain.risk.value",
            exact(row.exposure.value),
            Measure.MONEY,
            report.currency,
            link=transactions_of(about),
        ),
        _gross(report),
        *([Step(f"explain.{row.reason}", "")] if row.reason else []),
    )
    name = row.exposure.asset.name or row.exposure.asset.symbol
    return row.share, Measure.SHARE, steps, {"name": name}


def _group_share(report: RiskReport, about: str) -> Found | None:
    group = next((one for one in report.groups if one.key == about), None)
    if group is None:
        return None
    rows = [one for one in report.assets if one.exposure.group == about and one.risk_share is not None]
    whole = math.fsum(one.value for one in report.groups)
    steps = (
        line("explain.risk.value", exact(group.value), Measure.MONEY, report.currency),
        line("explain.risk.measured_worth", exact(whole), Measure.MONEY, report.currency),
        *_lines(rows, "share"),
    )
    return group.share, Measure.SHARE, steps, {}


def _gross(report: RiskReport) -> Step:
    whole = math.fsum(abs(one.exposure.value) for one in report.assets)
    return line("explain.risk.gross", exact(whole), Measure.MONEY, report.currency, link="/holdings")


def _track(report: RiskReport, about: str) -> Found | None:
    track = report.track
    if track is None or not (about.isascii() and about.isdecimal()):
        return None
    newest = slice(-int(about), None) if int(about) else slice(0)
    days, returns, limits = track.days[newest], track.returns[newest].tolist(), track.var[newest].tolist()
    over = [
        (day, value, limit)
        for day, value, limit in zip(days, returns, limits, strict=True)
        if math.isfinite(limit) and value < limit
    ]
    rows = tuple(
        line(
            day.isoformat(),
            exact(value),
            Measure.FINE_SHARE,
            children=(line("explain.risk.limit", exact(limit), Measure.FINE_SHARE),),
        )
        for day, value, limit in reversed(over)
    )
    steps = (
        _count("explain.risk.drawn_days", len(returns)),
        _share("explain.risk.confidence", CONFIDENCES[0]),
        Step("explain.risk.model", "", children=(Step(f"risk.model_{track.model}", ""),)),
        Step("explain.risk.breach_days", "", children=rows),
    )
    return float(len(over)), Measure.COUNT, steps, {}


def _shrinkage(report: RiskReport, _about: str) -> Found | None:
    found = report.correlations
    if found is None:
        return None
    steps = (
        _count("explain.risk.common_days", found.days),
        _count("explain.risk.drawn_from", len(found.columns)),
    )
    return found.shrinkage, Measure.SHARE, steps, {}


def _part_of_robustness(report: RiskReport, about: str) -> Found | None:
    found = report.robustness
    part = None if found is None else next((one for one in found.parts if one.name == about), None)
    if found is None or part is None:
        return None
    shape = Measure.SHARE if about == "size" else Measure.RATIO
    own, typical = (1 / part.own, 1 / part.typical) if about == "spread" else (part.own, part.typical)
    steps = (
        line("explain.risk.part.own", exact(own), shape),
        line("explain.risk.part.typical", exact(typical), shape),
        _count("explain.risk.portfolios", found.portfolios),
        _count("explain.risk.drawn_from", found.assets),
        *_sample(report),
    )
    return round(100 * part.rank), Measure.COUNT, steps, {"version": found.version}


def _lines(rows: Iterable[AssetRisk], name: str) -> tuple[Step, ...]:
    found = [row for row in rows if getattr(row, name) is not None]
    return tuple(
        _share(
            row.exposure.asset.name or row.exposure.asset.symbol,
            getattr(row, name),
            link=transactions_of(row.exposure.asset.id),
        )
        for row in found[:LISTED]
    )


def _concentration(name: str) -> Callable[[RiskReport, str], Found]:
    def tell(report: RiskReport, _about: str) -> Found:
        return getattr(report, name), Measure.RATIO, _lines(report.assets, "share"), {}

    return tell


def _diversification(report: RiskReport, _about: str) -> Found:
    return report.diversification, Measure.RATIO, (*_lines(report.assets, "volatility"), *_sample(report)), {}


def _coverage(report: RiskReport, _about: str) -> Found:
    left = [row for row in report.assets if not row.measured]
    out = tuple(
        _share(
            row.exposure.asset.name or row.exposure.asset.symbol,
            row.share,
            source=f"explain.{row.reason}",
            link=transactions_of(row.exposure.asset.id),
        )
        for row in left[:LISTED]
    )
    return (
        report.coverage,
        Measure.SHARE,
        (
            line("explain.risk.value", exact(report.value), Measure.MONEY, report.currency, link="/holdings"),
            *_sample(report),
            Step("explain.risk.left_out", "", children=out),
        ),
        {},
    )


def _robustness(report: RiskReport, _about: str) -> Found | None:
    found = report.robustness
    if found is None:
        return None
    steps = tuple(
        _ratio(
            f"explain.risk.part.{part.name}",
            100 * part.rank,
            children=(
                _ratio("explain.risk.part.own", part.own),
                _ratio("explain.risk.part.typical", part.typical),
            ),
        )
        for part in found.parts
    )
    more = (
        _count("explain.risk.portfolios", found.portfolios),
        _count("explain.risk.drawn_from", found.assets),
    )
    return found.score, Measure.RATIO, (*steps, *more, *_sample(report)), {"version": found.version}


MEASURES: dict[str, Callable[[RiskReport, str], Found | None]] = {
    "volatility": _plain("volatility", Measure.SHARE),
    "downside": _plain("downside", Measure.SHARE),
    "sharpe": _plain("sharpe", Measure.RATIO),
    "sortino": _plain("sortino", Measure.RATIO),
    "calmar": _plain("calmar", Measure.RATIO),
    "skew": _plain("skew", Measure.RATIO),
    "kurtosis": _plain("kurtosis", Measure.RATIO),
    "ulcer": _plain("ulcer", Measure.SHARE),
    "max_drawdown": _max_drawdown,
    "drawdown": _drawdown,
    "beta": _beta,
    "var": _tail("var"),
    "cvar": _tail("cvar"),
    "record": _record,
    "asset": _asset,
    "asset_volatility": _asset_volatility,
    "asset_beta": _asset_beta,
    "asset_share": _asset_share,
    "group": _group,
    "group_share": _group_share,
    "part": _part_of_robustness,
    "track": _track,
    "shrinkage": _shrinkage,
    "hhi": _concentration("hhi"),
    "effective": _concentration("effective"),
    "diversification": _diversification,
    "coverage": _coverage,
    "robustness": _robustness,
}
