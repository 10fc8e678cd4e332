"""The model of the mood: it finds what is planted, finds nothing in noise, and never looks ahead."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from smartfolio_app.analytics.clock import day_number
from smartfolio_app.analytics.signals import model
from smartfolio_app.analytics.signals.components import Daily
from smartfolio_app.analytics.signals.model import EDGE, NONE, mood

FIRST = 17_000
DAYS = 1000


def noise(seed: int, days: int = DAYS) -> Daily:
    """A market in which nothing tells anything: prices, moods and rates are independent."""
    chance = np.random.default_rng(seed)
    return Daily(
        days=np.arange(FIRST, FIRST + days),
        close=100 * np.exp(np.cumsum(chance.normal(0, 0.03, days))),
        fear_greed=np.clip(50 + 20 * chance.normal(size=days), 0, 100),
        funding=chance.normal(0, 1e-4, days),
        coins=100 * np.exp(np.cumsum(chance.normal(0, 0.03, (days, 6)), axis=0)),
    )


def planted(seed: int) -> Daily:
    """A market in which Fear & Greed says a good part of what the next days bring."""
    market = noise(seed)
    chance = np.random.default_rng(seed + 1)
    drift = np.repeat(chance.choice([-1.0, 1.0], DAYS // 20 + 1), 20)[:DAYS]
    moves = np.concatenate([[0.0], 0.012 * drift[:-1] + chance.normal(0, 0.02, DAYS - 1)])
    greed = np.clip(50 + 15 * drift + 8 * chance.normal(size=DAYS), 0, 100)
    return replace(market, close=100 * np.exp(np.cumsum(moves)), fear_greed=greed)


def test_a_planted_signal_is_found_with_skill_above_zero():
    found = mood(planted(3), FIRST + DAYS)
    assert found.record is not None
    assert found.record.verdict == EDGE
    assert found.record.skill.low > 0.02
    assert found.record.hits.value > found.record.base_hits + 0.05
    weights = {one.name: one.weight for one in found.parts}
    assert weights["fear_greed"] == max(weights.values(), key=abs)
    assert weights["fear_greed"] > 0
    assert found.record.bins[-1].happened > found.record.bins[0].happened + 0.2


@pytest.mark.parametrize("seed", [0, 1])
def test_pure_noise_has_no_demonstrated_edge(seed):
    found = mood(noise(seed), FIRST + DAYS)
    assert found.record is not None
    assert found.record.verdict == NONE
    assert found.record.skill.low <= 0 <= found.record.hits.low
    assert abs(found.score) < 0.5


def test_no_forecast_of_the_past_changes_with_the_future():
    market = noise(5)
    then = 750
    other = {
        "close": market.close.copy(),
        "fear_greed": market.fear_greed.copy(),
        "funding": market.funding.copy(),
        "coins": market.coins.copy(),
    }
    rng = np.random.default_rng(9)
    other["close"][then:] *= np.exp(np.cumsum(rng.normal(0.02, 0.1, DAYS - then)))
    other["fear_greed"][then:] = rng.uniform(0, 100, DAYS - then)
    other["funding"][then:] = rng.normal(0.01, 0.01, DAYS - then)
    other["coins"][then:] *= rng.uniform(0.5, 2, (DAYS - then, 6))
    before, after = mood(market, FIRST + DAYS).record, mood(replace(market, **other), FIRST + DAYS).record
    past = before.days < FIRST + then
    assert past.sum() > 150
    assert np.array_equal(before.chance[past], after.chance[past])
    assert np.array_equal(before.base[past], after.base[past])
    assert not np.array_equal(before.chance[~past], after.chance[~past])


def test_the_answers_a_fit_learns_from_were_known_on_its_day(monkeypatch):
    market = noise(6)
    seen = []
    real = model._fit

    def spy(table, rose):
        seen.append(len(rose))
        return real(table, rose)

    monkeypatch.setattr(model, "_fit", spy)
    found = mood(market, FIRST + DAYS)
    first = int(found.record.days[0]) - FIRST
    whole = first - model.HORIZON  # the last day whose answer is known on the first day of forecasts
    assert seen[0] == model.LEAST_TRAINING + 1
    assert whole - seen[0] + 1 > 0
    gaps = [later - before for before, later in pairwise(seen[:-1])]  # the last fit is of all the past
    assert set(gaps) == {model.REFIT_DAYS}


def test_the_record_is_graded_against_the_base_rate_of_the_very_days():
    rng = np.random.default_rng(12)
    rose = (rng.uniform(size=400) < 0.6).astype(float)
    chance = np.clip(0.5 + 0.3 * (rose - 0.5) + rng.normal(0, 0.2, 400), 0.01, 0.99)
    base = np.full(400, 0.55)
    found = model.graded(np.arange(400), chance, base, rose)
    assert found.brier == pytest.approx(((chance - rose) ** 2).mean())
    assert found.base_brier == pytest.approx(((base - rose) ** 2).mean())
    assert found.skill.value == pytest.approx(1 - found.brier / found.base_brier)
    assert found.hits.value == pytest.approx(((chance > 0.5) == (rose > 0.5)).mean())
    assert found.base_hits == pytest.approx(rose.mean()), "the base rate always calls a rise"
    assert [one.count for one in found.bins] == [80] * 5
    assert sum(one.said for one in found.bins) / 5 == pytest.approx(chance.mean())
    assert sum(one.happened for one in found.bins) / 5 == pytest.approx(rose.mean())
    right = ((chance > 0.5) == (rose > 0.5)).astype(float)
    for one, plain in ((found.hits, right.std() / 20), (found.skill, None)):
        assert one.low < one.value < one.high
        if plain is not None:  # independent days: 95 % of a normal distribution, as far as 2000 draws tell
            assert one.high - one.low == pytest.approx(2 * 1.96 * plain, rel=0.25)


def test_neighbouring_days_share_their_answer_and_so_the_interval_is_wider():
    rng = np.random.default_rng(13)
    stretches = np.repeat(rng.integers(0, 2, 20).astype(float), 20)
    chance, base = np.full(400, 0.6), np.full(400, 0.5)
    clumped = model.graded(np.arange(400), chance, base, stretches).hits
    mixed = model.graded(np.arange(400), chance, base, rng.permutation(stretches)).hits
    assert clumped.high - clumped.low > 1.8 * (mixed.high - mixed.low)


def test_an_edge_is_demonstrated_by_the_whole_interval_alone():
    found = mood(noise(0), FIRST + DAYS).record
    for low, verdict in ((-0.001, NONE), (0.0, NONE), (0.001, EDGE)):
        assert replace(found, skill=model.Interval(0.05, low, 0.1)).verdict == verdict


def test_weights_are_shares_of_their_sizes_and_push_by_what_the_day_is():
    found = mood(noise(7), FIRST + DAYS)
    sizes = sum(abs(one.weight) for one in found.parts)
    for one in found.parts:
        assert one.share == pytest.approx(abs(one.weight) / sizes)
    greed = next(one for one in found.parts if one.name == "fear_greed")
    known = noise(7).fear_greed
    told = np.isfinite(known)
    assert greed.value == known[-1]
    table = known[told] / 100
    assert greed.push == pytest.approx(
        greed.weight * (known[-1] / 100 - table.mean()) / table.std(), abs=0.03
    )


def test_the_newest_close_may_be_of_a_long_weekend_and_no_older():
    market = noise(1, 300)  # too short for a model, and so quickly told
    shut = replace(market, traded=np.ones(300, dtype=bool))
    for one, days in ((market, 3), (shut, 6)):
        assert mood(one, FIRST + 299 + days).reason == "short"
        assert mood(one, FIRST + 299 + days + 1).reason == "old"


def test_the_same_history_gives_the_same_answer():
    one, two = mood(noise(8), FIRST + DAYS), mood(noise(8), FIRST + DAYS)
    assert (one.chance, one.record.skill, one.record.hits) == (two.chance, two.record.skill, two.record.hits)


def test_too_little_history_is_said_and_not_guessed():
    market = noise(1, 500)
    found = mood(market, FIRST + 500)
    assert found.reason == "short"
    assert found.known_days == 500
    assert found.chance is None
    assert found.record is None
    assert found.known_days < found.needed_days == model.NEEDED_DAYS


def test_prices_of_last_week_are_no_mood_of_today():
    found = mood(noise(1), FIRST + DAYS + model.FRESH_DAYS + 1)
    assert found.reason == "old"
    assert found.chance is None


def test_no_prices_no_mood():
    market = noise(1)
    found = mood(replace(market, close=np.full(DAYS, np.nan)), FIRST + DAYS)
    assert found.reason == "no_prices"
    assert {one.value for one in found.parts} == {None}


def test_a_component_nobody_told_is_absent_and_the_others_carry_on():
    market = replace(noise(2), funding=np.full(DAYS, np.nan))
    found = mood(market, FIRST + DAYS)
    states = {one.name: one for one in found.parts}
    assert found.chance is not None
    assert (states["funding"].state, states["funding"].weight, states["funding"].value) == (
        "absent",
        None,
        None,
    )
    assert abs(sum(one.share for one in found.parts if one.share is not None) - 1) < 1e-9


def test_a_component_that_stopped_is_stale_and_weighs_nothing():
    greed = noise(2).fear_greed.copy()
    greed[-4:] = np.nan
    found = mood(replace(noise(2), fear_greed=greed), FIRST + DAYS)
    part = next(one for one in found.parts if one.name == "fear_greed")
    assert part.state == "stale"
    assert part.weight is None
    assert part.day == FIRST + DAYS - 5


def test_a_market_that_only_ever_rose_gives_a_chance_and_no_edge():
    market = replace(noise(4), close=np.exp(np.arange(DAYS) * 0.001))
    found = mood(market, FIRST + DAYS)
    assert 0.99 < found.chance <= 1
    assert found.record.verdict == NONE


def test_the_chance_is_what_its_parts_say():
    found = mood(noise(7), FIRST + DAYS)
    pushes = sum(one.push for one in found.parts if one.push is not None)
    level = np.log(found.chance / (1 - found.chance)) - pushes
    assert abs(1 / (1 + np.exp(-level)) - found.base) < 0.05, "the constant is the share of rises"


@pytest.mark.shared
def test_real_prices_and_moods_give_an_honest_record(shared_dir: Path):
    def column(name: str, value: str) -> dict[int, float]:
        with (shared_dir / "prices" / name).open() as lines:
            return {
                day_number(date.fromisoformat(row["date"])): float(row[value])
                for row in csv.DictReader(lines)
                if row[value]
            }

    close = column("BTCUSDT_1d_binance.csv", "close")
    greed = column("fear_greed_alternative_me.csv", "value")
    days = np.arange(min(close), max(close) + 1)
    row = np.array([close.get(day, np.nan) for day in days.tolist()])
    market = Daily(
        days=days,
        close=row,
        fear_greed=np.array([greed.get(day, np.nan) for day in days.tolist()]),
        funding=np.full(len(days), np.nan),
        coins=np.empty((len(days), 0)),
    )
    found = mood(market, int(days[-1]) + 1)
    record = found.record
    assert record is not None
    assert len(record.days) > 2000
    assert record.skill.low < record.skill.value < record.skill.high
    assert (record.verdict == EDGE) == (record.skill.low > 0)
    assert 0.35 < record.hits.value < 0.7
    assert 0.45 < found.base < 0.65
