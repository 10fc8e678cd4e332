"""Realised and unrealised gains per instant of a grid.

Lots are kept for everything owned, so a scope's part of an asset costs its share of the whole at each instant. Where
the lots do not account for what is held, or a part of their cost is not known, there is no unrealised gain to tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.ledger.assets import is_fiat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from smartfolio_app.analytics.grid import Grid
    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.lot_arrays import Changes, LotArrays
    from smartfolio_app.analytics.results import FloatArray
    from smartfolio_app.analytics.scope import Scope

#: Lots and balances agree when they differ by less than this share of the largest balance there ever was.
_AGREEMENT = 1e-9


def gain_series(
    ledger: LedgerView, grid: Grid, arrays: LotArrays, scope: Scope
) -> tuple[FloatArray, FloatArray]:
    """Return what was realised in each step, and what was not yet realised at its end; each shape (T,).

    Realised gains that are not known count as nothing here; the gains report lists them. The unrealised gain is ``nan``
    where things are held and the gain of none of them is known.
    """
    return _realised(ledger, grid, arrays, scope), _unrealised(ledger, grid, arrays)


def _realised(ledger: LedgerView, grid: Grid, arrays: LotArrays, scope: Scope) -> FloatArray:
    views = [ledger.sources[source] for source in arrays.sources]
    inside = np.array([scope.includes(view.category, view.key) for view in views], dtype=np.bool_)
    steps = len(grid.ends)
    row, gain = grid.rows_of(arrays.realised.at), arrays.realised.amount
    chosen = (row < steps) & ~np.isnan(gain)
    if len(inside):
        chosen &= inside[arrays.source]
    total: FloatArray = np.bincount(row[chosen], weights=gain[chosen], minlength=steps).astype(np.float64)
    return total


def _unrealised(ledger: LedgerView, grid: Grid, arrays: LotArrays) -> FloatArray:
    tracked = [index for index, column in enumerate(grid.columns) if _has_lots(column.asset.id)]
    if not tracked:
        return np.zeros(len(grid.ends))
    number = {asset: index for index, asset in enumerate(arrays.assets)}
    # One more column than assets, always empty, for those that have no lots at all.
    place = np.array([number.get(grid.columns[index].asset.id, len(number)) for index in tracked])
    whole = _balances(ledger, grid, arrays)
    known = _accounted_for(grid, arrays, whole)[:, place]
    cost = _running(grid, arrays.cost, len(number) + 1)[:, place]
    held, price, whole = grid.quantity[:, tracked], grid.price[:, tracked], whole[:, place]
    told = known & ~np.isnan(price) & (held != 0)
    share = np.divide(held, whole, out=np.zeros_like(held), where=told)
    gain: FloatArray = np.where(told, held * np.nan_to_num(price) - share * cost, 0.0).sum(axis=1)
    gain[(held != 0).any(axis=1) & ~told.any(axis=1)] = np.nan
    return gain


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
    inside = row < shape[0]
    cell = row[inside] * width + changes.asset[inside]
    total = np.bincount(cell, weights=changes.amount[inside], minlength=shape[0] * width)
    return np.cumsum(total.astype(np.float64).reshape(shape), axis=0)


def _balances(ledger: LedgerView, grid: Grid, arrays: LotArrays) -> FloatArray:
    """Return what is held of each asset over all sources; shape (T, assets + 1)."""
    data = ledger.columns
    number = {asset: index for index, asset in enumerate(arrays.assets)}
    column_of_asset = np.array([number.get(asset, len(number)) for asset in data.assets], dtype=np.int64)
    shape = (len(grid.ends), len(arrays.assets) + 1)
    last = int(np.searchsorted(data.at, grid.ends[-1], side="right"))
    row = grid.rows_of(data.at[:last])
    cell = row * shape[1] + column_of_asset[data.asset[:last]]
    total = np.bincount(cell, weights=data.quantity[:last], minlength=shape[0] * shape[1]).astype(np.float64)
    held: FloatArray = np.cumsum(total.reshape(shape), axis=0)
    held[:, -1] = 0.0  # what has no lots at all fell into the last column
    return held


def _has_lots(asset: str) -> bool:
    return not is_fiat(asset) and not asset.startswith("item:")
