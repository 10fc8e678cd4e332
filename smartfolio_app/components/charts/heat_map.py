"""The map of holdings: plain SVG, laid out by the server, in the size it is drawn at."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.i18n import t
from smartfolio_app.state.explain import ExplainState


def heat_map(fields: Var, size: tuple[int, int], extra: str = "") -> rx.Component:
    """Return the map of ``state.dashboard_view.Field``; ``size`` is what they were laid out for."""
    return rx.el.svg(
        rx.foreach(fields, _field),
        view_box=f"0 0 {size[0]} {size[1]}",
        class_name=f"heat-map {extra}",
        role="img",  # a picture: every figure in it is also a line of the holdings, where the keyboard reaches it
        aria_label=t("dashboard.map"),
    )


def _field(one: Var) -> rx.Component:
    return rx.el.svg.g(
        rx.el.svg.rect(x=one.x, y=one.y, width=one.width, height=one.height),
        rx.el.svg.text(one.symbol, x=one.text_x, y=one.text_y),
        rx.el.svg.text(one.change, x=one.text_x, y=one.change_y),
        rx.el.svg.title(one.label),
        class_name=one.tone.to(str) + Var.create(" ").to(str) + one.size.to(str),
        on_click=ExplainState.open(one.figure),
        key=one.id,
    )
