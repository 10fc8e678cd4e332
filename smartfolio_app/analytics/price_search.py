"""Finding one price, exactly and with its path. ``prices`` tells the rules; ``price_arrays`` applies them in bulk."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.analytics.clock import DAY_US, Microseconds, business_days_between, instant
from smartfolio_app.analytics.observations import is_identity
from smartfolio_app.analytics.quotes import NEVER, Series
from smartfolio_app.analytics.rates import ONE, Conversion
from smartfolio_app.analytics.results import Rate
from smartfolio_app.ledger.assets import AssetId, crypto, symbol_of
from smartfolio_app.ledger.money import divide, multiply

if TYPE_CHECKING:
    from smartfolio_app.analytics.observations import Observations

#: A converted quote must be newer than a direct one by more than this to be preferred.
DIRECT_LEAD_US = 3_600_000_000
#: A trade's own price must be newer than the market's by more than this to be preferred.
TRADE_LEAD_US = 3 * DAY_US
#: Coins that are quoted in most currencies, for bridging two currencies that the ECB does not connect.
BRIDGES = ("BTC", "ETH")
#: How often a coin may be priced by another coin on the way; keeps a coin from being priced by itself.
MAX_DEPTH = 2


@dataclass(frozen=True, slots=True)
class Found:
    """A price: its value, the rates that gave it, the oldest time among them, the quote's own time, and staleness."""

    value: Decimal
    rates: tuple[Rate, ...]
    at: Microseconds
    quoted_at: Microseconds
    stale: bool


class PointSearch:
    """One search at one instant (µs)."""

    def __init__(self, seen: Observations, at: Microseconds) -> None:
        self._seen = seen
        self._at = at

    def find(self, asset: AssetId, currency: str, depth: int = 0) -> Found | None:
        """Return what 1 ``asset`` was worth in ``currency``; ``None`` if not known."""
        if is_identity(asset, currency):
            rate = self.convert(symbol_of(asset), currency, depth)
            return None if rate is None else Found(rate.value, rate.rates, rate.at, rate.at, rate.stale)
        market = self._best(self._seen.market.get(asset), asset, currency, depth)
        traded = self._best(self._seen.trades.get(asset), asset, currency, depth)
        if market is None or (traded is not None and traded.quoted_at > market.quoted_at + TRADE_LEAD_US):
            return traded
        return market

    def convert(self, base: str, quote: str, depth: int = 0) -> Conversion | None:
        """Return what 1 ``base`` was worth in ``quote``, each a currency or a coin's symbol; ``None`` if not known."""
        known = self._seen.rates.convert(base, quote, self._at)
        if known is not None or depth >= MAX_DEPTH:
            return known
        if self._seen.is_coin(base):
            found = self.find(crypto(base), quote, depth + 1)
            return None if found is None else Conversion(found.value, found.rates, found.at, found.stale)
        if self._seen.is_coin(quote):
            found = self.find(crypto(quote), base, depth + 1)
            if found is None or not found.value:
                return None
            return Conversion(divide(ONE, found.value), found.rates, found.at, found.stale)
        return self._bridge(base, quote)

    def _best(
        self, by_currency: dict[str, Series] | None, asset: AssetId, currency: str, depth: int
    ) -> Found | None:
        best: Found | None = None
        barrier = NEVER
        direct = (by_currency or {}).get(currency)
        if direct is not None:
            best = self._through(direct, asset, (currency, currency), depth)
            barrier = NEVER if best is None else best.quoted_at + DIRECT_LEAD_US
        for quoted, series in (by_currency or {}).items():
            index = series.last(self._at)
            if quoted == currency or index < 0 or series.times[index] <= barrier:
                continue
            found = self._through(series, asset, (quoted, currency), depth)
            if found is not None:
                best, barrier = found, found.quoted_at
        return best

    def _through(self, series: Series, asset: AssetId, way: tuple[str, str], depth: int) -> Found | None:
        """Return the price that one series gives, its quote converted along ``way`` (quoted currency, wanted one)."""
        index = series.last(self._at)
        if index < 0:
            return None
        quoted, currency = way
        rate = self.convert(quoted, currency, depth)
        if rate is None:
            return None
        price, quoted_at = series.values[index], series.times[index]
        own = Rate(asset, quoted, price, instant(quoted_at), series.providers[index])
        value = price if quoted == currency else multiply(price, rate.value)
        stale = rate.stale or self._is_stale(asset, quoted_at)
        return Found(value, (own, *rate.rates), min(quoted_at, rate.at), quoted_at, stale)

    def _bridge(self, base: str, quote: str) -> Conversion | None:
        """Connect two currencies by a coin that is quoted in both."""
        for symbol in BRIDGES:
            coin = crypto(symbol)
            by_currency = self._seen.market.get(coin, {})
            left, right = by_currency.get(base), by_currency.get(quote)
            if left is None or right is None:
                continue
            first = self._through(left, coin, (base, base), MAX_DEPTH)
            second = self._through(right, coin, (quote, quote), MAX_DEPTH)
            if first is not None and second is not None and first.value:
                return Conversion(
                    divide(second.value, first.value),
                    (*first.rates, *second.rates),
                    min(first.at, second.at),
                    first.stale or second.stale,
                )
        return None

    def _is_stale(self, asset: AssetId, quoted_at: Microseconds) -> bool:
        limits = self._seen.limits
        if asset.startswith("item:"):
            return self._at - quoted_at > limits.item_us
        if asset.startswith("crypto:"):
            return self._at - quoted_at > limits.crypto_us
        return business_days_between(quoted_at // DAY_US, self._at // DAY_US) > limits.securities_days
