"""What each kind of transaction does to the lots. The policies are told in ``lots``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartfolio_app.ledger.assets import AssetId, fiat
from smartfolio_app.ledger.instants import instant
from smartfolio_app.ledger.lot_columns import Short
from smartfolio_app.ledger.lots import Correction, DisposalKind, Income
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.ledger.pools import FirstInPool, Pool, part
from smartfolio_app.ledger.transactions import INCOME_KINDS, Amount, Transaction, TransactionKind
from smartfolio_app.ledger.worth import worth, worth_of_exchange, worth_of_side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from decimal import Decimal

    from smartfolio_app.ledger.lot_engine import LotEngine
    from smartfolio_app.ledger.worth import PriceOf

_Kind = TransactionKind
_SALE = DisposalKind.SALE


class EventReader:
    """Reads transactions and corrections in order and books them. ``incomes`` collects what was earned."""

    def __init__(
        self,
        engine: LotEngine,
        ordered: Sequence[Transaction],
        currency: str,
        price_of: PriceOf,
        transfers: Mapping[int, int],
    ) -> None:
        self.engine = engine
        self.incomes: list[Income] = []
        self._ordered = ordered
        self.home = fiat(currency)
        self._price_of = price_of
        self._transfers = transfers
        self._arrivals = frozenset(transfers.values())
        self._lent: dict[AssetId, Pool] = {}
        self._borrowed: dict[AssetId, list[Short]] = {}
        self.handlers: dict[TransactionKind, Callable[[Transaction], None]] = {
            _Kind.TRADE: self.trade,
            _Kind.MARGIN_TRADE: self.trade,
            _Kind.SWAP: self._swap,
            _Kind.SPLIT: self._swap,
            _Kind.SPIN_OFF: self._spin_off,
            _Kind.DEPOSIT: self._deposit,
            _Kind.WITHDRAWAL: self._withdrawal,
            _Kind.GIFT_IN: self._gift_in,
            _Kind.SPEND: self._spend,
            _Kind.GIFT_OUT: self._give,
            _Kind.DONATION: self._give,
            _Kind.FEE: self._cost,
            _Kind.TAX: self._cost,
            _Kind.LOST: self._lose,
            _Kind.STOLEN: self._lose,
            _Kind.MARGIN_LOSS: self._lose,
            _Kind.LOAN_IN: self._loan_in,
            _Kind.LOAN_OUT: self._loan_out,
            **dict.fromkeys(INCOME_KINDS, self._income),
        }

    # ------------------------------------------------------------------------------------------- exchanges
    def trade(self, row: Transaction) -> None:
        """Book both sides of a trade; one side alone is a purchase or a sale at what its source says it was worth."""
        received, sent, fee, home = row.received, row.sent, row.fee, self.home
        if received is None or sent is None:
            self._lone_side(row)
        elif fee is not None and fee.asset != home:
            self._trade_with_fee(row, received, sent, fee)
        elif sent.asset == home:
            engine, asset = self.engine, received.asset
            if asset in engine.pools or engine.tracks(asset):
                paid = sent.quantity if fee is None else sent.quantity + fee.quantity
                engine.acquire(asset, received.quantity, paid)
        elif received.asset == home:
            engine, asset = self.engine, sent.asset
            if asset in engine.pools or engine.tracks(asset):
                if fee is None:
                    engine.dispose(asset, sent.quantity, received.quantity, ZERO, _SALE)
                else:
                    charge = fee.quantity
                    engine.dispose(asset, sent.quantity, received.quantity - charge, charge, _SALE)
        else:
            charge = ZERO if fee is None else fee.quantity
            self._exchange(row, (sent.asset, sent.quantity), (received.asset, received.quantity), charge)

    def _exchange(
        self, row: Transaction, given: tuple[AssetId, Decimal], got: tuple[AssetId, Decimal], charge: Decimal
    ) -> None:
        """Dispose of what was given and acquire what was got, both at what the transaction was worth."""
        engine = self.engine
        value = worth_of_exchange(row, self._price_of)
        if value is None:
            engine.find("lots.no_value", *got)
        buys = engine.tracks(got[0])
        if engine.tracks(given[0]):
            engine.dispose(*given, None if value is None else value - charge, charge, DisposalKind.SALE)
            if buys:
                engine.acquire(*got, value)
        elif buys:
            engine.acquire(*got, None if value is None else value + charge)

    def _trade_with_fee(self, row: Transaction, received: Amount, sent: Amount, fee: Amount) -> None:
        """Book a trade whose fee was not paid in the report's currency."""
        given, got, charge = sent.quantity, received.quantity, ZERO
        if fee.asset == sent.asset and self.engine.tracks(fee.asset):
            given += fee.quantity
        elif fee.asset == received.asset and self.engine.tracks(fee.asset) and fee.quantity <= got:
            got -= fee.quantity
        else:
            charge = self._charge(row, fee)
        self._exchange(row, (sent.asset, given), (received.asset, got), charge)

    def _lone_side(self, row: Transaction) -> None:
        engine = self.engine
        charge = self._separate_fee(row)
        if row.received is not None and engine.tracks(row.received.asset):
            value = None if row.value is None else worth(row.value, row.at, self._price_of)
            if value is None:
                engine.find("lots.unknown_acquisition", row.received.asset, row.received.quantity)
            engine.acquire(
                row.received.asset, row.received.quantity, None if value is None else value + charge
            )
        if row.sent is not None and engine.tracks(row.sent.asset):
            value = self._side(row, row.sent)
            proceeds = None if value is None else value - charge
            engine.dispose(row.sent.asset, row.sent.quantity, proceeds, charge, DisposalKind.SALE)

    def _swap(self, row: Transaction) -> None:
        """Let the lots of what was given become lots of what was received, with their cost and dates."""
        received, sent = row.received, row.sent
        if received is None or sent is None or not sent.quantity:
            self._lone_side(row)
            return
        self._separate_fee(row)
        engine = self.engine
        if not (engine.tracks(received.asset) and engine.tracks(sent.asset)):
            self.trade(row)
            return
        source, target = engine.pool(sent.asset), engine.pool(received.asset)
        for short in source.shorts if received.asset == sent.asset else ():
            short.quantity = part(received.quantity, short.quantity, sent.quantity)
        if not (source.shorts and received.asset == sent.asset):
            self._convert((source, sent), (target, received))

    def _convert(self, given: tuple[Pool, Amount], got: tuple[Pool, Amount]) -> None:
        engine = self.engine
        source, sent = given
        target, received = got
        left, wanted = received.quantity, sent.quantity
        parts = engine.take(source, sent.quantity)
        if source is target:
            target.begin_period()
        for taken, cost, lot in parts:
            own = left if taken == wanted else part(left, taken, wanted)
            left -= own
            wanted -= taken
            if sent != received:
                engine.carry(sent.asset, -taken, None if cost is None else -cost)
                engine.carry(received.asset, own, cost)
            if own:
                engine.put(target, received.asset, own, cost, lot)
        if wanted and left:
            engine.find("lots.unknown_acquisition", sent.asset, wanted)
            engine.acquire(received.asset, left, None)

    def _spin_off(self, row: Transaction) -> None:
        """Share the parent's cost with what it gave off, by market value; without prices the new cost is unknown."""
        received, engine = row.received, self.engine
        if received is None or not engine.tracks(received.asset):
            return
        parent = engine.pool(row.about) if row.about and engine.tracks(row.about) else None
        lots = [] if parent is None else list(parent.numbers())
        held = sum((engine.lots.quantity[lot] for lot in lots), ZERO)
        own = worth(received, row.at, self._price_of)
        other = worth(Amount(held, row.about), row.at, self._price_of) if held else None
        if parent is None or own is None or other is None or not own + other:
            engine.find("lots.spin_off_unpriced", received.asset, received.quantity)
            engine.acquire(received.asset, received.quantity, None)
            return
        parent.settle()
        target, left = engine.pool(received.asset), received.quantity
        for lot in lots:
            quantity = engine.lots.quantity[lot]
            share = left if quantity == held else part(left, quantity, held)
            left -= share
            held -= quantity
            cost = engine.lots.cost[lot]
            moved = None if cost is None else part(cost, own, own + other)
            if cost is not None and moved is not None:
                engine.lots.cost[lot] = cost - moved
                engine.carry(row.about, ZERO, -moved)
            engine.carry(received.asset, share, moved)
            engine.put(target, received.asset, share, moved, lot)
        parent.reload()

    # ------------------------------------------------------------------------------------------ in and out
    def _income(self, row: Transaction) -> None:
        received = row.received
        if received is None:
            self._cost(row)
            return
        engine = self.engine
        quantity, value = received.quantity, self._side(row, received)
        fee = row.fee
        in_kind = fee is not None and fee.asset == received.asset and engine.tracks(received.asset)
        if fee is not None and in_kind and fee.quantity <= quantity:
            quantity -= fee.quantity
        else:
            charge = self._separate_fee(row)
            value = None if value is None else value + charge
        here = engine.here
        self.incomes.append(Income(received.asset, received.quantity, here.at, value, here.transaction))
        if engine.tracks(received.asset):
            engine.acquire(received.asset, quantity, value)

    def _gift_in(self, row: Transaction) -> None:
        charge = self._separate_fee(row)
        if row.received is not None and self.engine.tracks(row.received.asset):
            value = self._side(row, row.received)
            self.engine.acquire(
                row.received.asset, row.received.quantity, None if value is None else value + charge
            )

    def _spend(self, row: Transaction) -> None:
        self._out(row, DisposalKind.SPENT)

    def _cost(self, row: Transaction) -> None:
        self._out(row, DisposalKind.FEE)

    def _out(self, row: Transaction, kind: DisposalKind) -> None:
        charge = self._separate_fee(row)
        sent = row.sent
        if sent is not None and self.engine.tracks(sent.asset):
            value = self._side(row, sent)
            self.engine.dispose(
                sent.asset, sent.quantity, None if value is None else value - charge, charge, kind
            )

    def _give(self, row: Transaction) -> None:
        if self.engine.policy.gifts_realise:
            self._out(row, DisposalKind.GIVEN)
            return
        self._separate_fee(row)
        self._remove(row.sent)

    def _lose(self, row: Transaction) -> None:
        self._separate_fee(row)
        if row.sent is not None and self.engine.tracks(row.sent.asset):
            self.engine.dispose(row.sent.asset, row.sent.quantity, ZERO, ZERO, DisposalKind.LOST)

    def _deposit(self, row: Transaction) -> None:
        self._separate_fee(row)
        received, engine = row.received, self.engine
        if received is None or engine.here.transaction in self._arrivals or not engine.tracks(received.asset):
            return
        engine.find("lots.unknown_deposit", received.asset, received.quantity)
        engine.acquire(received.asset, received.quantity, None)

    def _withdrawal(self, row: Transaction) -> None:
        self._separate_fee(row)
        sent, engine = row.sent, self.engine
        if sent is None or not engine.tracks(sent.asset):
            return
        arrival = self._transfers.get(engine.here.transaction)
        if arrival is None:
            engine.find("lots.unmatched_withdrawal", sent.asset, sent.quantity)
            self._remove(sent)
            return
        self._transfer(row, sent, self._ordered[arrival])

    def _transfer(self, row: Transaction, sent: Amount, arrival: Transaction) -> None:
        """Move lots to the other place; what got lost on the way was the network's fee."""
        engine = self.engine
        assert arrival.received is not None
        got = arrival.received.quantity
        lost = sent.quantity - got
        if lost > 0:
            self._charge(row, Amount(lost, sent.asset))
        origin = engine.pool(sent.asset)
        here = engine.here
        source, account = here.source, here.account
        here.source, here.account = arrival.source, arrival.account
        target = engine.pool(sent.asset)
        if target is not origin:
            amount = Amount(min(got, sent.quantity), sent.asset)
            self._convert((origin, amount), (target, amount))
        if lost < 0:
            engine.find("lots.unknown_deposit", sent.asset, -lost)
            engine.acquire(sent.asset, -lost, None)
        here.source, here.account = source, account

    # --------------------------------------------------------------------------------------------- on loan
    def _loan_out(self, row: Transaction) -> None:
        """Repay what was borrowed at the worth it was borrowed at; lend the rest, which keeps its lots."""
        self._separate_fee(row)
        sent, engine = row.sent, self.engine
        if sent is None or not engine.tracks(sent.asset):
            return
        left = sent.quantity
        debts = self._borrowed.get(sent.asset, [])
        while left and debts:
            debt = debts[0]
            taken = min(debt.quantity, left)
            value = debt.proceeds
            if value is not None and taken < debt.quantity:
                value = part(value, taken, debt.quantity)
            engine.dispose(sent.asset, taken, value, ZERO, DisposalKind.REPAID)
            left -= taken
            if taken == debt.quantity:
                debts.pop(0)
            else:
                debt.quantity -= taken
                debt.proceeds = None if debt.proceeds is None or value is None else debt.proceeds - value
        lent = self._lent.setdefault(sent.asset, FirstInPool(engine.lots))
        for taken, cost, lot in engine.take(engine.pool(sent.asset), left):
            engine.carry(sent.asset, -taken, None if cost is None else -cost)
            engine.put(lent, sent.asset, taken, cost, lot)
            left -= taken
        if left:
            engine.find("lots.unknown_acquisition", sent.asset, left)

    def _loan_in(self, row: Transaction) -> None:
        """Take back what was lent, with its lots; what is more than that is borrowed, at market value."""
        self._separate_fee(row)
        received, engine = row.received, self.engine
        if received is None or not engine.tracks(received.asset):
            return
        left = received.quantity
        lent = self._lent.get(received.asset)
        if lent is not None:
            for taken, cost, lot in engine.take(lent, left):
                engine.carry(received.asset, taken, cost)
                engine.put(engine.pool(received.asset), received.asset, taken, cost, lot)
                left -= taken
        if left:
            value = worth(Amount(left, received.asset), row.at, self._price_of)
            here = engine.here
            self._borrowed.setdefault(received.asset, []).append(
                Short(left, value, ZERO, here.at, here.transaction)
            )
            engine.acquire(received.asset, left, value)

    # -------------------------------------------------------------------------------------------- statements
    def correct(self, correction: Correction) -> None:
        """Let lots appear or vanish, so that the source holds what its statement says."""
        engine, asset = self.engine, correction.asset
        if not engine.tracks(asset):
            return
        if correction.change < 0:
            engine.find("lots.corrected", asset, correction.change)
            self._remove(Amount(-correction.change, asset))
            return
        cost: Decimal | None = None
        if correction.cost is not None and correction.reported > 0:
            total = worth(correction.cost, instant(correction.at), self._price_of)
            if total is not None:
                cost = part(total, correction.change, correction.reported)
        if cost is None:
            engine.find("lots.statement_without_cost", asset, correction.change)
        engine.acquire(asset, correction.change, cost)

    # ----------------------------------------------------------------------------------------------- helpers
    def _remove(self, amount: Amount | None) -> None:
        engine = self.engine
        if amount is None or not engine.tracks(amount.asset):
            return
        left = amount.quantity
        for taken, cost, _ in engine.take(engine.pool(amount.asset), amount.quantity):
            engine.carry(amount.asset, -taken, None if cost is None else -cost)
            left -= taken
        if left:
            engine.find("lots.unknown_acquisition", amount.asset, left)

    def _side(self, row: Transaction, amount: Amount) -> Decimal | None:
        value = worth_of_side(row, amount, self._price_of)
        if value is None and self.engine.tracks(amount.asset):
            self.engine.find("lots.no_value", amount.asset, amount.quantity)
        return value

    def _separate_fee(self, row: Transaction) -> Decimal:
        return ZERO if row.fee is None else self._charge(row, row.fee)

    def _charge(self, row: Transaction, fee: Amount) -> Decimal:
        """Return what a fee was worth; one that was not paid in money is disposed of at that."""
        if fee.asset == self.home:
            return fee.quantity
        value = worth(fee, row.at, self._price_of)
        if self.engine.tracks(fee.asset):
            if value is None:
                self.engine.find("lots.no_value", fee.asset, fee.quantity)
            self.engine.dispose(fee.asset, fee.quantity, value, ZERO, DisposalKind.FEE)
        return ZERO if value is None else value
