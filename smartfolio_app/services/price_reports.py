"""What a round of asking brought, and what its steps share: writing down a failure, telling the book of a success."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from smartfolio_app.analytics.prices import PricePoint
from smartfolio_app.providers.errors import ProviderError
from smartfolio_app.services.price_bench import Ruling
from smartfolio_app.services.price_books import add_public
from smartfolio_app.storage.repo_changes import note_change
from smartfolio_app.storage.repo_ledger import bump_revision
from smartfolio_app.storage.repo_market import Observer
from smartfolio_app.storage.repo_prices import note_failure, note_success, price_revision

log = logging.getLogger(__name__)


@dataclass(slots=True)
class RefreshReport:
    """What a refresh brought: how many ``prices``, ``rates`` and market ``signals`` were stored, how many prices were
    set ``aside``.

    ``problems`` names, by provider, the code of what went wrong (a message key below ``error.``); ``unresolved`` are
    assets whose ticker could mean several or none, ``refused`` CoinGecko ids whose price was nonsense.
    """

    prices: int = 0
    rates: int = 0
    aside: int = 0
    signals: int = 0
    offline: bool = False
    problems: dict[str, str] = field(default_factory=dict)
    unresolved: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def told(db: Session, observer: Observer, at: datetime, ruling: Ruling, report: RefreshReport) -> None:
    """Count what changed, commit, and let the public book in memory grow by it.

    ``observer`` is who was asked; it has answered, whoever's prices are used in the end.
    """
    owner = observer.owner
    report.prices += ruling.count
    report.aside += ruling.doubted
    changed = bool(ruling.used) or ruling.removed
    if owner and changed:
        note_change(db, owner, bump_revision(db, owner, by_hand=False), (), price_days=None)
    before = price_revision(db)
    note_success(db, observer.provider, at, changed=changed and not owner)
    db.commit()
    if not owner and not ruling.removed:
        points = [
            PricePoint(one.asset, one.currency, one.price, one.at, name)
            for name, quotes in ruling.used.items()
            for one in quotes
        ]
        add_public(db, before, points)


def failed(db: Session, provider: str, error: ProviderError, at: datetime, report: RefreshReport) -> None:
    """Write a failure down. What was not committed is lost. Commits."""
    db.rollback()
    log.warning("%s: %s", provider, error)
    note_failure(db, provider, at, error.code, error.retry_at)
    report.problems[provider] = error.code
    db.commit()
