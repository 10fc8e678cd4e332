"""Binance spot: deposits and withdrawals of coins and money, conversions, dust, rewards, and trades by market."""

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
    moment_text,
    number,
    positive,
    total,
)
from smartfolio_app.providers.exchanges.markets import Market, Part, by_market, coins_of
from smartfolio_app.providers.exchanges.windows import windowed

_BEGINS = datetime(2017, 7, 1, tzinfo=UTC)
_PAGE = 1000
_FIAT_PAGE = 500
_DONE_DEPOSITS = frozenset({"1", "6"})  # success; credited, not yet free to leave
_DONE_WITHDRAWAL = "6"
_DONE_FIAT = frozenset({"successful", "finished", "completed", "success"})
_REWARDS: tuple[tuple[tuple[str, ...], TransactionKind], ...] = (
    (("staking", "defi", "restake"), TransactionKind.STAKING),
    (("earn", "interest", "savings", "lending", "flexible", "locked"), TransactionKind.INTEREST),
    (("airdrop", "distribution", "hodler", "megadrop"), TransactionKind.AIRDROP),
)


async def _deposits(desk: Desk, start: int, stop: int, page: int) -> tuple[list[Any], bool]:
    asked = {"startTime": start, "endTime": stop, "limit": _PAGE, "offset": page * _PAGE}
    rows = await desk.api.sapiGetCapitalDepositHisrec(asked)
    return rows, len(rows) >= _PAGE


async def _withdrawals(desk: Desk, start: int, stop: int, page: int) -> tuple[list[Any], bool]:
    asked = {"startTime": start, "endTime": stop, "limit": _PAGE, "offset": page * _PAGE}
    rows = await desk.api.sapiGetCapitalWithdrawHistory(asked)
    return rows, len(rows) >= _PAGE


async def _money(desk: Desk, way: str, start: int, stop: int, page: int) -> tuple[list[Any], bool]:
    asked = {"transactionType": way, "beginTime": start, "endTime": stop, "rows": _FIAT_PAGE}
    rows = (await desk.api.sapiGetFiatOrders({**asked, "page": page + 1})).get("data") or []
    return rows, len(rows) >= _FIAT_PAGE


async def _money_in(desk: Desk, start: int, stop: int, page: int) -> tuple[list[Any], bool]:
    return await _money(desk, "0", start, stop, page)


async def _money_out(desk: Desk, start: int, stop: int, page: int) -> tuple[list[Any], bool]:
    return await _money(desk, "1", start, stop, page)


async def _conversions(desk: Desk, start: int, stop: int, _page: int) -> tuple[list[Any], bool]:
    asked = {"startTime": start, "endTime": stop, "limit": _PAGE}
    return (await desk.api.sapiGetConvertTradeFlow(asked))["list"], False


async def _dust(desk: Desk, start: int, stop: int, _page: int) -> tuple[list[Any], bool]:
    answer = await desk.api.sapiGetAssetDribblet({"startTime": start, "endTime": stop})
    return [part for one in answer["userAssetDribblets"] for part in one["userAssetDribbletDetails"]], False


async def _rewards(desk: Desk, start: int, stop: int, _page: int) -> tuple[list[Any], bool]:
    answer = await desk.api.sapiGetAssetAssetDividend({"startTime": start, "endTime": stop, "limit": 500})
    return answer["rows"], False


def _deposit(desk: Desk, row: Row, record: dict[str, Any]) -> None:
    if str(record["status"]) not in _DONE_DEPOSITS:
        desk.book.skip(row, "import.skip.pending")
        return
    desk.remember("coins", *coins_of(record, "coin"))
    desk.book.add(
        row,
        moment_ms(record["insertTime"]),
        TransactionKind.DEPOSIT,
        received=positive(number(record, "amount"), desk.book.coin(record["coin"])),
        external_id=str(record.get("id") or record.get("txId") or ""),
    )


