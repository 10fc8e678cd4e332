"""A stand-in on 127.0.0.1 for the CoinTracking API: it checks signatures and nonces, counts calls, and misbehaves.

In a test: ``with CoinTrackingServer() as server: server.url``. In a process of its own: ``python -m
tests.loopback.cointracking --port 18310``; it is then steered by ``POST /_control`` with the JSON of ``Trouble``.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.loopback.stage import Actor, Running, Stage, Trouble

PATH = "/api/v1/"


@dataclass
class Account:
    """One CoinTracking account: its key, what it holds where, its trades. Amounts are text, as the API writes them."""

    key: str
    secret: str
    currency: str = "EUR"
    #: exchange -> coin -> (amount, price of one)
    places: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    trades: dict[str, dict[str, str]] = field(default_factory=dict)
    hour: int = 20
    as_list: bool = False
    nonce: int = 0
    calls: deque[float] = field(default_factory=deque)

    def trade(self, number: int, at: int, kind: str = "Trade", **sides: str) -> None:
        """Book a trade: ``buy="0.5 BTC"``, ``sell="100 EUR"``, ``fee="1 EUR"``, ``exchange=``..."""
        row = {
            "time": str(at),
            "type": kind,
            "exchange": "Kraken",
            "group": "",
            "comment": "",
            "trade_id": f"T-{number}",
        }
        for side in ("buy", "sell", "fee"):
            amount, _, coin = sides.pop(side, "").partition(" ")
            row |= {f"{side}_amount": amount, f"{side}_currency": coin}
        self.trades[str(100_000 + number)] = row | sides


@dataclass
class Call:
    """One call as it arrived."""

    method: str
    parameters: dict[str, str]
    key: str
    nonce: int


class CoinTrackingWorld(Stage):
    """The accounts, and what the server was told to do."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[str, Account] = {}
        self.calls: list[Call] = []
        self.delay = 0.0

    def add(
        self, key: str = "ct-key-0001-of-ann", secret: str = "ct-secret-0001-of-ann", **more: Any
    ) -> Account:
        account = self.accounts[key] = Account(key, secret, **more)
        return account


def _error(method: str, code: str, words: str) -> dict[str, Any]:
    return {"success": 0, "method": method, "error": code, "error_msg": f"ERROR: {words}"}


def answer(world: CoinTrackingWorld, body: bytes, key: str, sign: str) -> dict[str, Any]:
    """Return what CoinTracking answers; refusals come with HTTP 200, as documented."""
    parameters = dict(parse_qsl(body.decode(), keep_blank_values=True))
    method = parameters.get("method", "")
    account = world.accounts.get(key)
    if account is None:
        return _error(method, "INVALID_KEY", "Invalid API key")
    expected = hmac.new(account.secret.encode(), body, hashlib.sha512).hexdigest()
    if not hmac.compare_digest(sign, expected):
        return _error(method, "INVALID_SIGN", "Invalid signature")
    nonce = parameters.get("nonce", "")
    with world.lock:
        if not nonce.isdecimal() or int(nonce) <= account.nonce:
            return _error(method, "INVALID_NONCE", "Nonce has to be increasing")
        account.nonce = int(nonce)
        now = time.time()
        while account.calls and account.calls[0] <= now - 3600:
            account.calls.popleft()
        if len(account.calls) >= account.hour:
            return _error(method, "LIMIT_EXCEEDED", "You have exceeded your API limit")
        account.calls.append(now)
        world.calls.append(Call(method, parameters, key, int(nonce)))
    methods = {
        "getTrades": _trades,
        "getBalance": _balance,
        "getGroupedBalance": _grouped,
        "getHistoricalSummary": _summary,
        "getHistoricalCurrency": _currency,
        "getGains": _gains,
    }
    if method not in methods:
        return _error(method, "NO_METHOD", "Method not set")
    return {"success": 1, "method": method, **methods[method](account, parameters)}


def _trades(account: Account, parameters: dict[str, str]) -> dict[str, Any]:
    start, limit = int(parameters.get("start", 0)), int(parameters.get("limit", 0))
    rows = [(number, row) for number, row in account.trades.items() if int(row["time"]) >= start]
    rows.sort(key=lambda one: int(one[1]["time"]), reverse=parameters.get("order") == "DESC")
    return dict(rows[:limit] if limit else rows)


