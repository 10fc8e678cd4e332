"""Asking the market providers: present prices, reference rates, and the past that is still missing.

Nothing is held in the database while a provider is asked. A provider that fails stops neither the other nor the app:
what it told before stays, and grows old visibly.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sqlmodel import Session

from smartfolio_app.analytics.prices import PricePoint
from smartfolio_app.ledger.transactions import PriceQuote
from smartfolio_app.providers import coingecko, ecb
from smartfolio_app.providers.coingecko import QUOTE_CURRENCY
from smartfolio_app.providers.ecb import Fixing, last_fixing_day
from smartfolio_app.providers.errors import ProviderError
from smartfolio_app.services import demo, price_needs
from smartfolio_app.services.market_data import Market, forget_old_calls, market
from smartfolio_app.services.price_books import add_public
from smartfolio_app.services.price_needs import Need, Needs
from smartfolio_app.storage.repo_ledger import bump_revision
from smartfolio_app.storage.repo_market import Observer, put_daily_prices
from smartfolio_app.storage.repo_prices import (
    RateRow,
    days_with_prices,
    forget_quotes,
    histories,
    note_failure,
    note_history,
    note_success,
    oldest_quotes,
    price_revision,
    put_quotes,
    put_rates,
    rate_days,
    thin_quotes,
)
from smartfolio_app.storage.tables import User

#: Intraday quotes are kept this long; the chart of a week needs a little more than that.
QUOTES_KEPT = timedelta(days=9)
DENSE_QUOTES = timedelta(hours=26)
QUOTE_DAYS = 7
_HOURLY = "coingecko_hourly"  # in the record of histories: the week of hourly quotes
#: The ECB publishes about 16:00 CET, which is 15:00 UTC at the latest.
_PUBLISHED = time(15, 10)
#: Rates reach this far back before the first day they are needed for, over any run of holidays.
_RATES_LEAD = timedelta(days=10)
_RATES_AT_ONCE = 5_000
_LAST_MOMENT = timedelta(microseconds=1)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class RefreshReport:
    """What a refresh brought: how many ``prices`` and ``rates`` were stored.

    ``problems`` names, by provider, the code of what went wrong (a message key below ``error.``); ``unresolved`` are
    coins whose ticker could mean several or none, ``refused`` CoinGecko ids whose price was nonsense.
    """

    prices: int = 0
    rates: int = 0
    offline: bool = False
    problems: dict[str, str] = field(default_factory=dict)
    unresolved: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def refresh(
    db: Session, user_id: str | None = None, *, now: datetime | None = None, patience: float = 0.0
) -> RefreshReport:
    """Ask for the present prices of what everybody (or one user) holds, and for new reference rates. Commits.

    ``patience`` is how many seconds a call may wait for the provider's call budget. For the sample user nobody is
    asked; the sample market goes on instead.
    """
    at = now or datetime.now(UTC)
    user = db.get(User, user_id) if user_id else None
    if user is not None and user.is_demo:
        demo.extend(db, at)
        return RefreshReport()
    providers, report = market(), RefreshReport()
    wanted = price_needs.needs(db, user_id)
    if providers.gateway.offline or wanted.rates_since is None:
        report.offline, report.unresolved = providers.gateway.offline, wanted.unresolved
        return report
    _refresh_rates(db, providers, wanted.rates_since, at, report)
    try:
        _refresh_coins(db, providers, wanted, at, report, user_id=user_id, patience=patience)
    except ProviderError as error:
        _failed(db, coingecko.ID, error, at, report)
    return report


def newcomers(db: Session) -> set[tuple[str, str]]:
    """Return the series (asset, owner) of which nobody has told a price yet, unresolved tickers among them.

    Offline there are none: nobody could be asked.
    """
    if market().gateway.offline:
        return set()
    wanted = price_needs.needs(db)
    priced: dict[str, set[str]] = {}
    for owner in {need.owner for need in wanted.series}:
        priced[owner] = set(oldest_quotes(db, Observer(coingecko.ID, owner=owner)))
    waiting = {(need.asset, need.owner) for need in wanted.series if need.asset not in priced[need.owner]}
    return waiting | {(asset, "") for asset in wanted.unresolved}


def backfill(db: Session, *, now: datetime | None = None, patience: float = 120.0) -> RefreshReport:
    """Ask for the past that is missing: rates, closes since each coin was first held, a week of hourly quotes. Commits.

    For the background: a call waits for the budget up to ``patience`` seconds, and everything stops when the app does.
    What a provider could not tell once is not asked again.
    """
    at = now or datetime.now(UTC)
    providers, report = market(), RefreshReport()
    wanted = price_needs.needs(db)
    if providers.gateway.offline or wanted.rates_since is None:
        report.offline = providers.gateway.offline
        return report
    _backfill_rates(db, providers, wanted.rates_since, at, report)
    for fill in (_backfill_closes, _backfill_quotes):
        for need in wanted.series:
            if providers.gateway.closing.is_set():
                return report
            try:
                report.prices += fill(db, providers, need, at, patience)
            except ProviderError as error:
                _failed(db, coingecko.ID, error, at, report)
                return report
    return report


def tidy(db: Session, now: datetime | None = None) -> None:
    """Forget intraday quotes that no chart shows, and the record of calls of a month ago. Commits.

    The chart of a day shows a point every quarter of an hour, that of a week one every hour.
    """
    at = now or datetime.now(UTC)
    forget_quotes(db, at - QUOTES_KEPT)
    thin_quotes(db, at - DENSE_QUOTES)
    forget_old_calls(db, at)
    db.commit()


# ---------------------------------------------------------------------------------------------- present prices
def _refresh_coins(
    db: Session,
    providers: Market,
    wanted: Needs,
    at: datetime,
    report: RefreshReport,
    *,
    user_id: str | None,
    patience: float,
) -> None:
    if wanted.unresolved:
        price_needs.resolve(db, providers.coingecko, wanted.unresolved, patience)
        wanted = price_needs.needs(db, user_id)
    report.unresolved = wanted.unresolved
    db.commit()
    if not wanted.series:
        return
    answer = providers.coingecko.prices((need.coin for need in wanted.series), patience)
    report.refused = answer.refused
    by_owner: dict[str, list[PriceQuote]] = {}
    for need in wanted.series:
        spot = answer.found.get(need.coin)
        if spot is not None:
            quote = PriceQuote(need.asset, QUOTE_CURRENCY, spot.price, spot.at)
            by_owner.setdefault(need.owner, []).append(quote)
    for owner, quotes in sorted(
        by_owner.items(), reverse=True
    ):  # the public ones last: they are told at once
        observer = Observer(coingecko.ID, owner=owner)
        put_quotes(db, observer, quotes)
        put_daily_prices(db, observer, quotes)
        report.prices += len(quotes)
        _told(db, observer, at, quotes)
    if not by_owner:
        _told(db, Observer(coingecko.ID), at, [])


def _refresh_rates(db: Session, providers: Market, since: date, at: datetime, report: RefreshReport) -> None:
    known = rate_days(db, ecb.ID)
    published = at.date() if at.time() >= _PUBLISHED else at.date() - timedelta(days=1)
    if known is not None and known[1] >= last_fixing_day(published):
        return
    first = min(since, at.date()) - _RATES_LEAD if known is None else known[1] + timedelta(days=1)
    db.commit()
    try:
        one_day = known is not None and last_fixing_day(published) == _next_working_day(known[1])
        answer = providers.ecb.latest() if one_day else providers.ecb.since(first, at.date())
        if known is None:
            note_history(db, Observer(ecb.ID), "fiat:EUR", coin="", first=first, at=at)
        _store_rates(db, (fixing for fixing in answer.value if fixing.day >= first), at, report)
    except ProviderError as error:
        _failed(db, ecb.ID, error, at, report)


def _next_working_day(day: date) -> date:
    return day + timedelta(days=1 if day.weekday() < 4 else 7 - day.weekday())


# ------------------------------------------------------------------------------------------------ missing past
def _backfill_rates(db: Session, providers: Market, since: date, at: datetime, report: RefreshReport) -> None:
    """Fetch the rates before the first one known, once: when somebody imports an older ledger."""
    known = rate_days(db, ecb.ID)
    first = since - _RATES_LEAD
    asked = histories(db, ecb.ID).get(("", "fiat:EUR"))
    if known is None or (asked is not None and asked.first <= first):
        return
    db.commit()
    try:
        answer = providers.ecb.since(first, at.date())
        note_history(db, Observer(ecb.ID), "fiat:EUR", coin="", first=first, at=at)
        _store_rates(db, (fixing for fixing in answer.value if fixing.day < known[0]), at, report)
    except ProviderError as error:
        _failed(db, ecb.ID, error, at, report)


def _backfill_closes(db: Session, providers: Market, need: Need, at: datetime, patience: float) -> int:
    """Fetch the closes that are missing from one series; return how many were stored."""
    observer = Observer(coingecko.ID, owner=need.owner)
    reach = providers.coingecko.history_days
    first = need.first if reach is None else max(need.first, at.date() - timedelta(days=reach - 1))
    known = days_with_prices(db, observer, need.asset, first)
    asked = histories(db, coingecko.ID).get((need.owner, need.asset))
    if asked is not None and asked.coin == need.coin and asked.first <= first:
        first = asked.asked_at.date() - timedelta(days=1)  # before that, a gap is CoinGecko's own
    missing = [day for day in _days(first, at.date() - timedelta(days=1)) if day not in known]
    if not missing:
        return 0
    db.commit()
    points = providers.coingecko.daily(need.coin, missing[0], at, patience)
    quotes = [
        PriceQuote(need.asset, QUOTE_CURRENCY, point.price, point.at - _LAST_MOMENT)
        for day, point in points.items()
        if day not in known
    ]
    note_history(db, observer, need.asset, coin=need.coin, first=min(first, missing[0]), at=at)
    put_daily_prices(db, observer, quotes)
    _told(db, observer, at, quotes)
    return len(quotes)


def _backfill_quotes(db: Session, providers: Market, need: Need, at: datetime, patience: float) -> int:
    """Fetch the last week's hourly quotes of a series that has none yet; return how many were stored."""
    observer = Observer(coingecko.ID, owner=need.owner)
    asked = histories(db, _HOURLY).get((need.owner, need.asset))
    if asked is not None and asked.coin == need.coin and at - asked.asked_at < timedelta(days=QUOTE_DAYS):
        return 0
    oldest = oldest_quotes(db, observer).get(need.asset, at)
    if oldest < at - timedelta(days=QUOTE_DAYS):
        return 0
    db.commit()
    points = providers.coingecko.hourly(need.coin, QUOTE_DAYS, patience)
    quotes = [
        PriceQuote(need.asset, QUOTE_CURRENCY, point.price, point.at) for point in points if point.at < oldest
    ]
    hourly = Observer(_HOURLY, owner=need.owner)
    note_history(db, hourly, need.asset, coin=need.coin, first=at.date() - timedelta(days=QUOTE_DAYS), at=at)
    put_quotes(db, observer, quotes)
    _told(db, observer, at, quotes)
    return len(quotes)


