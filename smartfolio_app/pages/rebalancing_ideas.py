"""Suggested targets: three ways of spreading risk beside what is held, with their test out of sample."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.analytics.rebalancing.optimise import METHODS
from smartfolio_app.components.controls import button
from smartfolio_app.components.figures import figure
from smartfolio_app.components.forms import form_error
from smartfolio_app.components.notices import progress
from smartfolio_app.i18n import t
from smartfolio_app.state.optimiser import OptimiserState
from smartfolio_app.state.rebalancing import RebalancingState

S = OptimiserState


def ideas() -> rx.Component:
    """Return the suggestions, or what to press (or install) to get them."""
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("rebalancing.ideas")),
            rx.cond(
                RebalancingState.no_optimiser,
                rx.fragment(),
                button(
                    "rebalancing.suggest",
                    on_click=S.compute,
                    small=True,
                    disabled=S.working,
                    symbol="sparkles",
                ),
            ),
        ),
        rx.el.p(t("rebalancing.ideas_text"), class_name="quiet small ideas-text"),
        rx.cond(
            RebalancingState.no_optimiser,
            rx.el.p(RebalancingState.no_optimiser, class_name="quiet"),
        ),
        form_error(S.problem),
        rx.cond(S.working, progress(S.progress, label="rebalancing.suggesting")),
        rx.cond(S.weights.length() > 0, _table()),
        class_name="block risk-block ideas",
    )


def _table() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.table(
                rx.el.caption(t("rebalancing.ideas"), class_name="sr-only"),
                rx.el.thead(
                    rx.el.tr(
                        rx.el.th(t("rebalancing.target_of"), scope="col"),
                        rx.el.th(t("rebalancing.held_now"), scope="col", class_name="right"),
                        *[
                            rx.el.th(t(f"rebalancing.method_{one}"), scope="col", class_name="right")
                            for one in METHODS
                        ],
                    )
                ),
                rx.el.tbody(
                    rx.foreach(S.weights, _line),
                    rx.el.tr(
                        rx.el.th(t("rebalancing.unseen"), scope="rowgroup", col_span=5), class_name="group"
                    ),
                    rx.foreach(S.tests, _line),
                    rx.el.tr(
                        rx.el.td(class_name="take"),
                        rx.el.td(),
                        *[
                            rx.el.td(
                                button(
                                    "rebalancing.take",
                                    on_click=S.take(one),
                                    small=True,
                                    aria_label=t(
                                        "rebalancing.take_of", method=t(f"rebalancing.method_{one}")
                                    ),
                                ),
                                class_name="right take",
                            )
                            for one in METHODS
                        ],
                    ),
                ),
            ),
            class_name="table-wrap",
        ),
        rx.el.p(
            figure(S.note, S.note_figure, of="rebalancing.ideas", extra="sentence"), class_name="small faint"
        ),
    )


def _line(one: Var) -> rx.Component:
    return rx.el.tr(
        rx.el.td(one.label),
        rx.foreach(
            one.cells,
            lambda found: rx.el.td(figure(found.text, found.figure, of=one.label), class_name="right num"),
        ),
        key=one.key,
    )
