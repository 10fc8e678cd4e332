"""Realised and unrealised gains per instant and column of a grid.

Lots are kept for everything owned, so a scope's part of an asset costs its share of the whole at each instant. Where
the lots do not account for what is held, or a part of their cost is not known, there is no unrealised gain to tell.

Nothing here looks ahead: what is told of an instant follows from what happened until then. So a series can go on from
an instant at which it is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.grid import Column, added_up, peaks, rows_by_time
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.scope import Category
from smartfolio_app.ledger.assets import AssetId, is_fiat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from smartfolio_app.analytics.grid import Grid
    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.lot_arrays import Changes, LotArrays
    from smartfolio_app.analytics.scope import Scope

#: Lots and balances agree when they differ by less than this share of the largest balance until then.
_AGREEMENT = 1e-9


@dataclass(frozen=True, slots=True)
class Totals:
    """What is held of each of the lots' ``assets`` over all sources, and what their lots cost; shape (T, assets + 1).

    The last column is that of all that has no lots, and always empty.
    """

    assets: list[AssetId]
    balance: FloatArray
    cost: FloatArray


@dataclass(frozen=True, slots=True)
class GainSeries:
    """What was realised in each step, and what was not yet realised at its end; each of shape (T, columns).

    Realised gains that are not known count as nothing here; the gains report lists them. The unrealised gain is ``nan``
    where something is held and its gain is not known, and zero where nothing is held. ``totals`` are what it follows
    from.
    """

    realised: FloatArray
    unrealised: FloatArray
    totals: Totals


def gain_series(
    ledger: LedgerView, grid: Grid, arrays: LotArrays, scope: Scope, before: Totals | None = None
) -> GainSeries:
    """Return the gains of a grid. ``before``: the totals of the same assets up to the grid's first instant, where that
    was known already; of that instant no realised gain is told then.
    """
    totals = _totals(ledger, grid, arrays, before)
    realised = _realised(ledger, grid, arrays, scope, goes_on=before is not None)
    return GainSeries(realised, _unrealised(grid, arrays, totals, before), totals)


def has_lots(asset: AssetId) -> bool:
    """Tell whether an asset has lots: money is measured by rates, a wealth item by its valuations."""
    return not is_fiat(asset) and not asset.startswith("item:")


def _realised(
    ledger: LedgerView, grid: Grid, arrays: LotArrays, scope: Scope, *, goes_on: bool
) -> FloatArray:
    shape = (len(grid.ends), len(grid.columns))
    number = {column: index for index, column in enumerate(grid.columns)}
    by_source = any(column.source_key for column in grid.columns if column.category is not Category.WEALTH)
    # Which column a gain falls into, by the number of its asset and that of its source; -1 outside of the scope.
    place = np.full((len(arrays.assets), max(len(arrays.sources), 1)), -1, dtype=np.int64)
    for index, source in enumerate(arrays.sources):
        view = ledger.sources[source]
        if scope.includes(view.category, view.key):
            for row, asset in enumerate(arrays.assets):
                column = Column(ledger.asset(asset), view.category, view.key if by_source else "")
                place[row, index] = number.get(column, -1)
    at, gain = arrays.realised.at, arrays.realised.amount
    column_of = place[arrays.realised.asset, arrays.source]
    chosen = _within(grid, at, goes_on=goes_on) & ~np.isnan(gain) & (column_of >= 0)
    cell = grid.rows_of(at[chosen]) * shape[1] + column_of[chosen]
    total = np.bincount(cell, weights=gain[chosen], minlength=shape[0] * shape[1]).astype(np.float64)
    return total.reshape(shape)


def _within(grid: Grid, at: NDArray[np.int64], *, goes_on: bool) -> NDArray[np.bool_]:
    """Tell which instants lie in the grid: not after its last, and after its first where it goes on from that."""
    inside: NDArray[np.bool_] = at <= grid.ends[-1]
    return inside & (at > grid.ends[0]) if goes_on else inside


def _unrealised(grid: Grid, arrays: LotArrays, totals: Totals, before: Totals | None) -> FloatArray:
    result: FloatArray = np.zeros((len(grid.ends), len(grid.columns)))
    tracked = [index for index, column in enumerate(grid.columns) if has_lots(column.asset.id)]
    if not tracked:
        return result
    number = {asset: index for index, asset in enumerate(arrays.assets)}
    # One more column than assets, always empty, for those that have no lots at all.
    place = np.array([number.get(grid.columns[index].asset.id, len(number)) for index in tracked])
    known = _accounted_for(grid, arrays, totals, before)[:, place]
    cost, whole = totals.cost[:, place], totals.balance[:, place]
    held, price = grid.quantity[:, tracked], grid.price[:, tracked]
    told = known & ~np.isnan(price) & (held != 0)
    share = np.divide(held, whole, out=np.zeros_like(held), where=told)
    gain = np.where(told, held * np.nan_to_num(price) - share * cost, 0.0)
    gain[(held != 0) & ~told] = np.nan
    result[:, tracked] = gain
    return result


def _accounted_for(grid: Grid, arrays: LotArrays, totals: Totals, before: Totals | None) -> NDArray[np.bool_]:
    """Tell where the lots of an asset are what is held of it, at a known cost; shape (T, assets + 1)."""
    balance = totals.balance
    width = balance.shape[1]
    limit = peaks(balance, None if before is None else np.abs(before.balance).max(axis=0))
    limit *= _AGREEMENT
    known: NDArray[np.bool_] = np.abs(balance) > limit
    if len(arrays.unknown.at):
        known &= np.abs(_running(grid, arrays.unknown, width)) <= limit
    if arrays.doubtful:
        lots = _running(grid, arrays.quantity, width)[:, arrays.doubtful]
        known[:, arrays.doubtful] &= np.abs(lots - balance[:, arrays.doubtful]) <= limit[:, arrays.doubtful]
    return known


def _running(grid: Grid, changes: Changes, width: int, before: FloatArray | None = None) -> FloatArray:
    """Return the changes added up to each instant, to what they were ``before``; shape (T, width)."""
    inside = _within(grid, changes.at, goes_on=before is not None)
    row = np.zeros(len(changes.at), dtype=np.int64)
    row[inside] = grid.rows_of(changes.at[inside])
    total = added_up((len(grid.ends), width), row, changes.asset, changes.amount, inside)
    if before is not None:
        total[0] = before
    return np.cumsum(total, axis=0, out=total)


def _totals(ledger: LedgerView, grid: Grid, arrays: LotArrays, before: Totals | None) -> Totals:
    data = ledger.columns
    number = {asset: index for index, asset in enumerate(arrays.assets)}
    column_of_asset = np.array([number.get(asset, len(number)) for asset in data.assets], dtype=np.int32)
    width = len(arrays.assets) + 1
    begin = 0 if before is None else int(np.searchsorted(data.at, grid.ends[0], side="right"))
    last = int(np.searchsorted(data.at, grid.ends[-1], side="right"))
    row = rows_by_time(grid.ends, data.at[begin:last])
    asset = column_of_asset[data.asset[begin:last]]
    balance = added_up((len(grid.ends), width), row, asset, data.quantity[begin:last], before=begin)
    if before is not None:
        balance[0] = before.balance[-1]
    np.cumsum(balance, axis=0, out=balance)
    balance[:, -1] = 0.0  # what has no lots at all fell into the last column
    cost = _running(grid, arrays.cost, width, None if before is None else before.cost[-1])
    return Totals(arrays.assets, balance, cost)
