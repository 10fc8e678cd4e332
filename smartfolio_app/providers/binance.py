"""Binance's public market data: what coins trade at, now and at the end of each day. No key is needed.

A pair is named by tickers, and tickers are not unique: that ``GEMUSDT`` exists does not say which GEM it is. Whoever
uses a pair has to compare it with somebody who goes by identity (``services.price_bench``).

Facts of the API this relies on: numbers are text; a daily candle opens at 00:00 UTC and its ``closeTime`` is the last
millisecond of the day; a candle without volume is a day without a trade; 429 and 418 carry ``Retry-After``; an unknown
pair is HTTP 400 with code -1121.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.money import divide
from smartfolio_app.providers.answers import Answer
from smartfolio_app.providers.http import Gateway, Params, ProviderClient
from smartfolio_app.providers.limits import Budget
from smartfolio_app.providers.reading import json_array, price_text

ID = "binance"

#: Binance counts weight, 6,000 a minute and address; our calls weigh 2 to 4, so this stays far below.
BUDGET = Budget(calls=120, seconds=60.0)

TICKER_TTL_SECONDS = 45.0
CANDLES_TTL_SECONDS = 600.0
CANDLES_PER_CALL = 1000

#: What coins are quoted in there, most traded first.
QUOTES = ("USDT", "USDC", "FDUSD", "BTC")
_LAST_MOMENT = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair that prices a coin in ``currency``; ``inverted`` when the coin is what the pair is quoted in."""

    symbol: str
    currency: str
    inverted: bool = False

    def price(self, quoted: Decimal) -> Decimal:
        """Return the coin's price, given what the pair is quoted at."""
        return divide(Decimal(1), quoted) if self.inverted else quoted


@dataclass(frozen=True, slots=True)
class Close:
    """What a coin traded at last on a UTC day."""

    day: date
    price: Decimal

    @property
    def at(self) -> datetime:
        """The last instant of the day."""
        return datetime.combine(self.day + _DAY, time(), UTC) - _LAST_MOMENT


class Binance:
    """Reads Binance's spot market data through the gateway."""

    def __init__(self, gateway: Gateway, base_url: str) -> None:
        self.client: ProviderClient = gateway.provider(ID, base_url, budget=BUDGET)

    def tickers(self, patience: float = 0.0) -> Answer[dict[str, Decimal]]:
        """Return what every pair was last traded at: one call for everybody's coins. Raises ``ProviderError``."""
        return self.client.get(
            "api/v3/ticker/price", read=_read_tickers, ttl=TICKER_TTL_SECONDS, patience=patience
        )

    def closes(self, pair: Pair, first: date, now: datetime, patience: float = 0.0) -> list[Close]:
        """Return the closes of the full UTC days from ``first`` on, oldest first; days without a trade are absent.

        Raises:
            ProviderError: Not to be had; ``ProviderRefusedError`` when there is no such pair.
        """
        found: list[Close] = []
        start = first
        while start < now.date():
            params: Params = {
                "symbol": pair.symbol,
                "interval": "1d",
                "startTime": _milliseconds(start),
                "endTime": _milliseconds(now.date()) - 1,
                "limit": CANDLES_PER_CALL,
            }
            candles = self.client.get(
                "api/v3/klines", params, read=_read_candles, ttl=CANDLES_TTL_SECONDS, patience=patience
            ).value
            found += [
                Close(day, pair.price(close))
                for day, close in candles
                if close is not None and start <= day < now.date()
            ]
            if len(candles) < CANDLES_PER_CALL or candles[-1][0] < start:
                break
            start = candles[-1][0] + _DAY
        return found


def pair_of(symbol: str, tickers: Mapping[str, Decimal]) -> Pair | None:
    """Return the pair that prices the coin with this ticker, ``None`` when Binance has none.

    The dollar everything is quoted in there has a price too: what a euro costs in it, turned round.
    """
    if symbol == QUOTES[0]:
        return Pair("EURUSDT", "EUR", inverted=True) if "EURUSDT" in tickers else None
    for quote in QUOTES:
        if quote != symbol and symbol + quote in tickers:
            return Pair(symbol + quote, quote)
    return None


def _milliseconds(day: date) -> int:
    return (day - _EPOCH.date()).days * 86_400_000


def _read_tickers(body: bytes) -> dict[str, Decimal]:
    found = {}
    for row in json_array(body):
        try:
            found[str(row["symbol"])] = price_text(str(row["price"]))
        except ValueError:  # a pair that never traded says 0.00000000
            continue
    if not found:
        raise ValueError("no prices in the answer")
    return found


def _read_candles(body: bytes) -> list[tuple[date, Decimal | None]]:
    return [_candle(row) for row in json_array(body)]


def _candle(row: list[Any]) -> tuple[date, Decimal | None]:
    opened, close, volume = int(row[0]), str(row[4]), Decimal(str(row[5]))
    if not 0 <= opened < 32_503_680_000_000:  # the year 3000
        raise ValueError("not a time")
    day = (_EPOCH + timedelta(milliseconds=opened)).date()
    return day, price_text(close) if volume else None
