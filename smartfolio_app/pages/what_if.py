"""What if this were sold: the part that the Gains page and an asset's page share."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import segmented, submit
from smartfolio_app.components.figures import known_change, known_figure
from smartfolio_app.components.forms import field, form_error, number_input, select
from smartfolio_app.i18n import t
from smartfolio_app.pages.lots import lots_table
from smartfolio_app.services.user_settings import METHODS
from smartfolio_app.state.base import AppState
from smartfolio_app.state.what_if import WhatIfState

S = WhatIfState


def what_if_section(*, one_asset: bool = False) -> rx.Component:
    """Return the form and its answer; ``one_asset`` leaves out the choice of what to sell."""
    return rx.cond(
        S.asset,
        rx.el.section(
            rx.el.header(
                rx.el.h2(t("gains.what_if")),
                segmented(
                    [("method", "gains.by_method"), ("lots", "gains.by_lots")],
                    rx.cond(S.picking, "lots", "method"),
                    lambda chosen: S.pick_lots(chosen == "lots"),
                    label="gains.by_what",
                    small=True,
                ),
            ),
            rx.el.p(t("gains.what_if_text"), class_name="quiet small"),
            rx.el.div(_form(one_asset), _answer(), class_name="trial"),
            class_name="block card what-if",
        ),
    )


def _form(one_asset: bool) -> rx.Component:
    what = (
        []
        if one_asset
        else [field("gains.sell_what", select(S.assets, value=S.asset, on_change=S.choose_asset))]
    )
    return rx.el.form(
        rx.el.div(
            *what,
            rx.cond(
                ~S.picking,
                rx.fragment(
                    field(
                        "gains.sell_quantity",
                        number_input("quantity", placeholder=S.held),
                        hint=t("gains.sell_held", quantity=S.held, symbol=S.symbol),
                    ),
                    field("gains.method", select(_methods(), name="method", default_value="")),
                ),
            ),
            field(
                "gains.sell_price",
                number_input("price", placeholder=S.price_hint),
                hint=rx.cond(
                    S.price_hint, t("gains.sell_price_now", price=S.price_hint), t("gains.sell_no_price")
                ),
            ),
            field(t("gains.sell_fee", currency=AppState.currency), number_input("fee")),
            class_name="fields",
        ),
        rx.cond(S.picking, _lots()),
        form_error(S.problem),
        rx.el.div(submit("gains.try_it"), class_name="row"),
        key="trial-" + S.turn.to_string(),
        on_submit=S.ask,
        class_name="stack loose",
    )


def _methods() -> list[tuple[str, Var]]:
    return [("", t("gains.own_method")), *((one, t(f"settings.method_{one}")) for one in METHODS)]


def _lots() -> rx.Component:
    return rx.el.div(lots_table(S.lots, S.more_lots, take=_take), class_name="lots-to-pick")


def _take(lot: Var) -> rx.Component:
    return rx.el.td(
        rx.el.input(
            name=lot.field,
            type="text",
            class_name="input num short",
            aria_label=t("gains.take_of", date=lot.acquired),
            custom_attrs={"inputMode": "decimal", "autoComplete": "off"},
        ),
        class_name="right",
    )


def _answer() -> rx.Component:
    one = S.answer
    return rx.el.div(
        rx.cond(
            S.answered,
            rx.fragment(
                rx.el.p(t("gains.what_if_gain"), class_name="quiet"),
                rx.el.p(
                    known_change(
                        one.gain, one.gain_direction, one.figure, of="gains.what_if_gain", extra="large"
                    )
                ),
                rx.el.p(_told(one.terms, "gains.what_if_gain"), class_name="small quiet num-inline"),
                rx.el.dl(
                    rx.el.dt(t("gains.proceeds")),
                    rx.el.dd(_told(one.proceeds, "gains.proceeds"), class_name="num"),
                    rx.el.dt(t("gains.cost")),
                    rx.el.dd(_told(one.cost, "gains.cost"), class_name="num"),
                    rx.el.dt(t("gains.sell_price")),
                    rx.el.dd(_told(one.price, "gains.sell_price"), class_name="num"),
                    class_name="facts",
                ),
                rx.el.p(_told(one.taken, "gains.open_lots"), class_name="small quiet"),
                rx.el.p(_told(one.left, "gains.open_lots"), class_name="small quiet"),
                rx.cond(
                    S.others,
                    rx.el.div(
                        rx.el.h3(t("gains.same_sale"), class_name="small faint"),
                        rx.el.ul(
                            rx.foreach(
                                S.others,
                                lambda other: rx.el.li(
                                    rx.el.span(other.label, class_name="grow"),
                                    known_change(
                                        other.gain, other.gain_direction, other.figure, of=other.label
                                    ),
                                    key=other.label,
                                ),
                            ),
                            class_name="list",
                        ),
                    ),
                ),
            ),
            rx.el.p(t("gains.what_if_waiting"), class_name="quiet small"),
        ),
        class_name="outcome",
        custom_attrs={"aria-live": "polite"},
    )


def _told(text: Var, of: str) -> rx.Component:
    """Return what the sale's explanation tells; that of very many picked lots has none but these lines."""
    return known_figure(text, S.answer.figure, of=of, extra="sentence")
