"""The same figures as empyrical-reloaded and quantstats gave on real daily prices."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from smartfolio_app.analytics.risk import dependence, dispersion, drawdowns, returns, tails

pytestmark = pytest.mark.shared

FILES = {
    "SPY": ("SPY_1d_yahoo.csv", 252),
    "AAPL": ("AAPL_1d_yahoo.csv", 252),
    "BND": ("BND_1d_yahoo.csv", 252),
    "BTCUSDT": ("BTCUSDT_1d_binance.csv", 365),
}


@pytest.fixture(scope="module")
def golden(shared_dir: Path) -> dict:
    return json.loads((shared_dir / "samples/golden/risk/metrics_dev.json").read_text())


def closes(shared_dir: Path, name: str) -> dict[str, float]:
    with (shared_dir / "prices" / FILES[name][0]).open(newline="") as file:
        rows = {row["date"]: float(row["close"]) for row in csv.DictReader(file)}
    if name == "BTCUSDT":
        rows.pop(max(rows))  # the last day of that file is not over
    return rows


@pytest.mark.parametrize("name", FILES)
def test_single_series(shared_dir: Path, golden: dict, name: str) -> None:
    prices, per_year = closes(shared_dir, name), FILES[name][1]
    expected, quantstats = golden["series"][name]["empyrical"], golden["series"][name]["quantstats"]
    series = returns.simple_returns(np.array(list(prices.values())))
    found = {
        "annual_return_cagr": dispersion.annual_growth(series, per_year),
        "annual_volatility": dispersion.volatility(series, per_year),
        "sharpe_rf0": dispersion.sharpe(series, per_year),
        "sharpe_rf3pct_simple_daily": dispersion.sharpe(series, per_year, 0.03 / per_year),
        "sortino_mar0": dispersion.sortino(series, per_year),
        "downside_risk": dispersion.downside_deviation(series, per_year),
        "max_drawdown": drawdowns.max_drawdown(series),
        "calmar": dispersion.calmar(series, per_year),
        "var_95_historical_daily": tails.historical(series, 0.95).var,
        "var_99_historical_daily": tails.historical(series, 0.99).var,
        "cvar_95_daily": tails.historical(series, 0.95).cvar,
        "cvar_99_daily": tails.historical(series, 0.99).cvar,
        "skew_scipy_biased": dispersion.skewness(series),
        "kurtosis_excess_scipy_biased": dispersion.excess_kurtosis(series),
        "var_95_parametric_normal_daily": tails.parametric(series, 0.95).var,
    }
    assert found == {key: pytest.approx(expected[key], rel=1e-9) for key in found}
    assert drawdowns.ulcer_index(series) == pytest.approx(quantstats["ulcer_index"], rel=1e-9)


@pytest.mark.parametrize("name", FILES)
def test_the_dates_of_the_deepest_fall(shared_dir: Path, golden: dict, name: str) -> None:
    from datetime import date

    prices = closes(shared_dir, name)
    series = returns.simple_returns(np.array(list(prices.values())))
    fall = drawdowns.deepest(series, [date.fromisoformat(day) for day in prices])
    window = golden["series"][name]["max_drawdown_window"]
    assert fall is not None
    assert [str(fall.peak), str(fall.trough)] == [window["peak"], window["trough"]]
    assert (str(fall.recovered) if fall.recovered else None) == window["recovered"]


def test_several_series_together(shared_dir: Path, golden: dict) -> None:
    names = golden["correlation_matrix"]["labels"]
    all_prices = [closes(shared_dir, name) for name in names]
    common = sorted(set.intersection(*(set(prices) for prices in all_prices)))
    table = np.column_stack(
        [returns.simple_returns(np.array([prices[day] for day in common])) for prices in all_prices]
    )
    covariance = dependence.sample_covariance(table)
    assert covariance is not None
    np.testing.assert_allclose(
        dependence.correlation(covariance.matrix), golden["correlation_matrix"]["matrix"], rtol=1e-9
    )
    for pair, expected in golden["pairs"].items():
        left, right = (names.index(name) for name in pair.split("|"))
        assert dependence.beta(table[:, left], table[:, right]) == pytest.approx(expected["beta"], rel=1e-9)
    shares = dependence.risk_shares(covariance.matrix, np.full(4, 0.25), 252)
    whole = golden["equal_weight_portfolio"]
    assert shares is not None
    assert shares.volatility == pytest.approx(whole["vol"], rel=1e-9)
    assert dict(zip(names, shares.contribution, strict=True)) == {
        name: pytest.approx(value, rel=1e-9) for name, value in whole["risk_contribution"].items()
    }
    assert shares.diversification_ratio == pytest.approx(whole["diversification_ratio"], rel=1e-9)
