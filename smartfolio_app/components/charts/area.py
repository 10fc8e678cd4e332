"""The net worth over time: one line over a fading area, from edge to edge, with no frame, grid or axes."""

from __future__ import annotations

import reflex as rx
from reflex.event import passthrough_event_spec
from reflex.vars import Var

from smartfolio_app.state.timeline import Timeline


class AreaChart(rx.Component):
    """lightweight-charts behind one component; see ``assets/js/area_chart.jsx``.

    ``line`` is a ``state.timeline.Timeline``; the text of every point comes with it, so the browser formats nothing.
    ``on_explain`` is told the figure of the day that was pressed, where the line's points are days that have one.
    """

    library = "$/public/js/area_chart.jsx"
    tag = "AreaChart"
    lib_dependencies: list[str] = ["lightweight-charts@5.2.1"]

    line: Var[Timeline]
    label: Var[str]
    on_explain: rx.EventHandler[passthrough_event_spec(str)]
