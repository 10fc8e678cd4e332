"""The way out, and the light switch: at the foot of the rail, and in the phone's sheet."""

from __future__ import annotations

import reflex as rx
from reflex.style import resolved_color_mode

from smartfolio_app.components.controls import button, icon_button
from smartfolio_app.components.native_form import NativeForm
from smartfolio_app.i18n import t
from smartfolio_app.state.base import AppState

_OTHER = rx.cond(resolved_color_mode == "dark", "light", "dark")


def light_switch() -> rx.Component:
    """Return the button that changes between dark and light."""
    return rx.cond(
        resolved_color_mode == "dark",
        icon_button("sun", "nav.to_light", on_click=AppState.choose_theme(_OTHER)),
        icon_button("moon", "nav.to_dark", on_click=AppState.choose_theme(_OTHER)),
    )


def sign_out(*, words: bool = False) -> rx.Component:
    """Return the sign-out button: a plain form, because only an answer can take the cookie away."""
    control = (
        button("nav.sign_out", type="submit", symbol="log-out")
        if words
        else icon_button("log-out", t("nav.sign_out_name", name=AppState.user_name), type="submit")
    )
    return NativeForm.create(control, action="/auth/logout")
