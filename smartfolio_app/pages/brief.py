"""The morning brief: what changed, why, what needs attention. Each sentence opens its explanation and its page."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import icon_button
from smartfolio_app.components.figures import skeleton
from smartfolio_app.components.icons import icon
from smartfolio_app.components.links import route_link
from smartfolio_app.components.shell import page
from smartfolio_app.i18n import t
from smartfolio_app.state.brief import BriefState
from smartfolio_app.state.explain import ExplainState

S = BriefState


def brief() -> rx.Component:
    """Return the page."""
    return page(
        "brief.title",
        rx.cond(
            S.loaded,
            rx.el.div(rx.foreach(S.sections, _section), class_name="brief"),
            rx.el.div(*[skeleton("brief-waiting") for _ in range(3)], class_name="brief"),
        ),
        lead=S.day,
    )


def _section(one: Var) -> rx.Component:
    return rx.el.section(
        rx.el.h2(one.title),
        rx.el.ul(rx.foreach(one.lines, _line), class_name="brief-lines"),
        class_name=Var.create("brief-section ").to(str) + one.key.to(str),
        key=one.key,
    )


def _line(one: Var, index: Var) -> rx.Component:
    return rx.el.li(
        rx.el.p(one.text),
        rx.el.div(
            rx.cond(
                one.explain,
                icon_button("circle-help", "brief.explain", on_click=ExplainState.open(one.explain)),
            ),
            rx.cond(
                one.link,
                route_link(
                    icon("arrow-up-right"),
                    to=one.link,
                    keep_view=False,
                    class_name="icon-button",
                    aria_label=t("brief.more"),
                    title=t("brief.more"),
                ),
            ),
            class_name="brief-actions",
        ),
        class_name=Var.create("brief-line ").to(str) + one.tone.to(str),
        key=index,
    )
