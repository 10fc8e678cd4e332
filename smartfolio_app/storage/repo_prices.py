"""Reading prices and rates in bulk, storing intraday quotes and reference rates, and counting what changed.

Nothing in this file commits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, String, and_, bindparam, delete, func, select, type_coerce
from sqlmodel import Session, col

from smartfolio_app.ledger.transactions import PriceQuote
from smartfolio_app.storage.repo_market import Observer
from smartfolio_app.storage.tables import DailyPrice, FxRate, PriceHistoryRow, ProviderState, Quote
from smartfolio_app.storage.upserts import insert_missing, upsert

R = TypeVar("R")

_D = DailyPrice.__table__.c  # type: ignore[attr-defined]
_Q = Quote.__table__.c  # type: ignore[attr-defined]
_F = FxRate.__table__.c  # type: ignore[attr-defined]
_MANY = 500  # variables in one statement; SQLite sets a limit


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One stored price: 1 ``asset`` = ``price`` ``currency`` at ``at``."""

    asset: str
    currency: str
    price: Decimal
    at: datetime
    provider: str


@dataclass(frozen=True, slots=True)
class RateRow:
    """One stored reference rate: 1 EUR = ``rate`` ``currency`` on ``day``."""

    currency: str
    day: date
    rate: Decimal
    provider: str


def put_quotes(db: Session, observer: Observer, quotes: Iterable[PriceQuote]) -> None:
    """Store intraday quotes; one that is there already stays as it is."""
    rows = [
        {
            "owner": observer.owner,
            "asset": quote.asset,
            "currency": quote.currency,
            "at": quote.at,
            "provider": observer.provider,
            "price": quote.price,
            "batch_id": observer.batch_id,
        }
        for quote in quotes
    ]
    insert_missing(db, Quote, rows)


def put_rates(db: Session, rates: Iterable[RateRow], fetched_at: datetime) -> None:
    """Store reference rates; a corrected fixing replaces the first."""
    rows = [
        {
            "currency": rate.currency,
            "day": rate.day,
            "provider": rate.provider,
            "rate": rate.rate,
            "fetched_at": fetched_at,
        }
        for rate in rates
    ]
    upsert(db, FxRate, rows, key=("currency", "day", "provider"), update=("rate", "fetched_at"))


def read_prices(db: Session, owner: str) -> list[PriceRow]:
    """Return the daily and intraday prices of an owner (empty: everybody's)."""
    return read_prices_as(db, owner, PriceRow)


def read_prices_as(
    db: Session, owner: str, record: Callable[[str, str, Decimal, datetime, str], R]
) -> list[R]:
    """Return the prices of an owner, each made by ``record`` (asset, currency, price, at, provider)."""
    return [made for table in (_D, _Q) for made in _price_rows(db, table, table.owner == owner, record)]


def are_many(db: Session, count: int) -> bool:
    """Tell whether there are at least so many daily prices, of whomever."""
    some = select(_D.asset).limit(count).subquery()
    return bool(db.execute(select(func.count()).select_from(some)).scalar_one() >= count)


def read_daily_prices_as(
    db: Session,
    observer: Observer,
    days: Iterable[date],
    record: Callable[[str, str, Decimal, datetime, str], R],
) -> list[R]:
    """Return what an observer told outside of imports for some UTC days, each made by ``record``."""
    told = (_D.owner == observer.owner, _D.provider == observer.provider, _D.batch_id.is_(None))
    return [
        made
        for condition in _conditions(_D.day, days)
        for made in _price_rows(db, _D, and_(*told, condition), record)
    ]


def read_rates(db: Session, currencies: Iterable[str] | None = None) -> list[RateRow]:
    """Return the reference rates of the given currencies, or of all."""
    text = _as_text(db)
    number: Callable[[Any], Decimal] = Decimal if text else _same
    found: list[RateRow] = []
    for condition in _conditions(_F.currency, currencies):
        wanted = select(_F.currency, _F.day, _raw(_F.rate, text), _F.provider).where(condition)
        found += [
            RateRow(code, day, number(rate), provider) for code, day, rate, provider in db.execute(wanted)
        ]
    return found


def rate_days(db: Session, provider: str) -> tuple[date, date] | None:
    """Return the first and the last day of a provider's rates, ``None`` when there are none."""
    first, last = db.execute(select(func.min(_F.day), func.max(_F.day)).where(_F.provider == provider)).one()
    return None if first is None else (first, last)


def days_with_prices(db: Session, observer: Observer, asset: str, first: date) -> set[date]:
    """Return the days from ``first`` on for which the observer told a daily price of the asset."""
    wanted = select(_D.day).where(
        _D.owner == observer.owner, _D.asset == asset, _D.provider == observer.provider, _D.day >= first
    )
    return set(db.execute(wanted).scalars())


def newest_quotes(db: Session, observer: Observer) -> dict[str, datetime]:
    """Return the time of the observer's newest intraday quote of each asset."""
    wanted = (
        select(_Q.asset, func.max(_Q.at))
        .where(_Q.owner == observer.owner, _Q.provider == observer.provider)
        .group_by(_Q.asset)
    )
    return {asset: at for asset, at in db.execute(wanted)}  # noqa: C416 - rows are not pairs to a type checker


def oldest_quotes(db: Session, observer: Observer) -> dict[str, datetime]:
    """Return the time of the observer's oldest intraday quote of each asset."""
    wanted = (
        select(_Q.asset, func.min(_Q.at))
        .where(_Q.owner == observer.owner, _Q.provider == observer.provider)
        .group_by(_Q.asset)
    )
    return {asset: at for asset, at in db.execute(wanted)}  # noqa: C416 - rows are not pairs to a type checker


