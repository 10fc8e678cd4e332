"""Lots, gains and what could not be known: the result of the cost-basis engine, and the function that makes it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from heapq import merge
from itertools import count, islice
from operator import itemgetter
from typing import TYPE_CHECKING

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.instants import Microseconds, instant, instants_of, micros
from smartfolio_app.ledger.lot_engine import LotEngine, PartEngine
from smartfolio_app.ledger.lot_events import EventReader
from smartfolio_app.ledger.lot_loop import book_rows
from smartfolio_app.ledger.lots import Correction, Finding, Income, Lot, Match, Method, Policy
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO
from smartfolio_app.ledger.pools import part
from smartfolio_app.ledger.transactions import Transaction
from smartfolio_app.ledger.worth import PriceOf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from smartfolio_app.ledger.lot_columns import Disposal
    from smartfolio_app.ledger.lot_loop import Row
    from smartfolio_app.ledger.total_average import YearBook

#: A chain of swaps longer than this would have to come back on itself every year to change the averages again.
_MOST_RUNS = 8


@dataclass(frozen=True, slots=True)
class Basis:
    """What is held of an asset by the lots, and what it cost; ``cost`` is ``None`` when any part of it is not known."""

    quantity: Decimal
    cost: Decimal | None


class LotBook:
    """Everything the engine found out. ``engine`` holds the columns; the methods make objects of them.

    ``ordered`` are the transactions that indices refer to, ``currency`` is that of all amounts.
    """

    def __init__(
        self, engine: LotEngine, incomes: Sequence[Income], ordered: Sequence[Transaction], currency: str
    ) -> None:
        self.engine = engine
        self.incomes = incomes
        self.ordered = ordered
        self.currency = currency

    @property
    def findings(self) -> Sequence[Finding]:
        """What the engine could not know, in the order it came across it."""
        return self.engine.findings

    def matches(self, disposals: Iterable[Disposal] | None = None) -> Iterator[Match]:
        """Yield the gains of all (or some) disposals, one a lot match, in the order in which they were realised."""
        with localcontext(MONEY_CONTEXT):
            for disposal in self.engine.disposals if disposals is None else disposals:
                yield from self._matches_of(disposal)

    def _matches_of(self, disposal: Disposal) -> list[Match]:
        """Share proceeds and fee out over the disposal's lots by quantity; the last one takes what rounding leaves."""
        columns, lots = self.engine.matches, self.engine.lots
        quantity, proceeds, fee = disposal.quantity, disposal.proceeds, disposal.fee
        realised = micros(self.ordered[disposal.transaction].at)
        found: list[Match] = []
        number = disposal.first
        while quantity:
            lot, taken = columns.lot[number], columns.quantity[number]
            own = proceeds if proceeds is None or taken == quantity else part(proceeds, taken, quantity)
            own_fee = fee if not fee or taken == quantity else part(fee, taken, quantity)
            short = disposal.short
            if short is None:
                acquired = lots.acquired[lot] if lot >= 0 else None
                bought, sold, disposed = lots.origin[lot] if lot >= 0 else -1, disposal.transaction, realised
            else:
                acquired, bought = realised, disposal.transaction
                sold, disposed = short.transaction, short.opened
            found.append(
                Match(
                    asset=disposal.asset,
                    kind=disposal.kind,
                    quantity=taken,
                    acquired=acquired,
                    disposed=disposed,
                    proceeds=own,
                    cost=columns.cost[number],
                    fee=own_fee,
                    lot=bought,
                    disposal=sold,
                )
            )
            quantity -= taken
            proceeds = None if proceeds is None or own is None else proceeds - own
            fee -= own_fee
            number += 1
        return found

    def open_lots(self, asset: AssetId | None = None) -> list[Lot]:
        """Return what is left of the lots (of one asset), oldest first; short positions with negative quantity."""
        engine, found = self.engine, []
        for key, pool in engine.pools.items():
            held = engine.asset_of[key]
            if asset is not None and held != asset:
                continue
            source, account = (key[1], key[2]) if isinstance(key, tuple) else ("", "")
            lots = engine.lots
            found += [
                Lot(
                    held,
                    lots.quantity[lot],
                    lots.cost[lot],
                    lots.acquired[lot],
                    lots.origin[lot],
                    source,
                    account,
                )
                for lot in pool.numbers()
            ]
            found += [
                Lot(
                    held,
                    short.quantity.copy_negate(),
                    None if short.proceeds is None else short.proceeds.copy_negate(),
                    short.opened,
                    short.transaction,
                    source,
                    account,
                )
                for short in pool.shorts
            ]
        return sorted(found, key=lambda lot: (lot.asset, lot.acquired, lot.transaction))

    def quantities(self) -> dict[AssetId, Decimal]:
        """Return how much of each asset the lots hold, short positions counted against it."""
        held: dict[AssetId, Decimal] = {}
        quantity = self.engine.lots.quantity
        with localcontext(MONEY_CONTEXT):
            for key, pool in self.engine.pools.items():
                total = sum([quantity[lot] for lot in pool.numbers()], ZERO)
                total -= sum([short.quantity for short in pool.shorts], ZERO)
                asset = self.engine.asset_of[key]
                held[asset] = held.get(asset, ZERO) + total
        return {asset: total for asset, total in held.items() if total}

    def bases(self) -> dict[AssetId, Basis]:
        """Return quantity and cost of everything that has lots, by asset id."""
        held: dict[AssetId, Basis] = {}
        quantities, costs = self.engine.lots.quantity, self.engine.lots.cost
        with localcontext(MONEY_CONTEXT):
            for key, pool in self.engine.pools.items():
                numbers, shorts = pool.numbers(), pool.shorts
                if not numbers and not shorts:
                    continue
                asset = self.engine.asset_of[key]
                known = held.get(asset, Basis(ZERO, ZERO))
                quantity = sum([quantities[lot] for lot in numbers], known.quantity)
                quantity -= sum([short.quantity for short in shorts], ZERO)
                cost = _sum([known.cost, *[costs[lot] for lot in numbers]])
                proceeds = _sum([short.proceeds for short in shorts])
                held[asset] = Basis(quantity, None if cost is None or proceeds is None else cost - proceeds)
        return dict(sorted(held.items()))


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """Return the sum, ``None`` when any of the amounts is not known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if len(known) == len(amounts) else None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the ledger that can be booked by itself (``PartEngine``): these assets, and all that moves them.

    ``transactions`` are indices into the ordered transactions, ascending.
    """

    assets: frozenset[AssetId]
    transactions: Sequence[int]