# ------------------------------------------------------------------------------------------------------ helpers
def _store_rates(db: Session, fixings: Iterable[Fixing], at: datetime, report: RefreshReport) -> None:
    rows = [RateRow(fixing.currency, fixing.day, fixing.rate, ecb.ID) for fixing in fixings]
    for start in range(0, len(rows), _RATES_AT_ONCE):  # years of rates must not hold up somebody's sign-in
        put_rates(db, rows[start : start + _RATES_AT_ONCE], at)
        db.commit()
    report.rates += len(rows)
    note_success(db, ecb.ID, at, changed=bool(rows))
    db.commit()


def _told(db: Session, observer: Observer, at: datetime, quotes: list[PriceQuote]) -> None:
    """Count the change, commit, and let the public book in memory grow by it."""
    if quotes and observer.owner:
        bump_revision(db, observer.owner)
    before = price_revision(db)
    note_success(db, observer.provider, at, changed=bool(quotes) and not observer.owner)
    db.commit()
    if not observer.owner:
        points = [PricePoint(one.asset, one.currency, one.price, one.at, observer.provider) for one in quotes]
        add_public(db, before, points)


def _failed(db: Session, provider: str, error: ProviderError, at: datetime, report: RefreshReport) -> None:
    db.rollback()
    log.warning("%s: %s", provider, error)
    note_failure(db, provider, at, error.code, error.retry_at)
    report.problems[provider] = error.code
    db.commit()


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
