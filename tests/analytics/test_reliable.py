"""A line is drawn over days that are known, and its return leaves flows out."""

from types import SimpleNamespace

import numpy as np
import pytest

from smartfolio_app.analytics.money_returns import time_weighted
from smartfolio_app.analytics.reliable import known_share, reliable_from, returns_from, weights


@pytest.mark.parametrize(
    ("coverage", "first"),
    [
        ([1.0] * 40, 0),
        ([1.0] * 10 + [0.2] * 31 + [1.0] * 5, 0),  # a month of old prices may be crossed
        ([1.0] * 10 + [0.2] * 32 + [1.0] * 5, 42),
        ([0.0] * 400 + [1.0], 400),
        ([1.0] + [0.0] * 60, 61),
        ([np.nan] * 100 + [1.0] * 3, 0),  # nothing held is nothing unknown
        ([0.1] * 40 + [1.0] * 9 + [0.1] * 40 + [0.5] * 3, 89),
        ([], 0),
    ],
)
def test_the_line_begins_after_the_last_long_gap(coverage, first):
    assert reliable_from(np.array(coverage)) == first


@pytest.mark.parametrize(
    ("moved_on", "begin", "first"),
    [
        (None, 0, 0),  # the worth before and after the gap is known
        (None, 30, 60),  # a return cannot begin in a gap
        (30, 0, 60),  # nor cross one in which money moved
        (60, 0, 60),  # a correction on the day after it went unrecorded in the gap
        (61, 0, 0),
        (5, 0, 0),
        (30, 61, 61),
    ],
)
def test_a_return_begins_where_worth_is_known_and_crosses_no_gap_with_flows(moved_on, begin, first):
    known = np.array([1.0] * 10 + [0.1] * 50 + [1.0] * 5)
    flows = np.zeros(65)
    if moved_on is not None:
        flows[moved_on] = -3.0
    assert returns_from(known, flows, begin) == first


def test_a_return_that_begins_in_the_last_gap_begins_on_the_last_day():
    assert returns_from(np.zeros(50), np.zeros(50), 3) == 49


def test_what_is_known_is_weighed_by_worth_and_what_never_had_a_price_weighs_nothing():
    grid = SimpleNamespace(
        quantity=np.array([[2.0, 1.0, 500.0], [2.0, -1.0, 500.0]]),
        price=np.array([[np.nan, 10.0, np.nan], [15.0, 10.0, np.nan]]),  # the first was not priced yet
    )
    weight = weights(grid)
    assert weight.tolist() == [[30, 10, 0], [30, 10, 0]]
    fresh = np.array([[False, True, False], [True, False, False]])
    assert known_share(weight, grid.quantity != 0, fresh).tolist() == [0.25, 0.75]


def test_nothing_held_is_not_a_gap_and_nothing_ever_priced_is_one():
    held = np.array([[False], [True]])
    share = known_share(np.zeros((2, 1)), held, np.zeros((2, 1), dtype=bool))
    assert np.isnan(share[0])
    assert share[1] == 0


def test_flows_are_no_return():
    value, flows = np.array([100.0, 310.0, 341.0]), np.array([0.0, 200.0, 0.0])
    assert time_weighted(value, flows) == pytest.approx(310 / 300 * 1.1 - 1)


def test_without_a_day_before_or_a_worth_there_is_no_return():
    assert time_weighted(np.array([50.0]), np.array([50.0])) is None
    assert time_weighted(np.array([np.nan, 0.0]), np.array([0.0, 0.0])) is None
