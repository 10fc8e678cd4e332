"""Asking the market providers: present prices, exchange rates, and the past that is still missing.

What each kind of thing needs is in ``price_coins``, ``price_papers`` and ``price_rates``; what may be used of the
answers is for ``price_bench`` to say. A provider that fails stops neither the others nor the app: what it told before
stays, and grows old visibly.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from smartfolio_app.services import demo, price_coins, price_needs, price_papers, price_rates
from smartfolio_app.services.market_data import forget_old_calls, market
from smartfolio_app.services.price_coins import Asking
from smartfolio_app.services.price_reports import RefreshReport
from smartfolio_app.storage.repo_market import Observer
from smartfolio_app.storage.repo_prices import forget_quotes, oldest_quotes, thin_quotes
from smartfolio_app.storage.tables import User

__all__ = ["RefreshReport", "backfill", "newcomers", "refresh", "tidy"]

#: Intraday quotes are kept this long; the chart of a week needs a little more than that.
QUOTES_KEPT = timedelta(days=9)
DENSE_QUOTES = timedelta(hours=26)


def refresh(
    db: Session, user_id: str | None = None, *, now: datetime | None = None, patience: float = 0.0
) -> RefreshReport:
    """Ask for the present prices of what everybody (or one user) holds, and for new exchange rates. Commits.

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
        report.offline, report.unresolved = providers.gateway.offline, wanted.waiting
        return report
    asking = Asking(providers, at, patience, report)
    price_rates.refresh(db, providers, wanted.rates_since, at, report)
    wanted = price_coins.refresh(db, asking, wanted, user_id)
    wanted = price_papers.refresh(db, asking, wanted, user_id)
    since = wanted.rates_since or at.date()
    price_rates.refresh_others(db, providers, currencies=wanted.currencies, since=since, at=at, report=report)
    report.unresolved = wanted.waiting
    return report


def newcomers(db: Session) -> set[tuple[str, str]]:
    """Return the series (asset, owner) of which nobody has told a price yet, unresolved tickers among them.

    Offline there are none: nobody could be asked.
    """
    if market().gateway.offline:
        return set()
    wanted = price_needs.needs(db)
    priced = {
        (need.provider, need.owner): set(oldest_quotes(db, Observer(need.provider, owner=need.owner)))
        for need in wanted.series
    }
    waiting = {
        (need.asset, need.owner)
        for need in wanted.series
        if need.asset not in priced[need.provider, need.owner]
    }
    return waiting | {(asset, "") for asset in wanted.waiting}


def backfill(db: Session, *, now: datetime | None = None, patience: float = 120.0) -> RefreshReport:
    """Ask for the past that is missing: rates, closes since each thing was first held, a week of quotes. Commits.

    For the background: a call waits for the budget up to ``patience`` seconds, and everything stops when the app does.
    What a provider could not tell once is not asked again.
    """
    at = now or datetime.now(UTC)
    providers, report = market(), RefreshReport()
    wanted = price_needs.needs(db)
    if providers.gateway.offline or wanted.rates_since is None:
        report.offline = providers.gateway.offline
        return report
    asking = Asking(providers, at, patience, report)
    price_rates.backfill(db, providers, wanted.rates_since, at, report)
    price_papers.backfill(db, asking, wanted)
    price_coins.backfill(db, asking, wanted)
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
