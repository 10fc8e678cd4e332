"""Holdings: every asset in view, where it is, what it is worth, and what has no price."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import button, chip, link_button, search_box
from smartfolio_app.components.download import download_button
from smartfolio_app.components.figures import change, figure, known_figure, skeleton
from smartfolio_app.components.forms import check, select
from smartfolio_app.components.links import route_link
from smartfolio_app.components.notices import empty_state
from smartfolio_app.components.price_dialog import price_dialog
from smartfolio_app.components.shell import page
from smartfolio_app.components.tables import Column, cell, data_table, list_table, number_cell
from smartfolio_app.i18n import t
from smartfolio_app.services.holdings import GROUPINGS
from smartfolio_app.state.explain import ExplainState
from smartfolio_app.state.holdings import SORTS, HoldingsState

COLUMNS = (
    Column("holdings.asset", key="symbol"),
    Column("holdings.price", key="price", right=True),
    Column("holdings.quantity", key="quantity", right=True),
    Column("holdings.value", key="value", right=True),
    Column("holdings.share", key="share"),
    Column("holdings.cost_basis", key="cost_basis", right=True),
    Column("holdings.unrealised", key="unrealised", right=True),
    Column("holdings.today", key="change_today", right=True),
)


def holdings() -> rx.Component:
    """Return the Holdings page."""
    return page(
        "nav.holdings",
        rx.cond(HoldingsState.is_empty, _empty(), _content()),
        price_dialog(
            symbol=HoldingsState.priced_symbol,
            today=HoldingsState.today,
            problem=HoldingsState.price_problem,
            is_open=HoldingsState.priced_asset != "",
            on_submit=HoldingsState.set_price,
            on_close=HoldingsState.close_price,
        ),
        actions=[
            rx.cond(
                ~HoldingsState.is_empty,
                download_button("holdings.export", HoldingsState.export_address, kind="ghost"),
            )
        ],
        lead=HoldingsState.summary,
    )


def _empty() -> rx.Component:
    return empty_state(
        "holdings.empty_title",
        "holdings.empty_text",
        link_button("holdings.empty_action", "/sources", kind="primary", symbol="plus"),
        symbol="layers",
    )


def _content() -> rx.Component:
    return rx.fragment(
        _toolbar(),
        rx.cond(
            HoldingsState.loaded,
            rx.cond(HoldingsState.rows, _table(), _nothing_found()),
            skeleton("table-waiting"),
        ),
        rx.cond(HoldingsState.unpriced, _unpriced()),
    )


def _toolbar() -> rx.Component:
    return rx.el.div(
        search_box(HoldingsState.search, HoldingsState.look_for, label="holdings.search"),
        _labelled(
            "holdings.group_by",
            select(
                [(key, f"holdings.group_{key or 'none'}") for key in GROUPINGS],
                value=HoldingsState.group_by,
                on_change=HoldingsState.choose_grouping,
                quiet=True,
            ),
        ),
        _labelled(
            "holdings.sort",
            select(
                [(key, label) for key, label in SORTS.items()],
                value=HoldingsState.sort,
                on_change=HoldingsState.sort_by,
                quiet=True,
            ),
            extra="only-phone",
        ),
        check(
            rx.cond(
                HoldingsState.threshold,
                t("holdings.small_hide", threshold=HoldingsState.threshold),
                t("holdings.small_hide_any"),
            ),
            checked=HoldingsState.hide_small,
            on_change=HoldingsState.hide_small_balances,
            disabled=HoldingsState.threshold == "",
            switch=True,
        ),
        rx.el.span(HoldingsState.hidden, class_name="small quiet"),
        class_name="toolbar",
    )


def _labelled(label: str, control: rx.Component, extra: str = "") -> rx.Component:
    return rx.el.label(
        rx.el.span(t(label), class_name="small quiet"), control, class_name=f"row {extra}".strip()
    )


def _table() -> rx.Component:
    return list_table(
        HoldingsState, COLUMNS, HoldingsState.rows, _row, caption="nav.holdings", class_name="holdings"
    )


def _row(row: Var) -> rx.Component:
    return rx.cond(
        row.is_group,
        rx.el.tr(
            rx.el.th(row.name, scope="rowgroup", col_span=3),
            rx.el.th(known_figure(row.value, row.figure, of=row.name), class_name="right"),
            rx.el.th(row.share_text, class_name="num", col_span=4),
            class_name="group",
        ),
        rx.fragment(_asset_row(row), rx.cond(row.id == HoldingsState.opened, _places(row))),
    )


def _asset_row(row: Var) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            rx.el.button(
                rx.el.span(row.badge, class_name="badge", custom_attrs={"aria-hidden": "true"}),
                rx.el.span(row.symbol, class_name="symbol truncate"),
                rx.el.span(row.name, class_name="name truncate"),
                rx.el.span(row.brief, class_name="brief num truncate"),
                type="button",
                class_name="asset",
                on_click=HoldingsState.open_places(row.id),
                aria_label=t("holdings.show_places", symbol=row.symbol),
                custom_attrs={"aria-expanded": row.id == HoldingsState.opened},
            ),
            class_name="at-asset",
        ),
        rx.el.td(
            _asks(rx.el.span(row.price, class_name="num"), row.figure, t("holdings.price"), row.price),
            rx.el.span(
                rx.cond(row.stale, chip("holdings.stale", kind="notable")),
                row.age,
                class_name="age",
                title=t("holdings.price_of", age=row.age),
            ),
            class_name="right at-price",
        ),
        rx.el.td(
            _asks(row.quantity, row.figure, t("holdings.quantity"), row.quantity),
            class_name="right num at-quantity",
        ),
        rx.el.td(figure(row.value, row.figure, of=row.symbol), class_name="right at-value strong"),
        rx.el.td(
            rx.el.span(
                rx.el.progress(value=row.share, max=100, custom_attrs={"aria-hidden": "true"}),
                _asks(row.share_text, row.figure, t("holdings.share"), row.share_text),
                class_name="share",
            ),
            class_name="at-share",
        ),
        rx.el.td(
            rx.cond(
                row.cost,
                figure(row.cost, row.cost_figure, of="holdings.cost_basis"),
                rx.el.span(
                    t("holdings.cost_unknown"), class_name="faint", title=t("holdings.cost_unknown_hint")
                ),
            ),
            class_name="right at-cost",
        ),
        rx.el.td(
            _asks(
                _moved(row.gain, row.gain_share, row.gain_direction),
                row.gain_figure,
                t("holdings.unrealised"),
                row.gain,
                by_key=True,
            ),
            class_name="right at-gain",
        ),
        rx.el.td(
            _asks(
                _moved(row.today, row.today_share, row.today_direction),
                row.today_figure,
                t("holdings.today"),
                row.today,
            ),
            class_name="right at-today",
        ),
        class_name="holding",
    )


def _asks(shown: Any, name: Var, of: Var, value: Var, *, by_key: bool = False) -> rx.Component:
    """Return a figure that opens its explanation. Those that share one with their neighbour are no stop of the tab
    key: fifty rows of eight stops help nobody.
    """
    return rx.el.button(
        shown,
        type="button",
        class_name="why num",
        on_click=ExplainState.open(name),
        aria_label=t("explain.ask", figure=of, value=value),
        tab_index=0 if by_key else -1,
    )


def _moved(amount: Var, share: Var, direction: Var) -> rx.Component:
    return rx.el.span(
        change(amount, direction),
        rx.cond(share, rx.el.span(share, class_name="num small quiet")),
        class_name="moved",
    )


def _places(row: Var) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            rx.el.ul(rx.foreach(HoldingsState.places, _place), class_name="places"),
            route_link(
                t("holdings.asset_page", symbol=row.symbol), to=row.asset_address, class_name="link small"
            ),
            route_link(
                t("holdings.all_transactions", symbol=row.symbol),
                to=row.transactions_address,
                keep_view=False,
                class_name="link small",
            ),
            col_span=len(COLUMNS),
        ),
        class_name="opened",
    )


def _place(place: Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(place.source, class_name="strong"),
        rx.el.span(place.account, class_name="quiet"),
        rx.el.span(place.origin, class_name="small quiet"),
        _asks(place.quantity, place.figure, t("holdings.quantity"), place.quantity),
        figure(place.value, place.figure, of="holdings.value"),
    )


def _nothing_found() -> rx.Component:
    return empty_state(
        "holdings.no_match_title",
        "holdings.no_match_text",
        button("holdings.clear_filters", on_click=HoldingsState.clear_filters),
        symbol="search-x",
    )


def _unpriced() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("holdings.unpriced_title"))),
        rx.el.p(t("holdings.unpriced_text"), class_name="quiet"),
        data_table(
            (
                Column("holdings.asset"),
                Column("holdings.quantity", right=True),
                Column("holdings.reason", wide_only=True),
                Column("holdings.set_price", hidden_label=True, right=True),
            ),
            HoldingsState.unpriced,
            lambda row: rx.el.tr(
                cell(
                    rx.el.span(row.symbol, class_name="strong"),
                    " ",
                    rx.el.span(row.name, class_name="quiet small"),
                ),
                number_cell(figure(row.quantity, row.figure, of="holdings.quantity")),
                cell(row.reason, wide_only=True),
                rx.el.td(
                    button("holdings.set_price", small=True, on_click=HoldingsState.ask_price(row.id)),
                    class_name="right",
                ),
            ),
            caption="holdings.unpriced_title",
        ),
        rx.cond(
            HoldingsState.unpriced_more,
            button(HoldingsState.unpriced_more, kind="ghost", on_click=HoldingsState.show_more_unpriced),
        ),
        class_name="block unpriced",
    )
