"""The sample market: prices that never were, for the sample user alone.

Everything follows from a fixed seed and the calendar, so the same instant always has the same price, however often the
sample data is made anew. A price is a mean-reverting random walk around a slow trend, moved by its market's factor
(coins, shares) and by luck of its own; within a day it walks from one close to the next. The floats end here: what
leaves is rounded to the digits such a price would be quoted with.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np

from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.ledger.assets import Asset, AssetClass, asset_id

PROVIDER = "demo"
SEED = 72
#: The walk begins here; nobody looks at its first years, in which it forgets its starting point.
ORIGIN = date(2021, 1, 4)
STEP = timedelta(minutes=30)
_STEPS_A_DAY = 48
#: When quotes are made on a trading day (UTC); coins trade always.
_OPEN, _CLOSE = time(8), time(20, 30)


@dataclass(frozen=True, slots=True)
class Instrument:
    """One thing with a price: ``level`` at the origin, ``growth`` and ``volatility`` a year, ``beta`` to its market.

    ``quoted_until`` days before today its quotes end (a price that went stale).
    """

    asset: Asset
    level: float
    growth: float
    volatility: float
    beta: float = 1.0
    quoted_until: int = 0

    @property
    def always_open(self) -> bool:
        """Tell whether it trades day and night."""
        return self.asset.asset_class is AssetClass.CRYPTO


def _coin(symbol: str, name: str, numbers: tuple[float, float, float], beta: float = 1.0) -> Instrument:
    asset = Asset(asset_id(AssetClass.CRYPTO, symbol), AssetClass.CRYPTO, symbol, name)
    return Instrument(asset, *numbers, beta=beta)


_KINDS = {
    "IWDA": AssetClass.ETF,
    "EIMI": AssetClass.ETF,
    "IEAG": AssetClass.BOND,
    "SGLN": AssetClass.COMMODITY,
}


def _security(
    isin: str, symbol: str, name: str, currency: str, numbers: tuple[float, float, float]
) -> Instrument:
    kind = _KINDS.get(symbol, AssetClass.STOCK)
    asset = Asset(asset_id(kind, isin), kind, symbol, name, isin, currency)
    return Instrument(asset, *numbers, beta=0.1 if kind in (AssetClass.BOND, AssetClass.COMMODITY) else 0.8)


INSTRUMENTS: tuple[Instrument, ...] = (
    _coin("BTC", "Bitcoin", (42_000, 0.14, 0.52)),
    _coin("ETH", "Ethereum", (2_200, 0.09, 0.66), 1.2),
    _coin("SOL", "Solana", (85, 0.12, 0.85), 1.3),
    _coin("BNB", "BNB", (420, 0.08, 0.55), 0.9),
    _coin("XRP", "XRP", (0.9, 0.10, 0.75)),
    _coin("ADA", "Cardano", (0.72, -0.02, 0.80), 1.1),
    _coin("DOT", "Polkadot", (9.5, -0.08, 0.80), 1.1),
    _coin("AVAX", "Avalanche", (38, -0.02, 0.90), 1.2),
    _coin("ARB", "Arbitrum", (1.25, -0.10, 0.90), 1.2),
    _coin("OP", "Optimism", (2.1, -0.08, 0.95), 1.2),
    _coin("POL", "Polygon", (0.95, -0.10, 0.85), 1.1),
    _coin("UNI", "Uniswap", (8.5, 0.02, 0.85), 1.1),
    _coin("AAVE", "Aave", (130, 0.10, 0.80), 1.1),
    _coin("LINK", "Chainlink", (14, 0.06, 0.75), 1.1),
    _coin("FET", "Fetch.ai", (0.8, 0.12, 1.10), 1.3),
    _coin("TAO", "Bittensor", (260, 0.10, 1.10), 1.3),
    _coin("SAND", "The Sandbox", (0.75, -0.12, 0.95), 1.1),
    _coin("AXS", "Axie Infinity", (9.0, -0.12, 0.95), 1.1),
    _coin("DOGE", "Dogecoin", (0.13, 0.05, 0.95), 1.2),
    _coin("PEPE", "Pepe", (0.0000092, 0.05, 1.30), 1.3),
    _coin("QNT", "Quant", (95, 0.02, 0.70)),
    _coin("USDT", "Tether", (1.0, 0.0, 0.0016), 0.0),
    _coin("USDC", "USD Coin", (1.0, 0.0, 0.0012), 0.0),
    Instrument(Asset("crypto:GMX", AssetClass.CRYPTO, "GMX", "GMX"), 34, -0.05, 0.85, 1.0, quoted_until=19),
    _security("IE00B4L5Y983", "IWDA", "iShares Core MSCI World", "EUR", (70, 0.085, 0.14)),
    _security("IE00BKM4GZ66", "EIMI", "iShares Core MSCI EM IMI", "EUR", (29, 0.05, 0.17)),
    _security("US0378331005", "AAPL", "Apple", "USD", (145, 0.10, 0.26)),
    _security("US5949181045", "MSFT", "Microsoft", "USD", (265, 0.11, 0.24)),
    _security("NL0010273215", "ASML", "ASML Holding", "EUR", (560, 0.07, 0.34)),
    _security("CH0038863350", "NESN", "Nestlé", "CHF", (108, -0.03, 0.17)),
    _security("NL0000235190", "AIR", "Airbus", "EUR", (115, 0.08, 0.27)),
    _security("IE00B3F81R35", "IEAG", "iShares Core Euro Aggregate Bond", "EUR", (112, 0.015, 0.05)),
    _security("IE00B4ND3602", "SGLN", "iShares Physical Gold", "EUR", (34, 0.09, 0.14)),
)

#: What 1 EUR buys: level and yearly volatility.
CURRENCIES: dict[str, tuple[float, float]] = {
    "USD": (1.105, 0.065),
    "CHF": (0.955, 0.045),
    "GBP": (0.858, 0.05),
    "JPY": (158.0, 0.09),
    "SEK": (11.3, 0.05),
    "CAD": (1.50, 0.06),
    "AUD": (1.66, 0.07),
}

_REVERSION = 1.8  # a year: half of a deviation from the trend is gone after some five months
_DAYS_A_YEAR = 365.25


class DemoMarket:
    """All closes from the origin to ``today``, and quotes within the days."""

    def __init__(self, today: date) -> None:
        self.today = today
        days = (today - ORIGIN).days + 1
        if days < 1:
            raise ValueError(f"the sample market begins on {ORIGIN}")
        shares = _normal("factor:shares", days)
        self._factors = {
            True: 0.35 * shares + math.sqrt(1 - 0.35**2) * _normal("factor:coins", days),
            False: shares,
        }
        self._weekday = (ORIGIN.weekday() + np.arange(days)) % 7
        self._closes = {instrument.asset.id: self._walk(instrument) for instrument in INSTRUMENTS}
        self._instruments = {instrument.asset.id: instrument for instrument in INSTRUMENTS}
        self._rates = {currency: self._rate_walk(currency) for currency in CURRENCIES}

    def rate(self, currency: str, day: date) -> Decimal:
        """Return what 1 EUR bought on a day (on the last working day before it)."""
        if currency == "EUR":
            return Decimal(1)
        day -= timedelta(days=max(day.weekday() - 4, 0))
        return Decimal(f"{self._rates[currency][(day - ORIGIN).days]:.4f}")

    def price(self, asset: str, day: date) -> Decimal:
        """Return the close of a day (of the last trading day before it, for securities)."""
        return _rounded(float(self._closes[asset][(day - ORIGIN).days]))

    def closes(self, instrument: Instrument, first: date) -> Iterator[tuple[date, Decimal]]:
        """Give the closes of the trading days from ``first`` up to yesterday."""
        last = self.today - timedelta(days=max(1, instrument.quoted_until))
        walk = self._closes[instrument.asset.id]
        for number in range((first - ORIGIN).days, (last - ORIGIN).days + 1):
            if instrument.always_open or self._weekday[number] < 5:
                yield ORIGIN + timedelta(days=number), _rounded(float(walk[number]))

    def quotes(
        self, instrument: Instrument, after: datetime, until: datetime
    ) -> Iterator[tuple[datetime, Decimal]]:
        """Give the half-hourly quotes later than ``after``, up to ``until`` (both UTC)."""
        end = min(until.date(), self.today - timedelta(days=instrument.quoted_until))
        day = after.date()
        while day <= end:
            if instrument.always_open or day.weekday() < 5:
                midnight = datetime.combine(day, time(), UTC)
                for index, price in enumerate(self._within(instrument.asset.id, day)):
                    at = midnight + STEP * index
                    open_now = instrument.always_open or _OPEN <= at.time() <= _CLOSE
                    if after < at <= until and open_now:
                        yield at, _rounded(float(price))
            day += timedelta(days=1)

    def rates(self, first: date) -> Iterator[tuple[str, date, Decimal]]:
        """Give what 1 EUR was worth in each sample currency on each working day from ``first`` up to today."""
        for currency in CURRENCIES:
            for number in range((first - ORIGIN).days, len(self._weekday)):
                if self._weekday[number] < 5:
                    day = ORIGIN + timedelta(days=number)
                    yield currency, day, self.rate(currency, day)

    def _rate_walk(self, currency: str) -> FloatArray:
        level, volatility = CURRENCIES[currency]
        noise = _normal(f"rate:{currency}", len(self._weekday)) * volatility / math.sqrt(_DAYS_A_YEAR)
        return np.asarray(level * np.exp(_revert(noise)), dtype=np.float64)

    def _walk(self, instrument: Instrument) -> FloatArray:
        days = len(self._weekday)
        daily = instrument.volatility / math.sqrt(_DAYS_A_YEAR)
        share = min(0.8, 0.75 * abs(instrument.beta))  # of the movement that the market explains
        own = _normal(instrument.asset.id, days)
        noise = daily * (share * self._factors[instrument.always_open] + math.sqrt(1 - share**2) * own)
        if not instrument.always_open:
            noise = np.where(self._weekday < 5, noise * math.sqrt(7 / 5), 0.0)
        years = np.arange(days) / _DAYS_A_YEAR
        # Coins breathe in cycles of some four years.
        cycle = (
            0.32 * instrument.beta * np.sin(2 * math.pi * years / 3.9 - 1.2)
            if instrument.always_open
            else 0.0
        )
        log = math.log(instrument.level) + instrument.growth * years + cycle + _revert(noise)
        return np.asarray(np.exp(log), dtype=np.float64)

    def _within(self, asset: str, day: date) -> FloatArray:
        """Return the day's path at each half hour: a Brownian bridge between two closes."""
        number = (day - ORIGIN).days
        walk = self._closes[asset]
        start, end = math.log(walk[number - 1]), math.log(walk[number])
        daily = self._instruments[asset].volatility / math.sqrt(_DAYS_A_YEAR)
        steps = _normal(f"{asset}:{day}", _STEPS_A_DAY) * daily * 0.8 / math.sqrt(_STEPS_A_DAY)
        path = np.concatenate(([0.0], np.cumsum(steps)))
        share = np.arange(_STEPS_A_DAY + 1) / _STEPS_A_DAY
        bridge = start + (end - start) * share + path - path[-1] * share
        return np.asarray(np.exp(bridge[:-1]), dtype=np.float64)


def _normal(name: str, count: int) -> FloatArray:
    """Return ``count`` standard normal numbers that depend on the name alone; a longer draw begins with the shorter."""
    return np.random.default_rng((SEED, zlib.crc32(name.encode()))).standard_normal(count)


def _revert(noise: FloatArray) -> FloatArray:
    """Return the deviation from the trend: the sum of all shocks, each fading with time."""
    keep = 1 - _REVERSION / _DAYS_A_YEAR
    deviation, path = 0.0, np.empty_like(noise)
    for index, shock in enumerate(noise):
        deviation = deviation * keep + shock
        path[index] = deviation
    return path


def _rounded(price: float) -> Decimal:
    """Round to five significant digits, to cents from 100 on: as such a price would be quoted."""
    digits = 2 if price >= 100 else 4 - math.floor(math.log10(price))
    return Decimal(f"{price:.{digits}f}")
