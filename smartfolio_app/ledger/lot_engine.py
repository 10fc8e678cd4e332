"""The bookkeeping of lots: acquire, dispose, move, remove. What calls for which is told in ``lot_events``.

What it writes down is in ``lot_columns``. All amounts are in the report's currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.ledger.assets import AssetId, is_fiat
from smartfolio_app.ledger.instants import Microseconds
from smartfolio_app.ledger.lot_columns import Disposals, LotColumns, MatchColumns, Short
from smartfolio_app.ledger.lot_queue import queue_taker
from smartfolio_app.ledger.lots import DisposalKind, Finding, Method, Policy, Pooling
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.ledger.pools import AveragePool, FirstInPool, LastInPool, Pool, UnitCostPool, part
from smartfolio_app.ledger.total_average import TotalAveragePool, YearBook

if TYPE_CHECKING:
    from collections.abc import Hashable

#: Assets that can be sold without being held.
_SHORTABLE = ("stock:",)
UNKNOWN = -1


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
        self.brief = brief
        self.here = Place()
        self.lots = lots = LotColumns()
        self.matches = MatchColumns()
        self.disposals = Disposals()
        self.carried: list[Carried] = []
        self.findings: list[Finding] = []
        self.pools: dict[Hashable, Pool] = {}
        self.asset_of: dict[Hashable, AssetId] = {}
        self.book = averages or YearBook()
        self._method = policy.method
        self._global = policy.pooling is Pooling.GLOBAL
        self._fiat: dict[AssetId, bool] = {}
        #: Matches a quantity with the lots of a pool that is ``queued``: see ``lot_queue``.
        self.take_queued = queue_taker(lots, self.matches)

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

    def pool_of(self, asset: AssetId) -> Pool | None:
        """Return the asset's pool at the place at hand, ``None`` for money."""
        return self.pool(asset) if self.tracks(asset) else None

    @property
    def is_one_queue_an_asset(self) -> bool:
        """Tell whether each asset has one pool, of which lots are taken in their order; then ``lot_loop`` books."""
        return self._global and self._method in (Method.FIFO, Method.LIFO)

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
        number = self.lots.add(asset, self.here.at, self.here.transaction, quantity, cost)
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
        left, whole = (self.take_queued if pool.queued else self._take_chosen)(pool, quantity)
        self.write_down(pool, (asset, kind), (quantity, left), (proceeds, fee), first, whole)

    def write_down(  # noqa: PLR0917 - what a disposal is
        self,
        pool: Pool,
        what: tuple[AssetId, DisposalKind],
        quantities: tuple[Decimal, Decimal],
        money: tuple[Decimal | None, Decimal],
        first: int,
        cost: Decimal | None,
    ) -> None:
        """Write down a disposal whose lots were taken: ``quantities`` in all and of that not held, ``money`` are
        proceeds and fee, its matches begin at ``first``, ``cost`` is theirs.
        """
        quantity, missing = quantities
        proceeds, fee = money
        if missing:
            sold, proceeds, fee = self._oversell(pool, what, quantities, proceeds, fee)
            cost = None if sold == quantity else cost
            quantity = sold
        if quantity:
            transaction = self.here.transaction
            self.disposals.add(*what, transaction, quantity, proceeds, fee, first, cost)
            if self.brief and cost is not None:
                self.matches.forget(first)

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
            self.matches.add(lot, taken, cost)
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
        number = lots.add(asset, lots.acquired[lot], lots.origin[lot], quantity, cost)
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
        self.matches.add(UNKNOWN, missing, None)
        return quantity, proceeds, fee

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
            self.matches.add(UNKNOWN, taken, paid)
            closed = self.here.transaction
            self.disposals.short[len(self.disposals)] = short
            self.disposals.add(asset, DisposalKind.SHORT, closed, taken, got, fee, first, paid)
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

    @property
    def is_one_queue_an_asset(self) -> bool:
        """No: each acquisition and disposal is asked whether it is one of ours."""
        return False

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
