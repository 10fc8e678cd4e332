"""What moved the worth besides the market: external flows, income, costs, per instant and column of a grid.

Each movement is taken at the price of the end of its day (or other step), the same that values what it left behind: so
a day's flows are worth exactly what they add to the day's value. Three things count as flows besides deposits and
withdrawals: a statement's correction (something moved, and nobody recorded it), a trade with an asset that has no
price that day, and the worth with which a held asset enters when it gets its first price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.columns import Role
from smartfolio_app.analytics.grid import STRETCH, Grid, Moved
from smartfolio_app.analytics.items import is_balance, quantity, valuations, valued_at
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.ledger.assets import fiat, is_fiat
from smartfolio_app.ledger.instants import micros
from smartfolio_app.ledger.movements import Side

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from smartfolio_app.analytics.columns import LedgerColumns
    from smartfolio_app.analytics.ledger_view import LedgerView


#: So many movements, some 100 bytes each, are worked on at a time: what lies in the cache is added up twice as fast.
_AT_HAND = 1 << 15


@dataclass(frozen=True, slots=True)
class Flows:
    """Per instant and column, shape (T, columns), in the grid's currency.

    ``external`` crosses the border of the scope; ``income`` and ``costs`` are not negative as a rule; ``exchanged`` is
    what trades brought to a column (+) or took from it (-): both sides at one worth, so that it sums to zero.
    """

    external: FloatArray
    income: FloatArray
    costs: FloatArray
    exchanged: FloatArray


def flows_of(ledger: LedgerView, grid: Grid, moved: Moved, zone: ZoneInfo) -> Flows:
    """Return the flows of a grid and its movements."""
    shape = (len(grid.ends), len(grid.columns))
    result = Flows(np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape))
    money = np.array([is_fiat(column.asset.id) for column in grid.columns], dtype=np.bool_)
    for stretch in _days_of(moved.row):
        _add_stretch(ledger.columns, grid, moved, money, stretch, result)
    _add_entries(grid, result.external)
    _add_items(grid, result.external, zone)
    return result


def _days_of(row: NDArray[np.int32]) -> Iterator[slice]:
    """Yield slices of the movements: whole rows, and as many of them as the processor holds at hand.

    No row is in two of them, so each cell is one sum, the same wherever the slices end; but one that would take much
    memory by itself (all that was before a short window) is cut.
    """
    first = 0
    while first < len(row):
        after = first + _AT_HAND
        end = int(np.searchsorted(row, row[after], side="right")) if after < len(row) else len(row)
        end = min(end, first + STRETCH)
        yield slice(first, end)
        first = end


def _add_stretch(  # noqa: PLR0917 - what a movement is, and where it goes
    data: LedgerColumns, grid: Grid, moved: Moved, money: NDArray[np.bool_], stretch: slice, result: Flows
) -> None:
    """Add what a stretch of the movements is.

    The two sides of a trade follow one another in the stream, what was received first; so the other side is looked for
    one movement beyond the stretch, too.
    """
    near = slice(max(stretch.start - 1, 0), stretch.stop + 1)
    mine = slice(stretch.start - near.start, stretch.stop - near.start)
    row, column = moved.row[near], moved.column[near]
    worths = moved.amount[near] * grid.price[row, column]
    row, column, worth = row[mine], column[mine], worths[mine]
    numbers = moved.numbers(stretch)
    role, received = data.role[numbers], data.side[numbers] == Side.RECEIVED
    partner, partner_money = _partners(moved, near, mine, received, worths, money[moved.column[near]])
    exchange = role == Role.EXCHANGE
    alone = exchange & np.isnan(partner)
    priced = ~np.isnan(worth)
    # One worth for both sides of a trade, signed: that of the money given, the money got, or what was got.
    own = np.where(received, ~partner_money, money[column])
    size = np.where(own, np.abs(worth), np.abs(partner))
    rows, width = slice(int(row[0]), int(row[-1]) + 1), len(grid.columns)
    cell = (row.astype(np.int64) - rows.start) * width + column
    for total, weights, chosen in (
        (result.external, worth, (role == Role.FLOW) | (role == Role.ANCHOR) | alone),
        (result.income, worth, role == Role.INCOME),
        (result.costs, -worth, role == Role.COST),
        (result.exchanged, np.where(received, size, -size), exchange & ~alone),
    ):
        some = np.flatnonzero(chosen & priced)
        if len(some):
            added = np.bincount(cell[some], weights=weights[some], minlength=(rows.stop - rows.start) * width)
            total[rows] += added.reshape(-1, width)


def _partners(  # noqa: PLR0917 - parallel arrays
    moved: Moved,
    near: slice,
    mine: slice,
    received: NDArray[np.bool_],
    worths: FloatArray,
    is_money: NDArray[np.bool_],
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the worth of the other side of each movement's trade, and whether that is money; ``nan`` where it has no
    price or is out of scope.

    ``worths`` and ``is_money`` are those of the movements ``near``, of which ``mine`` are asked about.
    """
    step = np.where(received, 1, -1)
    if moved.number is None:
        table = np.concatenate(([np.nan], worths, [np.nan]))
        money = np.concatenate(([False], is_money, [False]))
        other = np.arange(1, len(worths) + 1)[mine] + step
        return table[other], money[other]
    number = moved.number[near]
    begin = int(number[0]) - 1
    table = np.full(int(number[-1]) - begin + 2, np.nan)
    table[number - begin] = worths
    money = np.zeros(len(table), dtype=np.bool_)
    money[number - begin] = is_money
    other = number[mine] - begin + step
    return table[other], money[other]


def _add_entries(grid: Grid, external: FloatArray) -> None:
    known = ~np.isnan(grid.price)
    entered = known[1:] & ~known[:-1] & (grid.quantity[:-1] != 0)
    rows, columns = np.nonzero(entered)
    np.add.at(external, (rows + 1, columns), grid.quantity[rows, columns] * grid.price[rows + 1, columns])


def _add_items(grid: Grid, external: FloatArray, zone: ZoneInfo) -> None:
    for column, item in grid.items:
        rate = grid.book.daily([fiat(item.currency)], grid.currency, grid.ends).price[:, 0]
        before = 0.0
        for index, step in enumerate(valuations(item)):
            row = int(grid.rows_of(np.array([micros(valued_at(step.day, zone))]))[0])
            change, before = float(step.value) - before, float(step.value)
            if row >= len(grid.ends) or np.isnan(rate[row]):
                continue
            if index == 0 or step.day == item.closed_on or is_balance(item):
                external[row, column] += float(quantity(item)) * change * rate[row]
