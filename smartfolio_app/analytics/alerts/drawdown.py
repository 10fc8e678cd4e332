"""The household's return is further below its peak than a limit; money that came or went is no part of it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.analytics.alerts.base import (
    EVERYTHING,
    Facts,
    Figure,
    Kind,
    Param,
    Verdict,
    Wanted,
    crossed,
)
from smartfolio_app.analytics.results import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence


def evaluate(wanted: Wanted, facts: Facts, opened: frozenset[str]) -> Sequence[Verdict]:
    """Judge the present distance from the peak."""
    fall, limit = facts.fall, wanted.number("limit")
    if fall is None:
        return [Verdict(EVERYTHING, None)]
    return [
        Verdict(
            EVERYTHING,
            crossed(fall.depth, limit, was_open=EVERYTHING in opened),
            figures=(
                Figure("depth", fall.depth, Measure.SHARE),
                Figure("limit", limit, Measure.SHARE),
                Figure("peak", text=fall.peak.isoformat(), shape="day"),
            ),
            link="/performance",
        )
    ]


KIND = Kind(
    "drawdown",
    (Param("limit", "share", default="0.2", low=Decimal("0.005"), high=Decimal(1)),),
    evaluate,
    icon="trending-down",
)
