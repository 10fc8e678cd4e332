"""The ledger as columns: made once per revision, read by everything that adds up quantities over time."""

from __future__ import annotations

from bisect import bisect_right
from decimal import localcontext
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from smartfolio_app.analytics.floats import as_floats
from smartfolio_app.ledger.instants import micros
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO
from smartfolio_app.ledger.movements import NO_TRANSACTION, Movements, Side, movements
from smartfolio_app.ledger.ordering import in_order_with_instants
from smartfolio_app.ledger.transactions import EXPENSE_KINDS, INCOME_KINDS, TransactionKind
from smartfolio_app.ledger.transfers import match_transfers

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from numpy.typing import NDArray

    from smartfolio_app.ledger.assets import AssetId
    from smartfolio_app.ledger.instants import Microseconds
    from smartfolio_app.ledger.transactions import Statement, Transaction


class Role(IntEnum):
    """What a movement is to the household's worth.

    ``FLOW`` crosses its border, ``INCOME`` is gained, ``COST`` is a fee, an expense or a loss, ``EXCHANGE`` is one side
    of a trade, ``CORPORATE`` a split or spin-off (the market takes from one what it gives to the other), ``ANCHOR`` a
    statement's correction (a flow that nobody recorded).
    """

    FLOW = 0
    INCOME = 1
    COST = 2
    EXCHANGE = 3
    CORPORATE = 4
    ANCHOR = 5


#: Trades of which a source told one side only are flows: the other side is outside of what is known.
_EXCHANGES = frozenset({TransactionKind.TRADE, TransactionKind.SWAP, TransactionKind.MARGIN_TRADE})
_CORPORATE = frozenset({TransactionKind.SPLIT, TransactionKind.SPIN_OFF})


class Ordered(NamedTuple):
    """Transactions in the engine's order, their instants, and the stream of their movements."""

    transactions: list[Transaction]
    instants: array[Microseconds]
    stream: Movements