def forget_quotes(db: Session, before: datetime) -> int:
    """Remove intraday quotes older than ``before`` and return how many; the daily prices stay."""
    return int(db.execute(delete(Quote).where(_Q.at < before, _Q.batch_id.is_(None))).rowcount)  # type: ignore[attr-defined]


def thin_quotes(db: Session, before: datetime) -> int:
    """Leave one intraday quote an hour (the last) of those older than ``before``; return how many went."""
    key = (_Q.owner, _Q.asset, _Q.currency, _Q.provider)
    rows = db.execute(
        select(*key, _Q.at).where(_Q.at < before, _Q.batch_id.is_(None)).order_by(*key, _Q.at.desc())
    ).all()
    kept: tuple[Any, ...] | None = None
    spare = []
    for *names, at in rows:
        hour = (*names, at.replace(minute=0, second=0, microsecond=0))
        if hour == kept:
            spare.append({"o": names[0], "a": names[1], "c": names[2], "p": names[3], "t": at})
        kept = hour
    if spare:
        names_match = (column == bindparam(name) for column, name in zip(key, "oacp", strict=True))
        db.execute(delete(Quote.__table__).where(*names_match, _Q.at == bindparam("t")), spare)  # type: ignore[attr-defined]
    return len(spare)


# ------------------------------------------------------------------------------------------------------ changes
def price_revision(db: Session) -> int:
    """Return a number that grows whenever a public price or rate changes."""
    return int(db.execute(select(func.coalesce(func.sum(col(ProviderState.revision)), 0))).scalar_one())


def note_success(db: Session, provider: str, at: datetime, *, changed: bool) -> None:
    """Write down that a provider answered, and that it changed what is stored, if so."""
    _state(db, provider, tried_at=at, succeeded_at=at, error="", retry_at=None, changed=changed)


def note_failure(db: Session, provider: str, at: datetime, error: str, retry_at: datetime | None) -> None:
    """Write down that a provider failed, with what, and when it makes sense to try again."""
    _state(db, provider, tried_at=at, error=error[:80], retry_at=retry_at, changed=False)


def provider_states(db: Session) -> dict[str, ProviderState]:
    """Return how each market provider is doing."""
    return {row.provider: row for row in db.execute(select(ProviderState)).scalars()}


def _state(db: Session, provider: str, *, changed: bool, **values: Any) -> None:
    insert_missing(db, ProviderState, [{"provider": provider, "revision": 0, "error": ""}])
    row = db.get(ProviderState, provider, populate_existing=True)
    assert row is not None, "it was just inserted"
    for name, value in values.items():
        setattr(row, name, value)
    row.revision += changed
    db.add(row)
    db.flush()


# ---------------------------------------------------------------------------------------------------- histories
def histories(db: Session, provider: str) -> Mapping[tuple[str, str], PriceHistoryRow]:
    """Return from when on a provider was asked for histories, by (owner, asset)."""
    rows = db.execute(select(PriceHistoryRow).where(col(PriceHistoryRow.provider) == provider)).scalars()
    return {(row.owner, row.asset): row for row in rows}


def note_history(
    db: Session, observer: Observer, asset: str, *, coin: str, first: date, at: datetime
) -> None:
    """Write down that a history was asked for."""
    row = {
        "owner": observer.owner,
        "asset": asset,
        "provider": observer.provider,
        "coin": coin,
        "first": first,
        "asked_at": at,
    }
    key = ("owner", "asset", "provider")
    upsert(db, PriceHistoryRow, [row], key=key, update=("coin", "first", "asked_at"))


# ------------------------------------------------------------------------------------------------------ helpers
def _conditions(column: Any, values: Iterable[Any] | None) -> Iterator[ColumnElement[bool]]:
    if values is None:
        yield column.is_not(None)
        return
    unique: Sequence[Any] = sorted(set(values))
    for start in range(0, len(unique), _MANY):
        yield column.in_(unique[start : start + _MANY])


def _price_rows(
    db: Session,
    table: Any,
    condition: ColumnElement[bool],
    record: Callable[[str, str, Decimal, datetime, str], R],
) -> list[R]:
    text = _as_text(db)
    wanted = select(
        table.asset, table.currency, _raw(table.price, text), _raw(table.at, text), table.provider
    ).where(condition)
    if not text:
        return [record(*row) for row in db.execute(wanted).all()]
    moment = datetime.fromisoformat
    known: dict[str, str] = {}
    one = known.setdefault  # the same few names come back in every row: one copy of each is enough
    db.flush()  # as `Session.execute` does
    with closing(db.connection().execute(wanted)) as result:
        assert result.cursor is not None, "a query has rows"
        # The driver's own rows, one at a time: a hundred thousand at once would hold up every other thread.
        return [
            record(
                one(asset, asset),
                one(currency, currency),
                Decimal(price),
                moment(at + "+00:00"),
                one(provider, provider),
            )
            for asset, currency, price, at, provider in iter(result.cursor.fetchone, None)
        ]


def _as_text(db: Session) -> bool:
    """On SQLite the conversions of SQLAlchemy cost more than the query; the text is read here instead."""
    return db.get_bind().dialect.name == "sqlite"


def _raw(column: Any, text: bool) -> Any:
    return type_coerce(column, String) if text else column


def _same(value: Any) -> Any:
    return value
