"""All kinds of rules. Adding one is adding one file to this package with a ``KIND`` (and its sentences)."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from smartfolio_app.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smartfolio_app.analytics.alerts.base import Kind

_NO_KINDS = frozenset({"base", "quiet", "registry"})
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
