"""Signing in at Saxo, in three steps on one page: register an app, give its key, go to the bank."""

from __future__ import annotations

import reflex as rx

from smartfolio_app.components.controls import link_button, submit
from smartfolio_app.components.forms import check, field, form, form_error, select, text_input
from smartfolio_app.components.shell import page
from smartfolio_app.i18n import t
from smartfolio_app.state.sign_in import SignInState


def sign_in() -> rx.Component:
    """Return the page."""
    return page(
        "saxo.title",
        rx.el.section(
            form(
                field(
                    "saxo.world",
                    select(
                        [("saxo_api", "saxo.world_live"), ("saxo_sim_api", "saxo.world_simulation")],
                        name="provider",
                        value=SignInState.provider,
                        on_change=SignInState.choose,
                    ),
                ),
                rx.el.div(
                    rx.el.span(t("saxo.field.redirect_uri"), class_name="label"),
                    rx.el.code(SignInState.back, class_name="small"),
                    rx.el.span(t("saxo.advice"), class_name="hint"),
                    class_name="field",
                ),
                field(
                    "saxo.field.app_key",
                    text_input("app_key", required=True, max_length=100, auto_complete="off"),
                ),
                rx.cond(SignInState.there, check("connection.separate", name="separate")),
                form_error(SignInState.problem),
                rx.el.div(
                    submit("saxo.go"),
                    link_button("saxo.leave", "/sources", kind="ghost"),
                    class_name="row wrap",
                ),
                on_submit=SignInState.begin,
            ),
            class_name="sign-in-form",
        ),
        lead="saxo.lead",
    )
