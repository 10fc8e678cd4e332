"""Own transfers: what left one place and arrived at another, and what has no other end."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import button, chip, link_button
from smartfolio_app.components.dialogs import dialog
from smartfolio_app.components.figures import figure, skeleton
from smartfolio_app.components.notices import empty_state
from smartfolio_app.components.shell import page
from smartfolio_app.components.tables import Column, cell, data_table
from smartfolio_app.i18n import t
from smartfolio_app.state.transfers import TransfersState

S = TransfersState


def transfers() -> rx.Component:
    """Return the page of own transfers."""
    return page(
        "transfers.title",
        rx.cond(
            S.loaded,
            rx.cond(S.is_empty, _empty(), _content()),
            skeleton("table-waiting"),
        ),
        _matching(),
        lead=S.summary,
        actions=[
            rx.cond(
                S.asset,
                link_button(
                    t("transfers.all_assets", symbol=S.symbol), "/transfers", kind="ghost", symbol="x"
                ),
            )
        ],
    )


def _empty() -> rx.Component:
    return empty_state(
        "transfers.empty_title",
        "transfers.empty_text",
        link_button("transfers.to_sources", "/sources", kind="primary"),
        symbol="arrow-right-left",
    )


def _content() -> rx.Component:
    return rx.fragment(
        rx.el.p(t("transfers.text"), class_name="quiet intro"),
        rx.cond(S.pairs, _pairs()),
        rx.cond(S.left, _left()),
        rx.cond(S.arrived, _arrived()),
        rx.cond(S.more, rx.el.p(S.more, class_name="small quiet")),
    )


def _pairs() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("transfers.matched"))),
        data_table(
            (
                Column("transfers.what"),
                Column("transfers.from"),
                Column("transfers.to"),
                Column("transfers.lost_heading", wide_only=True),
                Column("transfers.your_word", hidden_label=True, right=True),
            ),
            S.pairs,
            lambda one: rx.el.tr(
                cell(figure(one.amount, one.figure, of="transfers.what", extra="strong")),
                cell(_end("transfers.from", one.left, one.left_when)),
                cell(_end("transfers.to", one.came, one.came_when)),
                cell(
                    rx.cond(
                        one.lost,
                        rx.el.span(
                            figure(one.lost, one.figure, of="transfers.lost_heading", by_key=False),
                            class_name="quiet",
                        ),
                    ),
                    wide_only=True,
                ),
                rx.el.td(
                    rx.el.div(
                        rx.cond(
                            one.decided,
                            rx.fragment(
                                chip("transfers.by_you", kind="good", symbol="check"),
                                button("transfers.undo", small=True, kind="ghost", on_click=S.forget(one.id)),
                            ),
                            button(
                                "transfers.confirm", small=True, kind="ghost", on_click=S.confirm_pair(one.id)
                            ),
                        ),
                        button("transfers.break", small=True, on_click=S.separate(one.id)),
                        class_name="row wrap end",
                    ),
                    class_name="right",
                ),
                key=one.id,
            ),
            caption="transfers.matched",
        ),
        class_name="block movements",
    )


def _left() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("transfers.left"))),
        rx.el.p(t("transfers.left_text"), class_name="quiet small"),
        data_table(
            (
                Column("transfers.what"),
                Column("transfers.from"),
                Column("transfers.your_word", hidden_label=True, right=True),
            ),
            S.left,
            _left_row,
            caption="transfers.left",
        ),
        class_name="block movements",
    )


def _left_row(one: Var) -> rx.Component:
    return rx.el.tr(
        cell(rx.el.span(one.amount, class_name="num strong")),
        cell(_end("transfers.from", one.place, one.when)),
        rx.el.td(
            rx.el.div(
                rx.cond(
                    one.decided,
                    rx.fragment(
                        chip("transfers.elsewhere_by_you"),
                        button("transfers.undo", small=True, kind="ghost", on_click=S.forget(one.id)),
                    ),
                    button("transfers.elsewhere", small=True, kind="ghost", on_click=S.separate(one.id)),
                ),
                rx.cond(
                    one.offers, button("transfers.choose", small=True, on_click=S.choose_deposit(one.id))
                ),
                class_name="row wrap end",
            ),
            class_name="right",
        ),
        key=one.id,
    )


def _arrived() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("transfers.arrived"))),
        rx.el.p(t("transfers.arrived_text"), class_name="quiet small"),
        data_table(
            (Column("transfers.what"), Column("transfers.to")),
            S.arrived,
            lambda one: rx.el.tr(
                cell(rx.el.span(one.amount, class_name="num strong")),
                cell(_end("transfers.from", one.place, one.when)),
                key=one.id,
            ),
            caption="transfers.arrived",
        ),
        class_name="block movements",
    )


def _end(label: str, place: Var, when: Var) -> rx.Component:
    """Return one end of a movement; on a phone, where the headings are not shown, it says which."""
    return rx.fragment(
        rx.el.span(t(label), " ", class_name="only-phone quiet", custom_attrs={"aria-hidden": "true"}),
        place,
        rx.el.span(when, class_name="small quiet below"),
    )


def _matching() -> rx.Component:
    return dialog(
        rx.el.p(S.matching_text, class_name="num strong"),
        rx.el.p(t("transfers.choose_text"), class_name="quiet"),
        rx.el.ul(
            rx.foreach(
                S.offers,
                lambda one: rx.el.li(
                    rx.el.span(
                        rx.el.span(one.amount, class_name="num strong"),
                        rx.el.span(one.place, " · ", one.when, class_name="small quiet below"),
                        class_name="grow",
                    ),
                    button(
                        "transfers.this_one",
                        small=True,
                        kind="primary",
                        on_click=S.confirm(S.matching, one.id),
                    ),
                    key=one.id,
                ),
            ),
            class_name="list",
        ),
        open=S.matching != "",
        on_close=S.close_matching,
        title="transfers.choose_title",
    )
