"""A lot book as arrays: what the lots of each asset cost at any time, and what was realised when.

Turning exact numbers into floats is most of the work, so only what is asked for is turned: costs of all lots, but
quantities only of the assets whose lots may not account for what is held.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from smartfolio_app.analytics.floats import as_floats
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.instants import instants_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from smartfolio_app.ledger.lot_book import LotBook


@dataclass(frozen=True, slots=True)
class Changes:
    """Signed amounts by instant (µs) and asset (a number into the arrays' ``assets``), each of shape (n,)."""

    at: NDArray[np.int64]
    asset: NDArray[np.int64]
    amount: FloatArray


@dataclass(frozen=True, slots=True)
class LotArrays:
    """``cost``: what entered and left the lots, as far as it is known; ``unknown``: quantities without a known cost.

    ``quantity``: what entered and left the lots of the ``doubtful`` assets (numbers), whose lots may not account for
    what is held. A short position is a negative quantity at a negative cost. ``realised``: known gains, with the
    ``source`` (a number into ``sources``) of the transaction that realised each.
    """

    assets: list[AssetId]
    sources: list[str]
    cost: Changes
    unknown: Changes
    quantity: Changes
    doubtful: list[int]
    realised: Changes
    source: NDArray[np.int64]


def lot_arrays(
    book: LotBook,
    instants: NDArray[np.int64] | None = None,
    balances: Mapping[AssetId, Decimal] | None = None,
    plain: FloatArray | None = None,
) -> LotArrays:
    """Return the arrays of a book.

    ``instants`` are those of the book's transactions, when they are known already; ``balances`` is what is held of each
    asset in the end: one of which the lots hold something else, or that is not named, is doubtful. ``plain`` is what
    plain trades brought (``plain_money``), where that is known.
    """
    if instants is None:
        instants = np.array(instants_of(book.ordered), dtype=np.int64)
    return _Reader(book, instants, plain).arrays(balances or {})


class _Reader:
    def __init__(self, book: LotBook, instants: NDArray[np.int64], plain: FloatArray | None) -> None:
        self._book = book
        self._engine = book.engine
        self._instants = instants
        engine = book.engine
        names = {*engine.lots.asset, *engine.disposals.asset, *engine.asset_of.values()}
        names |= {change.asset for change in engine.carried}
        self._number = {asset: number for number, asset in enumerate(sorted(names))}
        self._moved = frozenset(engine.lots.moved)
        if self._has_shorts():  # then a trade may be a part of what was paid, or of what a sale brought
            plain = None
        self._paid = self._paid_for(plain)
        self._proceeds = self._brought(plain)
        self._sold = _floats(engine.disposals.cost)
        self._sold_asset = self._numbers(engine.disposals.asset)
        # The few that need a closer look.
        self._unpaid = np.flatnonzero(np.isnan(self._paid)).tolist()
        self._half_known = [
            number
            for number in np.flatnonzero(np.isnan(self._sold)).tolist()
            if number not in engine.disposals.short
        ]

    def _has_shorts(self) -> bool:
        engine = self._engine
        return bool(engine.disposals.short) or any(pool.shorts for pool in engine.pools.values())

    def _paid_for(self, plain: FloatArray | None) -> FloatArray:
        """Return what was paid for each lot, ``nan`` where that is not known; of one that was moved here, anything."""
        lots = self._engine.lots
        if plain is None:
            return _floats(lots.paid)
        return _filled(0.0 - plain[np.array(lots.origin, dtype=np.int64)], lots.paid)

    def _brought(self, plain: FloatArray | None) -> FloatArray:
        """Return the proceeds of each disposal, ``nan`` where they are not known."""
        disposals = self._engine.disposals
        if plain is None:
            return _floats(disposals.proceeds)
        return _filled(plain[np.array(disposals.transaction, dtype=np.int64)], disposals.proceeds)

    def arrays(self, balances: Mapping[AssetId, Decimal]) -> LotArrays:
        doubtful = self._doubtful(balances)
        realised, sources, source = self._realised()
        return LotArrays(
            assets=list(self._number),
            sources=sources,
            cost=self._costs(),
            unknown=self._rows(row for row in self._quantities(None) if row[3]),
            quantity=self._rows(self._quantities(doubtful) if doubtful else ()),
            doubtful=sorted(self._number[asset] for asset in doubtful),
            realised=realised,
            source=source,
        )

    def _doubtful(self, balances: Mapping[AssetId, Decimal]) -> frozenset[AssetId]:
        held = self._book.quantities()
        found = {
            finding.asset for finding in self._book.findings if finding.code == "lots.unknown_acquisition"
        }
        found |= {asset for asset in self._number if asset not in balances}
        found |= {asset for asset, quantity in held.items() if quantity != balances.get(asset, 0)}
        found |= {asset for asset, total in balances.items() if total and asset not in held}
        return frozenset(found & self._number.keys())

    def _costs(self) -> Changes:
        """Return what acquisitions paid, less what disposals and moves took away."""
        lots, disposals = self._engine.lots, self._engine.disposals
        paid = self._paid.copy()
        paid[lots.moved] = nan
        at = [np.array(lots.acquired, dtype=np.int64), self._times(disposals.transaction)]
        asset = [self._numbers(lots.asset), self._sold_asset]
        amount = [paid, -self._sold]
        closed = list(disposals.short)
        amount[1][closed] = nan  # what closes a short position was no lot
        rest = [*self._partly_known(), *self._carried(), *self._shorts()]
        at.append(np.array([row[0] for row in rest], dtype=np.int64))
        asset.append(self._numbers([row[1] for row in rest]))
        amount.append(_floats(row[2] for row in rest))
        known = ~np.isnan(np.concatenate(amount))
        return Changes(np.concatenate(at)[known], np.concatenate(asset)[known], np.concatenate(amount)[known])

    def _partly_known(self) -> Iterable[tuple[int, AssetId, Decimal | None]]:
        """Yield the known parts of disposals that are not known as a whole."""
        disposals, matches = self._engine.disposals, self._engine.matches
        for number in self._half_known:
            for match in self._matches_of(number):
                part = matches.cost[match]
                if part is not None:
                    yield int(self._instants[disposals.transaction[number]]), disposals.asset[number], -part

    def _carried(self) -> Iterable[tuple[int, AssetId, Decimal | None]]:
        return ((change.at, change.asset, change.cost) for change in self._engine.carried)

    def _shorts(self) -> Iterable[tuple[int, AssetId, Decimal | None]]:
        for opened, closed, asset, _, proceeds in self._short_positions():
            if proceeds is not None:
                yield opened, asset, -proceeds
                if closed is not None:
                    yield closed, asset, proceeds

    def _short_positions(self) -> Iterable[tuple[int, int | None, AssetId, Decimal, Decimal | None]]:
        """Yield opened, closed (or ``None``), asset, quantity and proceeds of every short position."""
        disposals, engine = self._engine.disposals, self._engine
        for number, short in disposals.short.items():
            closed = int(self._instants[disposals.transaction[number]])
            quantity, proceeds = disposals.quantity[number], disposals.proceeds[number]
            yield short.opened, closed, disposals.asset[number], quantity, proceeds
        for key, pool in engine.pools.items():
            for short in pool.shorts:
                yield short.opened, None, engine.asset_of[key], short.quantity, short.proceeds

    def _quantities(self, wanted: frozenset[AssetId] | None) -> Iterable[tuple[int, AssetId, Decimal, bool]]:
        """Yield what entered and left the lots: instant, asset, quantity, and whether its cost is not known.

        ``wanted`` limits it to some assets; ``None`` to what has no known cost, of all assets.
        """
        lots, disposals = self._engine.lots, self._engine.disposals
        for lot in self._unpaid if wanted is None else range(len(lots.asset)):
            if (wanted is None or lots.asset[lot] in wanted) and lot not in self._moved:
                yield lots.acquired[lot], lots.asset[lot], lots.bought[lot], lots.paid[lot] is None
        for number in self._half_known if wanted is None else range(len(disposals)):
            if (wanted is None or disposals.asset[number] in wanted) and number not in disposals.short:
                yield from self._sold_quantities(number)
        for change in self._engine.carried:
            if change.cost is None if wanted is None else change.asset in wanted:
                yield change.at, change.asset, change.quantity, change.cost is None
        for opened, closed, asset, quantity, proceeds in self._short_positions():
            if proceeds is None if wanted is None else asset in wanted:
                yield opened, asset, -quantity, proceeds is None
                if closed is not None:
                    yield closed, asset, quantity, proceeds is None

    def _sold_quantities(self, number: int) -> Iterable[tuple[int, AssetId, Decimal, bool]]:
        """Yield what a disposal took out of the lots."""
        disposals, matches = self._engine.disposals, self._engine.matches
        at, asset = int(self._instants[disposals.transaction[number]]), disposals.asset[number]
        matched = self._matches_of(number)
        if not matched:  # a brief book: all of it came from lots of known cost
            yield at, asset, -disposals.quantity[number], False
        for match in matched:
            if matches.lot[match] >= 0:
                yield at, asset, -matches.quantity[match], matches.cost[match] is None

    def _realised(self) -> tuple[Changes, list[str], NDArray[np.int64]]:
        disposals = self._engine.disposals
        source_of = list(map(_SOURCE, map(self._book.ordered.__getitem__, disposals.transaction)))
        names = {source: number for number, source in enumerate(dict.fromkeys(source_of))}
        gain = self._proceeds - self._sold
        for number in np.flatnonzero(np.isnan(gain)):
            gain[number] = self._known_part(int(number))
        changes = Changes(self._times(disposals.transaction), self._sold_asset, gain)
        return changes, list(names), _looked_up(names, source_of)

    def _known_part(self, number: int) -> float:
        """Return the gain of the parts of a disposal whose cost is known, ``nan`` without any."""
        disposals, matches = self._engine.disposals, self._engine.matches
        proceeds = disposals.proceeds[number]
        if proceeds is None:
            return nan
        unit = float(proceeds) / float(disposals.quantity[number])
        known = [
            unit * float(matches.quantity[match]) - float(cost)
            for match in self._matches_of(number)
            if (cost := matches.cost[match]) is not None
        ]
        return sum(known) if known else nan

    def _matches_of(self, number: int) -> range:
        disposals = self._engine.disposals
        after = number + 1
        end = disposals.first[after] if after < len(disposals) else len(self._engine.matches.lot)
        return range(disposals.first[number], end)

    def _rows(self, rows: Iterable[tuple[int, AssetId, Decimal, bool]]) -> Changes:
        found = list(rows)
        return Changes(
            np.array([row[0] for row in found], dtype=np.int64),
            self._numbers([row[1] for row in found]),
            _floats(row[2] for row in found),
        )

    def _times(self, transactions: Sequence[int]) -> NDArray[np.int64]:
        return self._instants[np.array(transactions, dtype=np.int64)]

    def _numbers(self, assets: Sequence[AssetId]) -> NDArray[np.int64]:
        return _looked_up(self._number, assets)


_SOURCE = attrgetter("source")
_PIECE = 16_384


def _looked_up(numbers: Mapping[str, int], names: Sequence[str]) -> NDArray[np.int64]:
    made = np.empty(len(names), dtype=np.int64)
    for first in range(0, len(names), _PIECE):  # in one piece it would hold up every other thread
        piece = names[first : first + _PIECE]
        made[first : first + len(piece)] = np.fromiter(map(numbers.__getitem__, piece), dtype=np.int64)
    return made


def _filled(told: FloatArray, exact: Sequence[Decimal | None]) -> FloatArray:
    """Fill what is not told (``nan``) from the exact numbers."""
    missing = np.flatnonzero(np.isnan(told))
    told[missing] = _floats([exact[number] for number in missing.tolist()])
    return told


def _floats(values: Iterable[Decimal | None]) -> FloatArray:
    given = values if isinstance(values, list) else list(values)
    try:
        return as_floats(given)  # type: ignore[arg-type]
    except TypeError:  # some are not known
        return np.array([nan if value is None else float(value) for value in given], dtype=np.float64)
