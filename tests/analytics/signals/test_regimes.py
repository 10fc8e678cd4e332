"""Regimes by published rules."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from smartfolio_app.analytics.clock import day_number, day_of
from smartfolio_app.analytics.signals import regimes
from smartfolio_app.analytics.signals.regimes import (
    ADVANCE,
    AFTER_DAYS,
    CALM,
    COIN,
    CONFIRMED,
    DECLINE,
    PULLBACK,
    RECOVERY,
    STOCKS,
    TURBULENT,
    USUAL,
    regime_of,
)

FIRST = 18_000


def market(*stretches: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Closes that grow by a factor a day, stretch by stretch."""
    steps = np.concatenate([np.full(days, factor) for days, factor in stretches])
    return np.arange(FIRST, FIRST + len(steps)), 100 * np.cumprod(steps)


def test_a_rise_a_fall_and_a_rise_again_go_through_all_four():
    found = regime_of(*market((500, 1.002), (120, 0.985), (300, 1.006)), COIN)
    assert [one.regime for one in found.spells] == [ADVANCE, PULLBACK, DECLINE, RECOVERY, ADVANCE]
    assert found.regime == ADVANCE
    assert found.below == 0


def test_a_change_counts_once_it_was_confirmed_and_is_dated_by_then():
    days, closes = market((500, 1.002), (100, 0.985))
    found = regime_of(days, closes, COIN)
    fall = found.spells[1]
    # The first close below the mean of 200, by hand.
    means = np.array([closes[at - 199 : at + 1].mean() for at in range(199, len(closes))])
    below = int(days[199 + int(np.flatnonzero(closes[199:] < means)[0])])
    assert fall.start == below + CONFIRMED - 1
    assert found.spells[0].end == fall.start


def test_a_single_day_changes_nothing():
    days, closes = market((600, 1.002))
    closes[550] *= 0.5
    assert [one.regime for one in regime_of(days, closes, COIN).spells] == [ADVANCE]


def test_what_was_said_of_a_day_does_not_change_with_later_days():
    days, closes = market((500, 1.002), (60, 0.985), (150, 1.008), (90, 0.99))
    whole, part = regime_of(days, closes, COIN), regime_of(days[:640], closes[:640], COIN)
    assert [(one.regime, one.start) for one in part.spells] == [
        (one.regime, one.start) for one in whole.spells if one.start <= part.spells[-1].start
    ]


def test_stocks_are_far_below_sooner_than_coins():
    days, closes = market((500, 1.001), (30, 0.99))
    assert regime_of(days, closes, STOCKS).regime == DECLINE
    assert regime_of(days, closes, COIN).regime == PULLBACK


def test_what_followed_is_counted_with_the_days_it_had():
    days, closes = market((500, 1.002), (60, 0.985), (100, 1.008), (60, 0.985), (100, 1.008))
    found = regime_of(days, closes, COIN)
    declines = [one for one in found.spells if one.regime == DECLINE]
    after = next(one for one in found.after if (one.regime, one.days) == (DECLINE, 30))
    assert after.count == len(declines) == 2
    ways = sorted(closes[one.start - FIRST + 30] / closes[one.start - FIRST] - 1 for one in declines)
    assert (after.lowest, after.highest) == pytest.approx((ways[0], ways[1]))
    assert after.median == pytest.approx(sum(ways) / 2)
    none = regime_of(*market((500, 1.002), (60, 0.985)), COIN)
    late = next(one for one in none.after if (one.regime, one.days) == (DECLINE, 90))
    assert (late.count, late.median) == (0, None)


