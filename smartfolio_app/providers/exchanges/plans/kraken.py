"""Kraken: its ledger, which is the ledgers export by network, so both are read by the same reader.

Fifty entries come at a time, newest first; the entries of one event share a ``refid`` and must not be torn apart by the
end of a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.money import exact
from smartfolio_app.providers.csv import symbols
from smartfolio_app.providers.csv.base import Row, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.formats.kraken_ledgers import FORMATS
from smartfolio_app.providers.exchanges.desk import (
    Desk,
    Permissions,
    Plan,
    State,
    Step,
    Stream,
    held,
    number,
    total,
)

_COLUMNS = ("txid", "refid", "time", "type", "subtype", "aclass", "asset", "amount", "fee", "balance")
#: Entries may appear somewhat after the instant they carry (rewards), and those of one event span a moment.
_OVERLAP = timedelta(days=3)
_SPAN = timedelta(minutes=2)


async def ledger(desk: Desk, state: State) -> Step:
    """Read the next page of the ledger."""
    since, offset = int(state.get("since", 0)), int(state.get("offset", 0))
    asked: dict[str, Any] = {"ofs": offset, "end": int(desk.until.timestamp())}
    if since:
        asked["start"] = since - int(_SPAN.total_seconds())
    result = (await desk.api.privatePostLedgers(asked))["result"]
    entries: list[dict[str, Any]] = [{**entry, "txid": txid} for txid, entry in result["ledger"].items()]
    entries.sort(key=lambda entry: exact(entry["time"]), reverse=True)
    count = int(result.get("count") or 0)
    last = offset + len(entries) >= count or not entries
    whole = entries if last else _untorn(entries)
    # What began before ``since`` was read in full the last time, and only its end may be here.
    began = {entry["refid"]: exact(entry["time"]) for entry in entries}
    rows = [
        Row(number_, [_cell(entry, column) for column in _COLUMNS])
        for number_, entry in enumerate(reversed(whole), 1)
        if began[entry["refid"]] >= since
    ]
    _read(desk, rows)
    if last:
        return Step({"since": int((desk.until - _OVERLAP).timestamp())}, more=False, progress=(count, count))
    return Step({**state, "offset": offset + len(whole)}, more=True, progress=(offset + len(whole), count))


def _untorn(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave the last event of a page, and what is interleaved with it, to the next page, where they will be whole."""
    cut, open_ = len(entries), {entries[-1]["refid"]}
    for index in range(len(entries) - 1, -1, -1):
        if entries[index]["refid"] in open_:
            open_ |= {entry["refid"] for entry in entries[index:cut]}
            cut = index
    return entries[:cut] or entries


def _cell(entry: Mapping[str, Any], column: str) -> str:
    value = entry.get(column)
    if column == "time":
        return datetime.fromtimestamp(int(exact(str(value))), UTC).strftime("%Y-%m-%d %H:%M:%S")
    return "" if value is None else str(value)


def _read(desk: Desk, rows: list[Row]) -> None:
    form = FORMATS[0]
    desk.book = Book(Table(_COLUMNS, rows, rows), desk.book.options, form.info)
    form.read(desk.book.table, desk.book)


async def balances(desk: Desk) -> None:
    """Write down what is there, staked and held coins included."""
    found: dict[AssetId, Decimal] = {}
    for code, entry in (await desk.api.privatePostBalanceEx())["result"].items():
        total(found, desk.book.coin(symbols.kraken(code)), number(entry, "balance"))
    held(desk, found)


async def permissions(desk: Desk) -> Permissions:
    """Return what the key may do."""
    result = (await desk.api.privatePostGetApiKeyInfo())["result"]
    granted = [str(one).casefold() for one in result.get("permissions") or ()]
    trading = ("modify", "create", "close-trades", "cancel")
    return Permissions(
        may_trade=any(word in one for one in granted for word in trading),
        may_withdraw=any("withdraw" in one for one in granted),
        account=str(result.get("apiKeyName") or ""),
    )


PLAN = Plan((Stream("ledger", ledger),), balances, permissions, own_nonce=True)
