"""The language on screen, in a state of its own: a text re-renders when the language changes and at no other time."""

from __future__ import annotations

import reflex as rx

from smartfolio_app.i18n.var import follow


class Locale(rx.State):
    """``language`` is empty until the server knows whose page it is; the page then speaks its document's language."""

    language: str = ""


follow(Locale.language)
