"""The invisible part of a page: address, language, theme, keys, and the state of the connection."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var


class PageEffects(rx.Component):
    """Keeps the document in step with the state; see ``assets/js/page_effects.jsx``."""

    library = "$/public/js/page_effects.jsx"
    tag = "PageEffects"

    language: Var[str]
    theme: Var[str]
    query: Var[str]
    active: Var[bool]
    hurried: Var[bool]
    on_look: rx.EventHandler[rx.event.no_args_event_spec]
    on_search: rx.EventHandler[rx.event.no_args_event_spec]


class WhenOffline(rx.Component):
    """Shows its children while the connection to the server is lost."""

    library = "$/public/js/page_effects.jsx"
    tag = "WhenOffline"
