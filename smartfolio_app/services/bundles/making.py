"""Explanations to take along: a figure with its formula and all inputs, from which it can be computed elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from smartfolio_app import __version__
from smartfolio_app.analytics.bundles import document
from smartfolio_app.analytics.bundles.recipes import LONG
from smartfolio_app.analytics.bundles.records import BundleError, Json
from smartfolio_app.analytics.results import Explanation, Step
from smartfolio_app.analytics.scope import Category
from smartfolio_app.i18n import translate_or_text
from smartfolio_app.ledger.money import plain
from smartfolio_app.services import explain
from smartfolio_app.services.bundles import alerts, books, lots, market, models, plans, returns, worth
from smartfolio_app.services.bundles.asked import Asked, Maker
from smartfolio_app.services.views import View, basis
from smartfolio_app.services.worker import Progress, Worker

#: Families of figures -> what makes their bundles.
KINDS: dict[str, Maker] = {
    **worth.KINDS,
    **lots.KINDS,
    **returns.KINDS,
    **market.KINDS,
    **models.KINDS,
    **plans.KINDS,
    **alerts.KINDS,
    **books.KINDS,
}

#: Computes what takes a second or more; it ends soon.
_apart = Worker(45.0)


def make(db: Session, view: View, figure: str, language: str = "en") -> Json:
    """Return the bundle of a figure, sealed. It has been computed anew from itself before it is handed out.

    Raises:
        UnknownFigureError: There is no such figure.
        BundleError: Its value is not known, or it rests on too much.
    """
    found = explain.explain(db, view, figure)
    if found.amount is None:
        raise BundleError("bundle.not_known", figure=figure)
    kind, _, about = figure.partition(":")
    recipe, inputs = KINDS[kind](Asked(db, view, basis(db, view.user_id)), about)
    if recipe in LONG:
        db.commit()  # nothing is held in the database meanwhile
        computed = _apart.run(compute, recipe, inputs)
    else:
        computed = document.compute(recipe, inputs)
    if not document.same(recipe, found.amount, computed):
        raise BundleError("bundle.differs", told=plain(found.amount), computed=document.result(computed))
    return document.seal(_document(found, view, language, recipe, inputs))


def compute(recipe: str, inputs: Json, progress: Progress) -> Any:
    """Return what a recipe makes of inputs; done in a process of its own."""
    progress("computing", 0, 1)
    return document.compute(recipe, inputs)


def stop() -> None:
    """End the process that computes, if there is one."""
    _apart.stop()


def _document(found: Explanation, view: View, language: str, recipe: str, inputs: Json) -> Json:
    def say(text: str) -> str:
        return translate_or_text(language, text, **found.params)

    return {
        "format": document.FORMAT,
        "made_by": f"SmartFolio {__version__}",
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "figure": found.figure,
        "view": {
            "currency": view.currency,
            "scope": {one.value: getattr(view.scope, one.value) for one in Category},
            "time_zone": view.time_zone,
            "method": view.method,
        },
        "title": say(found.title),
        "formula": say(found.formula),
        "notes": [say(note) for note in found.notes],
        "trail": [_step(one, language) for one in found.steps],
        "recipe": recipe,
        "inputs": inputs,
        "unit": found.unit,
        "result": document.result(found.amount),
    }


def _step(step: Step, language: str) -> Json:
    found: Json = {"label": translate_or_text(language, step.label, **step.params), "value": step.value}
    more = {
        "unit": step.unit,
        "source": translate_or_text(language, step.source) if step.source else "",
        "at": step.at.isoformat() if step.at else "",
        "link": step.link,
        "steps": [_step(one, language) for one in step.children],
    }
    return found | {name: one for name, one in more.items() if one}


def file_name(figure: str) -> str:
    """Return the name of a figure's bundle as a file."""
    safe = "".join(one if one.isascii() and one.isalnum() else "-" for one in figure)
    return f"smartfolio-{safe.strip('-')[:80]}.zip"


def as_file(found: dict[str, Any]) -> bytes:
    """Return a bundle as a zip file."""
    return document.pack(found)
