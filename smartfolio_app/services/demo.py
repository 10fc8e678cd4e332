"""The sample user: made, reset and kept up to date from a seeded generator, with prices that are nobody else's.

The prices, and the exchange rates among them (``fiat:EUR`` quoted in each sample currency), belong to the sample user
as its ``owner``, provider ``demo``. No market provider is asked on its behalf, and no other user sees a sample price.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import delete, select
from sqlmodel import Session, col

from smartfolio_app.errors import ConflictError
from smartfolio_app.ledger.assets import Asset, AssetClass, fiat
from smartfolio_app.ledger.dedupe import fingerprint
from smartfolio_app.ledger.transactions import PriceQuote
from smartfolio_app.providers import registry
from smartfolio_app.services import accounts
from smartfolio_app.services.demo_household import SOURCES, UNPRICED, play
from smartfolio_app.services.demo_items import items
from smartfolio_app.services.demo_market import CURRENCIES, INSTRUMENTS, PROVIDER, DemoMarket
from smartfolio_app.storage.repo_ledger import bump_revision, insert_transactions, remember_assets
from smartfolio_app.storage.repo_market import Observer, put_daily_prices
from smartfolio_app.storage.repo_prices import newest_quotes, put_quotes
from smartfolio_app.storage.tables import (
    Alert,
    AlertRule,
    AssetOverride,
    DailyPrice,
    Quote,
    Snapshot,
    SourceRow,
    User,
    UserSettings,
    WealthItem,
    WealthValuation,
)
from smartfolio_app.storage.tables.base import new_id

NAME = "Demo"
QUOTE_DAYS = 8

log = logging.getLogger(__name__)


def demo_user(db: Session, now: datetime | None = None) -> User:
    """Return the sample user, made or brought up to date where needed. Commits."""
    at = now or datetime.now(UTC)
    user = find_demo(db)
    if user is None or _told_until(db, user.id) < at.date() - timedelta(days=1):
        return reset_demo(db, at)
    extend(db, at)
    return user


def find_demo(db: Session) -> User | None:
    """Return the sample user, ``None`` before there is one."""
    found = select(User).where(col(User.is_demo)).order_by(col(User.created_at)).limit(1)
    return db.execute(found).scalar_one_or_none()


def reset_demo(db: Session, now: datetime | None = None) -> User:
    """Throw away what the sample user has and make it anew, ending at ``now``. Sessions stay signed in. Commits."""
    at = now or datetime.now(UTC)
    user = find_demo(db) or _new_user(db)
    bump_revision(db, user.id)
    _clear(db, user.id)
    market = DemoMarket(at.date())
    plan = play(market, at)
    first = plan.first
    currencies = [Asset(fiat(code), AssetClass.FIAT, code) for code in ("EUR", *CURRENCIES)]
    remember_assets(db, [*(instrument.asset for instrument in INSTRUMENTS), *currencies, UNPRICED])
    for source in SOURCES:
        row = SourceRow(
            user_id=user.id,
            key=source.key,
            provider=source.provider,
            label=source.label,
            category=source.category,
            last_sync=at,
        )
        db.add(row)
        db.flush()
        rows = plan.transactions[source.key]
        insert_transactions(db, user.id, row.id, rows, [fingerprint(one) for one in rows])
    _add_items(db, user.id, market, first, at)
    _add_prices(db, user.id, market, first - timedelta(days=10), at)
    db.commit()
    return user


def extend(db: Session, now: datetime | None = None) -> bool:
    """Let the sample market go on until ``now``; tell whether anything was added. Commits."""
    at = now or datetime.now(UTC)
    user = find_demo(db)
    if user is None:
        return False
    newest = max(newest_quotes(db, _observer(user.id)).values(), default=at - timedelta(days=QUOTE_DAYS))
    if at - newest < timedelta(minutes=30):
        return False
    bump_revision(db, user.id)
    _add_prices(db, user.id, DemoMarket(at.date()), newest.date() - timedelta(days=1), at, after=newest)
    db.commit()
    return True


def _new_user(db: Session) -> User:
    for number in range(1, 100):
        try:
            return accounts.create_user(db, NAME if number == 1 else f"{NAME} {number}", "", demo=True)
        except ConflictError:  # a person may have that name
            log.info("the name %s %s is taken", NAME, number)
    raise ConflictError("account.name_taken", name=NAME)


def _clear(db: Session, user_id: str) -> None:
    for owned in (SourceRow, WealthItem, Snapshot, AssetOverride, Alert, AlertRule):
        db.execute(delete(owned).where(col(owned.user_id) == user_id))  # type: ignore[attr-defined]
    for priced in (DailyPrice, Quote):
        db.execute(delete(priced).where(col(priced.owner) == user_id))
    db.merge(UserSettings(user_id=user_id, base_currency="EUR", time_zone="Europe/Berlin"))
    for provider_id in registry.BUILT_IN:
        provider = registry.provider(provider_id)
        db.add(
            SourceRow(
                user_id=user_id, key=provider.id, provider=provider.id, label="", category=provider.category
            )
        )
    db.flush()


def _add_items(db: Session, user_id: str, market: DemoMarket, first: date, at: datetime) -> None:
    source = db.execute(
        select(SourceRow).where(
            col(SourceRow.user_id) == user_id, col(SourceRow.key) == registry.WEALTH_ITEMS
        )
    ).scalar_one()
    valuations = []
    for item in items(market, first, at.date()):
        row = WealthItem(
            id=new_id(),
            user_id=user_id,
            source_id=source.id,
            kind=item.kind,
            name=item.name,
            currency=item.currency,
            note=item.note,
            closed_on=item.closed_on,
        )
        db.add(row)
        valuations += [
            {"item_id": row.id, "day": day, "value": value, "note": ""} for day, value in item.valuations
        ]
    db.flush()
    db.execute(WealthValuation.__table__.insert(), valuations)  # type: ignore[attr-defined]


def _add_prices(
    db: Session, user_id: str, market: DemoMarket, first: date, at: datetime, *, after: datetime | None = None
) -> None:
    """Store closes from ``first`` on, quotes later than ``after`` (by default of the last days), and rates."""
    daily: list[PriceQuote] = []
    quotes: list[PriceQuote] = []
    since = after or datetime.combine(at.date() - timedelta(days=QUOTE_DAYS), time(), UTC)
    for instrument in INSTRUMENTS:
        asset = instrument.asset.id
        currency = instrument.asset.quote_currency or "USD"
        daily += [
            PriceQuote(asset, currency, price, _close(day)) for day, price in market.closes(instrument, first)
        ]
        recent = [
            PriceQuote(asset, currency, price, when) for when, price in market.quotes(instrument, since, at)
        ]
        quotes += recent
        daily += recent[-1:]
    daily += [
        PriceQuote(fiat("EUR"), currency, rate, _start(day)) for currency, day, rate in market.rates(first)
    ]
    put_daily_prices(db, _observer(user_id), daily)
    put_quotes(db, _observer(user_id), quotes)


def _told_until(db: Session, user_id: str) -> date:
    newest: Iterable[datetime] = newest_quotes(db, _observer(user_id)).values()
    return max((at.date() for at in newest), default=date.min)


def _observer(user_id: str) -> Observer:
    return Observer(PROVIDER, owner=user_id)


def _close(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), UTC)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
