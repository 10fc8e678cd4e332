"""Transactions are read in one order, whatever order they came in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from smartfolio_app.ledger.ordering import in_order
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind

AT = datetime(2024, 1, 1, tzinfo=UTC)


def trade(sent, received, at=AT, quantity="1", **more):
    return Transaction(
        at=at,
        kind=TransactionKind.TRADE,
        sent=Amount(Decimal(1), sent) if sent else None,
        received=Amount(Decimal(quantity), received) if received else None,
        **more,
    )


def pairs(rows):
    return [(row.sent and row.sent.asset[-3:], row.received and row.received.asset[-3:]) for row in rows]


def test_instants_are_compared_in_utc_and_not_by_the_clock_on_the_wall():
    east = trade("fiat:EUR", "crypto:BTC", AT.replace(hour=12).astimezone(timezone(timedelta(hours=9))))
    later = trade("fiat:EUR", "crypto:ETH", AT.replace(hour=13))
    assert in_order([later, east]) == [east, later]


def test_at_one_instant_what_is_bought_comes_before_what_is_sold():
    sell, buy = trade("crypto:BTC", "fiat:EUR"), trade("fiat:EUR", "crypto:BTC")
    assert in_order([sell, buy]) == [buy, sell]


def test_at_one_instant_a_chain_of_exchanges_is_followed_from_its_start():
    chain = [
        trade("crypto:CCC", "crypto:DDD"),
        trade("crypto:BBB", "crypto:CCC"),
        trade("crypto:AAA", "crypto:BBB"),
        trade("crypto:DDD", "fiat:EUR"),
        trade("fiat:EUR", "crypto:AAA"),
    ]
    assert pairs(in_order(chain)) == [
        ("EUR", "AAA"), ("AAA", "BBB"), ("BBB", "CCC"), ("CCC", "DDD"), ("DDD", "EUR"),
    ]  # fmt: skip


def test_a_circle_of_exchanges_still_has_one_order():
    circle = [trade("crypto:AAA", "crypto:BBB"), trade("crypto:BBB", "crypto:AAA")]
    assert in_order(circle) == in_order(circle[::-1])


names = st.sampled_from(["", "fiat:EUR", "crypto:AAA", "crypto:BBB", "crypto:CCC"])
rows = st.lists(
    st.builds(
        trade,
        names,
        names,
        st.integers(0, 2).map(lambda hours: AT + timedelta(hours=hours)),
        st.sampled_from(["1", "2"]),
        external_id=st.sampled_from(["", "x"]),
        source=st.sampled_from(["s1", "s2"]),
    ),
    max_size=8,
)


@given(rows, st.randoms())
def test_the_order_given_never_matters(transactions, random):
    shuffled = list(transactions)
    random.shuffle(shuffled)
    assert in_order(shuffled) == in_order(transactions)
