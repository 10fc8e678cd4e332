"""Daily series as a ledger view keeps them, and how they go on from the day of a change.

What is told of a day follows from what happened until its end, so a change leaves the days before it as they are. Only
those from its day on are worked out again: after an edit, after a new price, and when a new day has begun. All are
worked out from the beginning where that is not so: when a method spreads costs over a year, when the columns of the
series or the assets with lots are others than before, or when it is not known which prices differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.column_series import ColumnSeries, column_series, eve_of, joined
from smartfolio_app.analytics.grid import layout_of, make_grid
from smartfolio_app.analytics.prices import PriceBook
from smartfolio_app.ledger.instants import DAY_US, Microseconds, micros
from smartfolio_app.ledger.lots import Method, Policy

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.lot_arrays import LotArrays
    from smartfolio_app.analytics.scope import Scope

#: So many cells (days times columns) are kept of a ledger's series, some 100 bytes each.
KEPT_CELLS = 400_000

#: Later than everything.
_NEVER = 2**62


@dataclass(frozen=True, slots=True)
class KeptSeries:
    """Series, and what they were made of. The ledger has changed since at ``changed`` and later, if at all."""

    series: ColumnSeries
    prices: PriceBook
    doubtful: tuple[int, ...]
    changed: Microseconds = _NEVER

    def also(self, changed: Microseconds) -> KeptSeries:
        """Return the series after another change of the ledger."""
        return replace(self, changed=min(self.changed, changed))


def daily_series(  # noqa: PLR0917 - the words of one question
    ledger: LedgerView,
    prices: PriceBook,
    scope: Scope,
    currency: str,
    ends: NDArray[np.int64],
    policy: Policy,
    *,
    zone: ZoneInfo,
    by_source: bool = False,
) -> ColumnSeries:
    """Return all series at ``ends``, which go on from those that the ledger keeps as far as these are still right."""
    lots = ledger.lot_arrays(prices, currency, policy)
    key = (scope, currency, zone.key, by_source, str(policy), policy.gifts_realise)
    known = ledger.kept_series.get(key)
    stays = 0
    if (
        known is not None
        and known.series.grid.columns == layout_of(ledger, scope, by_source=by_source).columns
    ):
        stays = _staying(known, prices, lots, policy, ends)
    if known is None or not stays:
        grid, moved = make_grid(ledger, prices, scope, currency, ends, zone=zone, by_source=by_source)
        series = column_series(ledger, grid, moved, lots, scope, zone)
    else:
        eve, totals = eve_of(known.series, stays)
        rest = ends[stays - 1 :]
        grid, moved = make_grid(
            ledger, prices, scope, currency, rest, zone=zone, by_source=by_source, eve=eve
        )
        late = column_series(ledger, grid, moved, lots, scope, zone, totals)
        series = joined(known.series, stays, late, ends)
    _keep(ledger.kept_series, key, KeptSeries(series, prices, tuple(lots.doubtful)))
    return series


def _staying(
    known: KeptSeries, prices: PriceBook, lots: LotArrays, policy: Policy, ends: NDArray[np.int64]
) -> int:
    """Return how many of the first instants are as they were."""
    old = known.series
    if Method.TOTAL_AVERAGE in {policy.method, *policy.methods.values()}:
        return 0
    if lots.assets != old.gains.totals.assets or tuple(lots.doubtful) != known.doubtful:
        return 0
    changed = known.changed
    if prices is not known.prices:
        spans = prices.differences(known.prices)
        if spans is None:
            return 0
        # Lots ask for the price of a whole day, so all of the day is concerned.
        changed = min([changed, *(micros(first) // DAY_US * DAY_US for first, _ in spans)])
    both = min(len(ends), len(old.grid.ends))
    same = old.grid.ends[:both] == ends[:both]
    alike = both if same.all() else int(np.argmin(same))
    return min(alike, int(np.searchsorted(ends, changed, side="left")))


def _keep(shelf: dict[object, KeptSeries], key: object, made: KeptSeries) -> None:
    """Put series on the shelf; those put there first go when there is too much on it."""
    shelf.pop(key, None)
    shelf[key] = made
    total = 0
    for other, one in reversed(list(shelf.items())):
        total += one.series.cells
        if total > KEPT_CELLS:
            shelf.pop(other, None)
