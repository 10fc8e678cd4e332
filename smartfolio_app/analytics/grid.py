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
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.ledger.assets import Asset

#: What rounding leaves of a balance that is gone, in relation to the largest it was until then.
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

    ``quantity``, ``price`` and ``fresh`` have shape (T, columns), and so has ``running``: the movements as they add up,
    with what rounding leaves. ``items`` are the wealth items in scope with their column; ``book`` is the price book
    with their valuations.
    """

    ends: NDArray[np.int64]
    currency: str
    columns: list[Column]
    running: FloatArray
    quantity: FloatArray
    price: FloatArray
    fresh: NDArray[np.bool_]
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


@dataclass(frozen=True, slots=True)
class Moved:
    """The movements that a grid adds up, shape (M,) each: the row in which they fall (those before the first instant in
    row 0), their column, signed amount and number in the ledger's columns (``None``: one after the other).

    ``before`` is how many of the scope lie before them, where a grid goes on from an instant that was known.
    """

    row: NDArray[np.int32]
    column: NDArray[np.int32]
    amount: FloatArray
    number: NDArray[np.int64] | None
    before: int = 0

    def numbers(self, part: slice) -> slice | NDArray[np.int64]:
        """Return where a part of them stands in the ledger's columns."""
        if self.number is not None:
            return self.number[part]
        return slice(self.before + part.start, self.before + min(part.stop, len(self.row)))


@dataclass(frozen=True, slots=True)
class Eve:
    """What a grid goes on from, when all is known up to its first instant: ``running`` then, and the most that each
    column ever held until then (both of shape (columns,)).
    """

    running: FloatArray
    peak: FloatArray


def make_grid(
    ledger: LedgerView,
    prices: PriceBook,
    scope: Scope,
    currency: str,
    ends: NDArray[np.int64],
    *,
    zone: ZoneInfo,
    by_source: bool = False,
    eve: Eve | None = None,
) -> tuple[Grid, Moved]:
    """Return the grid of everything in scope, and the movements in it. Those after the last instant are left out.

    With an ``eve``, so are those up to the first instant.
    """
    data = ledger.columns
    layout = layout_of(ledger, scope, by_source=by_source)
    begin = 0 if eve is None else int(np.searchsorted(data.at, ends[0], side="right"))
    last = int(np.searchsorted(data.at, ends[-1], side="right")) if len(ends) else 0
    column = layout.column_of_place[data.place[begin:last]]
    row = rows_by_time(ends, data.at[begin:last])
    inside = column >= 0
    if inside.all():  # then nothing need be copied
        moved = Moved(row, column, data.quantity[begin:last], None, begin)
    else:
        chosen = np.flatnonzero(inside)
        before = int((layout.column_of_place[data.place[:begin]] >= 0).sum())
        number = chosen + begin
        moved = Moved(row[chosen], column[chosen], data.quantity[number], number, before)
    book = prices.with_points(item_prices([item for _, item in layout.items], zone))
    running = _running(moved, (len(ends), len(layout.columns)), eve)
    quantity = _quantities(running, ends, layout.items, zone, eve)
    price, fresh = _prices(layout.columns, book, currency, ends)
    grid = Grid(ends, currency, layout.columns, running, quantity, price, fresh, layout.items, book)
    return grid, moved


class Layout(NamedTuple):
    """The columns of a grid, the column of each of the ledger's places (-1: not in scope), and the wealth items."""

    columns: list[Column]
    column_of_place: NDArray[np.int32]
    items: list[tuple[int, WealthItemView]]


