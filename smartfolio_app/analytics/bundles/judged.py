"""Figures of alerts in bundles: the rule, and the facts that it was told when it judged; and counts.

As in ``recipes``, what computes is the product's own formula: the rule judges again.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.analytics.alerts.heard import Told
from smartfolio_app.analytics.alerts.registry import kind_of, main_figure
from smartfolio_app.analytics.bundles.records import Json, part, text

if TYPE_CHECKING:
    from collections.abc import Callable


def _judged(inputs: Json) -> Decimal | None:
    """The figure that the alert is about, ``None`` where the rule does not fire on these facts."""
    kind, subject = kind_of(part(inputs, "kind", str)), part(inputs, "subject", str)
    chosen = {name: text(value) for name, value in part(inputs, "rule", dict).items()}
    opened = frozenset({subject} if part(inputs, "was_open", bool) else ())
    verdicts = kind.evaluate(kind.read(chosen), Told(part(inputs, "facts", dict)), opened)
    verdict = next((one for one in verdicts if one.subject == subject), None)
    main = main_figure(kind.id, verdict.figures) if verdict is not None and verdict.fired else None
    return None if main is None else main.amount


def _count(inputs: Json) -> Decimal:
    """How many things are listed."""
    return Decimal(sum(len(part(inputs, "of", dict)[name]) for name in part(inputs, "of", dict)))


RECIPES: dict[str, Callable[[Json], Decimal | None]] = {"judged": _judged, "count": _count}
