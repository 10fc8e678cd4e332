"""Why this number? The figure as it is on screen, taken apart down to the prices and transactions behind it."""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import Session

from smartfolio_app.analytics import explain as engine
from smartfolio_app.analytics.results import Explanation
from smartfolio_app.services import explain_future, explain_performance, explain_risk
from smartfolio_app.services.alerts import explain as explain_alerts
from smartfolio_app.services.rebalancing import explain_ideas
from smartfolio_app.services.rebalancing.explain import explain_plan
from smartfolio_app.services.signals.explain import explain as explain_signal
from smartfolio_app.services.views import View, basis
from smartfolio_app.services.wealth import portfolio


def explain(db: Session, view: View, figure: str) -> Explanation:
    """Return why ``figure`` is what it is for this view; ``analytics.explain`` and
    ``analytics.explain_performance`` tell their names.

    It starts from the very portfolio that is on screen, so the explanation ends at the number it explains.

    Raises:
        UnknownFigureError: There is no such figure, or nothing is held that it could be about.
        NotFoundError: There is no such user.
    """
    if figure.partition(":")[0] in explain_performance.FAMILIES:
        told = explain_performance.explain(db, view, figure)
        if told is None:
            raise engine.UnknownFigureError("explain.unknown_figure", figure=figure)
        return told
    name, _, about = figure.partition(":")
    if name == "risk":
        return replace(explain_risk.explain(db, view, about), figure=figure)
    if name == "simulation":
        return replace(explain_future.explain(view.user_id, about), figure=figure)
    if name == "idea":
        return replace(explain_ideas.explain(view.user_id, about), figure=figure)
    if name == "alert":
        return replace(explain_alerts.explain(db, view.user_id, about), figure=figure)
    if name == "attention":
        return replace(explain_alerts.attention(db, view), figure=figure)
    if name == "source":
        return replace(explain_alerts.source(db, view.user_id, about), figure=figure)
    if name == "rebalance":
        return replace(explain_plan(db, view, about), figure=figure)
    if name == "signals":
        signal = explain_signal(db, view.user_id, about)
        if signal is None:
            raise engine.UnknownFigureError("explain.unknown_figure", figure=figure)
        return replace(signal, figure=figure)
    whole = portfolio(db, view)
    known = basis(db, view.user_id)
    return engine.explain(
        figure, engine.Subject(whole, known.ledger, known.prices, view.time_zone, view.method)
    )
