"""Money-weighted returns against pyxirr's own samples (also those without a solution) and Portfolio Performance's."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from smartfolio_app.analytics.money_returns import xirr

pytestmark = pytest.mark.shared
GOLDEN = Path(__file__).resolve().parents[3] / "shared/samples/golden"


@cache
def cases(name):
    path = GOLDEN / name
    return json.loads(path.read_text())["cases"] if path.exists() else []


def flows(case):
    return [(date.fromisoformat(day), amount) for day, amount in case["cashflows"]]


@pytest.mark.parametrize("number", range(29))
def test_pyxirr_s_samples_give_its_rate_or_none(number):
    case = cases("irr/pyxirr_xirr_a.json")[number]
    expected = case["expected_xirr"]
    for given in (flows(case), flows(case)[::-1]):
        found = xirr(given)
        assert found is None if expected is None else found == pytest.approx(expected, rel=1e-6)


def test_no_sample_is_left_out():
    assert len(cases("irr/pyxirr_xirr_a.json")) == 29


@pytest.mark.parametrize("number", range(4))
def test_portfolio_performance_s_samples_give_its_rate(number):
    case = cases("performance/pp_irr.json")[number]
    assert xirr(flows(case)) == pytest.approx(case["expected"], abs=case["tolerance"])
