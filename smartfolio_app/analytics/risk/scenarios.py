"""What today's holdings would lose: in episodes that happened, and under shocks the user chooses.

An episode runs from the market's peak to its trough (close to close). A holding that had prices then moves as it
did: in the view's currency where the exchange rates of then are known, else in that of its quotes, which is said. One
that had none moves by a stated proxy: its beta to bitcoin (coins) or to the stock index (securities), times what that
did; the beta is measured on the last ``BETA_DAYS`` common days. What has neither is left out, and listed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.risk.dependence import beta
from smartfolio_app.analytics.risk.panel import ENOUGH_DAYS, Exposure, Panel
from smartfolio_app.ledger.assets import AssetId

if TYPE_CHECKING:
    from collections.abc import Sequence

BETA_DAYS = 756
#: A price within so many days before an end of the episode stands for it.
NEAR = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Episode:
    """A fall that happened. ``first`` is the close before it, ``last`` that of its lowest day."""

    key: str
    first: date
    last: date


#: Peak and trough closes: of the S&P 500 in 2007-2009, of bitcoin (UTC days) in the others, except that March 2020 runs
#: from the stock market's peak to its trough.
EPISODES = (
    Episode("crisis_2008", date(2007, 10, 9), date(2009, 3, 9)),
    Episode("winter_2018", date(2017, 12, 16), date(2018, 12, 15)),
    Episode("march_2020", date(2020, 2, 19), date(2020, 3, 23)),
    Episode("may_2021", date(2021, 5, 8), date(2021, 7, 20)),
    Episode("luna_2022", date(2022, 5, 4), date(2022, 6, 18)),
    Episode("ftx_2022", date(2022, 11, 5), date(2022, 11, 21)),
)

#: What a shock may be of besides a group: all coins, all securities, everything that has a market price.
BASKETS = {"crypto": ("crypto",), "security": ("security",), "traded": ("crypto", "security")}


@dataclass(frozen=True, slots=True)
class Closes:
    """Closes by day, in ``currency``: what a market told of something the panel knows nothing of."""

    currency: str
    by_day: Mapping[date, float] = field(repr=False)

    def near(self, day: date) -> float | None:
        """Return the close of a day, or the last one shortly before."""
        for back in range(NEAR.days + 1):
            found = self.by_day.get(day - timedelta(days=back))
            if found is not None:
                return found
        return None

    def move(self, episode: Episode) -> float | None:
        """Return what it did over an episode, ``None`` without closes near both ends."""
        first, last = self.near(episode.first), self.near(episode.last)
        return None if not first or not last else last / first - 1.0


@dataclass(frozen=True, slots=True)
class Factor:
    """What a holding without prices may follow: ``returns`` (T - 1,) between the days of the panel."""

    asset: AssetId
    returns: FloatArray = field(repr=False)
    column: int | None = None
    closes: Closes | None = None

    @classmethod
    def of(
        cls, panel: Panel, asset: AssetId, column: int | None, closes: Closes | None = None
    ) -> Factor | None:
        """Return the factor from the panel's own column, or from closes where the panel has too few days of it."""
        if column is not None and int(np.isfinite(panel.returns[-BETA_DAYS:, column]).sum()) >= ENOUGH_DAYS:
            return cls(asset, panel.returns[:, column], column, closes)
        if closes is None or not panel.days:
            return None
        known = [closes.near(day) for day in panel.days[-BETA_DAYS - 1 :]]
        prices = np.array([math.nan if one is None else one for one in known])
        returns = np.full(len(panel.returns), math.nan)
        if len(prices) > 1:
            returns[-len(prices) + 1 :] = prices[1:] / prices[:-1] - 1.0
        return cls(asset, returns, column, closes)

    def move(self, panel: Panel, episode: Episode) -> float | None:
        """Return what it did over an episode."""
        own = None if self.column is None else _move(panel, self.column, episode)
        return own if own is not None or self.closes is None else self.closes.move(episode)


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to one holding: ``change`` is its return, ``loss`` the money (negative: lost).

    ``by`` is ``prices``, ``proxy``, ``shock`` or ``unmoved`` (cash of the view's currency, or no shock given); for a
    proxy, ``proxy`` is the asset it follows and ``beta`` how much. ``missing`` holdings have no change and no loss.
    ``currency`` is that of the quotes where the change is counted in it and not in the view's; else it is empty.
    """

    exposure: Exposure
    change: float | None
    loss: float | None
    by: str
    proxy: AssetId = ""
    beta: float | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An episode or a shock on today's holdings: ``loss`` in money over what is covered, ``change`` its ratio to that.

    ``covered`` is the share (gross, 0..1) of everything that the outcome speaks of; ``by_proxy`` that of proxies.
    """

    key: str
    first: date | None
    last: date | None
    loss: float | None
    change: float | None
    covered: float
    by_proxy: float
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Then:
    """What is known from the time of an episode besides the panel.

    ``own`` has closes by asset; ``rates`` by currency what one unit of it did, in the view's currency (end over start).
    """

    own: Mapping[AssetId, Closes] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Replay:
    """An episode, what is held, and everything that tells what it would do."""

    panel: Panel
    others: tuple[Exposure, ...]
    episode: Episode
    bitcoin: Factor | None
    index: Factor | None
    then: Then

    def outcome(self) -> Outcome:
        """Return what the episode would do to what is held."""
        return replay(self.panel, self.others, self.episode, self.bitcoin, self.index, then=self.then)


def replay(
    panel: Panel,
    others: Sequence[Exposure],
    episode: Episode,
    bitcoin: Factor | None,
    index: Factor | None,
    *,
    then: Then | None = None,
) -> Outcome:
    """Return what the episode would do to what is held."""
    then = then or Then()
    effects = []
    for at, one in enumerate(panel.exposures):
        if not one.value:
            continue
        change = _move(panel, at, episode)
        if change is not None:
            effects.append(Effect(one, change, one.value * change, "prices"))
            continue
        effect = _by_closes(one, episode, then)
        if effect is None:
            factor = bitcoin if one.kind == "crypto" else index if one.kind == "security" else None
            effect = _by_proxy(panel, at, factor, episode)
        effects.append(effect)
    effects += [Effect(one, None, None, "missing") for one in others]
    return _outcome(episode.key, episode.first, episode.last, effects)


def _by_closes(one: Exposure, episode: Episode, then: Then) -> Effect | None:
    closes = then.own.get(one.asset.id)
    change = None if closes is None else closes.move(episode)
    if closes is None or change is None:
        return None
    rate = then.rates.get(closes.currency)
    if rate is not None:
        change = (1 + change) * rate - 1
    return Effect(
        one, change, one.value * change, "prices", currency="" if rate is not None else closes.currency
    )


def shock(exposures: Sequence[Exposure], shocks: Mapping[str, float]) -> Outcome:
    """Return what shocks would do: ``shocks`` maps an asset id, a group key or one of ``BASKETS`` to a return.

    The nearest word wins: the asset's own, then its group's, then its kind's. What no shock speaks of does not move,
    and a group's shock does not make a loan smaller.
    """
    effects = []
    for one in exposures:
        name = shocked_by(one, shocks)
        moved = "unmoved" if name is None else "shock"
        change = 0.0 if name is None else max(shocks[name], -1.0)
        effects.append(Effect(one, change, one.value * change, moved))
    return _outcome("shock", None, None, effects)


def weight_of(exposures: Sequence[Exposure], group: str) -> float | None:
    """Return the share of a group in the gross worth of all groups, ``None`` where nothing is worth anything."""
    totals: dict[str, float] = {}
    for one in exposures:
        totals[one.group] = totals.get(one.group, 0.0) + one.value
    gross = sum(abs(value) for value in totals.values())
    return abs(totals[group]) / gross if group in totals and gross else None


def shocked_by(one: Exposure, shocks: Mapping[str, float]) -> str | None:
    """Return the name of the shock that moves a holding, ``None`` where nothing does."""
    names = [one.asset.id]
    if not (one.kind == "item" and one.value < 0):
        names.append(one.group)
    names += [name for name, kinds in BASKETS.items() if one.kind in kinds]
    return next((name for name in names if name in shocks), None)


def _move(panel: Panel, column: int, episode: Episode) -> float | None:
    """Return what an asset did from the first to the last day of an episode, ``None`` without prices near both."""
    ends = []
    for day in (episode.first, episode.last):
        rows = [at for at, other in enumerate(panel.days) if day - NEAR <= other <= day]
        prices = panel.prices[rows, column]
        there = prices[np.isfinite(prices)]
        if not there.size:
            return None
        ends.append(float(there[-1]))
    return ends[1] / ends[0] - 1.0


def _by_proxy(panel: Panel, column: int, factor: Factor | None, episode: Episode) -> Effect:
    one = panel.exposures[column]
    change = None if factor is None else factor.move(panel, episode)
    if factor is None or change is None or factor.column == column:
        return Effect(one, None, None, "missing")
    mine: FloatArray = panel.returns[-BETA_DAYS:, column]
    market: FloatArray = factor.returns[-BETA_DAYS:]
    if int((np.isfinite(mine) & np.isfinite(market)).sum()) < ENOUGH_DAYS:
        return Effect(one, None, None, "missing")
    slope = beta(mine, market)
    if slope is None:
        return Effect(one, None, None, "missing")
    moved = max(slope * change, -1.0)
    return Effect(one, moved, one.value * moved, "proxy", factor.asset, slope)


def _outcome(key: str, first: date | None, last: date | None, effects: Sequence[Effect]) -> Outcome:
    gross = math.fsum(abs(one.exposure.value) for one in effects)
    spoken = [one for one in effects if one.loss is not None]
    worth = math.fsum(one.exposure.value for one in spoken)
    loss = math.fsum(one.loss or 0.0 for one in spoken) if spoken else None
    part = math.fsum(abs(one.exposure.value) for one in spoken)
    proxy = math.fsum(abs(one.exposure.value) for one in spoken if one.by == "proxy")
    ordered = sorted(effects, key=lambda one: (one.loss is None, one.loss or 0.0, one.exposure.asset.id))
    return Outcome(
        key,
        first,
        last,
        loss,
        loss / worth if loss is not None and worth > 0 else None,
        part / gross if gross else 0.0,
        proxy / gross if gross else 0.0,
        tuple(ordered),
    )
