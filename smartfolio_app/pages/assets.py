"""One asset across all sources: its price, places, lots, transactions, who tells its price, its own transfers."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.charts.area import AreaChart
from smartfolio_app.components.controls import button, chip, icon_button, link_button, segmented
from smartfolio_app.components.figures import figure, known_change, known_figure, skeleton
from smartfolio_app.components.icons import icon
from smartfolio_app.components.links import route_link
from smartfolio_app.components.notices import empty_state
from smartfolio_app.components.price_dialog import price_dialog
from smartfolio_app.components.shell import page
from smartfolio_app.components.tables import Column, cell, data_table, number_cell
from smartfolio_app.i18n import t
from smartfolio_app.pages.asset_evidence import set_aside, which_one
from smartfolio_app.pages.lots import lots_table
from smartfolio_app.pages.what_if import what_if_section
from smartfolio_app.state.assets import RANGES, AssetState
from smartfolio_app.state.explain import ExplainState

S = AssetState


def asset() -> rx.Component:
    """Return the page of the asset in the address."""
    return page(
        "assets.title",
        rx.cond(S.missing, _missing(), _everything()),
        price_dialog(
            symbol=S.symbol,
            today=S.today_day,
            problem=S.price_problem,
            is_open=S.pricing_open,
            on_submit=S.set_price,
            on_close=S.close_pricing,
        ),
        heading=False,
    )


def _missing() -> rx.Component:
    return empty_state(
        "assets.missing_title",
        S.missing,
        link_button("assets.to_holdings", "/holdings", kind="primary"),
        symbol="search-x",
    )


def _everything() -> rx.Component:
    return rx.fragment(
        _head(),
        which_one(),
        _tiles(),
        rx.el.div(_places(), _price_sources(), class_name="board open"),
        rx.cond(S.has_lots, _lots()),
        what_if_section(one_asset=True),
        _transactions(),
        _transfers(),
    )


def _head() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.div(
                rx.el.div(
                    rx.el.span(S.badge, class_name="badge", custom_attrs={"aria-hidden": "true"}),
                    rx.el.h2(S.symbol, class_name="sk w5"),
                    rx.el.span(S.name, class_name="quiet truncate"),
                    rx.el.span(S.kind, class_name="small faint"),
                    rx.cond(S.isin, rx.el.span(S.isin, class_name="small faint num")),
                    class_name="row wrap asset-title",
                ),
                rx.cond(
                    S.loaded & (S.price == ""),
                    rx.el.p(t("assets.no_price"), class_name="hero-figure none"),
                    figure(S.price, S.price_figure, of="assets.price", extra="hero-figure"),
                ),
                rx.el.p(
                    known_change(S.line.change, S.line.direction, S.move_figure, of="assets.move"),
                    known_change(
                        S.line.change_pct,
                        S.line.direction,
                        S.move_figure,
                        of="assets.move",
                        width="w5",
                        extra="no-arrow",
                    ),
                    rx.cond(S.age, rx.el.span(t("assets.price_age", age=S.age), class_name="faint")),
                    rx.cond(S.stale, chip("holdings.stale", kind="notable")),
                    class_name="hero-change",
                ),
            ),
            rx.el.div(
                rx.cond(
                    S.can_be_priced,
                    button("holdings.set_price", symbol="pencil", small=True, on_click=S.open_pricing),
                ),
                segmented(
                    [(key, f"dashboard.range_{key}") for key in RANGES],
                    S.range,
                    S.choose_range,
                    label="assets.range",
                ),
                class_name="row wrap",
            ),
            class_name="hero-head",
        ),
        rx.cond(
            S.loaded & (S.line.times.length() == 0),
            rx.el.p(t("assets.no_line"), class_name="hero-note small faint"),
            AreaChart.create(
                line=S.line, label=S.line.summary, on_explain=ExplainState.open, class_name="hero-chart"
            ),
        ),
        class_name="hero asset-hero",
    )


def _tiles() -> rx.Component:
    return rx.el.section(
        rx.el.h2(t("assets.figures"), class_name="sr-only"),
        rx.el.article(
            rx.el.header(rx.el.h3(t("holdings.value"))),
            figure(S.value, S.figure, of="holdings.value", extra="large"),
            rx.el.p(
                known_figure(S.quantity, S.figure, of="holdings.quantity"),
                " ",
                S.symbol,
                class_name="small quiet",
            ),
            class_name="tile card",
        ),
        rx.el.article(
            rx.el.header(rx.el.h3(t("holdings.unrealised"))),
            rx.el.span(
                figure(S.gain, S.gain_figure, of="holdings.unrealised", extra="large"),
                class_name=Var.create("change large ").to(str) + S.gain_direction,
            ),
            rx.el.p(
                rx.cond(S.gain_share, figure(S.gain_share, S.gain_figure, of="holdings.unrealised")),
                rx.cond(
                    S.cost,
                    rx.el.span(
                        t("assets.cost"), " ", figure(S.cost, S.cost_figure, of="holdings.cost_basis")
                    ),
                    rx.cond(S.loaded, rx.el.span(t("assets.cost_unknown"))),
                ),
                rx.cond(
                    S.average,
                    rx.el.span(
                        t("assets.average"), " ", figure(S.average, S.cost_figure, of="assets.average")
                    ),
                ),
                class_name="small quiet terms",
            ),
            class_name="tile card",
        ),
        rx.el.article(
            rx.el.header(rx.el.h3(t("holdings.today"))),
            known_change(S.today, S.today_direction, S.today_figure, of="holdings.today", extra="large"),
            rx.el.p(
                rx.cond(S.today_share, figure(S.today_share, S.today_figure, of="holdings.today")),
                rx.cond(
                    S.realised,
                    rx.el.span(
                        t("gains.realised"),
                        " ",
                        known_change(
                            S.realised, S.realised_direction, S.realised_figure, of="gains.realised"
                        ),
                    ),
                ),
                rx.cond(
                    S.income,
                    rx.el.span(t("gains.income"), " ", figure(S.income, S.income_figure, of="gains.income")),
                ),
                class_name="small quiet terms",
            ),
            class_name="tile card",
        ),
        class_name="tiles",
    )


def _places() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("assets.places"))),
        rx.cond(
            S.loaded,
            rx.cond(
                S.places,
                data_table(
                    (
                        Column("assets.source"),
                        Column("holdings.quantity", right=True),
                        Column("holdings.share", right=True, wide_only=True),
                        Column("holdings.value", right=True),
                    ),
                    S.places,
                    lambda one: rx.el.tr(
                        cell(
                            one.source,
                            rx.cond(one.account, rx.el.span(one.account, class_name="small quiet below")),
                        ),
                        number_cell(figure(one.quantity, S.figure, of="holdings.quantity", by_key=False)),
                        number_cell(
                            figure(one.share, S.figure, of="holdings.share", by_key=False), wide_only=True
                        ),
                        number_cell(figure(one.value, S.figure, of="holdings.value")),
                        key=one.id,
                    ),
                    caption="assets.places",
                ),
                rx.el.p(t("assets.not_held"), class_name="quiet"),
            ),
            skeleton("parts-waiting"),
        ),
        class_name="block",
    )


def _price_sources() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("assets.price_sources"))),
        rx.cond(
            S.loaded,
            rx.cond(
                S.sources,
                rx.el.ul(
                    rx.foreach(
                        S.sources,
                        lambda one: rx.el.li(
                            rx.el.span(
                                rx.el.span(one.provider),
                                rx.cond(one.since, rx.el.span(one.since, class_name="small quiet below")),
                                class_name="grow",
                            ),
                            rx.el.span(
                                rx.el.span(one.price, class_name="num"),
                                rx.el.span(one.age, class_name="small quiet below", title=one.when),
                                class_name="right",
                            ),
                            key=one.provider,
                        ),
                    ),
                    class_name="list",
                ),
                rx.el.p(t("assets.nobody_tells"), class_name="quiet"),
            ),
            skeleton("parts-waiting"),
        ),
        rx.cond(
            S.own_prices,
            rx.el.div(
                rx.el.h3(t("assets.own_prices"), class_name="small faint"),
                rx.el.ul(
                    rx.foreach(
                        S.own_prices,
                        lambda one: rx.el.li(
                            rx.el.span(one.shown, class_name="grow"),
                            rx.el.span(one.price, class_name="num"),
                            icon_button(
                                "trash-2",
                                t("assets.remove_price", date=one.shown),
                                on_click=S.remove_price(one.day),
                            ),
                            key=one.day,
                        ),
                    ),
                    class_name="list",
                ),
            ),
        ),
        set_aside(),
        class_name="block",
    )


def _lots() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("gains.open_lots")),
            route_link(t("assets.to_gains"), to="/gains", class_name="link small"),
        ),
        lots_table(S.lots, S.more_lots),
        class_name="block",
    )


def _transactions() -> rx.Component:
    return rx.cond(
        S.rows,
        rx.el.section(
            rx.el.header(
                rx.el.h2(t("nav.transactions")),
                route_link(
                    S.transactions_text, to=S.transactions_address, keep_view=False, class_name="link small"
                ),
            ),
            data_table(
                (
                    Column("transactions.date"),
                    Column("transactions.kind", wide_only=True),
                    Column("transactions.out", right=True),
                    Column("transactions.in", right=True),
                    Column("transactions.source", wide_only=True),
                ),
                S.rows,
                lambda row: rx.el.tr(
                    rx.el.td(
                        row.day,
                        rx.el.span(row.kind, class_name="small quiet narrow-only"),
                        class_name="nowrap",
                    ),
                    cell(row.kind, wide_only=True),
                    number_cell(row.out),
                    number_cell(row.got),
                    cell(row.source, wide_only=True),
                    key=row.id,
                ),
                caption="nav.transactions",
            ),
            class_name="block",
        ),
    )


def _transfers() -> rx.Component:
    return rx.cond(
        S.pairs | (S.loose != ""),
        rx.el.section(
            rx.el.header(
                rx.el.h2(t("transfers.title")),
                route_link(
                    t("assets.to_transfers"), to=S.transfers_address, keep_view=False, class_name="link small"
                ),
            ),
            rx.el.ul(
                rx.foreach(
                    S.pairs,
                    lambda one: rx.el.li(
                        rx.el.span(one.amount, class_name="num strong"),
                        rx.el.span(one.left, class_name="quiet"),
                        icon("arrow-right", "tiny"),
                        rx.el.span(one.came, class_name="quiet grow"),
                        rx.el.span(one.left_when, class_name="small quiet wide-only"),
                        key=one.id,
                    ),
                ),
                class_name="list",
            ),
            rx.cond(S.loose, rx.el.p(S.loose, class_name="small quiet")),
            class_name="block",
        ),
    )
