"""Small ledgers in a few words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import pytest

from smartfolio_app.analytics.portfolio import LedgerView, SourceView, build
from smartfolio_app.analytics.prices import PriceBook, PricePoint, RatePoint
from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.ledger.assets import AssetClass, asset_id
from smartfolio_app.ledger.transactions import Amount, Statement, StatementLine, Transaction, TransactionKind

NOW = datetime(2024, 5, 15, 12, tzinfo=UTC)  # a Wednesday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class World:
    """A household with two crypto sources and a broker, and the words to say what happened to it."""

    now, hour, day = NOW, HOUR, DAY
    sources: ClassVar = {
        "k": SourceView("kraken", "Kraken", Category.CRYPTO),
        "b": SourceView("binance", "Binance", Category.CRYPTO),
        "x": SourceView("saxo", "Saxo", Category.STOCKS),
    }

    @staticmethod
    def asset(name):
        """``BTC`` is a coin, ``EUR`` money, ``.AAPL`` a share."""
        if name in ("EUR", "USD", "CHF"):
            return asset_id(AssetClass.FIAT, name)
        return (
            asset_id(AssetClass.STOCK, name[1:])
            if name.startswith(".")
            else asset_id(AssetClass.CRYPTO, name)
        )

    def amount(self, text):
        if text is None:
            return None
        quantity, name = text.split()
        return Amount(Decimal(quantity), self.asset(name))

    def tx(self, kind, received=None, sent=None, fee=None, *, at=0, source="k", **more):
        """``at`` is in hours from now; amounts are written ``1.5 BTC``."""
        if "value" in more:
            more["value"] = self.amount(more["value"])
        return Transaction(
            at=NOW + at * HOUR,
            kind=TransactionKind(kind),
            received=self.amount(received),
            sent=self.amount(sent),
            fee=self.amount(fee),
            source=source,
            **more,
        )

    def statement(self, *lines, at=0):
        return Statement(
            NOW + at * HOUR,
            tuple(StatementLine(self.asset(name), Decimal(q)) for q, name in map(str.split, lines)),
        )

    def price(self, text, at=0, provider="coingecko"):
        """``BTC 60000 EUR`` at so many hours from now."""
        name, value, currency = text.split()
        return PricePoint(self.asset(name), currency, Decimal(value), NOW + at * HOUR, provider)

    def rate(self, text, days=-1):
        """``1.08 USD``, published in the afternoon of that many days from today."""
        value, currency = text.split()
        return RatePoint(currency, (NOW + days * DAY).date(), Decimal(value))

    def ledger(self, *transactions, **more):
        return LedgerView(transactions=transactions, sources=self.sources, **more)

    def portfolio(self, ledger, prices=(), rates=(), *, currency="EUR", scope=None, at=NOW, **more):
        return build(ledger, PriceBook(prices, rates), scope or Scope(), currency, at, **more)


@pytest.fixture
def world():
    return World()
