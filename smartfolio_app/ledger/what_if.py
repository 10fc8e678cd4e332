"""What a sale would realise if it were made now, by any method or from lots picked by hand. Nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.lot_book import LotBook
from smartfolio_app.ledger.lot_engine import LotEngine
from smartfolio_app.ledger.lots import DisposalKind, Lot, Match, Method, Policy
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO, multiply
from smartfolio_app.ledger.pools import part
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind

if TYPE_CHECKING:
    from collections.abc import Sequence


class SaleTooLargeError(InvalidInputError):
    """More would be sold than is held, or than a picked lot holds; ``params``: ``quantity``, ``held``."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale that has not been made; ``unit_price`` and ``fee`` are in the book's currency."""

    asset: AssetId
    quantity: Decimal
    unit_price: Decimal
    at: datetime
    fee: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Outcome:
    """The matches a sale would make, their gain (``None`` if any part of the cost is not known), and what is left."""

    matches: tuple[Match, ...]
    proceeds: Decimal
    cost: Decimal | None
    gain: Decimal | None
    remaining: tuple[Lot, ...]


def what_if_sold(book: LotBook, sale: Sale, method: Method = Method.FIFO, source: str = "") -> Outcome:
    """Return what the sale would realise; average methods start from what is held.

    It takes from all places together, or from the lots of one ``source`` (id) where lots are kept by source.

    Raises:
        SaleTooLargeError: more is sold than there is.
    """
    lots = [lot for lot in sellable(book, sale.asset) if not source or lot.source in ("", source)]
    held = sum((lot.quantity for lot in lots), ZERO)
    if sale.quantity > held:
        raise SaleTooLargeError("lots.sale_too_large", quantity=sale.quantity, held=held)
    return _sell(book, lots, sale, method)


def what_if_picked(book: LotBook, sale: Sale, picked: Sequence[tuple[int, Decimal]]) -> Outcome:
    """Return what the sale would realise from the lots named in ``picked``: number among the asset's lots, quantity.

    The lots are numbered as ``sellable`` lists them; the sale's own quantity is that of the picks together.

    Raises:
        SaleTooLargeError: a lot does not hold what is taken of it, or does not exist.
    """
    left = sellable(book, sale.asset)
    chosen: list[Lot] = []
    for number, quantity in picked:
        held = left[number].quantity if 0 <= number < len(left) else ZERO
        if quantity > held:
            raise SaleTooLargeError("lots.sale_too_large", quantity=quantity, held=held)
        taken, left[number] = _divided(left[number], quantity)
        chosen.append(taken)
    total = sum((lot.quantity for lot in chosen), ZERO)
    outcome = _sell(book, chosen, replace(sale, quantity=total), Method.FIFO)
    return replace(outcome, remaining=tuple(lot for lot in left if lot.quantity))


def sellable(book: LotBook, asset: AssetId) -> list[Lot]:
    """Return the open lots of an asset, oldest first, short positions left out."""
    return [lot for lot in book.open_lots(asset) if lot.quantity > 0]


def _divided(lot: Lot, quantity: Decimal) -> tuple[Lot, Lot]:
    with localcontext(MONEY_CONTEXT):
        rest = lot.quantity - quantity
        cost = lot.cost if lot.cost is None or not rest else part(lot.cost, quantity, lot.quantity)
        left = None if lot.cost is None or cost is None else lot.cost - cost
    return replace(lot, quantity=quantity, cost=cost), replace(lot, quantity=rest, cost=left)


def _sell(book: LotBook, lots: list[Lot], sale: Sale, method: Method) -> Outcome:
    """Book the sale in an engine that holds these lots and nothing else."""
    engine = LotEngine(Policy(method=method))
    row = Transaction(sale.at, TransactionKind.TRADE, sent=Amount(sale.quantity, sale.asset))
    with localcontext(MONEY_CONTEXT):
        for lot in lots:
            engine.here.at, engine.here.transaction = lot.acquired, lot.transaction
            engine.acquire(lot.asset, lot.quantity, lot.cost)
        proceeds = multiply(sale.quantity, sale.unit_price) - sale.fee
        engine.here.transaction = len(book.ordered)
        engine.dispose(sale.asset, sale.quantity, proceeds, sale.fee, DisposalKind.SALE)
        for pool in engine.pools.values():
            pool.settle()
        result = LotBook(engine, (), [*book.ordered, row], book.currency)
        matches = tuple(result.matches())
        costs = [match.cost for match in matches]
        cost = None if None in costs else sum((one for one in costs if one is not None), ZERO)
        gain = None if cost is None else proceeds - cost
    return Outcome(matches, proceeds, cost, gain, tuple(result.open_lots()))
