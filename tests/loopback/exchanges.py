"""What the stand-in says in Binance's voice: spot market data and funding rates, as documented."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.loopback.replies import Reply, as_json

if TYPE_CHECKING:
    from tests.loopback.server import World

#: Pair, the coin of the world it is the price of, and what that is divided by.
PAIRS = {
    "BTCUSDT": "bitcoin",
    "ETHUSDT": "ethereum",
    "SOLUSDT": "solana",
    "ADAUSDT": "cardano",
    "DOTUSDT": "polkadot",
    "PEPEUSDT": "pepe",
}
EUR_USD = 1.1172
#: Another coin of that name than anybody means.
FOREIGN = {"DUPUSDT": 0.77, "GEMUSDT": 55.0}
INTERVAL = timedelta(hours=8)
CONTRACTS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT")


class BinanceApi:
    """The documented routes of market data; numbers are text, candles are arrays."""

    def __init__(self, world: World) -> None:
        self.world = world

    def spot(self, path: str, query: dict[str, str]) -> Reply:
        """Answer below ``/api/v3``."""
        if path == "/api/v3/ticker/price":
            now = datetime.now(UTC)
            rows = [{"symbol": pair, "price": f"{self.price(pair, now):.12f}"} for pair in self.pairs()]
            rows.append({"symbol": "DEADUSDT", "price": "0.00000000"})
            return as_json(200, rows, {"x-mbx-used-weight-1m": "4"})
        if path == "/api/v3/klines":
            return self._candles(query)
        return as_json(404, {})

    def pairs(self) -> list[str]:
        return [*PAIRS, *FOREIGN, "EURUSDT"]

    def price(self, pair: str, at: datetime) -> float:
        factor = self.world.slips.get(("binance", pair, at.date()), 1.0)
        if pair == "EURUSDT":
            return EUR_USD / self.world.prices["tether"] * factor
        if pair in FOREIGN:
            return FOREIGN[pair] * factor
        today = at.date() >= self.world.today
        coin = PAIRS[pair]
        seen = self.world.prices[coin] if today else self.world.price(coin, at)
        return seen / self.world.prices["tether"] * 1.0004 * factor

    def _candles(self, query: dict[str, str]) -> Reply:
        pair = query.get("symbol", "")
        if pair not in self.pairs():
            return as_json(400, {"code": -1121, "msg": "Invalid symbol."})
        day = timedelta(days=1)
        start = max(
            datetime.fromtimestamp(int(query["startTime"]) / 1000, UTC), datetime(2017, 8, 17, tzinfo=UTC)
        )
        end = min(datetime.fromtimestamp(int(query["endTime"]) / 1000, UTC), datetime.now(UTC))
        opened = start.replace(hour=0, minute=0, second=0, microsecond=0)
        opened += day if opened < start else timedelta(0)
        rows = []
        while opened <= end and len(rows) < int(query.get("limit", "500")):
            closed = opened + day - timedelta(milliseconds=1)
            close = f"{self.price(pair, closed):.12f}"
            stamp = int(opened.timestamp() * 1000)
            rows.append(
                [
                    *(stamp, close, close, close, close, "12.5"),
                    *(int(closed.timestamp() * 1000), "1000.0", 42, "6.0", "500.0", "0"),
                ]
            )
            opened += day
        return as_json(200, rows)

    def futures(self, path: str, query: dict[str, str]) -> Reply:
        """Answer below ``/fapi/v1``."""
        symbol = query.get("symbol", "")
        if symbol not in CONTRACTS:
            return as_json(400, {"code": -1121, "msg": "Invalid symbol."})
        if path == "/fapi/v1/premiumIndex":
            now = datetime.now(UTC)
            body = {
                "symbol": symbol,
                "markPrice": "11793.63",
                "indexPrice": "11781.80",
                "lastFundingRate": f"{self.rate(now):.8f}",
                "nextFundingTime": int((now + INTERVAL).timestamp() * 1000),
                "time": int(now.timestamp() * 1000),
            }
            return as_json(200, body)
        if path == "/fapi/v1/fundingRate":
            at = datetime.fromtimestamp(int(query.get("startTime", "0")) / 1000, UTC)
            first = at.replace(hour=at.hour - at.hour % 8, minute=0, second=0, microsecond=0)
            moments = (first + INTERVAL * step for step in range(1, int(query.get("limit", "100")) + 1))
            now = datetime.now(UTC)
            rows = [
                {
                    "symbol": symbol,
                    "fundingTime": int(when.timestamp() * 1000),
                    "fundingRate": f"{self.rate(when):.8f}",
                    "markPrice": "",
                }
                for when in moments
                if when <= now
            ]
            return as_json(200, rows)
        return as_json(404, {})

    def rate(self, at: datetime) -> float:
        return 0.0001 * math.cos(at.timestamp() / 200_000)


class FearGreedApi:
    """One number a day, newest first; every value is text."""

    def __init__(self, world: World) -> None:
        self.world = world

    def answer(self, query: dict[str, str]) -> Reply:
        midnight = datetime.combine(self.world.today, datetime.min.time(), UTC)
        days = min(int(query.get("limit", "1")) or 400, 400)
        rows = []
        for back in range(days):
            value = 50 + round(30 * math.sin(back / 9))
            word = "Greed" if value > 54 else "Fear" if value < 46 else "Neutral"
            at = midnight - timedelta(days=back)
            rows.append(
                {"value": str(value), "value_classification": word, "timestamp": str(int(at.timestamp()))}
            )
        rows[0]["time_until_update"] = "12345"
        return as_json(200, {"name": "Fear and Greed Index", "data": rows, "metadata": {"error": None}})
