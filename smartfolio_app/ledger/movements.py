"""The ledger as one stream of exact changes, a statement's corrections included.

What is held at any instant is the sum of the movements up to it. Where a source reports its content (a statement), the
difference to what its movements say is itself a movement, an *anchor*; so the rule of ``balances`` holds by addition
alone, and everything that needs quantities over time can add instead of deciding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from enum import IntEnum
from typing import TYPE_CHECKING

from smartfolio_app.ledger.balances import Place, names_accounts
from smartfolio_app.ledger.instants import micros
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO
from smartfolio_app.ledger.transactions import StatementLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smartfolio_app.ledger.assets import AssetId
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
    """Parallel lists, one entry a movement, by time: instant (µs), place number, signed quantity, transaction, side.

    ``transaction`` is an index into the ordered transactions, ``NO_TRANSACTION`` for an anchor. ``places`` names the
    place numbers, ``totals`` is what each holds in the end, ``negative`` the transaction that first took a place below
    zero, and ``lines`` the statement line behind an anchor (absent where the statement no longer lists the asset).
    """

    places: list[Place] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    place: list[int] = field(default_factory=list)
    quantity: list[Decimal] = field(default_factory=list)
    transaction: list[int] = field(default_factory=list)
    side: list[int] = field(default_factory=list)
    totals: list[Decimal] = field(default_factory=list)
    negative: dict[int, int] = field(default_factory=dict)
    lines: dict[int, StatementLine] = field(default_factory=dict)


def movements(ordered: Sequence[Transaction], statements: Mapping[str, Sequence[Statement]]) -> Movements:
    """Return the stream of changes.

    ``ordered`` comes from ``ordering.in_order``; ``statements`` is by source id. A statement speaks after every
    transaction of its own instant; of two at one instant the one given last speaks last.
    """
    builder = _Builder()
    anchors = sorted(
        ((micros(row.as_of), source, row) for source, rows in statements.items() for row in rows),
        key=lambda anchor: anchor[0],
    )
    done = 0
    with localcontext(MONEY_CONTEXT):
        for index, transaction in enumerate(ordered):
            at = micros(transaction.at)
            while done < len(anchors) and anchors[done][0] < at:
                builder.correct(*anchors[done])
                done += 1
            builder.add(index, at, transaction)
        for anchor in anchors[done:]:
            builder.correct(*anchor)
    return builder.stream


class _Builder:
    """Builds the stream. Its inner loop runs for every side of every transaction, hence the bound methods."""

    def __init__(self) -> None:
        self.stream = stream = Movements()
        self._books: dict[tuple[str, str], dict[AssetId, int]] = {}
        self._one_place: set[str] = set()
        self._open: tuple[str, str] | None = None
        self._book: dict[AssetId, int] = {}
        self._add_at, self._add_place = stream.at.append, stream.place.append
        self._add_quantity = stream.quantity.append
        self._add_transaction, self._add_side = stream.transaction.append, stream.side.append

    def add(self, index: int, at: int, transaction: Transaction) -> None:
        """Append the sides of one transaction."""
        source = transaction.source
        account = "" if source in self._one_place else transaction.account
        if self._open != (source, account):
            self._turn_to(source, account)
        amount = transaction.received
        if amount is not None:
            self._append(amount.asset, at, amount.quantity, index, _RECEIVED)
        amount = transaction.sent
        if amount is not None:
            self._append(amount.asset, at, amount.quantity.copy_negate(), index, _SENT)
        amount = transaction.fee
        if amount is not None:
            self._append(amount.asset, at, amount.quantity.copy_negate(), index, _FEE)

    def correct(self, at: int, source: str, statement: Statement) -> None:
        """Append what takes the source from what its movements say to what its statement says."""
        if names_accounts(statement):
            self._one_place.discard(source)
        else:
            self._one_place.add(source)
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
            self._turn_to(source, account)
            known = self._book.get(asset)
            change = quantity - (ZERO if known is None else self.stream.totals[known])
            if change:
                if place in line_of:
                    self.stream.lines[len(self.stream.at)] = line_of[place]
                self._append(asset, at, change, NO_TRANSACTION, _ANCHOR)

    def _turn_to(self, source: str, account: str) -> None:
        self._open = (source, account)
        self._book = self._books.setdefault(self._open, {})

    def _append(self, asset: AssetId, at: int, change: Decimal, index: int, side: int) -> None:
        totals = self.stream.totals
        number = self._book.get(asset)
        if number is None:
            assert self._open is not None
            number = self._book[asset] = len(totals)
            self.stream.places.append((*self._open, asset))
            totals.append(ZERO)
        total = totals[number] = totals[number] + change
        if total < ZERO and index >= 0:
            self.stream.negative.setdefault(number, index)
        self._add_at(at)
        self._add_place(number)
        self._add_quantity(change)
        self._add_transaction(index)
        self._add_side(side)


# Plain integers: looking an enum member up costs more than the rest of the line it stands on.
_RECEIVED, _SENT, _FEE, _ANCHOR = (int(side) for side in Side)
