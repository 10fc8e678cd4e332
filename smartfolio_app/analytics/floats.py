"""Exact numbers as floats, a few thousand at a time: in one piece, very many would hold up every other thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from smartfolio_app.analytics.results import FloatArray

_PIECE = 4_096


def as_floats(values: Sequence[Decimal]) -> FloatArray:
    """Return the numbers, shape (n,); raise ``TypeError`` when one of them is none."""
    made: FloatArray = np.empty(len(values))
    for first in range(0, len(values), _PIECE):
        piece = values[first : first + _PIECE]
        made[first : first + len(piece)] = np.fromiter(map(float, piece), dtype=np.float64, count=len(piece))
    return made
