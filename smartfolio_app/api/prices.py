"""Prices: who tells them, what was set aside, what you say yourself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from smartfolio_app.api import wealth_schemas
from smartfolio_app.api.assets import PriceSourceOut
from smartfolio_app.api.dependencies import Caller, Database, SignedIn, language_of
from smartfolio_app.api.schemas import Amount, Answer, Body, Done, PriceIn, PriceOut
from smartfolio_app.api.views import ChosenView
from smartfolio_app.i18n import translate, translate_or_text
from smartfolio_app.providers import registry
from smartfolio_app.services import assets, price_evidence, pricing
from smartfolio_app.services.price_evidence import Doubted

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


class DoubtedOut(Answer):
    """A price that was set aside on a UTC day. ``why`` is a sentence; ``accepted``: you go by it all the same."""

    provider: str
    label: str
    day: date
    price: Amount
    currency: str
    at: datetime
    verdict: str = Field(description="unit, split, outlier or collision")
    why: str
    expected: Amount | None = Field(description="what the others make of it, in the same currency")
    against: str = Field(description="whom it was compared with; empty: its own past")
    since: datetime
    accepted: bool


class AsideOut(Answer):
    """An asset of whose prices some were set aside, the newest first."""

    asset: str
    symbol: str
    set_aside: list[DoubtedOut]


class ToldOut(Answer):
    """One provider's last price of a UTC day; ``verdict`` is empty where it is in the book, else why it is not."""

    day: date
    provider: str
    price: Amount
    currency: str
    at: datetime
    used: bool
    verdict: str = Field(description="empty, spare (another one is used), unit, split, outlier or collision")


class PricesOut(Answer):
    """Everything that is known of an asset's price. ``price`` is in the view's currency, ``null`` when not known."""

    asset: str
    symbol: str
    currency: str
    price: wealth_schemas.PriceOut | None
    sources: list[PriceSourceOut]
    set_aside: list[DoubtedOut]
    history: list[ToldOut]


class VerdictIn(Body):
    """Your word on a price that was set aside: go by it (for you alone), or leave it aside."""

    provider: Annotated[str, Field(max_length=40)]
    day: date
    use: bool


AssetPath = Annotated[str, Path(max_length=80, description="an asset id, such as crypto:BTC")]
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


@router.get("/set-aside", summary="Every price that was set aside")
def list_set_aside(viewer: SignedIn, access: Caller, db: Database) -> list[AsideOut]:
    """Return, for everything your ledger speaks of, the prices that were told and are not used, and why."""
    language = language_of(access, db, viewer.user_id)
    return [
        AsideOut(
            asset=one.asset,
            symbol=one.symbol,
            set_aside=[_doubted(doubt, language) for doubt in one.set_aside],
        )
        for one in price_evidence.every_doubted(db, viewer.user_id)
    ]


@router.put("/coins/{asset}", summary="Say which coin a ticker stands for")
def choose_coin(viewer: SignedIn, db: Database, asset: str, body: CoinIn) -> Done:
    """Choose the coin, for you alone."""
    pricing.choose_coin(db, viewer.user_id, asset, body.coin)
    return Done()


@router.get("/{asset}", summary="What is known of an asset's price")
def get_prices(  # noqa: PLR0917 - FastAPI passes them by name
    view: ChosenView,
    access: Caller,
    db: Database,
    asset: AssetPath,
    first: Annotated[date | None, Query(alias="from", description="default: a month ago")] = None,
    last: Annotated[
        date | None, Query(alias="to", description="default: today; at most a year later")
    ] = None,
) -> PricesOut:
    """Return the price now and how it was found, who tells it, what was set aside and why, and each day's prices."""
    return _prices(assets.prices(db, view, asset, first, last), language_of(access, db, view.user_id))


@router.put("/{asset}/set-aside", summary="Go by a price that was set aside, or leave it")
def decide_on_price(  # noqa: PLR0917 - FastAPI passes them by name
    viewer: SignedIn, view: ChosenView, access: Caller, db: Database, asset: AssetPath, body: VerdictIn
) -> PricesOut:
    """Take a price over as your own of that day, or take that word back. Nobody else's figures change."""
    assets.decide(db, view, asset, provider=body.provider, day=body.day, use=body.use)
    return _prices(assets.prices(db, view, asset), language_of(access, db, viewer.user_id))


def _prices(found: assets.AssetPrices, language: str) -> PricesOut:
    return PricesOut(
        asset=found.asset.id,
        symbol=found.asset.symbol,
        currency=found.currency,
        price=None if found.price is None else wealth_schemas.PriceOut.model_validate(found.price),
        sources=[PriceSourceOut.model_validate(one) for one in found.sources],
        set_aside=[_doubted(one, language) for one in found.doubted],
        history=[ToldOut.model_validate(one) for one in found.told],
    )


def _doubted(one: Doubted, language: str) -> DoubtedOut:
    against = translate_or_text(language, registry.label_of(one.against)) if one.against else ""
    known = {name: getattr(one, name) for name in DoubtedOut.model_fields if hasattr(one, name)}
    return DoubtedOut(
        **{
            **known,
            "label": translate_or_text(language, registry.label_of(one.provider)),
            "why": translate(language, f"prices.verdict.{one.verdict}"),
            "against": against,
        }
    )
