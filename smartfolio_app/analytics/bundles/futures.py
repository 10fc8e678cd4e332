"""What would be, in bundles: shocks, the replay of an episode, and simulated futures.

As in ``recipes``, what computes is the product's own formula. A simulation draws the same futures from the same returns
and seed; it does so in single precision, so that another processor may put one path of ten thousand elsewhere.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from smartfolio_app.analytics.bundles.panels import (
    MOST_PRICES,
    exposure_in,
    exposure_out,
    panel_in,
    panel_out,
)
from smartfolio_app.analytics.bundles.records import BundleError, Json, day, floats, part, text, written
from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.analytics.risk.scenarios import (
    BETA_DAYS,
    NEAR,
    Closes,
    Episode,
    Factor,
    Replay,
    Then,
    shock,
    weight_of,
)
from smartfolio_app.analytics.risk.simulation import METHODS, MONTHS, PATHS, Plan, figure_of, simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from decimal import Decimal

    from smartfolio_app.analytics.risk.panel import Exposure, Panel
    from smartfolio_app.analytics.risk.simulation import Future


# ---------------------------------------------------------------------------------------------------------- shocks
def shock_inputs(
    exposures: Sequence[Exposure], shocks: Mapping[str, float], measure: str, asset: str
) -> Json:
    """Return what shocks rest on: the loss of everything, its ratio to that, or the loss of one ``asset``."""
    return {
        "measure": measure,
        "held": [exposure_out(one) for one in exposures],
        "shocks": {name: repr(float(change)) for name, change in shocks.items()},
        "asset": asset,
    }


def _shock(inputs: Json) -> Decimal | None:
    """The sum of worth times shock; the nearest word wins: an asset's own, then its group's, then its kind's."""
    held = [exposure_in(row) for row in part(inputs, "held", list)]
    shocks = {name: float(text(change)) for name, change in part(inputs, "shocks", dict).items()}
    outcome, asset = shock(held, shocks), part(inputs, "asset", str)
    if asset:
        return exact(next(one.loss for one in outcome.effects if one.exposure.asset.id == asset))
    return exact(outcome.change if part(inputs, "measure", str) == "shock_change" else outcome.loss)


def weight_inputs(exposures: Sequence[Exposure], group: str) -> Json:
    """Return what the weight of a group among all groups rests on."""
    return {"held": [exposure_out(one) for one in exposures], "group": group}


def _weight(inputs: Json) -> Decimal | None:
    """The worth of a group, of that of all groups, debts counted as much as what is owned."""
    held = [exposure_in(row) for row in part(inputs, "held", list)]
    return exact(weight_of(held, part(inputs, "group", str)))


# -------------------------------------------------------------------------------------------------------- episodes
def episode_inputs(given: Replay, measure: str) -> Json:
    """Return what the replay of an episode rests on: prices near its ends, and those that betas are measured on.

    Raises:
        BundleError: It is too much.
    """
    days = (given.episode.first, given.episode.last)
    return {
        "measure": measure,
        "episode": given.episode.key,
        "first": days[0].isoformat(),
        "last": days[1].isoformat(),
        **panel_out(_needed(given.panel, given.episode)),
        "others": [exposure_out(one) for one in given.others],
        "bitcoin": _factor_out(given.bitcoin, given.episode),
        "index": _factor_out(given.index, given.episode),
        "closes": {
            asset: _closes_out(one, given.episode)
            for asset, one in given.then.own.items()
            if given.panel.column(asset) is not None
        },
        "rates": {name: repr(float(rate)) for name, rate in given.then.rates.items()},
    }


def _needed(panel: Panel, episode: Episode) -> Panel:
    """Return the panel's rows near the episode's ends, and its last ones."""
    last = len(panel.days) - BETA_DAYS - 1
    rows = [
        at
        for at, one in enumerate(panel.days)
        if at >= last or any(end - NEAR <= one <= end for end in (episode.first, episode.last))
    ]
    prices, none = panel.prices[rows], tuple(np.empty(0) for _ in panel.exposures)
    return replace(
        panel,
        days=tuple(panel.days[at] for at in rows),
        prices=prices,
        observed=panel.observed[rows],
        returns=prices[1:] / prices[:-1] - 1.0,
        own_returns=none,
        own_days=tuple(one.astype(np.int64) for one in none),
    )


