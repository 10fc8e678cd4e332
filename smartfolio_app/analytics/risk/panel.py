"""The prices of everything held, on one calendar: what every figure about the whole is computed from.

Coins trade every day, securities on their exchange's days. A household that holds both is looked at on the days on
which exchanges are open, a coin's weekend then being part of Monday's return: that aligns the closes, and nothing is
diluted by days on which half of it could not move. A household of coins alone is looked at every day.

A price is carried over at most ``CARRIED_DAYS`` (an exchange's own holiday, a missing day of a coin); beyond,
nothing is known. Days are UTC days, and today is left out because it is not over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from smartfolio_app.analytics.clock import DAY_US, day_number
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.risk.returns import CRYPTO_DAYS, EXCHANGE_DAYS
from smartfolio_app.ledger.assets import Asset, AssetClass, AssetId, is_fiat, symbol_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smartfolio_app.analytics.prices import PriceBook

BoolArray = NDArray[np.bool_]

#: For how many calendar days a price may stand in for the next one.
CARRIED_DAYS = {"crypto": 2, "fiat": 6, "security": 6}
#: From this share of the value on, securities decide on which days the whole is looked at.
SECURITIES_DECIDE = 0.01
#: A day counts when assets of this share of the measured value have a return on it.
LEAST_KNOWN = 0.8
#: So many observed days make an asset's history long enough, in windows that have them; else two thirds of the window.
ENOUGH_DAYS = 60
#: How far back anything is looked at.
LONGEST_YEARS = 20


@dataclass(frozen=True, slots=True)
class Exposure:
    """One holding as risk sees it: its worth in the view's currency (negative when owed), its group and category.

    One of value 0 is a reference: something to compare with (bitcoin, an index) that is not held.
    """

    asset: Asset
    value: float
    group: str
    category: str

    @property
    def kind(self) -> str:
        """``crypto``, ``fiat``, ``security`` or ``item``: decides on which days its price can move."""
        if self.asset.asset_class in (AssetClass.CRYPTO, AssetClass.FIAT, AssetClass.ITEM):
            return self.asset.asset_class.value
        return "security"


@dataclass(frozen=True, slots=True)
class Panel:
    """Prices on the common calendar: ``days`` (T,), ``prices`` and ``observed`` (T, assets), ``returns`` (T - 1,
    assets).

    ``own_returns`` and ``own_days`` (day of the return's end) are each asset's on its own calendar, for figures
    of one asset alone; ``days_a_year`` is 365 or 252, by the common calendar.
    """

    exposures: tuple[Exposure, ...]
    days: tuple[date, ...]
    days_a_year: int
    prices: FloatArray = field(repr=False)
    observed: BoolArray = field(repr=False)
    returns: FloatArray = field(repr=False)
    own_returns: tuple[FloatArray, ...] = field(repr=False)
    own_days: tuple[NDArray[np.int64], ...] = field(repr=False)

    @property
    def values(self) -> FloatArray:
        """What each asset is worth, shape (assets,)."""
        return np.array([one.value for one in self.exposures], dtype=np.float64)

    def column(self, asset: AssetId) -> int | None:
        """Return the column of an asset, ``None`` when it is not in the panel."""
        return next((at for at, one in enumerate(self.exposures) if one.asset.id == asset), None)

    def start_of(self, window: int | None) -> int:
        """Return the row of the first return of a window of so many calendar days (``None``: all there is)."""
        if window is None or not self.days:
            return 0
        first = self.days[-1] - timedelta(days=window)
        return next((at for at, day in enumerate(self.days[1:]) if day > first), len(self.days) - 1)

    def needed(self, start: int) -> int:
        """Return how many observed days make a history long enough, from the return of row ``start`` on."""
        return min(ENOUGH_DAYS, math.ceil((len(self.days) - 1 - start) * 2 / 3)) or 1


def build_panel(
    prices: PriceBook, exposures: Sequence[Exposure], currency: str, last: date, first: date | None = None
) -> Panel:
    """Return the panel of what is held, from ``first`` (default: the first day anything was quoted) to ``last``.

    Wealth items are left out by the caller: nobody quotes them.
    """
    begin = _begin(prices, exposures, last) if first is None else first
    if begin is None or begin > last:
        empty = np.empty((0, len(exposures)))
        none = tuple(np.empty(0) for _ in exposures)
        no_days = tuple(np.empty(0, dtype=np.int64) for _ in exposures)
        return Panel(tuple(exposures), (), CRYPTO_DAYS, empty, empty.astype(np.bool_), empty, none, no_days)
    lead = max(CARRIED_DAYS.values())
    numbers = np.arange(day_number(begin) - lead, day_number(last) + 1, dtype=np.int64)
    ends = (numbers + 1) * DAY_US - 1
    ids = [one.asset.id for one in exposures]
    found = prices.daily(ids, currency, ends).price
    seen = prices.observed(ids, ends)
    for column, one in enumerate(exposures):
        if one.asset.id.partition(":")[0] in ("fiat", "crypto") and symbol_of(one.asset.id) == currency:
            seen[:, column] = True  # the unit everything is counted in never moves
    known = _not_carried_too_far(found, seen, exposures)
    open_days = _open_days(numbers, seen, exposures)
    days_a_year = CRYPTO_DAYS if open_days.all() else EXCHANGE_DAYS
    rows = np.flatnonzero(open_days & (numbers >= day_number(begin)))
    table = known[rows]
    own = [_own_returns(known[:, at], seen[:, at], numbers, one.kind) for at, one in enumerate(exposures)]
    epoch = date(1970, 1, 1)
    return Panel(
        exposures=tuple(exposures),
        days=tuple(epoch + timedelta(days=int(number)) for number in numbers[rows]),
        days_a_year=days_a_year,
        prices=table,
        observed=seen[rows],
        returns=_returns(table),
        own_returns=tuple(one[0] for one in own),
        own_days=tuple(one[1] for one in own),
    )


def _begin(prices: PriceBook, exposures: Sequence[Exposure], last: date) -> date | None:
    quoted = [prices.first_quoted(one.asset.id) for one in exposures if not is_fiat(one.asset.id)]
    known = [moment.date() for moment in quoted if moment is not None]
    earliest = last - timedelta(days=round(LONGEST_YEARS * 365.25))
    if known:
        return max(min(known), earliest)
    return last - timedelta(days=5 * 365) if any(is_fiat(one.asset.id) for one in exposures) else None


def _not_carried_too_far(found: FloatArray, seen: BoolArray, exposures: Sequence[Exposure]) -> FloatArray:
    """Return the prices, ``nan`` where the last observation is older than its kind allows."""
    row = np.arange(len(found), dtype=np.int64)[:, None]
    newest = np.maximum.accumulate(np.where(seen, row, -(2**31)), axis=0)
    allowed = np.array([CARRIED_DAYS.get(one.kind, 0) for one in exposures], dtype=np.int64)
    return np.where((row - newest <= allowed) & (found > 0), found, np.nan)


def _open_days(numbers: NDArray[np.int64], seen: BoolArray, exposures: Sequence[Exposure]) -> BoolArray:
    """Tell on which days the whole is looked at: every day, or those on which most of the securities were quoted."""
    gross = sum(abs(one.value) for one in exposures)
    columns = [at for at, one in enumerate(exposures) if one.kind == "security"]
    weight = sum(abs(exposures[at].value) for at in columns)
    if not gross or weight / gross < SECURITIES_DECIDE:
        return np.ones(len(numbers), dtype=np.bool_)
    quoted = seen[:, columns]
    begun = np.maximum.accumulate(quoted, axis=0)
    not_over = np.maximum.accumulate(quoted[::-1], axis=0)[::-1]
    alive = (begun & not_over).sum(axis=1)
    weekday = (numbers + 3) % 7 < 5  # 1970-01-01 was a Thursday
    return np.where(alive > 0, quoted.sum(axis=1) * 2 >= np.maximum(alive, 1), weekday) & weekday


def _returns(table: FloatArray) -> FloatArray:
    if len(table) < 2:
        return np.empty((0, table.shape[1]))
    return np.asarray(table[1:] / table[:-1] - 1.0)


def _own_returns(
    price: FloatArray, seen: BoolArray, numbers: NDArray[np.int64], kind: str
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return an asset's returns on its own calendar: coins day by day, others between the days they were quoted on."""
    rows = np.arange(len(numbers)) if kind == "crypto" else np.flatnonzero(seen)
    table = price[rows][:, None]
    return _returns(table)[:, 0] if len(rows) > 1 else np.empty(0), numbers[rows][1:]


@dataclass(frozen=True, slots=True)
class Mix:
    """What today's holdings would have returned: ``returns`` (n,) on ``days`` (n + 1 points), ``known`` (n,) the
    share of the measured value behind each; ``weights`` (assets,) sum to 1 over what is measured and are 0 elsewhere.
    """

    days: tuple[date, ...]
    returns: FloatArray
    known: FloatArray
    weights: FloatArray
    measured: BoolArray
    value: float
    gross_share: float


def mix_of(panel: Panel, start: int = 0) -> Mix | None:
    """Return today's mix over the returns from row ``start`` on; ``None`` when too little has a history.

    On days on which an asset has no price its weight is spread over the others; days on which less than
    ``LEAST_KNOWN`` of the value is known are left out, and so is all before the first that counts.
    """
    values = panel.values
    enough = panel.observed[start + 1 :].sum(axis=0) >= panel.needed(start)
    enough &= np.isfinite(panel.returns[start:]).any(axis=0) & (values != 0)
    value = float(values[enough].sum())
    gross = float(np.abs(values).sum())
    if value <= 0 or not gross:
        return None
    weights = np.where(enough, values / value, 0.0)
    returns = panel.returns[start:]
    there = np.isfinite(returns) & enough
    size = np.abs(weights)
    known = (there * size).sum(axis=1) / size.sum()
    usable = known >= LEAST_KNOWN
    if not usable.any():
        return None
    net = (there * weights).sum(axis=1)
    usable &= net > 0
    whole = np.divide(
        np.where(there, returns, 0.0) @ weights,
        net,
        out=np.full(len(net), np.nan),
        where=usable,
    )
    first = int(np.flatnonzero(usable)[0])
    return Mix(
        days=panel.days[start + first :],
        returns=whole[first:],
        known=known[first:],
        weights=weights,
        measured=enough,
        value=value,
        gross_share=float(np.abs(values[enough]).sum()) / gross,
    )


@dataclass(frozen=True, slots=True)
class Complete:
    """The days on which all of ``columns`` (of the panel) are known: ``returns`` (days, columns), ``values``
    (columns,).
    """

    columns: tuple[int, ...]
    returns: FloatArray
    values: FloatArray


def complete_history(panel: Panel, mostly: float = 0.9, least: int = 250) -> Complete | None:
    """Return the longest stretch on which most of the value is known, for drawing the future from.

    It begins when assets of ``mostly`` the measured value have a price, or ``least`` days ago if that is earlier;
    what is younger is left out. ``None`` when nothing is measured.
    """
    mix = mix_of(panel)
    if mix is None:
        return None
    there = np.isfinite(panel.returns)
    columns = np.flatnonzero(mix.measured)
    begun = np.where(there.any(axis=0), there.argmax(axis=0), len(panel.returns))[columns]
    order = np.argsort(begun, kind="stable")
    size = np.abs(mix.weights[columns])[order]
    enough = int(np.searchsorted(np.cumsum(size) / size.sum(), mostly - 1e-9))
    start = max(0, min(int(begun[order][min(enough, len(order) - 1)]), len(panel.returns) - least))
    chosen = columns[there[start:, columns].mean(axis=0) >= 2 / 3]
    if not chosen.size:
        return None
    rows = panel.returns[start:][:, chosen]
    values = panel.values[chosen]
    rows = rows[np.isfinite(rows).all(axis=1)]
    if len(rows) < ENOUGH_DAYS or values.sum() <= 0:
        return None
    return Complete(tuple(chosen.tolist()), rows, values)
