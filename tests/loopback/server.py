"""A stand-in on 127.0.0.1 for the market providers: it speaks their documented APIs, and misbehaves on request.

CoinGecko and the ECB are here, Binance and Fear & Greed in ``exchanges``, Yahoo in ``charts``.

In a test: ``with LoopbackServer() as server: server.coingecko_url``. In a process of its own, for the real app:
``python -m tests.loopback.server --port 18300``; it is then steered by ``POST /_control`` with the JSON of ``Trouble``.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.loopback.charts import PAPERS, Paper, YahooApi
from tests.loopback.exchanges import BinanceApi, FearGreedApi
from tests.loopback.replies import Reply, as_json
from tests.loopback.stage import Actor, Running, Stage, Trouble

__all__ = ["LoopbackServer", "Request", "Trouble", "World"]

#: id, symbol, name, market-cap rank (None: unranked), market cap, price in USD today
COINS: list[tuple[str, str, str, int | None, int | None, float]] = [
    ("bitcoin", "btc", "Bitcoin", 1, 1_900_000_000_000, 96_123.45),
    ("ethereum", "eth", "Ethereum", 2, 400_000_000_000, 3_301.5),
    ("tether", "usdt", "Tether", 3, 140_000_000_000, 0.9998),
    ("solana", "sol", "Solana", 5, 90_000_000_000, 187.25),
    ("cardano", "ada", "Cardano", 9, 30_000_000_000, 0.8123),
    ("polkadot", "dot", "Polkadot", 22, 9_000_000_000, 6.05),
    ("pepe", "pepe", "Pepe", 31, 5_000_000_000, 0.000012345678901234),
    ("batcat", "btc", "batcat", None, None, 0.0002),
    ("big-tom-coin", "btc", "Big Tom Coin", 4100, 90_000, 0.01),
    ("allbridge-bridged-sol", "sol", "Allbridge Bridged SOL", None, None, 186.0),
    ("gemstone-one", "gem", "Gemstone One", 900, 20_000_000, 1.1),
    ("gemini-meme", "gem", "Gem Meme", 1200, 12_000_000, 0.004),
    ("heavyweight", "dup", "Heavyweight", 120, 800_000_000, 12.0),
    ("featherweight", "dup", "Featherweight", 2500, 400_000, 0.3),
    ("lonely-coin", "lone", "Lonely Coin", 3000, 1_000_000, 0.5),
]

RATES = {"USD": 1.1172, "GBP": 0.8338, "CHF": 0.9194, "JPY": 175.68, "SEK": 10.978, "CAD": 1.5606}


@dataclass
class Request:
    """One request as it arrived."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


class World(Stage):
    """What the server knows, and what it has been told to do."""

    def __init__(self, today: date | None = None) -> None:
        super().__init__()
        self.today = today or datetime.now(UTC).date()
        self.coins = list(COINS)
        self.prices = {coin[0]: coin[5] for coin in COINS}
        self.papers: list[Paper] = list(PAPERS)
        #: What a provider says wrongly: (provider, symbol, day) -> by which factor.
        self.slips: dict[tuple[str, str, date], float] = {}
        self.requests: list[Request] = []
        self.keys: set[str] = set()  # accepted demo keys; empty: keyless is fine and any key too
        self.limit: tuple[int, float] | None = None  # calls, seconds: above it 429 with Retry-After
        self.free_plan_days = 365
        self._stamps: deque[float] = deque()

    def over_limit(self) -> bool:
        if self.limit is None:
            return False
        calls, seconds = self.limit
        with self.lock:
            now = time.monotonic()
            while self._stamps and self._stamps[0] <= now - seconds:
                self._stamps.popleft()
            self._stamps.append(now)
            return len(self._stamps) > calls

    def price(self, coin: str, at: datetime) -> float:
        """A smooth, always positive past, ending at today's price."""
        days = (datetime.combine(self.today, datetime.min.time(), UTC) - at).total_seconds() / 86_400
        return float(self.prices[coin] * (1 + 0.2 * math.sin(days / 20)) / (1 + days / 2000))

    def rate(self, currency: str, day: date) -> str:
        return f"{RATES[currency] * (1 + 0.03 * math.sin((self.today - day).days / 30)):.4f}"

    def fixing_days(self, first: date) -> list[date]:
        """Working days from ``first``, newest first; New Year's Day and Christmas are TARGET holidays."""
        days = [self.today - timedelta(days=back) for back in range((self.today - first).days + 1)]
        return [day for day in days if day.weekday() < 5 and (day.month, day.day) not in ((1, 1), (12, 25))]


