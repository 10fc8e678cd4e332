"""A line is drawn over days that are known, and its return leaves flows out."""

import numpy as np
import pytest

from smartfolio_app.analytics.reliable import reliable_from, time_weighted


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


def test_flows_are_no_return():
    value, flows = np.array([100.0, 310.0, 341.0]), np.array([100.0, 200.0, 0.0])
    assert time_weighted(value, flows) == pytest.approx(1.1 * 1.1 - 1)


def test_without_a_day_before_there_is_no_return():
    assert time_weighted(np.array([0.0, 50.0]), np.array([0.0, 50.0])) is None
    assert time_weighted(np.array([np.nan, 50.0]), np.array([0.0, 0.0])) is None
