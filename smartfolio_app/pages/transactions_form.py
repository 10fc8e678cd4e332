"""The form in which a transaction is typed in or corrected. Which sides it asks for follows from what happened."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import button
from smartfolio_app.components.dialogs import dialog
from smartfolio_app.components.forms import field, form_error, number_input, text_area, text_input
from smartfolio_app.components.icons import icon
from smartfolio_app.i18n import t
from smartfolio_app.state.transaction_form import OFFERED_KINDS, TransactionFormState

#: What the asset beside a quantity is called.
ASSET_LABELS = {
    "received": "transactions.form_got_asset",
    "sent": "transactions.form_gave_asset",
    "fee": "transactions.form_fee_asset",
    "value": "transactions.form_value_asset",
}


def transaction_form() -> rx.Component:
    """Return the dialog; ``TransactionFormState`` opens it empty or with a transaction in it."""
    state = TransactionFormState
    return dialog(
        rx.el.form(
            rx.el.div(
                rx.cond(state.editing == "", field("transactions.form_where", _sources())),
                field("transactions.form_what", _kinds()),
                field(
                    "transactions.form_when",
                    rx.el.input(
                        name="at",
                        type="datetime-local",
                        default_value=state.at,
                        required=True,
                        class_name="input",
                    ),
                    hint=t("transactions.form_when_hint", zone=state.zone),
                ),
                class_name="fields",
            ),
            rx.cond(
                state.asks_received,
                _pair("received", "transactions.form_got", state.received, state.received_asset),
            ),
            rx.cond(state.asks_sent, _pair("sent", "transactions.form_gave", state.sent, state.sent_asset)),
            _pair("fee", "transactions.form_fee", state.fee, state.fee_asset, optional=True),
            rx.cond(
                state.asks_value,
                _pair(
                    "value",
                    "transactions.form_value",
                    state.value,
                    state.value_asset,
                    optional=True,
                    hint="transactions.form_value_hint",
                ),
            ),
            rx.el.div(
                field(
                    _optional("transactions.form_account"),
                    text_input("account", default_value=state.account, max_length=120),
                    hint="transactions.form_account_hint",
                ),
                field(
                    _optional("transactions.form_note"),
                    text_area("note", default_value=state.note, max_length=2000, rows=2),
                ),
                class_name="fields",
            ),
            form_error(state.problem),
            rx.el.div(
                button("common.cancel", kind="ghost", on_click=state.close),
                button("transactions.save", kind="primary", type="submit", disabled=state.saving),
                class_name="dialog-actions",
            ),
            on_submit=state.save,
            key=state.turn.to_string(),
            class_name="stack loose",
        ),
        open=state.is_open,
        on_close=state.close,
        title=rx.cond(
            state.editing == "", t("transactions.form_add_title"), t("transactions.form_edit_title")
        ),
        wide=True,
    )


def _sources() -> rx.Component:
    state = TransactionFormState
    return _selected(
        rx.foreach(state.sources, lambda one: rx.el.option(one.label, value=one.value)),
        name="source",
        default_value=state.source,
    )


def _kinds() -> rx.Component:
    options = [rx.el.option(t(f"transactions.kinds.{kind}"), value=kind) for kind in OFFERED_KINDS]
    state = TransactionFormState
    return _selected(*options, name="kind", value=state.kind, on_change=state.choose_kind)


def _selected(*options: Any, **props: Any) -> rx.Component:
    return rx.el.span(rx.el.select(*options, **props), icon("chevron-down", "tiny"), class_name="select")


def _pair(
    name: str, label: str, quantity: Var, asset: Var, *, optional: bool = False, hint: str = ""
) -> rx.Component:
    """Return a quantity and what it is a quantity of, side by side."""
    return rx.el.div(
        field(
            _optional(label) if optional else label,
            number_input(name, default_value=quantity),
            hint=hint,
        ),
        field(
            ASSET_LABELS[name],
            text_input(
                f"{name}_asset", default_value=asset, max_length=60, auto_complete="off", spell_check=False
            ),
        ),
        class_name="pair",
    )


def _optional(label: str) -> Var:
    return t(label).to(str) + " (" + t("transactions.form_optional").to(str) + ")"
