"""Headings as they can be compared: case, accents, spaces and punctuation set aside."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_BLANKS = re.compile(r"[\s\u00a0\u202f_]+")


@lru_cache(maxsize=4096)
def normalise(heading: str) -> str:
    """Return a heading in its comparable form: ``"Prix  entrée\\n"`` and ``"prix entree"`` are the same."""
    decomposed = unicodedata.normalize("NFKD", heading)
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return _BLANKS.sub(" ", bare.replace("’", "'").replace("\u200b", "")).strip(" .:*").casefold()


def words(heading: str) -> frozenset[str]:
    """Return the words of a heading."""
    return frozenset(re.findall(r"[^\W\d]+", normalise(heading)))
