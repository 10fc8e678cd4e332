"""Components of the mood, by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from smartfolio_app.analytics.signals.components import (
    breadth_of,
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


def test_a_rate_to_come_is_told_only_when_it_is_newer():
    settled = [(NOW - timedelta(hours=8), D("0.0001")), (NOW, D("0.0002"))]
    assert funding_row("X", settled, (NOW + timedelta(minutes=5), D("0.0003"))).next_rate == D("0.0003")
    assert funding_row("X", settled, (NOW - timedelta(minutes=5), D("0.0003"))).next_rate is None
