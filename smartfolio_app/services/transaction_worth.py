"""What a transaction was worth when it happened: ``transaction:<id>``, by the rule that lots and flows count by."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlmodel import Session

from smartfolio_app.analytics.basis import MarketValues
from smartfolio_app.analytics.explain_steps import explained, line, money, rate_line, transactions_of
from smartfolio_app.analytics.results import Explanation, Measure, Step, UnitPrice
from smartfolio_app.ledger.assets import is_fiat, symbol_of
from smartfolio_app.ledger.money import market_value
from smartfolio_app.ledger.transactions import Amount, Transaction
from smartfolio_app.ledger.worth import ways_of, worth
from smartfolio_app.services import transactions
from smartfolio_app.services.transactions import Entry
from smartfolio_app.services.views import View, basis

#: The parts of a transaction that its worth may be taken from.
_PARTS = ("sent", "received", "value", "fee")


@dataclass(frozen=True, slots=True)
class Worth:
    """A transaction's worth in a currency: which ``part`` of it that was taken from, and that part's ``price``."""

    transaction: Transaction
    value: Decimal
    part: str
    amount: Amount
    price: UnitPrice


def worth_of(db: Session, view: View, transaction: Transaction) -> Worth | None:
    """Return what a transaction was worth in the view's currency, ``None`` where no price of the time is known."""
    values = MarketValues(basis(db, view.user_id).prices, view.currency)
    for amount in ways_of(transaction):
        price = values.evidence(amount.asset, transaction.at)
        if price is not None:
            part = next(name for name in _PARTS if getattr(transaction, name) is amount)
            return Worth(transaction, market_value(amount.quantity, price.value), part, amount, price)
    return None


def read(db: Session, view: View, about: str) -> Entry | None:
    """Return the transaction that ``transaction:<about>`` is about, ``None`` when that is no id or it was removed.

    Raises:
        NotFoundError: The viewer has no such transaction.
    """
    if not (about.isascii() and about.isdecimal() and len(about) < 19):
        return None
    entry = transactions.get(db, view.user_id, int(about))
    return entry if entry.deleted_at is None else None


def explain(db: Session, view: View, about: str) -> Explanation | None:
    """Return why a transaction was worth what it was; ``None`` where nothing tells its worth.

    Raises:
        NotFoundError: The viewer has no such transaction.
    """
    entry = read(db, view, about)
    found = None if entry is None else worth_of(db, view, entry.transaction)
    if entry is None or found is None:
        return None
    one, ledger = entry.transaction, basis(db, view.user_id).ledger

    def told(part: str, amount: Amount) -> Step:
        fiat = is_fiat(amount.asset)
        symbol = symbol_of(amount.asset) if fiat else ledger.asset(amount.asset).symbol
        link = "" if fiat else transactions_of(amount.asset)
        measure = Measure.MONEY if fiat else Measure.QUANTITY
        label = f"explain.transaction.{part}"
        return line(label, amount.quantity, measure, symbol, source=entry.source_label, at=one.at, link=link)

    rates = tuple(rate_line(rate) for rate in found.price.path)
    price = line(
        "explain.holding.price",
        found.price.value,
        Measure.PRICE,
        view.currency,
        at=found.price.at,
        children=rates,
    )
    others = [
        told(part, amount)
        for part in _PARTS
        if part != found.part and (amount := getattr(one, part)) is not None
    ]
    return explained(
        "explain.{name}.{what}",
        "transaction",
        found.value,
        Measure.MONEY,
        (told(found.part, found.amount), *((price,) if rates else ()), *others, *_fee(db, view, one)),
        unit=view.currency,
    )


def _fee(db: Session, view: View, one: Transaction) -> list[Step]:
    """Return what the fee was worth, where it is known and in something else than the view's currency."""
    if one.fee is None or symbol_of(one.fee.asset) == view.currency:
        return []
    value = worth(one.fee, one.at, MarketValues(basis(db, view.user_id).prices, view.currency).price)
    return [] if value is None else [money("explain.transaction.fee_worth", value, view.currency)]
