"""Components of the mood, by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from smartfolio_app.analytics.signals.components import (
    NAMES,
    Daily,
    breadth_of,
    components,
    realised_volatility,
    trailing_mean,
    trailing_rank,
)
from smartfolio_app.analytics.signals.funding import funding_row

NOW = datetime(2026, 7, 1, 16, tzinfo=UTC)
D = Decimal


def test_a_mean_needs_every_one_of_its_days():
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 6.0])
    assert trailing_mean(values, 3)[-1] == 5
    assert np.isnan(trailing_mean(values, 3)[:5]).all()


def test_a_rank_counts_itself_and_the_past_alone():
    ranks = trailing_rank(np.array([3.0, 1.0, 2.0, 9.0, 0.0]), days=4, least=2)
    assert np.isnan(ranks[0])
    assert ranks[1:].tolist() == [1 / 2, 2 / 3, 1.0, 1 / 4]


def test_volatility_is_the_sample_deviation_of_log_returns_a_year():
    close = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.02, 40)))
    expected = np.diff(np.log(close))[-30:].std(ddof=1) * np.sqrt(365)
    assert realised_volatility(close)[-1] == pytest.approx(expected)


def test_breadth_is_the_share_above_their_own_mean_of_those_that_are_known():
    days = np.arange(120.0)[:, None]
    rising, falling = 100 + days, 300 - days
    coins = np.hstack([rising, rising, rising, falling, falling, np.full((120, 1), np.nan)])
    assert breadth_of(coins)[-1] == pytest.approx(3 / 5)
    assert np.isnan(breadth_of(coins[:, :4])[-1]), "four coins are no breadth"


def test_a_coin_exactly_on_its_mean_is_not_above_it():
    flat, rising = np.full((100, 4), 8.0), np.arange(1.0, 101.0)[:, None]
    assert breadth_of(np.hstack([flat, rising]))[-1] == 1 / 5


def test_each_component_is_what_was_told_of_its_day():
    days, chance = 420, np.random.default_rng(4)
    known = Daily(
        days=np.arange(days),
        close=100 * np.exp(np.cumsum(chance.normal(0, 0.02, days))),
        fear_greed=chance.integers(0, 101, days).astype(float),
        funding=chance.normal(1e-4, 1e-4, days),
        coins=100 * np.exp(np.cumsum(chance.normal(0, 0.02, (days, 5)), axis=0)),
    )
    found = {one.name: one for one in components(known)}
    assert tuple(found) == NAMES
    assert np.array_equal(found["fear_greed"].value, known.fear_greed)
    assert found["fear_greed"].feature == pytest.approx(known.fear_greed / 100)
    assert found["fear_greed"].rank is None
    assert found["funding"].value[-1] == pytest.approx(known.funding[-3:].mean()), "three days' mean"
    assert found["trend"].value[-1] == pytest.approx(known.close[-1] / known.close[-100:].mean() - 1)
    assert np.array_equal(found["trend"].feature, found["trend"].value, equal_nan=True)
    moves = np.diff(np.log(known.close))
    assert found["volatility"].value[-1] == pytest.approx(moves[-30:].std(ddof=1) * np.sqrt(365))
    for name in ("funding", "volatility"):
        one = found[name]
        year = one.value[-365:]
        year = year[np.isfinite(year)]
        assert one.rank[-1] == pytest.approx((year <= one.value[-1]).mean()), "high is a high rank"
        assert np.array_equal(one.feature, one.rank, equal_nan=True)
    above = (known.coins[-1] > known.coins[-100:].mean(axis=0)).mean()
    assert found["breadth"].value[-1] == found["breadth"].feature[-1] == above


def test_what_is_not_traded_that_day_has_no_component():
    close = np.arange(100.0, 300.0)
    traded = np.arange(200) % 7 < 5
    none = np.full(200, np.nan)
    known = Daily(np.arange(200), close, none, none, np.empty((200, 0)), traded)
    for one in components(known):
        assert np.isnan(one.value[~traded]).all(), one.name
        assert np.isnan(one.feature[~traded]).all(), one.name
    trend = next(one for one in components(known) if one.name == "trend")
    assert np.isfinite(trend.value[110:][traded[110:]]).all()


def test_a_year_of_a_rate_counts_its_own_interval():
    for hours in (8, 4):
        settled = [(NOW - timedelta(hours=hours * back), D("0.0001")) for back in range(100, -1, -1)]
        row = funding_row("BTCUSDT", settled)
        assert row.interval == timedelta(hours=hours)
        assert row.a_year == D("0.0001") * 365 * 24 / hours
        assert row.week == row.a_year


def test_a_rate_is_ranked_among_those_of_a_year_when_there_are_enough():
    settled = [(NOW - timedelta(hours=8 * back), D(100 - back) / 1000) for back in range(99, -1, -1)]
    row = funding_row("BTCUSDT", settled)
    assert (row.rank, row.ranked) == (1.0, 100)
    few = funding_row("BTCUSDT", settled[-20:])
    assert (few.rank, few.ranked) == (None, 20)
    assert funding_row("BTCUSDT", []) is None


def test_rates_as_high_as_the_newest_are_not_above_it():
    flat = [(NOW - timedelta(hours=8 * back), D("0.0001")) for back in range(99, -1, -1)]
    assert funding_row("BTCUSDT", flat).rank == 1
    higher = [(at, rate + D("0.0001") * (number < 25)) for number, (at, rate) in enumerate(flat)]
    assert funding_row("BTCUSDT", higher).rank == 0.75
    assert funding_row("BTCUSDT", flat[-90:]).rank == 1
    assert funding_row("BTCUSDT", flat[-89:]).rank is None


def test_a_week_and_a_year_of_rates_leave_out_what_is_as_old_as_that():
    def settled(days):
        return [(NOW - timedelta(hours=8 * back), D(back) / 1000) for back in range(days * 3, -1, -1)]

    row = funding_row("BTCUSDT", settled(366))
    assert row.week_count == 21, "the rate of seven days ago is of the week before"
    assert row.week_mean == D(sum(range(21))) / 21 / 1000
    assert row.week == row.week_mean * 365 * 3
    assert row.week != row.a_year == 0
    assert row.ranked == 365 * 3


def test_a_rate_to_come_is_told_only_when_it_is_newer():
    settled = [(NOW - timedelta(hours=8), D("0.0001")), (NOW, D("0.0002"))]
    assert funding_row("X", settled, (NOW + timedelta(minutes=5), D("0.0003"))).next_rate == D("0.0003")
    assert funding_row("X", settled, (NOW - timedelta(minutes=5), D("0.0003"))).next_rate is None
