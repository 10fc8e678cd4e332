"""Total average cost: one average a year, known only when the year is over.

The average of a year is that of its opening stock and of everything acquired in it, and what is disposed of in the year
costs that average, even before the acquisitions that went into it. So the engine runs twice: the first run notes what
each year brought, the second applies it. Where a swap carries cost from one asset to another, the second run changes
what the other acquired; it is repeated until nothing changes. A split begins a new period within its year, because
quantities before and after it cannot be averaged.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.ledger.money import ZERO
from smartfolio_app.ledger.pools import AveragePool, part

if TYPE_CHECKING:
    from smartfolio_app.ledger.lot_columns import LotColumns

#: Pool, year, and the number of the period within that year.
Slot = tuple[Hashable, int, int]


@dataclass(slots=True)
class YearBook:
    """What came into and left each pool in each period, and the averages to apply (cost and quantity they are of)."""

    year: int = 0
    came: dict[Slot, tuple[Decimal, Decimal]] = field(default_factory=dict)
    left: dict[Slot, Decimal] = field(default_factory=dict)
    averages: dict[Slot, tuple[Decimal, Decimal]] = field(default_factory=dict)

    def next(self) -> YearBook:
        """Return a fresh book with the averages that follow from what was noted in this one."""
        averages: dict[Slot, tuple[Decimal, Decimal]] = {}
        opening: dict[Hashable, tuple[Decimal, Decimal]] = {}
        for slot in sorted(self.came.keys() | self.left.keys(), key=lambda slot: slot[1:]):
            pool = slot[0]
            cost, quantity = opening.get(pool, (ZERO, ZERO))
            came_cost, came = self.came.get(slot, (ZERO, ZERO))
            cost, quantity = cost + came_cost, quantity + came
            averages[slot] = (cost, quantity)
            rest = quantity - self.left.get(slot, ZERO)
            opening[pool] = (part(cost, rest, quantity) if quantity else ZERO, rest)
        return YearBook(averages=averages)


class TotalAveragePool(AveragePool):
    """Costs what the year's average says; in the first run, while no average is known, the moving one."""

    __slots__ = ("_book", "_key", "_period")

    def __init__(self, columns: LotColumns, key: Hashable, book: YearBook) -> None:
        super().__init__(columns)
        self._key = key
        self._book = book
        self._period = 0

    def begin_period(self) -> None:
        """Average anew from here on."""
        self._period += 1

    def reload(self) -> None:
        """Average what is held anew from here on, at the costs that the columns say now."""
        before = (self._key, self._book.year, self._period)
        self._book.left[before] = self._book.left.get(before, ZERO) + self._known
        self.begin_period()
        super().reload()
        if self._known:
            now = (self._key, self._book.year, self._period)
            known = self._book.came.get(now, (ZERO, ZERO))
            self._book.came[now] = (known[0] + self._cost, known[1] + self._known)

    def add(self, lot: int) -> None:
        """Take a lot in and note it in the year's book."""
        super().add(lot)
        cost = self._columns.cost[lot]
        if cost is not None:
            slot = (self._key, self._book.year, self._period)
            known = self._book.came.get(slot, (ZERO, ZERO))
            self._book.came[slot] = (known[0] + cost, known[1] + self._columns.quantity[lot])

    def cost_of(self, lot: int, quantity: Decimal) -> Decimal | None:
        """Return the year's average cost of ``quantity``; ``None`` for a lot of unknown cost."""
        if self._columns.cost[lot] is None:
            return None
        slot = (self._key, self._book.year, self._period)
        self._book.left[slot] = self._book.left.get(slot, ZERO) + quantity
        average = self._book.averages.get(slot)
        if average is None or not average[1]:
            return super().cost_of(lot, quantity)
        cost = part(average[0], quantity, average[1])
        self._cost -= cost
        self._known -= quantity
        return cost
