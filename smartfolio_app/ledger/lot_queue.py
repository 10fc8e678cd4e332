"""Taking lots in the order of a queue, each at its own cost: what FIFO and LIFO do for every disposal there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartfolio_app.ledger.money import ZERO
from smartfolio_app.ledger.pools import SCALE

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from smartfolio_app.ledger.lot_columns import LotColumns, MatchColumns
    from smartfolio_app.ledger.pools import Pool


def queue_taker(
    lots: LotColumns, matches: MatchColumns
) -> Callable[[Pool, Decimal], tuple[Decimal, Decimal | None]]:
    """Return the function ``take(pool, quantity)`` for pools that are ``queued``.

    It matches a quantity (more than zero) with the pool's lots and writes down what it took of each; it returns what
    is missing of the quantity, and the cost of what is not: ``None`` where that of any lot is not known, or none was
    there. A function within a function, because it runs for every sale: what it needs is bound once and for all.
    """
    held, costs = lots.quantity, lots.cost
    match_lot, match_quantity, match_cost = matches.lot, matches.quantity, matches.cost

    def take(pool: Pool, left: Decimal) -> tuple[Decimal, Decimal | None]:
        queue, end = pool.lots, pool.end
        whole: Decimal | None = None
        first = True
        while queue:
            lot = queue[end]
            here, cost = held[lot], costs[lot]
            match_lot.append(lot)
            if here > left:
                held[lot] = here - left
                if cost is not None:
                    taken = (cost * left / here).quantize(SCALE)  # `part`, without a call
                    costs[lot] = cost - taken
                    cost = taken
                match_quantity.append(left)
                match_cost.append(cost)
                if not first:
                    cost = None if whole is None or cost is None else whole + cost
                return ZERO, cost
            if end:
                queue.pop()
            else:
                queue.popleft()
            held[lot] = costs[lot] = ZERO
            match_quantity.append(here)
            match_cost.append(cost)
            if first:  # the very object: most disposals take from one lot
                whole, first = cost, False
            else:
                whole = None if whole is None or cost is None else whole + cost
            left -= here
            if not left:
                break
        return left, whole

    return take