def layout_of(ledger: LedgerView, scope: Scope, *, by_source: bool = False) -> Layout:
    """Return the layout of a grid."""
    places = ledger.columns.places
    mine: dict[int, Column] = {}
    for index, (source, _, asset) in enumerate(places):
        view = ledger.sources[source]
        if scope.includes(view.category, view.key):
            mine[index] = Column(ledger.asset(asset), view.category, view.key if by_source else "")
    items = [item for item in ledger.items if scope.includes(Category.WEALTH, item.source_key)]
    column_of_item = [Column(item.asset, Category.WEALTH, item.source_key) for item in items]
    # By name, so that the order in which things came into the ledger plays no part.
    columns = sorted({*mine.values(), *column_of_item}, key=_by_name)
    number_of = {column: index for index, column in enumerate(columns)}
    column_of_place = np.full(len(places), -1, dtype=np.int32)
    for index, column in mine.items():
        column_of_place[index] = number_of[column]
    item_columns = [(number_of[column], item) for column, item in zip(column_of_item, items, strict=True)]
    return Layout(columns, column_of_place, item_columns)


def _by_name(column: Column) -> tuple[str, str, str]:
    return (column.asset.id, column.category.value, column.source_key)


def rows_by_time(ends: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the first row whose instant is not before each of ``at``, which ascend and are not after the last one."""
    reached = np.searchsorted(at, ends, side="right")
    return np.repeat(np.arange(len(ends), dtype=np.int32), np.diff(reached, prepend=0))


def stretches(count: int, before: int = 0) -> Iterator[slice]:
    """Yield slices of ``count`` movements that follow on ``before`` others.

    They are cut where all of them together would be: who goes on from the middle adds up in the same order.
    """
    for first in range(-(before % STRETCH) if count else 0, count, STRETCH):
        yield slice(max(first, 0), first + STRETCH)


def added_up(  # noqa: PLR0917 - parallel arrays
    shape: tuple[int, int],
    row: NDArray[np.integer],
    column: NDArray[np.integer],
    weights: FloatArray,
    chosen: NDArray[np.bool_] | None = None,
    before: int = 0,
) -> FloatArray:
    """Return the (chosen) ``weights`` added up by row and column; a stretch at a time, which takes little memory."""
    total: FloatArray = np.zeros(shape[0] * shape[1])
    for part in stretches(len(row), before):
        cell, weight = row[part].astype(np.int64) * shape[1] + column[part], weights[part]
        if chosen is not None:
            cell, weight = cell[chosen[part]], weight[chosen[part]]
        total += np.bincount(cell, weights=weight, minlength=len(total))
    return total.reshape(shape)


def _running(moved: Moved, shape: tuple[int, int], eve: Eve | None) -> FloatArray:
    running = added_up(shape, moved.row, moved.column, moved.amount, before=moved.before)
    if eve is not None:
        running[0] = eve.running
    np.cumsum(running, axis=0, out=running)
    return running


def peaks(running: FloatArray, before: FloatArray | None = None) -> FloatArray:
    """Return the largest size of each column up to each instant (and ``before``); same shape."""
    size: FloatArray = np.abs(running)
    if before is not None and len(size):
        np.maximum(size[0], before, out=size[0])
    return np.maximum.accumulate(size, axis=0, out=size)


def _quantities(
    running: FloatArray,
    ends: NDArray[np.int64],
    items: list[tuple[int, WealthItemView]],
    zone: ZoneInfo,
    eve: Eve | None,
) -> FloatArray:
    limit = peaks(running, None if eve is None else eve.peak)
    limit *= _RESIDUE
    held = running.copy()
    held[np.abs(held) <= limit] = 0.0
    for column, item in items:
        ordered = valuations(item)
        if not ordered:
            continue
        starts = np.array([micros(valued_at(row.day, zone)) for row in ordered])
        first, end = np.searchsorted(ends, starts, side="left")[[0, -1]]
        held[first:, column] = float(quantity(item))
        if item.closed_on is not None:
            held[end:, column] = 0.0
    return held


def _prices(
    columns: list[Column], book: PriceBook, currency: str, ends: NDArray[np.int64]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    assets = list(dict.fromkeys(column.asset.id for column in columns))
    daily = book.daily(assets, currency, ends)
    if len(assets) == len(columns):
        return daily.price, daily.fresh
    place = {asset: index for index, asset in enumerate(assets)}
    wanted = [place[column.asset.id] for column in columns]
    return daily.price[:, wanted], daily.fresh[:, wanted]
