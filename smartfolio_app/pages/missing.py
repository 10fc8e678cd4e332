"""What is shown instead of a page: at an address where there is none, and when drawing one has failed."""

from __future__ import annotations

import reflex as rx

from smartfolio_app.components.controls import link_button
from smartfolio_app.components.notices import empty_state
from smartfolio_app.components.shell import bare_page
from smartfolio_app.i18n import t


def missing() -> rx.Component:
    """Return the page of an address that leads nowhere."""
    return bare_page(
        empty_state(
            "missing.title",
            "missing.text",
            link_button("missing.home", "/", kind="primary", keep_view=False),
            symbol="map-pin-off",
            heading=rx.el.h1,
        )
    )


def broken() -> rx.Component:
    """Return what stands in for a page whose drawing failed. Its link loads the app anew."""
    return rx.el.main(
        empty_state(
            "missing.broken_title",
            "missing.broken_text",
            rx.el.a(t("missing.reload"), href="/", class_name="button primary"),
            symbol="circle-alert",
            heading=rx.el.h1,
        ),
        class_name="entrance",
    )
