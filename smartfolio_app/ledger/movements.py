"""The ledger as one stream of exact changes, a statement's corrections included.

What is held at any instant is the sum of the movements up to it. Where a source reports its content (a statement), the
difference to what its movements say is itself a movement, an *anchor*; so the rule of ``balances`` holds by addition
alone, and everything that needs quantities over time can add instead of deciding.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from smartfolio_app.ledger.balances import Place, names_accounts
from smartfolio_app.ledger.instants import instants_of, micros
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO
from smartfolio_app.ledger.transactions import StatementLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smartfolio_app.ledger.assets import AssetId
    from smartfolio_app.ledger.instants import Microseconds
    from smartfolio_app.ledger.transactions import Statement, Transaction

NO_TRANSACTION = -1


class Side(IntEnum):
    """Which part of a transaction a movement is; ``ANCHOR`` belongs to a statement."""

    RECEIVED = 0
    SENT = 1
    FEE = 2
    ANCHOR = 3


@dataclass(slots=True)
class Movements:
    """Parallel columns, one entry a movement, by time: instant (µs), place number, amount, transaction, side.

    ``amount`` is as its transaction tells it, so what was sent and paid as a fee is to be taken off: ``change`` does.

    ``transaction`` is an index into the ordered transactions, ``NO_TRANSACTION`` for an anchor. ``places`` names the
    place numbers, ``totals`` is what each holds in the end, ``negative`` the transaction that first took a place below
    zero, and ``lines`` the statement line behind an anchor (absent where the statement no longer lists the asset).
    """

    places: list[Place] = field(default_factory=list)
    at: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    place: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    amount: list[Decimal] = field(default_factory=list)
    transaction: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    side: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, dtype=np.int8))
    totals: list[Decimal] = field(default_factory=list)
    negative: dict[int, int] = field(default_factory=dict)
    lines: dict[int, StatementLine] = field(default_factory=dict)

    def change(self, number: int) -> Decimal:
        """Return the signed quantity of a movement."""
        amount = self.amount[number]
        return amount.copy_negate() if self.side[number] in _TAKEN else amount


def movements(
    ordered: Sequence[Transaction],
    statements: Mapping[str, Sequence[Statement]],
    instants: Sequence[Microseconds] | None = None,
) -> Movements:
    """Return the stream of changes.

    ``ordered`` comes from ``ordering.in_order``; ``statements`` is by source id; ``instants`` are those of ``ordered``,
    when they are known already. A statement speaks after every transaction of its own instant; of two at one instant
    the one given last speaks last.
    """
    moments = instants_of(ordered) if instants is None else instants
    builder = _Builder()
    anchors = sorted(
        ((micros(row.as_of), source, row) for source, rows in statements.items() for row in rows),
        key=lambda anchor: anchor[0],
    )
    done = 0
    with localcontext(MONEY_CONTEXT):
        for anchor in anchors:
            until = bisect_right(moments, anchor[0], lo=done)
            builder.add(ordered, done, until)
            builder.correct(*anchor)
            done = until
        builder.add(ordered, done, len(ordered))
    return builder.finished(np.array(moments, dtype=np.int64))


def sides_of(row: Transaction) -> int:
    """Return which sides a transaction has, as a sum of powers of two: 1 received, 2 sent, 4 fee."""
    return (
        (1 if row.received is not None else 0)
        + (2 if row.sent is not None else 0)
        + (4 if row.fee is not None else 0)
    )


class _Builder:
    """Collects places and amounts one by one; what follows from the transactions' shape is filled in at the end."""

    def __init__(self) -> None:
        self.stream = Movements()
        self._place: list[int] = []
        self._sides = bytearray()  # of each transaction
        self._anchors: list[tuple[int, int]] = []  # how many movements were there, instant
        self._books: dict[tuple[str, str], dict[AssetId, int]] = {}
        self._one_place: set[str] = set()
        self._whole: set[int] = set()  # the places that were never below zero yet

    def add(self, ordered: Sequence[Transaction], first: int, last: int) -> None:
        """Append the sides of the transactions ``first`` to ``last`` - 1.

        One flat loop without calls: it runs for every side of every transaction there is.
        """
        stream = self.stream
        totals, whole, places, amounts, all_sides = (
            stream.totals,
            self._whole,
            self._place,
            stream.amount,
            self._sides,
        )
        source = account = None
        book: dict[AssetId, int] = {}
        for index in range(first, last):
            row = ordered[index]
            if row.source is not source or row.account is not account:
                source, account = row.source, row.account
                book = self._books.setdefault((source, "" if source in self._one_place else account), {})
            sides = 0
            amount = row.received
            if amount is not None:
                quantity, number = amount.quantity, book.get(amount.asset)
                if number is None:
                    number = self._new_place(row, amount.asset, book)
                totals[number] += quantity
                places.append(number)
                amounts.append(quantity)
                sides = 1
            amount = row.sent
            if amount is not None:
                quantity, number = amount.quantity, book.get(amount.asset)
                if number is None:
                    number = self._new_place(row, amount.asset, book)
                total = totals[number] = totals[number] - quantity
                if number in whole and total < ZERO:
                    self._turns_negative(number, index)
                places.append(number)
                amounts.append(quantity)
                sides += 2
            amount = row.fee
            if amount is not None:
                quantity, number = amount.quantity, book.get(amount.asset)
                if number is None:
                    number = self._new_place(row, amount.asset, book)
                total = totals[number] = totals[number] - quantity
                if number in whole and total < ZERO:
                    self._turns_negative(number, index)
                places.append(number)
                amounts.append(quantity)
                sides += 4
            all_sides.append(sides)

    def finished(self, moments: NDArray[np.int64]) -> Movements:
        """Return the stream with all of its columns."""
        stream, count = self.stream, len(self._place)
        transaction, side = sides_of_all(np.frombuffer(bytes(self._sides), dtype=np.uint8))
        at = moments[transaction]
        if self._anchors:
            own = np.ones(count, dtype=np.bool_)
            own[[number for number, _ in self._anchors]] = False
            filled = np.full(count, NO_TRANSACTION, dtype=np.int32)
            sides, times = np.full(count, _ANCHOR, dtype=np.int8), np.empty(count, dtype=np.int64)
            filled[own], sides[own], times[own] = transaction, side, at
            times[~own] = [instant for _, instant in self._anchors]
            transaction, side, at = filled, sides, times
        stream.at, stream.transaction, stream.side = at, transaction, side
        stream.place = np.fromiter(self._place, dtype=np.int32, count=count)
        return stream

    def correct(self, at: Microseconds, source: str, statement: Statement) -> None:
        """Append what takes the source from what its movements say to what its statement says."""
        if names_accounts(statement):
            self._one_place.discard(source)
        else:
            self._one_place.add(source)
        stream = self.stream
        reported: dict[tuple[str, AssetId], Decimal] = {}
        line_of: dict[tuple[str, AssetId], StatementLine] = {}
        for line in statement.lines:
            place = (line.account, line.asset)
            reported[place] = reported.get(place, ZERO) + line.quantity
            line_of[place] = line
        for (owner, account), book in self._books.items():
            if owner == source:
                for asset in book:
                    reported.setdefault((account, asset), ZERO)
        for place, quantity in reported.items():
            account, asset = place
            book = self._books.setdefault((source, account), {})
            number = book.get(asset)
            if number is None:
                number = book[asset] = self._number((source, account, asset))
            change = quantity - stream.totals[number]
            if change:
                if place in line_of:
                    stream.lines[len(stream.amount)] = line_of[place]
                stream.totals[number] = quantity
                self._anchors.append((len(stream.amount), at))
                self._place.append(number)
                stream.amount.append(change)

    def _new_place(self, row: Transaction, asset: AssetId, book: dict[AssetId, int]) -> int:
        account = "" if row.source in self._one_place else row.account
        number = book[asset] = self._number((row.source, account, asset))
        return number

    def _number(self, place: Place) -> int:
        self.stream.places.append(place)
        self.stream.totals.append(ZERO)
        number = len(self.stream.places) - 1
        self._whole.add(number)
        return number

    def _turns_negative(self, number: int, transaction: int) -> None:
        self.stream.negative[number] = transaction
        self._whole.discard(number)


def sides_of_all(sides: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """Return the transaction and the side of each movement, from which sides each transaction has (``sides_of``)."""
    count = _COUNT_OF[sides]
    first = np.cumsum(count) - count
    transaction = np.repeat(np.arange(len(sides), dtype=np.int32), count)
    side = np.empty(len(transaction), dtype=np.int8)
    for bit, name in ((1, _RECEIVED), (2, _SENT), (4, _FEE)):
        there = np.flatnonzero(sides & bit)
        side[first[there] + _COUNT_OF[sides[there] & (bit - 1)]] = name
    return transaction, side


_COUNT_OF = np.array([sides.bit_count() for sides in range(8)], dtype=np.int64)
# Plain integers: looking an enum member up costs more than the rest of the line it stands on.
_RECEIVED, _SENT, _FEE, _ANCHOR = (int(side) for side in Side)
_TAKEN = (_SENT, _FEE)
