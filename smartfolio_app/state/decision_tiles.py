"""The dashboard's row of tiles that look ahead: one entry in ``TILES`` each, which leads to the page it sums up.

A further tile is a builder (``db, view, figures`` to ``DecisionTile``) and one more entry. The row draws itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.services import risk
from smartfolio_app.services.alerts import inbox, rules
from smartfolio_app.services.alerts import words as alert_words
from smartfolio_app.services.rebalancing.plan import propose
from smartfolio_app.services.signals.board import board
from smartfolio_app.services.signals.regimes import markets
from smartfolio_app.services.signals.sentiment import sentiment
from smartfolio_app.services.wealth import View
from smartfolio_app.state import rebalancing_rows, risk_view, signals_view
from smartfolio_app.state.decision_words import DecisionTile
from smartfolio_app.state.figures import UNKNOWN, Figures


@dataclass(frozen=True, slots=True)
class TileEntry:
    """A tile: its key, the page it opens, the message key of its name, its icon, and what fills it."""

    key: str
    address: str
    label: str
    icon: str
    build: Callable[[Session, View, Figures], DecisionTile]


def _risk(db: Session, view: View, figures: Figures) -> DecisionTile:
    told = risk_view.tile(risk.dashboard(db, view), figures)
    detail = f"{told.ratio} · {figures.say('risk.tile_text')}" if told.ratio else ""
    return DecisionTile(
        told.loss, detail, told.verdict, told.tone, figure=told.figure, detail_figure=told.figure
    )


def _drift(db: Session, view: View, figures: Figures) -> DecisionTile:
    told = rebalancing_rows.drift_tile(propose(db, view), figures)
    return DecisionTile(
        told.headline,
        told.detail,
        told.verdict,
        told.tone,
        hidden=not told.known,
        figure=told.figure,
        verdict_figure=told.verdict_figure,
    )


def _alerts(db: Session, view: View, figures: Figures) -> DecisionTile:
    mine = inbox.listed(db, view.user_id)
    waiting = [one for one in mine if one.status == "open"]
    if not waiting:
        words = "alerts.tile_none" if mine or rules.listed(db, view.user_id) else "alerts.tile_rules_none"
        return DecisionTile(figures.say(words), figures.say("brief.title"))
    worst = min(waiting, key=lambda one: ("error", "warning", "info").index(one.severity))
    said = alert_words.sentence(worst.kind, worst.says, worst.figures, figures)
    return DecisionTile(
        figures.say("alerts.tile_open", count=len(waiting)),
        said,
        figure="attention",
        detail_figure=f"alert:{worst.id}",
    )


def _regime(db: Session, _view: View, figures: Figures) -> DecisionTile:
    return signals_view.regime_tile(markets(db), figures)


def _mood(db: Session, view: View, figures: Figures) -> DecisionTile:
    return signals_view.mood_tile(sentiment(db, view.user_id), board(db), figures)


TILES: tuple[TileEntry, ...] = (
    TileEntry("risk", "/risk", "risk.tile", "shield-half", _risk),
    TileEntry("regime", "/signals", "signals.tile_regime", "mountain", _regime),
    TileEntry("mood", "/signals", "signals.tile_mood", "gauge", _mood),
    TileEntry("drift", "/rebalancing", "rebalancing.tile", "scale", _drift),
    TileEntry("alerts", "/alerts", "alerts.tile", "bell", _alerts),
)


def waiting() -> dict[str, DecisionTile]:
    """Return every tile before it is filled."""
    return {entry.key: DecisionTile() for entry in TILES}


def read(db: Session, view: View, figures: Figures) -> dict[str, DecisionTile]:
    """Fill every tile. What one cannot tell stands in its place, and costs no other."""
    filled = {}
    for entry in TILES:
        try:
            filled[entry.key] = entry.build(db, view, figures)
        except SmartFolioError as problem:
            filled[entry.key] = DecisionTile(UNKNOWN, error_text(figures.language, problem))
    return filled
