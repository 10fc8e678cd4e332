"""Prices set by hand."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from smartfolio_app.api.dependencies import Database, SignedIn
from smartfolio_app.api.schemas import Done, PriceIn, PriceOut
from smartfolio_app.services import pricing

router = APIRouter(prefix="/api/prices", tags=["prices"])

Asset = Annotated[str, Query(max_length=80, description="an asset id, such as crypto:BTC")]


@router.get("/manual", summary="Prices you have set")
def list_prices(viewer: SignedIn, db: Database, asset: Asset) -> list[PriceOut]:
    """Return the prices you set for an asset, oldest first."""
    return [PriceOut.model_validate(one) for one in pricing.manual_prices(db, viewer.user_id, asset)]


@router.put("/manual", summary="Set a price by hand")
def set_price(viewer: SignedIn, db: Database, body: PriceIn) -> list[PriceOut]:
    """Set the price of an asset: for now, or for a past UTC day."""
    pricing.set_manual_price(db, viewer.user_id, body.asset, body.price, body.currency.upper(), day=body.day)
    return [PriceOut.model_validate(one) for one in pricing.manual_prices(db, viewer.user_id, body.asset)]


@router.delete("/manual", summary="Take a price back")
def remove_price(viewer: SignedIn, db: Database, asset: Asset, day: date) -> Done:
    """Remove the price you set for a UTC day."""
    pricing.remove_manual_price(db, viewer.user_id, asset, day)
    return Done()
