"""Each definition against small cases worked by hand."""

from __future__ import annotations

import math
from datetime import date, timedelta
from statistics import NormalDist

import numpy as np
import pytest

from smartfolio_app.analytics.risk import backtest, dependence, dispersion, drawdowns, returns, tails

RISE_FALL = np.array([0.10, -0.50, 0.20, 1.0])


def days(count: int) -> list[date]:
    return [date(2024, 1, 1) + timedelta(days=step) for step in range(count)]


def test_returns_skip_days_without_a_price() -> None:
    found = returns.simple_returns(np.array([100.0, 110.0, np.nan, 121.0, 0.0, 10.0]))
    np.testing.assert_allclose(found, [0.1, np.nan, np.nan, np.nan, np.nan], rtol=1e-12)


def test_windows_of_several_days_compound() -> None:
    np.testing.assert_allclose(returns.over_days(np.array([0.1, -0.5, 0.2]), 2), [-0.45, -0.4])


def test_misaligned_series_are_refused() -> None:
    with pytest.raises(returns.MisalignedSeriesError):
        dependence.beta(np.zeros(3), np.zeros(4))
    with pytest.raises(returns.MisalignedSeriesError):
        drawdowns.deepest(np.zeros(3), days(3))


def test_a_constant_series_has_no_ratio_rather_than_an_infinite_one() -> None:
    flat = np.full(20, 0.01)
    assert dispersion.volatility(flat, 365) == pytest.approx(0)
    assert dispersion.sharpe(flat, 365) is None
    assert dispersion.sortino(flat, 365) is None
    assert dispersion.calmar(flat, 365) is None
    assert dispersion.skewness(flat) is None


def test_too_little_history_is_unknown_not_zero() -> None:
    one = np.array([0.01])
    assert dispersion.volatility(one, 365) is None
    assert drawdowns.max_drawdown(np.empty(0)) is None
    assert tails.historical(np.full(40, 0.01), 0.95).var is None
    assert tails.historical(np.full(40, 0.01), 0.95).reason == "risk.too_short"


def test_the_deepest_fall_has_its_dates() -> None:
    fall = drawdowns.deepest(RISE_FALL, days(5))
    assert fall is not None
    assert fall.depth == pytest.approx(-0.5)
    assert (fall.peak, fall.trough, fall.recovered) == (date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 5))


def test_a_fall_that_is_not_over_has_no_recovery() -> None:
    fall = drawdowns.deepest(np.array([0.1, -0.2]), days(3))
    assert fall is not None
    assert fall.recovered is None
    assert drawdowns.current_drawdown(np.array([0.1, -0.2])) == pytest.approx(-0.2)


def test_parametric_tail_scales_with_the_root_of_time() -> None:
    sample = np.random.default_rng(7).normal(0, 0.02, 500)
    sample -= sample.mean()
    one, ten = tails.parametric(sample, 0.99), tails.parametric(sample, 0.99, 10)
    assert one.var is not None
    assert ten.var == pytest.approx(one.var * math.sqrt(10))
    assert one.cvar is not None
    assert one.cvar < one.var


def test_cornish_fisher_is_the_normal_quantile_without_skew_and_tails_and_withheld_out_of_its_domain() -> (
    None
):
    assert tails._expansion(-1.645, 0.0, 0.0) == -1.645
    mild = np.random.default_rng(3).standard_t(12, 4000) * 0.01
    given = tails.cornish_fisher(mild, 0.95)
    assert given.var is not None
    assert given.cvar is not None
    assert given.cvar < given.var < 0
    crash = np.concatenate([np.random.default_rng(5).normal(0, 0.001, 400), [-0.6]])
    withheld = tails.cornish_fisher(crash, 0.95)
    assert withheld.var is None
    assert withheld.reason == "risk.cornish_fisher_domain"


def test_kupiec_likelihood_ratio_by_hand() -> None:
    # 10 breaches in 100 days at 95 %: 2 [90 ln(.90/.95) + 10 ln(.10/.05)] = 4.1309
    hits = np.zeros(100, dtype=bool)
    hits[::10] = True
    result = backtest.grade(hits, 0.95)
    expected = 2 * (90 * math.log(0.90 / 0.95) + 10 * math.log(2))
    assert result.kupiec_p == pytest.approx(math.erfc(math.sqrt(expected / 2)))
    assert result.verdict == "failed"


def test_bunched_breaches_fail_independence() -> None:
    hits = np.zeros(200, dtype=bool)
    hits[50:60] = True
    result = backtest.grade(hits, 0.95)
    assert result.breaches == pytest.approx(result.expected)
    assert result.kupiec_p == pytest.approx(1)
    assert result.independence_p is not None
    assert result.independence_p < 0.001
    assert result.verdict == "failed"


def test_a_right_model_passes_and_a_timid_one_fails_out_of_sample() -> None:
    sample = np.random.default_rng(11).normal(0, 0.02, 1500)
    assert backtest.backtest(sample, tails.historical, 0.95).verdict == "passed"

    def timid(past: np.ndarray, confidence: float) -> tails.TailRisk:
        right = tails.parametric(past, confidence)
        return tails.TailRisk("timid", confidence, 1, None if right.var is None else right.var / 2, None)

    assert backtest.backtest(sample, timid, 0.95).verdict == "failed"


