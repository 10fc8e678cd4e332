"""The loop over the transactions, and the short way for most of them.

Most transactions of a long ledger are purchases and sales for money of the report's currency. Where lots are taken from
one queue an asset (``queued`` pools, everywhere together), they are booked here, with the very steps of
``EventReader.trade`` and the engine, written out: calls and look-ups would cost more than the arithmetic. Everything
else goes to the reader; a test holds both ways equal, to the last digit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartfolio_app.ledger.lots import DisposalKind
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.ledger.transactions import TransactionKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smartfolio_app.ledger.instants import Microseconds
    from smartfolio_app.ledger.lot_events import EventReader
    from smartfolio_app.ledger.transactions import Transaction

    #: Index, transaction, and its instant.
    Row = tuple[int, Transaction, Microseconds]

_TRADE = TransactionKind.TRADE
_SALE = DisposalKind.SALE


def book_rows(reader: EventReader, rows: Iterable[Row]) -> None:
    """Book transactions, by time. No statement speaks and no year begins between them."""
    if reader.engine.is_one_queue_an_asset:
        _book_queued(reader, rows)
        return
    handlers, here = reader.handlers, reader.engine.here
    for index, row, at in rows:
        here.at, here.transaction, here.source, here.account = at, index, row.source, row.account
        handlers[row.kind](row)


def _book_queued(reader: EventReader, rows: Iterable[Row]) -> None:  # noqa: PLR0915 - written out, as told above
    engine, handlers, home = reader.engine, reader.handlers, reader.home
    here, pools, take, brief = engine.here, engine.pools, engine.take_queued, engine.brief
    lots, sold, matches = engine.lots, engine.disposals, engine.matches
    # The columns as they are: in this loop every look-up counts.
    lot_asset, acquired, origin, held, costs = (
        lots.asset,
        lots.acquired,
        lots.origin,
        lots.quantity,
        lots.cost,
    )
    bought, paid, match_lot = lots.bought, lots.paid, matches.lot
    sold_asset, sold_kind, sold_in, sold_quantity = sold.asset, sold.kind, sold.transaction, sold.quantity
    sold_for, sold_fee, sold_first, sold_cost = sold.proceeds, sold.fee, sold.first, sold.cost
    for index, row, at in rows:
        here.at, here.transaction = at, index
        received, sent, fee = row.received, row.sent, row.fee
        if (
            row.kind is not _TRADE
            or received is None
            or sent is None
            or (fee is not None and fee.asset != home)
        ):
            handlers[row.kind](row)
        elif sent.asset == home:
            asset, quantity = received.asset, received.quantity
            pool = pools.get(asset) or engine.pool_of(asset)
            if pool is None:
                continue
            cost = sent.quantity if fee is None else sent.quantity + fee.quantity
            if pool.shorts or not quantity:
                engine.acquire(asset, quantity, cost)
                continue
            pool.lots.append(len(lot_asset))  # nothing acquired now is older than what is there
            lot_asset.append(asset)
            acquired.append(at)
            origin.append(index)
            held.append(quantity)
            costs.append(cost)
            bought.append(quantity)
            paid.append(cost)
        elif received.asset == home:
            asset, quantity = sent.asset, sent.quantity
            pool = (pools.get(asset) or engine.pool_of(asset)) if quantity else None
            if pool is None:
                continue
            fees, proceeds = ZERO, received.quantity
            if fee is not None:
                fees = fee.quantity
                proceeds -= fees
            first = len(match_lot)
            left, whole = take(pool, quantity)
            if left:
                engine.write_down(pool, (asset, _SALE), (quantity, left), (proceeds, fees), first, whole)
                continue
            sold_asset.append(asset)
            sold_kind.append(_SALE)
            sold_in.append(index)
            sold_quantity.append(quantity)
            sold_for.append(proceeds)
            sold_fee.append(fees)
            sold_first.append(first)
            sold_cost.append(whole)
            if brief and whole is not None:
                matches.forget(first)
        else:
            handlers[_TRADE](row)
