"""The form that sets a price by hand, wherever an asset without a good one is shown."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import button
from smartfolio_app.components.dialogs import dialog
from smartfolio_app.components.forms import date_input, field, number_input, select
from smartfolio_app.i18n import t
from smartfolio_app.state.base import AppState


def price_dialog(
    *,
    symbol: Var,
    today: Var,
    problem: Var,
    is_open: Var,
    on_submit: Any,
    on_close: Any,
) -> rx.Component:
    """Return the dialog; the form has ``price``, ``currency`` and ``day``, and ``problem`` is what is wrong with it."""
    return dialog(
        rx.el.p(t("holdings.set_price_text"), class_name="quiet"),
        rx.el.form(
            rx.el.div(
                field(
                    "holdings.price_field",
                    number_input("price", auto_focus=True, required=True),
                    wrong=problem,
                ),
                field(
                    "holdings.currency_field",
                    select(AppState.currencies, name="currency", default_value=AppState.currency),
                ),
                field("holdings.date_field", date_input("day", default_value=today)),
                class_name="fields",
            ),
            rx.el.div(
                button("common.cancel", kind="ghost", on_click=on_close),
                button("common.save", kind="primary", type="submit"),
                class_name="row end",
            ),
            on_submit=on_submit,
            class_name="stack loose",
        ),
        open=is_open,
        on_close=on_close,
        title=t("holdings.set_price_title", symbol=symbol),
    )
