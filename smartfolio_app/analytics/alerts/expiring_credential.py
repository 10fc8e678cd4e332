"""A source's credential ends soon, or has been in use for so long that it should be replaced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.analytics.alerts.base import Facts, Figure, Kind, Param, Verdict, Wanted
from smartfolio_app.analytics.results import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence


def evaluate(wanted: Wanted, facts: Facts, opened: frozenset[str]) -> Sequence[Verdict]:  # noqa: ARG001
    """Judge each source's credential: by its end where one is told (by the source, or by the rule), else by its age."""
    before, oldest = timedelta(days=int(wanted.number("days"))), timedelta(days=int(wanted.number("age")))
    only, ends = wanted.text("source"), wanted.text("ends")
    found = []
    for one in facts.credentials:
        if only and one.source != only:
            continue
        end = datetime.fromisoformat(ends).replace(tzinfo=UTC) if ends else one.ends_at
        age = facts.now - one.set_at
        if end is None:
            says, fired = "old", age > oldest
        else:
            says, fired = ("ended" if end <= facts.now else "ending"), end - facts.now <= before
        left = None if end is None else Decimal(max((end - facts.now).days, 0))
        found.append(
            Verdict(
                one.source,
                fired,
                says=says,
                figures=(
                    Figure("source", text=one.label),
                    Figure("ends", text=end.isoformat() if end else "", shape="moment"),
                    Figure("count", left, Measure.COUNT),
                    Figure("age", Decimal(age.days), Measure.COUNT),
                ),
                link=f"/sources?source={one.source}",
            )
        )
    return found


KIND = Kind(
    "expiring_credential",
    (
        Param("source", "source", optional=True),
        Param("ends", "date", optional=True),
        Param("days", "days", default="7", high=Decimal(90)),
        Param("age", "days", default="365", low=Decimal(1), high=Decimal(3650)),
    ),
    evaluate,
    icon="key-round",
)
