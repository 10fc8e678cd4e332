"""All series of a grid at once, per column, and how columns are added up to the series of a whole or a part.

The columns are added in the grid's order, and within a column movements are added by time. So the same ledger always
gives the very same floats, whatever order it came in and however it was brought up to date.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from smartfolio_app.analytics.currency_effect import currency_effect
from smartfolio_app.analytics.flows import Flows, flows_of
from smartfolio_app.analytics.gain_series import GainSeries, Totals, gain_series, has_lots
from smartfolio_app.analytics.grid import Eve, Grid, Moved
from smartfolio_app.analytics.reliable import known_share, weights
from smartfolio_app.analytics.results import DailySeries, FloatArray

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.lot_arrays import LotArrays
    from smartfolio_app.analytics.scope import Scope

Chosen = NDArray[np.bool_]
_Any = TypeVar("_Any", bound=np.generic)


@dataclass(frozen=True, slots=True)
class ColumnSeries:
    """Everything per instant and column, each of shape (T, columns), in the grid's currency."""

    grid: Grid
    value: FloatArray
    flows: Flows
    gains: GainSeries
    fx: FloatArray
    weight: FloatArray  # what each column weighs in what is known

    @property
    def cells(self) -> int:
        """The size of each array."""
        return int(self.value.size)

    def together(self, chosen: Chosen, window: slice, *, alone: bool = False) -> DailySeries:
        """Return the chosen columns (shape (columns,)) as one, over a window of the instants.

        ``alone``: nothing else is in scope, so that what its trades moved stayed within it.
        """
        moved = self.flows.external[:, chosen]
        flows = (moved if alone else moved + self.flows.exchanged[:, chosen]).sum(axis=1)
        return DailySeries(
            value=total_value(self.grid, self.value, chosen)[window],
            invested=np.cumsum(flows)[window],
            flows=flows[window],
            income=self.flows.income[:, chosen].sum(axis=1)[window],
            fees=self.flows.costs[:, chosen].sum(axis=1)[window],
            realised=self.gains.realised[:, chosen].sum(axis=1)[window],
            unrealised=self._unrealised(chosen)[window],
            fx=self.fx[:, chosen].sum(axis=1)[window],
            coverage=coverage_of(self.grid, chosen)[window],
            known=known_share(self.weight[:, chosen], self.grid.held[:, chosen], self.grid.fresh[:, chosen])[
                window
            ],
        )

    def _unrealised(self, chosen: Chosen) -> FloatArray:
        """``nan`` where things with lots are held and the gain of none of them is known."""
        lots = np.array([has_lots(column.asset.id) for column in self.grid.columns], dtype=np.bool_) & chosen
        gain, held = self.gains.unrealised[:, lots], self.grid.held[:, lots]
        known = held & ~np.isnan(gain)
        total: FloatArray = np.where(known, gain, 0.0).sum(axis=1)
        total[held.any(axis=1) & ~known.any(axis=1)] = np.nan
        return total


def column_series(  # noqa: PLR0917 - what series are made of
    ledger: LedgerView,
    grid: Grid,
    moved: Moved,
    lots: LotArrays,
    scope: Scope,
    zone: ZoneInfo,
    before: Totals | None = None,
) -> ColumnSeries:
    """Return all series of a grid; ``before`` is that of ``gain_series``."""
    value = grid.values()
    gains = gain_series(ledger, grid, lots, scope, before)
    flows = flows_of(ledger, grid, moved, zone)
    return ColumnSeries(grid, value, flows, gains, currency_effect(grid, value), weights(grid))


def eve_of(series: ColumnSeries, stays: int) -> tuple[Eve, Totals]:
    """Return what series go on from of which the first instants stay as they are."""
    running, totals = series.grid.running[:stays], series.gains.totals
    eve = Eve(running[-1], np.abs(running).max(axis=0))
    return eve, Totals(totals.assets, totals.balance[:stays], totals.cost[:stays])


def joined(before: ColumnSeries, stays: int, after: ColumnSeries, ends: NDArray[np.int64]) -> ColumnSeries:
    """Return the series at ``ends``: the first instants of one, and all but the first of another that goes on there.

    What a column weighs before its first price follows from that price, so weights are made anew.
    """

    def join(which: Callable[[ColumnSeries], NDArray[_Any]]) -> NDArray[_Any]:
        return np.concatenate((which(before)[:stays], which(after)[1:]))

    late = after.grid
    grid = Grid(
        ends=ends,
        currency=late.currency,
        columns=late.columns,
        running=join(lambda one: one.grid.running),
        quantity=join(lambda one: one.grid.quantity),
        price=join(lambda one: one.grid.price),
        fresh=join(lambda one: one.grid.fresh),
        items=late.items,
        book=late.book,
    )
    return ColumnSeries(
        grid=grid,
        value=join(lambda one: one.value),
        flows=Flows(
            external=join(lambda one: one.flows.external),
            income=join(lambda one: one.flows.income),
            costs=join(lambda one: one.flows.costs),
            exchanged=join(lambda one: one.flows.exchanged),
        ),
        gains=GainSeries(
            realised=join(lambda one: one.gains.realised),
            unrealised=join(lambda one: one.gains.unrealised),
            totals=Totals(
                assets=after.gains.totals.assets,
                balance=join(lambda one: one.gains.totals.balance),
                cost=join(lambda one: one.gains.totals.cost),
            ),
        ),
        fx=join(lambda one: one.fx),
        weight=weights(grid),
    )


def coverage_of(grid: Grid, chosen: Chosen | None = None) -> FloatArray:
    """Return the share of what is held that has a fresh price, ``nan`` where nothing is held; shape (T,)."""
    held = grid.held if chosen is None else grid.held[:, chosen]
    fresh = grid.fresh if chosen is None else grid.fresh[:, chosen]
    count = held.sum(axis=1)
    share: FloatArray = np.full(len(count), np.nan)
    np.divide((held & fresh).sum(axis=1), count, out=share, where=count > 0)
    return share


def total_value(grid: Grid, value: FloatArray, chosen: Chosen | None = None) -> FloatArray:
    """Return the columns' ``value`` added up, ``nan`` where things are held and none of them is priced; shape (T,)."""
    mine = slice(None) if chosen is None else chosen
    held = grid.held[:, mine]
    priced = held & ~np.isnan(grid.price[:, mine])
    total: FloatArray = value[:, mine].sum(axis=1)
    total[held.any(axis=1) & ~priced.any(axis=1)] = np.nan
    return total
