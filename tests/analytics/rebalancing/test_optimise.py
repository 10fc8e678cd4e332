"""Suggested weights where the right answer is known with pencil and paper."""

from __future__ import annotations

import numpy as np
import pytest

from smartfolio_app.analytics.rebalancing import optimise
from smartfolio_app.analytics.rebalancing.optimise import METHODS, NoSolutionError, suggest, weights_of

VOLATILITIES = np.array([0.01, 0.03])


def returns_with(covariance: np.ndarray, days: int = 504) -> np.ndarray:
    """Return daily returns whose sample covariance is exactly this one."""
    draws = np.random.default_rng(7).standard_normal((days, len(covariance)))
    centred = draws - draws.mean(axis=0)
    white, _ = np.linalg.qr(centred)
    return white * np.sqrt(days - 1) @ np.linalg.cholesky(covariance).T


UNCORRELATED = returns_with(np.diag(VOLATILITIES**2))


def test_equal_risk_of_two_uncorrelated_assets_is_inverse_to_volatility():
    inverse = 1 / VOLATILITIES
    assert weights_of("equal_risk", UNCORRELATED) == pytest.approx(inverse / inverse.sum(), abs=2e-3)


@pytest.mark.parametrize("method", ["minimum_variance", "hierarchical"])
def test_uncorrelated_assets_get_weights_inverse_to_variance(method):
    inverse = 1 / VOLATILITIES**2
    assert weights_of(method, UNCORRELATED) == pytest.approx(inverse / inverse.sum(), abs=2e-3)


def test_minimum_variance_is_the_closed_form_and_equal_risk_is_equal():
    covariance = np.array([[4.0, 1.0, 0.5], [1.0, 9.0, 2.0], [0.5, 2.0, 16.0]]) * 1e-4
    table = returns_with(covariance)
    closed = np.linalg.solve(covariance, np.ones(3))
    assert weights_of("minimum_variance", table) == pytest.approx(closed / closed.sum(), abs=2e-3)
    equal = weights_of("equal_risk", table)
    risk = equal * (covariance @ equal)
    assert risk / risk.sum() == pytest.approx(np.full(3, 1 / 3), abs=5e-3)


def test_the_test_is_out_of_sample_beside_the_present_weights():
    """The first asset is calm while weights are fitted and wild afterwards: the test must show the wild days."""
    calm, wild = UNCORRELATED[:252, 0], UNCORRELATED[252:, 0] * 20
    table = np.column_stack((np.concatenate((calm, wild)), UNCORRELATED[:, 1]))
    steps = []
    found = suggest(("a", "b"), table, np.array([0.0, 1.0]), 252, lambda *step: steps.append(step))
    assert (found.days, found.train_days, found.tested_days) == (504, 252, 252)
    assert [one.method for one in found.ideas] == list(METHODS)
    assert all(sum(one.weights) == pytest.approx(1) for one in found.ideas)
    minimum = found.ideas[1]
    assert minimum.tested.volatility > 1.5 * found.present_tested.volatility
    seen = table[252:] @ weights_of("minimum_variance", table[252:])
    assert seen.std() * 252**0.5 < found.present_tested.volatility, (
        "fitted on the test's own days it would shine"
    )
    assert minimum.tested.turnover > 0
    assert found.present_tested.turnover is None
    assert found.present_tested.volatility == pytest.approx(table[252:, 1].std(ddof=1) * 252**0.5)
    assert steps[-1][1] == steps[-1][2] == len(METHODS) * 13


def test_what_is_exchanged_at_a_refit_is_half_of_all_that_moves():
    fitted = [np.array(one) for one in ([0.5, 0.5], [0.7, 0.3], [0.6, 0.4])]
    found = optimise.measured(np.array([0.01, -0.02, 0.03] * 30), 252, fitted)
    assert found.turnover == pytest.approx((0.2 + 0.1) / 2)


def test_what_cannot_be_solved_is_named():
    with pytest.raises(NoSolutionError, match=r"rebalance\.no_solution"):
        weights_of("equal_risk", np.full((60, 2), np.nan))


def test_a_history_allows_ten_days_for_each_asset():
    assert (optimise.train_days(756), optimise.most_assets(756)) == (252, 25)
    assert (optimise.train_days(126), optimise.most_assets(126)) == (84, 8)
