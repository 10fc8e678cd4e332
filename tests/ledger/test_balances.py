"""What is held where: sums, anchors, accounts, effects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from smartfolio_app.ledger.balances import EffectRow, Quantity, effect, holdings_at
from smartfolio_app.ledger.transactions import Amount, Statement, StatementLine, Transaction, TransactionKind

DAY = timedelta(days=1)
T0 = datetime(2024, 1, 1, tzinfo=UTC)


def move(days, quantity, *, asset="crypto:BTC", source="s1", account="", fee=None):
    amount = Amount(Decimal(quantity).copy_abs(), asset)
    return Transaction(
        at=T0 + days * DAY,
        kind=TransactionKind.DEPOSIT if Decimal(quantity) > 0 else TransactionKind.WITHDRAWAL,
        received=amount if Decimal(quantity) > 0 else None,
        sent=amount if Decimal(quantity) < 0 else None,
        fee=None if fee is None else Amount(Decimal(fee), asset),
        source=source,
        account=account,
    )


def statement(days, quantity, asset="crypto:BTC", account=""):
    return Statement(T0 + days * DAY, (StatementLine(asset, Decimal(quantity), account),))


def test_without_a_statement_a_source_holds_the_sum_of_its_transactions():
    rows = [move(0, "1.5", account="A"), move(1, "-0.5", account="A", fee="0.001"), move(2, "2", source="s2")]
    held = holdings_at(rows, {}, T0 + 9 * DAY)
    assert held == {
        ("s1", "A", "crypto:BTC"): Quantity(Decimal("0.999"), "ledger", T0 + DAY),
        ("s2", "", "crypto:BTC"): Quantity(Decimal(2), "ledger", T0 + 2 * DAY),
    }


def test_the_instant_itself_counts_and_later_does_not():
    rows = [move(0, "1"), move(1, "1")]
    assert holdings_at(rows, {}, T0)["s1", "", "crypto:BTC"].quantity == 1


def test_the_newest_statement_is_the_anchor_and_later_transactions_add_to_it():
    rows = [move(0, "1"), move(5, "0.25")]
    anchors = {"s1": [statement(2, "7"), statement(4, "3")]}
    held = holdings_at(rows, anchors, T0 + 9 * DAY)
    assert held["s1", "", "crypto:BTC"] == Quantity(Decimal("3.25"), "statement", T0 + 4 * DAY)
    assert holdings_at(rows, anchors, T0 + 3 * DAY)["s1", "", "crypto:BTC"].quantity == 7


def test_a_transaction_at_the_statement_s_own_instant_is_already_in_it():
    held = holdings_at([move(2, "1")], {"s1": [statement(2, "7")]}, T0 + 9 * DAY)
    assert held["s1", "", "crypto:BTC"].quantity == 7


def test_before_its_first_statement_a_source_has_its_transactions_or_nothing():
    anchors = {"s1": [statement(4, "3")], "s2": [statement(4, "3")]}
    held = holdings_at([move(0, "1")], anchors, T0 + DAY)
    assert held == {("s1", "", "crypto:BTC"): Quantity(Decimal(1), "ledger", T0)}


def test_a_statement_is_complete_what_it_does_not_list_is_gone():
    held = holdings_at([move(0, "5", asset="crypto:ETH")], {"s1": [statement(4, "3")]}, T0 + 9 * DAY)
    assert [place[2] for place in held] == ["crypto:BTC"]


def test_after_a_statement_without_accounts_the_source_is_one_place():
    rows = [move(5, "-1", account="Kraken")]
    held = holdings_at(rows, {"s1": [statement(4, "3")]}, T0 + 9 * DAY)
    assert {place: held[place].quantity for place in held} == {("s1", "", "crypto:BTC"): Decimal(2)}


def test_after_a_statement_with_accounts_movements_keep_theirs():
    rows = [move(5, "-1", account="Kraken")]
    held = holdings_at(rows, {"s1": [statement(4, "3", account="Kraken")]}, T0 + 9 * DAY)
    assert {place: held[place].quantity for place in held} == {("s1", "Kraken", "crypto:BTC"): Decimal(2)}


def test_negative_positions_are_kept_and_zero_ones_left_out():
    rows = [move(0, "-1"), move(0, "1", asset="crypto:ETH"), move(1, "-1", asset="crypto:ETH")]
    held = holdings_at(rows, {"s2": [statement(0, "-8", asset="stock:TSLA")]}, T0 + 9 * DAY)
    assert {place[2]: held[place].quantity for place in held} == {
        "crypto:BTC": Decimal(-1),
        "stock:TSLA": Decimal(-8),
    }


def test_eighteen_decimals_and_large_sums_stay_exact():
    rows = [move(0, "123456789012345.000000000000000001"), move(1, "0.000000000000000001")]
    held = holdings_at(rows, {}, T0 + DAY)
    assert held["s1", "", "crypto:BTC"].quantity == Decimal("123456789012345.000000000000000002")


def test_the_effect_lists_the_assets_that_change_over_all_places():
    before = holdings_at([move(0, "1"), move(0, "2", source="s2")], {}, T0)
    after = holdings_at([move(0, "1"), move(0, "2.5", source="s2"), move(0, "4", asset="crypto:ETH")], {}, T0)
    assert effect(before, after) == [
        EffectRow("crypto:BTC", Decimal(3), Decimal("3.5")),
        EffectRow("crypto:ETH", Decimal(0), Decimal(4)),
    ]
    assert effect(after, after) == []
