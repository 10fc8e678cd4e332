"""What the cost-basis engine writes down, as parallel columns: lots, what was taken from them, disposals.

Columns, because a million small objects would cost more than the arithmetic. All amounts are in the report's currency.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.lots import DisposalKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smartfolio_app.ledger.instants import Microseconds


def numbers() -> array[int]:
    """Return an empty column of integers: a quarter of the memory that a list of them takes."""
    return array("q")


@dataclass(slots=True)
class LotColumns:
    """All lots ever made, as parallel lists: ``quantity`` and ``cost`` are what is left of each.

    ``cost`` is ``None`` where it was never known. ``acquired`` is in µs, ``origin`` the transaction that acquired it
    (-1: a statement). ``bought`` and ``paid`` are the quantity and cost it began with. ``moved`` are the numbers of
    those that continue other lots, by a swap, a split or a transfer.
    """

    asset: list[AssetId] = field(default_factory=list)
    acquired: array[int] = field(default_factory=numbers)
    origin: array[int] = field(default_factory=numbers)
    quantity: list[Decimal] = field(default_factory=list)
    cost: list[Decimal | None] = field(default_factory=list)
    bought: list[Decimal] = field(default_factory=list)
    paid: list[Decimal | None] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)

    def add(
        self, asset: AssetId, at: Microseconds, origin: int, quantity: Decimal, cost: Decimal | None
    ) -> int:
        """Append a lot; return its number."""
        number = len(self.asset)
        self.asset.append(asset)
        self.acquired.append(at)
        self.origin.append(origin)
        self.quantity.append(quantity)
        self.cost.append(cost)
        self.bought.append(quantity)
        self.paid.append(cost)
        return number


@dataclass(slots=True)
class MatchColumns:
    """What the disposals took from which lots, as parallel lists: lot number (or ``UNKNOWN``), quantity, cost."""

    lot: array[int] = field(default_factory=numbers)
    quantity: list[Decimal] = field(default_factory=list)
    cost: list[Decimal | None] = field(default_factory=list)

    def add(self, lot: int, quantity: Decimal, cost: Decimal | None) -> None:
        """Append what was taken from a lot."""
        self.lot.append(lot)
        self.quantity.append(quantity)
        self.cost.append(cost)

    def forget(self, first: int) -> None:
        """Drop those from number ``first`` on."""
        del self.lot[first:], self.quantity[first:], self.cost[first:]


@dataclass(slots=True)
class Short:
    """A short position: sold without being held. ``proceeds`` and ``fee`` are those of the quantity still open."""

    quantity: Decimal
    proceeds: Decimal | None
    fee: Decimal
    opened: int
    transaction: int


class Disposal(NamedTuple):
    """One disposal: ``quantity`` of an asset for ``proceeds`` (net of ``fee``). Its matches begin at ``first``.

    ``transaction`` realises the gain. Of a closed short position ``short`` is what was opened, and what closed it
    stands in place of a lot.
    """

    asset: AssetId
    kind: DisposalKind
    transaction: int
    quantity: Decimal
    proceeds: Decimal | None
    fee: Decimal
    first: int
    short: Short | None = None


@dataclass(slots=True)
class Disposals:
    """All disposals in the order in which they were realised, as parallel lists.

    ``cost`` is that of all a disposal's matches, ``None`` where any of it is not known; ``short`` has those that closed
    a short position, by number. Lists of plain values, because the garbage collector would walk over every tuple of a
    long ledger again and again.
    """

    asset: list[AssetId] = field(default_factory=list)
    kind: list[DisposalKind] = field(default_factory=list)
    transaction: array[int] = field(default_factory=numbers)
    quantity: list[Decimal] = field(default_factory=list)
    proceeds: list[Decimal | None] = field(default_factory=list)
    fee: list[Decimal] = field(default_factory=list)
    first: array[int] = field(default_factory=numbers)
    cost: list[Decimal | None] = field(default_factory=list)
    short: dict[int, Short] = field(default_factory=dict)

    def add(  # noqa: PLR0917 - the columns
        self,
        asset: AssetId,
        kind: DisposalKind,
        transaction: int,
        quantity: Decimal,
        proceeds: Decimal | None,
        fee: Decimal,
        first: int,
        cost: Decimal | None,
    ) -> None:
        """Append a disposal."""
        self.asset.append(asset)
        self.kind.append(kind)
        self.transaction.append(transaction)
        self.quantity.append(quantity)
        self.proceeds.append(proceeds)
        self.fee.append(fee)
        self.first.append(first)
        self.cost.append(cost)

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, number: int) -> Disposal:
        return Disposal(
            self.asset[number],
            self.kind[number],
            self.transaction[number],
            self.quantity[number],
            self.proceeds[number],
            self.fee[number],
            self.first[number],
            self.short.get(number),
        )

    def __iter__(self) -> Iterator[Disposal]:
        return (self[number] for number in range(len(self)))
