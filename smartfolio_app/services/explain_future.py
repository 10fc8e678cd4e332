"""Why a figure of a simulation is what it is: ``<job>:<measure>``, as long as ``services.kept_work`` keeps it.

Measures: ``level-0.5`` (that part of the futures end below it), ``mean``, ``end-0.25`` and ``way-0.25`` (to be so far
below what was put in, at the end or on the way), ``goal``, ``empty`` and ``drawn`` (the share it is of).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

from smartfolio_app.analytics.explain import UnknownFigureError
from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.analytics.explain_steps import line, money
from smartfolio_app.analytics.results import Explanation, Measure, Step
from smartfolio_app.analytics.risk.simulation import LEVELS, Future, figure_of
from smartfolio_app.errors import NotFoundError
from smartfolio_app.ledger.money import plain
from smartfolio_app.services import risk

_Found = tuple[str, Measure, tuple[Step, ...], dict[str, str]]


def explain(user_id: str, figure: str) -> Explanation:
    """Return why a figure is what it is (the name without ``simulation:``), from the very futures on screen.

    Raises:
        UnknownFigureError: There is no such figure.
        NotFoundError: The simulation is not kept any more, or it is somebody else's.
    """
    unknown = UnknownFigureError("explain.unknown_figure", figure=figure)
    job_id, _, measure = figure.partition(":")
    name, _, about = measure.partition("-")
    if name not in MEASURES:
        raise unknown
    try:
        job = risk.simulation(user_id, job_id)
    except NotFoundError as error:
        raise NotFoundError("risk.simulation_gone") from error
    future: Future = job.result
    value = figure_of(future, name, about) if job.state == "done" else None
    if value is None:
        raise unknown
    formula, kind, steps, params = MEASURES[name](future, about, value)
    amount = exact(value)
    notes = [f"explain.future.note.{future.plan.method}"]
    if future.plan.growth is None:
        notes.append("risk.growth_past_note")
    return Explanation(
        figure="",
        title=f"explain.future.{formula}.title",
        formula=f"explain.future.{formula}.formula",
        result="" if amount is None else plain(amount),
        steps=(*steps, *_drawn_from(future)),
        notes=tuple(notes),
        params=params,
        amount=amount,
        measure=kind,
        unit=future.plan.currency,
    )


def _drawn_from(future: Future) -> tuple[Step, ...]:
    """What every figure of a simulation is drawn from."""
    plan = future.plan
    steps = [
        money("explain.future.start", exact(future.start), plan.currency, link="/holdings"),
        line("explain.future.covered", exact(plan.covered), Measure.SHARE, link="/holdings"),
        line("explain.future.months", Decimal(plan.months), Measure.COUNT),
    ]
    if plan.monthly:
        steps.append(money("explain.future.monthly", exact(plan.monthly), plan.currency))
    if plan.growth is not None:
        steps.append(line("explain.future.growth", exact(plan.growth), Measure.SHARE))
    steps += [
        line("explain.future.paths", Decimal(plan.paths), Measure.COUNT),
        line("explain.future.seed", Decimal(plan.seed), Measure.COUNT),
        line("explain.future.history", Decimal(future.history_days), Measure.COUNT),
        line("explain.future.assets", Decimal(future.assets), Measure.COUNT),
        line("explain.future.step", Decimal(future.step_days), Measure.COUNT),
    ]
    if future.freedom is not None:
        steps.append(line("explain.future.freedom", exact(future.freedom), Measure.RATIO))
    return tuple(steps)


# ---------------------------------------------------------------------------------------------------------- measures
def _level(future: Future, about: str, _value: float) -> _Found:
    ends = future.fan[:, -1]
    steps = tuple(
        money(
            "explain.future.below", exact(float(end)), future.plan.currency, params={"share": _percent(one)}
        )
        for one, end in zip(LEVELS, ends, strict=True)
    )
    return "level", Measure.MONEY, steps, {"share": _percent(float(about))}


def _mean(_future: Future, _about: str, _value: float) -> _Found:
    return "mean", Measure.MONEY, (), {}


def _end(future: Future, about: str, chance: float) -> _Found:
    _, kind, steps, params = _way(future, about, chance)
    limit = exact(float(future.paid[-1]) * (1 - float(about)))
    return "end", kind, (*steps, money("explain.future.threshold", limit, future.plan.currency)), params


def _way(future: Future, about: str, chance: float) -> _Found:
    put_in = money("explain.future.put_in", exact(float(future.paid[-1])), future.plan.currency)
    steps = (_so_many(future, chance), put_in)
    return "way", Measure.SHARE, steps, {"loss": _percent(float(about))}


def _goal(future: Future, _about: str, chance: float) -> _Found:
    goal = exact(future.plan.goal)
    wanted = money("explain.future.goal_amount", goal, future.plan.currency)
    return "goal", Measure.SHARE, (_so_many(future, chance), wanted), {}


def _empty(future: Future, _about: str, chance: float) -> _Found:
    return "empty", Measure.SHARE, (_so_many(future, chance),), {}


def _drawn(_future: Future, _about: str, _value: float) -> _Found:
    return "drawn", Measure.SHARE, (), {}


#: Measure -> (simulation, what the measure is about, its value) -> its formula, kind, steps, and the words' parameters.
MEASURES: dict[str, Callable[[Future, str, float], _Found]] = {
    "drawn": _drawn,
    "level": _level,
    "mean": _mean,
    "end": _end,
    "way": _way,
    "goal": _goal,
    "empty": _empty,
}


def _so_many(future: Future, chance: float) -> Step:
    return line(
        "explain.future.so_many", Decimal(math.floor(chance * future.plan.paths + 0.5)), Measure.COUNT
    )


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"
