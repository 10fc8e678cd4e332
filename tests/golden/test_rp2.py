"""rp2's own golden reports: every lot match of its FIFO, LIFO, HIFO and LOFO runs, against ours.

rp2 ranks lots for HIFO and LOFO by the spot price at acquisition, we by what a unit really cost. An asset of which a
sample states a spot price that is not what was paid is therefore left out of those two methods.
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from itertools import starmap

import pytest

from smartfolio_app.ledger.instants import instant, instants_of
from smartfolio_app.ledger.lot_book import lot_book
from smartfolio_app.ledger.lots import DisposalKind, Method, Policy
from smartfolio_app.ledger.ordering import in_order
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from smartfolio_app.services.second_opinion import comparison, engine, events

FILES = ("crypto_example", "test_data", "test_hifo")
METHODS = ("fifo", "lifo", "hifo", "lofo")
pytestmark = pytest.mark.shared
KINDS = {
    "SELL": DisposalKind.SALE,
    "GIFT": DisposalKind.GIVEN,
    "DONATE": DisposalKind.GIVEN,
    "MOVE": DisposalKind.FEE,
    "FEE": DisposalKind.FEE,
}


class Case:
    """One asset of one sample as our transactions, its transfers and its market prices."""

    def __init__(self, name, records):
        self.asset = f"crypto:{name}"
        self.spot = {}
        rows = [self.acquisition(record) for record in records["in_transactions"]]
        rows += [self.disposal(record) for record in records["out_transactions"]]
        self.moves = [self.move(record) for record in records["intra_transactions"]]
        for pair in self.moves:
            rows += pair
        self.ordered = in_order(rows)
        places = {id(row): index for index, row in enumerate(self.ordered)}
        self.transfers = {places[id(out)]: places[id(arrival)] for out, arrival in self.moves}
        self.paid_spot = all(
            Decimal(record["fiat_in_no_fee"]) == Decimal(record["spot_price"]) * Decimal(record["crypto_in"])
            for record in records["in_transactions"]
        )

    def at(self, record):
        return datetime.fromisoformat(record["timestamp"])

    def coins(self, text):
        return Amount(Decimal(text), self.asset)

    @staticmethod
    def dollars(text):
        return Amount(Decimal(text), "fiat:USD") if Decimal(text) else None

    def acquisition(self, record):
        at, coins = self.at(record), self.coins(record["crypto_in"])
        money, fee = self.dollars(record["fiat_in_no_fee"]), self.dollars(record["fiat_fee"])
        if record["type"] == "BUY":
            return Transaction(at, TransactionKind.TRADE, coins, money, fee, record["exchange"])
        assert record["type"] == "INTEREST"
        return Transaction(
            at, TransactionKind.INTEREST, coins, fee=fee, value=money, account=record["exchange"]
        )

    def disposal(self, record):
        at, coins = self.at(record), self.coins(record["crypto_out_no_fee"])
        money = self.dollars(record["fiat_out_no_fee"])
        fee = (
            self.coins(record["crypto_fee"])
            if Decimal(record["crypto_fee"])
            else self.dollars(record["fiat_fee"])
        )
        if record["type"] == "SELL":
            return Transaction(at, TransactionKind.TRADE, money, coins, fee, record["exchange"])
        kind = {"GIFT": TransactionKind.GIFT_OUT, "DONATE": TransactionKind.DONATION}[record["type"]]
        return Transaction(at, kind, sent=coins, fee=fee, value=money, account=record["exchange"])

    def move(self, record):
        at = self.at(record)
        self.spot[at] = Decimal(record["spot_price"])
        out = Transaction(
            at,
            TransactionKind.WITHDRAWAL,
            sent=self.coins(record["crypto_sent"]),
            account=record["from_exchange"],
        )
        arrival = Transaction(
            at, TransactionKind.DEPOSIT, self.coins(record["crypto_received"]), account=record["to_exchange"]
        )
        return out, arrival

    def price_of(self, asset, at):
        return Decimal(1) if asset == "fiat:USD" else self.spot.get(at)

    def book(self, method):
        policy = Policy(method=Method(method))
        return lot_book(self.ordered, "USD", self.price_of, policy=policy, transfers=self.transfers)


def cases():
    return [(file, method) for file in FILES for method in METHODS]


def rounded(number):
    return round(float(number), 6)


def ours(book):
    rows = [
        (
            instant(row.disposed),
            instant(row.acquired),
            *map(rounded, (row.quantity, row.proceeds, row.cost, row.gain)),
        )
        for row in book.matches()
    ]
    rows += [
        (instant(row.at), None, *map(rounded, (row.quantity, row.value, 0, row.value)))
        for row in book.incomes
    ]
    return sorted(rows, key=str)


def theirs(records):
    return sorted(
        (
            (
                datetime.fromisoformat(row["event_timestamp"]),
                datetime.fromisoformat(row["lot_timestamp"]) if row["lot_timestamp"] else None,
                *map(
                    rounded, (row["crypto_amount"], row["event_fiat_amount"], row["cost_basis"], row["gain"])
                ),
            )
            for row in records
        ),
        key=str,
    )


def samples(shared_dir, file):
    data = json.loads((shared_dir / f"samples/golden/costbasis/rp2/{file}.json").read_text())
    return [
        (Case(name, record["transactions"]), record["expected"]) for name, record in data["assets"].items()
    ]


@pytest.mark.parametrize(("file", "method"), cases())
def test_every_lot_match_is_rp2_s(shared_dir, file, method):
    compared = 0
    for case, expected in samples(shared_dir, file):
        if method in ("hifo", "lofo") and not case.paid_spot:
            continue
        assert ours(case.book(method)) == theirs(expected[method]["gain_loss_detail"])
        compared += 1
    assert compared


@pytest.mark.parametrize(("file", "method"), cases())
def test_the_total_gain_is_rp2_s(shared_dir, file, method):
    for case, expected in samples(shared_dir, file):
        if method in ("hifo", "lofo") and not case.paid_spot:
            continue
        book = case.book(method)
        total = sum(row.gain for row in book.matches()) + sum(row.value for row in book.incomes)
        assert rounded(total) == rounded(expected[method]["total_gain"])
        assert book.findings == []


@pytest.mark.parametrize("file", FILES)
def test_what_is_left_is_rp2_s_balance(shared_dir, file):
    for case, expected in samples(shared_dir, file):
        left = sum(Decimal(row["final"]) for row in expected["fifo"]["account_balances"])
        assert sum(lot.quantity for lot in case.book("fifo").open_lots()) == left


@pytest.mark.parametrize("file", FILES)
def test_long_and_short_term_are_told_apart_as_rp2_does(shared_dir, file):
    for case, expected in samples(shared_dir, file):
        term = {
            (row["event_timestamp"], row["lot_timestamp"]): row["term"]
            for row in expected["fifo"]["gain_loss_detail"]
            if row["lot_timestamp"]
        }
        for row in case.book("fifo").matches():
            days = (instant(row.disposed) - instant(row.acquired)).days
            key = tuple(starmap(lambda at: str(instant(at)), [(row.disposed,), (row.acquired,)]))
            assert term[key] == ("LONG" if days > 365 else "SHORT") or days == 365


@pytest.mark.parametrize(("file", "method"), cases())
def test_the_second_opinion_on_every_sample_is_equal_to_the_cent(shared_dir, file, method):
    """rp2 itself, fed with our transactions: also where its own ranking by spot price differs from ours by cost."""
    policy = Policy(method=Method(method))
    for case, expected in samples(shared_dir, file):
        told = events.read(
            case.ordered, instants_of(case.ordered), "USD", case.price_of, transfers=case.transfers
        )
        theirs = engine.compute(told.events, policy, lambda done: None)
        found = comparison.compare(case.book(method), told, theirs)
        assert found.first is None
        assert found.left_out == []
        matched = {(one.disposal, one.lot) for one in case.book(method).matches()}
        assert found.total.matches == len(matched)
        if method in ("fifo", "lifo"):
            total = found.total.gain_theirs + found.total.income_theirs
            assert rounded(total) == rounded(expected[method]["total_gain"])
