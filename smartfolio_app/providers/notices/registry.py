"""All kinds of channels. Adding one is adding one file to this package with a ``CHANNEL``."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.providers.notices.base import Channel

_NO_CHANNELS = frozenset({"base", "outside", "registry"})


@cache
def channels() -> Mapping[str, Channel]:
    """Return every kind of channel by its id."""
    package = import_module("smartfolio_app.providers.notices")
    found: dict[str, Channel] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.name not in _NO_CHANNELS:
            channel: Channel = import_module(f"{package.__name__}.{module.name}").CHANNEL
            found[channel.id] = channel
    return MappingProxyType(found)


def channel_of(kind: str) -> Channel:
    """Return a kind of channel; raise ``InvalidInputError`` when there is none such."""
    found = channels().get(kind)
    if found is None:
        raise InvalidInputError("notice.no_such_kind", kind=kind, allowed=", ".join(channels()))
    return found
