"""What a source is called: the name its user gave, else its provider's, numbered where there are several."""

from __future__ import annotations

import re

from smartfolio_app.errors import NotFoundError
from smartfolio_app.i18n import translate_or_text
from smartfolio_app.providers import registry
from smartfolio_app.storage.tables import SourceRow


def label_of(row: SourceRow, language: str) -> str:
    """Return the source's name in ``language``; the key of one whose provider no longer exists."""
    if row.label:
        return row.label
    try:
        provider = registry.provider(row.provider)
    except NotFoundError:
        return row.key
    number = re.search(r"_(\d+)$", row.key.removeprefix(row.provider))
    name = translate_or_text(language, provider.label)
    return f"{name} {number[1]}" if number else name
