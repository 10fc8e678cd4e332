"""CoinGecko: which coin a ticker means, what it is worth now, and what it was worth.

Prices are asked for in USD only. Other currencies are reached through the day's reference rates, today and in the past
alike: mixing CoinGecko's own euro price for now with a converted one for yesterday would show a change that never was.

Facts of the API this relies on: an id it does not know is simply absent from ``/simple/price``; the daily points of
``market_chart`` are stamped 00:00 UTC and so close the day before; keys of the free plan reach back 365 days.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from smartfolio_app.ledger.money import divide
from smartfolio_app.providers.addresses import Addresses
from smartfolio_app.providers.answers import Answer
from smartfolio_app.providers.coingecko_ids import MAJORS
from smartfolio_app.providers.errors import ProviderError, ProviderRefusedError
from smartfolio_app.providers.http import Gateway, Params, ProviderClient
from smartfolio_app.providers.limits import Budget
from smartfolio_app.providers.reading import json_array, json_object, price

ID = "coingecko"
QUOTE_CURRENCY = "USD"

#: The documented limits differ from page to page; these are the cautious ones.
KEYLESS_BUDGET = Budget(calls=8, seconds=60.0)
KEYED_BUDGET = Budget(calls=30, seconds=60.0)

IDS_PER_CALL = 100
FREE_HISTORY_DAYS = 365
#: Up to this many days back ``market_chart`` answers with hourly points.
HOURLY_DAYS = 90

LIST_TTL_SECONDS = 86_400.0
PRICE_TTL_SECONDS = 45.0
CHART_TTL_SECONDS = 900.0

#: A ticker shared by several coins still means one of them without doubt when that one is among the largest and
#: worth this many times the next. Less than that, and the user is asked.
LARGE_RANK = 500
DOMINANCE = 50

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Coin:
    """One coin as CoinGecko lists it."""

    id: str
    symbol: str
    name: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A price in USD and when CoinGecko saw it."""

    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Point:
    """A past price in USD."""

    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Dominance:
    """Bitcoin's share of what all coins are worth, 0 to 1, and when CoinGecko worked it out."""

    share: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Prices:
    """``found`` by coin id; ``absent`` are ids without a price; ``refused`` those whose price was nonsense."""

    found: dict[str, Spot]
    absent: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolution:
    """What tickers mean: one coin, several (the user picks), or none that CoinGecko knows."""

    found: dict[str, str] = field(default_factory=dict)
    ambiguous: dict[str, tuple[Coin, ...]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


class CoinGecko:
    """Reads CoinGecko through the gateway. ``key`` is a demo key, or a pro key on the pro address."""

    def __init__(self, gateway: Gateway, base_url: str, key: str = "", budget: Budget | None = None) -> None:
        headers = {}
        if key:
            headers["x-cg-pro-api-key" if "//pro-api." in base_url else "x-cg-demo-api-key"] = key
        chosen = budget or (KEYED_BUDGET if key else KEYLESS_BUDGET)
        self._addresses = Addresses(
            [
                gateway.provider(ID, url, budget=chosen, key=key, headers=headers)
                for url in _addresses(base_url)
            ]
        )
        self.history_days = None if "//pro-api." in base_url else FREE_HISTORY_DAYS

    @property
    def client(self) -> ProviderClient:
        """The client of the address that works (or is tried first)."""
        return self._addresses.client

    def coins(self, patience: float = 0.0) -> list[Coin]:
        """Return every coin CoinGecko lists (some 17,000). Raises ``ProviderError``."""
        return self._get("coins/list", {}, _read_coins, LIST_TTL_SECONDS, patience).value

    def prices(self, ids: Iterable[str], patience: float = 0.0) -> Prices:
        """Return the present price in USD of each coin id.

        Raises:
            ProviderError: A batch could not be had. What earlier batches told is lost then; batches are small.
        """
        wanted = sorted(set(ids))
        found: dict[str, Spot] = {}
        refused: list[str] = []
        for batch in _batches(wanted, IDS_PER_CALL):
            params: Params = {
                "ids": ",".join(batch),
                "vs_currencies": QUOTE_CURRENCY.lower(),
                "include_last_updated_at": "true",
                "precision": "full",
            }
            answer = self._get("simple/price", params, json_object, PRICE_TTL_SECONDS, patience)
            for coin in batch:
                quote_now = _spot(coin, answer)
                if quote_now is not None:
                    found[coin] = quote_now
                elif _has_price(answer.value.get(coin)):
                    refused.append(coin)
        absent = tuple(coin for coin in wanted if coin not in found and coin not in refused)
        return Prices(found, absent, tuple(refused))

    def daily(self, coin: str, first: date, now: datetime, patience: float = 0.0) -> dict[date, Point]:
        """Return the closing price of each full UTC day from ``first`` on (as far back as the plan allows).

        Days without a usable price are absent. Raises ``ProviderError``.
        """
        days = max((now.date() - first).days + 1, 1)
        if self.history_days is not None:
            days = min(days, self.history_days)
        params: Params = {"vs_currency": QUOTE_CURRENCY.lower(), "days": days, "interval": "daily"}
        points = self._chart(coin, params, patience)
        closes = {}
        for point in points:
            if (point.at.hour, point.at.minute) == (0, 0):
                closes[point.at.date() - timedelta(days=1)] = point
        return {day: point for day, point in closes.items() if day >= first}

    def hourly(self, coin: str, days: int, patience: float = 0.0) -> list[Point]:
        """Return hourly prices (five-minutely for one day) of the last ``days``, oldest first.

        Raises ``ProviderError``.
        """
        if not 1 <= days <= HOURLY_DAYS:
            raise ValueError(f"hourly prices go back 1 to {HOURLY_DAYS} days")
        params: Params = {"vs_currency": QUOTE_CURRENCY.lower(), "days": days}
        return self._chart(coin, params, patience)

    def dominance(self, patience: float = 0.0) -> Dominance:
        """Return bitcoin's share of the market. Raises ``ProviderError``."""
        answer = self._get("global", {}, _read_dominance, CHART_TTL_SECONDS, patience)
        share, at = answer.value
        return Dominance(share, min(at, answer.at))

    def resolve(self, symbols: Iterable[str], patience: float = 0.0) -> Resolution:
        """Tell which coin each ticker means; see ``Resolution``. Raises ``ProviderError``."""
        by_symbol: dict[str, list[Coin]] = {}
        for coin in self.coins(patience):
            by_symbol.setdefault(coin.symbol, []).append(coin)
        found: dict[str, str] = {}
        unknown: list[str] = []
        shared: dict[str, list[Coin]] = {}
        for symbol in sorted({symbol.upper() for symbol in symbols}):
            candidates = by_symbol.get(symbol, [])
            major = MAJORS.get(symbol)
            if any(coin.id == major for coin in candidates):
                found[symbol] = str(major)
            elif len(candidates) == 1:
                found[symbol] = candidates[0].id
            elif candidates:
                shared[symbol] = candidates
            else:
                unknown.append(symbol)
        ambiguous = {}
        caps = self._market_caps((coin.id for coins in shared.values() for coin in coins), patience)
        for symbol, coins in shared.items():
            chosen = _dominant(coins, caps)
            if chosen:
                found[symbol] = chosen
            else:
                ambiguous[symbol] = tuple(
                    sorted(coins, key=lambda coin: -caps.get(coin.id, (0, Decimal(0)))[1])
                )
        return Resolution(found, ambiguous, tuple(unknown))

    def _market_caps(self, ids: Iterable[str], patience: float) -> dict[str, tuple[int, Decimal]]:
        caps: dict[str, tuple[int, Decimal]] = {}
        for batch in _batches(sorted(set(ids)), IDS_PER_CALL):
            params: Params = {
                "vs_currency": QUOTE_CURRENCY.lower(),
                "ids": ",".join(batch),
                "order": "market_cap_desc",
                "per_page": 250,
                "page": 1,
            }
            caps |= self._get("coins/markets", params, _read_market_caps, LIST_TTL_SECONDS, patience).value
        return caps

    def _chart(self, coin: str, params: Params, patience: float) -> list[Point]:
        path = f"coins/{quote(coin, safe='')}/market_chart"
        return self._get(path, params, _read_chart, CHART_TTL_SECONDS, patience).value

    def _get(self, path: str, params: Params, read: Any, ttl: float, patience: float) -> Answer[Any]:
        return self._addresses.ask(
            lambda client: client.get(path, params, read=read, ttl=ttl, patience=patience)
        )


def plan_refuses(error: ProviderError) -> bool:
    """Tell whether a refusal means "your plan does not reach that far" (codes 10005 and 10012)."""
    return isinstance(error, ProviderRefusedError) and any(
        code in error.body for code in (b"10005", b"10012")
    )


def _addresses(base_url: str) -> list[str]:
    """A bare host is tried with the path of the public API, then as it is."""
    scheme, _, rest = base_url.rstrip("/").partition("://")
    return [base_url] if "/" in rest else [f"{scheme}://{rest}/api/v3", base_url]


def _batches(items: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _has_price(entry: object) -> bool:
    return isinstance(entry, dict) and entry.get(QUOTE_CURRENCY.lower()) is not None


def _spot(coin: str, answer: Answer[dict[str, Any]]) -> Spot | None:
    entry = answer.value.get(coin)
    if not isinstance(entry, dict) or entry.get(QUOTE_CURRENCY.lower()) is None:
        return None
    try:
        value = price(entry[QUOTE_CURRENCY.lower()])
    except ValueError as error:
        log.warning("coingecko: price of %s refused: %s", coin, error)
        return None
    stamp = entry.get("last_updated_at")
    return Spot(value, min(_from_seconds(stamp), answer.at) if isinstance(stamp, int) else answer.at)


def _from_seconds(stamp: int) -> datetime:
    try:
        return datetime.fromtimestamp(stamp, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("not a time") from error


def _read_coins(body: bytes) -> list[Coin]:
    coins = [Coin(str(row["id"]), str(row["symbol"]).upper(), str(row["name"])) for row in json_array(body)]
    if not coins:
        raise ValueError("an empty list of coins")
    return coins


def _read_dominance(body: bytes) -> tuple[Decimal, datetime]:
    data = json_object(body)["data"]
    share = price(data["market_cap_percentage"]["btc"])
    if share > 100:
        raise ValueError("more than all")
    return divide(share, Decimal(100)), _from_seconds(int(data["updated_at"]))


def _read_market_caps(body: bytes) -> dict[str, tuple[int, Decimal]]:
    caps = {}
    for row in json_array(body):
        rank, cap = row["market_cap_rank"], row["market_cap"]
        if isinstance(rank, int) and isinstance(cap, int | Decimal) and cap > 0:
            caps[str(row["id"])] = (rank, Decimal(cap))
    return caps


def _read_chart(body: bytes) -> list[Point]:
    points = []
    for stamp, value in json_object(body)["prices"]:
        if value is None:
            continue  # a gap stays a gap
        try:
            checked = price(value)
        except ValueError as error:
            log.warning("coingecko: past price refused: %s", error)
            continue
        points.append(Point(checked, _from_seconds(int(stamp) // 1000)))
    return sorted(points, key=lambda point: point.at)


def _dominant(coins: Sequence[Coin], caps: dict[str, tuple[int, Decimal]]) -> str:
    ranked = sorted((coin for coin in coins if coin.id in caps), key=lambda coin: -caps[coin.id][1])
    if not ranked:
        return ""
    rank, cap = caps[ranked[0].id]
    runner_up = caps[ranked[1].id][1] if len(ranked) > 1 else Decimal(0)
    return ranked[0].id if rank <= LARGE_RANK and cap >= DOMINANCE * runner_up else ""
