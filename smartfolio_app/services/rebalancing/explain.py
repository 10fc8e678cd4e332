"""Why a figure of the plan is what it is: drift by its holdings, a sale by its lots, sums by their trades.

Figures: ``<cash>:<0 or 1>:<measure>[:<about>]``, where 1 means "new cash only". ``share`` and ``after`` are about a
target's key; ``fee``, ``gain`` and ``tax`` about a trade's number in the plan, or without one about all of them;
``turnover`` and ``left`` about the whole; ``explain_rows`` tells the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import partial

from sqlmodel import Session

from smartfolio_app.analytics.explain import UnknownFigureError
from smartfolio_app.analytics.explain_steps import (
    LISTED,
    explained,
    holding_lines,
    line,
    money,
    transactions_of,
)
from smartfolio_app.analytics.rebalancing.drift import Drift
from smartfolio_app.analytics.rebalancing.trades import Venue
from smartfolio_app.analytics.results import Explanation, Measure, Portfolio, Step
from smartfolio_app.ledger.assets import symbol_of
from smartfolio_app.ledger.instants import instant
from smartfolio_app.ledger.lots import Match
from smartfolio_app.ledger.money import ZERO, plain
from smartfolio_app.services.rebalancing.explain_rows import ROWS
from smartfolio_app.services.rebalancing.plan import Planned, Proposal, Wish, key_of, propose
from smartfolio_app.services.rebalancing.targets import TRADED
from smartfolio_app.services.views import View
from smartfolio_app.services.wealth import portfolio

_LINES = frozenset({"held", "worth", "target", "amount", "quantity"})

_explained = partial(explained, "explain.rebalance.{name}.{what}", notes=("explain.rebalance.note",))

Found = tuple[Decimal | None, tuple[Step, ...]]


def figure_name(wish: Wish, measure: str, about: str = "") -> str:
    """Return the name of a figure of the plan that a wish leads to."""
    name = f"rebalance:{plain(wish.cash)}:{int(wish.only_cash)}:{measure}"
    return f"{name}:{about}" if about else name


def explain_plan(db: Session, view: View, figure: str) -> Explanation:
    """Return why a figure is what it is (the name without ``rebalance:``).

    Raises:
        UnknownFigureError: There is no such figure.
        InvalidInputError: As ``propose``.
    """
    cash, _, rest = figure.partition(":")
    only_cash, _, rest = rest.partition(":")
    measure, _, about = rest.partition(":")
    unknown = UnknownFigureError("explain.unknown_figure", figure=figure)
    try:
        wish = Wish(Decimal(cash), only_cash == "1")
    except InvalidOperation as error:
        raise unknown from error
    if measure not in MEASURES:
        raise unknown
    plan = propose(db, view, wish)
    if measure in ROWS:
        told = ROWS[measure](plan, portfolio(db, view), about)
        if told is None:
            raise unknown
        # they are names of lines, too
        amount, kind, unit, steps = told
        return _explained(f"{measure}_of" if measure in _LINES else measure, amount, kind, steps, unit=unit)
    if measure in ("share", "after"):
        found = _share(plan, portfolio(db, view), about, measure)
    elif about and measure in _TRADES:
        numbered = {str(number): trade for number, trade in enumerate(plan.trades)}
        trade = numbered.get(about)
        found = None if trade is None else _TRADES[measure](plan, trade)
    else:
        found = None if about else _SUMS[measure](plan)
    if found is None:
        raise unknown
    amount, steps = found
    is_share = measure in ("share", "after")
    name = f"{measure}_trade" if about and not is_share else measure
    kind = Measure.SHARE if is_share else Measure.MONEY
    return _explained(name, amount, kind, steps, unit="" if is_share else plan.currency)


# ----------------------------------------------------------------------------------------------------------- drift
def _share(plan: Proposal, whole: Portfolio, key: str, measure: str) -> Found | None:
    drifts = {one.key: one for one in plan.plan.before}
    after = {one.key: one for one in plan.plan.after}
    if key not in drifts or key not in after:
        return None
    drift = drifts[key]
    holdings = [
        one
        for one in whole.holdings
        if one.value is not None and one.category in TRADED and key_of(one, plan.targets.by) == key
    ]
    own = money("explain.rebalance.worth", drift.value, plan.currency)
    total = sum((one.value for one in plan.plan.before), ZERO)
    if measure == "share":
        return drift.share, (
            replace(own, children=holding_lines(holdings, plan.currency)),
            money("explain.rebalance.total", total, plan.currency),
            *_target_steps(drift, plan),
        )
    moved = [one for one in plan.trades if one.trade.key == key]
    return after[key].share, (
        own,
        *(_trade_line(one, one.trade.signed, plan) for one in moved),
        money(
            "explain.rebalance.total_after", sum((one.value for one in plan.plan.after), ZERO), plan.currency
        ),
        *_target_steps(after[key], plan),
    )


def _target_steps(drift: Drift, plan: Proposal) -> tuple[Step, ...]:
    bands = plan.targets.bands
    steps = [
        line("explain.rebalance.target", drift.target, Measure.SHARE),
        line("explain.rebalance.difference", drift.difference, Measure.SHARE),
    ]
    if bands.absolute is not None:
        steps.append(line("explain.rebalance.band_absolute", bands.absolute, Measure.SHARE))
    if bands.relative is not None:
        steps.append(
            line("explain.rebalance.band_relative", bands.relative * drift.target, Measure.FINE_SHARE)
        )
    steps.append(Step(f"explain.rebalance.band_{drift.band or 'inside'}_verdict", ""))
    return tuple(steps)


# ---------------------------------------------------------------------------------------------------------- trades
def _trade_line(one: Planned, amount: Decimal | None, plan: Proposal) -> Step:
    what = one.asset.symbol if one.asset else one.trade.key
    place = plan.sources.get(one.trade.venue, one.trade.venue)
    return money(
        f"{what} · {place}" if place else what,
        amount,
        plan.currency,
        source=f"explain.rebalance.{one.trade.side}",
        link=transactions_of(one.trade.asset) if one.trade.asset else "",
    )


def _fee(plan: Proposal, one: Planned) -> Found:
    venue = plan.local.venues.get(one.trade.venue, Venue(one.trade.venue))
    return one.trade.fee, (
        money("explain.rebalance.amount", one.trade.amount, plan.currency),
        line("explain.rebalance.rate", venue.rate, Measure.FINE_SHARE),
        money("explain.rebalance.fixed", venue.fixed, plan.currency),
    )


def _gain(plan: Proposal, one: Planned) -> Found | None:
    if one.trade.side != "sell":
        return None
    return one.gain, tuple(_lot_line(match, one, plan) for match in one.matches[:LISTED])


def _lot_line(match: Match, one: Planned, plan: Proposal) -> Step:
    gain = None if match.gain is None else match.gain * one.part
    acquired = None if match.acquired is None else instant(match.acquired)
    inside = (
        line(
            "explain.rebalance.quantity", match.quantity * one.part, Measure.QUANTITY, symbol_of(match.asset)
        ),
        money("explain.rebalance.proceeds", _part(match.proceeds, one), plan.currency),
        money("explain.rebalance.cost", _part(match.cost, one), plan.currency),
    )
    return money(
        "explain.rebalance.lot" if acquired else "explain.rebalance.lot_unknown",
        gain,
        plan.currency,
        at=acquired,
        link=transactions_of(match.asset),
        children=inside,
    )


def _part(amount: Decimal | None, one: Planned) -> Decimal | None:
    return None if amount is None else amount * one.part


def _tax(plan: Proposal, one: Planned) -> Found | None:
    if one.trade.side != "sell":
        return None
    return one.tax, (
        money("explain.rebalance.long_term", one.long_term, plan.currency),
        line("explain.rebalance.tax_long", plan.targets.tax_long, Measure.SHARE),
        money("explain.rebalance.short_term", one.short_term, plan.currency),
        line("explain.rebalance.tax_short", plan.targets.tax_short, Measure.SHARE),
    )


# ------------------------------------------------------------------------------------------------------------ sums
def _lines(
    plan: Proposal, trades: Iterable[Planned], amount: Callable[[Planned], Decimal | None]
) -> tuple[Step, ...]:
    return tuple(_trade_line(one, amount(one), plan) for one in trades)


def _sales(plan: Proposal) -> list[Planned]:
    return [one for one in plan.trades if one.trade.side == "sell"]


def _left(plan: Proposal) -> Found:
    signed = _lines(plan, plan.trades, lambda one: -one.trade.signed)
    return plan.plan.left, (
        money("explain.rebalance.cash", plan.wish.cash, plan.currency),
        *signed,
        money("explain.rebalance.fees_paid", -plan.plan.fees, plan.currency),
    )


_TRADES: dict[str, Callable[[Proposal, Planned], Found | None]] = {"fee": _fee, "gain": _gain, "tax": _tax}
_SUMS: dict[str, Callable[[Proposal], Found]] = {
    "turnover": lambda plan: (
        plan.plan.turnover,
        _lines(plan, _sales(plan), lambda one: one.trade.amount),
    ),
    "fee": lambda plan: (plan.plan.fees, _lines(plan, plan.trades, lambda one: one.trade.fee)),
    "gain": lambda plan: (plan.gain, _lines(plan, _sales(plan), lambda one: one.gain)),
    "tax": lambda plan: (plan.tax, _lines(plan, _sales(plan), lambda one: one.tax)),
    "left": _left,
}
#: Every measure there is.
MEASURES = frozenset({*_SUMS, *ROWS, "share", "after"})
