"""A lot book as arrays: what entered and left the lots of each asset when, at what cost, and what was realised."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.instants import micros

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from smartfolio_app.ledger.lot_book import LotBook


@dataclass(frozen=True, slots=True)
class LotArrays:
    """Two tables as arrays.

    Changes of the lots, shape (C,): ``at`` (µs), ``asset`` (number into ``assets``), signed ``quantity`` and ``cost``
    (``nan`` where the cost is not known). A short position is a negative quantity at negative cost.

    Realised gains, shape (R,), one per match: ``realised_at``, ``realised_asset``, ``gain`` (``nan`` if not known) and
    ``source``, the source (number into ``sources``) of the transaction that realised it.
    """

    assets: list[AssetId]
    sources: list[str]
    at: NDArray[np.int64]
    asset: NDArray[np.int64]
    quantity: FloatArray
    cost: FloatArray
    realised_at: NDArray[np.int64]
    realised_asset: NDArray[np.int64]
    gain: FloatArray
    source: NDArray[np.int64]


def lot_arrays(book: LotBook) -> LotArrays:
    """Return the arrays of a book."""
    engine, ordered = book.engine, book.ordered
    lots, matches, disposals = engine.lots, engine.matches, engine.disposals
    number: dict[AssetId, int] = {}

    # One row a match, in the order of the disposals: each disposal's own matches follow one another.
    size = len(matches.lot)
    first = np.array(disposals.first, dtype=np.int64)
    count = np.diff(np.append(first, size)) if len(first) else np.empty(0, dtype=np.int64)
    quantity, cost = _floats(matches.quantity), _floats(matches.cost)
    rows = [ordered[index] for index in disposals.transaction]
    when = np.array([micros(row.at) for row in rows], dtype=np.int64)
    what = _numbers(number, disposals.asset, len(disposals))
    unit = _floats(disposals.proceeds) / _floats(disposals.quantity)
    names: dict[str, int] = {}
    origin = _numbers(names, (row.source for row in rows), len(rows))
    realised_at, realised_asset = np.repeat(when, count), np.repeat(what, count)
    gain = np.repeat(unit, count) * quantity - cost

    bought = np.ones(len(lots.asset), dtype=np.bool_)
    bought[lots.moved] = False
    from_lots = np.array(matches.lot, dtype=np.int64) >= 0
    short = _shorts(book)
    return LotArrays(
        sources=list(names),
        at=np.concatenate(
            [
                np.array(lots.acquired, dtype=np.int64)[bought],
                realised_at[from_lots],
                np.array([change.at for change in engine.carried], dtype=np.int64),
                np.array([row[0] for row in short], dtype=np.int64),
            ]
        ),
        asset=np.concatenate(
            [
                _numbers(number, lots.asset, len(lots.asset))[bought],
                realised_asset[from_lots],
                _numbers(number, (change.asset for change in engine.carried), len(engine.carried)),
                _numbers(number, (row[1] for row in short), len(short)),
            ]
        ),
        quantity=np.concatenate(
            [
                _floats(lots.bought)[bought],
                -quantity[from_lots],
                _floats(change.quantity for change in engine.carried),
                _floats(row[2] for row in short),
            ]
        ),
        cost=np.concatenate(
            [
                _floats(lots.paid)[bought],
                -cost[from_lots],
                _floats(change.cost for change in engine.carried),
                _floats(row[3] for row in short),
            ]
        ),
        realised_at=realised_at,
        realised_asset=realised_asset,
        gain=gain,
        source=np.repeat(origin, count),
        assets=list(number),
    )


def _shorts(book: LotBook) -> list[tuple[int, AssetId, Decimal, Decimal | None]]:
    """Return the opening and closing of short positions as changes of the lots."""
    rows: list[tuple[int, AssetId, Decimal, Decimal | None]] = []
    for disposal in book.engine.disposals:
        if disposal.short is not None:
            opened, got = disposal.short.opened, disposal.proceeds
            closed = micros(book.ordered[disposal.transaction].at)
            rows.append((opened, disposal.asset, -disposal.quantity, None if got is None else -got))
            rows.append((closed, disposal.asset, disposal.quantity, got))
    for key, pool in book.engine.pools.items():
        for short in pool.shorts:
            got = short.proceeds
            rows.append(
                (short.opened, book.engine.asset_of[key], -short.quantity, None if got is None else -got)
            )
    return rows


def _floats(values: Iterable[Decimal | None]) -> FloatArray:
    return np.array([nan if value is None else float(value) for value in values], dtype=np.float64)


def _numbers(known: dict[str, int], names: Iterable[str], count: int) -> NDArray[np.int64]:
    return np.fromiter((known.setdefault(name, len(known)) for name in names), dtype=np.int64, count=count)
