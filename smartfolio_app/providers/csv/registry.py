"""All known formats. Adding one is adding one file to ``formats/`` with a ``FORMATS`` tuple."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from smartfolio_app.providers.csv import formats as package
from smartfolio_app.providers.csv.base import Format, FormatInfo


@cache
def all_formats() -> tuple[Format, ...]:
    """Return every format of the package, by id.

    Raises:
        ValueError: two formats have the same id.
    """
    found: dict[str, Format] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("_"):
            continue
        for item in getattr(import_module(f"{package.__name__}.{module.name}"), "FORMATS", ()):
            if item.info.id in found:
                raise ValueError(f"two formats are called {item.info.id}")
            found[item.info.id] = item
    return tuple(found[name] for name in sorted(found))


def formats() -> list[FormatInfo]:
    """Return the public description of every format, by institution and label."""
    return sorted(
        (item.info for item in all_formats()), key=lambda info: (info.institution.casefold(), info.label)
    )


def format_named(format_id: str) -> Format | None:
    """Return the format called ``format_id``, if there is one."""
    return next((item for item in all_formats() if item.info.id == format_id), None)
