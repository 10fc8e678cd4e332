"""The market's mood and that of one coin, with the record of the model behind it. One answer for page and REST.

The model is fitted in a process of its own and its answer kept for the day: it is made of finished days alone.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Lock

import numpy as np
from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.analytics.clock import day_number, day_of
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
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.ledger.assets import Asset, AssetClass, crypto, symbol_of
from smartfolio_app.providers import binance, binance_futures, fear_greed
from smartfolio_app.services.answers import Answers
from smartfolio_app.services.signals import held, references
from smartfolio_app.services.signals.held import Closes, Held
from smartfolio_app.services.signals.references import BITCOIN, COINS, MARKET, contract_of
from smartfolio_app.services.views import basis
from smartfolio_app.services.worker import Progress, Worker
from smartfolio_app.storage.engine import current_settings
from smartfolio_app.storage.repo_signals import series
from smartfolio_app.storage.tables import User

#: The process ends soon: a fit takes a second or two, once a day.
_IDLE_SECONDS = 45.0
_DAY_SECONDS = 86_400.0
_LONGEST_SYMBOL = 80
#: For so many users the answer is made before they ask.
_WARMED = 20
#: What breadth is of: what the household holds, or the large coins.
HELD, TOP = "held", "top"
#: Where the price of a coin comes from that is none of the references.
OWN_PRICES = "own"

log = logging.getLogger(__name__)

_answers = Answers(64)
_fitter = Worker(_IDLE_SECONDS)
_turn = Lock()


@dataclass(frozen=True, slots=True)
class _About:
    """Whose mood is asked for: what it is called, its coin (empty for a security), where its closes are found, who told
    them, and their revision; and what the household holds, which breadth is of.
    """

    subject: str
    label: str
    coin: str
    closes: Callable[[], Closes | None]
    provider: str
    revision: Hashable
    held: Held
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Sentiment:
    """The mood of ``subject`` (``market``, which is bitcoin's price, a coin's symbol, or a security's id).

    ``label`` is what people call it. ``reason`` is a message key that says why there is none, empty when there is one.
    ``sources`` names, for each component, who told what it is made of; ``given`` is that, and ``today`` the day number
    on which the answer was made. ``breadth`` is ``held`` where breadth is of what
    the household holds, else ``top``; ``breadth_of`` are the symbols.
    """

    subject: str
    reason: str
    mood: Mood | None
    sources: dict[str, str]
    label: str = ""
    breadth: str = TOP
    breadth_of: tuple[str, ...] = COINS
    given: Daily | None = field(default=None, repr=False, compare=False)
    today: int = 0

    @property
    def available(self) -> bool:
        """Tell whether there is an answer."""
        return not self.reason

    @property
    def day(self) -> date | None:
        """The day it is of: the last one that is over and has a close."""
        return None if self.mood is None or self.mood.day is None else day_of(self.mood.day)


def sentiment(db: Session, user_id: str = "", symbol: str = "", *, now: datetime | None = None) -> Sentiment:
    """Return the mood of the market, or of what ``symbol`` names: a coin (also as ``crypto:BTC``) or a security that
    ``user_id`` holds (also by its id).

    What is no reference is looked at by the prices the user sees. The sample user's are made up: of those nothing is
    said.
    """
    at = now or datetime.now(UTC)
    wanted = symbol.strip()[:_LONGEST_SYMBOL]
    namespace, _, name = wanted.rpartition(":")
    subject = (name.upper() if namespace == "crypto" or not namespace else wanted) if symbol else MARKET
    if namespace not in ("", "crypto", "stock"):
        return Sentiment(subject, "signals.why_not_traded", None, {}, name)
    mine = held.held(db, user_id, at)
    if subject == MARKET or (subject in COINS and namespace != "stock"):
        return _of_reference(db, subject, at, mine, user_id)
    user = db.get(User, user_id) if user_id else None
    if user is None or not name:
        return Sentiment(subject, "signals.why_unknown_coin", None, {}, name)
    if user.is_demo:
        return Sentiment(subject, "signals.why_made_up", None, {}, name)
    return _of_own_prices(db, user_id, _asset_of(db, user_id, namespace, name), at, mine)


def choices(db: Session, user_id: str, *, now: datetime | None = None) -> list[tuple[str, str]]:
    """Return what there can be a mood of, as (subject, name): what is held and has a history, then the other coins."""
    mine = held.held(db, user_id, now or datetime.now(UTC)).assets
    found = {subject_of(one): label_of(one) for one in mine}
    return [*found.items(), *((one, one) for one in COINS if one not in found)]


def subject_of(asset: Asset) -> str:
    """Return how an asset is asked for: a coin by its symbol, a security by its id."""
    return symbol_of(asset.id) if asset.asset_class is AssetClass.CRYPTO else asset.id


def label_of(asset: Asset) -> str:
    """Return what an asset is called: a coin by its symbol, a security by its name."""
    return asset.symbol if asset.asset_class is AssetClass.CRYPTO else asset.name or asset.symbol


def warm(db: Session) -> None:
    """Make the market's answer of the day, for everybody and for those whose own holdings breadth is of."""
    sentiment(db)
    people = select(col(User.id)).where(~col(User.is_demo), ~col(User.disabled)).order_by(col(User.id))
    for user_id in db.execute(people.limit(_WARMED)).scalars().all():
        try:
            sentiment(db, user_id)
        except SmartFolioError as error:
            log.warning("the mood of the market for user %s cannot be told: %s", user_id, error)


def forget() -> None:
    """Forget every answer (tests, restore)."""
    _answers.clear()
    held.forget()


def stop() -> None:
    """End the process that fits, if there is one."""
    _fitter.stop()


def fit(known: Daily, today: int, progress: Progress) -> Mood:
    """Return the mood; done in the process that fits."""
    progress("fitting", 0, 1)
    return mood(known, today)


# ------------------------------------------------------------------------------------------------------ gathering
def _of_reference(db: Session, subject: str, at: datetime, mine: Held, user_id: str) -> Sentiment:
    coin = BITCOIN if subject == MARKET else subject
    today = day_number(at.date())

    def closes() -> Closes | None:
        told = _by_day(series(db, references.CLOSE, coin), today)
        if not told:
            return None
        days = np.arange(min(told), today, dtype=np.int64)
        close = _row(told, days)
        return Closes(days, close, np.isfinite(close))

    owner = user_id if mine.enough else ""  # where nothing is of theirs, everybody shares one answer
    return _answered(db, _About(subject, subject, coin, closes, binance.ID, None, mine, owner), at)


def _of_own_prices(db: Session, user_id: str, asset: Asset, at: datetime, mine: Held) -> Sentiment:
    today = day_number(at.date())
    known = basis(db, user_id)
    subject = subject_of(asset)
    if not held.is_looked_at(asset):
        return Sentiment(subject, "signals.why_not_traded", None, {}, label_of(asset))
    found = held.closes_of(known.prices, asset, today)
    if found is None:
        return Sentiment(subject, "signals.why_unknown_coin", None, {}, label_of(asset))
    coin = subject if asset.asset_class is AssetClass.CRYPTO else ""
    digest = hashlib.sha256(found.close.tobytes()).hexdigest()
    about = _About(subject, label_of(asset), coin, lambda: found, OWN_PRICES, digest, mine, user_id)
    return _answered(db, about, at)


def _asset_of(db: Session, user_id: str, namespace: str, name: str) -> Asset:
    """Return what a user means: by id, or by symbol what they hold of that name; a coin before a security."""
    known = basis(db, user_id).ledger.assets
    if namespace == "stock":
        return known.get(f"stock:{name}") or Asset(f"stock:{name}", AssetClass.STOCK, name)
    coin = crypto(name.upper())
    if namespace == "crypto" or coin in known:
        return known.get(coin) or Asset(coin, AssetClass.CRYPTO, name.upper())
    other = (
        one for one in known.values() if one.id.startswith("stock:") and name.upper() == one.symbol.upper()
    )
    return next(other, Asset(coin, AssetClass.CRYPTO, name.upper()))


def _answered(db: Session, about: _About, at: datetime) -> Sentiment:
    today = day_number(at.date())
    mine = about.held
    key = (current_settings().database, about.user_id, about.subject)
    inputs = mine.revision if mine.enough else ""
    revision = (today, about.revision, _newest_inputs(db, today, about.coin), inputs)
    kept = _answers.get(key, revision, at, _DAY_SECONDS)
    if isinstance(kept, Sentiment):
        return kept
    closes = about.closes()
    known = _daily(db, about, closes, today)
    if closes is None or int(closes.quoted.sum()) < NEEDED_DAYS:
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
            BREADTH: OWN_PRICES if mine.enough else binance.ID,
        },
        about.label,
        HELD if mine.enough else TOP,
        tuple(one.symbol for one in mine.assets) if mine.enough else COINS,
        known,
        today,
    )
    _answers.put(key, revision, at, made)
    return made


