"""What the user's own transactions say about prices: evidence where no market price is known.

Kept in step with the ledger: derived when transactions are added, derived again for the days on which one is changed or
removed. They belong to the user alone, provider ``trade``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal, localcontext

from sqlmodel import Session, col

from smartfolio_app.ledger.assets import is_fiat, symbol_of
from smartfolio_app.ledger.transactions import Amount, PriceQuote, Transaction, TransactionKind
from smartfolio_app.storage.repo_ledger import read_transactions
from smartfolio_app.storage.repo_market import Observer, put_daily_prices, remove_daily_prices
from smartfolio_app.storage.tables import TransactionRow

PROVIDER = "trade"

#: Coins that others are quoted in.
QUOTE_COINS = frozenset(
    {"crypto:BTC", "crypto:ETH", "crypto:BNB", "crypto:USDT", "crypto:USDC", "crypto:DAI"}
)

_SIGNIFICANT = Context(prec=20)  # a quotient; more digits would be noise


def derive(transactions: Iterable[Transaction]) -> list[PriceQuote]:
    """Return the last implied price of each asset, currency and UTC day."""
    last: dict[tuple[str, str, date], PriceQuote] = {}
    with localcontext(_SIGNIFICANT):
        for transaction in transactions:
            for quote in _quotes(transaction):
                key = (quote.asset, quote.currency, quote.at.date())
                before = last.get(key)
                if before is None or quote.at >= before.at:
                    last[key] = quote
    return list(last.values())


def add(db: Session, user_id: str, transactions: Iterable[Transaction]) -> None:
    """Take in new transactions. Does not commit."""
    put_daily_prices(db, _observer(user_id), derive(transactions))


def refresh(db: Session, user_id: str, days: Iterable[date]) -> None:
    """Derive the prices of some UTC days anew, after a transaction of theirs was changed. Does not commit."""
    for day in set(days):
        start = datetime.combine(day, time(), UTC)
        today = read_transactions(
            db,
            col(TransactionRow.user_id) == user_id,
            col(TransactionRow.at) >= start,
            col(TransactionRow.at) < start + timedelta(days=1),
        )
        remove_daily_prices(db, _observer(user_id), days=[day])
        put_daily_prices(db, _observer(user_id), derive(today))


def rebuild(db: Session, user_id: str) -> None:
    """Derive all prices of a user anew, after many transactions went. Does not commit."""
    remove_daily_prices(db, _observer(user_id))
    put_daily_prices(
        db, _observer(user_id), derive(read_transactions(db, col(TransactionRow.user_id) == user_id))
    )


def _observer(user_id: str) -> Observer:
    return Observer(PROVIDER, owner=user_id)


def _quotes(transaction: Transaction) -> Iterator[PriceQuote]:
    received, sent, value = transaction.received, transaction.sent, transaction.value
    if transaction.kind is TransactionKind.TRADE and received is not None and sent is not None:
        if _is_quote(sent) and not is_fiat(received.asset):
            yield from _quote(received, sent, transaction.at)
            return
        if _is_quote(received) and not is_fiat(sent.asset):
            yield from _quote(sent, received, transaction.at)
            return
    elif transaction.kind in (TransactionKind.SPLIT, TransactionKind.SWAP, TransactionKind.SPIN_OFF):
        return
    if value is not None and is_fiat(value.asset):
        for side in (received, sent):
            if side is not None and not is_fiat(side.asset):
                yield from _quote(side, value, transaction.at)


def _is_quote(side: Amount) -> bool:
    return is_fiat(side.asset) or side.asset in QUOTE_COINS


def _quote(side: Amount, paid: Amount, at: datetime) -> Iterator[PriceQuote]:
    if side.quantity and paid.quantity and side.asset != paid.asset:
        price: Decimal = paid.quantity / side.quantity
        yield PriceQuote(side.asset, symbol_of(paid.asset), price, at)
