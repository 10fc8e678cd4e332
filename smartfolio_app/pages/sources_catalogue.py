"""The dialog in which a source is added: typed in, from an institution's export, or from any table."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import link_button, search_box
from smartfolio_app.components.dialogs import dialog
from smartfolio_app.components.icons import icon
from smartfolio_app.i18n import t
from smartfolio_app.state.sources import SourcesState


def catalogue() -> rx.Component:
    """Return the catalogue."""
    return dialog(
        search_box(
            SourcesState.offer_search,
            SourcesState.search_offers,
            label="sources.catalogue_search",
            auto_focus=True,
        ),
        rx.el.section(
            rx.el.h3(t("sources.catalogue_files")),
            rx.el.p(t("sources.catalogue_files_text"), class_name="small quiet"),
            link_button("saxo.title", "/sources/sign-in", kind="ghost"),
            rx.cond(
                SourcesState.offers,
                rx.el.ul(rx.foreach(SourcesState.offers, _offer), class_name="offers"),
                rx.el.p(t("sources.catalogue_none"), class_name="quiet"),
            ),
        ),
        rx.el.section(
            rx.el.h3(t("sources.catalogue_any")),
            rx.el.p(t("sources.catalogue_any_text"), class_name="small quiet"),
            rx.el.ul(rx.foreach(SourcesState.any_file, _offer), class_name="offers"),
        ),
        rx.el.section(
            rx.el.h3(t("sources.catalogue_manual")),
            rx.el.p(t("sources.catalogue_manual_text"), class_name="small quiet"),
            rx.el.ul(rx.foreach(SourcesState.by_hand, _offer), class_name="offers"),
        ),
        open=SourcesState.adding,
        on_close=SourcesState.close_dialogs,
        title="sources.catalogue_title",
        wide=True,
    )


def _offer(offer: Var) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            rx.el.span(offer.label, class_name="strong truncate"),
            rx.el.span(
                rx.cond(offer.formats, offer.formats, offer.category), class_name="small quiet truncate"
            ),
            icon("plus"),
            type="button",
            class_name="offer",
            on_click=SourcesState.add(offer.provider),
        )
    )
