"""Figures of a rebalancing plan, and of suggested targets, in bundles: what is held where, the rules, lots, returns.

As in ``recipes``, what computes is the product's own formula.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from smartfolio_app.analytics.bundles.book import book_of
from smartfolio_app.analytics.bundles.records import (
    BundleError,
    Json,
    floats,
    known,
    moment,
    number,
    part,
    text,
    written,
)
from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.analytics.rebalancing.drift import Bands
from smartfolio_app.analytics.rebalancing.optimise import HELD_DAYS, measured, weights_of
from smartfolio_app.analytics.rebalancing.taxes import Rates, Realised, Taxes, totals
from smartfolio_app.analytics.rebalancing.trades import Piece, Place, Rules, Trade, Venue, at_venue, make_plan
from smartfolio_app.ledger.gains import TermRule
from smartfolio_app.ledger.lots import Method
from smartfolio_app.ledger.money import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from smartfolio_app.analytics.rebalancing.optimise import Suggestions
    from smartfolio_app.analytics.rebalancing.trades import Plan
    from smartfolio_app.analytics.results import FloatArray

#: The figures of a plan that rest on lots; every other rests on what is held and on the rules.
OF_LOTS = frozenset({"gain", "tax", "unknown"})


# ------------------------------------------------------------------------------------------------------- the plan
def plan_inputs(
    places: Iterable[Place], venues: Iterable[Venue], rules: Rules, pieces: Iterable[Piece]
) -> Json:
    """Return what a plan follows from."""
    return {
        "places": [
            {
                "asset": one.asset,
                "venue": one.venue,
                "target": one.key,
                "quantity": plain(one.quantity),
                "price": plain(one.price),
                "locked": one.locked,
            }
            for one in places
        ],
        "venues": [
            {
                "venue": one.key,
                "rate": plain(one.rate),
                "fixed": plain(one.fixed),
                "locked": one.locked,
                "whole": one.whole,
            }
            for one in venues
        ],
        "targets": [[key, plain(weight)] for key, weight in rules.weights.items()],
        "band_absolute": None if rules.bands.absolute is None else plain(rules.bands.absolute),
        "band_relative": None if rules.bands.relative is None else plain(rules.bands.relative),
        "cash": plain(rules.cash),
        "minimum": plain(rules.minimum),
        "only_cash": rules.only_cash,
        "lots_to_choose_from": [
            {
                "asset": one.asset,
                "number": str(one.number),
                "quantity": plain(one.quantity),
                "tax_on_one": None if one.burden is None else plain(one.burden),
                "venue": one.venue,
            }
            for one in pieces
        ],
    }


def tax_inputs(method: Method, rates: Rates) -> Json:
    """Return by which rules a sale is taxed."""
    return {
        "method": method.value,
        "term": str(rates.rule),
        "long_term": plain(rates.long_term),
        "short_term": plain(rates.short_term),
    }


def _plan(inputs: Json) -> Decimal | None:
    """A figure of the plan: the trades that bring what is held to its targets, and what they realise."""
    places = [_place_in(row) for row in part(inputs, "places", list)]
    venues = {one.key: one for one in map(_venue_in, part(inputs, "venues", list))}
    rules = Rules(
        {text(key): number(weight) for key, weight in part(inputs, "targets", list)},
        Bands(known(inputs.get("band_absolute")), known(inputs.get("band_relative"))),
        number(inputs.get("cash")),
        number(inputs.get("minimum")),
        part(inputs, "only_cash", bool),
    )
    pieces = [_piece_in(row) for row in part(inputs, "lots_to_choose_from", list)]
    plan = make_plan(places, venues, rules, pieces)
    measure, about = part(inputs, "measure", str), part(inputs, "about", str)
    if measure in OF_LOTS:
        realised = list(_taxes(inputs).realised(plan.trades, {one.asset: one.price for one in places}))
        return _of_sales(realised, measure, about)
    if measure == "target":
        return rules.weights[about]
    if about and measure in _OF_TRADE:
        return _OF_TRADE[measure](plan.trades[int(about)])
    return _OF_PLAN[measure](plan, about)


def _of_sales(realised: list[Realised], measure: str, about: str) -> Decimal | None:
    if about:
        one = realised[int(about)]
        return one.gain if measure == "gain" else one.tax
    gain, tax, unknown = totals(realised)
    return {"gain": gain, "tax": tax, "unknown": Decimal(unknown)}[measure]


_OF_PLAN: dict[str, Callable[[Plan, str], Decimal]] = {
    "share": lambda plan, key: next(one.share for one in plan.before if one.key == key),
    "after": lambda plan, key: next(one.share for one in plan.after if one.key == key),
    "turnover": lambda plan, _key: plan.turnover,
    "fee": lambda plan, _key: plan.fees,
    "left": lambda plan, _key: plan.left,
    "worth": lambda plan, key: next(one.value for one in plan.before if one.key == key),
    "off": lambda plan, key: next(one.difference for one in plan.before if one.key == key),
    "broken": lambda plan, _key: Decimal(sum(bool(one.band) for one in plan.before)),
    "trades": lambda plan, venue: Decimal(sum(at_venue(one, venue) for one in plan.trades)),
}
_OF_TRADE: dict[str, Callable[[Trade], Decimal | None]] = {
    "fee": lambda one: one.fee,
    "amount": lambda one: one.amount,
    "quantity": lambda one: one.quantity,
}


def _taxes(inputs: Json) -> Taxes:
    rules = part(inputs, "taxes", dict)
    rates = Rates(
        TermRule.parse(part(rules, "term", str)),
        number(rules.get("long_term")),
        number(rules.get("short_term")),
    )
    book = book_of(part(inputs, "lots", dict))
    return Taxes(book, Method(part(rules, "method", str)), rates, moment(inputs.get("at")))


def _place_in(row: Any) -> Place:
    asset, venue, key = (part(row, name, str) for name in ("asset", "venue", "target"))
    return Place(
        asset, venue, key, number(row.get("quantity")), number(row.get("price")), part(row, "locked", bool)
    )


def _venue_in(row: Any) -> Venue:
    return Venue(
        part(row, "venue", str),
        number(row.get("rate")),
        number(row.get("fixed")),
        part(row, "locked", bool),
        part(row, "whole", bool),
    )


def _piece_in(row: Any) -> Piece:
    return Piece(
        part(row, "asset", str),
        int(part(row, "number", str)),
        number(row.get("quantity")),
        known(row.get("tax_on_one")),
        part(row, "venue", str),
    )


# ------------------------------------------------------------------------------------------------ suggested targets
def idea_inputs(found: Suggestions, column: str, measure: str, asset: str) -> Json:
    """Return what a suggested weight (of ``asset``) or a figure of its test rests on: ``column`` is a method, or empty
    for what is held now.
    """
    idea = next((one for one in found.ideas if one.method == column), None)
    rows: Json = {
        "method": column,
        "measure": measure,
        "asset": asset,
        "assets": list(found.assets),
        "days_a_year": found.days_a_year,
        "train_days": found.train_days,
        "returns": [written(row) for row in found.returns],
    }
    if idea is None:
        return rows | {"weights": [written(found.present)]}
    return rows if measure == "weight" else rows | {"weights": [written(one) for one in idea.fitted]}


def _idea(inputs: Json) -> Decimal | None:
    """A weight fitted on the last days of all, or what weights fitted before each stretch did in it."""
    returns = np.array([floats(row) for row in part(inputs, "returns", list)])
    assets, train = part(inputs, "assets", list), int(part(inputs, "train_days", int))
    method, measure = part(inputs, "method", str), part(inputs, "measure", str)
    if measure == "weight":
        at = assets.index(part(inputs, "asset", str))
        weights = weights_of(method, returns[-train:]) if method else floats(inputs["weights"][0])
        return exact(float(weights[at]))
    fitted: list[FloatArray] = [floats(row) for row in part(inputs, "weights", list)]
    span = HELD_DAYS if method else len(returns)
    starts = range(train, len(returns), span)
    if len(starts) != len(fitted):
        raise BundleError("bundle.broken", where="weights")
    made = [returns[start : start + span] @ weights for start, weights in zip(starts, fitted, strict=True)]
    moved = fitted if method else []
    found = measured(np.concatenate(made), int(part(inputs, "days_a_year", int)), moved)
    return exact(getattr(found, measure))


RECIPES: dict[str, Callable[[Json], Decimal | None]] = {"plan": _plan, "idea": _idea}
FLOATING = frozenset({"idea"})