def test_too_few_days_give_no_verdict() -> None:
    assert backtest.grade(np.zeros(60, dtype=bool), 0.95).verdict == "too_short"


def test_risk_contributions_sum_to_the_volatility() -> None:
    data = np.random.default_rng(1).normal(0, [0.01, 0.02, 0.03], (400, 3))
    covariance = dependence.sample_covariance(data)
    assert covariance is not None
    shares = dependence.risk_shares(covariance.matrix, np.array([0.5, 0.3, 0.2]), 365)
    assert shares is not None
    assert shares.contribution.sum() == pytest.approx(shares.volatility)
    assert shares.diversification_ratio > 1


def test_shrinkage_is_strong_with_little_history_and_weak_with_much() -> None:
    scales = np.linspace(0.005, 0.05, 10)
    draw = np.random.default_rng(2)
    little = dependence.shrunk_covariance(draw.normal(0, scales, (15, 10)))
    much = dependence.shrunk_covariance(draw.normal(0, scales, (5000, 10)))
    assert little is not None
    assert much is not None
    assert little.shrinkage > 0.1
    assert much.shrinkage < 0.02
    assert np.linalg.eigvalsh(little.matrix).min() > 0


def test_concentration() -> None:
    assert dependence.effective_assets(np.array([0.25] * 4)) == pytest.approx(4)
    assert dependence.herfindahl(np.array([1.0, 0.0])) == 1
    assert dependence.effective_assets(np.zeros(3)) is None


def test_the_present_drawdown_is_from_the_last_peak_and_not_the_deepest_there_was() -> None:
    series = np.array([0.10, -0.50, 0.80])
    assert drawdowns.current_drawdown(series) == pytest.approx(0.5 * 1.8 - 1)
    assert drawdowns.max_drawdown(series) == pytest.approx(-0.5)


def test_the_tail_of_ten_days_is_that_of_ten_days_in_a_row() -> None:
    series = np.random.default_rng(3).normal(0.001, 0.02, 700)
    growth = np.cumprod(np.concatenate(([1.0], 1 + series)))
    in_a_row = growth[10:] / growth[:-10] - 1
    found = tails.historical(series, 0.95, 10)
    assert found.var == pytest.approx(float(np.quantile(in_a_row, 0.05)))
    assert found.cvar == pytest.approx(float(np.sort(in_a_row)[: int((len(in_a_row) - 1) * 0.05) + 1].mean()))


def test_cornish_fisher_over_ten_days_by_hand() -> None:
    normal = NormalDist()
    series = np.random.default_rng(8).standard_t(7, 900) * 0.02
    mean, deviation = series.mean() * 10, series.std(ddof=1) * math.sqrt(10)
    moved = (series - series.mean()) / series.std()
    skew, kurtosis = float((moved**3).mean()) / math.sqrt(10), (float((moved**4).mean()) - 3) / 10

    def quantile(level: float) -> float:
        z = normal.inv_cdf(level)
        bent = z + (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * kurtosis / 24 - (2 * z**3 - 5 * z) * skew**2 / 36
        return mean + deviation * bent

    found = tails.cornish_fisher(series, 0.99, 10)
    assert found.var == pytest.approx(quantile(0.01), rel=1e-9)
    beyond = np.mean([quantile(level) for level in np.linspace(0, 0.01, 20_001)[1:] - 0.01 / 40_000])
    assert found.cvar == pytest.approx(float(beyond), rel=2e-3)


def test_days_on_which_one_was_not_traded_are_in_no_correlation() -> None:
    both = np.random.default_rng(4).normal(0, 0.02, (400, 2))
    both[:, 1] += both[:, 0]
    with_gaps = both.copy()
    with_gaps[::7, 1] = np.nan  # days off
    there = np.delete(both, np.arange(0, 400, 7), axis=0)
    found = dependence.aligned_covariance(with_gaps)
    assert found is not None
    assert found.days == len(there)
    assert found.matrix == pytest.approx(np.cov(there, rowvar=False))


def test_correlations_are_shrunk_where_history_is_short_and_only_there() -> None:
    common = np.random.default_rng(5).normal(0, 0.02, (1000, 1))
    rows = common + np.random.default_rng(6).normal(0, 0.02, (1000, 8))
    short, long = dependence.aligned_covariance(rows[:40]), dependence.aligned_covariance(rows)
    assert short is not None
    assert long is not None
    assert long.shrinkage == 0
    assert 0 < short.shrinkage < 1
    plain = np.cov(rows[:40], rowvar=False)
    assert np.diag(short.matrix) == pytest.approx(np.diag(plain)), "each keeps its own variance"
    upper = np.triu_indices(8, 1)
    kept = dependence.correlation(short.matrix)[upper] / dependence.correlation(plain)[upper]
    assert kept == pytest.approx(np.full(28, 1 - short.shrinkage), rel=0.1)
