"""Cost basis and gains: each policy of ``lots`` on the smallest ledger that shows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.ledger.instants import instant, micros
from smartfolio_app.ledger.lot_book import Basis, lot_book
from smartfolio_app.ledger.lots import Correction, DisposalKind, Finding, Method, Policy, Pooling
from smartfolio_app.ledger.ordering import in_order
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind

T0 = datetime(2023, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def asset(name):
    if name in ("EUR", "USD"):
        return f"fiat:{name}"
    return f"stock:{name[1:]}" if name.startswith(".") else f"crypto:{name}"


def amount(text):
    if text is None:
        return None
    quantity, name = text.split()
    return Amount(Decimal(quantity), asset(name))


def tx(day, kind, received=None, sent=None, fee=None, **more):
    if "value" in more:
        more["value"] = amount(more["value"])
    return Transaction(
        T0 + day * DAY, TransactionKind(kind), amount(received), amount(sent), amount(fee), **more
    )


def buy(day, what, cost, fee=None, **more):
    return tx(day, "trade", what, cost, fee, **more)


sell = buy  # what is received, what is given: a sale is a trade the other way round


def book(*rows, prices=None, transfers=None, corrections=(), **policy):
    known = {asset(name): Decimal(price) for name, price in (prices or {}).items()} | {"fiat:EUR": Decimal(1)}
    ordered = in_order(rows)
    return lot_book(
        ordered,
        "EUR",
        lambda name, at: known.get(name),
        policy=Policy(**policy),
        transfers=transfers,
        corrections=corrections,
    )


def gains(result):
    return [
        (row.quantity, row.proceeds, row.cost, row.acquired and (instant(row.acquired) - T0).days)
        for row in result.matches()
    ]


def left(result, name="BTC"):
    return [
        (lot.quantity, lot.cost, (instant(lot.acquired) - T0).days) for lot in result.open_lots(asset(name))
    ]


LADDER = [buy(0, "1 BTC", "10 EUR"), buy(1, "1 BTC", "30 EUR"), buy(2, "1 BTC", "20 EUR")]


# ------------------------------------------------------------------------------------------------- methods
@pytest.mark.parametrize(
    ("method", "taken", "remaining"),
    [
        ("fifo", [(1, 40, 10, 0), (Decimal("0.5"), 20, 15, 1)], [(Decimal("0.5"), 15, 1), (1, 20, 2)]),
        ("lifo", [(1, 40, 20, 2), (Decimal("0.5"), 20, 15, 1)], [(1, 10, 0), (Decimal("0.5"), 15, 1)]),
        ("hifo", [(1, 40, 30, 1), (Decimal("0.5"), 20, 10, 2)], [(1, 10, 0), (Decimal("0.5"), 10, 2)]),
        ("lofo", [(1, 40, 10, 0), (Decimal("0.5"), 20, 10, 2)], [(1, 30, 1), (Decimal("0.5"), 10, 2)]),
        ("average", [(1, 40, 20, 0), (Decimal("0.5"), 20, 10, 1)], [(Decimal("0.5"), 10, 1), (1, 20, 2)]),
    ],
)
def test_each_method_takes_its_own_lots(method, taken, remaining):
    result = book(*LADDER, sell(3, "60 EUR", "1.5 BTC"), method=Method(method))
    assert gains(result) == taken
    assert left(result) == remaining


def test_the_moving_average_forgets_no_cost_and_knows_no_future():
    result = book(
        buy(0, "2 BTC", "20 EUR"),
        sell(1, "15 EUR", "1 BTC"),
        buy(2, "1 BTC", "30 EUR"),
        sell(3, "50 EUR", "2 BTC"),
        method=Method.AVERAGE,
    )
    assert [row.cost for row in result.matches()] == [10, 20, 20]
    assert result.bases() == {}


def test_the_total_average_is_that_of_the_whole_year_and_is_carried_into_the_next():
    result = book(
        buy(0, "1 BTC", "10 EUR"),
        sell(1, "25 EUR", "1 BTC"),
        buy(2, "1 BTC", "30 EUR"),
        buy(400, "1 BTC", "50 EUR"),
        sell(401, "60 EUR", "1 BTC"),
        method=Method.TOTAL_AVERAGE,
    )
    assert [row.cost for row in result.matches()] == [20, 35]
    assert result.bases()["crypto:BTC"] == Basis(Decimal(1), Decimal(35))


def test_another_method_may_apply_from_a_year_on():
    rows = [*LADDER, sell(3, "40 EUR", "1 BTC"), sell(400, "40 EUR", "1 BTC")]
    assert [row.cost for row in book(*rows, method=Method.FIFO).matches()] == [10, 30]
    assert [row.cost for row in book(*rows, methods={2024: Method.LIFO}).matches()] == [10, 20]
    assert [row.cost for row in book(*rows, methods={2024: Method.AVERAGE}).matches()] == [10, 25]


def test_lots_may_be_sought_in_the_source_or_account_of_the_sale_alone():
    rows = [
        buy(0, "1 BTC", "10 EUR", source="a"),
        buy(1, "1 BTC", "30 EUR", source="b", account="x"),
        buy(2, "1 BTC", "20 EUR", source="b", account="y"),
        sell(3, "40 EUR", "1 BTC", source="b", account="y"),
    ]
    assert [row.cost for row in book(*rows).matches()] == [10]
    assert [row.cost for row in book(*rows, pooling=Pooling.SOURCE).matches()] == [30]
    assert [row.cost for row in book(*rows, pooling=Pooling.ACCOUNT).matches()] == [20]
    assert book(*rows, pooling=Pooling.SOURCE).open_lots()[0].source == "a"


# ---------------------------------------------------------------------------------------------------- fees
def test_a_purchase_fee_adds_to_the_cost_and_a_sale_fee_lowers_the_proceeds():
    result = book(buy(0, "1 BTC", "10 EUR", "1 EUR"), sell(1, "20 EUR", "1 BTC", "2 EUR"))
    [row] = result.matches()
    assert (row.proceeds, row.cost, row.gain, row.fee) == (18, 11, 7, 2)


def test_a_fee_in_what_is_sold_is_sold_with_it():
    result = book(buy(0, "3 BTC", "30 EUR"), sell(1, "40 EUR", "2 BTC", "1 BTC"))
    assert gains(result) == [(3, 40, 30, 0)]


def test_a_fee_in_what_is_bought_makes_for_less_of_it():
    assert left(book(buy(0, "2 BTC", "30 EUR", "0.5 BTC"))) == [(Decimal("1.5"), 30, 0)]


def test_a_fee_in_a_third_asset_is_a_disposal_of_it_at_market_value():
    result = book(
        buy(0, "10 BNB", "100 EUR"),
        buy(1, "1 BTC", "50 EUR", "1 BNB"),
        sell(2, "80 EUR", "1 BTC", "2 BNB"),
        prices={"BNB": 15},
    )
    fees = [row for row in result.matches() if row.kind is DisposalKind.FEE]
    assert [(row.quantity, row.proceeds, row.cost) for row in fees] == [(1, 15, 10), (2, 30, 20)]
    [sale] = [row for row in result.matches() if row.kind is DisposalKind.SALE]
    assert (sale.proceeds, sale.cost, sale.fee) == (50, 65, 30)


def test_a_network_fee_is_a_disposal_at_market_value():
    result = book(
        buy(0, "2 BTC", "20 EUR"),
        tx(1, "fee", sent="0.5 BTC"),
        tx(2, "fee", fee="0.5 BTC"),
        prices={"BTC": 30},
    )
    assert [(row.kind, row.proceeds, row.cost) for row in result.matches()] == [
        ("fee", 15, 5),
        ("fee", 15, 5),
    ]


def test_fees_and_proceeds_are_shared_over_the_lots_by_quantity_and_add_up_exactly():
    result = book(*LADDER, sell(3, "100 EUR", "3 BTC", "1 EUR"))
    rows = list(result.matches())
    assert sum(row.proceeds for row in rows) == 99
    assert sum(row.fee for row in rows) == 1
    assert [row.proceeds for row in rows] == [33, 33, 33]


# ------------------------------------------------------------------------------------------- coin for coin
def test_both_sides_of_a_coin_for_coin_trade_are_worth_what_was_received():
    result = book(buy(0, "1 BTC", "10 EUR"), sell(1, "4 ETH", "1 BTC"), prices={"ETH": 5, "BTC": 99})
    assert gains(result) == [(1, 20, 10, 0)]
    assert left(result, "ETH") == [(4, 20, 1)]


def test_the_worth_a_source_states_is_better_evidence_than_a_market_price():
    result = book(buy(0, "1 BTC", "10 EUR"), sell(1, "4 ETH", "1 BTC", value="24 EUR"), prices={"ETH": 5})
    assert gains(result) == [(1, 24, 10, 0)]


def test_without_any_value_the_gain_is_unknown_and_said_to_be():
    result = book(buy(0, "1 BTC", "10 EUR"), sell(1, "4 XYZ", "1 BTC"))
    [row] = result.matches()
    assert (row.proceeds, row.cost, row.gain) == (None, 10, None)
    assert result.findings == [Finding("lots.no_value", "crypto:XYZ", Decimal(4), 1)]
    assert left(result, "XYZ") == [(4, None, 1)]


def test_money_of_another_currency_counts_at_its_rate():
    result = book(buy(0, "1 BTC", "10 USD", "1 USD"), sell(1, "30 USD", "1 BTC"), prices={"USD": "0.5"})
    assert gains(result) == [(1, 15, Decimal("5.5"), 0)]


# -------------------------------------------------------------------------------------------------- income
@pytest.mark.parametrize("kind", ["staking", "mining", "interest", "airdrop", "reward", "fork", "income"])
def test_income_is_acquired_and_reported_at_market_value(kind):
    result = book(tx(0, kind, "2 BTC"), sell(1, "30 EUR", "2 BTC"), prices={"BTC": 10})
    assert [(row.value, row.quantity) for row in result.incomes] == [(20, 2)]
    assert gains(result) == [(2, 30, 20, 0)]


def test_income_with_a_fee_counts_at_the_fee_inclusive_amount():
    result = book(tx(0, "interest", "1 BTC", fee="2 EUR"), prices={"BTC": 10})
    assert result.incomes[0].value == 12
    assert left(result) == [(1, 12, 0)]


def test_a_dividend_in_money_is_income_without_a_lot():
    result = book(tx(0, "dividend", "7 EUR", about="stock:X"))
    assert [row.value for row in result.incomes] == [7]
    assert result.open_lots() == []


def test_a_gift_received_has_a_cost_but_is_no_income():
    result = book(tx(0, "gift_in", "1 BTC"), prices={"BTC": 10})
    assert (list(result.incomes), left(result)) == ([], [(1, 10, 0)])


# --------------------------------------------------------------------------------------------------- leaving
@pytest.mark.parametrize(
    ("kind", "expected"),
    [("spend", "spent"), ("gift_out", "given"), ("donation", "given"), ("tax", "fee")],
)
def test_what_is_spent_or_given_is_disposed_of_at_market_value(kind, expected):
    result = book(buy(0, "1 BTC", "10 EUR"), tx(1, kind, sent="1 BTC"), prices={"BTC": 30})
    [row] = result.matches()
    assert (row.kind, row.proceeds, row.cost) == (expected, 30, 10)


def test_gifts_may_be_told_not_to_realise_anything():
    result = book(buy(0, "2 BTC", "20 EUR"), tx(1, "gift_out", sent="1 BTC"), gifts_realise=False)
    assert (gains(result), left(result)) == ([], [(1, 10, 0)])


@pytest.mark.parametrize("kind", ["lost", "stolen", "margin_loss"])
def test_what_is_lost_is_lost_at_its_whole_cost(kind):
    result = book(buy(0, "2 BTC", "20 EUR"), tx(1, kind, sent="1 BTC"), prices={"BTC": 30})
    assert gains(result) == [(1, 0, 10, 0)]


# ---------------------------------------------------------------------------------------- what is not known
def test_selling_more_than_was_acquired_has_an_unknown_gain_for_the_rest_and_is_listed():
    result = book(buy(0, "1 BTC", "10 EUR"), sell(1, "60 EUR", "3 BTC"))
    assert gains(result) == [(1, 20, 10, 0), (2, 40, None, None)]
    assert result.findings == [Finding("lots.unknown_acquisition", "crypto:BTC", Decimal(2), 1)]


def test_a_deposit_from_nowhere_has_an_unknown_cost_and_is_listed():
    result = book(tx(0, "deposit", "1 BTC"), sell(1, "60 EUR", "1 BTC"))
    assert gains(result) == [(1, 60, None, 0)]
    assert result.findings == [Finding("lots.unknown_deposit", "crypto:BTC", Decimal(1), 0)]


def test_a_cost_that_is_partly_unknown_is_unknown():
    assert book(tx(0, "deposit", "1 BTC"), buy(1, "1 BTC", "9 EUR")).bases() == {
        "crypto:BTC": Basis(Decimal(2), None)
    }


@pytest.mark.parametrize(("method", "costs"), [("hifo", [20, 10, None]), ("lofo", [10, 20, None])])
def test_lots_of_unknown_cost_are_taken_last_where_cost_decides(method, costs):
    rows = [tx(0, "deposit", "1 BTC"), buy(1, "1 BTC", "10 EUR"), buy(2, "1 BTC", "20 EUR")]
    result = book(*rows, sell(3, "90 EUR", "3 BTC"), method=Method(method))
    assert [row.cost for row in result.matches()] == costs


def test_the_average_is_that_of_what_is_known():
    rows = [buy(0, "1 BTC", "10 EUR"), tx(1, "deposit", "1 BTC"), buy(2, "1 BTC", "20 EUR")]
    result = book(*rows, sell(3, "90 EUR", "3 BTC"), method=Method.AVERAGE)
    assert [row.cost for row in result.matches()] == [15, None, 15]


def test_a_withdrawal_for_nowhere_takes_its_lots_with_it_and_is_listed():
    result = book(*LADDER, tx(3, "withdrawal", sent="1.5 BTC"))
    assert (gains(result), left(result)) == ([], [(Decimal("0.5"), 15, 1), (1, 20, 2)])
    assert result.findings[0].code == "lots.unmatched_withdrawal"


# ---------------------------------------------------------------------------------------------- transfers
def test_a_transfer_keeps_cost_and_dates_and_only_its_fee_is_disposed_of():
    rows = [
        buy(0, "1 BTC", "10 EUR", source="a"),
        tx(1, "withdrawal", sent="1 BTC", source="a"),
        tx(1, "deposit", "0.9 BTC", source="b"),
        sell(2, "27 EUR", "0.9 BTC", source="b"),
    ]
    ordered = in_order(rows)
    transfers = {ordered.index(rows[1]): ordered.index(rows[2])}
    for pooling in Pooling:
        result = book(*rows, prices={"BTC": 20}, transfers=transfers, pooling=pooling)
        assert gains(result) == [(Decimal("0.1"), 2, 1, 0), (Decimal("0.9"), 27, 9, 0)]
        assert (result.findings, result.open_lots()) == ([], [])


def test_what_was_moved_is_sought_in_the_account_it_came_to():
    rows = [
        buy(0, "1 BTC", "10 EUR", source="a", account="x"),
        buy(1, "1 BTC", "30 EUR", source="b", account="x"),
        tx(2, "withdrawal", sent="1 BTC", source="a", account="x"),
        tx(3, "deposit", "1 BTC", source="b", account="y"),
    ]
    result = book(*rows, transfers={2: 3}, pooling=Pooling.ACCOUNT)
    assert [(lot.source, lot.account, lot.cost) for lot in result.open_lots()] == [
        ("b", "y", 10),
        ("b", "x", 30),
    ]
    sold = sell(4, "40 EUR", "1 BTC", source="b", account="y")
    result = book(*rows, sold, transfers={2: 3}, pooling=Pooling.ACCOUNT)
    assert (gains(result), result.findings) == ([(1, 40, 10, 0)], [])


def test_a_transfer_that_brings_more_than_was_sent_has_an_unknown_part():
    rows = [
        buy(0, "1 BTC", "10 EUR"),
        tx(1, "withdrawal", sent="1 BTC", account="a"),
        tx(2, "deposit", "1.5 BTC", account="b"),
    ]
    result = book(*rows, transfers={1: 2})
    assert left(result) == [(1, 10, 0), (Decimal("0.5"), None, 1)]


# ---------------------------------------------------------------------------------------- corporate actions
def test_a_split_changes_quantities_and_neither_cost_nor_dates():
    result = book(buy(0, "2 .X", "30 EUR"), buy(1, "1 .X", "30 EUR"), tx(2, "split", "12 .X", "3 .X"))
    assert left(result, ".X") == [(8, 30, 0), (4, 30, 1)]
    assert book(buy(0, "4 .X", "30 EUR"), tx(1, "split", "1 .X", "4 .X")).bases()["stock:X"] == Basis(
        Decimal(1), Decimal(30)
    )


@pytest.mark.parametrize("method", list(Method))
def test_a_split_is_right_under_every_method(method):
    rows = [buy(0, "1 .X", "10 EUR"), buy(1, "1 .X", "30 EUR"), tx(2, "split", "20 .X", "2 .X")]
    result = book(*rows, sell(3, "100 EUR", "20 .X"), method=method)
    assert sum(row.cost for row in result.matches()) == 40
    assert result.open_lots() == []


def test_a_migration_keeps_cost_and_dates_under_the_new_name():
    result = book(buy(0, "2 LEND", "20 EUR"), tx(5, "swap", "0.02 AAVE", "2 LEND"))
    assert (gains(result), left(result, "AAVE")) == ([], [(Decimal("0.02"), 20, 0)])


def test_a_spin_off_takes_its_share_of_the_cost_by_market_value():
    result = book(
        buy(0, "10 .A", "100 EUR"), tx(1, "spin_off", "5 .B", about="stock:A"), prices={".A": 8, ".B": 4}
    )
    assert left(result, ".A") == [(10, 80, 0)]
    assert left(result, ".B") == [(5, 20, 0)]
    unpriced = book(buy(0, "10 .A", "100 EUR"), tx(1, "spin_off", "5 .B", about="stock:A"))
    assert left(unpriced, ".B") == [(5, None, 1)]
    assert unpriced.findings[0].code == "lots.spin_off_unpriced"


# --------------------------------------------------------------------------------------- shorts and loans
def test_a_share_sold_without_being_held_is_a_short_position_closed_by_the_next_purchase():
    result = book(sell(0, "100 EUR", "2 .X", "2 EUR"), buy(5, "3 .X", "120 EUR"))
    [row] = result.matches()
    assert (row.kind, row.quantity, row.proceeds, row.cost, row.gain) == ("short", 2, 98, 80, 18)
    assert (instant(row.disposed), instant(row.acquired)) == (T0, T0 + 5 * DAY)
    assert left(result, ".X") == [(1, 40, 5)]


def test_an_open_short_position_is_a_lot_of_negative_quantity_and_cost():
    result = book(sell(0, "100 EUR", "2 .X"), buy(1, "0.5 .X", "20 EUR"))
    assert left(result, ".X") == [(Decimal("-1.5"), -75, 0)]
    assert result.bases()["stock:X"] == Basis(Decimal("-1.5"), Decimal(-75))


def test_a_sale_that_goes_beyond_what_is_held_is_part_sale_part_short():
    result = book(buy(0, "1 .X", "10 EUR"), sell(1, "60 EUR", "3 .X"))
    assert gains(result) == [(1, 20, 10, 0)]
    assert left(result, ".X") == [(-2, -40, 1)]


def test_what_was_lent_comes_back_with_its_cost_and_date():
    result = book(buy(0, "2 BTC", "20 EUR"), tx(1, "loan_out", sent="2 BTC"), tx(2, "loan_in", "2 BTC"))
    assert (gains(result), left(result)) == ([], [(2, 20, 0)])


def test_what_was_borrowed_and_sold_is_settled_when_it_is_bought_back():
    result = book(
        tx(0, "loan_in", "1 BTC"),
        sell(1, "12 EUR", "1 BTC"),
        buy(2, "1 BTC", "8 EUR"),
        tx(3, "loan_out", sent="1 BTC"),
        prices={"BTC": 10},
    )
    assert [(row.kind, row.gain) for row in result.matches()] == [("sale", 2), ("repaid", 2)]


# ---------------------------------------------------------------------------------------------- statements
def correction(day, change, reported, cost=None):
    return Correction(
        micros(T0 + day * DAY), "s", "", "crypto:BTC", Decimal(change), Decimal(reported), amount(cost)
    )


def test_what_a_statement_adds_has_the_cost_it_states_or_an_unknown_one():
    rows = [buy(0, "1 BTC", "10 EUR")]
    result = book(*rows, corrections=[correction(1, 2, 3, "60 EUR")])
    assert left(result) == [(1, 10, 0), (2, 40, 1)]
    result = book(*rows, corrections=[correction(1, 2, 3)])
    assert left(result) == [(1, 10, 0), (2, None, 1)]
    assert result.findings == [Finding("lots.statement_without_cost", "crypto:BTC", Decimal(2), -1)]


def test_what_a_statement_no_longer_shows_is_gone_without_a_gain():
    result = book(*LADDER, corrections=[correction(5, "-1.5", "1.5")])
    assert (gains(result), left(result)) == ([], [(Decimal("0.5"), 15, 1), (1, 20, 2)])
    assert result.findings[0].code == "lots.corrected"