def lot_book(
    ordered: Sequence[Transaction],
    currency: str,
    price_of: PriceOf,
    *,
    policy: Policy | None = None,
    corrections: Sequence[Correction] = (),
    transfers: Mapping[int, int] | None = None,
    instants: Sequence[Microseconds] | None = None,
    only: Part | None = None,
    brief: bool = False,
) -> LotBook:
    """Return lots and gains in ``currency``.

    ``ordered`` comes from ``ordering.in_order``. ``price_of`` gives market prices and exchange rates in ``currency``.
    ``corrections`` are by instant. ``transfers`` maps the index of a withdrawal to that of the deposit it became.
    ``instants`` are those of ``ordered``, when they are known already. ``only`` limits the book to a part of
    the assets; what else it tells (of findings and incomes) may be incomplete. ``brief`` leaves the matches of
    disposals out whose cost is known, which takes half of the memory: gains and costs are there, ``matches`` are not.
    """
    chosen = policy or Policy()
    inputs = _Inputs(
        ordered,
        currency,
        price_of,
        corrections,
        transfers or {},
        instants or instants_of(ordered),
        only,
        brief,
    )
    with localcontext(MONEY_CONTEXT):
        book = _run(inputs, _engine(inputs, chosen))
        if Method.TOTAL_AVERAGE not in (chosen.method, *chosen.methods.values()):
            return book
        for _ in range(_MOST_RUNS):
            repeated = _run(inputs, _engine(inputs, chosen, book.engine.book.next()))
            settled = repeated.engine.book.came == book.engine.book.came
            book = repeated
            if settled:
                break
    return book


@dataclass(frozen=True, slots=True)
class _Inputs:
    ordered: Sequence[Transaction]
    currency: str
    price_of: PriceOf
    corrections: Sequence[Correction]
    transfers: Mapping[int, int]
    instants: Sequence[Microseconds]
    only: Part | None
    brief: bool

    def moments(self) -> Sequence[Microseconds]:
        """Return the instants of all that is to be booked."""
        if self.only is None:
            return self.instants
        return [self.instants[index] for index in self.only.transactions]

    def rows(self, moments: Sequence[Microseconds]) -> Iterator[Row]:
        """Give index, transaction and instant of all that is to be booked."""
        if self.only is None:
            return zip(count(), self.ordered, moments, strict=False)
        chosen = self.only.transactions
        return zip(chosen, map(self.ordered.__getitem__, chosen), moments, strict=True)


def _engine(inputs: _Inputs, policy: Policy, averages: YearBook | None = None) -> LotEngine:
    if inputs.only is None:
        return LotEngine(policy, averages, brief=inputs.brief)
    return PartEngine(policy, inputs.only.assets, averages)


def _run(inputs: _Inputs, engine: LotEngine) -> LotBook:
    ordered, policy = inputs.ordered, engine.policy
    reader = EventReader(engine, ordered, inputs.currency, inputs.price_of, inputs.transfers)
    moments = inputs.moments()
    by_year = bool(policy.methods) or policy.method is Method.TOTAL_AVERAGE
    # A statement speaks after every transaction of its own instant, and before the year of the next one begins.
    stops: Iterator[tuple[int, Correction | int]] = merge(
        ((bisect_right(moments, correction.at), correction) for correction in inputs.corrections),
        _years(moments) if by_year else (),
        key=itemgetter(0),
    )
    rows, done = inputs.rows(moments), 0
    for position, event in stops:
        book_rows(reader, islice(rows, position - done))
        done = position
        if isinstance(event, Correction):
            _correct(reader, event)
        else:
            engine.turn_year(event)
    book_rows(reader, rows)
    for pool in engine.pools.values():
        pool.settle()
    reader.handlers.clear()  # they refer to the reader: such a circle keeps all lots until somebody collects it
    return LotBook(engine, reader.incomes, ordered, inputs.currency)


def _years(moments: Sequence[Microseconds]) -> Iterator[tuple[int, int]]:
    """Yield how many of the instants lie before each year (UTC) that any of them lies in, and the year."""
    position = 0
    while position < len(moments):
        year = instant(moments[position]).year
        yield position, year
        position = bisect_left(moments, micros(datetime(year + 1, 1, 1, tzinfo=UTC)))


def _correct(reader: EventReader, correction: Correction) -> None:
    here = reader.engine.here
    here.at, here.transaction, here.source, here.account = (
        correction.at,
        -1,
        correction.source,
        correction.account,
    )
    reader.correct(correction)
