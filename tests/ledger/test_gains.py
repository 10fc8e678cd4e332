"""The gains report and the sale that has not been made."""

from __future__ import annotations

from datetime import date, timedelta, timezone
from decimal import Decimal

import pytest

from smartfolio_app.ledger.gains import TermRule, gains_report
from smartfolio_app.ledger.lots import Method
from smartfolio_app.ledger.what_if import Sale, SaleTooLargeError, what_if_picked, what_if_sold
from tests.ledger.test_lots import DAY, LADDER, T0, asset, book, buy, sell, tx

ROWS = [
    buy(0, "2 BTC", "20 EUR", "2 EUR", source="a", id="t0"),
    tx(10, "staking", "1 ETH", source="b", id="t1"),
    sell(20, "30 EUR", "1 BTC", "1 EUR", source="a", id="t2"),
    sell(400, "40 EUR", "1 BTC", source="b", account="x", id="t3"),
    sell(401, "7 EUR", "1 XYZ", source="b", id="t4"),
    tx(402, "staking", "1 QQQ", source="b", id="t5"),
]


def report(**chosen):
    return gains_report(book(*ROWS, prices={"ETH": 5}), **chosen)


def test_each_row_tells_the_lot_the_disposal_and_what_was_gained():
    first, second, unknown = report().rows
    assert (first.quantity, first.proceeds, first.cost, first.fees, first.gain) == (1, 29, 11, 1, 18)
    assert (first.acquired, first.disposed, first.realised, first.holding_days) == (
        T0,
        T0 + 20 * DAY,
        T0 + 20 * DAY,
        20,
    )
    assert (first.transaction, first.lot, first.source, first.long_term) == ("t2", "t0", "a", False)
    assert (second.source, second.account, second.long_term) == ("b", "x", True)
    assert (unknown.gain, unknown.acquired, unknown.holding_days, unknown.lot) == (None, None, None, "")


def test_totals_are_kept_by_year_asset_and_source_and_the_unknown_apart():
    found = report()
    assert (found.total.gain, found.total.short_term, found.total.long_term) == (47, 18, 29)
    assert (found.total.fees, found.total.income) == (1, 5)
    assert (found.total.unknown, found.total.unknown_proceeds, found.total.unknown_income) == (1, 7, 1)
    assert {year: total.gain for year, total in found.by_year.items()} == {2023: 18, 2024: 29}
    assert {name: total.gain for name, total in found.by_asset.items()}["crypto:BTC"] == 47
    assert {name: total.gain for name, total in found.by_source.items()} == {"a": 18, "b": 29}


def test_the_report_may_be_limited_to_days_and_sources():
    assert [row.transaction for row in report(first=date(2024, 1, 1)).rows] == ["t3", "t4"]
    assert [row.transaction for row in report(last=date(2023, 12, 31)).rows] == ["t2"]
    assert [row.transaction for row in report(sources=["a"]).rows] == ["t2"]
    assert report(sources=["b"], last=date(2023, 12, 31)).total.income == 5


def test_days_are_those_of_the_zone():
    east = timezone(timedelta(hours=14))
    late = sell(364.7, "30 EUR", "1 BTC")  # the afternoon of 31 December in UTC
    found = book(buy(0, "1 BTC", "20 EUR"), late)
    assert list(gains_report(found).by_year) == [2023]
    assert list(gains_report(found, zone=east).by_year) == [2024]


def test_long_term_begins_after_the_chosen_number_of_days():
    assert [row.long_term for row in report(rule=TermRule(days=19)).rows] == [True, True, None]


def test_a_short_position_is_realised_when_it_is_closed():
    found = book(sell(0, "100 EUR", "2 .X"), buy(400, "2 .X", "80 EUR"))
    [row] = gains_report(found).rows
    assert (row.disposed, row.realised, row.holding_days) == (T0, T0 + 400 * DAY, 400)
    assert list(gains_report(found).by_year) == [2024]


@pytest.mark.parametrize("method", list(Method))
def test_what_was_renamed_was_acquired_when_the_old_name_was_bought(method):
    rows = [
        buy(0, "2 LEND", "20 EUR", id="bought"),
        tx(300, "swap", "0.02 AAVE", "2 LEND", id="renamed"),
        sell(400, "50 EUR", "0.02 AAVE", id="sold"),
    ]
    [row] = gains_report(book(*rows, method=method)).rows
    assert (row.acquired, row.lot, row.transaction) == (T0, "bought", "sold")
    assert (row.gain, row.holding_days, row.long_term) == (30, 400, True)


def test_an_unknown_part_of_a_sale_leaves_the_known_part_known():
    found = gains_report(book(buy(0, "1 BTC", "10 EUR"), sell(1, "60 EUR", "3 BTC")))
    assert (found.total.gain, found.total.unknown, found.total.unknown_proceeds) == (10, 1, 40)


# ------------------------------------------------------------------------------------------------- what if
NOW = T0 + 10 * DAY


def sale(quantity, price="50", fee="0"):
    return Sale(asset("BTC"), Decimal(quantity), Decimal(price), NOW, Decimal(fee))


@pytest.mark.parametrize(
    ("method", "cost"), [("fifo", 25), ("lifo", 35), ("hifo", 40), ("lofo", 20), ("average", 30)]
)
def test_a_sale_can_be_tried_with_any_method(method, cost):
    outcome = what_if_sold(book(*LADDER), sale("1.5", fee="1"), Method(method))
    assert (outcome.proceeds, outcome.cost, outcome.gain) == (74, cost, 74 - cost)
    assert sum(lot.quantity for lot in outcome.remaining) == Decimal("1.5")
    assert sum(lot.cost for lot in outcome.remaining) == 60 - cost


def test_trying_changes_nothing():
    known = book(*LADDER)
    before = (list(known.matches()), known.open_lots())
    what_if_sold(known, sale(3))
    what_if_picked(known, sale(0), [(1, Decimal(1))])
    assert (list(known.matches()), known.open_lots()) == before


def test_lots_can_be_picked_by_hand():
    outcome = what_if_picked(book(*LADDER), sale(0), [(1, Decimal("0.5")), (2, Decimal(1))])
    assert [(match.quantity, match.cost) for match in outcome.matches] == [(Decimal("0.5"), 15), (1, 20)]
    assert outcome.gain == 40
    assert [(lot.quantity, lot.cost) for lot in outcome.remaining] == [(1, 10), (Decimal("0.5"), 15)]


def test_more_than_there_is_cannot_be_sold():
    with pytest.raises(SaleTooLargeError):
        what_if_sold(book(*LADDER), sale("3.1"))
    with pytest.raises(SaleTooLargeError):
        what_if_picked(book(*LADDER), sale(0), [(0, Decimal("1.1"))])
    with pytest.raises(SaleTooLargeError):
        what_if_picked(book(*LADDER), sale(0), [(7, Decimal(1))])


def test_an_unknown_cost_leaves_the_outcome_unknown():
    outcome = what_if_sold(book(tx(0, "deposit", "1 BTC")), sale(1))
    assert (outcome.cost, outcome.gain, outcome.proceeds) == (None, None, 50)
