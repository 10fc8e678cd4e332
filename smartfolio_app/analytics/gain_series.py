"""Realised and unrealised gains per instant and column of a grid.

Lots are kept for everything owned, so a scope's part of an asset costs its share of the whole at each instant. Where
the lots do not account for what is held, or a part of their cost is not known, there is no unrealised gain to tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.grid import Column, added_up, rows_by_time
from smartfolio_app.analytics.scope import Category
from smartfolio_app.ledger.assets import is_fiat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from smartfolio_app.analytics.grid import Grid
    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.lot_arrays import Changes, LotArrays
    from smartfolio_app.analytics.results import FloatArray
    from smartfolio_app.analytics.scope import Scope
    from smartfolio_app.ledger.assets import AssetId

#: Lots and balances agree when they differ by less than this share of the largest balance there ever was.
_AGREEMENT = 1e-9


def gain_series(
    ledger: LedgerView, grid: Grid, arrays: LotArrays, scope: Scope
) -> tuple[FloatArray, FloatArray]:
    """Return what was realised in each step, and what was not yet realised at its end; each of shape (T, columns).

    Realised gains that are not known count as nothing here; the gains report lists them. The unrealised gain is ``nan``
    where something is held and its gain is not known, and zero where nothing is held.
    """
    return _realised(ledger, grid, arrays, scope), _unrealised(ledger, grid, arrays)


def has_lots(asset: AssetId) -> bool:
    """Tell whether an asset has lots: money is measured by rates, a wealth item by its valuations."""
    return not is_fiat(asset) and not asset.startswith("item:")


def _realised(ledger: LedgerView, grid: Grid, arrays: LotArrays, scope: Scope) -> FloatArray:
    shape = (len(grid.ends), len(grid.columns))
    number = {column: index for index, column in enumerate(grid.columns)}
    by_source = any(column.source_key for column in grid.columns if column.category is not Category.WEALTH)
    # Which column a gain falls into, by the number of its asset and that of its source; -1 outside of the scope.
    place = np.full((len(arrays.assets), max(len(arrays.sources), 1)), -1, dtype=np.int64)
    for index, source in enumerate(arrays.sources):
        view = ledger.sources[source]
        if scope.includes(view.category, view.key):
            for at, asset in enumerate(arrays.assets):
                column = Column(ledger.asset(asset), view.category, view.key if by_source else "")
                place[at, index] = number.get(column, -1)
    row, gain = grid.rows_of(arrays.realised.at), arrays.realised.amount
    column_of = place[arrays.realised.asset, arrays.source]
    chosen = (row < shape[0]) & ~np.isnan(gain) & (column_of >= 0)
    cell = row[chosen] * shape[1] + column_of[chosen]
    total = np.bincount(cell, weights=gain[chosen], minlength=shape[0] * shape[1]).astype(np.float64)
    return total.reshape(shape)


def _unrealised(ledger: LedgerView, grid: Grid, arrays: LotArrays) -> FloatArray:
    result: FloatArray = np.zeros((len(grid.ends), len(grid.columns)))
    tracked = [index for index, column in enumerate(grid.columns) if has_lots(column.asset.id)]
    if not tracked:
        return result
    number = {asset: index for index, asset in enumerate(arrays.assets)}
    # One more column than assets, always empty, for those that have no lots at all.
    place = np.array([number.get(grid.columns[index].asset.id, len(number)) for index in tracked])
    whole = _balances(ledger, grid, arrays)
    known = _accounted_for(grid, arrays, whole)[:, place]
    cost = _running(grid, arrays.cost, len(number) + 1)[:, place]
    held, price, whole = grid.quantity[:, tracked], grid.price[:, tracked], whole[:, place]
    told = known & ~np.isnan(price) & (held != 0)
    share = np.divide(held, whole, out=np.zeros_like(held), where=told)
    gain = np.where(told, held * np.nan_to_num(price) - share * cost, 0.0)
    gain[(held != 0) & ~told] = np.nan
    result[:, tracked] = gain
    return result


def _accounted_for(grid: Grid, arrays: LotArrays, balance: FloatArray) -> NDArray[np.bool_]:
    """Tell where the lots of an asset are what is held of it, at a known cost; shape (T, assets + 1)."""
    width = balance.shape[1]
    limit = _AGREEMENT * np.abs(balance).max(axis=0, initial=0.0)
    known: NDArray[np.bool_] = np.abs(balance) > limit
    if len(arrays.unknown.at):
        known &= np.abs(_running(grid, arrays.unknown, width)) <= limit
    if arrays.doubtful:
        lots = _running(grid, arrays.quantity, width)[:, arrays.doubtful]
        known[:, arrays.doubtful] &= np.abs(lots - balance[:, arrays.doubtful]) <= limit[arrays.doubtful]
    return known


def _running(grid: Grid, changes: Changes, width: int) -> FloatArray:
    """Return the changes added up to each instant; shape (T, width)."""
    shape = (len(grid.ends), width)
    row = grid.rows_of(changes.at)
    return np.cumsum(added_up(shape, row, changes.asset, changes.amount, row < shape[0]), axis=0)


def _balances(ledger: LedgerView, grid: Grid, arrays: LotArrays) -> FloatArray:
    """Return what is held of each asset over all sources; shape (T, assets + 1)."""
    data = ledger.columns
    number = {asset: index for index, asset in enumerate(arrays.assets)}
    column_of_asset = np.array([number.get(asset, len(number)) for asset in data.assets], dtype=np.int32)
    shape = (len(grid.ends), len(arrays.assets) + 1)
    last = int(np.searchsorted(data.at, grid.ends[-1], side="right"))
    row = rows_by_time(grid.ends, data.at[:last])
    total = added_up(shape, row, column_of_asset[data.asset[:last]], data.quantity[:last])
    held: FloatArray = np.cumsum(total, axis=0)
    held[:, -1] = 0.0  # what has no lots at all fell into the last column
    return held