def test_what_followed_leaves_out_the_regime_nobody_saw_begin():
    days, closes = market((500, 1.002), (120, 0.985), (300, 1.006), (60, 0.985), (200, 1.006))
    found = regime_of(days, closes, COIN)
    seen = [one for one in found.spells[1:] if one.regime == ADVANCE]
    assert found.spells[0].regime == ADVANCE
    assert len(seen) == 2
    for span in AFTER_DAYS:
        after = next(one for one in found.after if (one.regime, one.days) == (ADVANCE, span))
        ways = [closes[one.start - FIRST + span] / closes[one.start - FIRST] - 1 for one in seen]
        assert after.count == 2, span
        low, high = sorted(ways)
        whole = (after.lowest, after.lower_quarter, after.median, after.upper_quarter, after.highest)
        assert whole == pytest.approx([low + (high - low) * part for part in (0, 0.25, 0.5, 0.75, 1)])
        assert after.rose == sum(one > 0 for one in ways) / 2
    falls = next(one for one in found.after if (one.regime, one.days) == (PULLBACK, 30))
    assert falls.count
    assert falls.rose == 0


def test_far_below_is_from_three_tenths_on_for_coins_and_from_a_fifth_for_stocks():
    for rules, fall in ((COIN, 0.30), (STOCKS, 0.20)):
        assert rules.far_below == fall
        below = np.array([-fall + 1e-9, -fall, -fall + 1e-9, -fall])
        gap = np.array([0.01, 0.01, 0.0, 0.0])  # on the mean is not above it
        said = [regimes.REGIMES[at] for at in regimes._said(gap, below, rules)]
        assert said == [ADVANCE, RECOVERY, PULLBACK, DECLINE]
    assert (COIN.closes_a_year, STOCKS.closes_a_year) == (365, 252)


def test_five_closes_in_a_row_make_a_change():
    assert CONFIRMED == 5
    said = np.array([0] * 9 + [3] * 4 + [0] * 3 + [3] * 5)
    counts = regimes._confirmed(said).tolist()
    assert counts == [-1] * 4 + [0] * 16 + [3]


def test_volatility_is_named_by_its_place_among_two_years_of_its_market():
    calm, wild = (np.random.default_rng(3).normal(0, size, 400) for size in (0.01, 0.03))
    for rules in (COIN, STOCKS):
        for moves in (np.r_[calm, wild], np.r_[wild, calm]):
            closes = 100 * np.exp(np.cumsum(moves))
            found = regime_of(np.arange(len(closes)), closes, rules)
            returns = np.diff(np.log(closes))
            each = np.array(
                [returns[at - 30 : at].std(ddof=1) for at in range(30, len(returns) + 1)]
            ) * np.sqrt(rules.closes_a_year)
            assert found.volatility == pytest.approx(each[-1])
            newest = each[-2 * rules.closes_a_year :]
            assert found.volatility_rank == pytest.approx((newest <= each[-1]).mean())
            assert found.turbulence == regimes._turbulence(found.volatility_rank) != ""
    words = [regimes._turbulence(rank) for rank in (None, 0.25, 0.26, 0.74, 0.75)]
    assert words == ["", CALM, USUAL, USUAL, TURBULENT]


def test_too_few_closes_are_no_regime():
    found = regime_of(*market((300, 1.001)), COIN)
    assert (found.regime, found.closes, found.needed) == ("", 300, 370)
    assert regime_of(np.empty(0, dtype=np.int64), np.empty(0), COIN).day is None


@pytest.mark.shared
def test_the_known_turns_of_bitcoin(shared_dir: Path):
    with (shared_dir / "prices" / "BTCUSDT_1d_binance.csv").open() as lines:
        rows = [
            (day_number(date.fromisoformat(row["date"])), float(row["close"]))
            for row in csv.DictReader(lines)
        ]
    found = regime_of(np.array([day for day, _ in rows]), np.array([close for _, close in rows]), COIN)

    def at(day: str) -> str:
        number = day_number(date.fromisoformat(day))
        return next(one.regime for one in reversed(found.spells) if one.start <= number)

    assert at("2018-12-01") == DECLINE
    assert at("2020-03-20") == DECLINE
    assert at("2021-03-01") == ADVANCE
    assert at("2022-11-15") == DECLINE
    assert at("2024-03-01") == ADVANCE
    assert day_of(found.spells[-1].start).year == 2026
