"""The price book: how a price is found, how old it is, and that nothing is ever assumed."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartfolio_app.analytics.clock import (
    business_days_between,
    day_number,
    day_starts,
    easter,
    instant,
    micros,
)
from smartfolio_app.analytics.prices import PriceBook, PricePoint, RatePoint, Staleness
from smartfolio_app.ledger.money import divide

NOW = datetime(2024, 5, 15, 12, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BTC, ETH, APPLE = "crypto:BTC", "crypto:ETH", "stock:US0378331005"


def price(asset, currency, value, at=NOW, provider="coingecko"):
    return PricePoint(asset, currency, Decimal(value), at, provider)


def rate(currency, value, day=None):
    return RatePoint(currency, day or NOW.date() - DAY, Decimal(value))


RATES = [rate("USD", "1.08"), rate("CHF", "0.98"), rate("GBP", "0.86")]


def value(book, asset, currency, at=NOW):
    found = book.unit_price(asset, currency, at)
    return None if found is None else found.value


# ------------------------------------------------------------------------------------------- where from
def test_a_direct_quote_is_taken_as_it_is_with_its_time_and_source():
    found = PriceBook([price(BTC, "EUR", "60000")], RATES).unit_price(BTC, "EUR", NOW + HOUR)
    assert (found.value, found.at, found.stale) == (Decimal(60000), NOW, False)
    assert [(step.base, step.quote, step.provider) for step in found.path] == [(BTC, "EUR", "coingecko")]


def test_a_foreign_quote_is_converted_through_the_euro_and_the_path_says_so():
    found = PriceBook([price(BTC, "USD", "64800")], RATES).unit_price(BTC, "CHF", NOW)
    assert found.value == Decimal(58800)
    assert [(step.base, step.quote, str(step.value)) for step in found.path] == [
        (BTC, "USD", "64800"),
        ("EUR", "USD", "1.08"),
        ("EUR", "CHF", "0.98"),
    ]


def test_a_coin_can_be_the_currency():
    book = PriceBook(
        [price(BTC, "USD", "64800"), price(ETH, "USD", "3240"), price(APPLE, "USD", "162")], RATES
    )
    assert value(book, ETH, "BTC") == Decimal("0.05")
    assert value(book, APPLE, "BTC") == Decimal("0.0025")
    assert value(book, BTC, "BTC") == 1
    assert value(book, "fiat:EUR", "BTC") == divide(Decimal("1.08"), Decimal(64800))


def test_a_quote_in_a_coin_goes_through_that_coin():
    book = PriceBook([price(BTC, "USD", "64800"), price("crypto:ABC", "BTC", "0.5")], RATES)
    found = book.unit_price("crypto:ABC", "EUR", NOW)
    assert found.value == 30000
    assert len(found.path) == 3


def test_a_stablecoin_is_not_assumed_to_be_worth_a_dollar():
    book = PriceBook([price("crypto:ABC", "USDT", "2")], RATES)
    assert value(book, "crypto:USDT", "USD") is None
    assert value(book, "crypto:ABC", "USD") is None
    depegged = book.with_points([price("crypto:USDT", "USD", "0.97")])
    assert value(depegged, "crypto:ABC", "USD") == Decimal("1.94")


def test_a_missing_rate_is_missing_and_not_one():
    book = PriceBook([price(APPLE, "USD", "100")], [rate("CHF", "0.98")])
    assert value(book, APPLE, "EUR") is None
    assert value(book, "fiat:USD", "EUR") is None
    assert value(book, "fiat:EUR", "EUR") == 1
    assert book.quoted(APPLE, NOW)
    assert not book.quoted(APPLE, NOW - HOUR)
    assert not book.quoted(ETH, NOW)


def test_without_a_reference_rate_a_coin_quoted_in_both_currencies_connects_them():
    book = PriceBook(
        [price(BTC, "USD", "64800"), price(BTC, "ARS", "58320000"), price(APPLE, "USD", "2")], []
    )
    assert value(book, APPLE, "ARS") == 1800
    assert value(book, "fiat:ARS", "USD") == divide(Decimal(64800), Decimal(58320000))


def test_pence_are_a_hundredth_of_a_pound_and_not_a_currency():
    book = PriceBook([price("stock:VOD", "GBX", "71.5")], RATES)
    assert value(book, "stock:VOD", "GBP") == Decimal("0.715")


def test_before_the_first_observation_there_is_no_price():
    book = PriceBook([price(BTC, "EUR", "60000")], RATES)
    assert value(book, BTC, "EUR", NOW - HOUR) is None
    assert value(book, "fiat:USD", "EUR", NOW - 2 * DAY) is None


# ------------------------------------------------------------------------------------------ which of many
def test_the_newest_observation_wins_and_the_past_keeps_its_own():
    book = PriceBook([price(BTC, "EUR", "2", NOW), price(BTC, "EUR", "1", NOW - DAY)], RATES)
    assert value(book, BTC, "EUR") == 2
    assert value(book, BTC, "EUR", NOW - HOUR) == 1


def test_a_direct_quote_wins_unless_another_is_newer_by_more_than_an_hour():
    direct = price(BTC, "EUR", "100")
    book = PriceBook([direct, price(BTC, "USD", "216", NOW + HOUR)], RATES)
    assert value(book, BTC, "EUR", NOW + 2 * HOUR) == 100
    book = PriceBook([direct, price(BTC, "USD", "216", NOW + 2 * HOUR)], RATES)
    assert value(book, BTC, "EUR", NOW + 2 * HOUR) == 200


def test_a_price_the_user_typed_wins_on_its_day_and_on_that_day_only():
    typed = price(BTC, "EUR", "5", NOW, "manual")
    book = PriceBook(
        [typed, price(BTC, "EUR", "60000", NOW + HOUR), price(BTC, "USD", "1", NOW + 3 * HOUR)], RATES
    )
    assert value(book, BTC, "EUR", NOW + 4 * HOUR) == 5
    assert value(book.with_points([price(BTC, "EUR", "7", NOW + DAY)]), BTC, "EUR", NOW + DAY) == 7


def test_of_several_words_about_one_instant_the_user_s_own_counts_then_their_file_s():
    told = [
        price(APPLE, "USD", value, provider=who)
        for who, value in (("manual", "1"), ("file", "2"), ("coingecko", "3"), ("yahoo", "4"))
    ]
    for best in range(3):
        for rows in (told[best:], told[best:][::-1]):
            assert PriceBook(rows).unit_price(APPLE, "USD", NOW).value == (1, 2, 4)[best]


def test_a_trade_s_own_price_serves_only_where_the_market_is_silent():
    traded = price(BTC, "EUR", "55", NOW, "trade")
    assert value(PriceBook([traded], RATES), BTC, "EUR") == 55
    assert value(PriceBook([traded, price(BTC, "EUR", "60", NOW - DAY)], RATES), BTC, "EUR") == 60
    assert value(PriceBook([traded, price(BTC, "EUR", "60", NOW - 9 * DAY)], RATES), BTC, "EUR") == 55


def test_extending_a_book_leaves_the_first_one_as_it_was():
    book = PriceBook([price(BTC, "EUR", "1", NOW - DAY)], RATES)
    more = book.with_points([price(BTC, "EUR", "2"), price(ETH, "EUR", "3")])
    assert (value(book, BTC, "EUR"), value(more, BTC, "EUR"), value(more, ETH, "EUR")) == (1, 2, 3)
    assert not book.quoted(ETH, NOW)


# ------------------------------------------------------------------------------------------------- age
@pytest.mark.parametrize(
    ("days", "stale"),
    [
        (0, False),  # Friday 17 May itself
        (1, False),  # Saturday
        (2, False),  # Sunday
        (3, False),  # Monday, whose own fixing is not out yet
        (4, True),  # Tuesday: Monday's is missing
    ],
)
def test_the_last_fixing_carries_over_a_weekend_without_being_stale(days, stale):
    friday = datetime(2024, 5, 17, 18, tzinfo=UTC)
    book = PriceBook([], [rate("USD", "1.08", friday.date())])
    found = book.unit_price("fiat:USD", "EUR", friday + days * DAY)
    assert found.stale is stale
    assert found.at == datetime(2024, 5, 17, 15, tzinfo=UTC)


def test_the_fixing_before_easter_is_not_stale_on_easter_monday():
    assert easter(2024) == date(2024, 3, 31)
    assert easter(2025) == date(2025, 4, 20)
    book = PriceBook([], [rate("USD", "1.08", date(2024, 3, 28))])
    assert not book.unit_price("fiat:USD", "EUR", datetime(2024, 4, 2, 9, tzinfo=UTC)).stale
    assert book.unit_price("fiat:USD", "EUR", datetime(2024, 4, 3, 9, tzinfo=UTC)).stale


def test_coins_are_stale_by_the_hour_and_shares_by_the_trading_day():
    book = PriceBook([price(BTC, "EUR", "1"), price(APPLE, "EUR", "1")], RATES)
    assert not book.unit_price(BTC, "EUR", NOW + HOUR).stale
    assert book.unit_price(BTC, "EUR", NOW + HOUR + timedelta(seconds=1)).stale
    assert not book.unit_price(APPLE, "EUR", NOW + 2 * DAY).stale
    assert not book.unit_price(APPLE, "EUR", NOW + 4 * DAY).stale  # Sunday
    assert book.unit_price(APPLE, "EUR", NOW + 5 * DAY).stale  # the third business day
    patient = PriceBook([price(BTC, "EUR", "1")], RATES, Staleness(crypto=DAY))
    assert not patient.unit_price(BTC, "EUR", NOW + DAY).stale


def test_a_rate_counts_from_its_publication_in_the_afternoon():
    book = PriceBook([], [rate("USD", "2", date(2024, 5, 14)), rate("USD", "4", date(2024, 5, 15))])
    assert value(book, "fiat:EUR", "USD", datetime(2024, 5, 15, 14, 59, tzinfo=UTC)) == 2
    assert value(book, "fiat:EUR", "USD", datetime(2024, 5, 15, 15, tzinfo=UTC)) == 4


def test_the_very_first_rate_serves_its_own_day_already():
    book = PriceBook([], [rate("USD", "2", date(2024, 5, 15))])
    assert value(book, "fiat:EUR", "USD", datetime(2024, 5, 15, 1, tzinfo=UTC)) == 2
    assert value(book, "fiat:EUR", "USD", datetime(2024, 5, 14, 23, tzinfo=UTC)) is None


def test_the_age_of_a_converted_price_is_that_of_its_oldest_rate():
    book = PriceBook([price(BTC, "USD", "1", NOW)], [rate("USD", "1.08")])
    assert book.unit_price(BTC, "EUR", NOW).at == datetime(2024, 5, 14, 15, tzinfo=UTC)


# ---------------------------------------------------------------------------------------------- in bulk
def test_daily_prices_carry_the_last_one_and_say_when_it_is_old():
    book = PriceBook([price(BTC, "EUR", "1", NOW), price(BTC, "EUR", "4", NOW + 3 * DAY)], RATES)
    ends = np.array([micros(NOW + days * DAY) for days in (-1, 0, 1, 2, 3)])
    daily = book.daily([BTC, ETH], "EUR", ends)
    assert daily.price[:, 0].tolist()[1:] == [1, 1, 1, 4]
    assert daily.fresh[:, 0].tolist() == [False, True, True, False, True]
    assert math.isnan(daily.price[0, 0])
    assert np.isnan(daily.price[:, 1]).all()


currencies = st.sampled_from(["EUR", "USD", "CHF", "BTC", "USDT", "ARS"])
points = st.lists(
    st.builds(
        PricePoint,
        st.sampled_from([BTC, ETH, "crypto:USDT", APPLE]),
        currencies,
        st.integers(1, 50).map(Decimal),
        st.integers(-80, 80).map(lambda hours: NOW + hours * HOUR),
        st.sampled_from(["coingecko", "file", "manual", "trade"]),
    ),
    max_size=14,
)
fixings = st.lists(
    st.builds(
        RatePoint,
        st.sampled_from(["USD", "CHF"]),
        st.integers(-5, 5).map(lambda days: NOW.date() + days * DAY),
        st.integers(1, 9).map(Decimal),
    ),
    max_size=6,
)


@settings(max_examples=100, deadline=None)
@given(points, fixings, currencies)
def test_one_price_and_many_prices_are_found_by_the_same_rules(prices, rates, currency):
    book = PriceBook(prices, rates, Staleness(crypto=timedelta(hours=36)))
    moments = [NOW + hours * HOUR for hours in range(-90, 100, 7)]
    assets = [BTC, ETH, "crypto:USDT", APPLE, "fiat:USD", "fiat:ARS"]
    daily = book.daily(assets, currency, np.array([micros(at) for at in moments]))
    for row, at in enumerate(moments):
        for column, asset in enumerate(assets):
            one = book.unit_price(asset, currency, at)
            many = daily.price[row, column]
            if one is None:
                assert math.isnan(many)
            else:
                assert many == pytest.approx(float(one.value), rel=1e-12)
                assert daily.fresh[row, column] == (not one.stale)


@given(points, fixings, currencies, st.randoms())
def test_the_order_of_observations_does_not_matter(prices, rates, currency, random):
    shuffled = list(prices)
    random.shuffle(shuffled)
    one, two = (
        PriceBook(prices, rates),
        PriceBook(shuffled, rates[::-1]),
    )
    for asset in (BTC, ETH, APPLE):
        first, second = one.unit_price(asset, currency, NOW), two.unit_price(asset, currency, NOW)
        assert first == second


# ------------------------------------------------------------------------------------------------ clock
def test_instants_and_days_go_there_and_back_exactly():
    at = datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC)
    assert instant(micros(at)) == at
    assert day_number(date(1970, 1, 2)) == 1


def test_days_are_the_user_s_own_also_when_the_clock_changes():
    from zoneinfo import ZoneInfo

    starts = day_starts(date(2024, 3, 30), date(2024, 3, 31), ZoneInfo("Europe/Paris"))
    assert np.diff(starts).tolist() == [24 * 3_600_000_000, 23 * 3_600_000_000]
    assert instant(int(starts[0])) == datetime(2024, 3, 29, 23, tzinfo=UTC)
    utc = day_starts(date(2024, 1, 1), date(2024, 1, 1), ZoneInfo("UTC"))
    assert utc.tolist() == [
        micros(datetime(2024, 1, 1, tzinfo=UTC)),
        micros(datetime(2024, 1, 2, tzinfo=UTC)),
    ]


def test_business_days_skip_weekends_and_bank_holidays():
    christmas = day_number(date(2024, 12, 24))
    assert business_days_between(christmas, day_number(date(2024, 12, 27))) == 1
    assert business_days_between(christmas, christmas) == 0
