"""Returns by hand-computed examples, and the sums that must always hold."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartfolio_app.analytics.benchmark import benchmark
from smartfolio_app.analytics.explain_performance import explain_performance
from smartfolio_app.analytics.history import history
from smartfolio_app.analytics.money_returns import (
    annualised,
    daily_returns,
    linked,
    modified_dietz,
    simple_return,
    xirr,
)
from smartfolio_app.analytics.performance import performance_series
from smartfolio_app.analytics.periods import Period, period_start
from smartfolio_app.analytics.prices import PriceBook
from smartfolio_app.analytics.scope import Scope
from smartfolio_app.ledger.assets import Asset, AssetClass
from tests.analytics.conftest import World


def array(*values):
    return np.array(values, dtype=float)


# ------------------------------------------------------------------------------------------------- formulas
def test_the_time_weighted_return_does_not_see_money_come_and_go():
    value, flow = array(100, 110, 220, 99), array(0, 0, 110, -110)
    returns = daily_returns(value, flow)
    assert returns.tolist() == pytest.approx([0.1, 0, -0.05])
    assert linked(returns) == pytest.approx(1.1 * 1 * 0.95 - 1)


def test_the_first_day_counts_from_what_was_put_in():
    assert daily_returns(array(0, 110), array(0, 100)).tolist() == pytest.approx([0.1])
    assert daily_returns(array(0, 0), array(0, 0)).tolist() == [0]
    assert daily_returns(array(100, 0), array(0, -105)).tolist() == pytest.approx([0.05])


def test_a_large_deposit_into_an_almost_empty_portfolio_does_not_blow_the_return_up():
    assert daily_returns(array(1, 10_101), array(0, 10_000)).tolist() == pytest.approx([10_101 / 10_001 - 1])


def test_a_year_s_rate():
    assert annualised(0.21, 730) == pytest.approx(0.1)
    assert annualised(-1, 100) == -1
    assert annualised(0.1, 0) is None


def test_the_money_weighted_return_solves_its_own_equation_or_says_there_is_none():
    rate = xirr([(date(2023, 1, 1), -100.0), (date(2024, 1, 1), 110.0)])
    assert rate == pytest.approx(0.1)
    assert xirr([(date(2024, 1, 1), 110.0), (date(2023, 1, 1), -100.0)]) == pytest.approx(rate)
    assert xirr([(date(2023, 1, 1), -100.0), (date(2024, 1, 1), -10.0)]) is None
    assert xirr([(date(2023, 1, 1), -100.0), (date(2023, 1, 1), 110.0)]) is None
    assert xirr([]) is None


def test_simple_and_dietz_returns():
    assert simple_return(100, 260, array(0, 100, 0)) == pytest.approx(60 / 200)
    assert simple_return(0, 0, array(0, 0)) is None
    assert modified_dietz(100, 260, array(100, 0, 0, 0)) == pytest.approx(60 / (100 + 100 * 3 / 4))
    assert modified_dietz(0, 5, array(0)) is None


@pytest.mark.parametrize(
    ("period", "start"),
    [
        ("1D", "2024-03-30"),
        ("1W", "2024-03-24"),
        ("1M", "2024-02-29"),
        ("3M", "2023-12-31"),
        ("YTD", "2023-12-31"),
        ("1Y", "2023-03-31"),
        ("3Y", "2021-03-31"),
        ("MAX", "2019-12-31"),
    ],
)
def test_a_period_begins_at_the_end_of_a_day(period, start):
    found = period_start(Period(period), date(2024, 3, 31), date(2020, 1, 1))
    assert found == date.fromisoformat(start)


def test_no_period_begins_before_the_ledger_does():
    assert period_start(Period.YEAR, date(2024, 3, 31), date(2024, 3, 1)) == date(2024, 2, 29)


# --------------------------------------------------------------------------------------------------- ledger
@pytest.fixture
def series(world):
    """100 put in and half of it into BTC, which doubles, then 100 more, then ETH halves; fees and income between."""
    ledger = world.ledger(
        world.tx("deposit", "100 EUR", at=-96),
        world.tx("trade", "5 BTC", "50 EUR", at=-72),
        world.tx("deposit", "100 EUR", at=-24),
        world.tx("trade", "10 ETH", "100 EUR", "2 EUR", at=-24),
        world.tx("staking", "1 ETH", at=0),
    )
    rows = [("BTC 10", -96), ("ETH 10", -96), ("BTC 20", -48), ("ETH 5", 0)]
    prices = PriceBook([world.price(f"{text} EUR", at=at) for text, at in rows])
    return performance_series(ledger, prices, Scope(), "EUR", world.now.date()), prices


def test_the_series_begins_on_the_eve_of_the_ledger(series, world):
    found, _ = series
    today = world.now.date()
    assert (found.days[0], found.days[-1]) == (today - timedelta(days=5), today)
    assert found.value.tolist() == [0, 100, 100, 150, 248, 203]
    assert found.flows.tolist() == [0, 100, 0, 0, 100, 0]
    assert found.index.tolist() == pytest.approx([1, 1, 1, 1.5, 1.5 * 248 / 250, 1.5 * 203 / 250])
    assert found.below[-1] == pytest.approx(203 / 250 - 1)


def test_a_period_s_figures_fit_together(series):
    found, _ = series
    whole = found.period(Period.MAX)
    assert (whole.start, whole.end, whole.flows, whole.gain) == (0, 203, 200, 3)
    assert (whole.income, whole.fees) == (5, 2)
    assert whole.simple == pytest.approx(3 / 200)
    assert whole.twr == pytest.approx(1.5 * 203 / 250 - 1)
    assert whole.annualised is None  # five days are no year
    assert whole.xirr is not None
    day = found.period(Period.DAY)
    assert (day.start, day.gain, day.twr) == (248, -45, pytest.approx(203 / 248 - 1))


def test_the_contributions_add_up_to_the_gain(series):
    found, _ = series
    parts = found.contributions(found.days[0], found.days[-1])
    assert {part.asset: part.gain for part in parts} == {"crypto:BTC": 50, "crypto:ETH": -45, "fiat:EUR": -2}
    assert sum(part.gain for part in parts) == found.period(Period.MAX).gain
    assert sum(part.share for part in parts) == pytest.approx(found.period(Period.MAX).simple)


def test_the_deepest_fall_has_its_dates(series):
    found, _ = series
    fall = found.drawdown(found.days[0], found.days[-1])
    assert (fall.peak, fall.trough, fall.recovered) == (found.days[3], found.days[5], None)
    assert found.drawdown(found.days[0], found.days[3]) is None


def test_a_benchmark_gets_the_same_money_on_the_same_days(series):
    found, prices = series
    other = benchmark(found, prices, "crypto:BTC", found.days[0], found.days[-1])
    assert np.nan_to_num(other.value).tolist() == [0, 100, 100, 200, 300, 300]
    assert other.rate == pytest.approx(1)
    assert other.xirr == pytest.approx(
        xirr([(found.days[1], -100), (found.days[4], -100), (found.days[5], 300)])
    )
    part = benchmark(found, prices, "crypto:BTC", found.days[3], found.days[-1])
    assert part.value.tolist() == [150, 250, 250]


def test_money_waits_for_the_benchmark_s_first_price_and_an_unknown_one_has_no_value(series, world):
    found, _ = series
    late = PriceBook([world.price("NEW 10 EUR", at=-48)])
    assert np.nan_to_num(benchmark(found, late, "crypto:NEW", found.days[0], found.days[-1]).value).tolist() == [
        0, 0, 0, 100, 200, 200,
    ]  # fmt: skip
    none = benchmark(found, late, "crypto:XYZ", found.days[0], found.days[-1])
    assert np.isnan(none.value).all()
    assert (none.rate, none.xirr) == (None, None)


def test_an_empty_ledger_has_nothing_to_tell(world):
    found = performance_series(world.ledger(), PriceBook(), Scope(), "EUR", world.now.date())
    whole = found.period(Period.MAX)
    assert (whole.gain, whole.twr, whole.xirr, whole.simple) == (0, None, None, None)
    assert found.contributions(found.days[0], found.days[-1]) == []


def test_a_year_to_the_day_is_told_a_year_and_a_day_less_is_not(world):
    ledger = world.ledger(world.tx("deposit", "1 BTC", at=-24 * 400))
    prices = PriceBook([world.price("BTC 100 EUR", at=-24 * 401), world.price("BTC 110 EUR", at=-1)])
    found = performance_series(ledger, prices, Scope(), "EUR", world.now.date())
    year, less = (found.between(found.days[-1 - days], found.days[-1]) for days in (365, 364))
    assert (year.last - year.first).days == 365
    assert year.annualised == pytest.approx(year.twr) == pytest.approx(0.1)
    assert (less.annualised, less.twr) == (None, pytest.approx(0.1))


def test_an_index_over_more_than_a_year_is_told_a_year(world):
    ledger = world.ledger(world.tx("deposit", "1 BTC", at=-24 * 730))
    prices = PriceBook([world.price("BTC 100 EUR", at=-24 * 731), world.price("BTC 121 EUR", at=-1)])
    whole = performance_series(ledger, prices, Scope(), "EUR", world.now.date()).period(Period.MAX)
    assert whole.twr == pytest.approx(0.21)
    assert whole.annualised == pytest.approx(0.1, abs=5e-4)
    assert whole.xirr == pytest.approx(0.1, abs=5e-4)


WORLD = World()
names = st.sampled_from(["1 BTC", "3 BTC", "2 ETH", "40 EUR", "5 XYZ", "4 USD"])
events = st.lists(
    st.builds(
        lambda kind, received, sent, fee, at: WORLD.tx(kind, received, sent, fee, at=-at),
        st.sampled_from(["trade", "deposit", "withdrawal", "staking", "lost", "swap"]),
        names,
        names,
        st.none() | names,
        st.integers(0, 110),
    ),
    max_size=8,
)


@settings(max_examples=80, deadline=None)
@given(events)
def test_the_gains_of_the_assets_always_add_up_to_the_whole_gain(transactions):
    prices = PriceBook(
        [
            WORLD.price("BTC 50 EUR", at=-150),
            WORLD.price("BTC 60 EUR", at=-30),
            WORLD.price("ETH 10 USD", at=-60),
            WORLD.price("XYZ 3 EUR", at=-40),
        ],
        [WORLD.rate("2 USD", -9), WORLD.rate("1.6 USD", -2)],
    )
    found = performance_series(WORLD.ledger(*transactions), prices, Scope(), "EUR", WORLD.now.date())
    whole = found.period(Period.MAX)
    parts = found.contributions(found.days[0], found.days[-1])
    assert sum(part.gain for part in parts) == pytest.approx(whole.gain, abs=1e-6)


# ------------------------------------------------------------------------------------------------ exchange rates
def test_exchange_rates_alone_made_what_a_share_abroad_gained_without_moving(world):
    """Ten shares at 10 dollars; the dollar goes from 0.80 to 1.00 euro while the share stands still."""
    day = 24
    ledger = world.ledger(
        world.tx("deposit", "100 USD", at=-5 * day, source="x"),
        world.tx("trade", "10 .AAPL", "100 USD", at=-4 * day, source="x"),
        assets={"stock:AAPL": Asset("stock:AAPL", AssetClass.STOCK, "AAPL", quote_currency="USD")},
    )
    prices = [world.price(".AAPL 10 USD", at) for at in range(-5 * day, 1, day)]
    rates = [world.rate("1.25 USD", days) for days in (-7, -6, -5, -4, -3)] + [
        world.rate("1 USD", days) for days in (-2, -1)
    ]
    series = performance_series(
        ledger, PriceBook(prices, rates), Scope(), "EUR", world.now.date(), until=world.now
    )
    found = series.between(series.days[1], series.days[-1])
    assert found.gain == pytest.approx(20)
    assert found.fx == pytest.approx(20)
    told = explain_performance("fx", found, series)
    assert told.amount == Decimal(20)
    (dollar,) = told.steps
    assert [step.amount for step in dollar.children] == [Decimal("0.8"), Decimal(1), Decimal(100)]
    past = history(ledger, PriceBook(prices, rates), Scope(), "EUR", series.days[2], series.days[-1])
    assert past.fx.sum() == pytest.approx(found.fx)


def test_a_coin_has_no_currency_and_money_at_home_no_rate(world):
    ledger = world.ledger(world.tx("deposit", "1 BTC", at=-72), world.tx("deposit", "5 EUR", at=-72))
    prices = [world.price(f"BTC {price} EUR", at) for at, price in ((-80, 100), (-30, 300))]
    series = performance_series(ledger, PriceBook(prices), Scope(), "EUR", world.now.date())
    assert series.exposures.currencies == ()
    assert series.between(series.days[0], series.days[-1]).fx == 0
