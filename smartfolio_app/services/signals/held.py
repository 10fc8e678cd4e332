"""What a household holds, as signals see it: closes of finished days, for breadth and for the mood of one asset.

Coins trade every day. A security has no close while its exchange is shut: there the last one stands, for as many days
as elsewhere (``analytics.risk.panel.CARRIED_DAYS``), and the days of its own are told apart.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from smartfolio_app.analytics.clock import DAY_US, day_number
from smartfolio_app.analytics.prices import PriceBook
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.risk.panel import CARRIED_DAYS
from smartfolio_app.analytics.scope import Scope
from smartfolio_app.analytics.signals.components import LEAST_COINS, IntArray
from smartfolio_app.analytics.signals.model import NEEDED_DAYS
from smartfolio_app.ledger.assets import Asset, AssetClass
from smartfolio_app.services import wealth
from smartfolio_app.services.answers import Answers
from smartfolio_app.services.views import basis
from smartfolio_app.storage.tables import User

#: So many holdings are looked at, the largest first.
MOST = 60
CURRENCY = "USD"
_DAY_SECONDS = 86_400.0

_kept = Answers(32)

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Closes:
    """An asset's closes on consecutive ``days`` (T,): ``close`` (T,) with ``nan`` where nothing is known, and
    ``quoted`` (T,) on the days on which somebody quoted it.
    """

    days: IntArray = field(repr=False)
    close: FloatArray = field(repr=False)
    quoted: BoolArray = field(repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """The holdings with a history long enough for the model, the largest first, and their closes on ``days``.

    ``closes`` is (T, assets). ``revision`` changes when a close of a finished day does, and with nothing else.
    """

    assets: tuple[Asset, ...] = ()
    days: IntArray = field(repr=False, default_factory=lambda: np.empty(0, dtype=np.int64))
    closes: FloatArray = field(repr=False, default_factory=lambda: np.empty((0, 0)))
    revision: str = ""

    @property
    def enough(self) -> bool:
        """Tell whether their breadth says anything."""
        return len(self.assets) >= LEAST_COINS

    def on(self, days: IntArray) -> FloatArray:
        """Return the closes on other consecutive days, ``nan`` where nothing is known."""
        found = np.full((len(days), len(self.assets)), np.nan)
        if len(days) and len(self.days):
            at = days - int(self.days[0])
            there = (at >= 0) & (at < len(self.days))
            found[there] = self.closes[at[there]]
        return found


def held(db: Session, user_id: str, now: datetime) -> Held:
    """Return what a user holds that has a history. Nobody, and the sample household whose prices are made up, holds
    nothing here.
    """
    user = db.get(User, user_id) if user_id else None
    if user is None or user.is_demo:
        return Held()
    known = basis(db, user_id)
    today = day_number(now.date())
    kept = _kept.get((user_id, today), known.revision, now, _DAY_SECONDS)
    if isinstance(kept, Held):
        return kept
    whole = wealth.portfolio(db, wealth.view_of(db, user_id, scope=Scope(), currency=CURRENCY))
    worth: dict[str, tuple[float, Asset]] = {}
    for row in whole.holdings:
        if row.value is None or row.value <= 0 or not is_looked_at(row.asset) or row.group == "STABLECOINS":
            continue
        before = worth.get(row.asset.id, (0.0, row.asset))[0]
        worth[row.asset.id] = (before + float(row.value), row.asset)
    ordered = [asset for _, asset in sorted(worth.values(), key=lambda pair: -pair[0])][:MOST]
    found = _held(known.prices, ordered, today)
    _kept.put((user_id, today), known.revision, now, found)
    return found


def forget() -> None:
    """Forget every answer (tests, restore)."""
    _kept.clear()


def is_looked_at(asset: Asset) -> bool:
    """Tell whether an asset is traded: a coin or a security."""
    return asset.asset_class not in (AssetClass.FIAT, AssetClass.ITEM, AssetClass.DERIVATIVE)


def closes_of(prices: PriceBook, asset: Asset, today: int) -> Closes | None:
    """Return an asset's closes up to yesterday, ``None`` when nobody ever quoted it. ``today`` is a day number."""
    first = prices.first_quoted(asset.id)
    if first is None or day_number(first.astimezone(UTC).date()) >= today:
        return None
    days = np.arange(day_number(first.astimezone(UTC).date()), today, dtype=np.int64)
    ends = (days + 1) * DAY_US - 1
    price = prices.daily([asset.id], CURRENCY, ends).price[:, 0]
    quoted = prices.observed([asset.id], ends)[:, 0] & np.isfinite(price) & (price > 0)
    close = np.where(quoted, price, np.nan)
    if asset.asset_class is not AssetClass.CRYPTO:
        close = _carried(close, CARRIED_DAYS["security"])
    return Closes(days, close, quoted)


def _held(prices: PriceBook, assets: list[Asset], today: int) -> Held:
    found = [(asset, closes_of(prices, asset, today)) for asset in assets]
    long = [(asset, one) for asset, one in found if one is not None and int(one.quoted.sum()) >= NEEDED_DAYS]
    if not long:
        return Held()
    days = np.arange(min(int(one.days[0]) for _, one in long), today, dtype=np.int64)
    closes = np.full((len(days), len(long)), np.nan)
    for column, (_, one) in enumerate(long):
        closes[int(one.days[0]) - int(days[0]) :, column] = one.close
    names = " ".join(asset.id for asset, _ in long)
    digest = hashlib.sha256(names.encode() + np.ascontiguousarray(closes).tobytes()).hexdigest()
    return Held(tuple(asset for asset, _ in long), days, closes, digest)


def _carried(close: FloatArray, most: int) -> FloatArray:
    """Return closes where each stands for at most ``most`` further days."""
    at = np.arange(len(close))
    last = np.maximum.accumulate(np.where(np.isfinite(close), at, -1))
    there = (last >= 0) & (at - last <= most)
    return np.where(there, close[np.maximum(last, 0)], np.nan)
