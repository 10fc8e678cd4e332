"""A password field whose letters can be shown."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import Text
from smartfolio_app.components.forms import field, text_input
from smartfolio_app.components.icons import icon
from smartfolio_app.i18n import t


class PasswordEye(rx.Component):
    """See ``assets/js/password_eye.jsx``."""

    library = "$/public/js/password_eye.jsx"
    tag = "PasswordEye"

    label: Var[str]


def password_field(label: Text, name: str, *, hint: Text = "", **props: Any) -> rx.Component:
    """Return a required password field under its label, with an eye that shows what is typed."""
    return PasswordEye.create(
        field(label, text_input(name, type="password", required=True, **props), hint=hint),
        icon("eye"),
        icon("eye-off"),
        label=t("auth.show_letters"),
    )
