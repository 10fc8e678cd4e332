"""Books against a report: each gap by name, its likely cause, and the entry that would close it, where one would."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.ledger.balances import holdings_at
from smartfolio_app.ledger.reconcile import reconcile
from smartfolio_app.ledger.transactions import Amount, Statement, StatementLine, Transaction, TransactionKind

NOW = datetime(2024, 5, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def amount(text):
    quantity, name = text.split()
    return Amount(Decimal(quantity), f"crypto:{name}")


def tx(kind, received=None, sent=None, fee=None, days=-10):
    sides = {"received": received, "sent": sent, "fee": fee}
    given = {name: amount(text) for name, text in sides.items() if text}
    return Transaction(at=NOW + days * DAY, kind=TransactionKind(kind), source="s", **given)


def report(*lines):
    return Statement(NOW, tuple(StatementLine(one.asset, one.quantity) for one in map(amount, lines)))


def only(transactions, statement):
    (gap,) = reconcile(transactions, statement).gaps
    return gap


def test_books_that_agree_have_no_gap_and_what_came_after_the_report_is_not_asked_about():
    found = reconcile(
        [
            tx("deposit", "2 BTC"),
            tx("deposit", "1 ETH"),
            tx("withdrawal", sent="1 ETH"),
            tx("deposit", "5 BTC", days=1),
        ],
        report("2 BTC"),
    )
    assert (found.gaps, found.agreed, found.as_of) == ((), 1, NOW)


CASES = {
    "no_history": ([], ["3 ADA"], "deposit"),
    "opening": ([tx("withdrawal", sent="1 ADA")], ["2 ADA"], "deposit"),
    "gone": ([tx("deposit", "2 ADA"), tx("deposit", "1 ADA")], [], "withdrawal"),
    "rewards": ([tx("deposit", "100 ADA"), tx("staking", "0.5 ADA")], ["101.1 ADA"], "staking"),
    "fees": ([tx("deposit", "100 ADA")], ["99.5 ADA"], "fee"),
    "rounding": ([tx("deposit", "1 ADA")], ["1.00000001 ADA"], "deposit"),
    "unknown": ([tx("deposit", "100 ADA")], ["70 ADA"], "withdrawal"),
}


@pytest.mark.parametrize("cause", CASES)
def test_each_cause_has_its_name_and_its_entry_closes_the_gap(cause):
    transactions, lines, kind = CASES[cause]
    gap = only(transactions, report(*lines))
    assert (gap.cause, gap.fix.kind.value) == (cause, kind)
    closed = [*transactions, gap.fix]
    assert reconcile(closed, report(*lines)).gaps == ()
    held = holdings_at(closed, {}, NOW)
    assert sum(one.quantity for one in held.values()) == gap.reported


def test_what_was_there_before_the_books_begin_is_entered_before_them():
    first = tx("withdrawal", sent="1 ADA")
    gap = only([first, tx("withdrawal", sent="1 ADA", days=-5)], report("3 ADA"))
    assert (gap.cause, gap.difference) == ("opening", 5)
    assert gap.fix.at == first.at - timedelta(seconds=1)
    plain = only([tx("deposit", "1 ADA"), tx("deposit", "1.5 ADA", days=-5)], report("5 ADA"))
    assert (plain.cause, plain.fix.at) == ("unknown", NOW)  # never below zero: nothing speaks for an opening


def test_two_opposite_gaps_are_one_renaming_told_from_both_sides():
    found = reconcile([tx("deposit", "7 MATIC"), tx("deposit", "1 POL")], report("8 POL"))
    gaps = {gap.asset: gap for gap in found.gaps}
    assert {asset: (gap.cause, gap.related) for asset, gap in gaps.items()} == {
        "crypto:MATIC": ("renamed", "crypto:POL"),
        "crypto:POL": ("renamed", "crypto:MATIC"),
    }
    for gap in found.gaps:
        assert (gap.fix.kind, gap.fix.sent, gap.fix.received) == (
            TransactionKind.SWAP,
            amount("7 MATIC"),
            amount("7 POL"),
        )


def test_a_gap_the_size_of_an_entry_points_to_it_and_proposes_nothing():
    twice = tx("deposit", "3 ADA", days=-4)
    gap = only([tx("deposit", "10 ADA"), twice], report("10 ADA"))
    assert (gap.cause, gap.fix, gap.at) == ("missing_twin", None, twice.at)


def test_little_more_of_what_earns_nothing_and_much_less_are_not_explained_away():
    assert only([tx("deposit", "100 ADA")], report("101 ADA")).cause == "unknown"
    assert only([tx("deposit", "100 ADA"), tx("staking", "0.5 ADA")], report("140 ADA")).cause == "unknown"
    assert only([tx("deposit", "100 ADA")], report("97 ADA")).cause == "unknown"


def test_how_many_assets_agree_is_counted_without_those_that_are_gone():
    found = reconcile(
        [
            tx("deposit", "1 BTC"),
            tx("deposit", "1 ETH"),
            tx("deposit", "2 SOL"),
            tx("withdrawal", sent="2 SOL"),
        ],
        report("1 BTC", "3 ETH", "4 DOT"),
    )
    assert found.agreed == 1
    assert {gap.asset for gap in found.gaps} == {"crypto:ETH", "crypto:DOT"}
