"""Making what the first page will ask for, before anybody asks: the ledger, the price book, the portfolio, the line."""

from __future__ import annotations

import logging

from sqlalchemy import func, select
from sqlmodel import Session, col

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.services import wealth
from smartfolio_app.storage.tables import User, UserSession

#: Who was here last is most likely to come next; nobody has more household members than this.
MOST_USERS = 8

log = logging.getLogger(__name__)


def warm(db: Session) -> int:
    """Prepare the answers for the users who were here last; return for how many."""
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
            wealth.portfolio(db, view)
            wealth.history(db, view)
            ready += 1
        except SmartFolioError as error:
            log.warning("the figures of user %s cannot be prepared: %s", user_id, error)
    return ready
