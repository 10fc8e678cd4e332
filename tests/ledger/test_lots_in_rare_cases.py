"""Cost basis where two rules meet: fees beside every event, lots that were moved, positions split or repaid in part."""

from __future__ import annotations

from decimal import Decimal

import pytest

from smartfolio_app.ledger.lots import DisposalKind, Method, Pooling
from tests.ledger.test_lots import book, buy, gains, left, sell, tx


# ---------------------------------------------------------------------------------------------------- fees
def test_a_fee_that_takes_all_that_was_bought_leaves_nothing():
    result = book(buy(0, "1 BTC", "10 EUR", "1 BTC"), prices={"BTC": 10})
    assert (gains(result), left(result)) == ([], [])


def test_a_fee_kept_back_from_income_leaves_less_of_it_at_the_whole_worth():
    result = book(tx(0, "staking", "2 BTC", fee="0.5 BTC"), prices={"BTC": 10})
    assert [(row.quantity, row.value) for row in result.incomes] == [(2, 20)]
    assert (gains(result), left(result)) == ([], [(Decimal("1.5"), 20, 0)])


def test_a_fee_paid_for_a_gift_is_part_of_its_cost():
    assert left(book(tx(0, "gift_in", "1 BTC", fee="2 EUR"), prices={"BTC": 10})) == [(1, 12, 0)]


def test_a_fee_paid_on_spending_lowers_the_proceeds():
    result = book(buy(0, "1 BTC", "10 EUR"), tx(1, "spend", sent="1 BTC", fee="2 EUR"), prices={"BTC": 30})
    [row] = result.matches()
    assert (row.kind, row.proceeds, row.fee, row.gain) == (DisposalKind.SPENT, 28, 2, 18)


def test_a_trade_of_which_one_side_is_told_is_booked_at_the_stated_worth_with_its_fee():
    bought = book(tx(0, "trade", "1 BTC", fee="2 EUR", value="20 EUR"))
    assert left(bought) == [(1, 22, 0)]
    sold = book(buy(0, "1 BTC", "10 EUR"), tx(1, "trade", sent="1 BTC", fee="2 EUR", value="20 EUR"))
    assert gains(sold) == [(1, 18, 10, 0)]


def test_the_fee_of_a_migration_is_disposed_of_at_market_value():
    result = book(
        buy(0, "2 LEND", "20 EUR"),
        buy(1, "1 BNB", "5 EUR"),
        tx(5, "swap", "0.02 AAVE", "2 LEND", "1 BNB"),
        prices={"BNB": 8},
    )
    [row] = result.matches()
    assert (row.kind, row.asset, row.proceeds, row.cost) == (DisposalKind.FEE, "crypto:BNB", 8, 5)


# ------------------------------------------------------------------------------------------------ positions
def test_a_lot_that_was_moved_takes_its_place_by_its_date():
    rows = [
        buy(0, "1 BTC", "10 EUR", source="a"),
        buy(1, "1 BTC", "30 EUR", source="b"),
        tx(2, "withdrawal", sent="1 BTC", source="a"),
        tx(3, "deposit", "1 BTC", source="b"),
        sell(4, "40 EUR", "1 BTC", source="b"),
    ]
    result = book(*rows, transfers={2: 3}, pooling=Pooling.SOURCE)
    assert gains(result) == [(1, 40, 10, 0)]


def test_a_split_changes_what_is_owed_of_a_share():
    result = book(sell(0, "100 EUR", "2 .X"), tx(1, "split", "4 .X", "2 .X"), buy(2, "4 .X", "60 EUR"))
    [row] = result.matches()
    assert (row.kind, row.quantity, row.gain) == (DisposalKind.SHORT, 4, 40)


@pytest.mark.parametrize("method", list(Method))
def test_a_spin_off_takes_its_share_of_the_cost_under_every_method(method):
    rows = [
        buy(0, "1 .A", "10 EUR"),
        buy(1, "1 .A", "30 EUR"),
        tx(2, "spin_off", "2 .B", about="stock:A"),
        sell(3, "50 EUR", "2 .A"),
    ]
    prices = {".A": 7, ".B": 7}
    result = book(*rows, prices=prices, method=method)
    assert sum(row.cost for row in result.matches()) == 20
    assert sum(lot.cost for lot in result.open_lots("stock:B")) == 20
    later = book(*rows, buy(4, "1 .A", "9 EUR"), prices=prices, method=method)
    kept = sum(row.cost for row in later.matches()) + sum(lot.cost for lot in later.open_lots("stock:A"))
    assert kept == 29, "half of what was paid before, and what was paid after"


def test_what_is_repaid_in_parts_was_borrowed_at_one_worth():
    result = book(
        tx(0, "loan_in", "2 BTC"),
        sell(1, "24 EUR", "2 BTC"),
        buy(2, "1 BTC", "8 EUR"),
        tx(3, "loan_out", sent="1 BTC"),
        buy(4, "1 BTC", "9 EUR"),
        tx(5, "loan_out", sent="1 BTC"),
        prices={"BTC": 10},
    )
    repaid = [row.gain for row in result.matches() if row.kind is DisposalKind.REPAID]
    assert repaid == [2, 1]


def test_a_short_position_closed_in_parts_shares_its_proceeds_and_its_fee():
    result = book(sell(0, "100 EUR", "2 .X", "2 EUR"), buy(1, "1 .X", "40 EUR"), buy(2, "1 .X", "45 EUR"))
    assert [(row.proceeds, row.fee, row.gain) for row in result.matches()] == [(49, 1, 9), (49, 1, 4)]
