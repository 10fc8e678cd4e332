"""A made-up ledger with everything in it that the other engine covers, and some that it does not."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from smartfolio_app.ledger.instants import instants_of
from smartfolio_app.ledger.lot_book import lot_book
from smartfolio_app.ledger.ordering import in_order
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from smartfolio_app.services.second_opinion import comparison, engine, events

Kind = TransactionKind
ASSETS = ("crypto:A", "crypto:B", "stock:S")
PRICES = {"crypto:A": Decimal("1.5"), "crypto:B": Decimal(20), "stock:S": Decimal("7.25")}
DEEDS = (
    "buy",
    "buy",
    "buy",
    "sell",
    "sell",
    "earn",
    "swap",
    "fee",
    "gift",
    "lost",
    "move",
    "given",
    "in",
    "out",
)


def price(asset, at):
    """What a unit was worth: it moves with the day of the year."""
    return Decimal(1) if asset == "fiat:EUR" else PRICES[asset] * (1 + Decimal(at.timetuple().tm_yday) / 200)


class Ledger:
    """Transactions in order, with the own transfers among them."""

    def __init__(self, seed, count):
        self._random = random.Random(seed)
        self._at = datetime(2021, 1, 1, tzinfo=UTC)
        self._rows = []
        for _ in range(count):
            if self._random.random() < 0.8:  # else at the same instant as the one before
                self._at += timedelta(minutes=self._random.randrange(1, 6000))
            self._add(self._random.choice(DEEDS))
        self.ordered = in_order(self._rows)
        places = {row.id: number for number, row in enumerate(self.ordered)}
        self.transfers = {
            places[row.id]: places[str(int(row.id) + 1)] for row in self.ordered if row.note == "moved"
        }

    def _quantity(self):
        return Decimal(self._random.randrange(1, 10**6)) / 10 ** self._random.randrange(2, 7)

    def _write(self, kind, received=None, sent=None, fee=None, note=""):
        number = str(len(self._rows))
        self._rows.append(Transaction(self._at, kind, received, sent, fee, id=number, source="s", note=note))

    def _add(self, deed):
        coins = Amount(self._quantity(), self._random.choice(ASSETS))
        money = Amount(self._quantity(), "fiat:EUR")
        small = self._quantity() / 1000
        fees = [
            None,
            Amount(small, "fiat:EUR"),
            Amount(small / 10, coins.asset),
            Amount(small / 10, "crypto:A"),
        ]
        fee = self._random.choice(fees)
        match deed:
            case "buy":
                self._write(Kind.TRADE, coins, money, fee)
            case "sell":
                self._write(Kind.TRADE, money, coins, fee)
            case "swap":
                other = self._random.choice([one for one in ASSETS if one != coins.asset])
                self._write(Kind.TRADE, coins, Amount(self._quantity(), other), fee)
            case "earn":
                self._write(
                    self._random.choice([Kind.STAKING, Kind.INTEREST, Kind.AIRDROP]), coins, None, fee
                )
            case "move":
                self._write(Kind.WITHDRAWAL, None, coins, note="moved")
                self._at += timedelta(minutes=5)
                self._write(Kind.DEPOSIT, Amount(coins.quantity * Decimal("0.99"), coins.asset))
            case "given":
                self._write(Kind.GIFT_IN, coins)
            case "in":
                self._write(Kind.DEPOSIT, coins)
            case "out":
                self._write(Kind.WITHDRAWAL, None, coins, fee)
            case "gift":
                self._write(Kind.GIFT_OUT, None, coins, fee)
            case _:
                self._write(Kind.FEE if deed == "fee" else Kind.LOST, None, coins)


def book_of(ledger, policy):
    """Our lots and gains."""
    return lot_book(ledger.ordered, "EUR", price, policy=policy, transfers=ledger.transfers)


def second_opinion(ledger, policy, book, *, price_of=price, currency="EUR", **more):
    """The other engine's word on ``book``."""
    told = events.read(
        ledger.ordered,
        instants_of(ledger.ordered),
        currency,
        price_of,
        transfers=ledger.transfers,
        costs_must_be_known=more.pop("costs_must_be_known", False),
    )
    theirs = engine.compute(told.events, policy, lambda done: None)
    return comparison.compare(book, told, theirs, **more)
