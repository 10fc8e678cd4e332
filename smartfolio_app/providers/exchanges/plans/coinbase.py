"""Coinbase: fills of the advanced exchange, and every other movement of each wallet.

A purchase or sale on the advanced exchange is a fill; the wallets tell it once more, and that is left out. A conversion
stands in two wallets: the first half waits in the state until the second has come.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from smartfolio_app.ledger.assets import AssetId, is_fiat
from smartfolio_app.ledger.money import divide, multiply
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Row, RowError
from smartfolio_app.providers.csv.formats.coinbase import MOVES
from smartfolio_app.providers.exchanges.desk import (
    Desk,
    Permissions,
    Plan,
    State,
    Step,
    Stream,
    held,
    moment_text,
    ms,
    number,
    positive,
    total,
)
from smartfolio_app.providers.exchanges.markets import coins_of

_FILLS = 250
_WALLETS = 100
_OVERLAP = timedelta(days=3)
#: The size of a fill that is told in money: more digits than any coin has there.
_SIZE = Decimal("1e-18")
_KINDS = {
    "fiat_deposit": "deposit",
    "fiat_withdrawal": "withdrawal",
    "tx": "send",
    "interest": "rewards income",
    "staking_reward": "staking income",
    "inflation_reward": "inflation reward",
    "earn_payout": "coinbase earn",
    "incentives_rewards_payout": "incentives rewards payout",
    "cardspend": "card spend",
    "cardbuyback": "card buy back",
}
_INTERNAL = frozenset(
    {
        "staking_transfer",
        "unstaking_transfer",
        "retail_eth2_deprecation",
        "vault_withdrawal",
        "transfer",
        "intx_deposit",
        "intx_withdrawal",
    }
)


async def fills(desk: Desk, state: State) -> Step:
    """Read the next page of fills, newest first, of the time since the last sync."""
    asked: dict[str, Any] = {"limit": _FILLS, "end_sequence_timestamp": desk.api.iso8601(ms(desk.until))}
    if state.get("since"):
        asked["start_sequence_timestamp"] = desk.api.iso8601(int(state["since"]))
    if state.get("cursor"):
        asked["cursor"] = state["cursor"]
    answer = await desk.api.v3PrivateGetBrokerageOrdersHistoricalFills(asked)
    rows = answer["fills"]
    desk.each(rows, lambda row, record: _fill(desk, row, record))
    if rows and answer.get("cursor"):
        return Step({**state, "cursor": str(answer["cursor"])}, more=True)
    return Step({"since": ms(desk.until - _OVERLAP)}, more=False)


def _fill(desk: Desk, row: Row, record: dict[str, Any]) -> None:
    if record["trade_type"] != "FILL":
        raise RowError("unknown_type", type=str(record["trade_type"])[:60])
    base, _, quote = str(record["product_id"]).partition("-")
    if record["side"] not in {"BUY", "SELL"} or not quote or "-" in quote:
        raise RowError("unknown_pair", pair=str(record["product_id"])[:40])
    price, size = number(record, "price"), number(record, "size")
    in_money = record.get("size_in_quote") is True
    money = positive(size if in_money else multiply(price, size), desk.book.coin(quote))
    bought = divide(size, price).quantize(_SIZE, ROUND_HALF_EVEN).normalize() if in_money else size
    coins = positive(bought, _coin(desk, base))
    buys = record["side"] == "BUY"
    desk.book.add(
        row,
        moment_text(record["trade_time"]),
        TransactionKind.TRADE,
        received=coins if buys else money,
        sent=money if buys else coins,
        fee=positive(number(record, "commission", Decimal(0)), desk.book.coin(quote)),
        external_id=str(record["trade_id"]),
    )


def _coin(desk: Desk, code: object) -> AssetId:
    """Return the asset of a coin; staked ether is ether all the same."""
    return desk.book.coin("ETH" if str(code).upper() == "ETH2" else str(code))


# ------------------------------------------------------------------------------------------------------ wallets
async def wallets(desk: Desk, state: State) -> Step:
    """Read the next page of one wallet after the other, newest first, down to the time of the last sync."""
    if "left" not in state or state.get("after"):
        return await _list_wallets(desk, state)
    left: list[str] = state["left"]
    if not left:
        kept = {"since": ms(desk.until - _OVERLAP)}
        return Step({**kept, "halves": state["halves"]} if state["halves"] else kept, more=False)
    asked: dict[str, Any] = {"account_id": left[0], "limit": _WALLETS}
    if state.get("below"):
        asked["starting_after"] = state["below"]
    answer = await desk.api.v2PrivateGetAccountsAccountIdTransactions(asked)
    since = int(state.get("since", 0))
    rows = [one for one in answer["data"] if ms(moment_text(one["created_at"])) >= since]
    halves: dict[str, Any] = dict(state["halves"])
    desk.each(rows, lambda row, record: _movement(desk, row, record, halves))
    below = str((answer.get("pagination") or {}).get("next_starting_after") or "")
    more = bool(below) and len(rows) == len(answer["data"])
    return Step(
        {**state, "halves": halves, "left": left if more else left[1:], "below": below if more else ""},
        more=True,
        progress=(state["count"] - len(left) + 1, state["count"]),
    )


async def _list_wallets(desk: Desk, state: State) -> Step:
    asked: dict[str, Any] = {"limit": _WALLETS}
    if state.get("after"):
        asked["starting_after"] = state["after"]
    answer = await desk.api.v2PrivateGetAccounts(asked)
    found = [*state.get("left", ()), *(str(one["id"]) for one in answer["data"])]
    begun = {"left": found, "count": len(found), "halves": state.get("halves", {})}
    after = str((answer.get("pagination") or {}).get("next_starting_after") or "")
    return Step({"since": state.get("since", 0), **begun, "after": after, "below": ""}, more=True)


def _movement(desk: Desk, row: Row, record: dict[str, Any], halves: dict[str, Any]) -> None:
    kind = str(record["type"]).casefold()
    if record["status"] != "completed":
        desk.book.skip(row, "import.skip.pending")
        return
    if kind == "advanced_trade_fill":
        desk.book.skip(row, "import.skip.other_side")
        return
    if kind in _INTERNAL:
        desk.book.skip(row, "import.skip.internal")
        return
    change, asset = number(record["amount"], "amount"), _coin(desk, record["amount"]["currency"])
    desk.remember("coins", *coins_of(record["amount"], "currency"))
    common = {"external_id": str(record["id"]), "note": str((record.get("details") or {}).get("title") or "")}
    at = moment_text(record["created_at"])
    if kind == "trade":
        _conversion(desk, row, record, halves)
    elif kind in {"buy", "sell"}:
        _purchase(desk, row, record, buys=kind == "buy")
    elif known := MOVES.get(_KINDS.get(kind, kind.replace("_", " "))):
        gain, loss = known
        fee = _network_fee(desk, record) if change < 0 else None
        if fee is not None and fee.asset == asset:
            change += fee.quantity  # what left the wallet has the fee in it
        desk.book.move(row, at, Amount(change, asset), gain=gain, loss=loss, fee=fee, **common)
    else:
        raise RowError("unknown_type", type=kind[:60])


def _network_fee(desk: Desk, record: dict[str, Any]) -> Amount | None:
    fee = (record.get("network") or {}).get("transaction_fee") or {}
    return positive(number(fee, "amount"), _coin(desk, fee["currency"])) if fee.get("amount") else None


def _purchase(desk: Desk, row: Row, record: dict[str, Any], *, buys: bool) -> None:
    """Write a simple purchase or sale down; the wallet of the money tells it too, and that is left out."""
    asset = _coin(desk, record["amount"]["currency"])
    if is_fiat(asset):
        desk.book.skip(row, "import.skip.other_side")
        return
    told = record.get("buy" if buys else "sell") or {}
    worth = told.get("subtotal") or record["native_amount"]
    fee = told.get("fee") or {}
    coins = positive(number(record["amount"], "amount"), asset)
    money = positive(number(worth, "amount"), desk.book.coin(worth["currency"]))
    desk.book.add(
        row,
        moment_text(record["created_at"]),
        TransactionKind.TRADE,
        received=coins if buys else money,
        sent=money if buys else coins,
        fee=positive(number(fee, "amount"), desk.book.coin(fee["currency"])) if fee.get("amount") else None,
        external_id=str(record["id"]),
    )


def _conversion(desk: Desk, row: Row, record: dict[str, Any], halves: dict[str, Any]) -> None:
    """Write a conversion down when both its halves, from two wallets, are here."""
    key = str((record.get("trade") or {}).get("id") or "")
    if not key:
        raise RowError("conversion_target_missing")
    half = {
        "id": str(record["id"]),
        "at": str(record["created_at"]),
        "amount": str(record["amount"]["amount"]),
        "coin": str(record["amount"]["currency"]),
    }
    other = halves.pop(key, None)
    if other is None or other["id"] == half["id"]:
        halves[key] = half
        desk.book.skip(row, "import.skip.other_side")
        return
    given, gained = sorted((half, other), key=lambda one: number(one, "amount"))
    if number(given, "amount") >= 0 or number(gained, "amount") <= 0:
        raise RowError("unclear_group", count=2)
    desk.book.add(
        row,
        moment_text(given["at"]),
        TransactionKind.TRADE,
        received=positive(number(gained, "amount"), _coin(desk, gained["coin"])),
        sent=positive(number(given, "amount"), _coin(desk, given["coin"])),
        external_id=given["id"],
    )


# ------------------------------------------------------------------------------------------------ what is there
async def balances(desk: Desk) -> None:
    """Write down what is there, on hold or not."""
    found: dict[AssetId, Decimal] = {}
    asked: dict[str, Any] = {"limit": 250}
    while True:
        answer = await desk.api.v3PrivateGetBrokerageAccounts(asked)
        for record in answer["accounts"]:
            there = number(record["available_balance"], "value") + number(
                record.get("hold") or {}, "value", Decimal(0)
            )
            total(found, _coin(desk, record["currency"]), there)
        if not answer.get("has_next") or not answer.get("cursor"):
            break
        asked["cursor"] = str(answer["cursor"])
    held(desk, found)


async def permissions(desk: Desk) -> Permissions:
    """Return what the key may do."""
    told = await desk.api.v3PrivateGetBrokerageKeyPermissions()
    return Permissions(may_trade=bool(told["can_trade"]), may_withdraw=bool(told["can_transfer"]))


PLAN = Plan((Stream("trades", fills), Stream("movements", wallets)), balances, permissions)
