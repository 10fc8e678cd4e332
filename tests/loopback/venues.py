"""Crypto exchanges on 127.0.0.1: each checks signatures by its own documented rule, and pages as documented.

Nothing of ccxt is used here: a wrong signature, a nonce that does not rise, a time that is off is answered as the
exchange would.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.loopback.server import World
from tests.loopback.stage import Actor, Running

KEY = "reader-key"
SECRET = "cmVhZGVyIHNlY3JldCBvZiBzb21lIGxlbmd0aA=="
PASSPHRASE = "open sesame"
CODES = {429: "429000", 400: "400100", 401: "400005"}


@dataclass
class Call:
    """One call as it arrived. ``target`` is the path with its query, exactly as sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: str

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body, keep_blank_values=True))


@dataclass
class Answer:
    status: int
    document: Any
    headers: dict[str, str] = field(default_factory=dict)


class Venue:
    """One exchange: what it holds, and how it answers."""

    host = ""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.busy = 0  # so many of the next calls are answered as "too many"

    def signed(self, call: Call) -> Answer | None:
        """Return the refusal of a call that is not signed as it should be."""
        raise NotImplementedError

    def too_many(self) -> Answer:
        raise NotImplementedError

    def answer(self, call: Call) -> Answer:
        raise NotImplementedError

    def paths(self) -> list[str]:
        return [call.path for call in self.calls]


class VenueServer(Running):
    """Runs an exchange in threads of this process."""

    def __init__(self, venue: Venue) -> None:
        self.venue, self.world = venue, World()
        super().__init__(_VenueHandler, self.world, venue=venue)
        venue.host = self.host


class _VenueHandler(Actor):
    world: World
    venue: Venue
    disable_nagle_algorithm = True  # hundreds of small answers, and no forty milliseconds for each

    def do_GET(self) -> None:  # noqa: N802 - the name the server looks for
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = Call(self.command, self.path, headers, body)
        self.venue.calls.append(call)
        if self.venue.busy > 0:
            self.venue.busy -= 1
            self._reply_with(self.venue.too_many())
            return
        trouble = self.world.trouble_for(self.path)
        if trouble is None or self.misbehave(trouble):
            self._reply_with(self.venue.signed(call) or self.venue.answer(call))

    do_POST = do_GET  # noqa: N815 - as above

    def _reply_with(self, answer: Answer) -> None:
        if isinstance(answer.document, str):
            self.send(answer.status, "text/html", answer.document.encode(), answer.headers)
            return
        body = json.dumps(answer.document).encode()
        self.send(answer.status, "application/json", body, answer.headers)


