"""What plain trades cost and brought is the float of the exact number, to the last bit, or is not told."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartfolio_app.analytics.basis import MarketValues, lots_of
from smartfolio_app.analytics.kept_lots import settled_balances
from smartfolio_app.analytics.lot_arrays import Changes, lot_arrays
from smartfolio_app.analytics.plain_money import plain_money
from smartfolio_app.ledger.lots import Policy
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from tests.analytics.test_edits import BOOK, START, ledgers, moments, statements, transactions, view_of

money = st.sampled_from(
    [
        "10",
        "33.33",
        "0.01",
        "0.1",
        "1234567.891",
        "1E+3",
        "0.000000000000000001",
        "123456789012345.67",
        "0",
        "9E+30",
    ]
).map(lambda text: Amount(Decimal(text), "fiat:EUR"))
coins = st.builds(
    Amount, st.sampled_from(["1", "0.3", "5"]).map(Decimal), st.sampled_from(["crypto:BTC", "stock:S"])
)
bought = st.builds(
    Transaction, moments, st.just(TransactionKind.TRADE), coins, money, st.none() | money, source=st.just("a")
)
sold = st.builds(
    Transaction, moments, st.just(TransactionKind.TRADE), money, coins, st.none() | money, source=st.just("a")
)
rows_of_all_kinds = st.lists(bought | sold | bought | sold | transactions, max_size=14).map(
    lambda rows: [replace(row, id=str(number + 1)) for number, row in enumerate(rows)]
)


def arrays_of(view, told, policy="fifo"):
    columns = view.columns
    book = lots_of(view, MarketValues(BOOK, "EUR"), "EUR", Policy.parse(policy))
    return lot_arrays(book, columns.moments, settled_balances(columns), told)


def assert_same(one, other):
    for field in fields(one):
        mine, its = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, Changes):
            for name in ("at", "asset", "amount"):
                np.testing.assert_array_equal(getattr(mine, name), getattr(its, name), f"{field.name} {name}")
        else:
            np.testing.assert_array_equal(mine, its, field.name)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows_of_all_kinds | ledgers, st.just({}) | statements, st.sampled_from(["fifo", "lifo", "average"]))
def test_lots_are_the_same_with_it_as_from_exact_numbers(rows, told, policy):
    view = view_of(rows, told)
    plain = plain_money(view.columns, "EUR")
    assert_same(arrays_of(view, plain, policy), arrays_of(view, None, policy))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10**13), st.integers(0, 10**11)), min_size=1, max_size=8),
    st.integers(0, 8),
)
def test_a_sum_is_the_float_of_the_exact_sum(pairs, decimals):
    """Where adding floats is off in the last digit: 0.1 + 0.2 is told as 0.3."""
    unit = Decimal(1).scaleb(-decimals)
    rows = []
    for number, (price, fee) in enumerate(pairs):
        paid, charge = (Amount(amount * unit, "fiat:EUR") for amount in (price, fee))
        moment, kind, coin = START, TransactionKind.TRADE, Amount(Decimal(number + 1), "crypto:BTC")
        rows.append(Transaction(moment, kind, coin, paid, charge, source="a", id=str(number + 1)))
        rows.append(Transaction(moment, kind, paid, coin, charge, source="a", id=str(1000 + number)))
    columns = view_of(rows, {}).columns
    plain = plain_money(columns, "EUR")
    assert plain is not None
    for index, row in enumerate(columns.ordered):
        if row.sent.asset == "fiat:EUR":
            assert plain[index] == -float(row.sent.quantity + row.fee.quantity)
        else:
            assert plain[index] == float(row.received.quantity - row.fee.quantity)
    assert np.isnan(plain[-1])


@pytest.mark.parametrize(
    ("amount", "told"),
    [("1407374883553.27", True), ("1407374883553.28", False), ("1E-22", True), ("1E-23", False)],
)
def test_what_floats_cannot_hold_is_not_told(amount, told):
    """2^47 hundredths are 1,407,374,883,553.28; powers of ten are exact floats up to 10^22."""
    coin = Amount(Decimal(1), "crypto:BTC")
    paid = Amount(Decimal(amount), "fiat:EUR")
    row = Transaction(START, TransactionKind.TRADE, coin, paid, source="a", id="1")
    assert (plain_money(view_of([row], {}).columns, "EUR") is not None) is told


def test_of_a_currency_that_never_moved_nothing_is_told(world):
    view = world.ledger(world.tx("trade", "1 BTC", "10 USD"))
    assert plain_money(view.columns, "EUR") is None


def test_what_is_no_trade_for_the_money_is_not_told(world):
    rows = [
        world.tx("deposit", "10 EUR", at=-9),
        world.tx("withdrawal", None, "5 EUR", at=-8),
        world.tx("trade", "1 BTC", "10 EUR", at=-7),
        world.tx("trade", "1 BTC", "10 EUR", "1 USD", at=-6),
        world.tx("margin_trade", "1 BTC", "10 EUR", at=-5),
    ]
    plain = plain_money(world.ledger(*rows).columns, "EUR")
    assert np.isnan(plain).tolist() == [True, True, False, True, True, True]


def test_a_statement_of_the_money_hides_how_fine_its_amounts_were(world):
    row = world.tx("trade", "1 BTC", "0.12345678 EUR", at=-9)
    assert plain_money(world.ledger(row).columns, "EUR")[0] == -0.12345678
    anchored = world.ledger(row, statements={"k": [world.statement("5 EUR", at=-8)]})
    assert plain_money(anchored.columns, "EUR") is None


def test_after_an_edit_the_decimals_of_what_came_and_went_count(world):
    """The more precise amount is gone again; what is left is told as before, and the new one exactly."""
    first = replace(world.tx("trade", "1 BTC", "0.1 EUR", "0.2 EUR", at=-9), id="1")
    fine = replace(world.tx("trade", "1 BTC", "0.12345678 EUR", "0.2 EUR", at=-8), id="2")
    view = world.ledger(first)
    assert view.columns.quantity[0] == 1
    with_fine = view.edited(set(), [fine])
    assert plain_money(with_fine.columns, "EUR").tolist()[:2] == [-0.3, -0.32345678]
    assert plain_money(with_fine.edited({"2"}, []).columns, "EUR")[0] == -0.3


def test_of_a_sale_that_opens_a_short_position_only_a_part_is_proceeds(world):
    rows = [
        world.tx("trade", "1 .AAPL", "10 EUR", at=-9),
        world.tx("trade", "30 EUR", "2 .AAPL", at=-8),
        world.tx("trade", "3 .AAPL", "21 EUR", at=-7),
    ]
    view = world.ledger(*rows)
    assert_same(arrays_of(view, plain_money(view.columns, "EUR")), arrays_of(view, None))
    assert arrays_of(view, plain_money(view.columns, "EUR")).realised.amount.tolist() == [5, 8]