def _totals(account: Account) -> dict[str, tuple[float, str, list[str]]]:
    found: dict[str, tuple[float, str, list[str]]] = {}
    for coins in account.places.values():
        for coin, (amount, price) in coins.items():
            before = found.get(coin, (0.0, price, []))
            found[coin] = (before[0], price, [*before[2], amount])
    return found


def _sum(amounts: list[str]) -> str:
    from decimal import Decimal

    return f"{sum((Decimal(one.replace(',', '')) for one in amounts), Decimal(0)):,.8f}"


def _balance(account: Account, _parameters: dict[str, str]) -> dict[str, Any]:
    details: Any = {
        coin: {"coin": coin, "amount": _sum(amounts), "price_fiat": price, "value_fiat": "1,234.50"}
        for coin, (_, price, amounts) in _totals(account).items()
    }
    details["TOTAL"] = {"value_fiat": "9,999.99"}
    if account.as_list:
        details = list(details.values())
    found: dict[str, Any] = {"summary": {"value_fiat": "9,999.99", "value_btc": "0.1"}, "details": details}
    return found | ({"account_currency": account.currency} if account.currency else {})


def _grouped(account: Account, _parameters: dict[str, str]) -> dict[str, Any]:
    groups = {
        f"{place} Balance": {
            "details": {
                **{coin: {"amount": amount, "fiat": "1.00"} for coin, (amount, _) in coins.items()},
                "TOTAL_SUMMARY": {"fiat": "1.00"},
            }
        }
        for place, coins in account.places.items()
    }
    return {"result": {"details": groups}}


def _summary(_account: Account, _parameters: dict[str, str]) -> dict[str, Any]:
    return {
        "result": {
            "1704067200": {"value_fiat": "40,000.00", "value_btc": "0.94"},
            "1704153600": {"value_fiat": "41,250.10", "value_btc": "0.931"},
        }
    }


def _currency(_account: Account, parameters: dict[str, str]) -> dict[str, Any]:
    coin = parameters.get("currency", "BTC")
    return {"result": {coin: {"1704067200": {"amount": "0.5", "fiat": "21,100.00", "btc": "0.5"}}}}


def _gains(account: Account, _parameters: dict[str, str]) -> dict[str, Any]:
    rows = {
        coin: {"amount": "1", "cost": "1,000.00", "unrealized": "-12.5", "note": "x"}
        for coin in _totals(account)
    }
    return {"gains": rows}


class _Handler(Actor):
    world: CoinTrackingWorld

    def do_POST(self) -> None:  # noqa: N802 - the name the server looks for
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/_control":
            self._control(json.loads(body))
            return
        method = dict(parse_qsl(body.decode(errors="replace"))).get("method", "")
        if self.world.delay:
            time.sleep(self.world.delay)
        trouble = self.world.trouble_for(method)
        if trouble is not None and not self.misbehave(trouble):
            return
        if self.path != PATH:
            self.send(404, "application/json", b"{}", {})
            return
        told = answer(self.world, body, self.headers.get("Key", ""), self.headers.get("Sign", ""))
        self.send(200, "application/json", json.dumps(told).encode(), {})

    def _control(self, order: dict[str, Any]) -> None:
        if order.pop("reset", False):
            self.world.troubles.clear()
        self.world.delay = order.pop("delay", self.world.delay)
        for one in order.pop("accounts", ()):
            self.world.accounts[one["key"]] = Account(**one)
        if order.get("kind"):
            self.world.troubles.append(Trouble(**order))
        told = {
            "calls": [[call.method, call.key, call.nonce] for call in self.world.calls],
        }
        self.send(200, "application/json", json.dumps(told).encode(), {})


class CoinTrackingServer(Running):
    """Runs the stand-in in threads of this process; ``world`` is what it knows and how it behaves. A trouble's ``path``
    is a method's name.
    """

    def __init__(self, port: int = 0) -> None:
        self.world = CoinTrackingWorld()
        super().__init__(_Handler, self.world, port)
        self.url = f"{self.url}{PATH.rstrip('/')}"

    @property
    def methods(self) -> list[str]:
        """The methods that were answered so far."""
        return [call.method for call in self.world.calls]


def main() -> None:
    """Serve on a port until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=18310)
    server = CoinTrackingServer(parser.parse_args().port)
    print(server.url, flush=True)
    server.serve()


if __name__ == "__main__":
    main()
