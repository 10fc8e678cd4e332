"""One asset across all sources: where it is, what it cost and gained, who tells its price, and its price over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from smartfolio_app.analytics.clock import micros
from smartfolio_app.analytics.results import Holding, UnitPrice
from smartfolio_app.errors import NotFoundError
from smartfolio_app.ledger.assets import Asset, AssetId, is_fiat
from smartfolio_app.ledger.gains import GainTotal
from smartfolio_app.ledger.transactions import PriceQuote
from smartfolio_app.services import gains, manual_prices, price_evidence, wealth
from smartfolio_app.services.price_evidence import Doubted, Evidence
from smartfolio_app.services.views import View, basis
from smartfolio_app.storage.repo_ledger import read_assets
from smartfolio_app.storage.tables import DailyPrice, Quote

#: The price chart never goes further back than this.
FARTHEST = timedelta(days=3_660)


@dataclass(frozen=True, slots=True)
class PriceSource:
    """Who tells a price, the newest one in the currency it was told in, and since when (UTC days) they are kept."""

    provider: str
    price: Decimal
    currency: str
    at: datetime
    since: date | None
    days: int


@dataclass(frozen=True, slots=True)
class AssetPicture:
    """Everything about one asset in the view.

    ``holdings`` are its parts by category (usually one; empty when nothing is held). ``realised`` is over all years, by
    the user's own method. ``own_prices`` are those typed in by hand, oldest first.
    """

    asset: Asset
    currency: str
    holdings: tuple[Holding, ...]
    price: UnitPrice | None
    realised: GainTotal
    sources: tuple[PriceSource, ...]
    own_prices: tuple[PriceQuote, ...]
    doubted: tuple[Doubted, ...]
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class AssetPrices:
    """Everything that is known of an asset's price: what it is now in the view's currency (``None``: not known), who
    tells it, what was set aside, and what was told day by day.
    """

    asset: Asset
    currency: str
    price: UnitPrice | None
    sources: tuple[PriceSource, ...]
    doubted: tuple[Doubted, ...]
    told: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class PriceLine:
    """Prices of one unit at the end of each UTC day (of today: now); ``nan`` where none is known."""

    currency: str
    times: list[datetime]
    prices: list[float]


def picture(db: Session, view: View, asset: AssetId) -> AssetPicture:
    """Return what is known of an asset.

    Raises:
        NotFoundError: Nothing is known of such an asset, or there is no such user.
    """
    known = basis(db, view.user_id)
    found = _asset(db, view, asset)
    whole = wealth.portfolio(db, view)
    holdings = tuple(row for row in whole.holdings if row.asset.id == asset)
    now = datetime.now(UTC)
    price = holdings[0].price if holdings else known.prices.unit_price(asset, view.currency, now)
    realised = gains.report(db, view).report.by_asset.get(asset, GainTotal())
    return AssetPicture(
        asset=holdings[0].asset if holdings else found,
        currency=view.currency,
        holdings=holdings,
        price=price,
        realised=realised,
        sources=tuple(price_sources(db, view.user_id, asset)),
        own_prices=tuple(manual_prices.manual_prices(db, view.user_id, asset)),
        doubted=tuple(price_evidence.doubted(db, view.user_id, asset)),
        labels={one.key: one.label for one in known.ledger.sources.values()},
    )


def prices(
    db: Session, view: View, asset: AssetId, first: date | None = None, last: date | None = None
) -> AssetPrices:
    """Return what is known of an asset's price; what was told of the days from ``first`` to ``last`` (a month).

    Raises:
        NotFoundError: As ``picture``.
        InvalidInputError: The last day is before the first, or it is more than a year.
    """
    found, user = _asset(db, view, asset), view.user_id
    return AssetPrices(
        asset=found,
        currency=view.currency,
        price=basis(db, user).prices.unit_price(asset, view.currency, datetime.now(UTC)),
        sources=tuple(price_sources(db, user, asset)),
        doubted=tuple(price_evidence.doubted(db, user, asset)),
        told=tuple(price_evidence.told(db, user, asset, first, last)),
    )


def decide(db: Session, view: View, asset: AssetId, *, provider: str, day: date, use: bool) -> None:
    """Go by a price that was set aside, or leave it aside after all. Commits.

    Raises:
        NotFoundError: As ``picture``, or no such price was set aside.
    """
    _asset(db, view, asset)
    price_evidence.decide(db, view.user_id, asset, provider, day, use=use)


def price_line(db: Session, view: View, asset: AssetId, first: date | None = None) -> PriceLine:
    """Return the price over time from ``first`` (default: the first one known) until now, in the view's currency.

    Raises:
        NotFoundError: As ``picture``.
    """
    _asset(db, view, asset)
    known, now = basis(db, view.user_id), datetime.now(UTC)
    begin = first or _first_price(db, view.user_id, asset) or now.date()
    begin = max(begin, (now - FARTHEST).date())
    days = [begin + timedelta(days=number) for number in range((now.date() - begin).days)]
    times = [*(datetime.combine(day, time.max, UTC) for day in days), now]
    ends = np.array([micros(at) for at in times], dtype=np.int64)
    prices = known.prices.daily([asset], view.currency, ends).price[:, 0]
    return PriceLine(view.currency, times, [float(price) for price in prices])


def price_sources(db: Session, user_id: str, asset: AssetId) -> list[PriceSource]:
    """Return who tells the asset's price to this user, the newest first."""
    newest: dict[str, tuple[datetime, Decimal, str]] = {}
    since: dict[str, tuple[date, int]] = {}
    for table in (DailyPrice, Quote):
        mine = or_(col(table.owner) == user_id, col(table.owner) == "")
        last = (
            select(col(table.provider), func.max(col(table.at)).label("at"))
            .where(mine, col(table.asset) == asset)
            .group_by(col(table.provider))
            .subquery()
        )
        rows = select(col(table.provider), col(table.at), col(table.price), col(table.currency)).join(
            last, (col(table.provider) == last.c.provider) & (col(table.at) == last.c.at)
        )
        for provider, at, price, currency in db.execute(rows.where(mine, col(table.asset) == asset)):
            if provider not in newest or at > newest[provider][0]:
                newest[provider] = (at, price, currency)
    counted = (
        select(
            col(DailyPrice.provider),
            func.min(col(DailyPrice.day)),
            func.count(func.distinct(col(DailyPrice.day))),
        )
        .where(
            or_(col(DailyPrice.owner) == user_id, col(DailyPrice.owner) == ""), col(DailyPrice.asset) == asset
        )
        .group_by(col(DailyPrice.provider))
    )
    for provider, first, days in db.execute(counted):
        since[provider] = (first, days)
    found = [
        PriceSource(provider, price, currency, at, *since.get(provider, (None, 0)))
        for provider, (at, price, currency) in newest.items()
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _asset(db: Session, view: View, asset: AssetId) -> Asset:
    """Return what the asset is: one that this user has ever had to do with."""
    ledger = basis(db, view.user_id).ledger
    for item in ledger.items:
        if item.asset.id == asset:
            return item.asset
    if asset in ledger.columns.assets or asset in ledger.assets:
        return ledger.asset(asset)
    described = {} if is_fiat(asset) else read_assets(db, [asset])
    own = manual_prices.manual_prices(db, view.user_id, asset) if described else []
    if not own:
        raise NotFoundError("asset.unknown", asset=asset)
    return described[asset]


def _first_price(db: Session, user_id: str, asset: AssetId) -> date | None:
    wanted = select(func.min(col(DailyPrice.day))).where(
        or_(col(DailyPrice.owner) == user_id, col(DailyPrice.owner) == ""), col(DailyPrice.asset) == asset
    )
    return db.execute(wanted).scalar_one_or_none()
