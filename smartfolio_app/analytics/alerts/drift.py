"""A part of the portfolio is further from its target than its band, or than a distance of the rule's own."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.analytics.alerts.base import Facts, Figure, Kind, Param, Verdict, Wanted, crossed
from smartfolio_app.analytics.results import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence


def evaluate(wanted: Wanted, facts: Facts, opened: frozenset[str]) -> Sequence[Verdict]:
    """Judge each target on its own; without targets there is nothing to say."""
    found, own = [], wanted.maybe("points")
    for one in facts.drifts:
        limit = own if own is not None else one.limit
        if limit is None:
            continue
        distance = abs(one.share - one.target)
        found.append(
            Verdict(
                one.key,
                crossed(distance, limit, was_open=one.key in opened),
                says="over" if one.share > one.target else "under",
                figures=(
                    Figure("part", text=one.label, shape="message"),
                    Figure("share", one.share, Measure.SHARE),
                    Figure("target", one.target, Measure.SHARE),
                    Figure("distance", distance, Measure.SHARE),
                ),
                link="/rebalancing",
            )
        )
    return found


KIND = Kind(
    "drift",
    (Param("points", "share", optional=True, low=Decimal("0.001"), high=Decimal(1)),),
    evaluate,
    severity="info",
    icon="scale",
)
