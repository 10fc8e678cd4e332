"""Wealth items: assets and liabilities typed in by hand, each with its values over time."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.charts.area import AreaChart
from smartfolio_app.components.controls import button, icon_button
from smartfolio_app.components.dialogs import confirm, dialog
from smartfolio_app.components.figures import figure, figures_in, known_figure, skeleton
from smartfolio_app.components.forms import (
    date_input,
    field,
    form_error,
    number_input,
    select,
    text_area,
    text_input,
)
from smartfolio_app.components.icons import icon
from smartfolio_app.components.notices import empty_state
from smartfolio_app.components.shell import page
from smartfolio_app.components.sparkline import sparkline
from smartfolio_app.i18n import t
from smartfolio_app.services.item_kinds import ITEM_KINDS
from smartfolio_app.state.base import AppState
from smartfolio_app.state.explain import ExplainState
from smartfolio_app.state.items import ItemsState

KIND_ICONS = {
    "bank_account": "landmark",
    "cash": "banknote",
    "savings": "piggy-bank",
    "real_estate": "house",
    "vehicle": "car",
    "precious_metal": "gem",
    "insurance": "umbrella",
    "pension": "armchair",
    "private_equity": "briefcase-business",
    "collectible": "frame",
    "receivable": "hand-coins",
    "mortgage": "key-round",
    "loan": "scroll-text",
    "credit_card": "credit-card",
}


def items() -> rx.Component:
    """Return the Wealth items page."""
    return page(
        "nav.items",
        rx.cond(ItemsState.is_empty, _empty(), _content()),
        _detail(),
        _form(),
        confirm(
            rx.el.p(t("items.delete_text")),
            open=ItemsState.asking_removal,
            on_close=ItemsState.close_form,
            on_confirm=ItemsState.remove,
            title=t("items.delete_title", name=ItemsState.detail.name),
            action="items.delete",
        ),
        actions=[button("items.add", symbol="plus", on_click=ItemsState.start_adding)],
        lead="items.subtitle",
    )


def _empty() -> rx.Component:
    return empty_state(
        "items.empty_title",
        "items.empty_text",
        button("items.add", kind="primary", symbol="plus", on_click=ItemsState.start_adding),
        symbol="house",
    )


def _content() -> rx.Component:
    return rx.el.div(
        rx.el.dl(
            _sum("items.assets", ItemsState.assets_total),
            _sum("items.liabilities", ItemsState.liabilities_total),
            _sum("items.net", ItemsState.net_total),
            class_name="item-sums",
        ),
        rx.cond(
            ItemsState.loaded,
            rx.fragment(
                _side("items.assets", ItemsState.assets),
                _side("items.liabilities", ItemsState.liabilities),
            ),
            skeleton("table-waiting"),
        ),
        class_name="stack loose",
    )


def _sum(label: str, value: Var) -> rx.Component:
    return rx.el.div(rx.el.dt(t(label)), rx.el.dd(figure(value, "category:wealth", of=label)))


def _side(title: str, rows: Var) -> rx.Component:
    return rx.cond(
        rows,
        rx.el.section(
            rx.el.header(rx.el.h2(t(title))),
            rx.el.ul(rx.foreach(rows, _row), class_name="items"),
            class_name="block",
        ),
    )


def _row(row: Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(_kind_icon(row.kind), class_name="badge"),
        rx.el.div(
            rx.el.button(
                row.name,
                type="button",
                class_name="whole-row strong",
                on_click=ItemsState.open_item(row.id),
                aria_label=t("items.details", name=row.name),
            ),
            rx.el.p(row.kind_text, " · ", row.as_of, class_name="small quiet"),
            rx.cond(row.problem, rx.el.p(row.problem, class_name="small notable")),
            class_name="grow",
        ),
        rx.cond(row.spark, sparkline(row.spark), rx.el.span(class_name="spark")),
        rx.el.div(
            rx.cond(
                row.base,
                figures_in(
                    rx.el.span(row.value, class_name="strong"),
                    rx.el.span(row.base, class_name="small quiet"),
                    name=row.figure,
                    of=row.name,
                    said=row.value + " · " + row.base,
                    extra="worth-both",
                ),
                known_figure(row.value, row.figure, of=row.name, extra="strong"),
            ),
            class_name="worth",
        ),
        class_name=rx.cond(row.closed, "item closed", "item"),
    )


def _kind_icon(kind: Var) -> rx.Component:
    return rx.match(kind, *[(name, icon(symbol)) for name, symbol in KIND_ICONS.items()], icon("package"))


def _detail() -> rx.Component:
    one = ItemsState.detail
    return dialog(
        rx.el.div(
            rx.el.p(one.kind_text, class_name="quiet"),
            rx.el.p(known_figure(one.value, one.figure, of=one.name), class_name="item-value"),
            rx.el.p(one.as_of, class_name="small quiet"),
        ),
        rx.cond(
            one.line.times.length() > 1,
            AreaChart.create(
                line=one.line,
                label=t("items.history"),
                on_explain=ExplainState.open,
                class_name="item-chart",
            ),
        ),
        rx.cond(one.note, rx.el.p(one.note, class_name="item-note")),
        _value_form(),
        rx.el.section(
            rx.el.h3(t("items.history")),
            rx.cond(
                one.valuations,
                rx.el.ul(rx.foreach(one.valuations, _valuation), class_name="list"),
                rx.el.p(t("items.history_none"), class_name="quiet"),
            ),
        ),
        open=(one.id != "") & ~ItemsState.form_open & ~ItemsState.asking_removal,
        on_close=ItemsState.close_item,
        title=one.name,
        side="drawer",
        footer=rx.fragment(
            button("items.delete", kind="ghost", symbol="trash-2", on_click=ItemsState.ask_removal),
            button(
                rx.cond(one.closed, t("items.reopen"), t("items.close_item")),
                kind="ghost",
                on_click=ItemsState.close_or_reopen,
            ),
            button("items.edit", symbol="pencil", on_click=ItemsState.start_editing),
        ),
    )


def _value_form() -> rx.Component:
    edited = ItemsState.edited_value
    return rx.el.form(
        rx.el.div(
            field(
                rx.cond(ItemsState.detail.is_liability, t("items.owed"), t("items.value")),
                number_input("value", default_value=edited.amount, required=True),
            ),
            field(
                "items.day",
                date_input(
                    "day",
                    default_value=rx.cond(edited.day, edited.day, ItemsState.today),
                    max=ItemsState.today,
                    required=True,
                ),
            ),
            class_name="fields",
        ),
        field("items.value_note", text_input("note", default_value=edited.note, max_length=200)),
        form_error(ItemsState.value_problem),
        rx.el.div(button("items.add_value", type="submit", small=True), class_name="dialog-actions"),
        on_submit=ItemsState.save_value,
        key=ItemsState.value_form.to_string(),
        class_name="stack card value-form",
    )


def _valuation(one: Var) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(one.date),
            rx.cond(one.note, rx.el.div(one.note, class_name="small quiet")),
            class_name="grow",
        ),
        figure(one.value, one.figure, of=one.date),
        icon_button("pencil", t("items.edit_value", date=one.date), on_click=ItemsState.edit_value(one.day)),
        icon_button(
            "trash-2", t("items.delete_value", date=one.date), on_click=ItemsState.delete_value(one.day)
        ),
    )


def _form() -> rx.Component:
    kinds = [(kind, f"items_kinds.{kind}") for kind in ITEM_KINDS]
    return dialog(
        rx.el.form(
            field("items.kind", select(kinds, name="kind", default_value=ItemsState.form_kind)),
            field(
                "items.name",
                text_input(
                    "name", default_value=ItemsState.form_name, max_length=120, required=True, auto_focus=True
                ),
            ),
            rx.el.div(
                rx.cond(ItemsState.form_id == "", field("items.value", number_input("value"))),
                field(
                    "items.currency",
                    select(AppState.currencies, name="currency", default_value=ItemsState.form_currency),
                ),
                rx.cond(
                    ItemsState.form_id == "",
                    field(
                        "items.value_on",
                        date_input(
                            "day", default_value=ItemsState.today, max=ItemsState.today, required=True
                        ),
                    ),
                ),
                class_name="fields",
            ),
            field(
                "items.note",
                text_area("note", default_value=ItemsState.form_note, max_length=2000, rows=3),
                hint="items.note_hint",
            ),
            form_error(ItemsState.form_problem),
            rx.el.div(
                button("items.cancel", kind="ghost", on_click=ItemsState.close_form),
                button("items.save", kind="primary", type="submit"),
                class_name="dialog-actions",
            ),
            on_submit=ItemsState.save,
            class_name="stack loose",
        ),
        open=ItemsState.form_open,
        on_close=ItemsState.close_form,
        title=rx.cond(
            ItemsState.form_id == "",
            t("items.form_add_title"),
            t("items.form_edit_title", name=ItemsState.form_name),
        ),
    )
