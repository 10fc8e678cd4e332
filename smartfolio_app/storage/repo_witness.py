"""Prices that were heard and not used, symbols of securities, splits and dividends. Nothing in this file commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import delete, select
from sqlmodel import Session, col

from smartfolio_app.storage.tables import DailyPrice, PriceListing, PriceWitness, Quote, SecurityEvent
from smartfolio_app.storage.upserts import upsert

#: The verdict on a price that agrees with what is used.
SPARE = "spare"


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider said 1 asset cost on a UTC day; ``used`` tells whether it is in the book."""

    provider: str
    day: date
    currency: str
    price: Decimal
    at: datetime
    verdict: str = ""
    used: bool = True


def told_of(db: Session, owner: str, asset: str, first: date, providers: Sequence[str]) -> list[Told]:
    """Return what the providers said of an asset from ``first`` on, used or not; the newest of a provider and day."""
    used = db.execute(
        select(DailyPrice).where(
            col(DailyPrice.owner) == owner,
            col(DailyPrice.asset) == asset,
            col(DailyPrice.day) >= first,
            col(DailyPrice.provider).in_(providers),
            col(DailyPrice.batch_id).is_(None),
        )
    ).scalars()
    spare = db.execute(
        select(PriceWitness).where(
            col(PriceWitness.owner) == owner,
            col(PriceWitness.asset) == asset,
            col(PriceWitness.day) >= first,
            col(PriceWitness.provider).in_(providers),
        )
    ).scalars()
    found = [Told(row.provider, row.day, row.currency, row.price, row.at) for row in used]
    found += [
        Told(row.provider, row.day, row.currency, row.price, row.at, row.verdict, used=False) for row in spare
    ]
    return found


def put_witnesses(db: Session, rows: Iterable[PriceWitness]) -> None:
    """Store what was heard and is not used. ``since`` stays as it was while the verdict does."""
    new = list(rows)
    keys = {(row.owner, row.asset) for row in new}
    known: dict[tuple[str, str, str, date], PriceWitness] = {}
    for owner, asset in keys:
        kept = db.execute(
            select(PriceWitness).where(col(PriceWitness.owner) == owner, col(PriceWitness.asset) == asset)
        ).scalars()
        known |= {(row.owner, row.asset, row.provider, row.day): row for row in kept}
    for row in new:
        before = known.get((row.owner, row.asset, row.provider, row.day))
        if before is not None and before.verdict == row.verdict:
            row.since = before.since
    names = ("currency", "price", "at", "verdict", "expected", "against", "since", "heard_at")
    key = ("owner", "asset", "provider", "day")
    upsert(
        db,
        PriceWitness,
        [{name: getattr(row, name) for name in (*key, *names)} for row in new],
        key=key,
        update=names,
    )
    db.expire_all()


def forget_witnesses(db: Session, owner: str, asset: str, provider: str, days: Iterable[date]) -> None:
    """Remove what a provider said on some days: it is used now."""
    for day in set(days):
        db.execute(
            delete(PriceWitness).where(
                col(PriceWitness.owner) == owner,
                col(PriceWitness.asset) == asset,
                col(PriceWitness.provider) == provider,
                col(PriceWitness.day) == day,
            )
        )


def take_out(
    db: Session, owner: str, asset: str, provider: str, days: Iterable[date], *, quotes: bool
) -> None:
    """Take what a provider said on some days out of the book; with ``quotes``, what it said during those days too."""
    for day in set(days):
        start = datetime.combine(day, time(), UTC)
        db.execute(
            delete(DailyPrice).where(
                col(DailyPrice.owner) == owner,
                col(DailyPrice.asset) == asset,
                col(DailyPrice.provider) == provider,
                col(DailyPrice.day) == day,
                col(DailyPrice.batch_id).is_(None),
            )
        )
        if quotes:
            db.execute(
                delete(Quote).where(
                    col(Quote.owner) == owner,
                    col(Quote.asset) == asset,
                    col(Quote.provider) == provider,
                    col(Quote.at) >= start,
                    col(Quote.at) < start + timedelta(days=1),
                )
            )


def doubted(db: Session, owner: str, asset: str, provider: str) -> list[PriceWitness]:
    """Return what a provider said of an asset and was set aside for, oldest first."""
    wanted = select(PriceWitness).where(
        col(PriceWitness.owner) == owner,
        col(PriceWitness.asset) == asset,
        col(PriceWitness.provider) == provider,
        col(PriceWitness.verdict) != SPARE,
    )
    return list(db.execute(wanted.order_by(col(PriceWitness.day))).scalars())


# ----------------------------------------------------------------------------------------------------- listings
def listings(db: Session, provider: str) -> dict[tuple[str, str], PriceListing]:
    """Return the symbols a provider knows assets by, by (owner, asset)."""
    rows = db.execute(select(PriceListing).where(col(PriceListing.provider) == provider)).scalars()
    return {(row.owner, row.asset): row for row in rows}


def put_events(
    db: Session, provider: str, symbol: str, events: Iterable[tuple[str, date, Decimal, str]]
) -> None:
    """Store splits and dividends: (kind, day, amount, currency)."""
    rows = [
        {
            "provider": provider,
            "symbol": symbol,
            "kind": kind,
            "day": day,
            "amount": amount,
            "currency": currency,
        }
        for kind, day, amount, currency in events
    ]
    upsert(
        db,
        SecurityEvent,
        rows,
        key=("provider", "symbol", "kind", "day"),
        update=("amount", "currency"),
    )
