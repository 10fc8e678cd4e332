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
    from smartfolio_app.analytics.lot_arrays import LotArrays
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
    inside = np.array(
        [
            scope.includes(ledger.sources[source].category, ledger.sources[source].key)
            for source in arrays.sources
        ],
        dtype=np.bool_,
    )
    steps = len(grid.ends)
    row = grid.rows_of(arrays.realised_at)
    chosen = (row < steps) & ~np.isnan(arrays.gain)
    if len(inside):
        chosen &= inside[arrays.source]
    total: FloatArray = np.bincount(row[chosen], weights=arrays.gain[chosen], minlength=steps).astype(
        np.float64
    )
    return total


def _unrealised(ledger: LedgerView, grid: Grid, arrays: LotArrays) -> FloatArray:
    tracked = [index for index, column in enumerate(grid.columns) if _has_lots(column.asset.id)]
    result: FloatArray = np.zeros(len(grid.ends))
    if not tracked:
        return result
    number = {asset: index for index, asset in enumerate(arrays.assets)}
    # One more column than assets, always empty, for those that have no lots at all.
    place = np.array([number.get(grid.columns[index].asset.id, len(number)) for index in tracked])
    quantity, cost, known = _lots_over_time(ledger, grid, arrays)
    held = grid.quantity[:, tracked]
    price = grid.price[:, tracked]
    told = known[:, place] & ~np.isnan(price) & (held != 0)
    whole = quantity[:, place]
    share = np.divide(held, whole, out=np.zeros_like(held), where=told)
    gain = np.where(told, held * np.nan_to_num(price) - share * cost[:, place], 0.0)
    result = gain.sum(axis=1)
    result[(held != 0).any(axis=1) & ~told.any(axis=1)] = np.nan
    return result


def _lots_over_time(
    ledger: LedgerView, grid: Grid, arrays: LotArrays
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Return quantity and cost of the lots of each asset, and whether they are what is held; each (T, assets + 1)."""
    shape = (len(grid.ends), len(arrays.assets) + 1)
    row = grid.rows_of(arrays.at)
    inside = row < shape[0]
    cell = (row * shape[1] + arrays.asset)[inside]
    unknown = np.isnan(arrays.cost[inside])

    def summed(weights: FloatArray) -> FloatArray:
        total: FloatArray = np.bincount(cell, weights=weights, minlength=shape[0] * shape[1]).astype(
            np.float64
        )
        return np.cumsum(total.reshape(shape), axis=0)

    quantity = summed(arrays.quantity[inside])
    cost = summed(np.where(unknown, 0.0, arrays.cost[inside]))
    missing = summed(np.where(unknown, arrays.quantity[inside], 0.0))
    balance = _balances(ledger, grid, arrays)
    limit = _AGREEMENT * np.abs(balance).max(axis=0, initial=0.0)
    known = (np.abs(missing) <= limit) & (np.abs(quantity - balance) <= limit) & (np.abs(balance) > limit)
    return quantity, cost, known


def _balances(ledger: LedgerView, grid: Grid, arrays: LotArrays) -> FloatArray:
    """Return what is held of each asset over all sources."""
    data = ledger.columns
    number = {asset: index for index, asset in enumerate(arrays.assets)}
    column_of_asset = np.array([number.get(asset, len(number)) for asset in data.assets], dtype=np.int64)
    shape = (len(grid.ends), len(arrays.assets) + 1)
    last = int(np.searchsorted(data.at, grid.ends[-1], side="right"))
    row = grid.rows_of(data.at[:last])
    cell = row * shape[1] + column_of_asset[data.asset[:last]]
    total = np.bincount(cell, weights=data.quantity[:last], minlength=shape[0] * shape[1]).astype(np.float64)
    return np.cumsum(total.reshape(shape), axis=0)


def _has_lots(asset: str) -> bool:
    return not is_fiat(asset) and not asset.startswith("item:")
