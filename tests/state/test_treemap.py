"""The treemap's areas are in proportion, fill the whole and do not overlap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartfolio_app.state.treemap import Box, squarify

WEIGHTS = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=40).map(lambda xs: sorted(xs, reverse=True))


@given(WEIGHTS)
def test_areas_are_in_proportion_and_fill_the_whole(weights):
    boxes = squarify(weights, 800, 300)
    whole = sum(weights)
    for weight, box in zip(weights, boxes, strict=True):
        assert box.width * box.height == pytest.approx(weight / whole * 800 * 300, rel=1e-6)
        assert box.x >= -1e-6
        assert box.x + box.width <= 800 + 1e-3
        assert box.y + box.height <= 300 + 1e-3


@given(WEIGHTS)
def test_no_two_boxes_overlap(weights):
    boxes = squarify(weights, 800, 300)
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            assert wide <= 1e-3 or high <= 1e-3


def test_the_published_example():
    """Bruls et al., figure 4: a 6 by 4 rectangle with these areas begins with two boxes of 3 by 2."""
    boxes = squarify([6, 6, 4, 3, 2, 2, 1], 6, 4)
    assert boxes[0] == Box(0, 0, 3, 2)
    assert boxes[1] == Box(0, 2, 3, 2)


def test_nothing_and_nonsense():
    assert squarify([], 10, 10) == []
    with pytest.raises(ValueError, match="positive"):
        squarify([1, 0], 10, 10)
