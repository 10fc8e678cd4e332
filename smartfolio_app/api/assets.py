"""One asset across all sources."""

from __future__ import annotations

from datetime import date, datetime
from math import isnan
from typing import Annotated

from fastapi import APIRouter, Path, Query

from smartfolio_app.api.dependencies import Database
from smartfolio_app.api.gains import GainTotalOut
from smartfolio_app.api.schemas import Amount, Answer
from smartfolio_app.api.views import ChosenView
from smartfolio_app.api.wealth_schemas import PositionOut, PriceOut
from smartfolio_app.ledger.money import ZERO, exact
from smartfolio_app.services import assets

router = APIRouter(prefix="/api/portfolio/assets", tags=["portfolio"])

AssetId = Annotated[str, Path(max_length=80, description="an asset id, such as crypto:BTC")]


class PriceSourceOut(Answer):
    """Who tells a price: the newest one, and since which UTC day they are kept."""

    provider: str
    price: Amount
    currency: str
    at: datetime
    since: date | None
    days: int


class AssetOut(Answer):
    """One asset in the view: held where, worth what, at what cost, by whose price. Null is not known.

    Lots are under ``/api/portfolio/lots``, transactions under ``/api/portfolio/transactions?asset=``, own transfers
    under ``/api/portfolio/transfers?asset=``, prices set by hand under ``/api/prices/manual?asset=``.
    """

    asset: str
    symbol: str
    name: str
    asset_class: str
    isin: str
    currency: str
    quantity: Amount
    value: Amount | None
    cost_basis: Amount | None
    unrealised: Amount | None
    realised: GainTotalOut
    price: PriceOut | None
    positions: list[PositionOut]
    price_sources: list[PriceSourceOut]


class PricePointOut(Answer):
    """The price of one unit at an instant; null where none was known."""

    at: datetime
    price: Amount | None


class PriceLineOut(Answer):
    """The price over time, one point a UTC day, the last one now."""

    asset: str
    currency: str
    points: list[PricePointOut]


@router.get("/{asset}", summary="One asset across all sources")
def one_asset(view: ChosenView, db: Database, asset: AssetId) -> AssetOut:
    """Return where an asset is held, what it is worth and cost, what it has gained, and who tells its price."""
    found = assets.picture(db, view, asset)
    values = [one.value for one in found.holdings if one.value is not None]
    costs = [one.cost_basis for one in found.holdings]
    cost = None if not costs or None in costs else sum((one for one in costs if one is not None), ZERO)
    value = sum(values, ZERO) if values else None
    return AssetOut(
        asset=found.asset.id,
        symbol=found.asset.symbol,
        name=found.asset.name,
        asset_class=found.asset.asset_class.value,
        isin=found.asset.isin,
        currency=found.currency,
        quantity=sum((one.quantity for one in found.holdings), ZERO),
        value=value,
        cost_basis=cost,
        unrealised=None if value is None or cost is None else value - cost,
        realised=GainTotalOut.model_validate(found.realised),
        price=None if found.price is None else PriceOut.model_validate(found.price),
        positions=[PositionOut.model_validate(place) for one in found.holdings for place in one.positions],
        price_sources=[PriceSourceOut.model_validate(one) for one in found.sources],
    )


@router.get("/{asset}/prices", summary="The price of an asset over time")
def asset_prices(
    view: ChosenView,
    db: Database,
    asset: AssetId,
    first: Annotated[date | None, Query(alias="from", description="default: the first price known")] = None,
) -> PriceLineOut:
    """Return one price a day in the view's currency; days without a new one carry the last."""
    line = assets.price_line(db, view, asset, first)
    return PriceLineOut(
        asset=asset,
        currency=line.currency,
        points=[
            PricePointOut(at=at, price=None if isnan(price) else exact(repr(price)))
            for at, price in zip(line.times, line.prices, strict=True)
        ],
    )
