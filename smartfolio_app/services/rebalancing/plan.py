"""The plan for what a person owns: drift, trades, and by the engine's what-if the gain and the tax of each sale."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, localcontext

from sqlmodel import Session

from smartfolio_app.analytics.rebalancing.taxes import Rates, Realised, Taxes, totals
from smartfolio_app.analytics.rebalancing.trades import Piece, Place, Plan, Rules, make_plan
from smartfolio_app.analytics.results import Holding, Portfolio
from smartfolio_app.errors import InvalidInputError
from smartfolio_app.ledger.assets import Asset, is_fiat
from smartfolio_app.ledger.gains import TermRule
from smartfolio_app.ledger.lots import Policy
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO
from smartfolio_app.services import gains, user_settings, wealth
from smartfolio_app.services.rebalancing.targets import TRADED, Targets, get
from smartfolio_app.services.views import Basis, View, basis

_LARGEST_CASH = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Wish:
    """What the plan should do besides: invest ``cash`` (negative: free so much), perhaps without selling anything."""

    cash: Decimal = ZERO
    only_cash: bool = False


@dataclass(frozen=True, slots=True)
class Planned(Realised):
    """One trade with what a sale realises, and the asset (``None`` where nothing of its target is held)."""

    asset: Asset | None = None


@dataclass(frozen=True, slots=True)
class Outside:
    """A holding that no target counts, or that cannot be valued (``value`` is ``None``)."""

    asset: Asset
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Ground:
    """What the plan follows from: what counts and where, what is wanted, and (where they are chosen) lots to sell."""

    places: tuple[Place, ...]
    rules: Rules
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """The plan, its trades with their tax, and what it leaves out. Money is in ``currency``.

    ``targets`` are as they were kept, ``local`` the same with their amounts in ``currency``.

    ``gain`` and ``tax`` sum what is known; ``unknown`` counts the sales whose cost is not. ``tax`` is never negative.
    """

    currency: str
    at: datetime
    targets: Targets
    local: Targets
    rule: TermRule
    wish: Wish
    plan: Plan
    trades: tuple[Planned, ...]
    outside: tuple[Outside, ...]
    sources: dict[str, str]
    gain: Decimal
    tax: Decimal
    unknown: int
    ground: Ground


def propose(db: Session, view: View, wish: Wish | None = None, targets: Targets | None = None) -> Proposal:
    """Draw the plan for the view, by the user's own targets or by others that are only tried.

    Raises:
        InvalidInputError: The cash is no amount.
    """
    wanted, chosen = wish or Wish(), targets if targets is not None else get(db, view.user_id)
    if not wanted.cash.is_finite() or abs(wanted.cash) >= _LARGEST_CASH:
        raise InvalidInputError("rebalance.amount", name="cash")
    known, portfolio = basis(db, view.user_id), wealth.portfolio(db, view)
    local = _in_currency(known, chosen, user_settings.get(db, view.user_id).base_currency, view.currency)
    places, outside = _places(portfolio, local)
    rule = gains.rule_of(db, view, gains.Query())
    policy = Policy.parse(view.method)
    taxes = Taxes(
        known.ledger.lots(known.prices, view.currency, policy),
        policy.method_of(portfolio.at.year),
        Rates(rule, local.tax_long, local.tax_short),
        portfolio.at,
    )
    prices = {place.asset: place.price for place in places}
    keys = {id_: one.key for id_, one in known.ledger.sources.items()}
    ground = Ground(
        tuple(places),
        Rules(local.weights, local.bands, wanted.cash, local.minimum, wanted.only_cash),
        tuple(taxes.pieces(prices, keys)) if local.lot_choice == "least_tax" else (),
    )
    plan = make_plan(ground.places, local.venues, ground.rules, ground.pieces)
    realised = list(taxes.realised(plan.trades, prices))
    gain, tax, unknown = totals(realised)
    return Proposal(
        currency=view.currency,
        at=portfolio.at,
        targets=chosen,
        local=local,
        rule=rule,
        wish=wanted,
        plan=plan,
        trades=tuple(_planned(known, one) for one in realised),
        outside=tuple(outside),
        sources={one.key: one.label for one in known.ledger.sources.values()},
        gain=gain,
        tax=tax,
        unknown=unknown,
        ground=ground,
    )


def _planned(known: Basis, one: Realised) -> Planned:
    asset = known.ledger.asset(one.trade.asset) if one.trade.asset else None
    return Planned(one.trade, one.gain, one.long_term, one.short_term, one.tax, one.matches, one.part, asset)


def key_of(holding: Holding, by: str) -> str:
    """Return the target that a holding counts to."""
    if by == "asset":
        return holding.asset.id
    return holding.group if by == "group" else holding.category.value


def _in_currency(known: Basis, targets: Targets, base: str, currency: str) -> Targets:
    """Return the targets with their amounts in the view's currency.

    Raises:
        InvalidInputError: No rate is known between the two.
    """
    if base == currency or not any([targets.minimum, *(venue.fixed for venue in targets.venues.values())]):
        return targets
    rate = known.prices.convert(base, currency, datetime.now(UTC))
    if rate is None:
        raise InvalidInputError("rebalance.no_rate", base=base, currency=currency)
    with localcontext(MONEY_CONTEXT):
        venues = {
            key: replace(venue, fixed=venue.fixed * rate.value) for key, venue in targets.venues.items()
        }
        return replace(targets, minimum=targets.minimum * rate.value, venues=venues)


def _places(portfolio: Portfolio, targets: Targets) -> tuple[list[Place], list[Outside]]:
    """Return what counts to a target, by venue, and the holdings that do not.

    Money (EUR on an exchange) counts, but is not sold: to invest it is to say so as cash.
    """
    places, outside = [], []
    for holding in portfolio.holdings:
        key = key_of(holding, targets.by)
        if holding.price is None or key not in targets.weights or holding.category not in TRADED:
            outside.append(Outside(holding.asset, holding.value))
            continue
        quantities: dict[str, Decimal] = defaultdict(Decimal)
        for position in holding.positions:
            quantities[position.source_key] += position.quantity
        locked = holding.asset.id in targets.locked or is_fiat(holding.asset.id)
        places += [
            Place(holding.asset.id, venue, key, quantity, holding.price.value, locked)
            for venue, quantity in quantities.items()
            if quantity > 0
        ]
    return places, outside
