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
from smartfolio_app.analytics.grid import Grid, sums
from smartfolio_app.analytics.items import is_balance, quantity, valuations, valued_at
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.ledger.assets import fiat, is_fiat
from smartfolio_app.ledger.instants import micros
from smartfolio_app.ledger.movements import Side

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

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


def flows_of(ledger: LedgerView, grid: Grid, zone: ZoneInfo) -> Flows:
    """Return the flows of a grid."""
    data = ledger.columns
    role = data.role[grid.number]
    worth = grid.amount * grid.price[grid.row, grid.column]
    priced = ~np.isnan(worth)
    exchange = role == Role.EXCHANGE
    partner = _partner_worth(ledger, grid, worth)
    alone = exchange & np.isnan(partner)
    external = (role == Role.FLOW) | (role == Role.ANCHOR) | alone
    inside = exchange & ~alone & priced
    moved = np.where(inside, _common_worth(ledger, grid, worth, partner), worth)
    result = Flows(
        external=sums(grid, worth, external & priced),
        income=sums(grid, worth, (role == Role.INCOME) & priced),
        costs=-sums(grid, worth, (role == Role.COST) & priced),
        exchanged=sums(grid, moved, inside),
    )
    _add_entries(grid, result.external)
    _add_items(grid, result.external, zone)
    return result


def _partner_worth(ledger: LedgerView, grid: Grid, worth: FloatArray) -> FloatArray:
    """Return the worth of the other side of each movement's trade, ``nan`` where it has no price or is out of scope."""
    data = ledger.columns
    everywhere = np.full(len(data.at) + 2, np.nan)
    everywhere[grid.number] = worth
    # The two sides of a trade follow one another in the stream, what was received first.
    step = np.where(data.side[grid.number] == Side.RECEIVED, 1, -1)
    return np.asarray(everywhere[grid.number + step], dtype=np.float64)


def _common_worth(ledger: LedgerView, grid: Grid, worth: FloatArray, partner: FloatArray) -> FloatArray:
    """Return one worth for both sides of a trade, signed: that of the money given, the money got, or what was got."""
    data = ledger.columns
    money = np.array([is_fiat(asset) for asset in data.assets], dtype=np.bool_)[data.asset]
    own_money = money[grid.number]
    received = data.side[grid.number] == Side.RECEIVED
    padded = np.append(money, [False, False])
    other_money = padded[grid.number + np.where(received, 1, -1)]
    own = np.where(received, ~other_money, own_money)
    size = np.where(own, np.abs(worth), np.abs(partner))
    return np.where(received, size, -size)


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
