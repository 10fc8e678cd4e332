"""Making what the first page will ask for, before anybody asks: the ledger, the price book, the portfolio, the line."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from threading import Event

from sqlalchemy import func, select
from sqlmodel import Session, col

from smartfolio_app.analytics.kept_lots import LARGE
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.ledger.lots import Policy
from smartfolio_app.services import risk, views, wealth
from smartfolio_app.storage.tables import SyncRun, User, UserSession

#: Who was here last is most likely to come next; nobody has more household members than this.
MOST_USERS = 8
#: How often the answers of somebody whose sources are being synced are prepared, in seconds: sooner than anybody's
#: patience ends (``views.PATIENCE_SECONDS``).
PAUSE_SECONDS = 12.0
#: What a person may well switch to. The first look in a currency finds the cost of everything in it.
CURRENCIES = ("EUR", "USD", "BTC")

log = logging.getLogger(__name__)

_stopping = Event()


def warm_all(db: Session) -> int:
    """Prepare the answers for the users who were here last, in several currencies; return for how many."""
    return warm(db, currencies=CURRENCIES)


def stop() -> None:
    """Begin with nothing more: the server stops."""
    _stopping.set()


def warm(db: Session, currencies: tuple[str, ...] = ()) -> int:
    """Prepare the answers in each user's own currency (and in ``currencies``); return for how many users."""
    _stopping.clear()
    seen = func.max(col(UserSession.seen_at))
    people = db.execute(
        select(col(User.id))
        .outerjoin(UserSession, col(UserSession.user_id) == col(User.id))
        .where(~col(User.disabled))
        .group_by(col(User.id))
        .order_by(seen.is_(None), seen.desc())
        .limit(MOST_USERS)
    )
    ready = 0
    for user_id in people.scalars().all():
        ready += _prepare(db, user_id, currencies)
        if _stopping.is_set():
            break
    return ready


class Follower:
    """Prepares the answers anew for whoever's ledger was changed: by an import, a sync, an edit, in any process; and
    for those who are still shown what is no longer new (``views``).

    Looks at the users' revisions, which is one short query; the first look only takes note of them. Gains and risk have
    pages of their own and take longest. They wait for the next look, and longer while more is changed: who has just
    corrected something is looking at the chart, which they would hold up.
    """

    def __init__(self) -> None:
        self._seen: dict[str, int] | None = None
        self._due: dict[str, None] = {}
        self._prepared: dict[str, float] = {}
        self._rest: dict[str, int] = {}  # whose gains and risk are to be prepared, and of which revision

    def __call__(self, db: Session) -> int:
        """Prepare what has changed since the last call; return for how many users."""
        _stopping.clear()
        rows = db.execute(select(col(User.id), col(User.revision)).where(~col(User.disabled)))
        now = {user_id: revision for user_id, revision in rows}  # noqa: C416 - rows are not pairs to a type checker
        before, self._seen = self._seen, now
        wanted = views.wanted() & now.keys()
        if before is None:
            before = {user_id: revision for user_id, revision in now.items() if user_id not in wanted}
        self._due |= dict.fromkeys(
            user_id
            for user_id, revision in now.items()
            if user_id in wanted or before.get(user_id) != revision
        )
        rest, self._rest = self._rest, {}
        done = sum(self._prepare(db, user_id, now[user_id]) for user_id in self._ready(db)[:MOST_USERS])
        for user_id, revision in rest.items():
            if now.get(user_id) == revision and user_id not in self._rest:
                _prepare_rest(db, user_id)
        return done

    def _ready(self, db: Session) -> list[str]:
        """Return who is due. Whose sources are being synced is prepared for now and then: more is to come anyway."""
        running = select(col(SyncRun.user_id)).where(col(SyncRun.state) == "running").distinct()
        syncing, now = set(db.execute(running).scalars()) if self._due else set(), time.monotonic()
        return [
            one
            for one in self._due
            if one not in syncing or now - self._prepared.get(one, -PAUSE_SECONDS) >= PAUSE_SECONDS
        ]

    def _prepare(self, db: Session, user_id: str, revision: int) -> bool:
        self._due.pop(user_id, None)
        done = _prepare(db, user_id, ())
        self._prepared[user_id] = time.monotonic()
        self._rest[user_id] = revision
        return done


def _prepare(db: Session, user_id: str, currencies: tuple[str, ...]) -> bool:
    """Prepare one user's answers; tell whether it could be done."""
    try:
        view = wealth.view_of(db, user_id)
        with views.next_moment(db, user_id):
            for currency in dict.fromkeys((view.currency, *currencies)):
                if _stopping.is_set():
                    return False
                wealth.portfolio(db, replace(view, currency=currency))
            wealth.history(db, view)
    except SmartFolioError as error:
        log.warning("the figures of user %s cannot be prepared: %s", user_id, error)
        return False
    return True


def _prepare_rest(db: Session, user_id: str) -> None:
    """Prepare one user's gains and risk."""
    try:
        view = wealth.view_of(db, user_id)
        known = wealth.basis(db, user_id)
        if len(known.ledger.transactions) <= LARGE:
            known.ledger.lots(known.prices, view.currency, Policy.parse(view.method))
            risk.dashboard(db, view)
    except SmartFolioError as error:
        log.warning("gains and risk of user %s cannot be prepared: %s", user_id, error)
