"""Why this number?"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from smartfolio_app.analytics.results import Step
from smartfolio_app.api.dependencies import Caller, Database, language_of
from smartfolio_app.api.files import attachment
from smartfolio_app.api.schemas import Amount, Answer
from smartfolio_app.api.views import ChosenView
from smartfolio_app.i18n import translate_or_text
from smartfolio_app.services import bundles, explain

router = APIRouter(prefix="/api/explain", tags=["portfolio"])

Figure = Annotated[
    str,
    Path(
        max_length=600,
        description="net_worth, change_today, coverage, category:crypto, holding:crypto:BTC, cost_basis:crypto:BTC, "
        "unrealised:crypto:BTC, price:crypto:BTC:2026-01-02, price:crypto:BTC:2026-01-02..2026-02-03, "
        "realised:2025, realised:2025:hifo:1y:asset:crypto:BTC, transaction:<id>, "
        "allocation:group:BTC, history:2026-01-02, performance:twr:1Y, "
        "performance:fx:1Y, benchmark:twr:1Y:crypto:BTC, contribution:YTD:crypto:BTC, drawdown:MAX, "
        "income:2025, risk:365:held:volatility, risk:365:held:shock:crypto=-0.5, simulation:<job>:end-0.25, "
        "signals:score:market or alert:<id>",
    ),
]


class StepOut(Answer):
    """One line of an explanation. ``link`` is an address of the app, such as the transactions behind the line."""

    label: str
    value: str
    amount: Amount | None
    unit: str
    source: str
    at: datetime | None
    link: str
    steps: list[StepOut]


class ExplanationOut(Answer):
    """What a number is made of, down to prices and transactions."""

    figure: str
    title: str
    formula: str
    result: str
    amount: Amount | None
    unit: str
    steps: list[StepOut]
    notes: list[str]


@router.get("/{figure}", summary="Why this number?")
def explain_figure(view: ChosenView, access: Caller, db: Database, figure: Figure) -> ExplanationOut:
    """Return the formula of a figure, its inputs, and where and when each of them was found."""
    found = explain.explain(db, view, figure)
    language = language_of(access, db, view.user_id)
    return ExplanationOut(
        figure=found.figure,
        title=translate_or_text(language, found.title, **found.params),
        formula=translate_or_text(language, found.formula, **found.params),
        result=found.result,
        amount=found.amount,
        unit=found.unit,
        steps=[_step(one, language) for one in found.steps],
        notes=[translate_or_text(language, note, **found.params) for note in found.notes],
    )


@router.get(
    "/{figure}/bundle",
    summary="A figure to take along",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}, "description": "a zip file with one JSON document"}},
)
def get_bundle(view: ChosenView, access: Caller, db: Database, figure: Figure) -> Response:
    """Return the formula and every input of a figure: ``smartfolio explain check`` computes it anew from that alone.

    There is one of every figure whose value is known. What a model says carries what the model was given, and what a
    rule says the facts that it was told.
    """
    found = bundles.make(db, view, figure, language_of(access, db, view.user_id))
    return attachment(bundles.as_file(found), bundles.file_name(figure), "application/zip")


def _step(step: Step, language: str) -> StepOut:
    return StepOut(
        label=translate_or_text(language, step.label, **step.params),
        value=step.value,
        amount=step.amount,
        unit=step.unit,
        source=translate_or_text(language, step.source) if step.source else "",
        at=step.at,
        link=step.link,
        steps=[_step(child, language) for child in step.children],
    )
