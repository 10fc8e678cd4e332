"""Quantities and prices over time as matrices (instants x columns), in one vectorised pass.

A column is one asset within one category, or within one source where sources are told apart. Quantities are those at
the end of each instant; prices carry the last one known. Everything here is float: it is drawn and measured, never
booked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from smartfolio_app.analytics.items import item_prices, quantity, valuations, valued_at
from smartfolio_app.analytics.ledger_view import WealthItemView
from smartfolio_app.analytics.prices import PriceBook
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.ledger.instants import micros

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.ledger.assets import Asset

#: What rounding leaves of a balance that is gone, in relation to the largest it ever was.
_RESIDUE = 1e-12

#: So many movements are worked on at a time.
STRETCH = 1 << 19


class Column(NamedTuple):
    """What a column of the grid is; ``source_key`` is empty unless sources are told apart."""

    asset: Asset
    category: Category
    source_key: str = ""


@dataclass(slots=True)
class Grid:
    """Everything held in a scope, at each of ``ends`` (µs, ascending; shape (T,)).

    ``quantity``, ``price`` and ``fresh`` have shape (T, columns). The movements that led there, shape (M,) each: the
    row in which they fall (those before the first in row 0), their column, signed amount and number in the ledger's
    columns. ``items`` are the wealth items in scope with their column; ``book`` is the price book with their
    valuations.
    """

    ends: NDArray[np.int64]
    currency: str
    columns: list[Column]
    quantity: FloatArray
    price: FloatArray
    fresh: NDArray[np.bool_]
    row: NDArray[np.int32]
    column: NDArray[np.int32]
    amount: FloatArray
    number: NDArray[np.int64]
    items: list[tuple[int, WealthItemView]]
    book: PriceBook

    @property
    def held(self) -> NDArray[np.bool_]:
        """Tell what is held when; shape (T, columns)."""
        return np.not_equal(self.quantity, 0)

    def values(self) -> FloatArray:
        """Return the value of each column, zero where it is not priced; shape (T, columns)."""
        worth = self.quantity * self.price
        worth[np.isnan(worth)] = 0.0
        return worth

    def rows_of(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the first row whose instant is not before each of ``at``."""
        return np.searchsorted(self.ends, at, side="left").astype(np.int64)


def make_grid(
    ledger: LedgerView,
    prices: PriceBook,
    scope: Scope,
    currency: str,
    ends: NDArray[np.int64],
    *,
    zone: ZoneInfo,
    by_source: bool = False,
) -> Grid:
    """Return the grid of everything in scope. Movements after the last instant are left out."""
    data = ledger.columns
    mine: dict[int, Column] = {}
    for index, (source, _, asset) in enumerate(data.places):
        view = ledger.sources[source]
        if scope.includes(view.category, view.key):
            mine[index] = Column(ledger.asset(asset), view.category, view.key if by_source else "")
    items = [item for item in ledger.items if scope.includes(Category.WEALTH, item.source_key)]
    column_of_item = [Column(item.asset, Category.WEALTH, item.source_key) for item in items]
    # By name, so that the order in which things came into the ledger plays no part.
    columns = sorted({*mine.values(), *column_of_item}, key=_by_name)
    number_of = {column: index for index, column in enumerate(columns)}
    column_of_place = np.full(len(data.places), -1, dtype=np.int32)
    for index, column in mine.items():
        column_of_place[index] = number_of[column]
    item_columns = [(number_of[column], item) for column, item in zip(column_of_item, items, strict=True)]
    book = prices.with_points(item_prices(items, zone))

    last = int(np.searchsorted(data.at, ends[-1], side="right")) if len(ends) else 0
    column_of = column_of_place[data.place[:last]]
    inside = column_of >= 0
    whole = bool(inside.all())  # then nothing need be copied
    number = np.arange(last) if whole else np.flatnonzero(inside)
    grid = Grid(
        ends=ends,
        currency=currency,
        columns=columns,
        quantity=np.empty(0),
        price=np.empty(0),
        fresh=np.empty(0, dtype=np.bool_),
        row=rows_by_time(ends, data.at[:last]) if whole else rows_by_time(ends, data.at[:last])[number],
        column=column_of if whole else column_of[number],
        amount=data.quantity[:last] if whole else data.quantity[number],
        number=number,
        items=item_columns,
        book=book,
    )
    grid.quantity = _quantities(grid, zone)
    grid.price, grid.fresh = _prices(grid)
    return grid


def _by_name(column: Column) -> tuple[str, str, str]:
    return (column.asset.id, column.category.value, column.source_key)


def rows_by_time(ends: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the first row whose instant is not before each of ``at``, which ascend and are not after the last one."""
    reached = np.searchsorted(at, ends, side="right")
    return np.repeat(np.arange(len(ends), dtype=np.int32), np.diff(reached, prepend=0))


def sums(grid: Grid, weights: FloatArray, chosen: NDArray[np.bool_] | None = None) -> FloatArray:
    """Return the (chosen) movements' ``weights`` added up per instant and column; shape (T, columns)."""
    return added_up((len(grid.ends), len(grid.columns)), grid.row, grid.column, weights, chosen)


def added_up(
    shape: tuple[int, int],
    row: NDArray[np.integer],
    column: NDArray[np.integer],
    weights: FloatArray,
    chosen: NDArray[np.bool_] | None = None,
) -> FloatArray:
    """Return the (chosen) ``weights`` added up by row and column; a stretch at a time, which takes little memory."""
    total: FloatArray = np.zeros(shape[0] * shape[1])
    for first in range(0, len(row), STRETCH):
        part = slice(first, first + STRETCH)
        cell, weight = row[part].astype(np.int64) * shape[1] + column[part], weights[part]
        if chosen is not None:
            cell, weight = cell[chosen[part]], weight[chosen[part]]
        total += np.bincount(cell, weights=weight, minlength=len(total))
    return total.reshape(shape)


def _quantities(grid: Grid, zone: ZoneInfo) -> FloatArray:
    held = sums(grid, grid.amount)
    np.cumsum(held, axis=0, out=held)
    if held.size:
        held[np.abs(held) <= _RESIDUE * np.abs(held).max(axis=0)] = 0.0
    for column, item in grid.items:
        ordered = valuations(item)
        if not ordered:
            continue
        starts = np.array([micros(valued_at(row.day, zone)) for row in ordered])
        first, end = grid.rows_of(starts)[[0, -1]]
        held[first:, column] = float(quantity(item))
        if item.closed_on is not None:
            held[end:, column] = 0.0
    return held


def _prices(grid: Grid) -> tuple[FloatArray, NDArray[np.bool_]]:
    assets = list(dict.fromkeys(column.asset.id for column in grid.columns))
    daily = grid.book.daily(assets, grid.currency, grid.ends)
    if len(assets) == len(grid.columns):
        return daily.price, daily.fresh
    place = {asset: index for index, asset in enumerate(assets)}
    wanted = [place[column.asset.id] for column in grid.columns]
    return daily.price[:, wanted], daily.fresh[:, wanted]
