"""The user's own word on a price: typed in, theirs alone, and on its day stronger than anybody else's."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

from sqlalchemy import delete, select
from sqlmodel import Session, col

from smartfolio_app.analytics.quotes import MANUAL_PROVIDER
from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.ledger.assets import is_fiat
from smartfolio_app.ledger.transactions import PriceQuote
from smartfolio_app.services import audit
from smartfolio_app.services.user_settings import CURRENCIES
from smartfolio_app.storage.repo_changes import note_change
from smartfolio_app.storage.repo_ledger import bump_revision, read_assets
from smartfolio_app.storage.repo_market import Observer, put_daily_prices
from smartfolio_app.storage.tables import DailyPrice


def set_manual_price(
    db: Session, user_id: str, asset: str, price: Decimal, currency: str, *, day: date | None = None
) -> None:
    """Set the price of one ``asset`` by hand: for now, or for a past UTC ``day``. Commits.

    An earlier word for the same day is replaced.

    Raises:
        InvalidInputError: The price is not above zero, the currency is unknown, or the day lies in the future.
        NotFoundError: Nobody has ever spoken of such an asset, or there is no such user.
    """
    now = datetime.now(UTC)
    at = now if day is None or day == now.date() else datetime.combine(day, time(23, 59, 59), UTC)
    if not price.is_finite() or price <= 0:
        raise InvalidInputError("price.not_positive", price=str(price))
    if currency not in CURRENCIES:
        raise InvalidInputError("price.currency_unknown", currency=currency, allowed=", ".join(CURRENCIES))
    if at > now:
        raise InvalidInputError("price.in_the_future", day=at.date().isoformat())
    if is_fiat(asset) or not read_assets(db, [asset]):
        raise NotFoundError("price.no_such_asset", asset=asset)
    take_over(db, user_id, PriceQuote(asset, currency, price, at))


def take_over(db: Session, user_id: str, quote: PriceQuote) -> None:
    """Go by a price that somebody told, in whatever currency, as if it were typed in. Commits."""
    note_change(db, user_id, bump_revision(db, user_id), (), price_days=None)
    _forget(db, user_id, quote.asset, quote.at.date())
    put_daily_prices(db, Observer(MANUAL_PROVIDER, owner=user_id), [quote])
    told = {"asset": quote.asset, "price": quote.price, "currency": quote.currency}
    audit.record(db, user_id, "price.set", told)
    db.commit()


def remove_manual_price(db: Session, user_id: str, asset: str, day: date) -> None:
    """Take back the price set by hand for a UTC day, if there is one. Commits."""
    note_change(db, user_id, bump_revision(db, user_id), (), price_days=None)
    _forget(db, user_id, asset, day)
    audit.record(db, user_id, "price.unset", {"asset": asset, "day": day})
    db.commit()


def manual_prices(db: Session, user_id: str, asset: str) -> list[PriceQuote]:
    """Return the prices the user set for an asset, oldest first."""
    rows = db.execute(
        select(DailyPrice).where(*_theirs(user_id, asset)).order_by(col(DailyPrice.at))
    ).scalars()
    return [PriceQuote(row.asset, row.currency, row.price, row.at) for row in rows]


def _forget(db: Session, user_id: str, asset: str, day: date) -> None:
    db.execute(delete(DailyPrice).where(*_theirs(user_id, asset), col(DailyPrice.day) == day))


def _theirs(user_id: str, asset: str) -> tuple:
    return (
        col(DailyPrice.owner) == user_id,
        col(DailyPrice.provider) == MANUAL_PROVIDER,
        col(DailyPrice.asset) == asset,
    )
