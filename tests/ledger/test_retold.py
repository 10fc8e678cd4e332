"""One event told twice, by a file and by the network, in other words; and what only looks like it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.ledger.retold import retold
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind

AT = datetime(2025, 1, 3, 15, 4, 5, tzinfo=UTC)
DAY = datetime(2025, 1, 3, tzinfo=UTC)


def buy(at=AT, shares="7", paid="280", fee="2", **more):
    return Transaction(
        at=at,
        kind=TransactionKind.TRADE,
        received=Amount(Decimal(shares), "stock:EXMP"),
        sent=Amount(Decimal(paid), "fiat:EUR"),
        fee=Amount(Decimal(fee), "fiat:EUR") if fee else None,
        **more,
    )


@pytest.mark.parametrize(
    "other",
    [
        buy(external_id="x", account="elsewhere", note="in other words"),
        buy(at=AT + timedelta(seconds=4)),
        buy(at=DAY),
        buy(at=DAY, paid="282", fee=""),
        buy(paid="280.004"),
    ],
    ids=["ids and accounts", "two clocks", "the day alone", "costs not told apart", "rounded"],
)
def test_it_is_the_same_event(other):
    assert retold([other], [buy(external_id="y")]) == {0}
    assert retold([buy()], [other]) == {0}


@pytest.mark.parametrize(
    "other",
    [
        buy(at=AT + timedelta(seconds=9)),
        buy(at=DAY - timedelta(days=1)),
        buy(at=DAY + timedelta(days=2)),
        buy(shares="7.0001"),
        buy(paid="280.02"),
        buy(fee="3"),
    ],
    ids=["later", "the day before", "another day", "other shares", "another price", "other costs"],
)
def test_it_is_another_event(other):
    assert retold([other], [buy()]) == set()


def test_two_events_that_are_both_known_by_the_day_alone_are_left_to_their_fingerprints():
    assert retold([buy(at=DAY, paid="282", fee="")], [buy(at=DAY)]) == {0}
    assert retold([buy(at=DAY)], [buy(at=DAY + timedelta(days=1))]) == set()


def test_equal_fills_are_paired_one_to_one_with_the_nearest():
    fills = [buy(at=AT + timedelta(seconds=gap)) for gap in (0, 2, 4)]
    assert retold([buy(at=AT + timedelta(seconds=2))], fills) == {1}
    assert retold([buy(at=DAY), buy(at=DAY)], fills) == {0, 1}


def test_two_rewards_of_one_day_are_two():
    def reward(at):
        return Transaction(
            at=at, kind=TransactionKind.STAKING, received=Amount(Decimal("0.001"), "crypto:ETH")
        )

    assert retold([reward(DAY)], [reward(AT)]) == set()
    assert retold([reward(DAY)], [reward(DAY + timedelta(seconds=3))]) == {0}


def test_what_moves_nothing_is_nobodys_twin():
    nothing = Transaction(
        at=AT,
        kind=TransactionKind.SWAP,
        received=Amount(Decimal(1), "crypto:BTC"),
        sent=Amount(Decimal(1), "crypto:BTC"),
    )
    assert retold([nothing], [nothing]) == set()
