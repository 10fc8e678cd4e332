"""The lots and gains of a bundle's transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smartfolio_app.analytics.bundles.records import (
    BundleError,
    Json,
    correction_in,
    known,
    moment,
    part,
    transaction_in,
)
from smartfolio_app.ledger.lot_book import LotBook, lot_book
from smartfolio_app.ledger.lots import Policy

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal


def book_of(inputs: Json) -> LotBook:
    """Return the lots and gains of the bundle's transactions, at the bundle's prices."""
    rows = [transaction_in(row) for row in part(inputs, "transactions", list)]
    prices = {
        (part(row, "asset", str), moment(row["at"])): known(row.get("price"))
        for row in part(inputs, "prices", list)
    }

    def price_of(asset: str, at: datetime) -> Decimal | None:
        if (asset, at) not in prices:
            raise BundleError("bundle.price_missing", asset=asset, at=at.isoformat())
        return prices[asset, at]

    try:
        policy = Policy.parse(part(inputs, "method", str))
    except ValueError as error:
        raise BundleError("bundle.broken", where="method") from error
    pairs = part(inputs, "transfers", list)
    return lot_book(
        rows,
        part(inputs, "currency", str),
        price_of,
        policy=policy,
        corrections=[correction_in(row) for row in part(inputs, "corrections", list)],
        transfers={_place(pair, 0, rows): _place(pair, 1, rows) for pair in pairs},
    )


def _place(pair: Any, which: int, rows: list[Any]) -> int:
    if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[which], int):
        raise BundleError("bundle.broken", where="transfers")
    if not 0 <= pair[which] < len(rows):
        raise BundleError("bundle.broken", where="transfers")
    return int(pair[which])
