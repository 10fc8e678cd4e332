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


# ------------------------------------------------------------------------------------------------ over time
def daily(world, ledger, prices, rates=(), scope=None, **more):
    from datetime import timedelta

    from smartfolio_app.analytics.history import history

    today = world.now.date()
    book = PriceBook(prices, rates)
    return history(ledger, book, scope or Scope(), "EUR", today - timedelta(days=4), today, **more)


def test_gains_are_unrealised_until_the_day_they_are_realised(world):
    ledger = world.ledger(
        world.tx("deposit", "100 EUR", at=-96),
        world.tx("trade", "2 BTC", "20 EUR", "2 EUR", at=-72),
        world.tx("trade", "30 EUR", "1 BTC", "1 EUR", at=-24),
    )
    prices = [world.price(f"BTC {price} EUR", at=at) for price, at in ((10, -96), (20, -48), (40, 0))]
    result = daily(world, ledger, prices)
    assert result.unrealised.tolist() == [0, -2, 18, 9, 29]
    assert result.realised.tolist() == [0, 0, 0, 18, 0]


def test_an_unknown_cost_leaves_the_unrealised_gain_unknown_and_a_known_one_beside_it_known(world):
    deposit = world.tx("deposit", "1 ETH", at=-48)
    prices = [world.price("BTC 10 EUR", at=-96), world.price("ETH 5 EUR", at=-96)]
    unknown = pytest.approx(float("nan"), nan_ok=True)
    assert daily(world, world.ledger(deposit), prices).unrealised.tolist() == [
        0,
        0,
        unknown,
        unknown,
        unknown,
    ]
    bought = world.tx("trade", "1 BTC", "8 EUR", at=-24)
    assert daily(world, world.ledger(deposit, bought), prices).unrealised.tolist() == [0, 0, unknown, 2, 2]


def test_the_gains_of_each_source_add_up_to_those_of_all(world):
    ledger = world.ledger(
        world.tx("trade", "2 BTC", "20 EUR", at=-90),
        world.tx("trade", "2 BTC", "60 EUR", at=-80, source="b"),
        world.tx("withdrawal", None, "1 BTC", at=-50),
        world.tx("deposit", "1 BTC", at=-49, source="b"),
        world.tx("trade", "50 EUR", "1 BTC", at=-24, source="b"),
        world.tx("trade", "1 .X", "5 EUR", at=-24, source="x"),
    )
    prices = [
        world.price("BTC 30 EUR", at=-95),
        world.price("BTC 50 EUR", at=-20),
        world.price(".X 7 EUR", at=-95),
    ]
    whole = daily(world, ledger, prices)
    scopes = (Scope(crypto="kraken", stocks="-"), Scope(crypto="binance", stocks="-"), Scope(crypto="-"))
    parts = [daily(world, ledger, prices, scope=scope) for scope in scopes]
    for name in ("realised", "unrealised"):
        total = sum(getattr(part, name) for part in parts)
        assert total.tolist() == pytest.approx(getattr(whole, name).tolist())
    assert whole.realised.tolist() == [0, 0, 0, 40, 0]


def test_the_last_day_of_the_series_is_the_portfolio_s_own_figure(world, bought):
    ledger = world.ledger(
        *bought,
        world.tx("swap", "20 NEW", "1 BTC", at=-60),
        world.tx("trade", "9 ETH", "1 BTC", at=-50),
        world.tx("trade", "100 EUR", "2 .X", at=-40, source="x"),
        world.tx("trade", "1 .X", "30 EUR", at=-30, source="x"),
        world.tx("split", "18 ETH", "9 ETH", at=-20),
        world.tx("loan_out", None, "5 NEW", at=-10),
    )
    prices = [
        world.price(f"{name} {price} EUR", at=-99)
        for name, price in (("BTC", 50), ("NEW", 3), ("ETH", 4), (".X", 40))
    ]
    portfolio = world.portfolio(ledger, prices)
    expected = sum(row.unrealised for row in portfolio.holdings)
    assert daily(world, ledger, prices).unrealised[-1] == pytest.approx(float(expected))
