"""Audit entries as sentences: ``audit.<action>`` of the catalogue, filled from what was noted."""

from __future__ import annotations

from smartfolio_app.i18n import MissingTextError, known, translate
from smartfolio_app.services.audit import Entry


def sentence(language: str, entry: Entry) -> str:
    """Return what was done, in words; an action without words (a newer version's) as it is named."""
    key = f"audit.{entry.action}"
    if known(key):
        try:
            return translate(language, key, **entry.detail)
        except MissingTextError:  # an older version noted less
            pass
    noted = ", ".join(f"{name} {value}" for name, value in entry.detail.items() if value)
    return f"{entry.action} ({noted})" if noted else entry.action
