"""What a transaction was worth: the one rule by which cost, proceeds, income and flows are measured.

Of an exchange, in this order: the side that is money; the worth its source states; what was received at its market
price; what was given at its market price. Both sides get the same worth, so that an exchange by itself is neither gain
nor loss. Of one side alone: the worth its source states, else its market price. ``None`` when none of these is known.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.ledger.assets import AssetId, is_fiat
from smartfolio_app.ledger.money import market_value

if TYPE_CHECKING:
    from smartfolio_app.ledger.transactions import Amount, Transaction

#: Gives the price of one unit of an asset at an instant in the currency wanted, ``None`` when it is not known.
PriceOf = Callable[[AssetId, datetime], Decimal | None]


def worth(amount: Amount, at: datetime, price_of: PriceOf) -> Decimal | None:
    """Return the market value of an amount."""
    price = price_of(amount.asset, at)
    return None if price is None else market_value(amount.quantity, price)


def worth_of_exchange(transaction: Transaction, price_of: PriceOf) -> Decimal | None:
    """Return what each side of a two-sided transaction was worth; raise ``ValueError`` when it has not two sides."""
    if transaction.received is None or transaction.sent is None:
        raise ValueError("an exchange has two sides")
    for amount in ways_of(transaction):
        value = worth(amount, transaction.at, price_of)
        if value is not None:
            return value
    return None


def ways_of(transaction: Transaction) -> list[Amount]:
    """Return the amounts that a transaction's worth is taken from: the first of them whose worth is known."""
    received, sent, value = transaction.received, transaction.sent, transaction.value
    if received is None or sent is None:
        return [one for one in (value, received or sent or transaction.fee) if one is not None]
    if is_fiat(sent.asset):
        return [sent, received]
    if is_fiat(received.asset) or value is None:
        return [received, sent]
    return [value, received, sent]


def worth_of_side(transaction: Transaction, amount: Amount, price_of: PriceOf) -> Decimal | None:
    """Return what the only side of a transaction was worth."""
    if transaction.value is not None:
        stated = worth(transaction.value, transaction.at, price_of)
        if stated is not None:
            return stated
    return worth(amount, transaction.at, price_of)
