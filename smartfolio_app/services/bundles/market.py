"""Bundles of risk and of the market: daily prices, closes, rates, and what a model was given."""

from __future__ import annotations

from smartfolio_app.analytics.allocation import by_currency, exposure
from smartfolio_app.analytics.bundles import futures, moods, statistics
from smartfolio_app.ledger.money import plain
from smartfolio_app.providers import binance_futures
from smartfolio_app.services import risk
from smartfolio_app.services.bundles import models
from smartfolio_app.services.bundles.asked import Asked, Made, Maker
from smartfolio_app.services.bundles.worth import holdings_out
from smartfolio_app.services.signals.board import board
from smartfolio_app.services.signals.references import FUNDING
from smartfolio_app.services.signals.regimes import market_of
from smartfolio_app.storage.repo_signals import series as signals_of


def _risk(asked: Asked, about: str) -> Made:
    window, based_on, measure, what = [*about.split(":", 3), ""][:4]
    rows = [row for row in asked.whole.holdings if row.value is not None and row.value > 0]
    if measure in ("episode", "episode_change"):
        given = next(one for one in risk.replays(asked.db, asked.view) if one.episode.key == what)
        return "episode", futures.episode_inputs(given, measure)
    if measure in ("shock", "shock_change", "shocked"):
        asset, _, spec = what.rpartition("|") if measure == "shocked" else ("", "", what)
        shocks = dict(risk.read_shock(one) for one in spec.split(","))
        held = risk.ground_of(asked.db, asked.view).exposures
        return "shock", futures.shock_inputs(held, shocks, measure, asset)
    if measure == "weight":
        return "weight", futures.weight_inputs(risk.ground_of(asked.db, asked.view).exposures, what)
    if measure == "liquidity":
        return "portion", {
            "part": holdings_out(risk.liquid_parts(asked.whole)[what]),
            "of": holdings_out(rows),
        }
    if measure == "currency":
        slices = {one.key for one in by_currency(asked.whole) if one.value > 0}
        everything = [row for row in asked.whole.holdings if exposure(row) in slices]
        chosen = [row for row in everything if exposure(row) == what]
        return "portion", {"part": holdings_out(chosen), "of": holdings_out(everything)}
    name, _, rate = window.partition("@")
    benchmark = what.partition("|")[0] if measure in ("beta", "asset_beta") else ""
    wanted = risk.Asked(name, based_on, benchmark, float(rate or 0))
    report = risk.dashboard(asked.db, asked.view, wanted).report
    assert report is not None  # it was explained
    ground = risk.ground_of(asked.db, asked.view)
    lived = risk.lived_of(asked.db, asked.view, ground) if based_on == "lived" else None
    question = risk.Question(risk.WINDOWS[name], based_on, report.benchmark, wanted.risk_free)
    return "risk", statistics.risk_inputs(
        ground.panel, ground.others, asked.view.currency, question, lived, measure, what
    )


def _signal(asked: Asked, about: str) -> Made:
    measure, _, what = about.partition(":")
    if measure in moods.MEASURES:
        return models.mood(asked, about)
    told = {"fear_greed": board(asked.db).fear_greed, "dominance": board(asked.db).dominance}.get(measure)
    if told is not None:
        heard = told.heard_at.isoformat() if told.heard_at else ""
        return "told", {
            "value": plain(told.value),
            "source": told.provider,
            "at": told.at.isoformat(),
            "heard_at": heard,
        }
    if measure == "funding_next":
        row = next(one for one in board(asked.db).funding if one.contract == what)
        assert row.next_rate is not None  # it was explained
        at = row.next_at.isoformat() if row.next_at else ""
        return "told", {"value": plain(row.next_rate), "source": binance_futures.ID, "at": at, "heard_at": ""}
    if measure.startswith("funding"):
        settled = signals_of(asked.db, FUNDING, what)
        return "funding", statistics.funding_inputs(what, binance_futures.ID, settled, measure)
    subject = what.rpartition("-")[2]
    market = market_of(asked.db, subject)
    assert market is not None  # it was explained
    about = what.removesuffix(subject).rstrip("-")
    wanted = "below" if measure == "regime" else f"{measure}-{about}" if about else measure
    return "regime", statistics.regime_inputs(
        subject, market.provider, market.days, market.closes, market.regime.rules, wanted
    )


KINDS: dict[str, Maker] = {"risk": _risk, "signals": _signal}