class CoinGeckoApi:
    """The documented routes below ``/api/v3``."""

    def __init__(self, world: World) -> None:
        self.world = world

    def answer(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Reply:
        key = headers.get("x-cg-demo-api-key", "") or query.get("x_cg_demo_api_key", "")
        if self.world.keys and key not in self.world.keys:
            return as_json(401, {"status": {"error_code": 10002, "error_message": "API Key Missing."}})
        if path == "/ping":
            return as_json(200, {"gecko_says": "(V3) To the Moon!"})
        if path == "/global":
            data = {"market_cap_percentage": {"btc": 57.31, "eth": 12.1}, "updated_at": int(time.time()) - 60}
            return as_json(200, {"data": data})
        if path == "/coins/list":
            rows = [{"id": c[0], "symbol": c[1], "name": c[2]} for c in self.world.coins]
            return as_json(200, rows, {"cache-control": "max-age=300", "etag": 'W/"list-1"'})
        if path == "/simple/price":
            return self._simple_price(query)
        if path == "/coins/markets":
            return self._markets(query)
        if path.startswith("/coins/") and path.endswith("/market_chart"):
            return self._chart(unquote(path.split("/")[2]), query)
        return as_json(404, {"error": "Incorrect path. Please check the documentation"})

    def _simple_price(self, query: dict[str, str]) -> Reply:
        if "vs_currencies" not in query:
            return as_json(422, {"error": "Missing parameter vs_currencies"})
        body: dict[str, Any] = {}
        for coin in query.get("ids", "").split(","):
            if coin in self.world.prices:
                factor = self.world.slips.get(("coingecko", coin, datetime.now(UTC).date()), 1.0)
                value = self.world.prices[coin] * factor
                body[coin] = dict.fromkeys(query["vs_currencies"].split(","), value)
                if query.get("include_last_updated_at") == "true":
                    body[coin]["last_updated_at"] = int(time.time()) - 20
        return as_json(200, body)

    def _markets(self, query: dict[str, str]) -> Reply:
        ids = query["ids"].split(",") if "ids" in query else [c[0] for c in self.world.coins]
        rows = [
            {"id": c[0], "symbol": c[1], "name": c[2], "market_cap_rank": c[3], "market_cap": c[4]}
            for c in self.world.coins
            if c[0] in ids
        ]
        return as_json(200, rows)

    def _chart(self, coin: str, query: dict[str, str]) -> Reply:
        if coin not in self.world.prices:
            return as_json(404, {"error": "coin not found"})
        days = int(query["days"])
        if days > self.world.free_plan_days:
            message = "Your request exceeds the allowed time range."
            return as_json(401, {"error": {"status": {"error_code": 10012, "error_message": message}}})
        now = datetime.now(UTC).replace(microsecond=0)
        if query.get("interval") == "daily" or days > 90:
            midnight = now.replace(hour=0, minute=0, second=0)
            stamps = [midnight - timedelta(days=back) for back in range(days - 1, -1, -1)]
        else:
            step = timedelta(minutes=5) if days == 1 else timedelta(hours=1)
            stamps = [now - step * back for back in range(int(timedelta(days=days) / step), 0, -1)]
        stamps.append(now)
        prices = [[int(at.timestamp()) * 1000, self._seen(coin, at)] for at in stamps]
        return as_json(200, {"prices": prices, "market_caps": [], "total_volumes": []})

    def _seen(self, coin: str, at: datetime) -> float:
        day = (at - timedelta(seconds=1)).date()  # a point at midnight closes the day before
        return self.world.price(coin, at) * self.world.slips.get(("coingecko", coin, day), 1.0)


class EcbApi:
    """The ``eurofxref`` files and the data portal's CSV."""

    def __init__(self, world: World) -> None:
        self.world = world

    def file(self, name: str, headers: dict[str, str]) -> Reply:
        reach = {"eurofxref-daily.xml": 4, "eurofxref-hist-90d.xml": 90, "eurofxref-hist.xml": 4000}.get(name)
        if reach is None:
            return 404, "text/html", b"<html>404</html>", {}
        etag = f'"{name}-{self.world.today}"'
        if headers.get("if-none-match") == etag:
            return 304, "", b"", {"etag": etag}
        days = self.world.fixing_days(self.world.today - timedelta(days=reach))
        days = days[:1] if name == "eurofxref-daily.xml" else days
        cubes = "".join(
            f'<Cube time="{day}">'
            + "".join(f'<Cube currency="{c}" rate="{self.world.rate(c, day)}"/>' for c in RATES)
            + "</Cube>"
            for day in days
        )
        body = (
            '<?xml version="1.0" encoding="UTF-8"?><gesmes:Envelope '
            'xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
            'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">'
            f"<gesmes:subject>Reference rates</gesmes:subject><Cube>{cubes}</Cube></gesmes:Envelope>"
        )
        return 200, "text/xml", body.encode(), {"etag": etag}

    def data(self, query: dict[str, str]) -> Reply:
        if "lastNObservations" in query:
            days = self.world.fixing_days(self.world.today - timedelta(days=10))[
                : int(query["lastNObservations"])
            ]
        else:
            days = self.world.fixing_days(date.fromisoformat(query["startPeriod"]))
        rows = ["KEY,FREQ,CURRENCY,TIME_PERIOD,OBS_VALUE"]
        for code in RATES:
            rows += [f"EXR.D.{code},D,{code},{day},{self.world.rate(code, day)}" for day in sorted(days)]
        return 200, "text/csv", "\n".join(rows).encode(), {}


class _Handler(Actor):
    world: World

    def do_POST(self) -> None:  # noqa: N802 - the name the server looks for
        if self.path != "/_control":
            self.send(404, "text/plain", b"", {})
            return
        order = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if order.pop("reset", False):
            self.world.troubles.clear()
        if "prices" in order:
            self.world.prices.update(order.pop("prices"))
        if order:
            self.world.troubles.append(Trouble(**order))
        self.send(*as_json(200, {"ok": True}))

    def do_GET(self) -> None:  # noqa: N802 - the name the server looks for
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.world.requests.append(Request(parts.path, query, headers))
        if self.world.over_limit():
            body = {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}}
            self.send(*as_json(429, body, {"retry-after": "2"}))
            return
        trouble = self.world.trouble_for(self.path)
        if trouble is None or self.misbehave(trouble):
            self.send(
                *self._reply(parts.path, query, headers), drip=trouble is not None and trouble.kind == "drip"
            )

    def _reply(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Reply:
        if path.startswith("/api/v3"):
            return CoinGeckoApi(self.world).answer(path.removeprefix("/api/v3"), query, headers)
        if path.startswith("/binance/"):
            return BinanceApi(self.world).spot(path.removeprefix("/binance"), query)
        if path.startswith("/fapi/v1/"):
            return BinanceApi(self.world).futures(path, query)
        if path.startswith("/fng/"):
            return FearGreedApi(self.world).answer(query)
        if path.startswith(("/v8/finance/chart/", "/v1/finance/search")):
            return YahooApi(self.world).answer(unquote(path), query, headers)
        if path.startswith("/stats/eurofxref/"):
            return EcbApi(self.world).file(path.rpartition("/")[2], headers)
        if path == "/service/data/EXR/D..EUR.SP00.A":
            return EcbApi(self.world).data(query)
        return 404, "text/html", b"<html>404</html>", {}


class LoopbackServer(Running):
    """Runs the stand-in in threads of this process; ``world`` is what it knows and how it behaves."""

    def __init__(self, port: int = 0, today: date | None = None) -> None:
        self.world = World(today)
        super().__init__(_Handler, self.world, port)
        self.coingecko_url = f"{self.url}/api/v3"
        self.ecb_url = f"{self.url}/stats/eurofxref"
        self.binance_url = f"{self.url}/binance"

    @property
    def addresses(self) -> dict[str, str]:
        """The settings that lead the app's market providers here."""
        return {
            "coingecko_url": self.coingecko_url,
            "ecb_url": self.ecb_url,
            "binance_url": self.binance_url,
            "binance_futures_url": self.url,
            "yahoo_url": self.url,
            "fear_greed_url": self.url,
        }

    @property
    def paths(self) -> list[str]:
        """The paths asked for so far."""
        return [request.path for request in self.world.requests]


def main() -> None:
    """Serve on a port until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=18300)
    server = LoopbackServer(parser.parse_args().port)
    print(server.url, flush=True)
    server.serve()


if __name__ == "__main__":
    main()
