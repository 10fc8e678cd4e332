"""Reading the TOML catalogues, once a process."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from babel import Locale
from babel.plural import PluralRule

from smartfolio_app.errors import SmartFolioError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Code -> the language's own name, in the order they are offered.
LANGUAGES: Mapping[str, str] = MappingProxyType({"en": "English", "fr": "Français"})

_FOLDER = Path(__file__).parent


class MissingTextError(SmartFolioError):
    """A text was asked for that no catalogue has; a programming error, found by the tests."""

    status = 500


def _flatten(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)


def read_area(path: Path) -> dict[str, str]:
    """Return the flat ``key -> text`` of one file of a catalogue."""
    return dict(_flatten(tomllib.loads(path.read_text(encoding="utf-8"))))


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return all texts of ``language``.

    Raises:
        ValueError: two files define the same key.
    """
    texts: dict[str, str] = {}
    for path in sorted((_FOLDER / language).glob("*.toml")):
        area = read_area(path)
        if twice := texts.keys() & area.keys():
            raise ValueError(f"{path.name} repeats {', '.join(sorted(twice))}")
        texts.update(area)
    return MappingProxyType(texts)


@cache
def plural_rule(language: str) -> PluralRule:
    """Return CLDR's plural rule of ``language``."""
    return Locale(language).plural_form


def plural_category(language: str, count: object) -> str:
    """Return the plural category (``one``, ``other`` ...) of a count given as a number or as its plain text."""
    try:
        return plural_rule(language)(float(str(count)))
    except ValueError as error:
        raise MissingTextError("i18n.not_a_count", count=str(count)) from error
