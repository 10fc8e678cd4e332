"""Transactions: filter, read, see where each one comes from, edit, delete with undo, add by hand."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import button, chip, link_button, search_box
from smartfolio_app.components.dialogs import dialog
from smartfolio_app.components.figures import figure, skeleton
from smartfolio_app.components.icons import icon
from smartfolio_app.components.links import route_link
from smartfolio_app.components.notices import empty_state, toast
from smartfolio_app.components.shell import page
from smartfolio_app.components.tables import Column, list_table
from smartfolio_app.i18n import t
from smartfolio_app.ledger.transactions import TransactionKind
from smartfolio_app.pages.transactions_form import transaction_form
from smartfolio_app.state.transactions import TransactionsState

COLUMNS = (
    Column("transactions.date", key="at"),
    Column("transactions.kind", key="kind"),
    Column("transactions.out", right=True),
    Column("transactions.in", right=True),
    Column("transactions.fee", right=True, wide_only=True),
    Column("transactions.source"),
    Column("transactions.note", wide_only=True),
)


def transactions() -> rx.Component:
    """Return the Transactions page."""
    return page(
        "nav.transactions",
        rx.cond(TransactionsState.is_empty, _empty(), _content()),
        _details(),
        transaction_form(),
        toast(
            TransactionsState.deleted_text,
            turn=TransactionsState.deleted_turn,
            on_close=TransactionsState.forget_deleted,
            action="transactions.undo",
            on_action=TransactionsState.restore,
            seconds=12,
        ),
        actions=[
            button("transactions.add", symbol="plus", on_click=TransactionsState.start_adding),
        ],
        lead=TransactionsState.summary,
    )


def _empty() -> rx.Component:
    return empty_state(
        "transactions.empty_title",
        "transactions.empty_text",
        link_button("transactions.to_sources", "/sources", kind="primary"),
        symbol="arrow-left-right",
    )


def _content() -> rx.Component:
    return rx.fragment(
        _filters(),
        rx.cond(
            TransactionsState.loaded,
            rx.cond(TransactionsState.rows, _table(), _nothing_found()),
            skeleton("table-waiting"),
        ),
    )


def _filters() -> rx.Component:
    return rx.el.div(
        search_box(TransactionsState.search, TransactionsState.look_for, label="transactions.search"),
        button(
            "common.filter",
            symbol="list-filter",
            kind="ghost",
            on_click=TransactionsState.fold_filters,
            custom_attrs={"aria-expanded": TransactionsState.filters_open},
        ),
        rx.el.div(
            _choice(
                "transactions.kind_filter",
                rx.el.select(
                    rx.el.option(t("transactions.any_kind"), value=""),
                    *[
                        rx.el.option(t(f"transactions.kinds.{kind.value}"), value=kind.value)
                        for kind in TransactionKind
                    ],
                    value=TransactionsState.kind,
                    on_change=TransactionsState.filter_by("kind"),
                    aria_label=t("transactions.kind_filter"),
                ),
            ),
            _choice(
                "transactions.source_filter",
                rx.el.select(
                    rx.el.option(t("transactions.any_source"), value=""),
                    rx.foreach(
                        TransactionsState.sources, lambda one: rx.el.option(one.label, value=one.value)
                    ),
                    value=TransactionsState.source,
                    on_change=TransactionsState.filter_by("source"),
                    aria_label=t("transactions.source_filter"),
                ),
            ),
            rx.el.input(
                default_value=TransactionsState.asset,
                key="asset-" + TransactionsState.filter_turn.to_string(),
                on_change=TransactionsState.filter_by("asset").debounce(300),
                placeholder=t("transactions.asset_filter"),
                aria_label=t("transactions.asset_filter"),
                auto_complete="off",
                class_name="input short",
            ),
            _day("transactions.from_filter", "first"),
            _day("transactions.to_filter", "last"),
            rx.cond(
                TransactionsState.filtered,
                button(
                    "transactions.clear", kind="ghost", symbol="x", on_click=TransactionsState.clear_filters
                ),
            ),
            class_name=rx.cond(TransactionsState.filters_open, "filters open", "filters"),
        ),
        class_name="toolbar",
    )


def _choice(label: str, control: rx.Component) -> rx.Component:
    return rx.el.span(control, icon("chevron-down", "tiny"), class_name="select quiet", title=t(label))


def _day(label: str, name: str) -> rx.Component:
    value: Var = getattr(TransactionsState, name)
    return rx.el.label(
        rx.el.span(t(label), class_name="small quiet"),
        rx.el.input(
            type="date",
            default_value=value,
            key=f"{name}-" + TransactionsState.filter_turn.to_string(),
            on_change=TransactionsState.filter_by(name),
            class_name="input",
        ),
        class_name="row day",
    )


def _table() -> rx.Component:
    return list_table(
        TransactionsState,
        COLUMNS,
        TransactionsState.rows,
        _row,
        caption="nav.transactions",
        class_name="transactions",
    )


def _row(row: Var) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            rx.el.button(
                row.day,
                rx.el.span(row.clock, class_name="small quiet"),
                type="button",
                class_name="whole-row",
                on_click=TransactionsState.open_details(row.id),
                aria_label=t("transactions.open", date=row.moment),
            ),
            class_name="at-date",
        ),
        rx.el.td(
            rx.el.span(row.kind, class_name="strong"),
            rx.cond(row.warning, chip("transactions.warned", kind="notable", symbol="triangle-alert")),
            rx.cond(row.edited, chip("transactions.edited")),
            class_name="at-kind",
        ),
        rx.el.td(rx.el.span(row.out, class_name="num"), class_name="right at-out"),
        rx.el.td(rx.el.span(row.got, class_name="num strong"), class_name="right at-in"),
        rx.el.td(rx.el.span(row.fee, class_name="num quiet"), class_name="right at-fee wide-only"),
        rx.el.td(
            rx.el.span(row.source),
            rx.cond(row.account, rx.el.span(row.account, class_name="small quiet")),
            class_name="at-source",
        ),
        rx.el.td(rx.el.span(row.note, class_name="small quiet truncate"), class_name="at-note wide-only"),
        class_name="transaction",
    )


def _nothing_found() -> rx.Component:
    return empty_state(
        "transactions.no_match_title",
        "transactions.no_match_text",
        button("transactions.clear", on_click=TransactionsState.clear_filters),
        symbol="search-x",
    )


def _details() -> rx.Component:
    one = TransactionsState.details
    return dialog(
        rx.el.p(one.moment, class_name="quiet"),
        rx.cond(
            one.warnings,
            rx.el.section(
                rx.el.h3(t("transactions.warnings_title")),
                rx.el.ul(rx.foreach(one.warnings, rx.el.li), class_name="bullets"),
                class_name="banner notable warnings",
            ),
        ),
        rx.el.dl(
            _fact("transactions.out", one.out),
            _fact("transactions.in", one.got),
            _fact("transactions.fee", one.fee),
            _fact("transactions.value", one.value),
            rx.cond(
                one.worth,
                rx.fragment(
                    rx.el.dt(t("transactions.worth")),
                    rx.el.dd(figure(one.worth, one.figure, of="transactions.worth")),
                ),
            ),
            _fact("transactions.source", one.source),
            _fact("transactions.account", one.account),
            _fact("transactions.note", one.note),
            class_name="facts",
        ),
        rx.cond(
            one.assets.length() > 0,
            rx.el.p(
                rx.el.span(t("transactions.to_asset"), class_name="faint"),
                rx.foreach(
                    one.assets,
                    lambda asset: route_link(asset.symbol, to=asset.address, class_name="link"),
                ),
                class_name="row wrap",
            ),
        ),
        rx.el.section(
            rx.el.h3(t("transactions.provenance")),
            rx.cond(
                one.file,
                rx.el.dl(
                    _fact("transactions.provenance_file", one.file),
                    _fact("transactions.provenance_row", one.line),
                    _fact("transactions.provenance_id", one.external_id),
                    _fact("transactions.provenance_imported", one.imported),
                    class_name="facts",
                ),
                rx.el.p(t("transactions.provenance_manual"), class_name="quiet"),
            ),
            rx.cond(
                one.edited,
                rx.el.p(t("transactions.provenance_edited", date=one.edited), class_name="small quiet"),
            ),
            rx.cond(
                one.raw,
                rx.fragment(
                    rx.el.h4(t("transactions.provenance_raw")),
                    rx.el.pre(one.raw, class_name="raw num", custom_attrs={"tabIndex": 0}),
                ),
            ),
            class_name="stack",
        ),
        open=one.id != "",
        on_close=TransactionsState.close_details,
        title=one.kind,
        side="drawer",
        footer=rx.fragment(
            button("transactions.delete", kind="danger", symbol="trash-2", on_click=TransactionsState.delete),
            button("transactions.edit", symbol="pencil", on_click=TransactionsState.start_editing),
        ),
    )


def _fact(label: str, value: Var) -> rx.Component:
    return rx.cond(value, rx.fragment(rx.el.dt(t(label)), rx.el.dd(value, class_name="num")))
