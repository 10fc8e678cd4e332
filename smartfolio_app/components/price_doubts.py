"""The prices that were set aside, each with its reason and the two things that can be said of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import button, chip
from smartfolio_app.i18n import t


def price_doubts(
    doubts: Var, decide: Callable[[Var, bool], Any], *, asset: Callable[[Var], rx.Component] | None = None
) -> rx.Component:
    """Return the list of ``doubts``; nothing when there are none.

    ``decide(row, use)`` is what happens when somebody says so; ``asset(row)`` names whose price it is, where the list
    is of more than one asset.
    """

    def row(one: Var) -> rx.Component:
        whose = () if asset is None else (asset(one), " · ")
        return rx.el.li(
            rx.el.span(
                rx.el.span(
                    *whose,
                    one.provider,
                    " · ",
                    one.day,
                    rx.cond(one.accepted, rx.fragment(" ", chip("prices.used_by_you", kind="notable"))),
                ),
                rx.el.span(one.why, class_name="small quiet below"),
                class_name="grow",
            ),
            rx.el.span(
                rx.el.span(one.price, class_name="num"),
                rx.cond(one.expected, rx.el.span(one.expected, class_name="small quiet below num")),
                class_name="right",
            ),
            rx.cond(
                one.accepted,
                button("prices.leave", small=True, kind="ghost", on_click=decide(one, False)),
                button("prices.use", small=True, kind="ghost", on_click=decide(one, True)),
            ),
            key=one.id if asset is None else one.asset.to(str) + one.id.to(str),
        )

    return rx.cond(
        doubts,
        rx.el.div(
            rx.el.h3(t("prices.aside"), class_name="small faint"),
            rx.el.p(t("prices.aside_text"), class_name="small quiet"),
            rx.el.ul(rx.foreach(doubts, row), class_name="list doubts", custom_attrs={"data-doubts": ""}),
            class_name="set-aside",
        ),
    )
