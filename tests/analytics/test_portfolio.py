"""What it is worth: totals, coverage, scope, negative positions, wealth items."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartfolio_app.analytics.allocation import by_category, by_class, by_currency, by_group, by_source
from smartfolio_app.analytics.ledger_view import UnknownSourceError
from smartfolio_app.analytics.portfolio import LedgerView, WealthItemView
from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.ledger.assets import Asset, AssetClass
from tests.analytics.conftest import NOW, World


def item(kind="bank_account", *valuations, currency="EUR", liability=False, item_id="i1", **more):
    rows = [(date.fromisoformat(day), Decimal(value)) for day, value in valuations]
    return WealthItemView(item_id, kind, kind, currency, liability, rows, **more)


def values(portfolio):
    return {holding.asset.id: holding.value for holding in portfolio.holdings}


@pytest.fixture
def household(world):
    ledger = world.ledger(
        world.tx("deposit", "10000 EUR", at=-100),
        world.tx("trade", "0.1 BTC", "6000 EUR", "1 EUR", at=-90),
        world.tx("deposit", "2 ETH", at=-90, source="b"),
        world.tx("trade", "3 .AAPL", "500 USD", at=-80, source="x"),
        world.tx("deposit", "600 USD", at=-85, source="x"),
        items=[
            item("real_estate", ("2024-01-01", "300000")),
            item("mortgage", ("2024-01-01", "200000"), liability=True, item_id="i2"),
        ],
    )
    prices = [world.price("BTC 60000 EUR"), world.price("ETH 3240 USD"), world.price(".AAPL 180 USD")]
    return ledger, prices, [world.rate("1.08 USD")]


def test_the_total_is_the_sum_of_everything_priced_and_liabilities_count_against_it(world, household):
    portfolio = world.portfolio(*household)
    assert values(portfolio) == {
        "crypto:BTC": 6000,
        "crypto:ETH": 6000,
        "fiat:EUR": 3999,
        "stock:AAPL": 500,
        "fiat:USD": Decimal("92.592592592593"),
        "item:i1": 300000,
        "item:i2": -200000,
    }
    assert portfolio.total == sum(values(portfolio).values())
    assert portfolio.liabilities == 200000
    assert portfolio.assets - portfolio.liabilities == portfolio.total
    assert portfolio.by_category[Category.WEALTH] == 100000
    assert sum(portfolio.by_category.values()) == portfolio.total
    assert portfolio.holdings[0].asset.id == "item:i1"
    assert sum(holding.share for holding in portfolio.holdings if holding.share) == pytest.approx(Decimal(1))


def test_every_holding_says_where_it_lies_and_how_its_price_was_found(world, household):
    portfolio = world.portfolio(*household)
    ether = next(holding for holding in portfolio.holdings if holding.asset.symbol == "ETH")
    assert [(row.source_key, row.quantity, row.origin) for row in ether.positions] == [
        ("binance", 2, "ledger")
    ]
    assert [rate.provider for rate in ether.price.path] == ["coingecko", "ecb"]
    assert ether.group == "ETH"


def test_what_is_not_priced_is_listed_last_with_the_reason_and_lowers_the_coverage(world):
    ledger = world.ledger(
        world.tx("deposit", "1 BTC", at=-9),
        world.tx("deposit", "1 XYZ", at=-9),
        world.tx("deposit", "1 ABC", at=-9),
    )
    portfolio = world.portfolio(ledger, [world.price("BTC 5 EUR"), world.price("ABC 7 CHF")])
    assert [(row.asset.symbol, row.value, row.reason) for row in portfolio.holdings] == [
        ("BTC", 5, ""),
        ("ABC", None, "holding.no_rate"),
        ("XYZ", None, "holding.no_price"),
    ]
    assert portfolio.total == 5
    assert (portfolio.coverage.priced, portfolio.coverage.total) == (1, 3)


def test_a_portfolio_of_which_nothing_is_priced_has_no_total_and_an_empty_one_is_worth_nothing(world):
    unpriced = world.portfolio(world.ledger(world.tx("deposit", "1 BTC")))
    assert unpriced.total is None
    assert unpriced.by_category == {Category.CRYPTO: None, Category.STOCKS: 0, Category.WEALTH: 0}
    empty = world.portfolio(world.ledger())
    assert (empty.total, empty.coverage.share) == (0, None)


def test_stale_prices_are_counted_and_the_oldest_is_named(world):
    ledger = world.ledger(world.tx("deposit", "1 BTC", at=-50), world.tx("deposit", "1 ETH", at=-50))
    portfolio = world.portfolio(ledger, [world.price("BTC 5 EUR", at=-3), world.price("ETH 5 EUR")])
    assert portfolio.coverage.stale == 1
    assert portfolio.coverage.oldest == NOW - 3 * world.hour


def test_the_scope_narrows_one_category_and_leaves_the_others(world, household):
    portfolio = world.portfolio(*household, scope=Scope(crypto="binance"))
    assert {
        holding.asset.symbol for holding in portfolio.holdings if holding.category is Category.CRYPTO
    } == {"ETH"}
    assert portfolio.by_category[Category.STOCKS] == world.portfolio(*household).by_category[Category.STOCKS]
    assert world.portfolio(*household, scope=Scope(wealth="other")).by_category[Category.WEALTH] == 0


def test_the_past_is_valued_with_what_was_held_and_known_then(world):
    ledger = world.ledger(world.tx("deposit", "1 BTC", at=-50), world.tx("deposit", "2 BTC", at=-10))
    prices = [world.price("BTC 5 EUR", at=-40), world.price("BTC 9 EUR", at=-1)]
    assert world.portfolio(ledger, prices, at=NOW - 20 * world.hour).total == 5
    assert world.portfolio(ledger, prices, at=NOW - 60 * world.hour).total == 0


def test_a_statement_anchors_its_source_whether_named_by_id_or_by_key(world):
    for name in ("k", "kraken"):
        ledger = world.ledger(
            world.tx("deposit", "1 BTC", at=-50),
            world.tx("deposit", "0.5 BTC", at=-1),
            statements={name: [world.statement("7 BTC", "-1 ETH", at=-9)]},
        )
        portfolio = world.portfolio(ledger, [world.price("BTC 10 EUR"), world.price("ETH 3 EUR")])
        assert values(portfolio) == {"crypto:BTC": 75, "crypto:ETH": -3}
        assert portfolio.holdings[0].positions[0].origin == "statement"
        assert portfolio.holdings[0].positions[0].as_of == NOW - 9 * world.hour


def test_a_balance_below_zero_is_kept_and_warned_of_with_its_first_cause(world):
    ledger = world.ledger(
        world.tx("trade", "1 BTC", "100 EUR", at=-9, id="t1"),
        world.tx("trade", "1 ETH", "2 BTC", at=-8, id="t2"),
        world.tx("trade", "1 ETH", "2 BTC", at=-7, id="t3"),
    )
    portfolio = world.portfolio(ledger, [world.price("BTC 60 EUR"), world.price("ETH 60 EUR")])
    assert values(portfolio) == {"crypto:ETH": 120, "fiat:EUR": -100, "crypto:BTC": -180}
    assert portfolio.liabilities == 280
    warnings = {
        (warning.code, warning.params["asset"], warning.transaction_id) for warning in portfolio.warnings
    }
    assert warnings == {("ledger.negative_cash", "EUR", "t1"), ("ledger.negative_balance", "BTC", "t2")}
    assert world.portfolio(ledger, scope=Scope(crypto="binance")).warnings == ()  # another place's trouble


def test_items_carry_their_last_valuation_and_are_gone_when_closed(world):
    house = item("real_estate", ("2024-05-16", "9"), ("2024-01-01", "5"), ("2024-03-01", "7"))
    assert values(world.portfolio(world.ledger(items=[house]))) == {"item:i1": 7}
    sold = item("vehicle", ("2024-01-01", "5"), closed_on=date(2024, 5, 15))
    assert values(world.portfolio(world.ledger(items=[sold]))) == {}
    assert values(world.portfolio(world.ledger(items=[sold]), at=NOW - world.day)) == {"item:i1": 5}


def test_an_item_valued_today_counts_today_in_the_user_s_own_zone(world):
    house = item("real_estate", ("2024-05-16", "9"))
    assert values(world.portfolio(world.ledger(items=[house]), time_zone="Pacific/Auckland")) == {
        "item:i1": 9
    }
    assert values(world.portfolio(world.ledger(items=[house]), time_zone="America/New_York")) == {}


def test_an_item_in_a_currency_without_a_rate_is_not_priced(world):
    portfolio = world.portfolio(
        world.ledger(items=[item("bank_account", ("2024-01-01", "5"), currency="USD")])
    )
    assert portfolio.total is None
    assert portfolio.holdings[0].reason == "holding.no_rate"


def test_a_transaction_of_an_unknown_source_is_an_error_and_not_left_out(world):
    with pytest.raises(UnknownSourceError):
        world.portfolio(LedgerView(transactions=[world.tx("deposit", "1 BTC")]))


def test_the_allocation_adds_up_by_group_class_category_source_and_currency(world, household):
    portfolio = world.portfolio(*household)
    for slices in (by_class(portfolio), by_category(portfolio), by_source(portfolio), by_currency(portfolio)):
        assert sum(part.value for part in slices) == pytest.approx(portfolio.total)
        assert sum(part.share for part in slices if part.share) == pytest.approx(Decimal(1))
    assert [(part.key, part.value) for part in by_group(portfolio)] == [("BTC", 6000), ("ETH", 6000)]
    assert {part.key for part in by_source(portfolio)} == {"kraken", "binance", "saxo", "wealth_items"}
    assert by_source(portfolio, {"kraken": "Kraken"})[1].label == "Kraken"
    exposures = {part.key: part.value for part in by_currency(portfolio)}
    assert exposures["crypto"] == 12000
    assert exposures["EUR"] == 103999


def test_shares_are_of_what_is_owned_a_debt_has_none_and_what_has_no_price_no_slice(world):
    ledger = world.ledger(
        world.tx("trade", "1 BTC", "40 USD", at=-9),
        world.tx("deposit", "1 SOL", at=-9),
        world.tx("deposit", "1 DOGE", at=-9),
        world.tx("deposit", "1 XYZ", at=-9),
    )
    prices = [world.price(one) for one in ("BTC 100 USD", "SOL 500 USD", "DOGE 25 USD")]
    portfolio = world.portfolio(ledger, prices, currency="USD")
    groups = [(part.key, part.value, part.share, part.count) for part in by_group(portfolio)]
    assert groups == [  # in the order of the eleven groups, not of their worth
        ("BTC", 100, Decimal("0.16"), 1),
        ("SOL", 500, Decimal("0.8"), 1),
        ("MEME", 25, Decimal("0.04"), 1),
    ]
    money = {part.key: (part.value, part.share) for part in by_currency(portfolio)}
    assert money == {"crypto": (625, 1), "USD": (-40, None)}


def test_a_share_is_exposed_to_the_currency_it_is_quoted_in_even_without_a_price_in_it(world):
    apple = Asset(world.asset(".AAPL"), AssetClass.STOCK, "AAPL", quote_currency="USD")
    ledger = world.ledger(
        world.tx("deposit", "1 .AAPL", at=-9, source="x"),
        world.tx("deposit", "1 .SAP", at=-9, source="x"),
        assets={apple.id: apple},
    )
    prices = [world.price(".AAPL 100 EUR"), world.price(".SAP 50 EUR")]
    exposures = {part.key: part.value for part in by_currency(world.portfolio(ledger, prices))}
    assert exposures == {"USD": 100, "EUR": 50}


# ------------------------------------------------------------------------------------------------ properties
WORLD = World()
moves = st.lists(
    st.builds(
        lambda kind, quantity, name, source, at: WORLD.tx(
            kind,
            **{"received" if kind == "deposit" else "sent": f"{quantity} {name}"},
            source=source,
            at=-at,
        ),
        st.sampled_from(["deposit", "withdrawal"]),
        st.integers(1, 5),
        st.sampled_from(["BTC", "ETH", "EUR", "USD"]),
        st.sampled_from(["k", "b", "x"]),
        st.integers(0, 60),
    ),
    max_size=12,
)
PRICES = [WORLD.price("BTC 60000 EUR", at=-90), WORLD.price("ETH 3240 USD", at=-90)]
RATES = [WORLD.rate("1.25 USD", -9)]


@settings(max_examples=60, deadline=None)
@given(moves)
def test_the_sources_of_a_category_add_up_to_all_of_it(transactions):
    ledger = WORLD.ledger(*transactions)
    everything = WORLD.portfolio(ledger, PRICES, RATES).total
    nothing = "none"
    parts = [
        WORLD.portfolio(ledger, PRICES, RATES, scope=scope).total
        for scope in (
            Scope(crypto="kraken", stocks=nothing),
            Scope(crypto="binance", stocks=nothing),
            Scope(crypto=nothing, stocks="all"),
        )
    ]
    assert sum(parts) == everything


@settings(max_examples=60, deadline=None)
@given(moves)
def test_converting_the_sum_is_the_sum_of_the_converted(transactions):
    ledger = WORLD.ledger(*transactions)
    euros, dollars = (WORLD.portfolio(ledger, PRICES, RATES, currency=code).total for code in ("EUR", "USD"))
    assert dollars == pytest.approx(euros * Decimal("1.25"), abs=Decimal("1e-11"))
