"""KuCoin: fills, a week at a time, and deposits and withdrawals; high-frequency accounts tell fills by market."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.transactions import TransactionKind
from smartfolio_app.providers.csv.base import Row, RowError
from smartfolio_app.providers.exchanges.desk import (
    Desk,
    Permissions,
    Plan,
    State,
    held,
    moment_ms,
    ms,
    number,
    positive,
    total,
)
from smartfolio_app.providers.exchanges.markets import Market, Part, by_market
from smartfolio_app.providers.exchanges.windows import windowed

_PAGE = 500
_BEGINS = datetime(2019, 2, 18, tzinfo=UTC)
#: High-frequency trading exists since then.
_HF_BEGINS = datetime(2022, 11, 1, tzinfo=UTC)
_DAY = 86_400_000


def _asked(start: int, stop: int, page: int, **more: str) -> dict[str, Any]:
    return {"startAt": start, "endAt": stop, "currentPage": page + 1, "pageSize": _PAGE, **more}


async def _fills(desk: Desk, start: int, stop: int, page: int) -> tuple[list[Any], bool]:
    return _paged((await desk.api.privateGetFills(_asked(start, stop, page, tradeType="TRADE")))["data"])


async def _deposits(desk: Desk, start: int, stop: int, page: int) -> tuple[list[Any], bool]:
    return _paged((await desk.api.privateGetDeposits(_asked(start, stop, page, status="SUCCESS")))["data"])


async def _withdrawals(desk: Desk, start: int, stop: int, page: int) -> tuple[list[Any], bool]:
    asked = _asked(start, stop, page, status="SUCCESS", version="v1")
    return _paged((await desk.api.privateGetWithdrawals(asked))["data"])


async def _markets(desk: Desk) -> list[Market]:
    """Return the markets, for an account that trades at high frequency; none for any other."""
    kinds = {str(record.get("type")) for record in (await desk.api.privateGetAccounts())["data"]}
    if "trade_hf" not in kinds:
        return []
    return [
        Market(str(one["symbol"]), str(one["baseCurrency"]), str(one["quoteCurrency"]))
        for one in (await desk.api.publicGetSymbols())["data"]
    ]


async def _market_fills(desk: Desk, market: Market, state: State) -> Part:
    start = int(state.get("since") or ms(max(_HF_BEGINS, desk.since)))
    stop = min(start + 7 * _DAY, ms(desk.until))
    asked: dict[str, Any] = {"symbol": market.id, "startAt": start, "endAt": stop, "limit": 100}
    if state.get("last"):
        asked["lastId"] = state["last"]
    data = (await desk.api.privateGetHfFills(asked))["data"]
    items = data["items"]
    desk.each(items, lambda row, record: _fill(desk, row, record))
    if len(items) >= 100 and data.get("lastId"):
        return Part({"since": start, "last": str(data["lastId"])}, more=True)
    if stop < ms(desk.until):
        return Part({"since": stop}, more=True)
    return Part({"since": ms(desk.until - timedelta(days=1))}, more=False)


def _paged(data: dict[str, Any]) -> tuple[list[Any], bool]:
    return data["items"], int(data["currentPage"]) < int(data["totalPage"])


def _fill(desk: Desk, row: Row, record: dict[str, Any]) -> None:
    base, _, quote = str(record["symbol"]).partition("-")
    if record["side"] not in {"buy", "sell"} or not quote:
        raise RowError("unknown_pair", pair=str(record["symbol"])[:40])
    coins = positive(number(record, "size"), desk.book.coin(base))
    money = positive(number(record, "funds"), desk.book.coin(quote))
    fee = number(record, "fee", Decimal(0))
    desk.remember("coins", base, quote)
    desk.book.add(
        row,
        moment_ms(record["createdAt"]),
        TransactionKind.TRADE,
        received=coins if record["side"] == "buy" else money,
        sent=money if record["side"] == "buy" else coins,
        fee=positive(fee, desk.book.coin(record["feeCurrency"])) if fee else None,
        # Its files name the order; fills of one order that are alike are counted.
        external_id=str(record["orderId"]),
    )


def _deposit(desk: Desk, row: Row, record: dict[str, Any]) -> None:
    coin = desk.book.coin(record["currency"])
    desk.remember("coins", record["currency"])
    desk.book.add(
        row,
        moment_ms(record["createdAt"]),
        TransactionKind.DEPOSIT,
        received=positive(number(record, "amount"), coin),
        fee=positive(number(record, "fee", Decimal(0)), coin),
        external_id=str(record.get("walletTxId") or ""),
    )


def _withdrawal(desk: Desk, row: Row, record: dict[str, Any]) -> None:
    coin = desk.book.coin(record["currency"])
    desk.remember("coins", record["currency"])
    desk.book.add(
        row,
        moment_ms(record["createdAt"]),
        TransactionKind.WITHDRAWAL,
        sent=positive(number(record, "amount"), coin),
        fee=positive(number(record, "fee", Decimal(0)), coin),
        external_id=str(record["id"]),
    )


async def balances(desk: Desk) -> None:
    """Write down what is there, in the main, trading and high-frequency accounts together."""
    found: dict[AssetId, Decimal] = {}
    for record in (await desk.api.privateGetAccounts())["data"]:
        total(found, desk.book.coin(record["currency"]), number(record, "balance"))
    held(desk, found)


async def permissions(desk: Desk) -> Permissions:
    """Return what the key may do."""
    data = (await desk.api.privateGetUserApiKey())["data"]
    granted = {word.strip().casefold() for word in str(data.get("permission", "")).split(",")}
    return Permissions(
        may_trade=bool(granted & {"trade", "spot", "margin", "futures", "unified"}),
        # ``Transfer`` is what older keys call the permission to withdraw; ``InnerTransfer`` stays inside.
        may_withdraw=bool(granted & {"withdrawal", "withdraw", "transfer"}),
        account=str(data.get("remark") or ""),
    )


_OVERLAP = timedelta(days=14)
PLAN = Plan(
    (
        windowed("deposits", _deposits, _deposit, begins=_BEGINS, days=3650, overlap=_OVERLAP),
        windowed("withdrawals", _withdrawals, _withdrawal, begins=_BEGINS, days=3650, overlap=_OVERLAP),
        windowed("trades", _fills, _fill, begins=_BEGINS, days=7),
        by_market("trades_hf", _markets, _market_fills, thorough=False),
    ),
    balances,
    permissions,
)
