"""The bookkeeping of lots: acquire, dispose, move, remove. What calls for which is told in ``lot_events``.

Results are kept as parallel lists, because a million small objects would cost more than the arithmetic. All amounts are
in the report's currency.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from smartfolio_app.ledger.assets import AssetId, is_fiat
from smartfolio_app.ledger.instants import Microseconds
from smartfolio_app.ledger.lots import DisposalKind, Finding, Method, Policy, Pooling
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.ledger.pools import (
    SCALE,
    AveragePool,
    FirstInPool,
    LastInPool,
    LotColumns,
    Pool,
    Short,
    UnitCostPool,
    numbers,
    part,
)
from smartfolio_app.ledger.total_average import TotalAveragePool, YearBook

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

#: Assets that can be sold without being held.
_SHORTABLE = ("stock:",)
UNKNOWN = -1


class Disposal(NamedTuple):
    """One disposal: ``quantity`` of an asset for ``proceeds`` (net of ``fee``). Its matches begin at ``first``.

    ``transaction`` realises the gain. Of a closed short position ``short`` is what was opened, and what closed it
    stands in place of a lot.
    """

    asset: AssetId
    kind: DisposalKind
    transaction: int
    quantity: Decimal
    proceeds: Decimal | None
    fee: Decimal
    first: int
    short: Short | None = None


@dataclass(slots=True)
class Disposals:
    """All disposals in the order in which they were realised, as parallel lists.

    ``cost`` is that of all a disposal's matches, ``None`` where any of it is not known; ``short`` has those that closed
    a short position, by number. Lists of plain values, because the garbage collector would walk over every tuple of a
    long ledger again and again.
    """

    asset: list[AssetId] = field(default_factory=list)
    kind: list[DisposalKind] = field(default_factory=list)
    transaction: array[int] = field(default_factory=numbers)
    quantity: list[Decimal] = field(default_factory=list)
    proceeds: list[Decimal | None] = field(default_factory=list)
    fee: list[Decimal] = field(default_factory=list)
    first: array[int] = field(default_factory=numbers)
    cost: list[Decimal | None] = field(default_factory=list)
    short: dict[int, Short] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, number: int) -> Disposal:
        return Disposal(
            self.asset[number],
            self.kind[number],
            self.transaction[number],
            self.quantity[number],
            self.proceeds[number],
            self.fee[number],
            self.first[number],
            self.short.get(number),
        )

    def __iter__(self) -> Iterator[Disposal]:
        return (self[number] for number in range(len(self)))


@dataclass(slots=True)
class MatchColumns:
    """What the disposals took from which lots, as parallel lists: lot number (or ``UNKNOWN``), quantity, cost."""

    lot: array[int] = field(default_factory=numbers)
    quantity: list[Decimal] = field(default_factory=list)
    cost: list[Decimal | None] = field(default_factory=list)


@dataclass(slots=True)
class Carried:
    """Quantity and cost that left (-) or entered (+) an asset's lots without a gain.

    By a swap, a split, a spin-off, a loan, a withdrawal for nowhere, a statement. ``cost`` is ``None`` if not known.
    """

    asset: AssetId
    at: Microseconds
    cost: Decimal | None
    quantity: Decimal


@dataclass(slots=True)
class Place:
    """Where and when something happens: what the engine needs to know of the transaction at hand."""

    source: str = ""
    account: str = ""
    at: Microseconds = 0
    transaction: int = UNKNOWN


class LotEngine:
    """Holds the pools and books into them. ``here`` is set by the caller before each transaction.

    A ``brief`` one forgets from which lots a disposal took when its cost is known.
    """

    def __init__(self, policy: Policy, averages: YearBook | None = None, *, brief: bool = False) -> None:
        self.policy = policy
        self._brief = brief
        self.here = Place()
        self.lots = lots = LotColumns()
        self.matches = matches = MatchColumns()
        self.disposals = sold = Disposals()
        self.carried: list[Carried] = []
        self.findings: list[Finding] = []
        self.pools: dict[Hashable, Pool] = {}
        self.asset_of: dict[Hashable, AssetId] = {}
        self.book = averages or YearBook()
        self._method = policy.method
        self._global = policy.pooling is Pooling.GLOBAL
        self._fiat: dict[AssetId, bool] = {}
        # Bound once: `acquire` and `dispose` run for every transaction there is.
        self._lot_assets = lots.asset
        self._add_asset, self._add_acquired = lots.asset.append, lots.acquired.append
        self._add_origin, self._add_quantity = lots.origin.append, lots.quantity.append
        self._add_cost, self._add_bought, self._add_paid = (
            lots.cost.append,
            lots.bought.append,
            lots.paid.append,
        )
        self._match_lot, self._match_quantity = matches.lot.append, matches.quantity.append
        self._match_cost, self._sold_asset = matches.cost.append, sold.asset.append
        self._sold_kind, self._sold_transaction = sold.kind.append, sold.transaction.append
        self._sold_quantity, self._sold_proceeds = sold.quantity.append, sold.proceeds.append
        self._sold_fee, self._sold_first, self._sold_cost = (
            sold.fee.append,
            sold.first.append,
            sold.cost.append,
        )

    # ------------------------------------------------------------------------------------------------ pools
    def tracks(self, asset: AssetId) -> bool:
        """Tell whether the asset has lots; money has none."""
        known = self._fiat.get(asset)
        if known is None:
            known = self._fiat[asset] = is_fiat(asset)
        return not known

    def pool(self, asset: AssetId) -> Pool:
        """Return the pool that serves the asset at the place at hand."""
        key: Hashable = asset
        if not self._global:
            here = self.here
            key = (asset, here.source, here.account if self.policy.pooling is Pooling.ACCOUNT else "")
        found = self.pools.get(key)
        if found is None:
            found = self.pools[key] = self._new_pool(key)
            self.asset_of[key] = asset
        return found

    def turn_year(self, year: int) -> None:
        """Let another year begin, and with it perhaps another method."""
        self.book.year = year
        method = self.policy.method_of(year)
        if method is self._method:
            return
        self._method = method
        for key, pool in self.pools.items():
            pool.settle()
            successor = self._new_pool(key)
            for lot in pool.numbers():
                successor.add(lot)
            successor.shorts = pool.shorts
            self.pools[key] = successor

    def _new_pool(self, key: Hashable) -> Pool:
        match self._method:
            case Method.FIFO:
                return FirstInPool(self.lots)
            case Method.LIFO:
                return LastInPool(self.lots)
            case Method.HIFO:
                return UnitCostPool(self.lots, -1)
            case Method.LOFO:
                return UnitCostPool(self.lots, 1)
            case Method.AVERAGE:
                return AveragePool(self.lots)
            case Method.TOTAL_AVERAGE:
                return TotalAveragePool(self.lots, key, self.book)

    # ---------------------------------------------------------------------------------------------- booking
    def acquire(self, asset: AssetId, quantity: Decimal, cost: Decimal | None) -> None:
        """Make a lot of what came in; a purchase first closes a short position."""
        pool = (self.pools.get(asset) if self._global else None) or self.pool(asset)
        if pool.shorts:
            quantity, cost = self._close_shorts(pool, asset, quantity, cost)
        if not quantity:
            return
        here = self.here
        number = len(self._lot_assets)
        self._add_asset(asset)
        self._add_acquired(here.at)
        self._add_origin(here.transaction)
        self._add_quantity(quantity)
        self._add_cost(cost)
        self._add_bought(quantity)
        self._add_paid(cost)
        if pool.queued:  # nothing that is acquired now is older than what is there, so it goes to the end
            pool.lots.append(number)
        else:
            pool.add(number)

    def dispose(
        self, asset: AssetId, quantity: Decimal, proceeds: Decimal | None, fee: Decimal, kind: DisposalKind
    ) -> None:
        """Take ``quantity`` out of the lots for ``proceeds`` (net of ``fee``)."""
        if not quantity:
            return
        pool = (self.pools.get(asset) if self._global else None) or self.pool(asset)
        first = len(self.matches.lot)
        left, whole = self._take_queued(pool, quantity) if pool.queued else self._take_chosen(pool, quantity)
        if left:
            sold, proceeds, fee = self._oversell(pool, (asset, kind), (quantity, left), proceeds, fee)
            whole = None if sold == quantity else whole
            quantity = sold
        if quantity:
            self._sold_asset(asset)
            self._sold_kind(kind)
            self._sold_transaction(self.here.transaction)
            self._sold_quantity(quantity)
            self._sold_proceeds(proceeds)
            self._sold_fee(fee)
            self._sold_first(first)
            self._sold_cost(whole)
            if self._brief and whole is not None:
                matches = self.matches
                del matches.lot[first:], matches.quantity[first:], matches.cost[first:]

    def _take_queued(self, pool: Pool, left: Decimal) -> tuple[Decimal, Decimal | None]:
        """Match ``left`` with lots in their order, each at its own cost; return what is missing, and the cost."""
        lots, queue, end = self.lots, pool.lots, pool.end
        held, costs = lots.quantity, lots.cost
        drop = queue.pop if end else queue.popleft
        whole: Decimal | None = (
            None  # once a lot was matched: `None` where its cost or that of another is not known
        )
        first = True
        while queue:
            lot = queue[end]
            here, cost = held[lot], costs[lot]
            self._match_lot(lot)
            partly = here > left
            if partly:
                held[lot] = here - left
                if cost is not None:
                    taken = (cost * left / here).quantize(SCALE)  # `part`, without a call
                    costs[lot] = cost - taken
                    cost = taken
                here = left
            else:
                drop()
                held[lot] = costs[lot] = ZERO
            self._match_quantity(here)
            self._match_cost(cost)
            if first:  # the very object: most disposals take from one lot
                whole, first = cost, False
            else:
                whole = None if whole is None or cost is None else whole + cost
            if partly:
                return ZERO, whole
            left -= here
            if not left:
                break
        return left, whole

    def _take_chosen(self, pool: Pool, left: Decimal) -> tuple[Decimal, Decimal | None]:
        """Do the same with the lots that the pool chooses, at the cost it tells."""
        held = self.lots.quantity
        whole: Decimal | None = ZERO
        while left and (lot := pool.first()) >= 0:
            here = held[lot]
            taken = min(here, left)
            cost = pool.cost_of(lot, taken)
            held[lot] = here - taken
            if taken == here:
                pool.drop()
            self._match_lot(lot)
            self._match_quantity(taken)
            self._match_cost(cost)
            whole = None if whole is None or cost is None else whole + cost
            left -= taken
        return left, whole

    def take(self, pool: Pool, quantity: Decimal) -> list[tuple[Decimal, Decimal | None, int]]:
        """Take ``quantity`` out of a pool without a gain; return (quantity, cost, lot) of each part.

        When less is held, what is returned adds up to less.
        """
        parts: list[tuple[Decimal, Decimal | None, int]] = []
        held = self.lots.quantity
        while quantity:
            lot = pool.first()
            if lot < 0:
                break
            taken = min(held[lot], quantity)
            cost = pool.cost_of(lot, taken)
            held[lot] -= taken
            if not held[lot]:
                pool.drop()
            parts.append((taken, cost, lot))
            quantity -= taken
        return parts

    def put(self, pool: Pool, asset: AssetId, quantity: Decimal, cost: Decimal | None, lot: int) -> None:
        """Put what was taken into a pool as a lot that keeps the date and origin of ``lot``."""
        lots = self.lots
        number = len(lots.asset)
        lots.asset.append(asset)
        lots.acquired.append(lots.acquired[lot])
        lots.origin.append(lots.origin[lot])
        lots.quantity.append(quantity)
        lots.cost.append(cost)
        lots.bought.append(quantity)
        lots.paid.append(cost)
        lots.moved.append(number)
        pool.add(number)

    def carry(self, asset: AssetId, quantity: Decimal, cost: Decimal | None) -> None:
        """Note that cost entered (+) or left (-) an asset without a gain."""
        self.carried.append(Carried(asset, self.here.at, cost, quantity))

    def find(self, code: str, asset: AssetId, quantity: Decimal) -> None:
        """Note something that is not known."""
        self.findings.append(Finding(code, asset, quantity, self.here.transaction))

    # --------------------------------------------------------------------------------------------- internals
    def _oversell(
        self,
        pool: Pool,
        what: tuple[AssetId, DisposalKind],
        quantities: tuple[Decimal, Decimal],
        proceeds: Decimal | None,
        fee: Decimal,
    ) -> tuple[Decimal, Decimal | None, Decimal]:
        """Deal with what is sold (``quantities``: in all, of that not held); return what the lots still account for.

        A security is sold short; anything else must have been acquired somehow, at a cost that nobody told.
        """
        asset, kind = what
        quantity, missing = quantities
        if kind is DisposalKind.SALE and asset.startswith(_SHORTABLE):
            own = None if proceeds is None else part(proceeds, missing, quantity)
            own_fee = part(fee, missing, quantity) if fee else fee
            here = self.here
            pool.shorts.append(Short(missing, own, own_fee, here.at, here.transaction))
            rest = None if proceeds is None or own is None else proceeds - own
            return quantity - missing, rest, fee - own_fee
        self.find("lots.unknown_acquisition", asset, missing)
        self._match_unknown(missing, None)
        return quantity, proceeds, fee

    def _match_unknown(self, quantity: Decimal, cost: Decimal | None) -> None:
        self.matches.lot.append(UNKNOWN)
        self.matches.quantity.append(quantity)
        self.matches.cost.append(cost)

    def _close_shorts(
        self, pool: Pool, asset: AssetId, quantity: Decimal, cost: Decimal | None
    ) -> tuple[Decimal, Decimal | None]:
        """Cover open short positions, oldest first; return what is left of the purchase."""
        while quantity and pool.shorts:
            short = pool.shorts[0]
            taken = min(short.quantity, quantity)
            paid = cost if cost is None or taken == quantity else part(cost, taken, quantity)
            got, fee = short.proceeds, short.fee
            if taken < short.quantity:
                got = None if got is None else part(got, taken, short.quantity)
                fee = part(fee, taken, short.quantity)
            first = len(self.matches.lot)
            self._match_unknown(taken, paid)
            closed = self.here.transaction
            self.disposals.short[len(self.disposals)] = short
            self._sold_asset(asset)
            self._sold_kind(DisposalKind.SHORT)
            self._sold_transaction(closed)
            self._sold_quantity(taken)
            self._sold_proceeds(got)
            self._sold_fee(fee)
            self._sold_first(first)
            self._sold_cost(paid)
            quantity -= taken
            cost = None if cost is None or paid is None else cost - paid
            if taken == short.quantity:
                pool.shorts.popleft()
            else:
                short.quantity -= taken
                short.fee -= fee
                if short.proceeds is not None and got is not None:
                    short.proceeds -= got
        return quantity, cost


class PartEngine(LotEngine):
    """Books what concerns some assets only.

    Their lots are as if everything were booked, provided that no swap, split or spin-off ties one of them to an asset
    that is left out: nothing else carries quantity or cost from one asset's lots to another's.
    """

    def __init__(self, policy: Policy, assets: frozenset[AssetId], averages: YearBook | None = None) -> None:
        super().__init__(policy, averages)
        self._wanted = assets

    def acquire(self, asset: AssetId, quantity: Decimal, cost: Decimal | None) -> None:
        """Make a lot of what came in, if the asset is one of ours."""
        if asset in self._wanted:
            super().acquire(asset, quantity, cost)

    def dispose(
        self, asset: AssetId, quantity: Decimal, proceeds: Decimal | None, fee: Decimal, kind: DisposalKind
    ) -> None:
        """Take ``quantity`` out of the lots, if the asset is one of ours."""
        if asset in self._wanted:
            super().dispose(asset, quantity, proceeds, fee, kind)