def _factor_out(one: Factor | None, episode: Episode) -> Json | None:
    if one is None:
        return None
    return {
        "asset": one.asset,
        "column": one.column,
        "returns": written(one.returns[-BETA_DAYS:]),
        "closes": None if one.closes is None else _closes_out(one.closes, episode),
    }


def _factor_in(row: Json | None) -> Factor | None:
    if row is None:
        return None
    column, closes = row.get("column"), row.get("closes")
    if column is not None and not isinstance(column, int):
        raise BundleError("bundle.broken", where="column")
    returns = floats(part(row, "returns", list))
    return Factor(part(row, "asset", str), returns, column, None if closes is None else _closes_in(closes))


def _closes_out(one: Closes, episode: Episode) -> Json:
    near = {
        name: close
        for name, close in one.by_day.items()
        if any(end - NEAR <= name <= end for end in (episode.first, episode.last))
    }
    return {
        "currency": one.currency,
        "days": [name.isoformat() for name in near],
        "closes": written(near.values()),
    }


def _closes_in(row: Any) -> Closes:
    days, closes = part(row, "days", list), floats(part(row, "closes", list))
    return Closes(part(row, "currency", str), dict(zip(map(day, days), closes.tolist(), strict=True)))


def _episode(inputs: Json) -> Decimal | None:
    """What today's holdings would lose: each by its own prices of then, else by its beta to bitcoin or the index."""
    names = ("first", "last")
    episode = Episode(part(inputs, "episode", str), *(day(part(inputs, name, str)) for name in names))
    closes, rates = part(inputs, "closes", dict), part(inputs, "rates", dict)
    given = Replay(
        panel_in(inputs),
        tuple(exposure_in(row) for row in part(inputs, "others", list)),
        episode,
        _factor_in(inputs.get("bitcoin")),
        _factor_in(inputs.get("index")),
        Then(
            {asset: _closes_in(row) for asset, row in closes.items()},
            {name: float(text(rate)) for name, rate in rates.items()},
        ),
    )
    found = given.outcome()
    return exact(found.change if part(inputs, "measure", str) == "episode_change" else found.loss)


# ---------------------------------------------------------------------------------------------------- simulations
def simulation_inputs(future: Future, measure: str, about: str) -> Json:
    """Return what a figure of a simulation rests on: the past it draws from, what is held, the plan and its seed.

    Raises:
        BundleError: It is too much.
    """
    drawn = future.drawn_from
    if drawn.returns.size > MOST_PRICES:
        raise BundleError("bundle.too_large")
    return {
        "measure": measure,
        "about": about,
        "plan": {
            name: repr(one) if isinstance(one, float) else one for name, one in asdict(future.plan).items()
        },
        "days_a_year": drawn.days_a_year,
        "values": written(drawn.values),
        "returns": [written(row) for row in drawn.returns],
    }


def _simulation(inputs: Json) -> Decimal | None:
    """A figure of as many futures as the plan says, drawn from the past by its method and seed."""
    row = part(inputs, "plan", dict)
    monthly, growth, goal, covered = (
        None if row.get(name) is None else float(text(row[name]))
        for name in ("monthly", "growth", "goal", "covered")
    )
    plan = Plan(
        months=int(part(row, "months", int)),
        method=part(row, "method", str),
        monthly=monthly or 0.0,
        growth=growth,
        goal=goal,
        seed=int(part(row, "seed", int)),
        paths=int(part(row, "paths", int)),
        currency=part(row, "currency", str),
        covered=covered or 0.0,
    )
    values = floats(part(inputs, "values", list))
    returns = np.array([floats(one) for one in part(inputs, "returns", list)])
    if (
        plan.months not in MONTHS
        or plan.method not in METHODS
        or not 0 < plan.paths <= PATHS
        or returns.shape[1] != len(values)
    ):
        raise BundleError("bundle.broken", where="plan")
    future = simulate(returns, values, int(part(inputs, "days_a_year", int)), plan)
    return exact(figure_of(future, part(inputs, "measure", str), part(inputs, "about", str)))


RECIPES: dict[str, Callable[[Json], Decimal | None]] = {
    "shock": _shock,
    "weight": _weight,
    "episode": _episode,
    "simulation": _simulation,
}