class LedgerColumns:
    """Movements by time, as parallel arrays.

    ``ordered`` are the transactions in the engine's order, ``instants`` theirs, ``unusual`` the indices of all
    that are not plain two-sided trades. Arrays of shape (movements,): ``at`` (µs), ``place``, ``asset``, ``source``
    (numbers into ``places``, ``assets``, ``sources``), ``quantity`` (float, signed), ``transaction`` (index into
    ``ordered`` or -1), ``side`` and ``role``.
    """

    def __init__(
        self,
        transactions: Iterable[Transaction],
        statements: Mapping[str, Sequence[Statement]],
        decided: Mapping[str, str] | None = None,
        *,
        made: Ordered | None = None,
    ) -> None:
        if made is None:
            ordered, instants = in_order_with_instants(transactions)
            made = Ordered(ordered, instants, movements(ordered, statements, instants))
        self.ordered, self.stream = made.transactions, made.stream
        self.instants = made.instants
        self.statements = statements
        self.decided = decided or {}
        self.places = self.stream.places
        self.assets = list(dict.fromkeys(place[2] for place in self.places))
        self.sources = list(dict.fromkeys(place[0] for place in self.places))
        asset_number = {asset: number for number, asset in enumerate(self.assets)}
        source_number = {source: number for number, source in enumerate(self.sources)}
        self.asset_of_place = np.array([asset_number[place[2]] for place in self.places], dtype=np.int32)
        self.source_of_place = np.array([source_number[place[0]] for place in self.places], dtype=np.int32)
        self.at, self.place = self.stream.at, self.stream.place
        self.transaction, self.side = self.stream.transaction, self.stream.side
        self.asset = self.asset_of_place[self.place]
        self._anchors = {
            source: sorted(micros(row.as_of) for row in rows) for source, rows in statements.items() if rows
        }

    @cached_property
    def moments(self) -> NDArray[np.int64]:
        """The instants of the transactions."""
        return np.frombuffer(self.instants, dtype=np.int64) if self.instants else np.empty(0, dtype=np.int64)

    @cached_property
    def source(self) -> NDArray[np.int32]:
        """The source of each movement."""
        return self.source_of_place[self.place]

    @cached_property
    def quantity(self) -> NDArray[np.float64]:
        """Signed quantities, for statistics and pictures; the exact ones are in ``stream``."""
        amount = as_floats(self.stream.amount)
        np.negative(amount, out=amount, where=(self.side == Side.SENT) | (self.side == Side.FEE))
        return amount

    @cached_property
    def role(self) -> NDArray[np.int8]:
        """``Role`` of each movement."""
        # One entry more than there are transactions, so that the -1 of an anchor finds its role in the last one.
        received = np.full(len(self.ordered) + 1, _EXCHANGE, dtype=np.int8)
        sent = received.copy()
        received[-1] = sent[-1] = Role.ANCHOR
        for index in self.unusual:
            row = self.ordered[index]
            received[index], sent[index] = role_of_received(row), role_of_sent(row)
        role = np.where(self.side == Side.SENT, sent[self.transaction], received[self.transaction])
        return np.where(self.side == Side.FEE, np.int8(Role.COST), role)

    @cached_property
    def unusual(self) -> list[int]:
        """The indices of the transactions that are not plain two-sided trades."""
        return [
            index
            for index, row in enumerate(self.ordered)
            if row.kind is not _TRADE
            or row.received is None
            or row.sent is None  # `is_unusual`, without a call
        ]

    @cached_property
    def transfers(self) -> dict[int, int]:
        """Own transfers: index of the withdrawal to index of the deposit."""
        return match_transfers(self.ordered, self.decided, among=self.unusual)

    def transactions_until(self, at: Microseconds) -> int:
        """Return how many of ``ordered`` happened up to and including ``at``."""
        return bisect_right(self.instants, at)

    def anchored_since(self, source: str, at: Microseconds) -> Microseconds | None:
        """Return the instant of the statement that anchors the source at ``at``, ``None`` without one."""
        instants = self._anchors.get(source, [])
        index = bisect_right(instants, at)
        return instants[index - 1] if index else None

    def anchored_after(self, at: Microseconds) -> bool:
        """Tell whether any statement speaks of a later instant than ``at``."""
        return any(instants and instants[-1] > at for instants in self._anchors.values())

    def balances(self, at: Microseconds) -> list[Decimal]:
        """Return the exact quantity in each place at the end of the instant ``at``; shape (places,)."""
        end = int(np.searchsorted(self.at, at, side="right"))
        stream = self.stream
        with localcontext(MONEY_CONTEXT):
            if end > len(stream.at) // 2:  # from whichever end is nearer
                totals = list(stream.totals)
                for index in range(end, len(stream.at)):
                    totals[stream.place[index]] -= stream.change(index)
            else:
                totals = [ZERO] * len(self.places)
                for index in range(end):
                    totals[stream.place[index]] += stream.change(index)
        return totals

    def totals(self) -> dict[AssetId, Decimal]:
        """Return what is held of each asset in the end, over all places."""
        held: dict[AssetId, Decimal] = {}
        with localcontext(MONEY_CONTEXT):
            for (_, _, asset), total in zip(self.places, self.stream.totals, strict=True):
                held[asset] = held.get(asset, ZERO) + total
        return held

    def since(self, after: Microseconds, until: Microseconds) -> range:
        """Return the numbers of the movements with ``after`` <= instant <= ``until``."""
        first = int(np.searchsorted(self.at, after, side="left"))
        last = int(np.searchsorted(self.at, until, side="right"))
        return range(first, last)


def is_unusual(row: Transaction) -> bool:
    """Tell whether a transaction is anything but a plain two-sided trade."""
    return row.kind is not _TRADE or row.received is None or row.sent is None


def role_of_received(row: Transaction) -> int:
    """Return the role of what a transaction brought."""
    kind = row.kind
    if kind in _EXCHANGES:
        return _FLOW if row.sent is None else _EXCHANGE
    if kind in INCOME_KINDS:
        return _INCOME
    return _CORPORATE_ACTION if kind in _CORPORATE else _FLOW


def role_of_sent(row: Transaction) -> int:
    """Return the role of what a transaction took."""
    kind = row.kind
    if kind in _EXCHANGES:
        return _FLOW if row.received is None else _EXCHANGE
    if kind in EXPENSE_KINDS:
        return _COST
    return _CORPORATE_ACTION if kind in _CORPORATE else _FLOW


_TRADE = TransactionKind.TRADE
# Plain integers, for loops over every transaction.
_FLOW, _INCOME, _COST, _EXCHANGE, _CORPORATE_ACTION = (int(role) for role in list(Role)[:5])

__all__ = ["NO_TRANSACTION", "LedgerColumns", "Role"]
