"""The open lots of one asset in one place, and the order in which each method takes them.

A pool holds lot numbers; what the lots hold is in ``LotColumns``. What a lot costs is asked of the pool, because under
average cost that is no property of the lot.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from smartfolio_app.ledger.money import ZERO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smartfolio_app.ledger.lot_columns import LotColumns, Short

EMPTY = -1
#: Parts are rounded to 18 decimals, so that they and the rest add up exactly.
SCALE = Decimal("1e-18")


def part(whole: Decimal, share: Decimal, of: Decimal) -> Decimal:
    """Return ``whole`` x ``share`` / ``of``, at most 18 decimals."""
    return (whole * share / of).quantize(SCALE)


class FirstInPool:
    """Oldest lot first.

    ``lots`` are the open ones by date. Where ``queued``, they are taken from its ``end`` (0 or -1) at their own cost,
    which the engine does by itself; else ``first``, ``drop`` and ``cost_of`` tell.
    """

    __slots__ = ("_columns", "lots", "shorts")
    queued = True
    end = 0

    def __init__(self, columns: LotColumns) -> None:
        self._columns = columns
        self.lots: deque[int] = deque()
        self.shorts: deque[Short] = deque()

    def add(self, lot: int) -> None:
        """Take a lot in. One that was moved here keeps its date and takes its place among the others."""
        lots, acquired = self.lots, self._columns.acquired
        if lots and acquired[lot] < acquired[lots[-1]]:
            self.lots = deque(sorted([*lots, lot], key=lambda one: (acquired[one], one)))
        else:
            lots.append(lot)

    def first(self) -> int:
        """Return the lot to be taken next, ``EMPTY`` when there is none."""
        return self.lots[self.end] if self.lots else EMPTY

    def drop(self) -> None:
        """Remove the lot that ``first`` returns."""
        del self.lots[self.end]

    def cost_of(self, lot: int, quantity: Decimal) -> Decimal | None:
        """Take ``quantity`` of the lot out of its cost and return that part; ``None`` when it is not known."""
        costs = self._columns.cost
        cost = costs[lot]
        if cost is None:
            return None
        held = self._columns.quantity[lot]
        taken = cost if quantity == held else part(cost, quantity, held)
        costs[lot] = cost - taken
        return taken

    def numbers(self) -> Sequence[int]:
        """Return all lots, oldest first."""
        return list(self.lots)

    def begin_period(self) -> None:
        """Take note that quantities are about to be scaled."""

    def settle(self) -> None:
        """Write into the columns what each lot costs now."""

    def reload(self) -> None:
        """Take note that costs or quantities in the columns were changed from outside."""


class LastInPool(FirstInPool):
    """Newest lot first."""

    __slots__ = ()
    end = -1


class UnitCostPool(FirstInPool):
    """Highest (``sign`` -1) or lowest (+1) unit cost first; of equal ones the oldest; lots of unknown cost last."""

    __slots__ = ("_heap", "_sign")
    queued = False

    def __init__(self, columns: LotColumns, sign: int) -> None:
        super().__init__(columns)
        self._sign = Decimal(sign)
        self._heap: list[tuple[bool, Decimal, int, int]] = []

    def add(self, lot: int) -> None:
        """Take a lot in."""
        heappush(self._heap, self._rank(lot))

    def first(self) -> int:
        """Return the lot with the highest (lowest) unit cost, ``EMPTY`` when there is none."""
        return self._heap[0][3] if self._heap else EMPTY

    def drop(self) -> None:
        """Remove the lot that ``first`` returns."""
        heappop(self._heap)

    def numbers(self) -> Sequence[int]:
        """Return all lots, oldest first."""
        return [lot for _, lot in sorted((acquired, lot) for _, _, acquired, lot in self._heap)]

    def reload(self) -> None:
        """Rank the lots anew."""
        self._heap = [self._rank(lot) for _, _, _, lot in self._heap]
        heapify(self._heap)

    def _rank(self, lot: int) -> tuple[bool, Decimal, int, int]:
        columns = self._columns
        cost = columns.cost[lot]
        unit = ZERO if cost is None else self._sign * cost / columns.quantity[lot]
        return (cost is None, unit, columns.acquired[lot], lot)


class AveragePool(FirstInPool):
    """Dates by FIFO, cost by the average of what is held and has a known cost (the moving average)."""

    __slots__ = ("_cost", "_known")
    queued = False

    def __init__(self, columns: LotColumns) -> None:
        super().__init__(columns)
        self._cost = ZERO
        self._known = ZERO

    def add(self, lot: int) -> None:
        """Take a lot in; from now on it costs the average."""
        super().add(lot)
        cost = self._columns.cost[lot]
        if cost is not None:
            self._cost += cost
            self._known += self._columns.quantity[lot]

    def cost_of(self, lot: int, quantity: Decimal) -> Decimal | None:
        """Take ``quantity`` out of the pool's cost and return that part; ``None`` for a lot of unknown cost."""
        if self._columns.cost[lot] is None:
            return None
        cost = self._cost if quantity == self._known else part(self._cost, quantity, self._known)
        self._cost -= cost
        self._known -= quantity
        return cost

    def settle(self) -> None:
        """Write the average into each lot; the last one takes what rounding leaves."""
        columns = self._columns
        cost, known = self._cost, self._known
        for lot in self.lots:
            if columns.cost[lot] is None:
                continue
            quantity = columns.quantity[lot]
            own = cost if quantity == known else part(cost, quantity, known)
            columns.cost[lot] = own
            cost -= own
            known -= quantity

    def reload(self) -> None:
        """Add the lots up anew."""
        columns = self._columns
        self._cost = self._known = ZERO
        for lot in self.lots:
            cost = columns.cost[lot]
            if cost is not None:
                self._cost += cost
                self._known += columns.quantity[lot]


Pool = FirstInPool
