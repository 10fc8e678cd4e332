"""The second opinion: another engine's word on the realised gains, on the Gains page."""

from __future__ import annotations

import reflex as rx

from smartfolio_app.components.controls import button
from smartfolio_app.components.forms import select
from smartfolio_app.components.icons import icon
from smartfolio_app.components.links import route_link
from smartfolio_app.components.notices import banner, progress
from smartfolio_app.i18n import t
from smartfolio_app.state.gains import GainsState
from smartfolio_app.state.second_opinion import METHODS, SecondOpinionState

S = SecondOpinionState


def second_opinion() -> rx.Component:
    """Return the section; it looks by itself how far the work is, whoever began it."""
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("verify.title")),
            rx.cond(S.stage == "done", rx.el.span(S.asked, class_name="small faint")),
        ),
        rx.el.p(t("verify.text"), class_name="quiet small measure"),
        rx.el.div(
            rx.match(
                S.stage,
                ("working", _working()),
                ("done", _done()),
                ("failed", banner(rx.el.p(S.problem), tone="bad", role="alert")),
                rx.fragment(),
            ),
            custom_attrs={"aria-live": "polite"},
        ),
        rx.cond(S.stage != "working", _ask()),
        on_mount=S.watch,
        class_name="block second-opinion",
    )


def _ask() -> rx.Component:
    return rx.el.div(
        rx.el.label(
            rx.el.span(t("verify.method"), class_name="small quiet"),
            select(
                [("", t("gains.own_method")), *((one, t(f"settings.method_{one}")) for one in METHODS)],
                value=S.method,
                on_change=S.choose,
            ),
            class_name="row",
        ),
        button(
            rx.cond(S.stage == "done", t("verify.ask_again"), t("verify.ask")),
            symbol="scale",
            on_click=S.ask(GainsState.year),
        ),
        class_name="row wrap",
    )


def _working() -> rx.Component:
    return rx.el.div(
        rx.cond(S.percent >= 0, progress(S.percent, label=S.doing), progress(None, label=S.doing)),
        rx.el.p(
            rx.el.span(S.doing, class_name="num-inline"),
            rx.el.span(t("verify.leave"), class_name="quiet"),
            button("verify.stop", kind="ghost", small=True, on_click=S.stop),
            class_name="row wrap small",
        ),
        class_name="stack tight",
    )


def _done() -> rx.Component:
    return rx.el.div(
        rx.el.p(
            rx.cond(
                S.nothing,
                icon("circle-minus"),
                rx.cond(S.equal, icon("circle-check"), icon("circle-alert")),
            ),
            rx.el.span(S.verdict),
            class_name=rx.cond(S.nothing, "opinion quiet", rx.cond(S.equal, "opinion good", "opinion bad")),
        ),
        rx.cond(
            S.first,
            rx.el.p(
                S.first, " ", route_link(t("verify.see_disposal"), to=S.first_address, class_name="link")
            ),
        ),
        rx.foreach(S.compared, lambda line: rx.el.p(line, class_name="small quiet")),
        rx.el.details(
            rx.el.summary(t("verify.left_out"), class_name="small"),
            rx.el.ul(rx.foreach(S.left_out, rx.el.li), class_name="small quiet bullets"),
        ),
        class_name="stack tight",
    )
