"""Why a return or an income is what it is: the names of ``analytics.explain_performance``, looked up and explained."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlmodel import Session

from smartfolio_app.analytics import explain_performance as engine
from smartfolio_app.analytics.results import Explanation
from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.services import income, performance
from smartfolio_app.services.performance import Span
from smartfolio_app.services.views import View

#: The families of figures that are explained here.
FAMILIES = frozenset({"performance", "contribution", "drawdown", "benchmark", "income"})


def explain(db: Session, view: View, figure: str) -> Explanation | None:
    """Return why ``figure`` is what it is, ``None`` when there is no such figure."""
    family, _, about = figure.partition(":")
    found = income_figure(db, view, about) if family == "income" else _period_figure(db, view, family, about)
    return None if found is None else replace(found, figure=figure)


def income_figure(db: Session, view: View, what: str) -> Explanation | None:
    """Explain ``income:<what>``."""
    return engine.explain_income(income.calendar(db, view), what)


def _period_figure(db: Session, view: View, family: str, about: str) -> Explanation | None:
    series = performance.series(db, view)
    measure = ""
    if family in {"performance", "benchmark"}:
        measure, _, about = about.partition(":")
    period, _, asset = about.partition(":")
    span = span_named(series, period)
    if span is None:
        return None
    figures = series.between(span.first, span.last)
    if family == "performance":
        known = measure in engine.MEASURES and not asset
        return engine.explain_performance(measure, figures, series) if known else None
    if family == "drawdown":
        return engine.explain_drawdown(series.drawdowns(span.first, span.last), figures, view.currency)
    if family == "contribution":
        parts = {one.asset: one for one in series.contributions(span.first, span.last)}
        if asset not in parts:
            return None
        name = performance.asset_named(db, view, asset).symbol
        return engine.explain_contribution(parts[asset], figures, view.currency, name)
    try:
        other = performance.compared(db, view, series, span, asset)
    except NotFoundError:
        return None
    if other is None:
        return None
    return engine.explain_benchmark(
        measure, other, view.currency, performance.asset_named(db, view, asset).symbol, figures.twr
    )


def span_named(series: performance.PerformanceSeries, period: str) -> Span | None:
    """Return the days a figure's name is about, ``None`` when there are none."""
    try:
        if ".." in period:
            first, _, last = period.partition("..")
            return performance.span_of(series, first=date.fromisoformat(first), last=date.fromisoformat(last))
        return performance.span_of(series, period)
    except (InvalidInputError, ValueError):
        return None
