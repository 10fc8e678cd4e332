"""Several lines over the same days: a portfolio beside its benchmark, or a return below its peak."""

from __future__ import annotations

import reflex as rx
from reflex.event import passthrough_event_spec
from reflex.vars import Var

from smartfolio_app.state.performance_view import Drawing


class LinesChart(rx.Component):
    """lightweight-charts behind one component; see ``assets/js/lines_chart.jsx``.

    ``drawing`` is a ``state.performance_view.Drawing``; its texts come with it, so the browser formats nothing.
    ``on_explain`` is told the figure of the day that was pressed, where the drawing's days have one.
    """

    library = "$/public/js/lines_chart.jsx"
    tag = "LinesChart"
    lib_dependencies: list[str] = ["lightweight-charts@5.2.1"]

    drawing: Var[Drawing]
    label: Var[str]
    on_explain: rx.EventHandler[passthrough_event_spec(str)]
