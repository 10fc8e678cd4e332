"""The pictures of the Risk page: own SVG and one canvas, drawn within the strict content policy."""

from __future__ import annotations

import reflex as rx
from reflex.event import passthrough_event_spec
from reflex.vars import Var

from smartfolio_app.state.risk_view import Curve, DailyTrack, FanView, Matrix


class _Picture(rx.Component):
    """See ``assets/js/risk_charts.jsx``; every text comes with the data, the browser formats nothing but the
    pointer's cell.
    """

    library = "$/public/js/risk_charts.jsx"

    label: Var[str]


class Underwater(_Picture):
    """The distance from the last peak over time."""

    tag = "Underwater"

    curve: Var[Curve]


class Track(_Picture):
    """Daily returns against the VaR that had been given for them."""

    tag = "Track"

    track: Var[DailyTrack]


class Fan(_Picture):
    """Quantiles of the futures."""

    tag = "Fan"

    fan: Var[FanView]


class Correlations(_Picture):
    """The correlation matrix, on a canvas. ``on_explain`` is told the figure of the pair that was pressed."""

    tag = "Correlations"

    matrix: Var[Matrix]
    on_explain: rx.EventHandler[passthrough_event_spec(str)]
