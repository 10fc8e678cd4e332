"""Less of the portfolio has a price than should have."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.analytics.alerts.base import EVERYTHING, Facts, Figure, Kind, Param, Verdict, Wanted
from smartfolio_app.analytics.results import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence


def evaluate(wanted: Wanted, facts: Facts, opened: frozenset[str]) -> Sequence[Verdict]:  # noqa: ARG001
    """Judge the priced share of the holdings: counted, so it does not tremble."""
    share, limit = facts.coverage.share, wanted.number("limit")
    if share is None:
        return [Verdict(EVERYTHING, False)]
    return [
        Verdict(
            EVERYTHING,
            share < limit,
            figures=(
                Figure("share", share, Measure.SHARE),
                Figure("limit", limit, Measure.SHARE),
                Figure("count", Decimal(facts.coverage.total - facts.coverage.priced), Measure.COUNT),
            ),
            link="/holdings",
        )
    ]


KIND = Kind(
    "coverage",
    (Param("limit", "share", default="0.95", low=Decimal("0.01"), high=Decimal(1)),),
    evaluate,
    icon="circle-help",
)
