"""A live source could not be synced, several times in a row."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.analytics.alerts.base import Facts, Figure, Kind, Param, Verdict, Wanted
from smartfolio_app.analytics.results import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence


def evaluate(wanted: Wanted, facts: Facts, opened: frozenset[str]) -> Sequence[Verdict]:
    """Judge each live source; one success closes the alert."""
    times = int(wanted.number("times"))
    return [
        Verdict(
            one.key,
            bool(one.error) and (one.failures >= times or one.key in opened),
            says="fired" if one.succeeded_at else "never",
            figures=(
                Figure("source", text=one.label),
                Figure("count", Decimal(one.failures), Measure.COUNT),
                Figure(
                    "worked", text=one.succeeded_at.isoformat() if one.succeeded_at else "", shape="moment"
                ),
            ),
            link=f"/sources?source={one.key}",
        )
        for one in facts.live_sources
    ]


KIND = Kind(
    "failed_sync",
    (Param("times", "count", default="2", low=Decimal(1), high=Decimal(50)),),
    evaluate,
    severity="error",
    icon="unplug",
)
