"""Bitstamp: its list of transactions, oldest first, a thousand at a time; new ones only ever come at the end."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Row, RowError
from smartfolio_app.providers.exchanges.desk import (
    Desk,
    Plan,
    State,
    Step,
    Stream,
    held,
    moment_text,
    number,
    positive,
    total,
)

_PAGE = 1000
#: What the account is called in the files of the same exchange.
_ACCOUNT = "Main Account"
_NO_COINS = frozenset({"id", "order_id", "datetime", "type", "fee", "self_trade", "self_trade_order_id"})
_TRADES = frozenset({"2", "36"})
_MOVES = {
    "0": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "1": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "27": (TransactionKind.STAKING, TransactionKind.FEE),
    "32": (TransactionKind.REWARD, TransactionKind.FEE),
}
#: Between the user's own accounts, in and out of staking, and the settlement of what was told otherwise.
_INTERNAL = frozenset({"14", "25", "26", "33", "35"})


async def transactions(desk: Desk, state: State) -> Step:
    """Read the next page of the list of transactions."""
    offset = int(state.get("offset", 0))
    rows = await desk.api.privatePostUserTransactions({"offset": offset, "limit": _PAGE, "sort": "asc"})
    desk.each(rows, lambda row, record: _use(desk, row, record))
    return Step({"offset": offset + len(rows)}, more=len(rows) >= _PAGE)


def _use(desk: Desk, row: Row, record: dict[str, Any]) -> None:
    kind = str(record["type"])
    if kind in _INTERNAL:
        desk.book.skip(row, "import.skip.internal")
        return
    moved = _moved(desk, record)
    fee = number(record, "fee", Decimal(0))
    common: dict[str, Any] = {"account": _ACCOUNT, "external_id": str(record["id"])}
    at = moment_text(record["datetime"])
    if kind in _TRADES:
        gained = [one for one in moved if one[1] > 0]
        given = [one for one in moved if one[1] < 0]
        if len(gained) != 1 or len(given) != 1:
            raise RowError("unclear_group", count=len(moved))
        desk.book.add(
            row,
            at,
            TransactionKind.TRADE,
            received=positive(gained[0][1], gained[0][0]),
            sent=positive(given[0][1], given[0][0]),
            fee=positive(fee, _quoted_in(desk, record)) if fee else None,
            **common,
        )
        return
    if kind not in _MOVES:
        raise RowError("unknown_type", type=kind[:60])
    if len(moved) != 1:
        raise RowError("unclear_group", count=len(moved))
    (asset, change), (gain, loss) = moved[0], _MOVES[kind]
    desk.book.move(row, at, Amount(change, asset), gain=gain, loss=loss, fee=positive(fee, asset), **common)


def _moved(desk: Desk, record: dict[str, Any]) -> list[tuple[AssetId, Decimal]]:
    """Return the signed change of each coin: every field that is none of the known ones and no pair."""
    changes = [(name, number(record, name, Decimal(0))) for name in record if _is_coin(name)]
    return [(desk.book.coin(name), change) for name, change in changes if change]


def _is_coin(name: str) -> bool:
    return name not in _NO_COINS and "_" not in name


def _quoted_in(desk: Desk, record: dict[str, Any]) -> AssetId:
    """Return what the fee of a trade is in: the second half of its pair (``btc_usd``)."""
    pairs = [name for name in record if "_" in name and name not in _NO_COINS]
    if len(pairs) != 1:
        raise RowError("unclear_group", count=len(pairs))
    return desk.book.coin(pairs[0].partition("_")[2])


async def balances(desk: Desk) -> None:
    """Write down what is there."""
    found: dict[AssetId, Decimal] = {}
    for record in await desk.api.privatePostAccountBalances():
        total(found, desk.book.coin(record["currency"]), number(record, "total"))
    held(desk, found, account=_ACCOUNT)


PLAN = Plan((Stream("transactions", transactions),), balances)
