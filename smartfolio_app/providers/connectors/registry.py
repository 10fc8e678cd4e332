"""All connectors. Adding one is adding one file to this package with a ``CONNECTORS`` tuple."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from smartfolio_app.errors import NotFoundError
from smartfolio_app.providers.connectors.base import Connector

_NO_CONNECTORS = frozenset({"base", "registry"})


@cache
def all_connectors() -> Mapping[str, Connector]:
    """Return every connector by its provider's id.

    Raises:
        ValueError: Two connectors have the same id.
    """
    found: dict[str, Connector] = {}
    package = import_module("smartfolio_app.providers.connectors")
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("_") or module.name in _NO_CONNECTORS:
            continue
        for one in getattr(import_module(f"{package.__name__}.{module.name}"), "CONNECTORS", ()):
            if one.provider.id in found:
                raise ValueError(f"two connectors are called {one.provider.id}")
            found[one.provider.id] = one
    return MappingProxyType(found)


def connector(provider_id: str) -> Connector:
    """Return the connector of a provider; raise ``NotFoundError`` when it has none."""
    found = all_connectors().get(provider_id)
    if found is None:
        raise NotFoundError("source.unknown_provider", provider=provider_id)
    return found


def has_connector(provider_id: str) -> bool:
    """Tell whether a provider can be read over the network."""
    return provider_id in all_connectors()
