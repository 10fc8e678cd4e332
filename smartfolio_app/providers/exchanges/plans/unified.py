"""Every other exchange, by the questions ccxt has in common for all: trades, deposits, withdrawals, balances.

What ccxt calls a trade has its numbers as the exchange wrote them (``number`` is text here). Pages go on from the time
of their last record; records of that very instant come again and are known by their ids.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.money import multiply
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Row, RowError
from smartfolio_app.providers.exchanges.catalogue import Exchange
from smartfolio_app.providers.exchanges.desk import (
    BEGINNING,
    Desk,
    Plan,
    State,
    Step,
    Stream,
    held,
    moment_ms,
    ms,
    number,
    positive,
    total,
)
from smartfolio_app.providers.exchanges.markets import Market, Part, by_market

_DAY = 86_400_000
#: Asked for at once where ccxt does not know how many an exchange gives.
_PAGE = 100
_DEPOSIT_WINDOW_DAYS = 90
_WINDOWED_BEGINNING = datetime(2017, 1, 1, tzinfo=UTC)
_OVERLAP = timedelta(days=14)

#: Called with since, limit and further parameters; returns ccxt's records.
Ask = Callable[[int, int, dict[str, Any]], Awaitable[list[Any]]]
Use = Callable[[Desk, Row, dict[str, Any]], None]


async def _page(desk: Desk, state: State, ask: Ask, use: Use, *, window: int, limit: int) -> Step:
    """Read one page: from ``at`` on, within a window where there are any."""
    end = ms(desk.until)
    first = int(state.get("since") or _begin(desk, windowed=bool(window)))
    at, seen = int(state.get("at") or first), set(state.get("seen", ()))
    stop = min(at + window * _DAY, end) if window else end
    records = await ask(at, limit, {"until": stop} if window else {})
    fresh = [one for one in records if _key(one) not in seen]
    desk.each(fresh, lambda row, record: use(desk, row, record))
    last = max((int(one["timestamp"]) for one in records if one.get("timestamp")), default=0)
    progress = (stop - first, max(end - first, 1))
    if fresh and len(records) >= min(limit, _PAGE) and last >= at:
        same = [_key(one) for one in records if one.get("timestamp") == last]
        return Step({"since": first, "at": last, "seen": same}, more=True, progress=progress)
    if stop < end:
        # Who gives more than the window that was asked for need not be asked for it again.
        at, same = max(stop, last), [_key(one) for one in records if one.get("timestamp") == last > stop]
        return Step({"since": first, "at": at, "seen": same}, more=True, progress=progress)
    return Step({"since": ms(desk.until - _OVERLAP)}, more=False, progress=progress)


def _begin(desk: Desk, *, windowed: bool) -> int:
    """Return when to begin. In windows an earlier past costs many calls; its user may name a first day."""
    begins = _WINDOWED_BEGINNING if windowed and desk.since <= BEGINNING else max(BEGINNING, desk.since)
    reach = desk.exchange.days_back
    return ms(max(begins, desk.until - timedelta(days=reach)) if reach else begins)


def _key(record: dict[str, Any]) -> str:
    return str(record.get("id") or record.get("txid") or record)


# ------------------------------------------------------------------------------------------------------ streams
def _trades(exchange: Exchange) -> Stream:
    limit = exchange.page or _PAGE

    async def everywhere(desk: Desk, state: State) -> Step:
        async def ask(since: int, limit: int, params: dict[str, Any]) -> list[Any]:
            found: list[Any] = await desk.api.fetch_my_trades(None, since, limit, params)
            return found

        return await _page(desk, state, ask, _trade, window=exchange.window_days, limit=limit)

    async def in_one(desk: Desk, market: Market, state: State) -> Part:
        async def ask(since: int, limit: int, params: dict[str, Any]) -> list[Any]:
            found: list[Any] = await desk.api.fetch_my_trades(market.id, since, limit, params)
            return found

        step = await _page(desk, state, ask, _trade, window=exchange.window_days, limit=limit)
        return Part(step.state, step.more)

    return (
        by_market("trades", _markets, in_one, thorough=False)
        if exchange.by_market
        else Stream("trades", everywhere)
    )


async def _markets(desk: Desk) -> list[Market]:
    found = (await desk.api.load_markets()).values()
    return [
        Market(one["symbol"], str(one["base"]), str(one["quote"]))
        for one in found
        if one.get("spot") is not False and not one.get("contract")
    ]


def _moved(name: str, question: str) -> Stream:
    async def read(desk: Desk, state: State) -> Step:
        async def ask(since: int, limit: int, params: dict[str, Any]) -> list[Any]:
            found: list[Any] = await getattr(desk.api, question)(None, since, limit, params)
            return found

        def use(desk: Desk, row: Row, record: dict[str, Any]) -> None:
            _movement(desk, row, record, record.get("type") or name.removesuffix("s"))

        return await _page(desk, state, ask, use, window=_DEPOSIT_WINDOW_DAYS, limit=_PAGE)

    return Stream(name, read)


async def coins(desk: Desk, _state: State) -> Step:
    """Look at what is there, before markets are chosen by it. Brings nothing by itself."""
    await balances(desk)
    desk.book.lines.clear()
    return Step({}, more=False)


# ------------------------------------------------------------------------------------------------------ records
def _trade(desk: Desk, row: Row, record: dict[str, Any]) -> None:
    base, slash, quote = str(record.get("symbol") or "").partition("/")
    if not slash or ":" in quote:
        raise RowError("unknown_pair", pair=str(record.get("symbol"))[:40])
    if record["side"] not in {"buy", "sell"}:
        raise RowError("unknown_type", type=str(record["side"])[:60])
    size = number(record, "amount")
    cost = record.get("cost")
    worth = number(record, "cost") if cost is not None else multiply(size, number(record, "price"))
    received, sent = positive(size, desk.book.coin(base)), positive(worth, desk.book.coin(quote))
    if record["side"] == "sell":
        received, sent = sent, received
    fees = _fees(desk, record)
    at, identity = moment_ms(record["timestamp"]), str(record.get("id") or "")
    desk.remember("coins", base, quote)
    desk.remember("markets", str(record["symbol"]))
    desk.book.add(
        row,
        at,
        TransactionKind.TRADE,
        received=received,
        sent=sent,
        fee=fees[0] if fees else None,
        external_id=identity,
    )
    for index, further in enumerate(fees[1:], 2):
        own = f"{identity}:fee{index}" if identity else ""
        desk.book.add(row, at, TransactionKind.FEE, sent=further, external_id=own)
    for rebate in _fees(desk, record, rebates=True):
        own = f"{identity}:rebate" if identity else ""
        desk.book.add(row, at, TransactionKind.REWARD, received=rebate, external_id=own)


def _fees(desk: Desk, record: dict[str, Any], *, rebates: bool = False) -> list[Amount]:
    """Return the fees of a trade or a movement, or what a maker is given instead (fees below zero)."""
    found = []
    for one in record.get("fees") or [record.get("fee")]:
        if not one or one.get("cost") in {None, ""} or not one.get("currency"):
            continue
        cost = number(one, "cost")
        if cost and (cost < 0) is rebates:
            found.append(Amount(abs(cost), desk.book.coin(str(one["currency"]))))
    return found


def _movement(desk: Desk, row: Row, record: dict[str, Any], kind: str) -> None:
    if record.get("status") not in {"ok", None}:
        desk.book.skip(row, "import.skip.pending")
        return
    coin = desk.book.coin(str(record["currency"]))
    quantity, fees = positive(number(record, "amount"), coin), _fees(desk, record)
    comes = kind == "deposit"
    if kind not in {"deposit", "withdrawal"}:
        raise RowError("unknown_type", type=kind[:60])
    desk.remember("coins", str(record["currency"]))
    desk.book.add(
        row,
        moment_ms(record["timestamp"]),
        TransactionKind.DEPOSIT if comes else TransactionKind.WITHDRAWAL,
        received=quantity if comes else None,
        sent=None if comes else quantity,
        fee=fees[0] if fees else None,
        external_id=str(record.get("id") or record.get("txid") or ""),
    )


async def balances(desk: Desk) -> None:
    """Write down what is there."""
    found: dict[AssetId, Decimal] = {}
    for code, quantity in ((await desk.api.fetch_balance()).get("total") or {}).items():
        if quantity is not None:
            total(found, desk.book.coin(str(code)), number({"total": quantity}, "total"))
    held(desk, found)


def plan(exchange: Exchange) -> Plan:
    """Return how an exchange without a way of its own is read."""
    streams = [Stream("coins", coins)]
    if exchange.transfers:
        streams.append(_moved("movements", "fetch_deposits_withdrawals"))
    else:
        if exchange.deposits:
            streams.append(_moved("deposits", "fetch_deposits"))
        if exchange.withdrawals:
            streams.append(_moved("withdrawals", "fetch_withdrawals"))
    streams.append(_trades(exchange))
    return Plan(tuple(streams), balances)