def _withdrawal(desk: Desk, row: Row, record: dict[str, Any]) -> None:
    if str(record["status"]) != _DONE_WITHDRAWAL:
        desk.book.skip(row, "import.skip.pending")
        return
    coin = desk.book.coin(record["coin"])
    desk.remember("coins", *coins_of(record, "coin"))
    desk.book.add(
        row,
        moment_text(record["applyTime"]),
        TransactionKind.WITHDRAWAL,
        sent=positive(number(record, "amount"), coin),
        fee=positive(number(record, "transactionFee", Decimal(0)), coin),
        external_id=str(record["id"]),
    )


def _came(desk: Desk, row: Row, record: dict[str, Any]) -> None:
    if not _is_done(desk, row, record):
        return
    money, fee = desk.book.coin(record["fiatCurrency"]), number(record, "totalFee", Decimal(0))
    desk.book.add(
        row,
        moment_ms(record["createTime"]),
        TransactionKind.DEPOSIT,
        received=positive(number(record, "amount") + fee, money),  # what is credited has the fee taken off
        fee=positive(fee, money),
        external_id=str(record["orderNo"]),
    )


def _went(desk: Desk, row: Row, record: dict[str, Any]) -> None:
    if not _is_done(desk, row, record):
        return
    money = desk.book.coin(record["fiatCurrency"])
    desk.book.add(
        row,
        moment_ms(record["createTime"]),
        TransactionKind.WITHDRAWAL,
        sent=positive(number(record, "amount"), money),
        fee=positive(number(record, "totalFee", Decimal(0)), money),
        external_id=str(record["orderNo"]),
    )


def _is_done(desk: Desk, row: Row, record: dict[str, Any]) -> bool:
    if str(record["status"]).casefold() not in _DONE_FIAT:
        desk.book.skip(row, "import.skip.pending")
        return False
    desk.remember("coins", *coins_of(record, "fiatCurrency"))
    return True


def _conversion(desk: Desk, row: Row, record: dict[str, Any]) -> None:
    if record["orderStatus"] != "SUCCESS":
        desk.book.skip(row, "import.skip.pending")
        return
    desk.remember("coins", *coins_of(record, "fromAsset", "toAsset"))
    desk.book.add(
        row,
        moment_ms(record["createTime"]),
        TransactionKind.TRADE,
        received=positive(number(record, "toAmount"), desk.book.coin(record["toAsset"])),
        sent=positive(number(record, "fromAmount"), desk.book.coin(record["fromAsset"])),
        external_id=str(record["orderId"]),
    )


def _swept(desk: Desk, row: Row, record: dict[str, Any]) -> None:
    bnb = desk.book.coin(str(record.get("targetAsset") or "BNB"))
    gained, charged = number(record, "transferedAmount"), number(record, "serviceChargeAmount", Decimal(0))
    desk.remember("coins", *coins_of(record, "fromAsset"), "BNB")
    desk.book.add(
        row,
        moment_ms(record["operateTime"]),
        TransactionKind.TRADE,
        received=positive(gained + charged, bnb),  # what arrives has the charge taken off
        sent=positive(number(record, "amount"), desk.book.coin(record["fromAsset"])),
        fee=positive(charged, bnb),
        external_id=f"{record['transId']}:{record['fromAsset']}",
    )


def _reward(desk: Desk, row: Row, record: dict[str, Any]) -> None:
    words = str(record.get("enInfo") or "").casefold()
    kind = next((kind for keys, kind in _REWARDS if any(key in words for key in keys)), None)
    desk.remember("coins", *coins_of(record, "asset"))
    desk.book.add(
        row,
        moment_ms(record["divTime"]),
        kind or TransactionKind.REWARD,
        received=positive(number(record, "amount"), desk.book.coin(record["asset"])),
        note=str(record.get("enInfo") or ""),
        external_id=f"dividend:{record.get('id') or record['tranId']}",
    )


# ------------------------------------------------------------------------------------------------------- trades
async def _markets(desk: Desk) -> list[Market]:
    found = (await desk.api.publicGetExchangeInfo({"permissions": "SPOT", "showPermissionSets": "false"}))[
        "symbols"
    ]
    return [Market(one["symbol"], one["baseAsset"], one["quoteAsset"]) for one in found]


