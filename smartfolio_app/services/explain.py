"""Why this number? The figure as it is on screen, taken apart down to the prices and transactions behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlmodel import Session

from smartfolio_app.analytics import explain as engine
from smartfolio_app.analytics.explain_performance import AGAINST, MEASURES
from smartfolio_app.analytics.results import Explanation
from smartfolio_app.services import (
    explain_books,
    explain_future,
    explain_item,
    explain_line,
    explain_performance,
    explain_risk,
    explain_sale,
    transaction_worth,
    user_settings,
)
from smartfolio_app.services.alerts import explain as explain_alerts
from smartfolio_app.services.rebalancing import explain as explain_rebalancing
from smartfolio_app.services.rebalancing import explain_ideas
from smartfolio_app.services.signals import explain as explain_signals
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
    name, _, about = figure.partition(":")
    if name in _APART:
        told = _APART[name](db, view, about)
    elif name in explain_performance.FAMILIES:
        told = explain_performance.explain(db, view, figure)
    else:
        whole, known = portfolio(db, view), basis(db, view.user_id)
        rule = user_settings.get(db, view.user_id).long_term_rule
        subject = engine.Subject(whole, known.ledger, known.prices, view.time_zone, view.method, rule)
        told = engine.explain(figure, subject)
    if told is None:
        raise engine.UnknownFigureError("explain.unknown_figure", figure=figure)
    return replace(told, figure=figure)


#: Families of figures -> who explains them, given what follows the family in a figure's name.
_APART: dict[str, Callable[[Session, View, str], Explanation | None]] = {
    "risk": explain_risk.explain,
    "simulation": lambda _db, view, about: explain_future.explain(view.user_id, about),
    "line": explain_line.explain,
    "sale": explain_sale.explain,
    "item": explain_item.explain,
    "transfer": explain_books.explain_transfer,
    "gap": explain_books.explain_gap,
    "transaction": transaction_worth.explain,
    "upload": explain_books.explain_upload,
    "sync": explain_books.explain_sync,
    "idea": lambda _db, view, about: explain_ideas.explain(view.user_id, about),
    "alert": lambda db, view, about: explain_alerts.explain(db, view.user_id, about),
    "rule": lambda db, view, about: explain_alerts.rule(db, view.user_id, about),
    "attention": lambda db, view, _about: explain_alerts.attention(db, view),
    "source": lambda db, view, about: explain_alerts.source(db, view.user_id, about),
    "rebalance": explain_rebalancing.explain_plan,
    "signals": lambda db, view, about: explain_signals.explain(db, view.user_id, about),
}

#: Every family there is, with the measures of those that have several.
FAMILIES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys((*engine.FIGURES, *explain_performance.FAMILIES, *_APART), frozenset()),
    "performance": frozenset(MEASURES),
    "benchmark": frozenset(AGAINST),
    "risk": explain_risk.MEASURES,
    "simulation": frozenset(explain_future.MEASURES),
    "idea": frozenset({*explain_ideas.MEASURES, "weight"}),
    "rebalance": explain_rebalancing.MEASURES,
    "signals": frozenset(explain_signals.MEASURES),
}
#: At which place of a figure's name its measure stands.
_MEASURE_AT = {
    "performance": 1,
    "benchmark": 1,
    "signals": 1,
    "simulation": 2,
    "risk": 3,
    "idea": 3,
    "rebalance": 3,
}


def kind_of(figure: str) -> tuple[str, str]:
    """Return the family of a figure and its measure, empty where the family has but one."""
    parts = figure.split(":")
    place = _MEASURE_AT.get(parts[0], len(parts))
    return parts[0], parts[place].partition("-")[0] if place < len(parts) else ""
