"""The plan: which assets to sell and buy at which venue, what that costs, and where it leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext

from smartfolio_app.analytics.rebalancing.amounts import Room, amounts
from smartfolio_app.analytics.rebalancing.drift import Bands, Drift, drifts
from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO

_WHOLE = Decimal(1)
_FINE = Decimal("1e-8")
#: Fees, whole units and the smallest trade change what there is to invest; after these rounds no cent is missing.
_ROUNDS = 6
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Venue:
    """Where one can trade: ``rate`` of the amount and ``fixed`` money a trade as the fee; ``locked``: not to touch.

    ``whole``: only whole units can be traded there.
    """

    key: str
    rate: Decimal = ZERO
    fixed: Decimal = ZERO
    locked: bool = False
    whole: bool = False

    def fee(self, amount: Decimal) -> Decimal:
        """Return the fee of a trade of ``amount``."""
        return self.fixed + self.rate * amount


@dataclass(frozen=True, slots=True)
class Place:
    """A quantity of an asset at a venue, the target it counts to, the price of one unit; ``locked``: not to touch."""

    asset: AssetId
    venue: str
    key: str
    quantity: Decimal
    price: Decimal
    locked: bool = False

    @property
    def value(self) -> Decimal:
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class Piece:
    """A lot that may be sold: ``burden`` is the tax on one unit of money got for it, ``None`` when its cost is unknown.

    ``venue`` is empty where lots are not kept by venue.
    """

    asset: AssetId
    number: int
    quantity: Decimal
    burden: Decimal | None
    venue: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is wanted. ``cash`` is money to invest, or, negative, to take out; ``minimum`` the smallest trade."""

    weights: Mapping[str, Decimal]
    bands: Bands = field(default_factory=Bands)
    cash: Decimal = ZERO
    minimum: Decimal = ZERO
    only_cash: bool = False


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade to make. ``asset`` and ``venue`` are empty where nothing of the target is held yet: that is a choice.

    ``amount`` is money without the ``fee``; ``picked`` are the lots to sell (number, quantity), where they were chosen.
    """

    side: str  # buy, sell
    key: str
    asset: AssetId
    venue: str
    quantity: Decimal | None
    amount: Decimal
    fee: Decimal
    picked: tuple[tuple[int, Decimal], ...] = ()

    @property
    def signed(self) -> Decimal:
        """What it moves into its target: positive for a purchase."""
        return self.amount if self.side == "buy" else -self.amount


#: How the place is named where what is to be bought is not held anywhere yet.
ANYWHERE = "anywhere"


def at_venue(trade: Trade, venue: str) -> bool:
    """Tell whether a trade is to be made at a venue (empty: at any of them)."""
    return not venue or trade.venue == ("" if venue == ANYWHERE else venue)


@dataclass(frozen=True, slots=True)
class Plan:
    """Drift before, trades, drift after, money left over (negative: still missing), and whether a band was broken."""

    before: tuple[Drift, ...]
    trades: tuple[Trade, ...]
    after: tuple[Drift, ...]
    left: Decimal
    needed: bool

    @property
    def fees(self) -> Decimal:
        return sum((trade.fee for trade in self.trades), ZERO)

    @property
    def turnover(self) -> Decimal:
        """What is sold, in money."""
        return sum((trade.amount for trade in self.trades if trade.side == "sell"), ZERO)


def make_plan(
    places: Sequence[Place], venues: Mapping[str, Venue], rules: Rules, pieces: Iterable[Piece] = ()
) -> Plan:
    """Return the trades that bring the places to their targets, within the rules.

    While no band is broken nothing is exchanged; only ``cash`` is placed. Sales take the ``pieces`` with the least tax
    first; assets without pieces are sold from the largest place. Purchases add to the largest place of their target.
    """
    with localcontext(MONEY_CONTEXT):
        inside = [place for place in places if place.key in rules.weights and place.value > 0]
        values = _values(inside)
        before = drifts(values, rules.weights, rules.bands)
        needed = any(one.band for one in before)
        only_cash = rules.only_cash or (bool(before) and not needed)
        lots = _by_asset(pieces)
        rooms = _rooms(inside, venues, rules)
        trades: list[Trade] = []
        left, reserve = ZERO, ZERO
        for _ in range(_ROUNDS):
            wanted = amounts(rooms, rules.weights, rules.cash - reserve, only_cash=only_cash)
            trades = _trades(inside, venues, rules, wanted, lots)
            left = rules.cash - sum((trade.signed + trade.fee for trade in trades), ZERO)
            if left > -_CENT:
                break
            reserve -= left
        after = dict(values)
        for trade in trades:
            after[trade.key] = after.get(trade.key, ZERO) + trade.signed
        return Plan(before, tuple(trades), drifts(after, rules.weights, rules.bands), left, needed)


def _values(places: Iterable[Place]) -> dict[str, Decimal]:
    values: dict[str, Decimal] = defaultdict(Decimal)
    for place in places:
        values[place.key] += place.value
    return dict(values)


def _rooms(places: Sequence[Place], venues: Mapping[str, Venue], rules: Rules) -> dict[str, Room]:
    rooms = {}
    for key in rules.weights:
        mine = [place for place in places if place.key == key]
        free = [place for place in mine if _is_free(place, venues)]
        rooms[key] = Room(
            sum((place.value for place in mine), ZERO),
            sum((place.value for place in free), ZERO),
            buyable=bool(free) or not mine,
        )
    return rooms


def _is_free(place: Place, venues: Mapping[str, Venue]) -> bool:
    return not place.locked and not venues.get(place.venue, Venue(place.venue)).locked


def _by_asset(pieces: Iterable[Piece]) -> dict[AssetId, list[Piece]]:
    found: dict[AssetId, list[Piece]] = defaultdict(list)
    for piece in pieces:
        found[piece.asset].append(piece)
    return found


def _trades(
    places: Sequence[Place],
    venues: Mapping[str, Venue],
    rules: Rules,
    wanted: Mapping[str, Decimal],
    lots: Mapping[AssetId, Sequence[Piece]],
) -> list[Trade]:
    made: list[Trade] = []
    for key, amount in wanted.items():
        free = [place for place in places if place.key == key and _is_free(place, venues)]
        if amount < 0:
            made += _sales(free, venues, -amount, lots)
        elif amount > 0:
            made.append(_purchase(key, free, venues, amount))
    smallest = max(rules.minimum, _CENT)
    made = [trade for trade in made if trade.amount >= smallest]
    return sorted(made, key=lambda trade: (trade.side != "sell", -trade.amount))


# ------------------------------------------------------------------------------------------------------- selling
def _sales(
    places: Sequence[Place],
    venues: Mapping[str, Venue],
    amount: Decimal,
    lots: Mapping[AssetId, Sequence[Piece]],
) -> list[Trade]:
    """Return the sales of one target that bring ``amount``: the least taxed lots first."""
    left = {(place.asset, place.venue): place.quantity for place in places}
    prices = {place.asset: place.price for place in places}
    taken: dict[tuple[AssetId, str], list[tuple[int, Decimal]]] = defaultdict(list)
    for piece in _in_order(places, lots):
        for spot in _spots(piece, left, venues):
            price = prices[piece.asset]
            quantity = min(piece.quantity, left[spot], amount / price)
            if quantity <= 0:
                continue
            left[spot] -= quantity
            amount -= quantity * price
            taken[spot].append((piece.number, quantity))
            piece = replace(piece, quantity=piece.quantity - quantity)  # noqa: PLW2901 - what is left of it
    held = {(place.asset, place.venue): place for place in places}
    made = [_sale(held[spot], venues.get(spot[1], Venue(spot[1])), picks) for spot, picks in taken.items()]
    return [trade for trade in made if trade.quantity]


def _in_order(places: Sequence[Place], lots: Mapping[AssetId, Sequence[Piece]]) -> list[Piece]:
    """Return what may be sold: lots by their tax (losses first, unknown cost last), else places, the largest first."""
    pieces = [piece for asset in {place.asset for place in places} for piece in lots.get(asset, ())]
    pieces.sort(key=lambda one: (one.burden is None, one.burden or ZERO, one.asset, one.number))
    whole = [place for place in places if place.asset not in lots]
    whole.sort(key=lambda place: (-place.value, place.asset, place.venue))
    return pieces + [Piece(place.asset, -1, place.quantity, None, place.venue) for place in whole]


def _spots(
    piece: Piece, left: Mapping[tuple[AssetId, str], Decimal], venues: Mapping[str, Venue]
) -> list[tuple[AssetId, str]]:
    """Return where a piece can be sold: at its venue, or wherever the asset is, the cheapest first."""
    spots = [spot for spot in left if spot[0] == piece.asset and piece.venue in ("", spot[1])]
    return sorted(spots, key=lambda spot: (venues.get(spot[1], Venue(spot[1])).rate, -left[spot], spot[1]))


def _sale(place: Place, venue: Venue, picks: list[tuple[int, Decimal]]) -> Trade:
    exact = sum((quantity for _, quantity in picks), ZERO)
    step = _WHOLE if venue.whole else _FINE
    quantity = exact.quantize(
        step, ROUND_CEILING
    )  # up: what is short of the need cannot pay for the purchases
    if quantity > place.quantity:
        quantity = exact.quantize(step, ROUND_FLOOR) if venue.whole else place.quantity
    picked = _trimmed(picks, quantity) if picks[0][0] >= 0 else ()
    if picked and sum((part for _, part in picked), ZERO) < quantity:  # no lot is left for the rounding
        quantity = exact.quantize(step, ROUND_FLOOR)
        picked = _trimmed(picks, quantity)
    amount = quantity * place.price
    return Trade("sell", place.key, place.asset, place.venue, quantity, amount, venue.fee(amount), picked)


def _trimmed(picks: list[tuple[int, Decimal]], quantity: Decimal) -> tuple[tuple[int, Decimal], ...]:
    kept: list[tuple[int, Decimal]] = []
    for number, part in picks:
        taken = min(part, quantity)
        if taken > 0:
            kept.append((number, taken))
        quantity -= taken
    return tuple(kept)


# -------------------------------------------------------------------------------------------------------- buying
def _purchase(key: str, places: Sequence[Place], venues: Mapping[str, Venue], amount: Decimal) -> Trade:
    if not places:
        return Trade("buy", key, "", "", None, amount, ZERO)
    place = max(places, key=lambda one: (one.value, one.asset))
    venue = venues.get(place.venue, Venue(place.venue))
    step = _WHOLE if venue.whole else _FINE
    quantity = (amount / place.price).quantize(step, ROUND_FLOOR)
    spent = quantity * place.price
    return Trade("buy", key, place.asset, place.venue, quantity, spent, venue.fee(spent) if spent else ZERO)
