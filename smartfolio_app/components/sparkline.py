"""A line of a few words' width: the shape of a history, next to its figure."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var


def sparkline(points: Var) -> rx.Component:
    """Return the line through ``points`` (``"x,y x,y ..."`` in a field of 100 by 28). It adds nothing that is not also
    said in words, so it is silent.
    """
    return rx.el.svg(
        rx.el.svg.polyline(points=points, custom_attrs={"vectorEffect": "non-scaling-stroke"}),
        view_box="0 -2 100 32",
        preserve_aspect_ratio="none",
        class_name="spark",
        custom_attrs={"aria-hidden": "true"},
    )
