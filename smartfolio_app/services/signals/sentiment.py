"""The market's mood and that of one coin, with the record of the model behind it. One answer for page and REST.

The model is fitted in a process of its own and its answer kept for the day: it is made of finished days alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Lock

import numpy as np
from sqlmodel import Session

from smartfolio_app.analytics.clock import DAY_US, day_number, day_of
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.signals.components import (
    BREADTH,
    FEAR_GREED,
    FUNDING,
    TREND,
    VOLATILITY,
    Daily,
    IntArray,
)
from smartfolio_app.analytics.signals.model import NEEDED_DAYS, Mood, mood
from smartfolio_app.ledger.assets import crypto, is_fiat
from smartfolio_app.providers import binance, binance_futures, fear_greed
from smartfolio_app.services.answers import Answers
from smartfolio_app.services.signals import references
from smartfolio_app.services.signals.references import BITCOIN, COINS, MARKET, contract_of
from smartfolio_app.services.views import basis
from smartfolio_app.services.worker import Progress, Worker
from smartfolio_app.storage.engine import current_settings
from smartfolio_app.storage.repo_signals import series
from smartfolio_app.storage.tables import User

#: The process ends soon: a fit takes a second or two, once a day.
_IDLE_SECONDS = 45.0
_DAY_SECONDS = 86_400.0
_LONGEST_SYMBOL = 20
#: Where the price of a coin comes from that is none of the references.
OWN_PRICES = "own"

log = logging.getLogger(__name__)

_answers = Answers(64)
_fitter = Worker(_IDLE_SECONDS)
_turn = Lock()


@dataclass(frozen=True, slots=True)
class _About:
    """Whose mood is asked for: where its closes (by day number) are found, who told them, and their revision."""

    subject: str
    coin: str
    closes: Callable[[], dict[int, float]]
    provider: str
    revision: Hashable
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Sentiment:
    """The mood of ``subject`` (``market``, which is bitcoin's price, or a coin's symbol).

    ``reason`` is a message key that says why there is none, empty when there is one. ``sources`` names, for each
    component, who told what it is made of.
    """

    subject: str
    reason: str
    mood: Mood | None
    sources: dict[str, str]

    @property
    def available(self) -> bool:
        """Tell whether there is an answer."""
        return not self.reason

    @property
    def day(self) -> date | None:
        """The day it is of: the last one that is over and has a close."""
        return None if self.mood is None or self.mood.day is None else day_of(self.mood.day)


def sentiment(db: Session, user_id: str = "", symbol: str = "", *, now: datetime | None = None) -> Sentiment:
    """Return the mood of the market, or of the coin ``symbol`` (also as ``crypto:BTC``).

    A coin that is no reference is looked at by the prices ``user_id`` sees. The sample user's are made up: of such a
    coin nothing is said there.
    """
    at = now or datetime.now(UTC)
    subject = symbol.removeprefix("crypto:").strip().upper()[:_LONGEST_SYMBOL] if symbol else MARKET
    if ":" in symbol.removeprefix("crypto:") or (subject != MARKET and is_fiat(symbol)):
        return Sentiment(subject, "signals.why_not_a_coin", None, {})
    if subject == MARKET or subject in COINS:
        return _of_reference(db, subject, at)
    user = db.get(User, user_id) if user_id else None
    if user is None or not subject:
        return Sentiment(subject, "signals.why_unknown_coin", None, {})
    if user.is_demo:
        return Sentiment(subject, "signals.why_made_up", None, {})
    return _of_own_prices(db, user_id, subject, at)


def forget() -> None:
    """Forget every answer (tests, restore)."""
    _answers.clear()


def stop() -> None:
    """End the process that fits, if there is one."""
    _fitter.stop()


def fit(known: Daily, today: int, progress: Progress) -> Mood:
    """Return the mood; done in the process that fits."""
    progress("fitting", 0, 1)
    return mood(known, today)


# ------------------------------------------------------------------------------------------------------ gathering
def _of_reference(db: Session, subject: str, at: datetime) -> Sentiment:
    coin = BITCOIN if subject == MARKET else subject
    today = day_number(at.date())

    def closes() -> dict[int, float]:
        return _by_day(series(db, references.CLOSE, coin), today)

    return _answered(db, _About(subject, coin, closes, binance.ID, None), at)


def _of_own_prices(db: Session, user_id: str, subject: str, at: datetime) -> Sentiment:
    today = day_number(at.date())
    known = basis(db, user_id)
    asset = crypto(subject)
    first = known.prices.first_quoted(asset)
    if first is None:
        return Sentiment(subject, "signals.why_unknown_coin", None, {})

    def closes() -> dict[int, float]:
        days = np.arange(day_number(first.date()), today, dtype=np.int64)
        ends = (days + 1) * DAY_US - 1
        price = known.prices.daily([asset], "USD", ends).price[:, 0]
        seen = known.prices.observed([asset], ends)[:, 0]
        return {
            int(day): float(value)
            for day, value, there in zip(days, price, seen, strict=True)
            if there and np.isfinite(value) and value > 0
        }

    return _answered(db, _About(subject, subject, closes, OWN_PRICES, known.revision, user_id), at)


def _answered(db: Session, about: _About, at: datetime) -> Sentiment:
    today = day_number(at.date())
    key = (current_settings().database, about.user_id, about.subject)
    revision = (today, about.revision, _newest_inputs(db, today, about.coin))
    kept = _answers.get(key, revision, at, _DAY_SECONDS)
    if isinstance(kept, Sentiment):
        return kept
    closes = about.closes()
    known = _daily(db, about.coin, closes, today)
    if len(closes) < NEEDED_DAYS:
        found = mood(known, today)  # nothing is fitted
    else:
        db.commit()  # nothing is held in the database meanwhile
        with _turn:  # who asks for the same thing at once finds it made
            kept = _answers.get(key, revision, at, _DAY_SECONDS)
            if isinstance(kept, Sentiment):
                return kept
            found = _fitter.run(fit, known, today)
    made = Sentiment(
        about.subject,
        f"signals.why_{found.reason}" if found.reason else "",
        found,
        {
            FEAR_GREED: fear_greed.ID,
            FUNDING: binance_futures.ID,
            TREND: about.provider,
            VOLATILITY: about.provider,
            BREADTH: binance.ID,
        },
    )
    _answers.put(key, revision, at, made)
    return made


def _newest_inputs(db: Session, today: int, coin: str) -> tuple[object, ...]:
    """Return what tells whether yesterday's inputs have all arrived."""
    recent = datetime.combine(day_of(today) - timedelta(days=3), datetime.min.time(), UTC)
    wanted = (
        (references.FEAR_GREED, MARKET),
        (references.FUNDING, contract_of(coin)),
        *((references.CLOSE, one) for one in COINS),
    )
    return tuple(len(_by_day(series(db, signal, subject, recent), today)) for signal, subject in wanted)


