"""Something large came in or left the household: each such movement is told once, and is history after some days."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.analytics.alerts.base import Facts, Figure, Kind, Param, Verdict, Wanted
from smartfolio_app.analytics.results import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence


def evaluate(wanted: Wanted, facts: Facts, opened: frozenset[str]) -> Sequence[Verdict]:  # noqa: ARG001
    """Judge each movement of the last days over the household's border. One without a price is not known."""
    least, way = wanted.number("amount"), wanted.text("way")
    found = []
    for one in facts.flows(timedelta(days=int(wanted.number("days")))):
        inward = one.quantity > 0
        if way != "both" and inward != (way == "in"):
            continue
        found.append(
            Verdict(
                one.id,
                None if one.worth is None else abs(one.worth) >= least,
                says="in" if inward else "out",
                figures=(
                    Figure("quantity", abs(one.quantity), Measure.QUANTITY, one.symbol),
                    Figure(
                        "worth", None if one.worth is None else abs(one.worth), Measure.MONEY, facts.currency
                    ),
                    Figure("at", text=one.at.isoformat(), shape="moment"),
                ),
                link=f"/transactions?search={one.symbol}",
            )
        )
    return found


KIND = Kind(
    "large_flow",
    (
        Param("amount", "money", low=Decimal("0.01")),
        Param("way", "choice", default="both", choices=("both", "in", "out")),
        Param("days", "days", default="3", low=Decimal(1), high=Decimal(31)),
    ),
    evaluate,
    severity="info",
    icon="arrow-left-right",
)
