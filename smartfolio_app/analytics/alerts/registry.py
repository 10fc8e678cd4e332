"""All kinds of rules. Adding one is adding one file to this package with a ``KIND`` (and its sentences)."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from smartfolio_app.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from smartfolio_app.analytics.alerts.base import Figure, Kind

_NO_KINDS = frozenset({"base", "heard", "quiet", "registry"})
#: The order in which they are offered; one that is not named comes last.
_ORDER = (
    "price",
    "drift",
    "drawdown",
    "var_breach",
    "large_flow",
    "stale_price",
    "coverage",
    "failed_sync",
    "expiring_credential",
)


#: The figure that an alert of each kind is about; the others are what it was compared with.
MAIN = {
    "price": ("price",),
    "drift": ("share",),
    "drawdown": ("depth",),
    "var_breach": ("returned",),
    "large_flow": ("worth", "quantity"),
    "stale_price": ("count",),
    "coverage": ("share",),
    "failed_sync": ("count",),
    "expiring_credential": ("count", "age"),
}


def main_figure(kind: str, figures: Iterable[Figure]) -> Figure | None:
    """Return the figure that an alert is about, ``None`` where it is not known."""
    known = {one.name: one for one in figures if one.amount is not None}
    return next((known[name] for name in MAIN.get(kind, ()) if name in known), None)


@cache
def kinds() -> Mapping[str, Kind]:
    """Return every kind by its id.

    Raises:
        ValueError: Two kinds have the same id.
    """
    found: dict[str, Kind] = {}
    package = import_module("smartfolio_app.analytics.alerts")
    for module in pkgutil.iter_modules(package.__path__):
        if module.name in _NO_KINDS:
            continue
        kind: Kind = import_module(f"{package.__name__}.{module.name}").KIND
        if kind.id in found:
            raise ValueError(f"two kinds of rules are called {kind.id}")
        found[kind.id] = kind
    place = {name: number for number, name in enumerate(_ORDER)}
    ordered = sorted(found.values(), key=lambda one: (place.get(one.id, len(place)), one.id))
    return MappingProxyType({one.id: one for one in ordered})


def kind_of(kind_id: str) -> Kind:
    """Return a kind; raise ``InvalidInputError`` when there is none such."""
    found = kinds().get(kind_id)
    if found is None:
        raise InvalidInputError("alert.no_such_kind", kind=kind_id, allowed=", ".join(kinds()))
    return found