def sha256_hex(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def sha256_base64(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


# ------------------------------------------------------------------------------------------------------- Kraken
class Kraken(Venue):
    """Errors come with status 200; fifty ledger entries at a time, newest first."""

    def __init__(self, entries: dict[str, dict[str, Any]], balances: dict[str, str]) -> None:
        super().__init__()
        self.entries, self.balances = entries, balances
        self.permissions: list[str] | None = ["query-funds", "query-ledger", "query-closed-trades"]
        self.nonce = 0
        self.keys = {KEY}

    def signed(self, call: Call) -> Answer | None:
        if call.headers.get("api-key") not in self.keys:
            return self._error("EAPI:Invalid key")
        nonce = int(call.form["nonce"])
        digest = hashlib.sha256(f"{nonce}{call.body}".encode()).digest()
        mac = hmac.new(base64.b64decode(SECRET), call.path.encode() + digest, hashlib.sha512).digest()
        if base64.b64encode(mac).decode() != call.headers.get("api-sign"):
            return self._error("EAPI:Invalid signature")
        if nonce <= self.nonce:
            return self._error("EAPI:Invalid nonce")
        self.nonce = nonce
        return None

    def too_many(self) -> Answer:
        return self._error("EAPI:Rate limit exceeded")

    def answer(self, call: Call) -> Answer:
        if call.path == "/0/private/BalanceEx":
            rows = {code: {"balance": amount, "hold_trade": "0.0"} for code, amount in self.balances.items()}
            return self._result(rows)
        if call.path == "/0/private/GetApiKeyInfo":
            if self.permissions is None:
                return self._error("EGeneral:Unknown method")
            return self._result({"apiKeyName": "reading", "permissions": self.permissions})
        if call.path == "/0/private/Ledgers":
            start, end = float(call.form.get("start", 0)), float(call.form["end"])
            found = [(id_, one) for id_, one in self.entries.items() if start < one["time"] <= end]
            found.sort(key=lambda pair: pair[1]["time"], reverse=True)
            offset = int(call.form.get("ofs", 0))
            return self._result({"ledger": dict(found[offset : offset + 50]), "count": len(found)})
        return self._error("EGeneral:Unknown method")

    @staticmethod
    def _result(result: Any) -> Answer:
        return Answer(200, {"error": [], "result": result})

    @staticmethod
    def _error(error: str) -> Answer:
        return Answer(200, {"error": [error]})


# ------------------------------------------------------------------------------------------------------ Binance
class Binance(Venue):
    """Signed queries with a time; trades by market from an id on; spans of at most 90 days."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = time.time
        self.trades: dict[str, list[dict[str, Any]]] = {}
        self.deposits: list[dict[str, Any]] = []
        self.withdrawals: list[dict[str, Any]] = []
        self.fiat: dict[str, list[dict[str, Any]]] = {"0": [], "1": []}
        self.dust: list[dict[str, Any]] = []
        self.conversions: list[dict[str, Any]] = []
        self.dividends: list[dict[str, Any]] = []
        self.balances: list[dict[str, str]] = []
        self.funding: list[dict[str, str]] = []
        self.markets = ["BTCUSDT", "ETHBTC", "SHIBUSDT", "ETHUSDT"]
        self.restrictions: dict[str, bool] = {"enableReading": True}
        self.silenced = 0

    def signed(self, call: Call) -> Answer | None:
        if call.path in {"/api/v3/exchangeInfo", "/api/v3/time"}:
            return None
        if call.headers.get("x-mbx-apikey") != KEY:
            return self._error(401, -2015, "Invalid API-key, IP, or permissions for action.")
        text = call.body if call.method == "POST" else urlsplit(call.target).query
        payload, _, signature = text.rpartition("&signature=")
        if sha256_hex(SECRET, payload) != signature:
            return self._error(400, -1022, "Signature for this request is not valid.")
        sent = dict(parse_qsl(payload))
        if not -1000 < self.clock() * 1000 - int(sent["timestamp"]) < int(sent.get("recvWindow", 5000)):
            return self._error(400, -1021, "Timestamp for this request is outside of the recvWindow.")
        return None

    def too_many(self) -> Answer:
        self.silenced += 1
        refusal = self._error(429 if self.silenced < 3 else 418, -1003, "Too much request weight used.")
        return Answer(refusal.status, refusal.document, {"retry-after": "7"})

    def answer(self, call: Call) -> Answer:
        asked = call.query or call.form
        routes: dict[str, Callable[[], Any]] = {
            "/api/v3/time": lambda: {"serverTime": int(self.clock() * 1000)},
            "/api/v3/exchangeInfo": lambda: {"symbols": [self._market(name) for name in self.markets]},
            "/api/v3/account": lambda: {"balances": self.balances},
            "/api/v3/myTrades": lambda: self._trades(asked),
            "/sapi/v1/capital/deposit/hisrec": lambda: self._between(self.deposits, "insertTime", asked),
            "/sapi/v1/capital/withdraw/history": lambda: self._between(self.withdrawals, "at", asked),
            "/sapi/v1/fiat/orders": lambda: {
                "code": "000000",
                "data": [
                    row
                    for row in self.fiat[asked["transactionType"]]
                    if int(asked["beginTime"]) <= row["createTime"] <= int(asked["endTime"])
                ],
                "success": True,
            },
            "/sapi/v1/convert/tradeFlow": lambda: {
                "list": self._between(self.conversions, "createTime", asked),
                "moreData": False,
            },
            "/sapi/v1/asset/dribblet": lambda: {
                "total": 1,
                "userAssetDribblets": self._between(self.dust, "operateTime", asked),
            },
            "/sapi/v1/asset/assetDividend": lambda: {
                "rows": self._between(self.dividends, "divTime", asked),
                "total": 1,
            },
            "/sapi/v1/asset/get-funding-asset": lambda: self.funding,
            "/sapi/v1/account/apiRestrictions": lambda: self.restrictions,
        }
        if call.path not in routes:
            return Answer(404, {"code": -1, "msg": "Not found"})
        try:
            return Answer(200, routes[call.path]())
        except ValueError as error:
            return self._error(400, -1127, str(error))

    @staticmethod
    def _market(name: str) -> dict[str, str]:
        base = name.removesuffix("USDT") if name.endswith("USDT") else name.removesuffix("BTC")
        return {"symbol": name, "baseAsset": base, "quoteAsset": name.removeprefix(base)}

    @staticmethod
    def _between(rows: list[dict[str, Any]], name: str, asked: dict[str, str]) -> list[dict[str, Any]]:
        start, end = int(asked["startTime"]), int(asked["endTime"])
        if end - start > 90 * 86_400_000:
            raise ValueError("More than 90 days between startTime and endTime.")
        found = [row for row in rows if start <= row[name] <= end]
        first = int(asked.get("offset", 0))
        return found[first : first + int(asked.get("limit", 1000))]

    def _trades(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        rows = [row for row in self.trades.get(asked["symbol"], []) if row["id"] >= int(asked["fromId"])]
        return rows[: int(asked["limit"])]

    @staticmethod
    def _error(status: int, code: int, message: str) -> Answer:
        return Answer(status, {"code": code, "msg": message})


# ----------------------------------------------------------------------------------------------------- Bitstamp
class Bitstamp(Venue):
    """Signed headers with a nonce used once; transactions by offset."""

    def __init__(self, rows: list[dict[str, Any]], balances: list[dict[str, str]]) -> None:
        super().__init__()
        self.rows, self.balances = rows, balances
        self.nonces: set[str] = set()

    def signed(self, call: Call) -> Answer | None:
        said = call.headers
        if said.get("x-auth") != f"BITSTAMP {KEY}":
            return self._error("API key not found", "API0001", 403)
        # The rule has host and path without a scheme; a client on plain http signs that too.
        text = (
            said["x-auth"]
            + call.method
            + f"http://{self.host}{call.target}"
            + said.get("content-type", "")
            + said["x-auth-nonce"]
            + said["x-auth-timestamp"]
            + said["x-auth-version"]
            + call.body
        )
        if sha256_hex(SECRET, text) != said["x-auth-signature"]:
            return self._error("Invalid signature", "API0005", 403)
        if said["x-auth-nonce"] in self.nonces:
            return self._error("Invalid nonce", "API0004", 403)
        self.nonces.add(said["x-auth-nonce"])
        return None

    def too_many(self) -> Answer:
        return Answer(
            429, {"response_code": "400.002", "response_explanation": "Request rate limit exceeded."}
        )

    def answer(self, call: Call) -> Answer:
        if call.path == "/api/v2/user_transactions/":
            first, limit = int(call.form["offset"]), int(call.form["limit"])
            rows = self.rows if call.form["sort"] == "asc" else self.rows[::-1]
            return Answer(200, rows[first : first + limit])
        if call.path == "/api/v2/account_balances/":
            return Answer(200, self.balances)
        return self._error("Not found", "404", 404)

    @staticmethod
    def _error(reason: str, code: str, status: int) -> Answer:
        return Answer(status, {"status": "error", "reason": reason, "code": code})


# ------------------------------------------------------------------------------------------------------- KuCoin
class KuCoin(Venue):
    """Signed time, method, path and body, with a signed passphrase; a week of fills at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.fills: list[dict[str, Any]] = []
        self.hf_fills: list[dict[str, Any]] = []
        self.deposits: list[dict[str, Any]] = []
        self.withdrawals: list[dict[str, Any]] = []
        self.accounts: list[dict[str, str]] = []
        self.permission = "General"

    def signed(self, call: Call) -> Answer | None:
        if call.path == "/api/v2/symbols":
            return None
        said = call.headers
        if said.get("kc-api-key") != KEY:
            return self._error(401, "400003", "KC-API-KEY not exists")
        if said["kc-api-passphrase"] != sha256_base64(SECRET, PASSPHRASE):
            return self._error(401, "400004", "KC-API-PASSPHRASE error")
        if abs(time.time() * 1000 - int(said["kc-api-timestamp"])) > 5000:
            return self._error(400, "400002", "KC-API-TIMESTAMP Invalid")
        text = said["kc-api-timestamp"] + call.method + call.target + call.body
        if sha256_base64(SECRET, text) != said["kc-api-sign"]:
            return self._error(401, "400005", "KC-API-SIGN error")
        return None

    def too_many(self) -> Answer:
        return self._error(429, "429000", "Too Many Requests")

    def answer(self, call: Call) -> Answer:
        asked = call.query
        if call.path == "/api/v1/accounts":
            return self._data(self.accounts)
        if call.path == "/api/v1/user/api-key":
            return self._data({"remark": "reading", "permission": self.permission})
        if call.path == "/api/v2/symbols":
            pairs = ("BTC-USDT", "ETH-USDT", "DOGE-BTC")
            return self._data(
                [
                    {"symbol": p, "baseCurrency": p.split("-")[0], "quoteCurrency": p.split("-")[1]}
                    for p in pairs
                ]
            )
        if call.path == "/api/v1/hf/fills":
            rows = [row for row in self._between(self.hf_fills, asked) if row["symbol"] == asked["symbol"]]
            return self._data({"items": rows[: int(asked["limit"])], "lastId": 0})
        if call.path == "/api/v1/fills":
            if int(asked["endAt"]) - int(asked["startAt"]) > 7 * 86_400_000:
                return self._error(400, "400100", "The time range may not exceed 7 days")
            return self._paged(self._between(self.fills, asked), asked)
        if call.path == "/api/v1/deposits":
            return self._paged(self._between(self.deposits, asked), asked)
        if call.path == "/api/v1/withdrawals":
            return self._paged(self._between(self.withdrawals, asked), asked)
        return self._error(404, "404000", "Not found")

    @staticmethod
    def _between(rows: list[dict[str, Any]], asked: dict[str, str]) -> list[dict[str, Any]]:
        return [row for row in rows if int(asked["startAt"]) <= row["createdAt"] <= int(asked["endAt"])]

    def _paged(self, rows: list[dict[str, Any]], asked: dict[str, str]) -> Answer:
        page, size = int(asked["currentPage"]), int(asked["pageSize"])
        body = {
            "currentPage": page,
            "pageSize": size,
            "totalNum": len(rows),
            "totalPage": -(-len(rows) // size),
        }
        return self._data({**body, "items": rows[(page - 1) * size : page * size]})

    @staticmethod
    def _data(data: Any) -> Answer:
        return Answer(200, {"code": "200000", "data": data})

    @staticmethod
    def _error(status: int, code: str, message: str) -> Answer:
        return Answer(status, {"code": code, "msg": message})


# ----------------------------------------------------------------------------------------------------- Coinbase
class Coinbase(Venue):
    """A signed token a call, good for two minutes and for one address; pages by cursor."""

    def __init__(self, public: ec.EllipticCurvePublicKey, key_name: str) -> None:
        super().__init__()
        self.public, self.key_name = public, key_name
        self.fills: list[dict[str, Any]] = []
        self.wallets: dict[str, list[dict[str, Any]]] = {}
        self.balances: list[tuple[str, str, str]] = []
        self.permissions = {"can_view": True, "can_trade": False, "can_transfer": False}
        self.page = 3
        self.tokens: set[str] = set()

    def signed(self, call: Call) -> Answer | None:
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            head, claims, signature = token.split(".")
            raw = _unpadded(signature)
            r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
            self.public.verify(
                encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256())
            )
            told = json.loads(_unpadded(claims))
        except (ValueError, InvalidSignature):
            return self._error(401, "authentication_error", "invalid signature")
        # The claim has host and path without a scheme; a client on plain http names that too.
        here = f"{call.method} http://{self.host}{call.path}"
        if told["sub"] != self.key_name or told["uri"] != here or not 0 < told["exp"] - time.time() <= 120:
            return self._error(401, "authentication_error", "token is not for this call")
        if token in self.tokens:
            return self._error(401, "authentication_error", "token was used before")
        self.tokens.add(token)
        return None

    def too_many(self) -> Answer:
        return self._error(429, "rate_limit_exceeded", "Too many requests")

    def answer(self, call: Call) -> Answer:
        asked = call.query
        if call.path == "/api/v3/brokerage/key_permissions":
            return Answer(200, self.permissions)
        if call.path == "/api/v3/brokerage/accounts":
            first = int(asked.get("cursor") or 0)
            rows = self.balances[first : first + self.page]
            more = first + self.page < len(self.balances)
            return Answer(
                200,
                {
                    "accounts": [
                        {
                            "currency": coin,
                            "available_balance": {"value": free, "currency": coin},
                            "hold": {"value": hold, "currency": coin},
                        }
                        for coin, free, hold in rows
                    ],
                    "has_next": more,
                    "cursor": str(first + self.page) if more else "",
                },
            )
        if call.path == "/api/v3/brokerage/orders/historical/fills":
            since = asked.get("start_sequence_timestamp", "")
            rows = [row for row in self.fills if row["trade_time"] >= since]
            first = int(asked.get("cursor") or 0)
            more = first + self.page < len(rows)
            return Answer(
                200,
                {"fills": rows[first : first + self.page], "cursor": str(first + self.page) if more else ""},
            )
        if call.path == "/v2/accounts":
            return self._v2([{"id": wallet} for wallet in self.wallets], asked)
        if call.path.startswith("/v2/accounts/") and call.path.endswith("/transactions"):
            return self._v2(self.wallets[call.path.split("/")[3]], asked)
        return self._error(404, "not_found", "Not found")

    def _v2(self, rows: list[dict[str, Any]], asked: dict[str, str]) -> Answer:
        ids = [row["id"] for row in rows]
        first = ids.index(asked["starting_after"]) + 1 if "starting_after" in asked else 0
        page = rows[first : first + self.page]
        more = first + self.page < len(rows)
        return Answer(
            200, {"pagination": {"next_starting_after": page[-1]["id"] if more else None}, "data": page}
        )

    @staticmethod
    def _error(status: int, id_: str, message: str) -> Answer:
        return Answer(status, {"errors": [{"id": id_, "message": message}]})


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
