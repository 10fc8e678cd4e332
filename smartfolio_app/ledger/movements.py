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
    """Parallel lists, one entry a movement, by time: instant (µs), place number, amount, transaction, side.

    ``amount`` is as its transaction tells it, so what was sent and paid as a fee is to be taken off: ``change`` does.

    ``transaction`` is an index into the ordered transactions, ``NO_TRANSACTION`` for an anchor. ``places`` names the
    place numbers, ``totals`` is what each holds in the end, ``negative`` the transaction that first took a place below
    zero, and ``lines`` the statement line behind an anchor (absent where the statement no longer lists the asset).
    """

    places: list[Place] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    place: list[int] = field(default_factory=list)
    amount: list[Decimal] = field(default_factory=list)
    transaction: list[int] = field(default_factory=list)
    side: list[int] = field(default_factory=list)
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
    builder = _Builder()
    anchors = sorted(
        ((micros(row.as_of), source, row) for source, rows in statements.items() for row in rows),
        key=lambda anchor: anchor[0],
    )
    moments = instants_of(ordered) if instants is None else instants
    done = 0
    with localcontext(MONEY_CONTEXT):
        for anchor in anchors:
            until = bisect_right(moments, anchor[0], lo=done)
            builder.add(ordered, moments, done, until)
            builder.correct(*anchor)
            done = until
        builder.add(ordered, moments, done, len(ordered))
    return builder.stream


class _Builder:
    def __init__(self) -> None:
        self.stream = Movements()
        self._books: dict[tuple[str, str], dict[AssetId, int]] = {}
        self._one_place: set[str] = set()

    def add(
        self, ordered: Sequence[Transaction], moments: Sequence[Microseconds], first: int, last: int
    ) -> None:
        """Append the sides of the transactions ``first`` to ``last`` - 1.

        One flat loop without calls: it runs for every side of every transaction there is.
        """
        stream = self.stream
        totals, negative = stream.totals, stream.negative
        add_at, add_place, add_amount = stream.at.append, stream.place.append, stream.amount.append
        add_transaction, add_side = stream.transaction.append, stream.side.append
        source = account = None
        book: dict[AssetId, int] = {}
        for index in range(first, last):
            row, at = ordered[index], moments[index]
            if row.source is not source or row.account is not account:
                source, account = row.source, row.account
                book = self._books.setdefault((source, "" if source in self._one_place else account), {})
            for amount, side in ((row.received, _RECEIVED), (row.sent, _SENT), (row.fee, _FEE)):
                if amount is None:
                    continue
                quantity = amount.quantity
                number = book.get(amount.asset)
                if number is None:
                    number = self._new_place(row, amount.asset, book)
                if side == _RECEIVED:
                    totals[number] += quantity
                else:
                    total = totals[number] = totals[number] - quantity
                    if total < ZERO:
                        negative.setdefault(number, index)
                add_at(at)
                add_place(number)
                add_amount(quantity)
                add_transaction(index)
                add_side(side)

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
                    stream.lines[len(stream.at)] = line_of[place]
                stream.totals[number] = quantity
                stream.at.append(at)
                stream.place.append(number)
                stream.amount.append(change)
                stream.transaction.append(NO_TRANSACTION)
                stream.side.append(_ANCHOR)

    def _new_place(self, row: Transaction, asset: AssetId, book: dict[AssetId, int]) -> int:
        account = "" if row.source in self._one_place else row.account
        number = book[asset] = self._number((row.source, account, asset))
        return number

    def _number(self, place: Place) -> int:
        self.stream.places.append(place)
        self.stream.totals.append(ZERO)
        return len(self.stream.places) - 1


# Plain integers: looking an enum member up costs more than the rest of the line it stands on.
_RECEIVED, _SENT, _FEE, _ANCHOR = (int(side) for side in Side)
_TAKEN = (_SENT, _FEE)
