"""The allocation ring: plain SVG, its slices drawn with dashes, so it costs no library and no script."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import Var


def ring(slices: Var, *, label: Var, centre: Any) -> rx.Component:
    """Return the ring of ``state.dashboard_view.Slice``; the legend beside it carries the words and figures."""
    return rx.el.div(
        rx.el.svg(
            rx.el.svg.circle(cx="60", cy="60", r="50", class_name="ring-track"),
            rx.foreach(slices, _arc),
            view_box="0 0 120 120",
            class_name="ring",
            role="img",
            aria_label=label,
        ),
        rx.el.div(centre, class_name="ring-centre"),
        class_name="ring-box",
    )


def _arc(one: Var) -> rx.Component:
    return rx.el.svg.circle(
        cx="60",
        cy="60",
        r="50",
        class_name=Var.create("ring-arc ").to(str) + one.hue,
        path_length=100,
        stroke_dasharray=one.dash,
        stroke_dashoffset=one.offset,
        key=one.key,
    )
