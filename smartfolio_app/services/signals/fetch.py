"""Asking for market signals: each only when a newer one can be there, its whole past once.

A provider that fails is left alone for the rest of the round; what it told before stays, and grows old visibly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.providers import binance, binance_futures, coingecko, fear_greed, yahoo
from smartfolio_app.providers.binance import Pair
from smartfolio_app.providers.binance_futures import RATES_PER_CALL
from smartfolio_app.providers.errors import ProviderError, ProviderRefusedError
from smartfolio_app.services.market_data import Market, market
from smartfolio_app.services.price_reports import RefreshReport, failed
from smartfolio_app.services.signals.references import (
    CLOSE,
    CONTRACTS,
    DOMINANCE,
    FEAR_GREED,
    FIRST_FUNDING,
    FUNDING,
    FUNDING_NOW,
    MARKET,
    REFERENCES,
    Reference,
)
from smartfolio_app.storage.repo_prices import note_success
from smartfolio_app.storage.repo_signals import Told, forget_older, newest, put_signals
from smartfolio_app.storage.tables import User

#: A rate that is to be settled changes by the minute; this often is enough for a page.
_PRESENT_RATE_AGE = timedelta(minutes=25)
#: No contract settles more often.
_SETTLED_RATE_PAUSE = timedelta(hours=1)
_DOMINANCE_AGE = timedelta(hours=6)
#: A day's close may come a little after midnight.
_CLOSE_GRACE = timedelta(minutes=10)
#: A stock index has none on weekends and holidays: it is asked for again after this long.
_INDEX_PAUSE = timedelta(hours=6)
#: Something the provider does not have is asked for again after this long.
_ABSENT_PAUSE = timedelta(days=1)
_NOT_THERE = (400, 404)


@dataclass(slots=True)
class _Round:
    """One round of asking."""

    db: Session
    providers: Market
    at: datetime
    patience: float
    report: RefreshReport = field(default_factory=RefreshReport)

    def keep(self, told: Iterable[Told], provider: str) -> None:
        """Store an answer, and that there was one. Commits."""
        self.report.signals += put_signals(self.db, told, self.at)
        note_success(self.db, provider, self.at, changed=False)
        self.db.commit()


#: What is not asked for before an instant, by provider and symbol: what it does not have, or has not yet.
_not_before: dict[tuple[str, str], datetime] = {}


def refresh(db: Session, *, now: datetime | None = None, patience: float = 60.0) -> RefreshReport:
    """Ask for every signal that can be newer than what is stored. Commits.

    Nobody is asked offline, nor before the first account exists. ``patience`` is how many seconds a call may wait for
    its budget.
    """
    at = now or datetime.now(UTC)
    providers = market()
    round_ = _Round(db, providers, at, patience)
    round_.report.offline = providers.gateway.offline
    if providers.gateway.offline or db.execute(select(col(User.id)).limit(1)).first() is None:
        return round_.report
    steps: tuple[tuple[str, Callable[[_Round], None]], ...] = (
        (fear_greed.ID, _moods),
        (binance.ID, lambda one: _closes(one, binance.ID)),
        (binance_futures.ID, _rates),
        (coingecko.ID, _dominance),
        (yahoo.ID, lambda one: _closes(one, yahoo.ID)),
    )
    for provider, step in steps:
        if providers.gateway.closing.is_set():
            break
        try:
            step(round_)
        except ProviderError as error:
            failed(db, provider, error, at, round_.report)
    return round_.report


def forget_pauses() -> None:
    """Ask for everything again (tests)."""
    _not_before.clear()


def _moods(one: _Round) -> None:
    last = newest(one.db, FEAR_GREED).get(MARKET)
    days = 0 if last is None else (one.at.date() - last.at.date()).days
    if last is not None and days < 1:
        return
    one.db.commit()  # nothing is held in the database while a provider is asked
    # Two more than are missing: a value that was put right meanwhile is put right here too.
    answer = one.providers.fear_greed.days(days + 2 if days else 0, one.patience)
    moods = [
        Told(FEAR_GREED, MARKET, mood.at, mood.value, fear_greed.ID, mood.word)
        for mood in answer.value
        if mood.at <= one.at
    ]
    one.keep(moods, fear_greed.ID)


def _dominance(one: _Round) -> None:
    last = newest(one.db, DOMINANCE).get(MARKET)
    if last is not None and last.heard_at is not None and one.at - last.heard_at < _DOMINANCE_AGE:
        return
    one.db.commit()
    found = one.providers.coingecko.dominance(one.patience)
    one.keep([Told(DOMINANCE, MARKET, min(found.at, one.at), found.share, coingecko.ID)], coingecko.ID)


# ------------------------------------------------------------------------------------------------ daily closes
def _closes(one: _Round, provider: str) -> None:
    known = newest(one.db, CLOSE)
    for reference in REFERENCES:
        if one.providers.gateway.closing.is_set():
            return
        if reference.provider != provider or _paused(one, reference.provider, reference.symbol):
            continue
        last = known.get(reference.subject)
        first = reference.first if last is None else last.at.date() + timedelta(days=1)
        if first >= (one.at - _CLOSE_GRACE).date():
            continue
        one.db.commit()
        ask = _candles if provider == binance.ID else _chart
        try:
            told = ask(one, reference, first)
        except ProviderRefusedError as error:
            if error.http_status not in _NOT_THERE:
                raise
            _pause(one, reference.provider, reference.symbol, _ABSENT_PAUSE)
            continue
        if not told or not reference.is_coin:
            _pause(one, reference.provider, reference.symbol, _INDEX_PAUSE)
        one.keep(told, provider)


def _candles(one: _Round, reference: Reference, first: date) -> list[Told]:
    pair = Pair(reference.symbol, reference.currency)
    closes = one.providers.binance.closes(pair, first, one.at, one.patience)
    return [Told(CLOSE, reference.subject, close.at, close.price, binance.ID) for close in closes]


def _chart(one: _Round, reference: Reference, first: date) -> list[Told]:
    chart = one.providers.yahoo.chart(reference.symbol, first, one.at, one.patience).value
    return [
        Told(CLOSE, reference.subject, datetime.combine(day, time(23, 59, 59), UTC), close.price, yahoo.ID)
        for day, close in chart.closes.items()
        if day >= first
    ]


# ------------------------------------------------------------------------------------------------ funding rates
def _rates(one: _Round) -> None:
    settled, present = newest(one.db, FUNDING), newest(one.db, FUNDING_NOW)
    for contract in CONTRACTS:
        if one.providers.gateway.closing.is_set():
            return
        if _paused(one, binance_futures.ID, contract):
            continue
        try:
            last = settled.get(contract)
            if not _paused(one, FUNDING, contract):
                _settled(one, contract, last)
                _pause(one, FUNDING, contract, _SETTLED_RATE_PAUSE)
            now = present.get(contract)
            if now is None or one.at - now.at > _PRESENT_RATE_AGE:
                _present(one, contract)
        except ProviderRefusedError as error:
            if error.http_status not in _NOT_THERE:
                raise
            _pause(one, binance_futures.ID, contract, _ABSENT_PAUSE)


def _settled(one: _Round, contract: str, last: Told | None) -> None:
    since = datetime.combine(FIRST_FUNDING, time(), UTC) if last is None else last.at
    while True:
        one.db.commit()
        rates = [
            rate
            for rate in one.providers.futures.settled(contract, since, one.patience).value
            if since < rate.at <= one.at
        ]
        one.keep(
            [Told(FUNDING, contract, rate.at, rate.rate, binance_futures.ID) for rate in rates],
            binance_futures.ID,
        )
        if len(rates) < RATES_PER_CALL:
            return
        since = rates[-1].at


def _present(one: _Round, contract: str) -> None:
    one.db.commit()
    rate = one.providers.futures.present(contract, one.patience).value
    if rate is None:
        return
    at = min(rate.at, one.at)
    told = Told(FUNDING_NOW, contract, at, rate.rate, binance_futures.ID)
    forget_older(one.db, FUNDING_NOW, contract, at)
    one.keep([told], binance_futures.ID)


def _paused(one: _Round, provider: str, symbol: str) -> bool:
    until = _not_before.get((provider, symbol))
    return until is not None and one.at < until


def _pause(one: _Round, provider: str, symbol: str, how_long: timedelta) -> None:
    _not_before[provider, symbol] = one.at + how_long
