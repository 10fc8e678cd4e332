"""All observed prices and rates, indexed by asset and currency: what the searches for a price look into."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import compress, count
from operator import ne
from typing import TYPE_CHECKING

from smartfolio_app.analytics.clock import DAY_US, micros
from smartfolio_app.analytics.quotes import (
    MANUAL_PROVIDER,
    TRADE_PROVIDER,
    PricePoint,
    Series,
    Staleness,
    series_of,
)
from smartfolio_app.analytics.rates import RateTable
from smartfolio_app.ledger.assets import AssetId, crypto, is_fiat
from smartfolio_app.ledger.money import divide

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from decimal import Decimal

    from smartfolio_app.analytics.clock import Microseconds

#: Asset -> currency -> observations.
Index = dict[AssetId, dict[str, Series]]

#: Prices in a hundredth of a currency, as some exchanges print them.
MINOR_UNITS = {"GBX": "GBP", "ZAC": "ZAR", "ILA": "ILS"}
_HUNDRED = 100
_US = timedelta(microseconds=1)


@dataclass(slots=True)
class Limits:
    """``Staleness`` in the engine's integers: microseconds and business days."""

    crypto_us: int
    crypto_daily_us: int
    item_us: int
    securities_days: int


@dataclass(slots=True)
class Observations:
    """Market prices and the prices of the user's own trades apart, because the second never rival the first."""

    rates: RateTable
    limits: Limits
    market: Index = field(default_factory=dict)
    trades: Index = field(default_factory=dict)

    def add(self, points: Iterable[PricePoint]) -> None:
        """Take in more prices. Where the user set one for a day, other providers' prices of that day are dropped."""
        tiers: tuple[tuple[Index, dict[tuple[AssetId, str], list[tuple[int, Decimal, str]]]], ...] = (
            (self.market, defaultdict(list)),
            (self.trades, defaultdict(list)),
        )
        manual_days: defaultdict[AssetId, set[int]] = defaultdict(set)
        for point in points:
            currency, price, at = point.currency, point.price, micros(point.at)
            if currency in MINOR_UNITS:
                currency, price = MINOR_UNITS[currency], divide(price, type(price)(_HUNDRED))
            tiers[point.provider == TRADE_PROVIDER][1][point.asset, currency].append(
                (at, price, point.provider)
            )
            if point.provider == MANUAL_PROVIDER:
                manual_days[point.asset].add(at // DAY_US)
        for index, added in tiers:
            _merge(index, added)
        for asset, days in manual_days.items():
            left = (
                (currency, _without_rivals(series, days)) for currency, series in self.market[asset].items()
            )
            self.market[asset] = {currency: series for currency, series in left if series.times}

    def extended(self, points: Iterable[PricePoint]) -> Observations:
        """Return a copy with additional prices, which shares what it does not change."""
        copy = Observations(self.rates, self.limits, dict(self.market), dict(self.trades))
        copy.add(points)
        return copy

    def without(self, assets: frozenset[AssetId]) -> Observations:
        """Return a copy without the market prices of ``assets``, which shares the rest."""
        left = {asset: series for asset, series in self.market.items() if asset not in assets}
        return Observations(self.rates, self.limits, left, dict(self.trades))

    def with_trades(self, days: Collection[int], points: Iterable[PricePoint]) -> Observations:
        """Return a copy that knows ``points`` instead of the trades' prices of some UTC days.

        It shares the rest, and every series of which those days tell the same as before.
        """
        told = Observations(self.rates, self.limits)
        told.add(points)
        trades: Index = {}
        for asset in sorted(self.trades.keys() | told.trades.keys()):
            known, new = self.trades.get(asset, {}), told.trades.get(asset, {})
            series = {
                currency: _replaced(known.get(currency), new.get(currency), days)
                for currency in sorted(known.keys() | new.keys())
            }
            left = {currency: one for currency, one in series.items() if one.times}
            if left.keys() == known.keys() and all(left[currency] is known[currency] for currency in left):
                trades[asset] = known
            elif left:
                trades[asset] = left
        return Observations(self.rates, self.limits, dict(self.market), trades)

    def differences(self, other: Observations) -> list[tuple[Microseconds, Microseconds | None]] | None:
        """Return the spans of instants (from, before; without an end: ``None``) at which a search can find another way.

        Every search looks at what was told last before one instant, so a series that differs plays a part only from the
        first difference until both tell the same again. ``None`` when the two differ in more than series.
        """
        if self.rates is not other.rates or self.market.keys() != other.market.keys():
            return None
        spans = []
        for mine, theirs in ((self.market, other.market), (self.trades, other.trades)):
            for asset in mine.keys() | theirs.keys():
                own, its = mine.get(asset, {}), theirs.get(asset, {})
                if own is not its:
                    for currency in own.keys() | its.keys():
                        span = _difference(own.get(currency), its.get(currency))
                        if span is not None:
                            spans.append(span)
        return spans

    def is_coin(self, currency: str) -> bool:
        """Tell whether the "currency" is a coin with a price of its own (``BTC``, ``USDT``)."""
        return crypto(currency) in self.market and not self.rates.knows(currency)


def observations(prices: Iterable[PricePoint], rates: RateTable, staleness: Staleness) -> Observations:
    """Return the indexed observations."""
    limits = Limits(
        crypto_us=staleness.crypto // _US,
        crypto_daily_us=staleness.crypto_daily // _US,
        item_us=staleness.item // _US,
        securities_days=staleness.securities_days,
    )
    found = Observations(rates, limits)
    found.add(prices)
    return found


def is_identity(asset: AssetId, currency: str) -> bool:
    """Tell whether the asset is a currency, or the very coin the result is wanted in: then only a rate is needed."""
    return is_fiat(asset) or asset == crypto(currency)


def _merge(index: Index, added: dict[tuple[AssetId, str], list[tuple[int, Decimal, str]]]) -> None:
    changed: set[AssetId] = set()
    for (asset, currency), new in added.items():
        if asset not in changed:
            changed.add(asset)
            index[asset] = dict(index.get(asset, {}))
        known = index[asset].get(currency)
        old = [] if known is None else zip(known.times, known.values, known.providers, strict=True)
        index[asset][currency] = series_of([*old, *new])
    for asset in changed:  # by name, so that equally good ways are tried in the same order always
        index[asset] = dict(sorted(index[asset].items()))


def _replaced(known: Series | None, new: Series | None, days: Collection[int]) -> Series:
    """Return a series with what another one tells in place of some days; the very same where that is no change."""
    old, come = known or Series([], [], []), new or Series([], [], [])
    times, values, providers = list(old.times), list(old.values), list(old.providers)
    for day in days:
        span, own = _of_day(times, day), _of_day(come.times, day)
        times[span], values[span], providers[span] = come.times[own], come.values[own], come.providers[own]
    if known is not None and (times, values, providers) == (old.times, old.values, old.providers):
        return known
    return Series(times, values, providers)


def _of_day(times: list[int], day: int) -> slice:
    return slice(bisect_left(times, day * DAY_US), bisect_left(times, (day + 1) * DAY_US))


def _difference(left: Series | None, right: Series | None) -> tuple[Microseconds, Microseconds | None] | None:
    """Return from when on, and until when, two series tell something else; ``None`` when they never do."""
    if left is right:
        return None
    one, other = left or Series([], [], []), right or Series([], [], [])
    pairs = (
        (one.times, other.times),
        (one.values, other.values),
        (one.providers, other.providers),
    )
    most = min(len(one.times), len(other.times))
    first = min(_alike(*pair) for pair in pairs)
    if first == len(one.times) == len(other.times):
        return None
    end = min(most - first, *(_alike(*pair, backwards=True) for pair in pairs))
    start = min(rows.times[first] for rows in (one, other) if first < len(rows.times))
    return start, one.times[-end] if end else None


def _alike(one: Sequence[object], other: Sequence[object], *, backwards: bool = False) -> int:
    """Return how many of the first elements (of the last ones: ``backwards``) are the same."""
    pairs = map(ne, reversed(one), reversed(other)) if backwards else map(ne, one, other)
    return next(compress(count(), pairs), min(len(one), len(other)))


def _without_rivals(series: Series, manual_days: set[int]) -> Series:
    return series_of(
        [
            (at, value, provider)
            for at, value, provider in zip(series.times, series.values, series.providers, strict=True)
            if provider == MANUAL_PROVIDER or at // DAY_US not in manual_days
        ]
    )
