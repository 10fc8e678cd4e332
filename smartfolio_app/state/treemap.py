"""A squarified treemap: areas in proportion, rectangles as square as they can be.

The algorithm is that of Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000): rows are laid along the shorter
side, and a row is closed as soon as one more rectangle would make its worst side ratio worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; the origin is at the top left."""

    x: float
    y: float
    width: float
    height: float


def squarify(weights: Sequence[float], width: float, height: float) -> list[Box]:
    """Return one box for each weight, in the same order, that together fill ``width`` by ``height``.

    ``weights`` are positive and sorted, the largest first.

    Raises:
        ValueError: a weight is not positive.
    """
    if any(weight <= 0 for weight in weights):
        raise ValueError("a treemap needs positive weights")
    if not weights:
        return []
    scale = width * height / sum(weights)
    areas = [weight * scale for weight in weights]
    free, boxes, start = Box(0.0, 0.0, width, height), [], 0
    while start < len(areas):
        side = min(free.width, free.height)
        end = start + 1
        while end < len(areas) and _worst(areas[start : end + 1], side) <= _worst(areas[start:end], side):
            end += 1
        row = areas[start:end]
        boxes += _laid(row, free)
        free = _left_over(row, free)
        start = end
    return boxes


def _worst(row: Sequence[float], side: float) -> float:
    """Return the largest side ratio of a row laid along ``side``."""
    total = sum(row)
    if side <= 0 or total <= 0:
        return float("inf")
    return max(max(side**2 * area / total**2, total**2 / (side**2 * area)) for area in row)


def _laid(row: Sequence[float], free: Box) -> list[Box]:
    thickness = sum(row) / min(free.width, free.height)
    boxes, at = [], 0.0
    for area in row:
        length = area / thickness
        if free.width >= free.height:
            boxes.append(Box(free.x, free.y + at, thickness, length))
        else:
            boxes.append(Box(free.x + at, free.y, length, thickness))
        at += length
    return boxes


def _left_over(row: Sequence[float], free: Box) -> Box:
    thickness = sum(row) / min(free.width, free.height)
    if free.width >= free.height:
        return Box(free.x + thickness, free.y, max(free.width - thickness, 0.0), free.height)
    return Box(free.x, free.y + thickness, free.width, max(free.height - thickness, 0.0))
