"""Every word a user reads: one catalogue a language, one function to read it.

``translate`` serves the server (REST errors, figures' labels, the shell); ``t`` serves the pages: it compiles both
languages into the page, so that switching costs no reload and the first paint already has its words. A catalogue is
all the TOML files of ``i18n/<language>/``, whose (possibly nested) tables are flattened to keys such as
``dashboard.top_holdings``. A text that depends on a count has one entry a plural category: ``x.one``, ``x.other``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n.catalog import LANGUAGES, MissingTextError, catalogue, plural_category

if TYPE_CHECKING:
    from reflex.vars import Var

__all__ = [
    "LANGUAGES",
    "MissingTextError",
    "catalogue",
    "error_text",
    "known",
    "negotiate",
    "t",
    "translate",
    "translate_or_text",
]

DEFAULT_LANGUAGE = "en"


def translate(lang: str, key: str, /, **params: object) -> str:
    """Return the text of ``key`` in ``lang``, its ``{placeholders}`` filled from ``params``.

    ``count`` chooses the plural variant where the key has any. An unknown language falls back to English, because it
    can come from a browser's headers.

    Raises:
        MissingTextError: there is no such key, or a placeholder has no value.
    """
    language = lang if lang in LANGUAGES else DEFAULT_LANGUAGE
    texts = catalogue(language)
    text = texts.get(key)
    if text is None and "count" in params:
        text = texts.get(f"{key}.{plural_category(language, params['count'])}") or texts.get(f"{key}.other")
    if text is None:
        raise MissingTextError("i18n.missing_text", key=key)
    try:
        return text.format_map(params)
    except KeyError as error:
        raise MissingTextError("i18n.missing_value", key=key, name=str(error.args[0])) from error


def known(key: str) -> bool:
    """Tell whether ``key`` (or a plural family of that name) has a text."""
    texts = catalogue(DEFAULT_LANGUAGE)
    return key in texts or f"{key}.other" in texts


def translate_or_text(lang: str, text: str, /, **params: object) -> str:
    """Translate what may be a message key or already plain text (an asset's name, a user's own label)."""
    return translate(lang, text, **params) if known(text) else text


def error_text(lang: str, error: SmartFolioError) -> str:
    """Return the sentence for an expected failure; one without a sentence of its own names its code."""
    key = f"error.{error.code}"
    if not known(key):
        return translate(lang, "error.unexpected", code=error.code)
    return translate(lang, key, **error.params)


def negotiate(header: str) -> str:
    """Return the best language we speak for an ``Accept-Language`` header."""
    wanted: list[tuple[float, str]] = []
    for part in header.split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        wanted.append((-weight, tag.split("-")[0].lower()))
    return next(
        (tag for _, tag in sorted(wanted, key=lambda item: item[0]) if tag in LANGUAGES), DEFAULT_LANGUAGE
    )


def t(key: str, /, **params: Any) -> Var:
    """Return a text for a page as a ``Var`` that follows the language state; ``params`` may be Vars.

    Raises:
        MissingTextError: when the page is compiled, for an unknown key or a placeholder without a value.
    """
    from smartfolio_app.i18n.var import text_var  # Reflex is not needed by the shell and the services

    return text_var(key, params)
