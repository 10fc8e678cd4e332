"""Calendars, weights, the record of the VaR, the score, episodes and simulations."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from smartfolio_app.analytics.prices import PriceBook, PricePoint
from smartfolio_app.analytics.risk import tails
from smartfolio_app.analytics.risk.panel import Exposure, build_panel, complete_history, mix_of
from smartfolio_app.analytics.risk.report import Question, assess
from smartfolio_app.analytics.risk.robustness import VERSION, robustness
from smartfolio_app.analytics.risk.rolling import MODELS, rolling_var
from smartfolio_app.analytics.risk.scenarios import Closes, Episode, Factor, Then, replay, shock
from smartfolio_app.analytics.risk.simulation import METHODS, MONTHS, Plan, merged, simulate
from smartfolio_app.ledger.assets import Asset, AssetClass

LAST = date(2026, 6, 30)
RNG = np.random.default_rng(5)


def holding(
    symbol: str, value: float = 1000.0, kind: AssetClass = AssetClass.CRYPTO, group: str = "L1"
) -> Exposure:
    return Exposure(Asset(f"{kind.value}:{symbol}", kind, symbol), value, group, "crypto")


def points(one: Exposure, prices: dict[date, float]) -> list[PricePoint]:
    return [
        PricePoint(
            one.asset.id,
            "USD",
            Decimal(repr(float(price))),
            datetime(day.year, day.month, day.day, 23, tzinfo=UTC),
            "x",
        )
        for day, price in prices.items()
    ]


def walk(days: int, seed: int, weekdays: bool = False, last: date = LAST) -> dict[date, float]:
    every = [last - timedelta(days=back) for back in range(days - 1, -1, -1)]
    path = 100 * np.exp(np.cumsum(np.random.default_rng(seed).standard_normal(days) * 0.02))
    return {
        day: round(float(price), 6)
        for day, price in zip(every, path, strict=True)
        if not weekdays or day.weekday() < 5
    }


def test_coins_alone_are_looked_at_every_day_and_with_shares_on_exchange_days() -> None:
    coin, share = holding("A"), holding("S", kind=AssetClass.STOCK, group="stock")
    book = PriceBook([*points(coin, walk(200, 1)), *points(share, walk(200, 2, weekdays=True))])
    alone = build_panel(book, [coin], "USD", LAST)
    both = build_panel(book, [coin, share], "USD", LAST)
    assert (alone.days_a_year, len(alone.days)) == (365, 200)
    assert both.days_a_year == 252
    assert all(day.weekday() < 5 for day in both.days)
    monday = next(at for at, day in enumerate(both.days) if day.weekday() == 0 and at)
    prices = walk(200, 1)
    weekend = prices[both.days[monday]] / prices[both.days[monday - 1]] - 1
    assert both.returns[monday - 1, 0] == pytest.approx(weekend)  # the coin's weekend is part of Monday


def test_an_old_price_is_not_carried_for_ever_and_a_short_history_is_left_out() -> None:
    old, new, steady = holding("OLD"), holding("NEW"), holding("OK", 8000.0)
    gone = {day: price for day, price in walk(300, 1).items() if day < LAST - timedelta(days=250)}
    book = PriceBook([*points(old, gone), *points(new, walk(20, 2)), *points(steady, walk(300, 3))])
    panel = build_panel(book, [old, new, steady], "USD", LAST)
    assert np.isnan(panel.prices[-1, 0])
    report = assess(panel, (), "USD", Question(90))
    assert report is not None
    reasons = {row.exposure.asset.symbol: row.reason for row in report.assets}
    assert reasons == {"OLD": "risk.no_history", "NEW": "risk.too_short", "OK": ""}
    assert report.coverage == pytest.approx(0.8)
    assert report.value == 8000


def test_weights_of_what_is_not_known_yet_are_spread_over_the_rest() -> None:
    late, early = holding("LATE", 100.0), holding("EARLY", 900.0)
    book = PriceBook([*points(late, walk(100, 1)), *points(early, walk(300, 2))])
    panel = build_panel(book, [late, early], "USD", LAST)
    mix = mix_of(panel)
    assert mix is not None
    assert mix.returns[0] == pytest.approx(panel.returns[0, 1])
    assert mix.known[0] == pytest.approx(0.9)
    assert mix.returns[-1] == pytest.approx(panel.returns[-1] @ [0.1, 0.9])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_the_rolling_var_is_that_of_each_day(model: str, confidence: float) -> None:
    values = RNG.standard_t(6, 420) * 0.02
    found = rolling_var(values, model, confidence, 320)
    for at in (0, 37, 99):
        one = getattr(tails, model)(values[at : at + 320], confidence).var
        assert found[at] == (
            pytest.approx(one, rel=1e-9) if one is not None else pytest.approx(np.nan, nan_ok=True)
        )


def test_a_model_that_fails_says_so() -> None:
    calm = {day: 100.0 * (1 + 0.001 * (number % 2)) for number, day in enumerate(walk(700, 1))}
    storm = dict(list(calm.items())[:450]) | dict(list(walk(700, 9).items())[450:])
    one = holding("A")
    report = assess(build_panel(PriceBook(points(one, storm)), [one], "USD", LAST), (), "USD", Question(365))
    assert report is not None
    assert report.record("parametric", 0.95).test.verdict == "failed"


@pytest.mark.shared
def test_the_report_says_what_the_libraries_say(shared_dir) -> None:
    golden = json.loads((shared_dir / "samples/golden/risk/metrics_dev.json").read_text())["series"]["SPY"]
    with (shared_dir / "prices/SPY_1d_yahoo.csv").open(newline="") as file:
        prices = {date.fromisoformat(row["date"]): float(row["close"]) for row in csv.DictReader(file)}
    one = holding("SPY", kind=AssetClass.STOCK, group="etf")
    panel = build_panel(PriceBook(points(one, prices)), [one], "USD", max(prices))
    report = assess(panel, (), "USD", Question(None))
    assert report is not None
    expected = golden["empyrical"]
    assert len(report.returns) == golden["n_returns"]
    assert report.volatility == pytest.approx(expected["annual_volatility"], rel=1e-9)
    assert report.sharpe == pytest.approx(expected["sharpe_rf0"], rel=1e-9)
    assert report.sortino == pytest.approx(expected["sortino_mar0"], rel=1e-9)
    assert report.calmar == pytest.approx(expected["calmar"], rel=1e-9)
    assert report.skew == pytest.approx(expected["skew_scipy_biased"], rel=1e-9)
    assert report.ulcer == pytest.approx(golden["quantstats"]["ulcer_index"], rel=1e-9)
    assert report.tail("historical", 0.95, 1).var == pytest.approx(
        expected["var_95_historical_daily"], rel=1e-9
    )
    assert report.deepest is not None
    assert str(report.deepest.peak) == golden["max_drawdown_window"]["peak"]


def test_an_assets_volatility_is_on_its_own_calendar_and_a_window_looks_back_so_many_days() -> None:
    coin, share = holding("BTC"), holding("SPY", 3000.0, AssetClass.STOCK, "etf")
    quotes = walk(500, 1)
    book = PriceBook([*points(coin, quotes), *points(share, walk(500, 2, weekdays=True))])
    panel = build_panel(book, [coin, share], "USD", LAST)
    for window in (30, 90, 180, 365):
        report = assess(panel, (), "USD", Question(window))
        assert report is not None
        assert window - 4 <= (report.days[-1] - report.days[0]).days <= window + 4
    rows = {row.exposure.asset.symbol: row for row in report.assets}
    assert (rows["BTC"].days_a_year, rows["SPY"].days_a_year) == (365, 252)
    begin = report.days[0]
    closes = np.array([price for day, price in quotes.items() if day >= begin])
    own = (closes[1:] / closes[:-1] - 1).std(ddof=1) * np.sqrt(365)  # weekends too
    assert rows["BTC"].volatility == pytest.approx(own, rel=0.005)


def test_parts_of_the_risk_add_up_to_the_whole() -> None:
    held = [holding(f"C{number}", 1000.0 * (number + 1), group=f"G{number % 2}") for number in range(4)]
    book = PriceBook([point for number, one in enumerate(held) for point in points(one, walk(300, number))])
    report = assess(build_panel(book, held, "USD", LAST), (), "USD", Question(None, "held", held[0].asset.id))
    assert report is not None
    assert sum(row.risk_share or 0 for row in report.assets) == pytest.approx(1)
    assert sum(one.risk_share for one in report.groups) == pytest.approx(1)
    assert sum(row.contribution or 0 for row in report.assets) == pytest.approx(report.volatility, rel=0.01)
    assert next(row.beta for row in report.assets if row.exposure is held[0]) == pytest.approx(1)
    assert report.effective == pytest.approx(1 / sum(row.share**2 for row in report.assets))


def test_calmer_is_more_robust_and_every_part_is_a_rank() -> None:
    returns = RNG.standard_normal((250, 3)) * [0.005, 0.03, 0.06]
    calm = robustness(returns, np.array([0.9, 0.05, 0.05]), 365)
    wild = robustness(returns, np.array([0.0, 0.1, 0.9]), 365)
    assert calm is not None
    assert wild is not None
    assert calm == robustness(returns, np.array([0.9, 0.05, 0.05]), 365)
    assert calm.parts[0].rank > 0.8
    assert wild.parts[0].rank < 0.2
    assert calm.score == pytest.approx(25 * sum(part.rank for part in calm.parts))
    assert robustness(np.zeros((250, 2)), np.array([0.5, 0.5]), 365) is None


def test_an_episode_uses_prices_then_a_stated_proxy_and_leaves_the_rest_out() -> None:
    bitcoin, young, house = holding("BTC"), holding("YOUNG"), holding("H", kind=AssetClass.ITEM, group="item")
    market = walk(900, 1)
    doubled, level = {}, 10.0
    days = list(market)
    for before, day in pairwise(days[600:]):
        level *= 1 + 2 * (market[day] / market[before] - 1)
        doubled[day] = level
    book = PriceBook([*points(bitcoin, market), *points(young, doubled)])
    panel = build_panel(book, [bitcoin, young], "USD", LAST)
    episode = Episode("then", days[100], days[160])
    found = replay(panel, [house], episode, Factor.of(panel, bitcoin.asset.id, 0), None)
    change = market[days[160]] / market[days[100]] - 1
    by = {one.exposure.asset.symbol: one for one in found.effects}
    assert by["BTC"].by == "prices"
    assert by["BTC"].loss == pytest.approx(1000 * change)
    assert (by["YOUNG"].by, by["YOUNG"].proxy) == ("proxy", "crypto:BTC")
    assert by["YOUNG"].beta == pytest.approx(2, rel=0.01)
    assert by["H"].by == "missing"
    assert (found.covered, found.by_proxy) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    before = Episode("before", date(2008, 1, 1), date(2009, 1, 1))
    nothing = replay(panel, [], before, Factor.of(panel, bitcoin.asset.id, 0), None)
    assert nothing.loss is None


def test_what_was_not_held_then_moves_by_closes_from_then_in_a_currency_that_is_said() -> None:
    bitcoin, young = holding("BTC"), holding("YOUNG")
    market = walk(900, 1)
    book = PriceBook([*points(bitcoin, market), *points(young, dict(list(market.items())[600:]))])
    panel = build_panel(book, [bitcoin, young], "USD", LAST)
    old = Episode("old", date(2008, 1, 4), date(2009, 1, 5))
    told = Closes("GBP", {date(2008, 1, 2): 100.0, date(2009, 1, 5): 40.0})
    then = Then({"crypto:BTC": told})
    by = {one.exposure.asset.symbol: one for one in replay(panel, [], old, None, None, then=then).effects}
    assert (by["BTC"].change, by["BTC"].by, by["BTC"].currency) == (pytest.approx(-0.6), "prices", "GBP")
    assert by["YOUNG"].by == "missing"
    rated = replay(panel, [], old, None, None, then=Then({"crypto:BTC": told}, {"GBP": 0.75}))
    by = {one.exposure.asset.symbol: one for one in rated.effects}
    assert (by["BTC"].change, by["BTC"].currency) == (pytest.approx(0.4 * 0.75 - 1), "")
    far = Closes("USD", {date(2007, 12, 29): 100.0, date(2009, 1, 5): 40.0})
    assert far.move(old) is None, "a close of a week before is none of that day"

    reference = Closes("USD", dict(market) | dict(told.by_day))
    factor = Factor.of(panel, "crypto:BTC", None, reference)
    by = {one.exposure.asset.symbol: one for one in replay(panel, [], old, factor, None).effects}
    assert (by["YOUNG"].by, by["YOUNG"].beta) == ("proxy", pytest.approx(1, abs=1e-6))
    assert by["YOUNG"].change == pytest.approx(-0.6)
    assert Factor.of(panel, "crypto:BTC", None) is None


def test_an_assets_own_shock_wins_over_its_groups_and_loans_do_not_shrink() -> None:
    held = [holding("A"), holding("B"), holding("LOAN", -500.0, AssetClass.ITEM, "L1")]
    found = shock(held, {"L1": -0.5, "crypto:B": -2.0})
    assert {one.exposure.asset.symbol: one.loss for one in found.effects} == {
        "A": -500,
        "B": -1000,
        "LOAN": 0,
    }


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_future_and_its_mean_is_the_growth_asked_for(method: str) -> None:
    past = RNG.standard_normal((800, 3)) * 0.01
    plan = Plan(12, method, growth=0.10)
    found = simulate(past, np.array([50.0, 30.0, 20.0]), 365, plan)
    again = simulate(past, np.array([50.0, 30.0, 20.0]), 365, plan)
    assert np.array_equal(found.fan, again.fan)
    assert found.mean == pytest.approx(110, rel=0.02)
    assert (np.diff(found.fan, axis=0) >= 0).all()
    assert [chance for _, chance in found.losses] == sorted(
        (chance for _, chance in found.losses), reverse=True
    )


def test_money_that_comes_and_goes_is_counted() -> None:
    still = np.zeros((300, 2))
    saved = simulate(still, np.array([600.0, 600.0]), 365, Plan(12, monthly=100, goal=2399.0))
    assert saved.mean == pytest.approx(2400, rel=1e-4)
    assert saved.goal == 1
    spent = simulate(still, np.array([600.0, 600.0]), 365, Plan(24, monthly=-100))
    assert spent.ruin == 1
    assert dict(spent.losses)[0.1] == 0  # what was taken out was had


def test_ten_thousand_years_of_fifty_assets_tell_how_far_they_are() -> None:
    past = RNG.standard_normal((1826, 50)) * 0.02
    for method in METHODS:  # how long each takes, benchmarks/risk.py measures
        told: list[int] = []
        plan = Plan(12, method)
        simulate(past, np.full(50, 100.0), 365, plan, lambda _phase, done, _total: told.append(done))  # noqa: B023
        assert len(told) > 3
        assert told[-1] == 10_000


def test_the_smallest_of_many_become_one_and_the_past_is_complete() -> None:
    returns, values = merged(np.ones((5, 60)) * 0.01, np.arange(1.0, 61.0))
    assert returns.shape == (5, 50)
    assert values.sum() == pytest.approx(np.arange(1.0, 61.0).sum())
    held = [holding("A", 900.0), holding("B", 100.0)]
    book = PriceBook([*points(held[0], walk(600, 1)), *points(held[1], walk(70, 2))])
    found = complete_history(build_panel(book, held, "USD", LAST))
    assert found is not None
    assert found.columns == (0,)
    assert len(found.returns) == 599


def test_the_record_compares_each_day_with_what_was_known_the_day_before() -> None:
    one = holding("BTC")
    panel = build_panel(PriceBook(points(one, walk(700, 9))), [one], "USD", LAST)
    report = assess(panel, (), "USD", Question(90))
    assert report is not None
    found = report.record("historical", 0.95)
    values, ends = panel.returns[:, 0], panel.days[1:]
    breached = [
        ends[at]
        for at in range(found.lookback, len(values))
        if values[at] < np.quantile(values[at - found.lookback : at], 0.05)
    ]
    assert list(found.breaches) == breached
    assert found.test.days == len(values) - found.lookback


def test_what_has_no_prices_from_then_moves_by_its_beta_times_what_the_proxy_did() -> None:
    bitcoin, young = holding("BTC"), holding("NEW", 500.0)
    quotes = walk(800, 3)
    days = sorted(quotes)
    price, prices = 10.0, {}
    for before, day in pairwise(days[-300:]):
        price *= 1 + 1.5 * (quotes[day] / quotes[before] - 1)
        prices[day] = price
    panel = build_panel(
        PriceBook([*points(bitcoin, quotes), *points(young, prices)]), [bitcoin, young], "USD", LAST
    )
    episode = Episode("then", days[50], days[90])
    outcome = replay(panel, (), episode, Factor.of(panel, bitcoin.asset.id, 0), None)
    own, by_proxy = (
        next(one for one in outcome.effects if one.exposure.asset.symbol == name) for name in ("BTC", "NEW")
    )
    assert (own.by, by_proxy.by, by_proxy.proxy) == ("prices", "proxy", "crypto:BTC")
    assert by_proxy.beta == pytest.approx(1.5, rel=0.01)
    assert by_proxy.change == pytest.approx(by_proxy.beta * own.change)
    assert by_proxy.change != pytest.approx(own.change, rel=0.1)


def test_students_futures_spread_as_widely_as_their_past() -> None:
    past = np.random.default_rng(2).standard_t(5, (1500, 1)) * 0.02
    found = simulate(past, np.array([100.0]), 365, Plan(months=1, method="student_t", paths=4000))
    assert found.freedom is not None
    assert found.freedom < 20
    spread = (found.fan[4, -1] - found.fan[0, -1]) / (2 * 1.645) / 100
    assert spread == pytest.approx(float(past.std()) * np.sqrt(30), rel=0.08)


def test_the_bootstrap_keeps_bad_days_together_as_they_came() -> None:
    past = np.concatenate((np.full(300, 0.01), np.full(300, -0.01)))[:, None]
    found = simulate(past, np.array([100.0]), 365, Plan(months=1, growth=None, paths=2000))
    assert found.fan[0, -1] < 80, "twenty bad days in a row, and more"
    assert found.fan[4, -1] > 120


def test_chances_of_losses_by_hand_and_thirty_years_are_thirty() -> None:
    falling = np.full((400, 1), -0.01)
    found = simulate(falling, np.array([100.0]), 365, Plan(months=1, growth=None, paths=500))
    assert found.fan[2, -1] == pytest.approx(100 * 0.99**30, rel=1e-3)
    assert dict(found.losses) == {0.0: 1, 0.1: 1, 0.25: 1, 0.5: 0}
    assert dict(found.dips) == {0.1: 1, 0.25: 1, 0.5: 0}
    assert (MONTHS[0], MONTHS[-1]) == (1, 360)
    long = simulate(falling + 0.0101, np.array([100.0]), 365, Plan(months=360, paths=500))
    assert long.at[-1] == pytest.approx(30, rel=0.02)


def test_no_part_of_the_score_counts_the_size_of_the_moves_a_second_time() -> None:
    returns = np.column_stack([np.random.default_rng(6).standard_t(6, 400) * 0.01, np.zeros(400)])
    whole, half = (robustness(returns, np.array(one), 365) for one in ([1.0, 0.0], [0.5, 0.5]))
    assert whole is not None
    assert half is not None
    own = [{part.name: part.own for part in one.parts} for one in (whole, half)]
    assert own[1]["size"] == pytest.approx(own[0]["size"] / 2)
    assert own[1]["shape"] == pytest.approx(own[0]["shape"])
    assert own[1]["persistence"] == pytest.approx(own[0]["persistence"], rel=0.1)
    assert own[1]["spread"] == pytest.approx(own[0]["spread"])
    assert whole.version == VERSION == "1"