async def _trades(desk: Desk, market: Market, state: State) -> Part:
    """Read the next thousand trades of a market. Their numbers rise, so the next sync goes on after the last."""
    asked = {"symbol": market.id, "limit": _PAGE, "fromId": int(state.get("next", 0))}
    rows = await desk.api.privateGetMyTrades(asked)
    desk.each(rows, lambda row, record: _trade(desk, market, row, record))
    if not rows:
        return Part(state, more=False)
    desk.remember("coins", market.base, market.quote)
    desk.remember("markets", market.id)
    return Part({"next": max(int(one["id"]) for one in rows) + 1}, more=len(rows) >= _PAGE)


def _trade(desk: Desk, market: Market, row: Row, record: dict[str, Any]) -> None:
    if record["symbol"] != market.id:
        raise RowError("unknown_pair", pair=str(record["symbol"])[:40])
    coins = positive(number(record, "qty"), desk.book.coin(market.base))
    money = positive(number(record, "quoteQty"), desk.book.coin(market.quote))
    fee = number(record, "commission", Decimal(0))
    desk.book.add(
        row,
        moment_ms(record["time"]),
        TransactionKind.TRADE,
        received=coins if record["isBuyer"] else money,
        sent=money if record["isBuyer"] else coins,
        fee=positive(fee, desk.book.coin(record["commissionAsset"])) if fee else None,
        # Numbers are a market's own.
        external_id=f"{market.id}:{record['id']}",
    )


# ------------------------------------------------------------------------------------------------ what is there
async def balances(desk: Desk) -> None:
    """Write down what is there: the spot wallet, flexible savings (``LDBTC``) included, and the funding wallet."""
    found: dict[AssetId, Decimal] = {}
    spot = (await desk.api.privateGetAccount({"omitZeroBalances": "true"}))["balances"]
    for record in spot:
        code = str(record["asset"])
        saved = code.startswith("LD") and len(code) > 4
        coin = desk.book.coin(code[2:] if saved else code)
        total(found, coin, number(record, "free") + number(record, "locked"))
    for record in await desk.api.sapiPostAssetGetFundingAsset():
        kept = [number(record, name, Decimal(0)) for name in ("free", "locked", "freeze", "withdrawing")]
        total(found, desk.book.coin(record["asset"]), sum(kept, Decimal(0)))
    held(desk, found)


async def permissions(desk: Desk) -> Permissions:
    """Return what the key may do."""
    told = await desk.api.sapiGetAccountApiRestrictions()
    trading = (
        "enableSpotAndMarginTrading",
        "enableMargin",
        "enableFutures",
        "enableVanillaOptions",
        "enableFixApiTrade",
        "enablePortfolioMarginTrading",
    )
    moving = ("enableWithdrawals", "permitsUniversalTransfer", "enableInternalTransfer")
    return Permissions(
        may_trade=any(told.get(name) for name in trading),
        may_withdraw=any(told.get(name) for name in moving),
    )


_PENDING = timedelta(days=14)
PLAN = Plan(
    (
        windowed("deposits", _deposits, _deposit, begins=_BEGINS, days=90, overlap=_PENDING),
        windowed("withdrawals", _withdrawals, _withdrawal, begins=_BEGINS, days=90, overlap=_PENDING),
        windowed("money_in", _money_in, _came, begins=_BEGINS, days=3650, overlap=_PENDING),
        windowed("money_out", _money_out, _went, begins=_BEGINS, days=3650, overlap=_PENDING),
        windowed("conversions", _conversions, _conversion, begins=datetime(2019, 1, 1, tzinfo=UTC), days=30),
        windowed("dust", _dust, _swept, begins=datetime(2020, 12, 1, tzinfo=UTC), days=90),
        windowed("rewards", _rewards, _reward, begins=_BEGINS, days=14),
        by_market("trades", _markets, _trades, thorough=True),
    ),
    balances,
    permissions,
)
