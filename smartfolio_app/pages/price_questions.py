"""On the Sources page: what only a person can say about prices, of all assets in one list."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import button
from smartfolio_app.components.links import route_link
from smartfolio_app.components.price_doubts import price_doubts
from smartfolio_app.i18n import t
from smartfolio_app.state.price_questions import PriceQuestionsState

S = PriceQuestionsState


def price_questions() -> rx.Component:
    """Return the open questions; nothing while there is none."""
    return rx.cond(
        S.questions | S.aside,
        rx.el.section(
            rx.el.header(rx.el.h2(t("prices.questions"))),
            rx.cond(
                S.questions,
                rx.el.div(
                    rx.el.p(t("prices.questions_text"), class_name="small quiet"),
                    rx.el.ul(
                        rx.foreach(S.questions, _question),
                        class_name="list price-questions",
                        custom_attrs={"data-questions": ""},
                    ),
                ),
            ),
            price_doubts(S.aside, lambda row, use: S.decide(row.asset, row.id, use), asset=_asset),
            rx.cond(S.more, rx.el.p(S.more, class_name="small quiet")),
            class_name="block",
        ),
    )


def _asset(row: Var) -> rx.Component:
    return route_link(row.symbol, to="/assets/" + row.asset.to(str), class_name="quiet-link strong")


def _question(row: Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(_asset(row), rx.el.span(row.text, class_name="small quiet below"), class_name="grow"),
        rx.el.span(
            rx.foreach(
                row.candidates,
                lambda one: rx.el.button(
                    one.name,
                    type="button",
                    class_name="button small",
                    title=one.id,
                    on_click=S.choose(row.asset, one.id),
                    key=one.id,
                ),
            ),
            button("prices.which_none", small=True, kind="ghost", on_click=S.choose(row.asset, "")),
            class_name="row wrap",
        ),
        key=row.asset,
    )
