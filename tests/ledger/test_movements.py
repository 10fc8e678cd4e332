"""The stream of changes adds up to what is held, statements included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from smartfolio_app.ledger.balances import holdings_at
from smartfolio_app.ledger.instants import micros
from smartfolio_app.ledger.movements import NO_TRANSACTION, Side, movements
from smartfolio_app.ledger.ordering import in_order
from smartfolio_app.ledger.transactions import Amount, Statement, StatementLine, Transaction, TransactionKind

T0 = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
assets = st.sampled_from(["crypto:BTC", "fiat:EUR"])
accounts = st.sampled_from(["", "A", "B"])
sources = st.sampled_from(["s1", "s2"])
amounts = st.none() | st.builds(Amount, st.integers(0, 5).map(Decimal), assets)
moments = st.integers(0, 9).map(lambda hours: T0 + hours * HOUR)
transactions = st.lists(
    st.builds(
        Transaction,
        at=moments,
        kind=st.just(TransactionKind.TRADE),
        received=amounts,
        sent=amounts,
        fee=amounts,
        account=accounts,
        source=sources,
    ),
    max_size=10,
)
lines = st.lists(st.builds(StatementLine, assets, st.integers(-3, 9).map(Decimal), accounts), max_size=3)
statements = st.dictionaries(
    sources, st.lists(st.builds(Statement, moments, lines.map(tuple)), max_size=3), max_size=2
)


@given(transactions, statements, moments)
def test_the_sum_of_the_movements_is_what_is_held_at_any_instant(rows, anchors, at):
    stream = movements(in_order(rows), anchors)
    totals: dict[tuple[str, str, str], Decimal] = {}
    for number, (when, place) in enumerate(zip(stream.at, stream.place, strict=True)):
        if when <= micros(at):
            totals[stream.places[place]] = totals.get(stream.places[place], Decimal(0)) + stream.change(
                number
            )
    expected = {place: held.quantity for place, held in holdings_at(rows, anchors, at).items()}
    assert {place: total for place, total in totals.items() if total} == expected


def test_movements_ascend_in_time_and_say_what_they_are():
    buy = Transaction(
        T0,
        TransactionKind.TRADE,
        Amount(Decimal(2), "crypto:BTC"),
        Amount(Decimal(9), "fiat:EUR"),
        source="s1",
    )
    line = StatementLine("crypto:BTC", Decimal("1.5"))
    stream = movements([buy], {"s1": [Statement(T0 + HOUR, (line,))]})
    assert stream.side.tolist() == [Side.RECEIVED, Side.SENT, Side.ANCHOR, Side.ANCHOR]
    assert [stream.change(number) for number in range(4)] == [2, -9, Decimal("-0.5"), 9]
    assert stream.transaction.tolist() == [0, 0, NO_TRANSACTION, NO_TRANSACTION]
    assert stream.lines == {2: line}
    assert stream.totals == [Decimal("1.5"), 0]


def test_the_first_transaction_that_takes_a_place_below_zero_is_known():
    def spend(hours, quantity):
        amount = Amount(Decimal(quantity), "crypto:BTC")
        return Transaction(T0 + hours * HOUR, TransactionKind.SPEND, sent=amount, source="s1")

    deposit = Transaction(T0, TransactionKind.DEPOSIT, Amount(Decimal(2), "crypto:BTC"), source="s1")
    assert movements([deposit, spend(1, 1), spend(2, 2), spend(3, 1)], {}).negative == {0: 2}
    assert movements([deposit, spend(1, 2)], {}).negative == {}
