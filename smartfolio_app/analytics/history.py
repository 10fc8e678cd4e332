"""Daily series of worth, flows, income, fees, gains and currency effect, for any scope and currency."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from smartfolio_app.analytics.clock import day_starts
from smartfolio_app.analytics.groups import group_of
from smartfolio_app.analytics.items import valuations
from smartfolio_app.analytics.kept_series import daily_series
from smartfolio_app.analytics.results import History
from smartfolio_app.ledger.instants import instant, micros
from smartfolio_app.ledger.lots import Method, Policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from smartfolio_app.analytics.grid import Column, Grid
    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.analytics.scope import Scope

BREAKDOWNS = ("category", "group", "source", "asset")


def history(  # noqa: PLR0917 - the words of one question, in the order one asks it
    ledger: LedgerView,
    prices: PriceBook,
    scope: Scope,
    currency: str,
    first: date,
    last: date,
    by: str | None = None,
    *,
    time_zone: str = "UTC",
    method: str = Method.FIFO,
    groups: Mapping[str, str] | None = None,
    until: datetime | None = None,
) -> History:
    """Return one point a day from ``first`` to ``last``, at the end of the user's day (of today: at ``until``).

    ``by`` asks for the series per ``category``, ``group``, ``source`` (key) or ``asset`` (id) besides. ``method`` is
    the cost-basis ``Method``.

    Raises:
        ValueError: ``by`` is none of these, or ``last`` is before ``first``.
        UnknownSourceError: a transaction or a statement names a source that is not among ``ledger.sources``.
        zoneinfo.ZoneInfoNotFoundError: there is no such time zone.
    """
    if by is not None and by not in BREAKDOWNS:
        raise ValueError(f"no breakdown by {by!r}; there are {', '.join(BREAKDOWNS)}")
    if last < first:
        raise ValueError(f"the last day {last} is before the first day {first}")
    zone = ZoneInfo(time_zone)
    begin = min(first, first_day(ledger, zone) or first)
    starts = day_starts(begin, last, zone)
    ends = starts[1:] - 1
    if until is not None:
        ends = np.minimum(ends, micros(until))
    columns = daily_series(
        ledger, prices, scope, currency, ends, Policy.parse(method), zone=zone, by_source=by == "source"
    )
    grid = columns.grid
    window = slice((first - begin).days, None)
    whole = columns.together(np.ones(len(grid.columns), dtype=np.bool_), window, alone=True)
    return History(
        days=tuple(date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)),
        currency=currency,
        parts={key: columns.together(mine, window) for key, mine in breakdown(grid, by, groups).items()},
        **{one.name: getattr(whole, one.name) for one in fields(whole)},
    )


def first_day(ledger: LedgerView, zone: ZoneInfo) -> date | None:
    """Return the first day of which the ledger tells anything, ``None`` for an empty one."""
    days = [rows[0].day for item in ledger.items if (rows := valuations(item))]
    if len(ledger.columns.at):
        days.append(instant(int(ledger.columns.at[0])).astimezone(zone).date())
    return min(days, default=None)


def breakdown(
    grid: Grid, by: str | None, groups: Mapping[str, str] | None = None
) -> dict[str, NDArray[np.bool_]]:
    """Return which columns belong to each key of the breakdown, each shape (columns,)."""
    if by is None:
        return {}
    keys = [_key(column, by, groups) for column in grid.columns]
    return {key: np.array([other == key for other in keys]) for key in dict.fromkeys(keys)}


def _key(column: Column, by: str, groups: Mapping[str, str] | None) -> str:
    if by == "category":
        return column.category.value
    if by == "group":
        return group_of(column.asset, groups)
    return column.source_key if by == "source" else column.asset.id
