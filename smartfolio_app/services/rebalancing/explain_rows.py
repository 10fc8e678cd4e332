"""Why a line of the targets or of the plan says what it says: worths, distances, amounts, counts.

Figures, beside those of ``explain``: ``held`` and ``part`` of what could be a target (``group:BTC``); ``worth``,
``target`` and ``off`` of a target's key; ``amount`` and ``quantity``
of a trade's number; ``trades`` of a venue (empty: of the whole plan); ``broken``, ``unknown`` and ``outside`` of the
whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from smartfolio_app.analytics.explain_risk import group_label
from smartfolio_app.analytics.explain_steps import LISTED, holding_lines, line, money, transactions_of
from smartfolio_app.analytics.rebalancing.drift import Drift
from smartfolio_app.analytics.rebalancing.trades import at_venue
from smartfolio_app.analytics.results import Holding, Measure, Portfolio, Step
from smartfolio_app.ledger.assets import AssetClass, symbol_of
from smartfolio_app.ledger.money import ZERO, divide
from smartfolio_app.services.rebalancing.plan import Outside, Planned, Proposal, key_of
from smartfolio_app.services.rebalancing.targets import BY, TARGET_GROUPS, TRADED

Told = tuple["Decimal | None", Measure, str, tuple[Step, ...]]


def left_alone(plan: Proposal) -> list[Outside]:
    """Return what no target counts and could have one: neither houses and accounts nor debts."""
    return [
        one
        for one in plan.outside
        if one.asset.asset_class is not AssetClass.ITEM and (one.value is None or one.value > 0)
    ]


def held_by(holdings: Iterable[Holding], by: str) -> dict[str, Decimal]:
    """Return what can be traded, in money, by what it counts to."""
    held: dict[str, Decimal] = {}
    for holding in holdings:
        if holding.value is not None and holding.value > 0 and holding.category in TRADED:
            key = key_of(holding, by)
            if by != "group" or key in TARGET_GROUPS:
                held[key] = held.get(key, ZERO) + holding.value
    return held


# ------------------------------------------------------------------------------------------------------ the targets
def _drift(plan: Proposal, key: str) -> Drift | None:
    return next((one for one in plan.plan.before if one.key == key), None)


def _worth(plan: Proposal, whole: Portfolio, key: str) -> Told | None:
    mine = [
        one
        for one in whole.holdings
        if one.value is not None
        and one.value > 0
        and one.category in TRADED
        and key_of(one, plan.targets.by) == key
    ]
    drift = _drift(plan, key)
    if drift is None:
        return None
    return drift.value, Measure.MONEY, plan.currency, holding_lines(mine, plan.currency)


def counted(whole: Portfolio, by: str, key: str = "") -> list[Holding]:
    """Return what can be traded and would count to targets of that kind: to one of them, or (empty) to any."""
    keys = held_by(whole.holdings, by)
    return [
        one
        for one in whole.holdings
        if one.value is not None
        and one.value > 0
        and one.category in TRADED
        and (key_of(one, by) == key if key else key_of(one, by) in keys)
    ]


def _held(plan: Proposal, whole: Portfolio, about: str) -> Told | None:
    by, _, key = about.partition(":")
    if by not in BY or key not in held_by(whole.holdings, by):
        return None
    mine = counted(whole, by, key)
    worth = sum((one.value for one in mine if one.value is not None), ZERO)
    return worth, Measure.MONEY, plan.currency, holding_lines(mine, plan.currency)


def _part(plan: Proposal, whole: Portfolio, about: str) -> Told | None:
    by, _, key = about.partition(":")
    held = held_by(whole.holdings, by) if by in BY else {}
    if key not in held:
        return None
    total = sum(held.values(), ZERO)
    steps = (
        money(
            "explain.rebalance.worth",
            held[key],
            plan.currency,
            children=holding_lines(counted(whole, by, key), plan.currency),
        ),
        money("explain.rebalance.could_count", total, plan.currency),
    )
    return divide(held[key], total), Measure.SHARE, "", steps


def _target(plan: Proposal, _whole: Portfolio, key: str) -> Told | None:
    weight = plan.targets.weights.get(key)
    if weight is None:
        return None
    bands = plan.targets.bands
    steps = [line("explain.rebalance.chosen", weight, Measure.SHARE, link="/rebalancing")]
    if bands.absolute is not None:
        steps.append(line("explain.rebalance.band_absolute", bands.absolute, Measure.SHARE))
    if bands.relative is not None:
        steps.append(line("explain.rebalance.band_relative", bands.relative * weight, Measure.FINE_SHARE))
    return weight, Measure.SHARE, "", tuple(steps)


def _off(plan: Proposal, _whole: Portfolio, key: str) -> Told | None:
    drift = _drift(plan, key)
    if drift is None:
        return None
    steps = (
        line("explain.rebalance.share.title", drift.share, Measure.SHARE),
        line("explain.rebalance.target", drift.target, Measure.SHARE),
        Step(f"explain.rebalance.band_{drift.band or 'inside'}_verdict", ""),
    )
    return drift.difference, Measure.SHARE, "", steps


def _broken(plan: Proposal, _whole: Portfolio, _about: str) -> Told:
    before = plan.plan.before
    lines = tuple(
        line(
            _label(plan, one.key),
            one.difference,
            Measure.SHARE,
            source=f"explain.rebalance.band_{one.band or 'inside'}_verdict",
        )
        for one in before
    )
    steps = (line("explain.rebalance.targets", Decimal(len(before)), Measure.COUNT, children=lines),)
    return Decimal(sum(bool(one.band) for one in before)), Measure.COUNT, "", steps


def _label(plan: Proposal, key: str) -> str:
    if plan.targets.by == "group":
        return group_label(key)
    return f"explain.category.{key}" if plan.targets.by == "category" else symbol_of(key)


def _outside(plan: Proposal, _whole: Portfolio, _about: str) -> Told:
    aside = left_alone(plan)
    steps = (
        line("explain.rebalance.holdings", Decimal(len(aside)), Measure.COUNT),
        *(
            money(
                one.asset.name or one.asset.symbol,
                one.value,
                plan.currency,
                link=transactions_of(one.asset.id),
            )
            for one in aside[:LISTED]
        ),
    )
    worth = sum((one.value for one in aside if one.value is not None), ZERO)
    return worth, Measure.MONEY, plan.currency, steps


# ------------------------------------------------------------------------------------------------------- the trades
def _numbered(plan: Proposal, number: str) -> Planned | None:
    return next((one for at, one in enumerate(plan.trades) if str(at) == number), None)


def _amount(plan: Proposal, _whole: Portfolio, number: str) -> Told | None:
    one = _numbered(plan, number)
    if one is None:
        return None
    before = _drift(plan, one.trade.key)
    after = next((drift for drift in plan.plan.after if drift.key == one.trade.key), None)
    steps = [*_priced(one, plan)]
    if before is not None and after is not None:
        steps += [
            money("explain.rebalance.worth", before.value, plan.currency),
            money("explain.rebalance.worth_after", after.value, plan.currency),
            line("explain.rebalance.target", before.target, Measure.SHARE),
        ]
    steps.append(money("explain.rebalance.smallest", plan.local.minimum, plan.currency))
    return one.trade.amount, Measure.MONEY, plan.currency, tuple(steps)


def _quantity(plan: Proposal, _whole: Portfolio, number: str) -> Told | None:
    one = _numbered(plan, number)
    if one is None or one.trade.quantity is None:
        return None
    lots = tuple(
        line(
            "explain.rebalance.picked",
            quantity,
            Measure.QUANTITY,
            symbol_of(one.trade.asset),
            params={"number": str(at + 1)},
        )
        for at, quantity in one.trade.picked
    )
    steps = (
        money("explain.rebalance.amount", one.trade.amount, plan.currency),
        *_priced(one, plan)[1:],
        *(
            [line("explain.rebalance.lots_picked", Decimal(len(lots)), Measure.COUNT, children=lots)]
            if lots
            else []
        ),
    )
    return one.trade.quantity, Measure.QUANTITY, symbol_of(one.trade.asset), steps


def _priced(one: Planned, plan: Proposal) -> tuple[Step, ...]:
    quantity = one.trade.quantity
    if quantity is None or not quantity:
        return ()
    return (
        line(
            "explain.rebalance.quantity",
            quantity,
            Measure.QUANTITY,
            symbol_of(one.trade.asset),
            link=transactions_of(one.trade.asset),
        ),
        line("explain.holding.price", one.trade.amount / quantity, Measure.PRICE, plan.currency),
    )


def _trades(plan: Proposal, _whole: Portfolio, venue: str) -> Told:
    mine = [one for one in plan.trades if at_venue(one.trade, venue)]
    after = sum(bool(one.band) for one in plan.plan.after)
    steps = (
        *(
            money(
                one.asset.symbol if one.asset else _label(plan, one.trade.key),
                one.trade.amount,
                plan.currency,
                source=f"explain.rebalance.{one.trade.side}",
            )
            for one in mine[:LISTED]
        ),
        line("explain.rebalance.still_off", Decimal(after), Measure.COUNT),
    )
    return Decimal(len(mine)), Measure.COUNT, "", steps


def _unknown(plan: Proposal, _whole: Portfolio, _about: str) -> Told:
    mine = [one for one in plan.trades if one.trade.side == "sell" and one.gain is None]
    steps = tuple(
        money(one.asset.symbol if one.asset else _label(plan, one.trade.key), one.trade.amount, plan.currency)
        for one in mine[:LISTED]
    )
    return Decimal(plan.unknown), Measure.COUNT, "", steps


ROWS: dict[str, Callable[[Proposal, Portfolio, str], Told | None]] = {
    "held": _held,
    "part": _part,
    "worth": _worth,
    "target": _target,
    "off": _off,
    "broken": _broken,
    "outside": _outside,
    "amount": _amount,
    "quantity": _quantity,
    "trades": _trades,
    "unknown": _unknown,
}
