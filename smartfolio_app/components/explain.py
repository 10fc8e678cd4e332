"""The panel behind every figure: the formula in words, its inputs, where each came from and when."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.dialogs import dialog
from smartfolio_app.components.download import download_button
from smartfolio_app.components.icons import icon
from smartfolio_app.components.links import route_link
from smartfolio_app.i18n import t
from smartfolio_app.state.explain import ExplainState


def explain_panel() -> rx.Component:
    """Return the drawer; it is on every page once."""
    return dialog(
        rx.el.div(
            rx.el.p(ExplainState.title, class_name="quiet sk w12"),
            rx.el.p(ExplainState.result, class_name="num explain-result sk w8"),
            rx.el.p(ExplainState.formula, class_name="explain-formula sk w20"),
        ),
        rx.cond(ExplainState.problem, rx.el.p(ExplainState.problem, class_name="form-error", role="alert")),
        rx.cond(
            ExplainState.steps.length() > 0,
            rx.el.section(
                rx.el.h3(t("explain.inputs")),
                rx.el.ol(rx.foreach(ExplainState.steps, _step), class_name="explain-steps"),
            ),
        ),
        rx.cond(
            ExplainState.notes.length() > 0,
            rx.el.section(
                rx.el.h3(t("explain.notes")),
                rx.el.ul(
                    rx.foreach(ExplainState.notes, rx.el.li),
                    class_name="explain-notes",
                ),
            ),
        ),
        rx.cond(
            ExplainState.bundle_address,
            rx.el.section(
                rx.el.p(t("explain.bundle_text"), class_name="small quiet"),
                download_button("explain.bundle", ExplainState.bundle_address, kind="ghost"),
                class_name="stack tight",
            ),
        ),
        open=ExplainState.is_open,
        on_close=ExplainState.close,
        title="explain.title",
        side="drawer",
    )


def _step(step: Var) -> rx.Component:
    label = rx.cond(
        step.link,
        route_link(
            step.label,
            icon("arrow-up-right", "tiny"),
            to=step.link,
            keep_view=False,
            class_name="explain-link",
            title=t("explain.see"),
            on_click=ExplainState.close,
        ),
        rx.el.span(step.label),
    )
    return rx.el.li(
        rx.el.div(label, rx.el.span(step.value, class_name="num"), class_name="row between baseline"),
        rx.cond(
            (step.source != "") | (step.when != ""),
            rx.el.div(
                rx.cond(step.source, rx.el.span(t("explain.from", source=step.source))),
                rx.cond(step.when, rx.el.time(step.when)),
                class_name="explain-origin",
            ),
        ),
        class_name=Var.create("depth-").to(str) + step.depth.to_string(),
    )
