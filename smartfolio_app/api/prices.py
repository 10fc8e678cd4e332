"""Prices set by hand."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from smartfolio_app.api.dependencies import Database, SignedIn
from smartfolio_app.api.schemas import Answer, Body, Done, PriceIn, PriceOut
from smartfolio_app.services import pricing

router = APIRouter(prefix="/api/prices", tags=["prices"])


class RefreshOut(Answer):
    """What a refresh brought: counts, and by provider what went wrong."""

    prices: int
    rates: int
    offline: bool
    problems: dict[str, str]
    unresolved: list[str]
    refused: list[str]


class CandidateOut(Answer):
    """A coin that a ticker may stand for."""

    id: str
    name: str


class UnresolvedOut(Answer):
    """A coin of which it is not known which one it is."""

    asset: str
    symbol: str
    candidates: list[CandidateOut]


class CoinIn(Body):
    """The price provider's id of a coin."""

    coin: Annotated[str, Field(max_length=120)]


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


@router.post("/refresh", summary="Ask the price providers again")
def refresh_prices(viewer: SignedIn, db: Database) -> RefreshOut:
    """Ask for the present prices of what you own. What cannot be had stays as it was and is named."""
    return RefreshOut.model_validate(pricing.refresh(db, viewer.user_id))


@router.get("/unresolved", summary="Coins that nobody knows")
def list_unresolved(viewer: SignedIn, db: Database) -> list[UnresolvedOut]:
    """Return the coins whose ticker stands for several or for none, with the candidates."""
    return [
        UnresolvedOut(
            asset=one.asset,
            symbol=one.symbol,
            candidates=[CandidateOut(id=coin, name=name) for coin, name in one.candidates],
        )
        for one in pricing.unresolved(db, viewer.user_id)
    ]


@router.put("/coins/{asset}", summary="Say which coin a ticker stands for")
def choose_coin(viewer: SignedIn, db: Database, asset: str, body: CoinIn) -> Done:
    """Choose the coin, for you alone."""
    pricing.choose_coin(db, viewer.user_id, asset, body.coin)
    return Done()
