"""The price book: every observed price and rate, and the one answer to "what was this worth, in that currency, then?".

How a price is found, in this order:

1. the asset quoted in the wanted currency itself;
2. quoted in another currency, times the exchange rate: between currencies through the ECB's euro rates; to or from a
   coin (``BTC``, ``USDT``) by that coin's own price; where the ECB says nothing, by a coin quoted in both currencies;
3. the user's own trades, when no market price is known or it is days older.

A quote in another currency is preferred over a direct one only when it is newer by more than an hour. Nothing is
assumed: a stablecoin has no price until somebody quotes one, and what is not found is ``None`` (``nan`` in arrays).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from smartfolio_app.analytics.clock import DAY_US, instant, micros
from smartfolio_app.analytics.observations import Observations, observations
from smartfolio_app.analytics.price_arrays import ArraySearch
from smartfolio_app.analytics.price_search import PointSearch
from smartfolio_app.analytics.quotes import PricePoint, RatePoint, Staleness
from smartfolio_app.analytics.rates import RateTable
from smartfolio_app.analytics.results import FloatArray, UnitPrice
from smartfolio_app.ledger.assets import AssetId, is_fiat, symbol_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence


__all__ = ["DailyPrices", "PriceBook", "PricePoint", "RatePoint", "Staleness"]


@dataclass(frozen=True, slots=True)
class DailyPrices:
    """Unit prices at many instants, each array of shape (instants, assets); ``price`` is ``nan`` where unknown.

    ``fresh`` tells where the price was not older than the staleness limit at that instant.
    """

    price: FloatArray
    fresh: NDArray[np.bool_]


class PriceBook:
    """All observations, indexed. It never changes; ``with_points`` returns an extended book that shares the rest."""

    def __init__(
        self,
        prices: Iterable[PricePoint] = (),
        rates: Iterable[RatePoint] = (),
        staleness: Staleness | None = None,
    ) -> None:
        limits = staleness or Staleness()
        self._seen = observations(prices, RateTable(rates, limits.fx_days), limits)

    def with_points(self, points: Iterable[PricePoint]) -> PriceBook:
        """Return a book with additional prices: a user's own, the trades', a wealth item's valuations."""
        return _book(self._seen.extended(points))

    def without(self, assets: Iterable[AssetId]) -> PriceBook:
        """Return a book that knows no market price of ``assets``."""
        return _book(self._seen.without(frozenset(assets)))

    def differences(self, other: PriceBook) -> list[tuple[datetime, datetime]] | None:
        """Return when this book can tell other prices than another one: spans of instants, from and before.

        Books that share most of what they know are compared quickly. ``None``: at any time.
        """
        spans = self._seen.differences(other._seen)
        if spans is None:
            return None
        return [
            (instant(first), datetime.max.replace(tzinfo=UTC) if last is None else instant(last))
            for first, last in spans
        ]

    def with_trades(self, days: Collection[int], points: Iterable[PricePoint]) -> PriceBook:
        """Return a book that knows ``points`` instead of the trades' prices of some UTC days (numbers since 1970)."""
        return _book(self._seen.with_trades(days, points))

    def quoted(self, asset: AssetId, at: datetime) -> bool:
        """Tell whether anyone had quoted the asset by ``at``; if it has no price then, a rate is missing."""
        moment = micros(at)
        return is_fiat(asset) or any(
            series.last(moment) >= 0
            for tier in (self._seen.market, self._seen.trades)
            for series in tier.get(asset, {}).values()
        )

    def market_assets(self) -> list[AssetId]:
        """Return everything that a market quotes (coins, securities; no money, no wealth item), by id."""
        return sorted(
            asset for asset in self._seen.market if not is_fiat(asset) and not asset.startswith("item:")
        )

    def unit_price(self, asset: AssetId, currency: str, at: datetime) -> UnitPrice | None:
        """Return what 1 ``asset`` was worth in ``currency`` (ISO code or coin) at ``at``; ``None`` if not known."""
        found = PointSearch(self._seen, micros(at)).find(asset, currency)
        if found is None:
            return None
        return UnitPrice(found.value, currency, instant(found.at), found.rates, found.stale)

    def convert(self, base: str, quote: str, at: datetime) -> UnitPrice | None:
        """Return what 1 ``base`` was worth in ``quote``, both ISO codes or coins; ``None`` if not known."""
        found = PointSearch(self._seen, micros(at)).convert(base, quote)
        if found is None:
            return None
        return UnitPrice(found.value, quote, instant(found.at), found.rates, found.stale)

    def daily(self, assets: Sequence[AssetId], currency: str, ends: NDArray[np.int64]) -> DailyPrices:
        """Return the prices of ``assets`` in ``currency`` at each instant of ``ends`` (µs since 1970, ascending).

        The rules are those of ``unit_price``; only the staleness limit of coins is the daily one.
        """
        price = np.full((len(ends), len(assets)), np.nan)
        fresh = np.zeros((len(ends), len(assets)), dtype=np.bool_)
        search = ArraySearch(self._seen, ends)
        for column, asset in enumerate(assets):
            found = search.find(asset, currency)
            if found is not None:
                price[:, column], fresh[:, column] = found.value, found.fresh
        return DailyPrices(price, fresh)

    def observed(self, assets: Sequence[AssetId], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell for which assets somebody quoted a market price within the UTC day before each of ``ends``.

        Shape (instants, assets). Currencies are quoted on the days of the ECB's reference rates; trades of the user
        are no market prices.
        """
        seen = np.zeros((len(ends), len(assets)), dtype=np.bool_)
        for column, asset in enumerate(assets):
            for series in self._seen.market.get(asset, {}).values():
                times = series.on(ends)[1]
                seen[:, column] |= times > ends - DAY_US
            if is_fiat(asset):
                seen[:, column] |= self._seen.rates.observed(symbol_of(asset), ends)
        return seen

    def first_quoted(self, asset: AssetId) -> datetime | None:
        """Return when somebody first quoted a market price of the asset, ``None`` if never."""
        starts = [series.times[0] for series in self._seen.market.get(asset, {}).values() if series.times]
        return instant(min(starts)) if starts else None


def _book(seen: Observations) -> PriceBook:
    book = PriceBook.__new__(PriceBook)
    book._seen = seen  # noqa: SLF001 - the second constructor of this very class
    return book
