"""Bundles of what a model says: simulated futures, suggested targets, the market's mood."""

from __future__ import annotations

from smartfolio_app.analytics.bundles import futures, moods, plans
from smartfolio_app.services import risk
from smartfolio_app.services.bundles.asked import Asked, Made, Maker
from smartfolio_app.services.rebalancing import explain_ideas, optimiser
from smartfolio_app.services.signals.sentiment import sentiment


def _simulation(asked: Asked, about: str) -> Made:
    job, _, figure = about.partition(":")
    measure, _, of = figure.partition("-")
    return "simulation", futures.simulation_inputs(
        risk.simulation(asked.view.user_id, job).result, measure, of
    )


def _idea(asked: Asked, about: str) -> Made:
    job, column, figure = about.split(":", 2)
    measure, _, asset = figure.partition(":")
    method = "" if column == explain_ideas.PRESENT else column
    return "idea", plans.idea_inputs(optimiser.found(asked.view.user_id, job).result, method, measure, asset)


def mood(asked: Asked, about: str) -> Made:
    """Return what a figure of the sentiment model rests on; ``about`` is what follows ``signals:``."""
    measure, _, what = about.partition(":")
    one, _, subject = what.partition("-") if measure.startswith(("part", "bin")) else ("", "", what)
    found = sentiment(asked.db, asked.view.user_id, "" if subject == "market" else subject)
    assert found.given is not None  # it was explained
    return "mood", moods.mood_inputs(found.given, found.today, found.subject, found.sources, measure, one)


KINDS: dict[str, Maker] = {"simulation": _simulation, "idea": _idea}
