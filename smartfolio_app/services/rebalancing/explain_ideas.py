"""Why a suggested weight, or a figure of its test, is what it is: ``<job>:<column>:<measure>``, while the work is kept.

The column is ``present`` (what is held now) or a method; the measure ``weight:<asset>`` or one of the test's figures.
"""

from __future__ import annotations

from decimal import Decimal

from smartfolio_app.analytics.explain import UnknownFigureError
from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.analytics.explain_steps import line
from smartfolio_app.analytics.rebalancing.optimise import HELD_DAYS, OutOfSample, Suggestions
from smartfolio_app.analytics.results import Explanation, Measure, Step
from smartfolio_app.errors import NotFoundError
from smartfolio_app.ledger.assets import symbol_of
from smartfolio_app.ledger.money import plain
from smartfolio_app.services.rebalancing import optimiser

PRESENT = "present"
#: The figures of the test.
MEASURES = {
    "growth": Measure.SHARE,
    "volatility": Measure.SHARE,
    "sharpe": Measure.RATIO,
    "drawdown": Measure.SHARE,
    "bad_day": Measure.SHARE,
    "turnover": Measure.SHARE,
}


def figure_name(job_id: str, column: str, measure: str) -> str:
    """Return the name of a figure of the suggestions."""
    return f"idea:{job_id}:{column}:{measure}"


def explain(user_id: str, figure: str) -> Explanation:
    """Return why a figure is what it is (the name without ``idea:``), from the very work on screen.

    Raises:
        UnknownFigureError: There is no such figure.
        NotFoundError: The work is not kept any more, or it is somebody else's.
    """
    unknown = UnknownFigureError("explain.unknown_figure", figure=figure)
    job_id, _, rest = figure.partition(":")
    column, _, measure = rest.partition(":")
    try:
        job = optimiser.found(user_id, job_id)
    except NotFoundError as error:
        raise NotFoundError("rebalance.ideas_gone") from error
    if job.state != "done":
        raise unknown
    found: Suggestions = job.result
    columns = {PRESENT: (found.present, found.present_tested)}
    columns |= {one.method: (one.weights, one.tested) for one in found.ideas}
    kind, _, asset = measure.partition(":")
    if column not in columns or not (measure in MEASURES or (kind == "weight" and asset in found.assets)):
        raise unknown
    days = _days(found)
    if kind == "weight":
        at = found.assets.index(asset)
        values = {name: exact(weights[at]) for name, (weights, _) in columns.items()}
        title, formula, shape = "explain.idea.weight.title", f"explain.idea.weight.{column}", Measure.SHARE
        days = tuple(one for one in days if one.label == "explain.idea.train")
    else:
        values = {name: _tested(tested, measure) for name, (_, tested) in columns.items()}
        title, formula = f"rebalancing.tested_{measure}", f"explain.idea.{measure}"
        shape = MEASURES[measure]
    amount = values[column]
    return Explanation(
        figure="",
        title=title,
        formula=formula,
        result="" if amount is None else plain(amount),
        steps=(*(_column(name, value, shape) for name, value in values.items()), *days),
        notes=("explain.idea.note",),
        params={"asset": symbol_of(asset)},
        amount=amount,
        measure=shape,
    )


def _tested(tested: OutOfSample, measure: str) -> Decimal | None:
    return exact(getattr(tested, measure))


def _column(name: str, value: Decimal | None, shape: Measure) -> Step:
    return line("rebalancing.held_now" if name == PRESENT else f"rebalancing.method_{name}", value, shape)


def _days(found: Suggestions) -> tuple[Step, ...]:
    return (
        line("explain.idea.tested", Decimal(found.tested_days), Measure.COUNT),
        line("explain.idea.train", Decimal(found.train_days), Measure.COUNT),
        line("explain.idea.held", Decimal(HELD_DAYS), Measure.COUNT),
        line("explain.idea.days", Decimal(found.days), Measure.COUNT),
    )
