"""On the asset page: which asset a ticker means, and the prices that were set aside."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import button
from smartfolio_app.components.forms import form_error, text_input
from smartfolio_app.components.price_doubts import price_doubts
from smartfolio_app.i18n import t
from smartfolio_app.state.asset_evidence import EvidenceState

S = EvidenceState


def which_one() -> rx.Component:
    """Return the question which asset is meant, while it is open, or the answer that was given."""
    return rx.cond(
        S.open,
        rx.el.section(
            rx.el.header(rx.el.h2(t("prices.which", symbol=S.symbol))),
            rx.el.p(
                rx.cond(S.candidates, t("prices.which_text"), t("prices.which_nobody")),
                class_name="small quiet",
            ),
            rx.cond(
                S.candidates,
                rx.el.ul(
                    rx.foreach(S.candidates, _candidate), class_name="list", custom_attrs={"data-which": ""}
                ),
            ),
            form_error(S.problem),
            rx.el.form(
                text_input(
                    "coin", placeholder="prices.which_id", aria_label=t("prices.which_id"), max_length=120
                ),
                button("prices.which_take", type="submit", small=True),
                button("prices.which_none", small=True, kind="ghost", on_click=S.choose_none),
                on_submit=S.choose_other,
                class_name="row wrap which-other",
            ),
            class_name="block which-one",
        ),
        rx.cond(
            S.said_text,
            rx.el.p(
                S.said_text,
                button("prices.chosen_again", small=True, kind="ghost", on_click=S.choose_again),
                class_name="small quiet row wrap",
            ),
        ),
    )


def _candidate(one: Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(one.name, rx.el.span(one.id, class_name="small quiet below"), class_name="grow"),
        button(
            "prices.which_this",
            small=True,
            on_click=S.choose(one.id),
            aria_label=t("prices.which_this") + ": " + one.name.to(str),
        ),
        key=one.id,
    )


def set_aside() -> rx.Component:
    """Return the prices that were set aside, each with its reason; nothing when there are none."""
    return price_doubts(S.doubts, lambda row, use: S.decide(row.id, use))
