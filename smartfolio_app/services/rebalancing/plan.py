"""The plan for what a person owns: drift, trades, and by the engine's what-if the gain and the tax of each sale."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, localcontext

from sqlmodel import Session

from smartfolio_app.analytics.rebalancing.trades import Piece, Place, Plan, Rules, Trade, make_plan
from smartfolio_app.analytics.results import Holding, Portfolio
from smartfolio_app.errors import InvalidInputError
from smartfolio_app.ledger.assets import Asset, AssetId, is_fiat
from smartfolio_app.ledger.gains import TermRule
from smartfolio_app.ledger.instants import instant
from smartfolio_app.ledger.lot_book import LotBook
from smartfolio_app.ledger.lots import Match, Policy
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO
from smartfolio_app.ledger.what_if import Sale, SaleTooLargeError, sellable, what_if_picked, what_if_sold
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
class Planned:
    """One trade with what a sale realises. ``gain`` and ``tax`` are ``None`` where a cost is not known.

    A loss has a negative tax: what it saves where it can be set off. The trade's ``part`` (0 to 1) of ``matches`` is
    what it realises: an asset that is sold at two venues takes its lots once.
    """

    trade: Trade
    asset: Asset | None
    gain: Decimal | None = None
    long_term: Decimal = ZERO
    short_term: Decimal = ZERO
    tax: Decimal | None = None
    matches: tuple[Match, ...] = ()
    part: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Outside:
    """A holding that no target counts, or that cannot be valued (``value`` is ``None``)."""

    asset: Asset
    value: Decimal | None


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
    taxes = _Taxes(known, view, local, rule, portfolio.at)
    rules = Rules(local.weights, local.bands, wanted.cash, local.minimum, wanted.only_cash)
    pieces = (
        taxes.pieces({place.asset: place.price for place in places})
        if local.lot_choice == "least_tax"
        else ()
    )
    plan = make_plan(places, local.venues, rules, pieces)
    trades = tuple(taxes.planned(plan.trades, {place.asset: place.price for place in places}))
    sums = [one for one in trades if one.trade.side == "sell"]
    return Proposal(
        currency=view.currency,
        at=portfolio.at,
        targets=chosen,
        local=local,
        rule=rule,
        wish=wanted,
        plan=plan,
        trades=trades,
        outside=tuple(outside),
        sources={one.key: one.label for one in known.ledger.sources.values()},
        gain=sum((one.gain for one in sums if one.gain is not None), ZERO),
        tax=max(ZERO, sum((one.tax for one in sums if one.tax is not None), ZERO)),
        unknown=sum(one.gain is None for one in sums),
    )


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


class _Taxes:
    """What sales realise, by the user's lots."""

    def __init__(self, known: Basis, view: View, targets: Targets, rule: TermRule, now: datetime) -> None:
        self._known, self._targets, self._rule, self._now = known, targets, rule, now
        self._policy = Policy.parse(view.method)
        self._book: LotBook = known.ledger.lots(known.prices, view.currency, self._policy)

    def pieces(self, prices: Mapping[AssetId, Decimal]) -> list[Piece]:
        """Return the open lots of the assets with the tax on each unit of money that selling them brings."""
        keys = {id_: one.key for id_, one in self._known.ledger.sources.items()}
        found = []
        with localcontext(MONEY_CONTEXT):
            for asset, price in prices.items():
                for number, lot in enumerate(sellable(self._book, asset)):
                    burden = None
                    if lot.cost is not None and price > 0:
                        gain = price - lot.cost / lot.quantity
                        burden = gain / price * self._rate(instant(lot.acquired))
                    found.append(Piece(asset, number, lot.quantity, burden, keys.get(lot.source, "")))
        return found

    def planned(self, trades: Iterable[Trade], prices: Mapping[AssetId, Decimal]) -> Iterable[Planned]:
        """Yield the trades with gain and tax. An asset sold at two venues takes its lots only once."""
        made = tuple(trades)
        for trade in made:
            asset = self._known.ledger.asset(trade.asset) if trade.asset else None
            if trade.side != "sell" or trade.quantity is None:
                yield Planned(trade, asset)
                continue
            together = [trade] if trade.picked else [one for one in made if _same_sale(one, trade)]
            quantity = sum((one.quantity or ZERO for one in together), ZERO)
            fee = sum((one.fee for one in together), ZERO)
            sale = Sale(trade.asset, quantity, prices[trade.asset], self._now, fee)
            yield self._taxed(trade, asset, self._matches(sale, trade.picked), trade.quantity / quantity)

    def _matches(self, sale: Sale, picked: tuple[tuple[int, Decimal], ...]) -> tuple[Match, ...] | None:
        """Return the lots a sale takes; ``None`` where a statement reports more than the history explains."""
        try:
            if picked:
                return what_if_picked(self._book, sale, picked).matches
            return what_if_sold(self._book, sale, self._policy.method_of(self._now.year)).matches
        except SaleTooLargeError:
            return None

    def _taxed(
        self, trade: Trade, asset: Asset | None, matches: tuple[Match, ...] | None, part: Decimal
    ) -> Planned:
        """Return the trade with its ``part`` of what the matches realise."""
        if matches is None or any(match.gain is None for match in matches):
            return Planned(trade, asset, matches=matches or (), part=part)
        long_term = short_term = tax = ZERO
        with localcontext(MONEY_CONTEXT):
            for match in matches:
                gain = (match.gain or ZERO) * part
                acquired = None if match.acquired is None else instant(match.acquired)
                if self._rule.is_long(acquired, self._now):
                    long_term += gain
                else:
                    short_term += gain
                tax += gain * self._rate(acquired)
        return Planned(trade, asset, long_term + short_term, long_term, short_term, tax, matches, part)

    def _rate(self, acquired: datetime | None) -> Decimal:
        return self._targets.tax_long if self._rule.is_long(acquired, self._now) else self._targets.tax_short


def _same_sale(one: Trade, other: Trade) -> bool:
    return one.side == other.side and one.asset == other.asset and not one.picked
