"""Exchange rates: the ECB's reference rates, and Yahoo's for what the ECB does not publish (or has not for days)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from smartfolio_app.analytics.clock import business_days_between, day_number
from smartfolio_app.providers import ecb, yahoo
from smartfolio_app.providers.ecb import Fixing, last_fixing_day
from smartfolio_app.providers.errors import ProviderError
from smartfolio_app.providers.yahoo import currency_symbol
from smartfolio_app.services.market_data import Market
from smartfolio_app.services.price_reports import RefreshReport, failed
from smartfolio_app.storage.repo_market import Observer
from smartfolio_app.storage.repo_prices import (
    RateRow,
    histories,
    note_history,
    note_success,
    put_rates,
    rate_days,
)
from smartfolio_app.storage.tables import FxRate

#: The ECB publishes about 16:00 CET, which is 15:00 UTC at the latest.
_PUBLISHED = time(15, 10)
#: Rates reach this far back before the first day they are needed for, over any run of holidays.
_LEAD = timedelta(days=10)
_AT_ONCE = 5_000
_EUR = "fiat:EUR"
#: From so many business days without a fixing on, somebody else is asked.
_PATIENCE_DAYS = 3
_ASKED_AGAIN = timedelta(hours=6)


def refresh(db: Session, providers: Market, since: date, at: datetime, report: RefreshReport) -> None:
    """Fetch the fixings since the last one known, when there can be a new one. Commits."""
    known = rate_days(db, ecb.ID)
    published = at.date() if at.time() >= _PUBLISHED else at.date() - timedelta(days=1)
    if known is not None and known[1] >= last_fixing_day(published):
        return
    first = min(since, at.date()) - _LEAD if known is None else known[1] + timedelta(days=1)
    db.commit()
    try:
        one_day = known is not None and last_fixing_day(published) == _next_working_day(known[1])
        answer = providers.ecb.latest() if one_day else providers.ecb.since(first, at.date())
        if known is None:
            note_history(db, Observer(ecb.ID), _EUR, coin="", first=first, at=at)
        _store(db, (fixing for fixing in answer.value if fixing.day >= first), at, report)
    except ProviderError as error:
        failed(db, ecb.ID, error, at, report)


def backfill(db: Session, providers: Market, since: date, at: datetime, report: RefreshReport) -> None:
    """Fetch the rates before the first one known, once: when somebody imports an older ledger. Commits."""
    known = rate_days(db, ecb.ID)
    first = since - _LEAD
    asked = histories(db, ecb.ID).get(("", _EUR))
    if known is None or (asked is not None and asked.first <= first):
        return
    db.commit()
    try:
        answer = providers.ecb.since(first, at.date())
        note_history(db, Observer(ecb.ID), _EUR, coin="", first=first, at=at)
        _store(db, (fixing for fixing in answer.value if fixing.day < known[0]), at, report)
    except ProviderError as error:
        failed(db, ecb.ID, error, at, report)


def refresh_others(
    db: Session,
    providers: Market,
    *,
    currencies: Iterable[str],
    since: date,
    at: datetime,
    report: RefreshReport,
) -> None:
    """Ask Yahoo for the currencies that the ECB does not tell (any more). Commits.

    What the ECB tells for a day is never replaced by it.
    """
    newest = _newest_fixings(db)
    today = day_number(at.date())
    asked = histories(db, yahoo.ID)
    for currency in currencies:
        told = newest.get(currency)
        if told is not None and business_days_between(day_number(told), today) <= _PATIENCE_DAYS:
            continue
        before = asked.get(("", f"fiat:{currency}"))
        first = since - _LEAD if told is None else told + timedelta(days=1)
        if before is not None and before.first <= first:
            if at - before.asked_at < _ASKED_AGAIN:
                continue
            first = before.asked_at.date() - timedelta(days=5)
        db.commit()
        try:
            chart = providers.yahoo.chart(currency_symbol(currency), first, at).value
        except ProviderError as error:
            failed(db, yahoo.ID, error, at, report)
            if error.retry_at is not None:  # it wants to be left alone; for another currency, too
                return
            continue
        fixed = _fixed_days(db, currency)
        rows = [
            RateRow(currency, day, close.price, yahoo.ID)
            for day, close in chart.closes.items()
            if chart.currency == currency and day not in fixed
        ]
        reach = min(first, before.first) if before is not None else first
        note_history(db, Observer(yahoo.ID), f"fiat:{currency}", coin=chart.symbol, first=reach, at=at)
        put_rates(db, rows, at)
        note_success(db, yahoo.ID, at, changed=bool(rows))
        report.rates += len(rows)
        db.commit()


def _store(db: Session, fixings: Iterable[Fixing], at: datetime, report: RefreshReport) -> None:
    rows = [RateRow(fixing.currency, fixing.day, fixing.rate, ecb.ID) for fixing in fixings]
    for start in range(0, len(rows), _AT_ONCE):  # years of rates must not hold up somebody's sign-in
        put_rates(db, rows[start : start + _AT_ONCE], at)
        db.commit()
    _forget_substitutes(db)
    report.rates += len(rows)
    note_success(db, ecb.ID, at, changed=bool(rows))
    db.commit()


def _forget_substitutes(db: Session) -> None:
    """Remove Yahoo's rates of days for which the ECB has told one after all."""
    fixed = FxRate.__table__.alias()  # type: ignore[attr-defined]
    exists = (
        select(fixed.c.day)
        .where(
            fixed.c.provider == ecb.ID,
            fixed.c.currency == col(FxRate.currency),
            fixed.c.day == col(FxRate.day),
        )
        .exists()
    )
    db.execute(delete(FxRate).where(col(FxRate.provider) == yahoo.ID, exists))


def _newest_fixings(db: Session) -> dict[str, date]:
    rows = db.execute(
        select(col(FxRate.currency), func.max(col(FxRate.day)))
        .where(col(FxRate.provider) == ecb.ID)
        .group_by(col(FxRate.currency))
    )
    return {currency: day for currency, day in rows}  # noqa: C416 - rows are not pairs to a type checker


def _fixed_days(db: Session, currency: str) -> set[date]:
    wanted = select(col(FxRate.day)).where(col(FxRate.provider) == ecb.ID, col(FxRate.currency) == currency)
    return set(db.execute(wanted).scalars())


def _next_working_day(day: date) -> date:
    return day + timedelta(days=1 if day.weekday() < 4 else 7 - day.weekday())
