"""Yesterday was worse than the value at risk that had been given for it. Each such day is a subject of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartfolio_app.analytics.alerts.base import Facts, Figure, Kind, Param, Verdict, Wanted
from smartfolio_app.analytics.results import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence


def evaluate(wanted: Wanted, facts: Facts, opened: frozenset[str]) -> Sequence[Verdict]:
    """Judge the last whole day. The day after, it is history: nothing here trembles."""
    worst = facts.bad_day(wanted.number("confidence"))
    if worst is None:
        return [Verdict(one, None) for one in sorted(opened)]
    return [
        Verdict(
            worst.day.isoformat(),
            worst.returned < worst.limit,
            figures=(
                Figure("day", text=worst.day.isoformat(), shape="day"),
                Figure("returned", worst.returned, Measure.FINE_SHARE),
                Figure("limit", worst.limit, Measure.FINE_SHARE),
                Figure("confidence", wanted.number("confidence"), Measure.SHARE),
            ),
            link="/risk",
        )
    ]


KIND = Kind(
    "var_breach",
    (Param("confidence", "choice", default="0.95", choices=("0.95", "0.99")),),
    evaluate,
    icon="shield-half",
)
