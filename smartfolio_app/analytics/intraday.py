"""The worth at chosen instants: the points of the one-day and one-week charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from smartfolio_app.analytics.column_series import coverage_of, total_value
from smartfolio_app.analytics.grid import make_grid
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.ledger.instants import instant, micros

if TYPE_CHECKING:
    from datetime import timedelta

    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.analytics.scope import Scope


@dataclass(frozen=True, slots=True)
class Intraday:
    """Points in time order; ``value`` in ``currency``, ``coverage`` 0..1, both ``nan`` where nothing is known."""

    times: tuple[datetime, ...]
    currency: str
    value: FloatArray
    coverage: FloatArray


def intraday(
    ledger: LedgerView,
    prices: PriceBook,
    scope: Scope,
    currency: str,
    span: tuple[datetime, datetime],
    *,
    step: timedelta,
    time_zone: str = "UTC",
) -> Intraday:
    """Return points every ``step`` from ``span[0]`` on, and one at ``span[1]`` exactly.

    Raises:
        ValueError: ``step`` is not positive, or the span ends before it begins.
        UnknownSourceError: a transaction or a statement names a source that is not among ``ledger.sources``.
    """
    first, last, width = micros(span[0]), micros(span[1]), round(step.total_seconds() * 1_000_000)
    if width <= 0 or last < first:
        raise ValueError("a chart needs a positive step and a span that does not end before it begins")
    ends = np.append(np.arange(first, last, width, dtype=np.int64), last)
    grid, _ = make_grid(ledger, prices, scope, currency, ends, zone=ZoneInfo(time_zone))
    return Intraday(
        tuple(instant(int(at)) for at in ends), currency, total_value(grid, grid.values()), coverage_of(grid)
    )
