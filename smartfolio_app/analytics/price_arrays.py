"""Finding many prices at once: the rules of ``price_search``, with an array of instants in place of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from smartfolio_app.analytics.clock import DAY_US, business_days_array
from smartfolio_app.analytics.observations import is_identity
from smartfolio_app.analytics.price_search import BRIDGES, DIRECT_LEAD_US, MAX_DEPTH, TRADE_LEAD_US
from smartfolio_app.analytics.quotes import NEVER, Series
from smartfolio_app.analytics.rates import DailyConversion
from smartfolio_app.ledger.assets import AssetId, crypto, symbol_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from smartfolio_app.analytics.observations import Observations


class Found(NamedTuple):
    """Prices at many instants, and apart from their oldest rate the time of the asset's own quote; each shape (n,)."""

    price: DailyConversion
    quoted_at: NDArray[np.int64]


class ArraySearch:
    """One search over fixed instants ``ends`` (µs); remembers the conversions it has already made."""

    def __init__(self, seen: Observations, ends: NDArray[np.int64]) -> None:
        self._seen = seen
        self._ends = ends
        self._conversions: dict[tuple[str, str, int], DailyConversion | None] = {}

    def find(self, asset: AssetId, currency: str, depth: int = 0) -> DailyConversion | None:
        """Return what 1 ``asset`` was worth in ``currency`` at each instant; ``None`` if never known."""
        if is_identity(asset, currency):
            return self._conversion(symbol_of(asset), currency, depth)
        market = self._best(self._seen.market.get(asset), asset, currency, depth)
        traded = self._best(self._seen.trades.get(asset), asset, currency, depth)
        if market is None or traded is None:
            best = traded if market is None else market
            return None if best is None else best.price
        newer = traded.quoted_at > market.quoted_at + TRADE_LEAD_US
        take = np.isnan(market.price.value) | (~np.isnan(traded.price.value) & newer)
        return _where(take, traded, market).price

    def _best(
        self, by_currency: dict[str, Series] | None, asset: AssetId, currency: str, depth: int
    ) -> Found | None:
        best: Found | None = None
        barrier = np.full(len(self._ends), NEVER)
        for quoted, series in sorted((by_currency or {}).items(), key=lambda item: item[0] != currency):
            rate = self._conversion(quoted, currency, depth)
            if rate is None:
                continue
            price, quoted_at = series.on(self._ends)
            value = price if quoted == currency else price * rate.value
            known = ~np.isnan(value)
            fresh = known & rate.fresh & self._is_fresh(asset, quoted_at)
            found = Found(DailyConversion(value, np.minimum(quoted_at, rate.at), fresh), quoted_at)
            take = known & (quoted_at > barrier)
            best = found if best is None else _where(take, found, best)
            lead = DIRECT_LEAD_US if quoted == currency else 0
            barrier = np.where(take, quoted_at + lead, barrier)
        return best

    def _conversion(self, base: str, quote: str, depth: int) -> DailyConversion | None:
        key = (base, quote, depth)
        if key not in self._conversions:
            self._conversions[key] = self._convert(base, quote, depth)
        return self._conversions[key]

    def _convert(self, base: str, quote: str, depth: int) -> DailyConversion | None:
        known = self._seen.rates.convert_daily(base, quote, self._ends)
        if depth >= MAX_DEPTH or not np.isnan(known.value).any():
            return known
        other: DailyConversion | None
        if self._seen.is_coin(base):
            other = self.find(crypto(base), quote, depth + 1)
        elif self._seen.is_coin(quote):
            found = self.find(crypto(quote), base, depth + 1)
            other = None if found is None else _inverse(found)
        else:
            other = self._bridge(base, quote)
        return known if other is None else _patched(known, other)

    def _bridge(self, base: str, quote: str) -> DailyConversion | None:
        result: DailyConversion | None = None
        for symbol in BRIDGES:
            coin = crypto(symbol)
            by_currency = self._seen.market.get(coin, {})
            if base not in by_currency or quote not in by_currency:
                continue
            first, first_at = by_currency[base].on(self._ends)
            second, second_at = by_currency[quote].on(self._ends)
            at = np.minimum(first_at, second_at)
            value = second / np.where(first == 0, np.nan, first)
            bridge = DailyConversion(value, at, ~np.isnan(value) & self._is_fresh(coin, at))
            result = bridge if result is None else _patched(result, bridge)
        return result

    def _is_fresh(self, asset: AssetId, quoted_at: NDArray[np.int64]) -> NDArray[np.bool_]:
        limits = self._seen.limits
        if asset.startswith("item:"):
            return self._ends - quoted_at <= limits.item_us
        if asset.startswith("crypto:"):
            return self._ends - quoted_at <= limits.crypto_daily_us
        return business_days_array(quoted_at // DAY_US, self._ends // DAY_US) <= limits.securities_days


def _where(take: NDArray[np.bool_], yes: Found, no: Found) -> Found:
    price = DailyConversion(
        np.where(take, yes.price.value, no.price.value),
        np.where(take, yes.price.at, no.price.at),
        np.where(take, yes.price.fresh, no.price.fresh),
    )
    return Found(price, np.where(take, yes.quoted_at, no.quoted_at))


def _inverse(found: DailyConversion) -> DailyConversion:
    value = 1 / np.where(found.value == 0, np.nan, found.value)
    return DailyConversion(value, found.at, found.fresh & ~np.isnan(value))


def _patched(first: DailyConversion, second: DailyConversion) -> DailyConversion:
    """Fill the holes of ``first`` from ``second``."""
    hole = np.isnan(first.value)
    return DailyConversion(
        np.where(hole, second.value, first.value),
        np.where(hole, second.at, first.at),
        np.where(hole, second.fresh, first.fresh),
    )
