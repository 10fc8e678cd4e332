"""What was said of an asset's price: who said it, what is used, what the jury set aside and why, and the user's word.

What a market provider told is everybody's, so nobody can change it for the others: a user who believes a price that was
set aside takes it over as their own price of that day, as if they had typed it in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.ledger.assets import symbol_of
from smartfolio_app.ledger.transactions import PriceQuote
from smartfolio_app.services import manual_prices, price_books, price_needs
from smartfolio_app.storage.repo_ledger import read_assets
from smartfolio_app.storage.repo_witness import SPARE
from smartfolio_app.storage.tables import DailyPrice, PriceWitness

#: How much of the past is told at once.
LONGEST = timedelta(days=366)
USUAL = timedelta(days=30)
#: Of so many assets what was set aside is told in one list.
MOST_ASSETS = 100


@dataclass(frozen=True, slots=True)
class Doubted:
    """A price that was set aside: 1 unit = ``price`` ``currency`` on ``day``, in ``provider``'s words.

    ``verdict`` is ``unit``, ``split``, ``outlier`` or ``collision``; ``expected`` is what the others (``against``;
    empty: its own past) make of it. ``accepted``: this user goes by it all the same.
    """

    provider: str
    day: date
    currency: str
    price: Decimal
    at: datetime
    verdict: str
    expected: Decimal | None
    against: str
    since: datetime
    accepted: bool


@dataclass(frozen=True, slots=True)
class DoubtedAsset:
    """An asset of whose prices some were set aside, the newest first."""

    asset: str
    symbol: str
    set_aside: tuple[Doubted, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One provider's last price of a UTC day. ``verdict`` is empty where it is in the book, ``spare`` where another
    one's is used instead.
    """

    provider: str
    day: date
    currency: str
    price: Decimal
    at: datetime
    used: bool
    verdict: str


def doubted(db: Session, user_id: str, asset: str) -> list[Doubted]:
    """Return the prices of an asset that were set aside, the newest first."""
    wanted = (
        select(PriceWitness)
        .where(
            col(PriceWitness.asset) == asset,
            col(PriceWitness.owner).in_(_owners(db, user_id, asset)),
            col(PriceWitness.verdict) != SPARE,
        )
        .order_by(col(PriceWitness.day).desc(), col(PriceWitness.provider))
    )
    own = {
        one.at.date(): (one.price, one.currency) for one in manual_prices.manual_prices(db, user_id, asset)
    }
    return [
        Doubted(
            provider=row.provider,
            day=row.day,
            currency=row.currency,
            price=row.price,
            at=row.at,
            verdict=row.verdict,
            expected=row.expected,
            against=row.against,
            since=row.since,
            accepted=own.get(row.day) == (row.price, row.currency),
        )
        for row in db.execute(wanted).scalars()
    ]


def every_doubted(db: Session, user_id: str, most: int = MOST_ASSETS) -> list[DoubtedAsset]:
    """Return what was set aside of the prices of everything that a user's ledger speaks of: the assets with the newest
    doubt first, ``most`` at the most.
    """
    wanted = (
        select(col(PriceWitness.asset))
        .where(col(PriceWitness.owner).in_(("", user_id)), col(PriceWitness.verdict) != SPARE)
        .group_by(col(PriceWitness.asset))
        .order_by(func.max(col(PriceWitness.day)).desc(), col(PriceWitness.asset))
    )
    theirs = price_needs.assets_of(db, user_id)
    found: dict[str, list[Doubted]] = {}
    for asset in db.execute(wanted).scalars().all():
        if asset in theirs and len(found) < most and (doubts := doubted(db, user_id, asset)):
            found[asset] = doubts
    symbols = read_assets(db, found)
    return [
        DoubtedAsset(asset, symbols[asset].symbol if asset in symbols else symbol_of(asset), tuple(doubts))
        for asset, doubts in found.items()
    ]


def told(db: Session, user_id: str, asset: str, first: date | None, last: date | None) -> list[Evidence]:
    """Return what was told of an asset day by day, the oldest first; by default of the last month.

    Raises:
        InvalidInputError: The last day is before the first, or it is more than a year.
    """
    end = last or datetime.now(UTC).date()
    begin = first or end - USUAL
    if end < begin or end - begin > LONGEST:
        raise InvalidInputError("price.window", first=begin.isoformat(), last=end.isoformat())
    owners = _owners(db, user_id, asset)
    mine = or_(col(DailyPrice.owner) == user_id, col(DailyPrice.owner).in_(owners))
    used = select(DailyPrice).where(
        mine, col(DailyPrice.asset) == asset, col(DailyPrice.day).between(begin, end)
    )
    heard = select(PriceWitness).where(
        col(PriceWitness.owner).in_(owners),
        col(PriceWitness.asset) == asset,
        col(PriceWitness.day).between(begin, end),
    )
    found = [
        Evidence(row.provider, row.day, row.currency, row.price, row.at, used=True, verdict="")
        for row in db.execute(used).scalars()
    ]
    found += [
        Evidence(row.provider, row.day, row.currency, row.price, row.at, used=False, verdict=row.verdict)
        for row in db.execute(heard).scalars()
    ]
    return sorted(found, key=lambda one: (one.day, not one.used, one.provider))


def decide(db: Session, user_id: str, asset: str, provider: str, day: date, *, use: bool) -> None:
    """Go by a price that was set aside, for this user alone, or leave it set aside after all. Commits.

    Raises:
        NotFoundError: No such price was set aside.
    """
    one = next(
        (one for one in doubted(db, user_id, asset) if (one.provider, one.day) == (provider, day)), None
    )
    if one is None:
        raise NotFoundError("price.not_aside", asset=asset, day=day.isoformat())
    if use and not one.accepted:
        manual_prices.take_over(db, user_id, PriceQuote(asset, one.currency, one.price, one.at))
    elif not use and one.accepted:
        manual_prices.remove_manual_price(db, user_id, asset, day)


def _owners(db: Session, user_id: str, asset: str) -> tuple[str, ...]:
    """Return whose market prices count: everybody's, unless the user said themselves what the asset is."""
    own_word = asset in price_books.chosen_by(db, user_id)
    return (user_id,) if own_word else ("", user_id)
