"""The ledger as another engine wants it: for each asset what came in and what went out, and where it cannot follow.

This reads the transactions anew, by the policies that ``ledger.lots`` states and without any of its code, so that a
mistake there is not made here too. Only what a thing was worth (``ledger.worth``) is shared: that is an input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from enum import StrEnum

from smartfolio_app.ledger.assets import AssetId, fiat, is_fiat
from smartfolio_app.ledger.instants import Microseconds, instant
from smartfolio_app.ledger.lots import Correction
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO
from smartfolio_app.ledger.transactions import INCOME_KINDS, Amount, Transaction, TransactionKind
from smartfolio_app.ledger.worth import PriceOf, worth, worth_of_exchange, worth_of_side

#: Stands for a transaction where there is none: a statement's correction, or what was never acquired.
NOWHERE = -1


class Way(StrEnum):
    """How something came in or went out."""

    BOUGHT = "bought"
    EARNED = "earned"
    SOLD = "sold"
    GIVEN = "given"
    LOST = "lost"
    FEE = "fee"
    MOVED = "moved"  # between own places: what got lost on the way is a fee
    REMOVED = "removed"  # left without a gain


IN = frozenset({Way.BOUGHT, Way.EARNED})


class Limit(StrEnum):
    """Why the other engine cannot follow an asset any further."""

    SPLIT = "split"
    SWAP = "swap"
    SPIN_OFF = "spin_off"
    LOAN = "loan"
    SHORT = "short"
    UNKNOWN_COST = "unknown_cost"  # of a lot that one method in force takes last and another first
    REFUSED = "refused"  # the other engine said no


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to an asset. ``money`` is its cost (fee included) or its proceeds (net of the fee).

    ``at`` is unique within the asset: what happened at one instant follows in the ledger's own order, a microsecond
    apart. ``money`` is ``None`` where it is not known. ``sent`` is what a move took along.
    """

    at: Microseconds
    way: Way
    quantity: Decimal
    money: Decimal | None
    transaction: int
    sent: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Cut:
    """From which transaction on (an index) an asset is left out, and why."""

    limit: Limit
    transaction: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """The events of each asset, by time, and where they end early."""

    events: dict[AssetId, list[Event]]
    cuts: dict[AssetId, Cut]


def read(
    ordered: Sequence[Transaction],
    instants: Sequence[Microseconds],
    currency: str,
    price_of: PriceOf,
    *,
    transfers: Mapping[int, int],
    corrections: Sequence[Correction] = (),
    costs_must_be_known: bool = False,
) -> Told:
    """Return what happened to each asset, in ``currency``; arguments are those of ``ledger.lot_book.lot_book``.

    ``costs_must_be_known`` ends an asset's events before the first lot of which that is not so.
    """
    reader = _Reader(ordered, currency, price_of, transfers)
    reader.costs_must_be_known = costs_must_be_known
    waiting = list(corrections[::-1])
    with localcontext(MONEY_CONTEXT):
        for index, (row, at) in enumerate(zip(ordered, instants, strict=True)):
            while waiting and waiting[-1].at < at:
                reader.correct(waiting.pop(), index)
            reader.take(index, at, row)
        while waiting:
            reader.correct(waiting.pop(), len(ordered))
    return Told(reader.events, reader.cuts)


