"""The command palette, opened by Ctrl+K (or Cmd+K) from anywhere."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.dialogs import NativeDialog
from smartfolio_app.components.icons import icon
from smartfolio_app.components.links import route_link
from smartfolio_app.i18n import t
from smartfolio_app.state.palette import PaletteState


class ArrowKeys(rx.Component):
    """Moves the focus between a field and the links under it with the arrow keys; Enter takes the first link."""

    library = "$/public/js/arrow_keys.jsx"
    tag = "ArrowKeys"


def palette() -> rx.Component:
    """Return the palette; it is on every page once."""
    return NativeDialog.create(
        ArrowKeys.create(
            rx.el.div(
                icon("search"),
                rx.el.input(
                    on_change=PaletteState.search.debounce(120),
                    type="text",  # a search field would keep the first Escape to itself
                    role="searchbox",
                    placeholder=t("palette.field"),
                    aria_label=t("palette.field"),
                    auto_complete="off",
                    auto_focus=True,
                    class_name="input",
                ),
                class_name="search",
            ),
            rx.el.ul(rx.foreach(PaletteState.hits, _hit), class_name="palette-hits"),
            rx.cond(
                PaletteState.hits.length() == 0,
                rx.el.p(t("palette.nothing"), class_name="quiet", role="status"),
            ),
        ),
        open=PaletteState.is_open,
        on_close=PaletteState.close,
        label=t("palette.title"),
        class_name="palette",
    )


def _hit(hit: Var) -> rx.Component:
    return rx.el.li(
        route_link(
            rx.cond(hit.kind == "page", icon("corner-down-right"), icon("coins")),
            rx.el.span(hit.label, class_name="symbol"),
            rx.el.span(hit.detail, class_name="faint truncate grow"),
            rx.el.span(hit.value, class_name="num quiet"),
            to=hit.link,
            keep_view=False,
            on_click=PaletteState.close,
        ),
        key=hit.link,
    )
