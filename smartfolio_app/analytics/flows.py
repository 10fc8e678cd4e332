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
from smartfolio_app.analytics.grid import Grid, Moved, added_up, stretches
from smartfolio_app.analytics.items import is_balance, quantity, valuations, valued_at
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.ledger.assets import fiat, is_fiat
from smartfolio_app.ledger.instants import micros
from smartfolio_app.ledger.movements import Side

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from smartfolio_app.analytics.columns import LedgerColumns
    from smartfolio_app.analytics.ledger_view import LedgerView


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
    for stretch in stretches(len(moved.row), moved.before):
        _add_stretch(ledger.columns, grid, moved, money, stretch, result)
    _add_entries(grid, result.external)
    _add_items(grid, result.external, zone)
    return result


def _add_stretch(  # noqa: PLR0917 - what a movement is, and where it goes
    data: LedgerColumns, grid: Grid, moved: Moved, money: NDArray[np.bool_], stretch: slice, result: Flows
) -> None:
    """Add what a stretch of the movements is."""
    number, row, column = moved.number[stretch], moved.row[stretch], moved.column[stretch]
    role, received = data.role[number], data.side[number] == Side.RECEIVED
    worth = moved.amount[stretch] * grid.price[row, column]
    priced = ~np.isnan(worth)
    exchange = role == Role.EXCHANGE
    partner, partner_money = _partners(grid, moved, money, stretch, received)
    alone = exchange & np.isnan(partner)
    external = (role == Role.FLOW) | (role == Role.ANCHOR) | alone
    inside = exchange & ~alone & priced
    shape = (len(grid.ends), len(grid.columns))
    # One worth for both sides of a trade, signed: that of the money given, the money got, or what was got.
    own = np.where(received, ~partner_money, money[column])
    size = np.where(own, np.abs(worth), np.abs(partner))
    for total, weights, chosen in (
        (result.external, worth, external & priced),
        (result.income, worth, (role == Role.INCOME) & priced),
        (result.costs, -worth, (role == Role.COST) & priced),
        (result.exchanged, np.where(received, size, -size), inside),
    ):
        np.add(total, added_up(shape, row, column, weights, chosen), out=total)


def _partners(
    grid: Grid, moved: Moved, money: NDArray[np.bool_], stretch: slice, received: NDArray[np.bool_]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the worth of the other side of each movement's trade, and whether that is money.

    ``nan`` where it has no price or is out of scope. The two sides of a trade follow one another in the stream, what
    was received first; so they are looked for one movement beyond the stretch, too.
    """
    first = max(stretch.start - 1, 0)
    near = slice(first, stretch.stop + 1)
    number, row, column = moved.number[near], moved.row[near], moved.column[near]
    begin = int(number[0]) - 1
    worth = np.full(int(number[-1]) - begin + 2, np.nan)
    worth[number - begin] = moved.amount[near] * grid.price[row, column]
    is_money = np.zeros(len(worth), dtype=np.bool_)
    is_money[number - begin] = money[column]
    other = moved.number[stretch] - begin + np.where(received, 1, -1)
    return worth[other], is_money[other]


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
