"""A lot match and an open lot are found again by their names, and never mistaken for another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smartfolio_app.ledger.gains import gains_report
from smartfolio_app.ledger.lots import Method, Pooling
from smartfolio_app.ledger.match_names import LotName, MatchName, name_of, named_lots
from tests.ledger.test_lots import book, buy, sell, tx

ROWS = [
    buy(0, "2 BTC", "20 EUR", "0.1 BTC", id="t0"),
    buy(1, "1 BTC", "30 EUR", id="t1"),
    buy(2, "1 BTC", "10 EUR", id="t2"),
    buy(2, "5 BNB", "50 EUR", id="t3"),
    tx(3, "trade", "3 ETH", "1.5 BTC", "0.5 BTC", id="t4"),
    tx(4, "trade", "90 EUR", "2 ETH", "1 BNB", id="t5"),
    sell(5, "100 EUR", "2 BTC", "1 EUR", id="t6"),
    sell(6, "80 EUR", "2 .X", id="t7"),
    sell(6, "50 EUR", "1 .X", id="t8"),
    buy(7, "4 .X", "90 EUR", id="t9"),
    sell(8, "9 EUR", "1 BTC", id="t10"),
]


@pytest.mark.parametrize("method", list(Method))
def test_every_match_is_found_by_a_name_of_its_own_whatever_came_before_it(method):
    made = book(*ROWS, method=method, prices={"ETH": 30, "BNB": 10})
    grown = book(
        buy(-9, "1 SOL", "5 EUR", id="s1"),
        sell(-8, "6 EUR", "1 SOL", id="s2"),
        *ROWS,
        method=method,
        prices={"ETH": 30, "BNB": 10},
    )
    rows = gains_report(made).rows
    names = [name_of(rows, number) for number in range(len(rows))]
    assert len(set(names)) == len(rows) > 8
    assert {row.kind for row in rows} >= {"sale", "short"}
    for name, row in zip(names, rows, strict=True):
        assert MatchName.parse(str(name)) == name
        for one in (made, grown):
            found = name.find(one)
            told = (found.asset, found.quantity, found.proceeds, found.cost, found.fee, found.gain)
            assert told == (row.asset, row.quantity, row.proceeds, row.cost, row.fees, row.gain), name
    sizes = [abs(row.gain) for row in rows if row.gain is not None]
    assert [abs(row.gain) for row in rows.largest(5)] == sorted(sizes, reverse=True)[:5]
    assert len(rows.largest(99)) == len(sizes) < len(rows)
    for ordered in (rows.ordered("gain", descending=True), rows.of_asset("crypto:BTC"), rows[2:]):
        assert {name_of(ordered, number) for number in range(len(ordered))} <= set(names)


def test_a_match_that_is_no_more_is_not_another_one():
    rows = gains_report(book(*ROWS, prices={"ETH": 30, "BNB": 10})).rows
    names = [name_of(rows, number) for number in range(len(rows))]
    other = book(ROWS[0], buy(0.5, "9 BTC", "9 EUR", id="new"), *ROWS[1:], prices={"ETH": 30, "BNB": 10})
    for name, row in zip(names, rows, strict=True):
        found = name.find(other)
        assert found is None or (found.cost, other.ordered[found.disposal].id) == (row.cost, row.transaction)
    assert any(name.find(other) is None for name in names)
    assert replace(names[0], place=99).find(other) is None
    for text in ("", "t4", "t4:0", "t4:0:t0", "t4:x:t0:crypto:BTC", "t4:-1:t0:crypto:BTC"):
        assert MatchName.parse(text) is None


def test_open_lots_of_one_purchase_in_several_places_have_names_of_their_own():
    rows = [
        buy(0, "3 BTC", "30 EUR", source="a", id="t0"),
        buy(1, "1 BTC", "20 EUR", source="a", id="t1"),
        tx(2, "withdrawal", None, "1 BTC", source="a", id="t2"),
        tx(2.1, "deposit", "1 BTC", None, source="b", id="t3"),
    ]
    made = book(*rows, pooling=Pooling.SOURCE, transfers={2: 3})
    named = list(named_lots(made, "crypto:BTC"))
    assert [(name.transaction, name.place, lot.quantity) for name, lot in named] == [
        ("t0", 0, 2),
        ("t0", 1, 1),
        ("t1", 0, 1),
    ]
    for name, lot in named:
        assert LotName.parse(str(name)) == name
        assert name.find(made) == lot
    assert LotName("t2", 0, "crypto:BTC").find(made) is None
    for text in ("", "t0", "t0:0", "t0:x:crypto:BTC"):
        assert LotName.parse(text) is None
