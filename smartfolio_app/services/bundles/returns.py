"""Bundles of how well it went: the daily values, flows, income and rates of a period."""

from __future__ import annotations

import numpy as np

from smartfolio_app.analytics.bundles.records import Json, written
from smartfolio_app.analytics.performance import PerformanceSeries
from smartfolio_app.services import explain_performance, performance
from smartfolio_app.services.bundles.asked import Asked, Made, Maker


def _performance(asked: Asked, about: str) -> Made:
    measure, _, period = about.partition(":")
    return "return", {**_days(asked, period), "measure": measure}


def _drawdown(asked: Asked, about: str) -> Made:
    return "drawdown", _days(asked, about)


def _contribution(asked: Asked, about: str) -> Made:
    period, _, asset = about.partition(":")
    series, begin, end = _span(asked, period)
    return "contribution", {
        "asset": asset,
        "days": [one.isoformat() for one in series.days[begin + 1 : end + 1]],
        "gains": written(series.gains[begin + 1 : end + 1, series.assets.index(asset)]),
    }


def _against(asked: Asked, about: str) -> Made:
    measure, _, rest = about.partition(":")
    period, _, asset = rest.partition(":")
    series, begin, end = _span(asked, period)
    span = explain_performance.span_named(series, period)
    assert span is not None  # it was explained
    found = performance.compared(asked.db, asked.view, series, span, asset)
    assert found is not None
    money = series.flows[begin : end + 1].copy()
    money[0] = series.value[begin]
    return "against", {
        "measure": measure,
        "asset": asset,
        "days": [one.isoformat() for one in found.days],
        "money": written(money),
        "price": written(found.price),
    }


def _days(asked: Asked, period: str) -> Json:
    """Write the days of a period: each value is itself explained by ``history:<day>``."""
    series, begin, end = _span(asked, period)
    inside = slice(begin, end + 1)
    foreign = series.exposures
    return {
        "currency": series.currency,
        "days": [one.isoformat() for one in series.days[inside]],
        **{name: written(getattr(series, name)[inside]) for name in ("value", "flows", "income", "fees")},
        "priced": written(np.round(series.known[inside], 6)),
        "foreign": {
            name: {
                "value": written(foreign.value[inside, number]),
                "rate": written(foreign.rate[inside, number]),
            }
            for number, name in enumerate(foreign.currencies)
        },
        "each_value_is": "the figure history:<day> of the same view",
    }


def _span(asked: Asked, period: str) -> tuple[PerformanceSeries, int, int]:
    series = performance.series(asked.db, asked.view)
    span = explain_performance.span_named(series, period)
    assert span is not None  # it was explained
    return series, series.number(span.first), series.number(span.last)


KINDS: dict[str, Maker] = {
    "performance": _performance,
    "drawdown": _drawdown,
    "contribution": _contribution,
    "benchmark": _against,
}
