"""Making what the first page will ask for, before anybody asks: the ledger, the price book, the portfolio, the line."""

from __future__ import annotations

import logging
from dataclasses import replace
from threading import Event

from sqlalchemy import func, select
from sqlmodel import Session, col

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.services import wealth
from smartfolio_app.storage.tables import User, UserSession

#: Who was here last is most likely to come next; nobody has more household members than this.
MOST_USERS = 8
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
        try:
            view = wealth.view_of(db, user_id)
            for currency in dict.fromkeys((view.currency, *currencies)):
                if _stopping.is_set():
                    return ready
                wealth.portfolio(db, replace(view, currency=currency))
            wealth.history(db, view)
            ready += 1
        except SmartFolioError as error:
            log.warning("the figures of user %s cannot be prepared: %s", user_id, error)
    return ready
