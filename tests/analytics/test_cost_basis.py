"""What holdings cost and gained: known, shared by scope, unknown when any part is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from smartfolio_app.analytics.prices import PriceBook
from smartfolio_app.analytics.scope import Scope
from smartfolio_app.ledger.lots import Method, Policy


def holding(portfolio, symbol):
    return next(row for row in portfolio.holdings if row.asset.symbol == symbol)


def figures(portfolio, symbol="BTC"):
    row = holding(portfolio, symbol)
    return row.cost_basis, row.unrealised


@pytest.fixture
def bought(world):
    return [
        world.tx("deposit", "100 EUR", at=-99),
        world.tx("trade", "1 BTC", "10 EUR", "1 EUR", at=-90),
        world.tx("trade", "1 BTC", "30 EUR", at=-80),
    ]


PRICE = "BTC 50 EUR"


def test_a_holding_costs_what_was_paid_and_gains_the_rest(world, bought):
    portfolio = world.portfolio(world.ledger(*bought), [world.price(PRICE)])
    assert figures(portfolio) == (41, 59)
    assert figures(portfolio, "EUR") == (59, 0)


@pytest.mark.parametrize(("method", "cost"), [("fifo", 30), ("lifo", 11), ("average", Decimal("20.5"))])
def test_the_method_decides_what_is_left(world, bought, method, cost):
    ledger = world.ledger(*bought, world.tx("trade", "40 EUR", "1 BTC", at=-70))
    assert figures(world.portfolio(ledger, [world.price(PRICE)], method=method))[0] == cost


def test_the_past_has_the_cost_of_the_past(world, bought):
    ledger = world.ledger(*bought)
    portfolio = world.portfolio(ledger, [world.price(PRICE, at=-95)], at=world.now - 85 * world.hour)
    assert figures(portfolio) == (11, 39)


def test_an_unknown_part_makes_the_whole_cost_unknown(world, bought):
    ledger = world.ledger(*bought, world.tx("deposit", "0.1 BTC", at=-5))
    assert figures(world.portfolio(ledger, [world.price(PRICE)])) == (None, None)


def test_lots_that_do_not_account_for_the_balance_tell_no_cost(world, bought):
    ledger = world.ledger(
        *bought, world.tx("trade", "100 EUR", "5 BTC", at=-70), world.tx("trade", "9 BTC", "9 EUR")
    )
    assert figures(world.portfolio(ledger, [world.price(PRICE)])) == (None, None)


def test_a_scope_gets_its_share_of_the_cost(world, bought):
    ledger = world.ledger(
        *bought,
        world.tx("withdrawal", None, "0.5 BTC", at=-50),
        world.tx("deposit", "0.5 BTC", at=-49, source="b"),
    )
    costs = [
        figures(world.portfolio(ledger, [world.price(PRICE)], scope=Scope(crypto=name)))[0]
        for name in ("kraken", "binance", "all")
    ]
    assert costs == [Decimal("30.75"), Decimal("10.25"), 41]


def test_a_statement_s_own_cost_is_the_cost(world):
    from dataclasses import replace

    statement = world.statement("3 .AAPL", at=-9)
    line = replace(statement.lines[0], cost=world.amount("90 EUR"))
    ledger = world.ledger(statements={"x": [replace(statement, lines=(line,))]})
    assert figures(world.portfolio(ledger, [world.price(".AAPL 40 EUR")]), "AAPL") == (90, 30)
    without = world.ledger(statements={"x": [statement]})
    assert figures(world.portfolio(without, [world.price(".AAPL 40 EUR")]), "AAPL") == (None, None)


def test_a_short_position_gains_when_the_price_falls(world):
    ledger = world.ledger(world.tx("trade", "100 EUR", "2 .X", at=-9, source="x"))
    assert figures(world.portfolio(ledger, [world.price(".X 40 EUR")]), "X") == (-100, 20)


def test_other_money_has_no_kept_cost(world):
    ledger = world.ledger(world.tx("deposit", "100 USD", at=-9))
    assert figures(world.portfolio(ledger, [], [world.rate("2 USD")]), "USD") == (None, None)


def test_lots_are_computed_again_only_when_a_price_they_used_changes(world, bought):
    staking = world.tx("staking", "1 ETH", at=-60)
    ledger = world.ledger(*bought, staking)
    first = PriceBook([world.price("ETH 5 EUR", at=-61), world.price(PRICE)])
    kept = ledger.lots(first, "EUR")
    assert ledger.lots(first.with_points([world.price("BTC 51 EUR")]), "EUR") is kept
    changed = ledger.lots(first.with_points([world.price("ETH 7 EUR", at=-60.5)]), "EUR")
    assert changed is not kept
    assert changed.incomes[0].value == 7
    assert ledger.lots(first, "EUR", Policy(method=Method.LIFO)) is not kept


def test_a_quote_older_than_a_week_is_no_market_value(world):
    ledger = world.ledger(world.tx("staking", "1 ETH", at=0))
    for age, value in ((6, 5), (8, None)):
        book = PriceBook([world.price("ETH 5 EUR", at=-24 * age)])
        assert world.ledger(*ledger.transactions).lots(book, "EUR").incomes[0].value == value


def test_money_counts_at_the_rate_of_its_own_day(world):
    ledger = world.ledger(world.tx("trade", "1 BTC", "10 USD", at=-24))
    book = PriceBook(
        [], [world.rate("2 USD", days=-2), world.rate("4 USD", days=-1), world.rate("8 USD", days=0)]
    )
    assert ledger.lots(book, "EUR").bases()["crypto:BTC"].cost == Decimal("2.5")
