"""What is stored of the market's signals, each with its source and time. One answer for page and REST."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from smartfolio_app.analytics.signals.funding import FundingRow, funding_row
from smartfolio_app.providers import binance_futures, coingecko, fear_greed
from smartfolio_app.services.answers import Answers
from smartfolio_app.services.signals.references import (
    CONTRACTS,
    DOMINANCE,
    FEAR_GREED,
    FUNDING,
    FUNDING_NOW,
    MARKET,
)
from smartfolio_app.storage.engine import current_settings
from smartfolio_app.storage.repo_prices import provider_states
from smartfolio_app.storage.repo_signals import Told, newest, series
from smartfolio_app.storage.tables import MarketSignal

#: What is older than this is shown as old: each signal should have been renewed by then.
FRESH = {
    FEAR_GREED: timedelta(hours=36),
    FUNDING: timedelta(hours=12),
    FUNDING_NOW: timedelta(hours=2),
    DOMINANCE: timedelta(hours=24),
}
#: How much of the past the page draws.
_SHOWN = timedelta(days=365)
_RANKED = timedelta(days=370)
_PROVIDERS = (fear_greed.ID, binance_futures.ID, coingecko.ID)

_boards = Answers(2)


@dataclass(frozen=True, slots=True)
class Board:
    """Every signal as it was told last, ``None`` or missing where nobody has told it.

    ``moods`` are the last year's Fear & Greed values, oldest first. ``problems`` names, by provider, the code of what
    went wrong the last time it was asked; ``offline``: nobody is ever asked.
    """

    fear_greed: Told | None
    moods: tuple[tuple[datetime, int], ...]
    dominance: Told | None
    funding: tuple[FundingRow, ...]
    heard_at: dict[str, datetime]
    problems: dict[str, str]
    offline: bool

    @property
    def empty(self) -> bool:
        """Tell whether nothing was ever told."""
        return self.fear_greed is None and self.dominance is None and not self.funding


def stored(db: Session) -> tuple[int, datetime | None]:
    """Return how many signals are stored and when the last one was heard: this changes whenever any of them does."""
    count, last = db.execute(select(func.count(), func.max(col(MarketSignal.heard_at)))).one()
    return int(count), last


def board(db: Session, now: datetime | None = None) -> Board:
    """Return the signals. Calls nobody."""
    at = now or datetime.now(UTC)
    states = provider_states(db)
    problems = {one: states[one].error for one in _PROVIDERS if one in states and states[one].error}
    offline = current_settings().offline
    revision = (stored(db), tuple(sorted(problems.items())), offline, current_settings().database)
    kept = _boards.get("board", revision, at, 3600.0)
    if isinstance(kept, Board):
        return kept
    made = _board(db, at, problems, offline)
    _boards.put("board", revision, at, made)
    return made


def is_fresh(told: Told, now: datetime) -> bool:
    """Tell whether a signal is as new as it should be."""
    return now - told.at <= FRESH[told.signal]


def _board(db: Session, at: datetime, problems: dict[str, str], offline: bool) -> Board:
    moods = series(db, FEAR_GREED, MARKET, at - _SHOWN)
    present = newest(db, FUNDING_NOW)
    latest = newest(db, FUNDING)
    rows = []
    for contract in CONTRACTS:
        if contract not in latest:
            continue
        now = present.get(contract)
        row = funding_row(
            contract,
            series(db, FUNDING, contract, latest[contract].at - _RANKED),
            None if now is None else (now.at, now.value),
        )
        if row is not None:
            rows.append(row)
    return Board(
        fear_greed=newest(db, FEAR_GREED).get(MARKET),
        moods=tuple((when, int(value)) for when, value in moods),
        dominance=newest(db, DOMINANCE).get(MARKET),
        funding=tuple(rows),
        heard_at={name: told.heard_at for name, told in latest.items() if told.heard_at is not None},
        problems=problems,
        offline=offline,
    )
