"""Daily and intraday series: the same truth as the portfolio's, day by day, with its flows apart."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartfolio_app.analytics.history import history
from smartfolio_app.analytics.intraday import intraday
from smartfolio_app.analytics.portfolio import LedgerView, WealthItemView, build
from smartfolio_app.analytics.prices import PriceBook, PricePoint, Staleness
from smartfolio_app.analytics.scope import Scope
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from tests.analytics.conftest import NOW, World

TODAY = NOW.date()
nan = pytest.approx(float("nan"), nan_ok=True)


def days_ago(count):
    return TODAY - timedelta(days=count)


def series(world, ledger, prices=(), rates=(), *, first=3, currency="EUR", scope=None, by=None, **more):
    return history(
        ledger, PriceBook(prices, rates), scope or Scope(), currency, days_ago(first), TODAY, by, **more
    )


def test_each_day_shows_what_was_held_at_its_end_at_its_last_price(world):
    ledger = world.ledger(world.tx("deposit", "2 BTC", at=-72), world.tx("withdrawal", None, "1 BTC", at=-24))
    prices = [world.price(f"BTC {price} EUR", at=at) for price, at in ((10, -72), (20, -48), (30, 0))]
    result = series(world, ledger, prices)
    assert result.days == (days_ago(3), days_ago(2), days_ago(1), TODAY)
    assert result.value.tolist() == [20, 40, 20, 30]
    assert result.flows.tolist() == [20, 0, -20, 0]
    assert result.invested.tolist() == [20, 20, 0, 0]


def test_invested_counts_what_happened_before_the_window(world):
    ledger = world.ledger(world.tx("deposit", "2 BTC", at=-24 * 50))
    result = series(world, ledger, [world.price("BTC 10 EUR", at=-24 * 60)])
    assert result.invested.tolist() == [20] * 4
    assert result.flows.tolist() == [0] * 4


def test_an_old_price_is_carried_and_the_coverage_says_so(world):
    ledger = world.ledger(world.tx("deposit", "2 BTC", at=-72), world.tx("deposit", "1 ETH", at=0))
    prices = [world.price("BTC 10 EUR", at=-72), world.price("ETH 5 EUR", at=0)]
    result = series(world, ledger, prices)
    assert result.value.tolist() == [20, 20, 20, 25]
    assert result.coverage.tolist() == [1, 1, 0, 0.5]  # 36 hours are allowed


def test_before_anything_is_held_the_value_is_zero_and_when_nothing_is_priced_it_is_unknown(world):
    result = series(world, world.ledger(world.tx("deposit", "1 XYZ", at=-24)))
    assert result.value.tolist() == [0, 0, nan, nan]
    assert result.coverage.tolist() == [nan, nan, 0, 0]


def test_trades_are_no_flows_while_income_and_fees_have_their_own_series(world):
    ledger = world.ledger(
        world.tx("deposit", "100 EUR", at=-60),
        world.tx("trade", "2 BTC", "30 EUR", "1 EUR", at=-36),
        world.tx("staking", "1 BTC", at=-12),
    )
    result = series(world, ledger, [world.price("BTC 15 EUR", at=-70)], first=2)
    assert result.value.tolist() == [100, 99, 114]
    assert (result.flows.tolist(), result.fees.tolist(), result.income.tolist()) == (
        [100, 0, 0],
        [0, 1, 0],
        [0, 0, 15],
    )


def test_what_gets_its_first_price_enters_as_a_flow_and_not_as_a_gain(world):
    ledger = world.ledger(
        world.tx("deposit", "100 EUR", at=-96), world.tx("trade", "5 XYZ", "40 EUR", at=-72)
    )
    result = series(world, ledger, [world.price("XYZ 12 EUR", at=-24)])
    assert result.value.tolist() == [60, 60, 120, 120]
    assert result.flows.tolist() == [-40, 0, 60, 0]


def test_a_statement_corrects_the_holdings_by_a_flow(world):
    ledger = world.ledger(
        world.tx("deposit", "1 BTC", at=-96), statements={"k": [world.statement("3 BTC", at=-24)]}
    )
    result = series(world, ledger, [world.price("BTC 10 EUR", at=-90)])
    assert result.value.tolist() == [10, 10, 30, 30]
    assert result.flows.tolist() == [0, 0, 20, 0]


def test_items_carry_their_valuation_and_debts_count_against_the_rest(world):
    def item(name, kind, *rows, liability=False, **more):
        values = [(days_ago(day), Decimal(value)) for day, value in rows]
        return WealthItemView(name, name, kind, "EUR", liability, values, **more)

    ledger = world.ledger(
        items=[
            item("a", "bank_account", (3, 100), (1, 130)),
            item("b", "real_estate", (2, 1000), (0, 1100)),
            item("c", "mortgage", (2, 800), liability=True),
            item("d", "vehicle", (3, 50), closed_on=days_ago(1)),
        ]
    )
    result = series(world, ledger, by="asset")
    assert result.value.tolist() == [150, 350, 330, 430]
    assert result.flows.tolist() == [150, 200, -20, 0]
    assert result.by["item:c"].tolist() == [0, -800, -800, -800]


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("category", {"crypto", "stocks"}),
        ("group", {"BTC", "ETH", "stock"}),
        ("source", {"kraken", "binance", "saxo"}),
        ("asset", {"crypto:BTC", "crypto:ETH", "stock:AAPL"}),
    ],
)
def test_a_breakdown_adds_up_to_the_total(world, by, keys):
    ledger = world.ledger(
        world.tx("deposit", "1 BTC", at=-72),
        world.tx("deposit", "1 ETH", at=-48),
        world.tx("deposit", "1 ETH", at=-24, source="b"),
        world.tx("deposit", "1 .AAPL", at=-24, source="x"),
    )
    prices = [
        world.price(f"{name} {value} EUR", at=-80) for name, value in (("BTC", 9), ("ETH", 5), (".AAPL", 3))
    ]
    result = series(world, ledger, prices, by=by)
    assert set(result.by) == keys
    assert sum(result.by.values()).tolist() == result.value.tolist() == [9, 14, 22, 22]


def test_days_are_the_user_s_own(world):
    ledger = world.ledger(world.tx("deposit", "1 BTC", at=-14))  # 22:00 UTC yesterday: today in Paris
    prices = [world.price("BTC 10 EUR", at=-90)]
    assert series(world, ledger, prices, first=1).value.tolist() == [10, 10]
    assert series(world, ledger, prices, first=1, time_zone="Europe/Paris").value.tolist() == [0, 10]


def test_wrong_questions_are_refused(world):
    with pytest.raises(ValueError, match="no breakdown"):
        series(world, world.ledger(), by="colour")
    with pytest.raises(ValueError, match="before the first"):
        series(world, world.ledger(), first=-2)


def test_an_empty_ledger_has_a_flat_history(world):
    result = series(world, world.ledger(), by="asset")
    assert result.value.tolist() == [0] * 4
    assert result.by == {}


def test_intraday_points_are_the_portfolio_at_their_instants(world):
    ledger = world.ledger(world.tx("deposit", "2 BTC", at=-60), world.tx("deposit", "1 BTC", at=-3))
    prices = [world.price(f"BTC {10 + hours} EUR", at=-hours) for hours in range(10)]
    book = PriceBook(prices)
    result = intraday(
        ledger, book, Scope(), "EUR", (NOW - 5 * world.hour, NOW + timedelta(minutes=30)), step=2 * world.hour
    )
    assert result.times[0] == NOW - 5 * world.hour
    assert result.times[-1] == NOW + timedelta(minutes=30)
    assert result.value.tolist() == [
        float(build(ledger, book, Scope(), "EUR", at).total) for at in result.times
    ]
    with pytest.raises(ValueError, match="positive step"):
        intraday(ledger, book, Scope(), "EUR", (NOW, NOW), step=timedelta(0))


# ------------------------------------------------------------------------------------------------ properties
WORLD = World()
names = st.sampled_from(["1 BTC", "3 BTC", "2 ETH", "40 EUR", "5 XYZ", "4 USD"])
events = st.lists(
    st.builds(
        lambda kind, received, sent, fee, at, source: WORLD.tx(
            kind, received, sent, fee, at=-at, source=source
        ),
        st.sampled_from(["trade", "deposit", "withdrawal", "staking", "lost", "split", "spin_off"]),
        names,
        names,
        st.none() | names,
        st.integers(0, 110),
        st.sampled_from(["k", "b", "x"]),
    ),
    max_size=8,
)
statements = st.dictionaries(
    st.sampled_from(["k", "x"]),
    st.lists(st.builds(lambda one, at: WORLD.statement(one, at=-at), names, st.integers(0, 110)), max_size=2),
    max_size=2,
)
PRICES = [
    WORLD.price("BTC 50 EUR", at=-150),
    WORLD.price("BTC 60 EUR", at=-30),
    WORLD.price("ETH 10 USD", at=-60),
    WORLD.price("ETH 8 USD", at=-9),
    WORLD.price("XYZ 3 EUR", at=-40),
]
RATES = [WORLD.rate("2 USD", -9), WORLD.rate("1.6 USD", -2), WORLD.rate("1.8 USD")]
ITEMS = [
    WealthItemView(
        "i", "i", "real_estate", "USD", False, [(days_ago(2), Decimal(100)), (TODAY, Decimal(150))]
    )
]


@settings(max_examples=80, deadline=None)
@given(events, statements, st.sampled_from(["EUR", "USD", "BTC"]), st.sampled_from(["UTC", "Asia/Tokyo"]))
def test_every_day_of_the_history_is_the_portfolio_of_that_day(transactions, anchors, currency, time_zone):
    ledger = WORLD.ledger(*transactions, statements=anchors, items=ITEMS)
    book = PriceBook(PRICES, RATES, Staleness(crypto=timedelta(hours=36)))
    result = history(ledger, book, Scope(), currency, days_ago(3), TODAY, time_zone=time_zone)
    for index, day in enumerate(result.days):
        end = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(time_zone))
        at = end.astimezone(UTC) - timedelta(microseconds=1)
        portfolio = build(ledger, book, Scope(), currency, at, time_zone=time_zone)
        if portfolio.total is None:
            assert np.isnan(result.value[index])
        else:
            assert result.value[index] == pytest.approx(float(portfolio.total), abs=1e-9)


@settings(max_examples=80, deadline=None)
@given(events, statements)
def test_the_flows_of_all_sources_are_the_sum_of_each_and_values_too(transactions, anchors):
    ledger = WORLD.ledger(*transactions, statements=anchors)
    book = PriceBook(PRICES, RATES)
    scopes = [Scope(crypto="kraken", stocks="-"), Scope(crypto="binance", stocks="-"), Scope(crypto="-")]
    parts = [history(ledger, book, scope, "EUR", days_ago(5), TODAY) for scope in scopes]
    whole = history(ledger, book, Scope(), "EUR", days_ago(5), TODAY)
    for name in ("flows", "income", "fees", "invested"):
        assert sum(getattr(part, name) for part in parts).tolist() == pytest.approx(
            getattr(whole, name).tolist()
        )
    total = np.nansum([part.value for part in parts], axis=0)
    assert total.tolist() == pytest.approx(np.nan_to_num(whole.value).tolist())


@settings(max_examples=50, deadline=None)
@given(events, st.randoms())
def test_the_order_of_the_transactions_does_not_matter(transactions, random):
    shuffled = list(transactions)
    random.shuffle(shuffled)
    one, two = (
        series(WORLD, WORLD.ledger(*rows), PRICES, RATES, by="asset") for rows in (transactions, shuffled)
    )
    for name in ("value", "flows", "income", "fees", "coverage"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), atol=1e-9)


@pytest.mark.slow
def test_five_years_of_a_hundred_thousand_trades_take_little_memory():
    world, days = World(), 1826
    start = NOW - timedelta(days=days)
    trades = [
        Transaction(
            start + timedelta(minutes=26 * number),
            TransactionKind.TRADE,
            Amount(Decimal(number % 97 + 1), f"crypto:C{number % 50}"),
            Amount(Decimal(number % 89 + 1), "fiat:EUR"),
            source="k",
        )
        for number in range(100_000)
    ]
    book = PriceBook(
        PricePoint(
            f"crypto:C{coin}", "EUR", Decimal(coin + day % 50 + 1), start + timedelta(days=day), "coingecko"
        )
        for coin in range(50)
        for day in range(days)
    )
    ledger = LedgerView(transactions=trades, sources=world.sources)
    tracemalloc.start()
    result = history(ledger, book, Scope(), "EUR", start.date(), TODAY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not np.isnan(result.value).any()
    assert peak < 250_000_000
