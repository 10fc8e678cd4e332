"""Gains: what was realised, by which lots and method; the methods side by side; what is not known; what if."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import button, chip, link_button
from smartfolio_app.components.dialogs import dialog
from smartfolio_app.components.download import download_button
from smartfolio_app.components.figures import (
    figure,
    figures_in,
    known_change,
    skeleton,
    why_change,
)
from smartfolio_app.components.forms import select
from smartfolio_app.components.links import route_link
from smartfolio_app.components.notices import banner, empty_state
from smartfolio_app.components.shell import page
from smartfolio_app.components.tables import Column, cell, data_table, list_table, number_cell
from smartfolio_app.i18n import t
from smartfolio_app.pages.second_opinion import second_opinion
from smartfolio_app.pages.what_if import what_if_section
from smartfolio_app.services.user_settings import METHODS, POOLINGS
from smartfolio_app.state.gains import RULES, GainsState

S = GainsState

COLUMNS = (
    Column("gains.asset"),
    Column("gains.acquired"),
    Column("gains.disposed", key="realised"),
    Column("gains.held", wide_only=True),
    Column("gains.quantity", key="quantity", right=True),
    Column("gains.proceeds", key="proceeds", right=True),
    Column("gains.cost", right=True),
    Column("gains.fees", right=True, wide_only=True),
    Column("gains.gain", key="gain", right=True),
)


def gains() -> rx.Component:
    """Return the Gains page."""
    return page(
        "nav.gains",
        rx.cond(S.loaded & S.is_empty, _empty(), _content()),
        _years_dialog(),
        actions=[
            link_button("gains.transfers", "/transfers", kind="ghost", symbol="arrow-right-left"),
            download_button("gains.csv", S.csv_address, kind="ghost"),
            download_button("gains.xlsx", S.xlsx_address, kind="ghost"),
        ],
        lead=S.summary,
    )


def _empty() -> rx.Component:
    return rx.fragment(
        empty_state(
            "gains.empty_title",
            "gains.empty_text",
            link_button("gains.empty_action", "/transactions", kind="primary"),
            symbol="receipt-text",
        ),
        what_if_section(),
    )


def _content() -> rx.Component:
    return rx.fragment(
        _toolbar(),
        rx.cond(S.differs, _differs()),
        _totals(),
        rx.el.div(_parts(), _sides(), class_name="board open"),
        what_if_section(),
        rx.el.section(
            rx.el.header(rx.el.h2(t("gains.matches"))),
            rx.cond(
                S.loaded,
                list_table(S, COLUMNS, S.rows, _match, caption="gains.matches", class_name="matches"),
                skeleton("table-waiting"),
            ),
            class_name="block",
        ),
        rx.cond(S.unknown, _unknown()),
        rx.cond(S.loaded, second_opinion()),
    )


def _toolbar() -> rx.Component:
    return rx.el.div(
        _choice("gains.year", "year", [("", "gains.every_year")], S.years),
        _choice(
            "gains.method",
            "method",
            [("", rx.cond(S.year, t("gains.own_method_year"), t("gains.own_method")))]
            + [(one, t(f"settings.method_{one}")) for one in METHODS],
        ),
        _choice("gains.pooling", "pooling", [(one, t(f"gains.pooling_{one}")) for one in POOLINGS]),
        _choice("gains.rule", "rule", [(one, t(f"gains.rule_{one}")) for one in RULES]),
        button("gains.years", kind="ghost", symbol="calendar-cog", on_click=S.open_years),
        class_name="toolbar choices",
    )


def _choice(label: str, name: str, options: list, more: Var | None = None) -> rx.Component:
    value: Var = getattr(S, name)
    choices = [
        rx.el.option(t(words) if isinstance(words, str) else words, value=key) for key, words in options
    ]
    if more is not None:
        choices.append(rx.foreach(more, lambda one: rx.el.option(one.label, value=one.value)))
    control = rx.el.select(*choices, value=value, on_change=lambda chosen: S.choose(name, chosen))
    return rx.el.label(
        rx.el.span(t(label), class_name="small quiet"),
        rx.el.span(control, rx.icon("chevron-down", class_name="icon tiny"), class_name="select quiet"),
        class_name="row",
    )


def _differs() -> rx.Component:
    return banner(
        rx.el.span(t("gains.differs"), class_name="grow"),
        rx.cond(
            S.year & (S.method != ""),
            button(t("gains.keep_year", year=S.year), small=True, on_click=S.keep(True)),
        ),
        button("gains.keep_all", small=True, on_click=S.keep(False)),
        button("gains.back", small=True, kind="ghost", on_click=S.back),
        tone="notable",
        role="status",
    )


def _totals() -> rx.Component:
    return rx.el.section(
        rx.el.h2(t("gains.totals"), class_name="sr-only"),
        rx.el.article(
            rx.el.header(rx.el.h3(t("gains.realised"))),
            rx.el.span(
                figure(S.gain, S.gain_figure, of="gains.realised", extra="large"),
                class_name=Var.create("change large ").to(str) + S.gain_direction,
            ),
            rx.cond(
                S.has_terms,
                rx.el.p(
                    _sum("gains.long_sum", S.long_term),
                    _sum("gains.short_sum", S.short_term),
                    class_name="small quiet terms",
                ),
            ),
            class_name="tile card",
        ),
        rx.el.article(
            rx.el.header(rx.el.h3(t("gains.proceeds"))),
            figure(S.proceeds, S.gain_figure, of="gains.proceeds", extra="large"),
            rx.el.p(
                _sum("gains.cost_sum", S.cost),
                _sum("gains.fees_sum", S.fees),
                class_name="small quiet terms",
            ),
            class_name="tile card",
        ),
        rx.el.article(
            rx.el.header(rx.el.h3(t("gains.income"))),
            figure(S.income, S.income_figure, of="gains.income", extra="large"),
            rx.cond(
                S.unknown_count,
                rx.el.p(
                    figures_in(
                        chip(t("gains.unknown_matches", number=S.unknown_count), kind="notable"),
                        S.unknown_proceeds,
                        name=S.gain_figure,
                        of="gains.unknown_title",
                        said=S.unknown_count,
                        extra="sentence",
                    ),
                    class_name="small quiet",
                ),
                rx.el.p(t("gains.all_known"), class_name="small quiet"),
            ),
            class_name="tile card",
        ),
        class_name="tiles",
    )


def _sum(label: str, text: Var) -> rx.Component:
    return rx.el.span(t(label), " ", figure(text, S.gain_figure, of=label, width="w5"))


def _parts() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("gains.parts"))),
        rx.cond(
            S.loaded,
            rx.el.div(
                _part_list("gains.by_year", S.by_year),
                _part_list("gains.by_asset", S.by_asset),
                _part_list("gains.by_source", S.by_source),
                class_name="parts",
            ),
            skeleton("parts-waiting"),
        ),
        class_name="block",
    )


def _part_list(title: str, rows: Var) -> rx.Component:
    return rx.el.div(
        rx.el.h3(t(title), class_name="small faint"),
        rx.el.ul(
            rx.foreach(
                rows,
                lambda one: rx.el.li(
                    rx.cond(
                        one.address,
                        route_link(one.label, to=one.address, class_name="quiet-link truncate"),
                        rx.el.span(one.label, class_name="truncate"),
                    ),
                    rx.cond(
                        one.unknown,
                        figures_in(
                            chip(t("gains.unknown_matches", number=one.unknown), kind="notable"),
                            name=one.figure,
                            of=one.label,
                            said=one.unknown,
                        ),
                    ),
                    known_change(one.gain, one.gain_direction, one.figure, of=one.label),
                    key=one.key,
                ),
            ),
            class_name="list",
        ),
    )


def _sides() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("gains.sides")),
            rx.cond(S.comparing & S.loaded, rx.el.span(t("gains.comparing"), class_name="small faint")),
        ),
        rx.cond(
            S.sides,
            data_table(
                (
                    Column("gains.method"),
                    Column("gains.gain", right=True),
                    Column("gains.long", right=True, wide_only=True),
                    Column("gains.short", right=True, wide_only=True),
                    Column("gains.difference", right=True),
                ),
                S.sides,
                lambda one: rx.el.tr(
                    rx.el.td(
                        rx.el.button(
                            one.label,
                            type="button",
                            class_name=rx.cond(one.current, "pick strong", "pick"),
                            on_click=S.choose("method", one.method),
                            custom_attrs={"aria-pressed": one.current},
                        ),
                        rx.cond(one.current, chip("gains.current")),
                    ),
                    number_cell(why_change(one.gain, one.gain_direction, one.figure, of="gains.gain")),
                    number_cell(_term(one.long_term, one.figure, "gains.long"), wide_only=True),
                    number_cell(_term(one.short_term, one.figure, "gains.short"), wide_only=True),
                    number_cell(
                        rx.cond(
                            one.difference,
                            why_change(
                                one.difference,
                                one.difference_direction,
                                one.figure,
                                of="gains.difference",
                                extra="no-arrow",
                            ),
                        )
                    ),
                    key=one.method,
                ),
                caption="gains.sides",
            ),
            skeleton("sides-waiting"),
        ),
        class_name=rx.cond(S.comparing, "block sides waiting", "block sides"),
    )


def _term(text: Var, name: Var, of: str) -> rx.Component:
    return rx.cond(text, figure(text, name, of=of))


def _match(row: Var) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            route_link(
                rx.el.span(row.badge, class_name="badge", custom_attrs={"aria-hidden": "true"}),
                rx.el.span(row.symbol, class_name="symbol truncate"),
                rx.el.span(row.kind, rx.cond(row.place, " · " + row.place, ""), class_name="name truncate"),
                to=row.asset_address,
                class_name="asset",
            ),
            class_name="at-asset",
        ),
        rx.el.td(row.acquired, class_name="at-acquired nowrap"),
        rx.el.td(row.disposed, class_name="at-disposed nowrap"),
        rx.el.td(
            rx.el.span(row.held, class_name="num"),
            rx.cond(row.term, rx.el.span(row.term, class_name="small quiet below")),
            class_name="at-held wide-only nowrap",
        ),
        rx.el.td(row.quantity, class_name="right num at-quantity"),
        rx.el.td(
            figure(row.proceeds, row.figure, of="gains.proceeds", by_key=False),
            class_name="right num at-proceeds",
        ),
        rx.el.td(figure(row.cost, row.figure, of="gains.cost", by_key=False), class_name="right num at-cost"),
        rx.el.td(
            rx.cond(row.fees, figure(row.fees, row.figure, of="gains.fees", by_key=False)),
            class_name="right num quiet at-fees wide-only",
        ),
        rx.el.td(
            why_change(row.gain, row.gain_direction, row.figure, of="gains.gain"),
            class_name="right at-gain strong",
        ),
        class_name="match",
    )


def _unknown() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("gains.unknown_title"))),
        rx.el.p(t("gains.unknown_text"), class_name="quiet"),
        data_table(
            (
                Column("gains.asset"),
                Column("gains.quantity", right=True),
                Column("gains.when"),
                Column("gains.why_unknown", wide_only=True),
            ),
            S.unknown,
            lambda one: rx.el.tr(
                cell(route_link(one.symbol, to=one.address, keep_view=False, class_name="link")),
                number_cell(one.quantity),
                cell(one.when, rx.cond(one.place, rx.el.span(" · " + one.place, class_name="quiet"))),
                cell(one.reason, wide_only=True),
                key=one.id,
            ),
            caption="gains.unknown_title",
        ),
        rx.cond(S.more_unknown, rx.el.p(S.more_unknown, class_name="small quiet")),
        class_name="block unknowns",
    )


def _years_dialog() -> rx.Component:
    return dialog(
        rx.el.p(t("gains.years_text"), class_name="quiet"),
        rx.el.ul(
            rx.foreach(
                S.year_methods,
                lambda one: rx.el.li(
                    rx.el.span(one.value, class_name="num strong grow"),
                    select(
                        [("", t("gains.as_general")), *((key, f"settings.method_{key}") for key in METHODS)],
                        label=t("gains.method_of", year=one.value),
                        value=one.label,
                        on_change=lambda chosen: S.choose_year_method(one.value, chosen),
                    ),
                    key=one.value,
                ),
            ),
            class_name="list",
        ),
        open=S.choosing_years,
        on_close=S.close_years,
        title="gains.years",
    )