def _daily(db: Session, coin: str, closes: dict[int, float], today: int) -> Daily:
    first = min(closes, default=today)
    days = np.arange(first, today, dtype=np.int64)
    since = datetime.combine(day_of(first), datetime.min.time(), UTC)
    contract = contract_of(coin)
    rates = series(db, references.FUNDING, contract, since) if contract else []
    coins = [_by_day(series(db, references.CLOSE, one, since), today) for one in COINS]
    return Daily(
        days=days,
        close=_row(closes, days),
        fear_greed=_row(_by_day(series(db, references.FEAR_GREED, MARKET, since), today), days),
        funding=_row(_mean_by_day(rates, today), days),
        coins=np.column_stack([_row(one, days) for one in coins]),
    )


def _by_day(told: Iterable[tuple[datetime, Decimal]], today: int) -> dict[int, float]:
    """Return the last value of each day that is over."""
    found = {day_number(when.date()): float(value) for when, value in told}
    return {day: value for day, value in found.items() if day < today}


def _mean_by_day(told: Iterable[tuple[datetime, Decimal]], today: int) -> dict[int, float]:
    sums: dict[int, list[float]] = {}
    for when, value in told:
        sums.setdefault(day_number(when.date()), []).append(float(value))
    return {day: sum(values) / len(values) for day, values in sums.items() if day < today}


def _row(values: dict[int, float], days: IntArray) -> FloatArray:
    return np.array([values.get(day, np.nan) for day in days.tolist()], dtype=np.float64)
