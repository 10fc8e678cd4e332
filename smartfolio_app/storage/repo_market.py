"""Writing and removing daily prices. Nothing in this file commits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete
from sqlmodel import Session, col

from smartfolio_app.ledger.transactions import PriceQuote
from smartfolio_app.storage.tables import DailyPrice
from smartfolio_app.storage.upserts import upsert


@dataclass(frozen=True, slots=True)
class Observer:
    """Who tells a price: ``owner`` (a user, empty for everybody), the provider, and the import that brought it."""

    provider: str
    owner: str = ""
    batch_id: str | None = None


def put_daily_prices(db: Session, observer: Observer, quotes: Iterable[PriceQuote]) -> None:
    """Store the last quote of each asset, currency and UTC day; an older one never replaces a newer one."""
    rows = [
        {
            "owner": observer.owner,
            "asset": quote.asset,
            "currency": quote.currency,
            "day": quote.at.date(),
            "provider": observer.provider,
            "price": quote.price,
            "at": quote.at,
            "batch_id": observer.batch_id,
        }
        for quote in quotes
    ]
    in_batch = observer.batch_id is not None
    batch = col(DailyPrice.batch_id)
    upsert(
        db,
        DailyPrice,
        rows,
        key=("batch_id" if in_batch else "owner", "asset", "currency", "day", "provider"),
        key_where=batch.is_not(None) if in_batch else batch.is_(None),
        update=("price", "at"),
        newer="at",
    )


def remove_daily_prices(db: Session, observer: Observer, *, days: Iterable[date] | None = None) -> None:
    """Remove what an observer told, on all days or on the given ones."""
    statement = delete(DailyPrice).where(
        col(DailyPrice.owner) == observer.owner,
        col(DailyPrice.provider) == observer.provider,
        col(DailyPrice.batch_id).is_(None)
        if observer.batch_id is None
        else col(DailyPrice.batch_id) == observer.batch_id,
    )
    if days is None:
        db.execute(statement)
        return
    for day in days:
        db.execute(statement.where(col(DailyPrice.day) == day))