class _Reader:
    """Goes through the transactions. ``_here`` is the one at hand: its index and its instant."""

    def __init__(
        self, ordered: Sequence[Transaction], currency: str, price_of: PriceOf, transfers: Mapping[int, int]
    ) -> None:
        self.events: dict[AssetId, list[Event]] = {}
        self.cuts: dict[AssetId, Cut] = {}
        self.costs_must_be_known = False
        self._held: dict[AssetId, Decimal] = {}
        self._ordered = ordered
        self._home = fiat(currency)
        self._price_of = price_of
        self._transfers = transfers
        self._arrivals = frozenset(transfers.values())
        self._here: tuple[int, Microseconds] = (NOWHERE, 0)

    def take(self, index: int, at: Microseconds, row: Transaction) -> None:
        """Read one transaction."""
        self._here = (index, at)
        kinds = TransactionKind
        kind, received, sent = row.kind, row.received, row.sent
        two_sided = received is not None and sent is not None
        if kind in (kinds.TRADE, kinds.MARGIN_TRADE):
            self._trade(row) if two_sided else self._lone(row)
        elif kind in (kinds.SWAP, kinds.SPLIT):
            self._swap(row)
        elif kind is kinds.SPIN_OFF:
            self._cut(Limit.SPIN_OFF, row.about, "" if received is None else received.asset)
        elif kind in INCOME_KINDS and received is not None:
            self._earn(row, received)
        elif kind in (kinds.LOAN_IN, kinds.LOAN_OUT):
            self._fee(row)
            self._cut(Limit.LOAN, *(one.asset for one in (received, sent) if one is not None))
        elif kind is kinds.DEPOSIT:
            self._fee(row)
            if received is not None and index not in self._arrivals:
                self._in(Way.BOUGHT, received, None)
        elif kind is kinds.GIFT_IN:
            charge = self._fee(row)
            if received is not None:
                self._in(Way.BOUGHT, received, _plus(self._side(row, received), charge))
        elif kind is kinds.WITHDRAWAL:
            self._withdraw(row)
        else:
            self._spend(row)

    def correct(self, correction: Correction, index: int) -> None:
        """Read what a statement says against the transactions. It comes before the transaction of ``index``."""
        self._here = (index, correction.at)
        change = correction.change
        if change < 0:
            self._out(Way.REMOVED, Amount(-change, correction.asset), None, NOWHERE)
            return
        cost = None
        if correction.cost is not None and correction.reported > 0:
            total = worth(correction.cost, instant(correction.at), self._price_of)
            cost = None if total is None else total * change / correction.reported
        self._in(Way.BOUGHT, Amount(change, correction.asset), cost, NOWHERE)

    # ------------------------------------------------------------------------------------------- what happens
    def _trade(self, row: Transaction) -> None:
        assert row.received is not None
        assert row.sent is not None
        given, got, fee, charge = row.sent, row.received, row.fee, ZERO
        if fee is not None:
            if fee.asset == self._home:
                charge = fee.quantity
            elif fee.asset == given.asset and not is_fiat(fee.asset):
                given = Amount(given.quantity + fee.quantity, given.asset)
            elif fee.asset == got.asset and not is_fiat(fee.asset) and fee.quantity <= got.quantity:
                got = Amount(got.quantity - fee.quantity, got.asset)
            else:
                charge = self._fee(row)
        if row.sent.asset == self._home:
            value: Decimal | None = row.sent.quantity
        elif row.received.asset == self._home:
            value = row.received.quantity
        else:
            value = worth_of_exchange(row, self._price_of)
        if is_fiat(given.asset):  # a purchase carries the fee
            self._in(Way.BOUGHT, got, _plus(value, charge))
            return
        self._out(Way.SOLD, given, _plus(value, -charge))
        self._in(Way.BOUGHT, got, value)

    def _lone(self, row: Transaction) -> None:
        charge = self._fee(row)
        if row.received is not None:
            value = None if row.value is None else worth(row.value, row.at, self._price_of)
            self._in(Way.BOUGHT, row.received, _plus(value, charge))
        if row.sent is not None:
            self._out(Way.SOLD, row.sent, _plus(self._side(row, row.sent), -charge))

    def _swap(self, row: Transaction) -> None:
        received, sent = row.received, row.sent
        if received is None or sent is None or not sent.quantity:
            self._lone(row)
        elif is_fiat(received.asset) or is_fiat(sent.asset):
            self._trade(row)
        elif received.asset == sent.asset:
            self._fee(row)
            self._cut(Limit.SPLIT, sent.asset)
        else:  # its lots live on under another name
            self._fee(row)
            self._out(Way.REMOVED, sent, None)
            self._cut(Limit.SWAP, received.asset)

    def _earn(self, row: Transaction, received: Amount) -> None:
        quantity, value, fee = received.quantity, self._side(row, received), row.fee
        in_kind = fee is not None and fee.asset == received.asset and not is_fiat(fee.asset)
        if fee is not None and in_kind and fee.quantity <= quantity:
            quantity -= fee.quantity
        else:
            value = _plus(value, self._fee(row))
        self._in(Way.EARNED, Amount(quantity, received.asset), value)

    def _withdraw(self, row: Transaction) -> None:
        self._fee(row)
        sent = row.sent
        if sent is None or is_fiat(sent.asset):
            return
        arrival = self._transfers.get(self._here[0])
        if arrival is None:
            self._out(Way.REMOVED, sent, None)
            return
        came = self._ordered[arrival].received
        assert came is not None  # a transfer's arrival receives
        lost = sent.quantity - came.quantity
        if lost >= 0:
            value = worth(Amount(lost, sent.asset), row.at, self._price_of) if lost else ZERO
            self._out(Way.MOVED, Amount(lost, sent.asset), value, sent=sent.quantity)
        else:
            self._in(Way.BOUGHT, Amount(-lost, sent.asset), None)

    def _spend(self, row: Transaction) -> None:
        kinds = TransactionKind
        charge, sent = self._fee(row), row.sent
        if sent is None:
            return
        if row.kind in (kinds.LOST, kinds.STOLEN, kinds.MARGIN_LOSS):
            self._out(Way.LOST, sent, ZERO)
            return
        way = {kinds.SPEND: Way.SOLD, kinds.GIFT_OUT: Way.GIVEN, kinds.DONATION: Way.GIVEN}.get(
            row.kind, Way.FEE
        )
        self._out(way, sent, _plus(self._side(row, sent), -charge), spent=True)

    # ------------------------------------------------------------------------------------------------ writing
    def _fee(self, row: Transaction) -> Decimal:
        """Return what the fee was worth; one that is no money is given away at that."""
        fee = row.fee
        if fee is None:
            return ZERO
        if fee.asset == self._home:
            return fee.quantity
        value = worth(fee, row.at, self._price_of)
        self._out(Way.FEE, fee, value)
        return ZERO if value is None else value

    def _side(self, row: Transaction, amount: Amount) -> Decimal | None:
        return worth_of_side(row, amount, self._price_of)

    def _in(self, way: Way, amount: Amount, money: Decimal | None, transaction: int | None = None) -> None:
        if money is None and self.costs_must_be_known:
            self._cut(Limit.UNKNOWN_COST, amount.asset)
        if self._follows(amount.asset) and amount.quantity:
            self._held[amount.asset] = self._held.get(amount.asset, ZERO) + amount.quantity
            index, at = self._here
            origin = index if transaction is None else transaction
            self._write(amount.asset, Event(at, way, amount.quantity, money, origin))

    def _out(
        self,
        way: Way,
        amount: Amount,
        money: Decimal | None,
        transaction: int | None = None,
        *,
        sent: Decimal = ZERO,
        spent: bool = False,
    ) -> None:
        asset, quantity = amount.asset, amount.quantity
        if not self._follows(asset) or not (quantity or sent):
            return
        held = self._held.get(asset, ZERO)
        if quantity > held:
            if way is Way.REMOVED:
                quantity = held
            elif way is Way.SOLD and not spent and asset.startswith("stock:"):
                self._cut(Limit.SHORT, asset)
                return
            elif self.costs_must_be_known:
                self._cut(Limit.UNKNOWN_COST, asset)
                return
            else:  # more than was ever acquired: the rest at a cost that nobody knows
                self._write(asset, Event(self._here[1], Way.BOUGHT, quantity - held, None, NOWHERE))
                held = quantity
        if quantity or sent:
            self._held[asset] = held - quantity
            index, at = self._here
            origin = index if transaction is None else transaction
            self._write(asset, Event(at, way, quantity, money, origin, sent))

    def _write(self, asset: AssetId, event: Event) -> None:
        """Append an event, behind the one before it."""
        events = self.events.setdefault(asset, [])
        if events and event.at <= events[-1].at:
            event = replace(event, at=events[-1].at + 1)
        events.append(event)

    def _follows(self, asset: AssetId) -> bool:
        return not is_fiat(asset) and asset not in self.cuts

    def _cut(self, limit: Limit, *assets: AssetId) -> None:
        for asset in assets:
            if asset and self._follows(asset):
                self.cuts[asset] = Cut(limit, self._here[0])


def _plus(value: Decimal | None, other: Decimal) -> Decimal | None:
    return None if value is None else value + other
