"""Figures of the sentiment model in bundles: every day that it was fitted to, and that its record is of.

As in ``recipes``, what computes is the product's own formula. The model is fitted anew: the weights and the level
that it finds make the chance from the standardised components of the day, forecasts from earlier days alone the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.bundles.panels import column
from smartfolio_app.analytics.bundles.records import BundleError, Json, day, part, written
from smartfolio_app.analytics.clock import day_number, day_of
from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.analytics.signals.components import Daily
from smartfolio_app.analytics.signals.model import mood, parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from smartfolio_app.analytics.signals.model import Mood, Record, Weighed

#: No subject has a longer past: days times assets.
_MOST = 600_000


def mood_inputs(  # noqa: PLR0917 - what a model is given, and which of its figures is meant
    known: Daily, today: int, subject: str, sources: Mapping[str, str], measure: str, about: str
) -> Json:
    """Return what a figure of the model rests on; ``about`` is the component or the bin it is of.

    Raises:
        BundleError: It is too much.
    """
    if known.coins.size > _MOST:
        raise BundleError("bundle.too_large")
    return {
        "subject": subject,
        "measure": measure,
        "about": about,
        "today": day_of(today).isoformat(),
        "sources": dict(sources),
        "days": [day_of(int(one)).isoformat() for one in known.days],
        "close": written(known.close),
        "fear_greed": written(known.fear_greed),
        "funding": written(known.funding),
        "coins": [written(known.coins[:, at]) for at in range(known.coins.shape[1])],
        "traded": None if known.traded is None else "".join("1" if one else "0" for one in known.traded),
    }


def _mood(inputs: Json) -> Decimal | None:
    """The model's chance, how often and how much better than the base rate it was, or the value of a component."""
    days = np.array([day_number(day(one)) for one in part(inputs, "days", list)], dtype=np.int64)
    coins, traded = part(inputs, "coins", list), inputs.get("traded")
    if traded is not None and (not isinstance(traded, str) or len(traded) != len(days)):
        raise BundleError("bundle.broken", where="traded")
    known = Daily(
        days=days,
        close=column(inputs, "close", len(days)),
        fear_greed=column(inputs, "fear_greed", len(days)),
        funding=column(inputs, "funding", len(days)),
        coins=np.column_stack([column({"coins": one}, "coins", len(days)) for one in coins])
        if coins
        else np.empty((len(days), 0)),
        traded=None if traded is None else np.array([one == "1" for one in traded], dtype=np.bool_),
    )
    measure, about = part(inputs, "measure", str), part(inputs, "about", str)
    if measure in _OF_PART:
        return exact(next(_OF_PART[measure](one) for one in parts_of(known) if one.name == about))
    found = mood(known, day_number(day(part(inputs, "today", str))))
    return exact(_OF_MOOD[measure](found, about))


def _fitted(found: Mood, name: str) -> Weighed:
    return next(one for one in found.parts if one.name == name)


def _record(found: Mood) -> Record:
    if found.record is None:
        raise BundleError("bundle.broken", where="measure")
    return found.record


_OF_PART: dict[str, Callable[[Weighed], float | None]] = {
    "part": lambda one: one.value,
    "part_rank": lambda one: one.rank,
}
_OF_MOOD: dict[str, Callable[[Mood, str], float | None]] = {
    "score": lambda found, _about: found.chance,
    "scale": lambda found, _about: found.score,
    "known": lambda found, _about: found.known_days,
    "part_weight": lambda found, name: _fitted(found, name).weight,
    "part_share": lambda found, name: _fitted(found, name).share,
    "hits": lambda found, _about: _record(found).hits.value,
    "skill": lambda found, _about: _record(found).skill.value,
    "bin": lambda found, number: _record(found).bins[int(number)].happened,
}
#: The figures of the model.
MEASURES = frozenset({*_OF_PART, *_OF_MOOD})

RECIPES: dict[str, Callable[[Json], Decimal | None]] = {"mood": _mood}
