"""Sign-in, and the one-time set-up of the first account."""

from __future__ import annotations

from typing import Any

import reflex as rx

from smartfolio_app.components.controls import button, link_button
from smartfolio_app.components.forms import field, form_error, select, text_input
from smartfolio_app.components.native_form import NativeForm, ZoneField
from smartfolio_app.components.notices import banner
from smartfolio_app.components.password import password_field
from smartfolio_app.components.shell import bare_page, mark
from smartfolio_app.i18n import LANGUAGES, t
from smartfolio_app.i18n.var import language_var
from smartfolio_app.state.base import CURRENCY_CODES
from smartfolio_app.state.entrance import MINIMUM_LENGTH, EntranceState

S = EntranceState


def login() -> rx.Component:
    """Return the sign-in page, with the way in for those who only want to look."""
    return _entrance(
        "auth.sign_in_title",
        rx.cond(S.no_account, banner(rx.el.p(t("auth.no_account")), tone="notable")),
        NativeForm.create(
            form_error(S.problem),
            field("auth.name", text_input("name", auto_complete="username", required=True, auto_focus=True)),
            password_field("auth.password", "password", auto_complete="current-password"),
            rx.el.input(type="hidden", name="next", value=S.next),
            ZoneField.create(name="time_zone"),
            button("auth.sign_in", kind="primary", type="submit", wide=True),
            action="/auth/login",
            class_name="stack loose",
        ),
        NativeForm.create(
            rx.el.p(t("auth.or"), class_name="or"),
            button("auth.try_sample", type="submit", wide=True, symbol="sparkles"),
            rx.el.p(t("auth.sample_text"), class_name="small faint"),
            rx.el.input(type="hidden", name="language", value=language_var()),
            action="/auth/demo",
            class_name="stack",
        ),
    )


def setup() -> rx.Component:
    """Return the page of the one-time link that creates the first administrator."""
    return _entrance(
        "auth.setup_title",
        rx.cond(
            S.link_is_good,
            NativeForm.create(
                rx.el.p(t("auth.setup_text"), class_name="quiet"),
                form_error(S.problem),
                field(
                    "auth.name", text_input("name", auto_complete="username", required=True, auto_focus=True)
                ),
                password_field(
                    "auth.password",
                    "password",
                    auto_complete="new-password",
                    min_length=MINIMUM_LENGTH,
                    hint=t("auth.password_hint", minimum=MINIMUM_LENGTH),
                ),
                field(
                    "auth.currency",
                    select([(code, rx.Var.create(code)) for code in CURRENCY_CODES], name="currency"),
                    hint="auth.currency_hint",
                ),
                rx.el.input(type="hidden", name="language", value=language_var()),
                rx.el.input(type="hidden", name="token", value=S.token),
                ZoneField.create(name="time_zone"),
                button("auth.create", kind="primary", type="submit", wide=True),
                action="/auth/setup",
                class_name="stack loose",
            ),
            rx.el.div(
                rx.el.p(t("error.account.setup_link_spent")),
                link_button("auth.sign_in", "/login", kind="primary"),
                class_name="stack loose",
            ),
        ),
    )


def _entrance(title: str, *content: Any) -> rx.Component:
    return bare_page(
        rx.el.div(
            rx.el.div(mark(), rx.el.span(t("common.app")), class_name="entrance-mark"),
            rx.el.h1(t(title)),
            *content,
            class_name="entrance-card",
        ),
        _languages(),
        _skyline(),
    )


def _languages() -> rx.Component:
    return rx.el.div(
        *[
            rx.el.button(
                rx.Var.create(name),
                type="button",
                lang=code,
                on_click=S.speak(code),
                custom_attrs={"aria-pressed": language_var() == code},
            )
            for code, name in LANGUAGES.items()
        ],
        role="group",
        aria_label=t("auth.language"),
        class_name="segmented entrance-languages",
    )


def _skyline() -> rx.Component:
    """Return the quiet drawing behind the card: the same line over a fading area as the dashboard's."""
    line = (
        "M0 210 C60 205 90 170 150 176 S250 226 310 206 S420 120 490 132 S590 190 650 168 S770 70 850 84 "
        "S950 138 1020 112 S1150 30 1230 44 S1350 76 1440 18"
    )
    return rx.el.svg(
        rx.el.svg.defs(
            rx.el.svg.linear_gradient(
                rx.el.svg.stop(offset="0", class_name="skyline-top"),
                rx.el.svg.stop(offset="1", class_name="skyline-foot"),
                id="skyline",
                x1="0",
                y1="0",
                x2="0",
                y2="1",
            )
        ),
        rx.el.svg.path(d=f"{line} V300 H0 Z", fill="url(#skyline)"),
        rx.el.svg.path(d=line, class_name="skyline-line"),
        view_box="0 0 1440 300",
        preserve_aspect_ratio="none",
        class_name="skyline",
        custom_attrs={"aria-hidden": "true"},
    )
