"""A total told after the accounts does not make them forgotten, and never changes a quantity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.ledger.statement_places import with_places
from smartfolio_app.ledger.transactions import Amount, Statement, StatementLine

MORNING = datetime(2026, 1, 2, 8, tzinfo=UTC)
BY_EXCHANGE = Statement(
    MORNING,
    (
        StatementLine("crypto:BTC", Decimal("0.5"), "Ledger"),
        StatementLine("crypto:BTC", Decimal("-0.00000001"), "Kraken"),
        StatementLine("crypto:ETH", Decimal(3), "Kraken"),
    ),
)


def total(*lines: StatementLine, after: timedelta = timedelta(minutes=5)) -> Statement:
    return Statement(MORNING + after, lines)


def told(statement: Statement) -> list[tuple[str, str, Decimal]]:
    return [(line.asset, line.account, line.quantity) for line in statement.lines]


def test_what_adds_up_keeps_its_accounts_and_the_exact_total():
    _, placed = with_places([BY_EXCHANGE, total(StatementLine("crypto:BTC", Decimal("0.50000001"), row=7))])
    assert told(placed) == [
        ("crypto:BTC", "Ledger", Decimal("0.50000002")),
        ("crypto:BTC", "Kraken", Decimal("-0.00000001")),
    ]
    assert {line.row for line in placed.lines} == {7}


@pytest.mark.parametrize(
    "later",
    [
        total(StatementLine("crypto:ETH", Decimal("2.9"))),  # something moved
        total(StatementLine("crypto:SOL", Decimal(1))),  # nobody said where
        total(StatementLine("crypto:ETH", Decimal(3), cost=Amount(Decimal(9), "fiat:EUR"))),
        total(StatementLine("crypto:ETH", Decimal(1)), StatementLine("crypto:ETH", Decimal(2))),
        total(StatementLine("crypto:ETH", Decimal(3)), after=timedelta(hours=25)),
        total(StatementLine("crypto:ETH", Decimal(3)), after=timedelta(hours=-1)),  # told before
    ],
)
def test_what_does_not_is_left_as_it_was_told(later):
    assert later in with_places([BY_EXCHANGE, later])


def test_a_statement_with_accounts_of_its_own_is_the_new_word_on_them():
    moved = total(StatementLine("crypto:ETH", Decimal(3), "Ledger"))
    evening = total(StatementLine("crypto:ETH", Decimal(3)), after=timedelta(hours=2))
    *_, last = with_places([evening, moved, BY_EXCHANGE])
    assert told(last) == [("crypto:ETH", "Ledger", Decimal(3))]