def _newest_inputs(db: Session, today: int, coin: str) -> tuple[object, ...]:
    """Return what tells whether yesterday's inputs have all arrived."""
    recent = datetime.combine(day_of(today) - timedelta(days=3), datetime.min.time(), UTC)
    wanted = (
        (references.FEAR_GREED, MARKET),
        (references.FUNDING, contract_of(coin) if coin else ""),
        *((references.CLOSE, one) for one in COINS),
    )
    return tuple(len(_by_day(series(db, signal, subject, recent), today)) for signal, subject in wanted)


def _daily(db: Session, about: _About, closes: Closes | None, today: int) -> Daily:
    none = np.empty(0)
    days = np.arange(today, today, dtype=np.int64) if closes is None else closes.days
    close = none if closes is None else closes.close
    since = datetime.combine(day_of(int(days[0]) if len(days) else today), datetime.min.time(), UTC)
    contract = contract_of(about.coin) if about.coin else ""
    rates = series(db, references.FUNDING, contract, since) if contract else []
    # Fear & Greed is an index of coins: it says nothing of a security.
    told = series(db, references.FEAR_GREED, MARKET, since) if about.coin else []
    if about.held.enough:
        others = about.held.on(days)
    else:
        coins = [_by_day(series(db, references.CLOSE, one, since), today) for one in COINS]
        others = np.column_stack([_row(one, days) for one in coins])
    return Daily(
        days=days,
        close=close,
        fear_greed=_row(_by_day(told, today), days),
        funding=_row(_mean_by_day(rates, today), days),
        coins=others,
        traded=None if about.coin or closes is None else closes.quoted,
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
