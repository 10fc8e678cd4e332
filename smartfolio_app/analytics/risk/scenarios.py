"""What today's holdings would lose: in episodes that happened, and under shocks the user chooses.

An episode runs from the market's peak to its trough (close to close). A holding that had prices then moves as it
did. One that had none moves by a stated proxy: its beta to bitcoin (coins) or to the stock index (securities), times
what that did; the beta is measured on the last ``BETA_DAYS`` common days. What has neither is left out, and listed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.risk.dependence import beta
from smartfolio_app.analytics.risk.panel import ENOUGH_DAYS, Exposure
from smartfolio_app.ledger.assets import AssetId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smartfolio_app.analytics.results import FloatArray
    from smartfolio_app.analytics.risk.panel import Panel

BETA_DAYS = 756
#: A price within so many days before an end of the episode stands for it.
_NEAR = timedelta(days=5)


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


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to one holding: ``change`` is its return, ``loss`` the money (negative: lost).

    ``by`` is ``prices``, ``proxy``, ``shock`` or ``unmoved`` (cash of the view's currency, or no shock given); for a
    proxy, ``proxy`` is the asset it follows and ``beta`` how much. ``missing`` holdings have no change and no loss.
    """

    exposure: Exposure
    change: float | None
    loss: float | None
    by: str
    proxy: AssetId = ""
    beta: float | None = None


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


def replay(
    panel: Panel, others: Sequence[Exposure], episode: Episode, bitcoin: int | None, index: int | None
) -> Outcome:
    """Return what the episode would do to what is held; ``bitcoin`` and ``index`` are columns of the panel."""
    moves = [_move(panel, at, episode) for at in range(len(panel.exposures))]
    effects = []
    for at, one in enumerate(panel.exposures):
        if not one.value:
            continue
        change = moves[at]
        if change is not None:
            effects.append(Effect(one, change, one.value * change, "prices"))
            continue
        factor = bitcoin if one.kind == "crypto" else index if one.kind == "security" else None
        effects.append(_by_proxy(panel, at, factor, None if factor is None else moves[factor]))
    effects += [Effect(one, None, None, "missing") for one in others]
    return _outcome(episode.key, episode.first, episode.last, effects)


def shock(exposures: Sequence[Exposure], shocks: Mapping[str, float]) -> Outcome:
    """Return what shocks would do: ``shocks`` maps an asset id or a group key to a return; the asset's own word wins.

    What no shock speaks of does not move, and a group's shock does not make a loan smaller.
    """
    effects = []
    for one in exposures:
        change = shocks.get(one.asset.id)
        if change is None and not (one.kind == "item" and one.value < 0):
            change = shocks.get(one.group)
        moved = "unmoved" if change is None else "shock"
        change = 0.0 if change is None else max(change, -1.0)
        effects.append(Effect(one, change, one.value * change, moved))
    return _outcome("shock", None, None, effects)


def _move(panel: Panel, column: int, episode: Episode) -> float | None:
    """Return what an asset did from the first to the last day of an episode, ``None`` without prices near both."""
    ends = []
    for day in (episode.first, episode.last):
        rows = [at for at, other in enumerate(panel.days) if day - _NEAR <= other <= day]
        prices = panel.prices[rows, column]
        there = prices[np.isfinite(prices)]
        if not there.size:
            return None
        ends.append(float(there[-1]))
    return ends[1] / ends[0] - 1.0


def _by_proxy(panel: Panel, column: int, factor: int | None, change: float | None) -> Effect:
    one = panel.exposures[column]
    if factor is None or change is None or factor == column:
        return Effect(one, None, None, "missing")
    mine: FloatArray = panel.returns[-BETA_DAYS:, column]
    market: FloatArray = panel.returns[-BETA_DAYS:, factor]
    if int((np.isfinite(mine) & np.isfinite(market)).sum()) < ENOUGH_DAYS:
        return Effect(one, None, None, "missing")
    slope = beta(mine, market)
    if slope is None:
        return Effect(one, None, None, "missing")
    moved = max(slope * change, -1.0)
    return Effect(one, moved, one.value * moved, "proxy", panel.exposures[factor].asset.id, slope)


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
