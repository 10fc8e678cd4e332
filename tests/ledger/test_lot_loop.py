"""The short way through purchases and sales gives what the general engine gives, to the last digit."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartfolio_app.ledger.instants import micros
from smartfolio_app.ledger.lot_book import Part, lot_book
from smartfolio_app.ledger.lots import Correction, Method, Policy, Pooling
from smartfolio_app.ledger.money import MONEY_CONTEXT
from smartfolio_app.ledger.ordering import in_order
from tests.ledger.test_lots import T0, asset, buy, tx

NAMES = ("BTC", "ETH", ".AAPL")
PRICES = {"BTC": "7.123456789", "ETH": "3", ".AAPL": "0.1", "EUR": "1", "USD": "0.9"}
#: Of every size and scale: a whole, a few decimals, 18 of them, more than fit 64 bits in their smallest unit, nothing.
quantities = st.sampled_from(
    [
        "1",
        "0.3",
        "2.70",
        "1E+1",
        "0.000000000000000001",
        "1.234567890123456789",
        "98765432109876.5432109876",
        "0",
    ]
)
amounts = st.builds(lambda quantity, name: f"{quantity} {name}", quantities, st.sampled_from(NAMES))
money = st.sampled_from(["10 EUR", "33.33 EUR", "0.01 EUR", "12345678901234567890.12 EUR", "5 USD", "0 EUR"])
fees = st.none() | st.sampled_from(["0.1 EUR", "0 EUR", "0.00 EUR", "0.01 BTC", "0.1 ETH", "0.2 USD"])
days = st.integers(0, 12).map(lambda day: day * 60)  # few, so that many things happen at one instant
purchases = st.builds(buy, days, amounts, money, fees)
sales = st.builds(lambda day, what, cost, fee: buy(day, cost, what, fee), days, amounts, money, fees)
exchanges = st.builds(
    tx,
    days, st.sampled_from(["trade", "swap", "margin_trade"]), amounts, amounts, fees,
)  # fmt: skip
others = st.builds(
    lambda day, kind, what, fee: tx(day, kind, what, None, fee),
    days, st.sampled_from(["trade", "deposit", "staking", "loan_in", "gift_in"]), amounts, fees,
) | st.builds(
    lambda day, kind, what, fee: tx(day, kind, None, what, fee),
    days, st.sampled_from(["trade", "withdrawal", "spend", "lost", "loan_out", "fee"]), amounts, fees,
)  # fmt: skip
ledgers = st.lists(purchases | sales | purchases | sales | exchanges | others, max_size=16)
corrections = st.lists(
    st.builds(
        lambda day, name, change: Correction(
            micros(T0) + day * 86_400_000_000, "s", "", asset(name), Decimal(change), Decimal(5)
        ),
        days, st.sampled_from(NAMES), st.sampled_from(["1.5", "-0.7"]),
    ),
    max_size=3,
).map(lambda rows: sorted(rows, key=lambda row: row.at))  # fmt: skip
policies = st.builds(
    lambda method, other: Policy(method, methods={} if other is None else {2024: other}),
    st.sampled_from([Method.FIFO, Method.LIFO]),
    st.none() | st.sampled_from([Method.FIFO, Method.LIFO, Method.HIFO, Method.AVERAGE]),
)


def price_of(name, at):
    return {asset(known): Decimal(price) for known, price in PRICES.items()}.get(name)


def books(rows, policy, told=()):
    """Return the book as it is made, and as the general engine makes it of a part that is the whole."""
    ordered = in_order(rows)
    every = Part(frozenset(asset(name) for name in NAMES), range(len(ordered)))
    return [
        lot_book(ordered, "EUR", price_of, policy=policy, corrections=told, only=only)
        for only in (None, every)
    ]


def written(book):
    """Return all that a book tells, digit by digit."""
    engine = book.engine
    columns = {
        one.name: str(list(getattr(table, one.name)))
        for table in (engine.lots, engine.disposals, engine.matches)
        for one in fields(table)
    }
    rest = (engine.carried, engine.disposals.short, engine.asset_of, book.findings, book.incomes)
    return columns, str(rest), str(book.open_lots()), str(list(book.matches())), str(book.bases())


@settings(max_examples=250, deadline=None)
@given(ledgers, policies, corrections)
def test_the_short_way_tells_what_the_general_engine_tells(rows, policy, told):
    short, general = books(rows, policy, told)
    assert written(short) == written(general)


@settings(max_examples=150, deadline=None)
@given(st.lists(purchases | sales, max_size=20), st.sampled_from([Method.FIFO, Method.LIFO]))
def test_gains_are_those_of_lots_taken_one_by_one(rows, method):
    """Beside both, the definition itself: a list of lots, and for every sale the oldest (or newest) of them."""
    simple = [
        row
        for row in rows
        if {row.received.asset, row.sent.asset} == {"fiat:EUR", "crypto:BTC"}
        and (row.fee is None or row.fee.asset == "fiat:EUR")
    ]
    ordered, lots, expected = in_order(simple), [], []
    with localcontext(MONEY_CONTEXT):
        for row in ordered:
            fee = row.fee.quantity if row.fee else Decimal(0)
            if row.sent.asset == "fiat:EUR":
                if row.received.quantity:
                    lots.append([row.received.quantity, row.sent.quantity + fee])
                continue
            left, cost = row.sent.quantity, Decimal(0)
            while left and lots:
                lot = lots[0 if method is Method.FIFO else -1]
                taken = min(left, lot[0])
                own = lot[1] if taken == lot[0] else (lot[1] * taken / lot[0]).quantize(Decimal("1e-18"))
                lot[0], lot[1], left, cost = lot[0] - taken, lot[1] - own, left - taken, cost + own
                if not lot[0]:
                    lots.remove(lot)
            if row.sent.quantity:
                expected.append((row.received.quantity - fee, None if left else cost))
        sold = lot_book(ordered, "EUR", price_of, policy=Policy(method)).engine.disposals
    assert list(zip(sold.proceeds, sold.cost, strict=True)) == expected


@pytest.mark.parametrize(
    "policy", [Policy(), Policy(Method.LIFO), Policy(Method.FIFO, methods={2024: Method.HIFO})]
)
def test_a_brief_book_has_the_costs_of_the_whole_one(policy):
    rows = [buy(day, "2 BTC", f"{10 + day} EUR", "0.1 EUR") for day in range(0, 800, 40)]
    rows += [buy(day, "50 EUR", "1.5 BTC", "0.3 EUR") for day in range(20, 800, 40)]
    ordered = in_order(rows)
    whole, brief = (lot_book(ordered, "EUR", price_of, policy=policy, brief=short) for short in (False, True))
    assert brief.engine.disposals.cost == whole.engine.disposals.cost
    assert brief.bases() == whole.bases()
    assert not brief.engine.matches.lot


def test_purchases_and_sales_for_money_take_the_short_way(monkeypatch):
    """Were it not taken, the ledger of a lifetime would take twice as long, and no other test would say so."""
    asked = []
    monkeypatch.setattr(
        "smartfolio_app.ledger.lot_events.EventReader.trade", lambda self, row: asked.append(row)
    )
    ordered = in_order(
        [buy(1, "1 BTC", "10 EUR"), buy(2, "1 BTC", "1 ETH"), buy(3, "9 EUR", "1 BTC", "1 EUR")]
    )
    lot_book(ordered, "EUR", price_of)
    assert asked == [ordered[1]]
    asked.clear()
    lot_book(ordered, "EUR", price_of, policy=Policy(pooling=Pooling.SOURCE))
    assert asked == ordered


def test_the_years_of_a_method_begin_at_their_first_transaction():
    rows = [
        buy(0, "1 BTC", "10 EUR"),
        buy(1, "1 BTC", "30 EUR"),
        buy(366, "50 EUR", "1 BTC"),
        buy(800, "1 EUR", "1 ETH"),
    ]
    by_year = lot_book(
        in_order(rows), "EUR", price_of, policy=Policy(Method.FIFO, methods={2024: Method.LIFO})
    )
    assert by_year.engine.disposals.cost[0] == 30


def test_a_statement_speaks_after_every_transaction_of_its_own_instant():
    """At one instant two are bought, one is taken away by the statement and one sold a day later: the second one."""
    told = [Correction(micros(T0), "s", "", asset("BTC"), Decimal(-1), Decimal(1))]
    rows = [buy(0, "1 BTC", "10 EUR"), buy(0, "1 BTC", "30 EUR"), buy(1, "50 EUR", "1 BTC")]
    for made in books(rows, Policy(), told):
        assert made.engine.disposals.cost == [30]
