"""The regimes of bitcoin, ether and a stock index, from stored closes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from sqlmodel import Session

from smartfolio_app.analytics.clock import day_number
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.signals.components import IntArray
from smartfolio_app.analytics.signals.regimes import COIN, STOCKS, Regime, regime_of
from smartfolio_app.services.answers import Answers
from smartfolio_app.services.signals.references import BITCOIN, CLOSE, ETHER, INDEX, reference
from smartfolio_app.storage.engine import current_settings
from smartfolio_app.storage.repo_signals import newest, series

SUBJECTS = (BITCOIN, ETHER, INDEX)
#: A regime of a close that is older than this is shown as old, in days.
FRESH_DAYS = 5

_regimes = Answers(8)


@dataclass(frozen=True, slots=True)
class Market:
    """A market and its regime; ``provider`` told its closes (``days`` as day numbers), the newest at ``at``."""

    subject: str
    provider: str
    at: datetime | None
    regime: Regime
    days: IntArray
    closes: FloatArray


def markets(db: Session, now: datetime | None = None) -> list[Market]:
    """Return every market's regime; of one without closes it says that there are none."""
    at = now or datetime.now(UTC)
    last = newest(db, CLOSE)
    found = []
    for subject in SUBJECTS:
        told = last.get(subject)
        revision = (None if told is None else (told.at, told.heard_at), current_settings().database)
        kept = _regimes.get(subject, revision, at, 86_400.0)
        if not isinstance(kept, Market):
            kept = _market(db, subject, None if told is None else told.at, day_number(at.date()))
            _regimes.put(subject, revision, at, kept)
        found.append(kept)
    return found


def market_of(db: Session, subject: str) -> Market | None:
    """Return one market, ``None`` when there is none of that name."""
    return next((one for one in markets(db) if one.subject == subject), None)


def _market(db: Session, subject: str, at: datetime | None, today: int) -> Market:
    known = [
        (day_number(when.date()), float(value))
        for when, value in series(db, CLOSE, subject)
        if day_number(when.date()) < today
    ]
    days = np.array([day for day, _ in known], dtype=np.int64)
    closes = np.array([value for _, value in known], dtype=np.float64)
    about = reference(subject)
    rules = COIN if about is not None and about.is_coin else STOCKS
    return Market(
        subject, "" if about is None else about.provider, at, regime_of(days, closes, rules), days, closes
    )
