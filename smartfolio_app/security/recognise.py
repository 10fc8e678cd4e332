"""From a session hash or an API token to the viewer, asked anew every time: a revocation counts at once.

These functions read the database and so belong in a thread. Noting that a session or token was used is a write; it
happens behind the caller's back, because a long import may hold the write lock while everybody keeps reading.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.security import sessions, tokens
from smartfolio_app.security.access import Access
from smartfolio_app.security.connections import LIVE
from smartfolio_app.security.identity import Viewer
from smartfolio_app.storage.engine import current_settings, session_scope
from smartfolio_app.storage.tables import User

_log = logging.getLogger(__name__)

_writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="last-seen")
_pending: set[str] = set()
_lock = Lock()


def viewer_of_session(token_hash: str) -> Viewer | None:
    """Return who is signed in under a session hash, or ``None`` (unknown, expired, revoked, user disabled)."""
    if not token_hash:
        return None
    with session_scope() as db:
        found = sessions.find(db, token_hash)
    if found is None:
        return None
    if found.touch_due:
        days = current_settings().session_days
        _later(token_hash, partial(sessions.touch, token_hash=token_hash, days=days))
    return found.viewer


def viewer_of_token(token: str) -> Viewer | None:
    """Return whom an API token stands for, or ``None`` (unknown, revoked, user disabled)."""
    with session_scope() as db:
        found = tokens.find(db, token)
    if found is None:
        return None
    if found.touch_due:
        _later(found.token_id, partial(tokens.touch, token_id=found.token_id))
    return found.viewer


def viewer_of_proxy(name: str) -> Viewer | None:
    """Return the enabled user of a name that a trusted proxy vouches for, or ``None``. Sample users are nobody's."""
    with session_scope() as db:
        row = db.execute(
            select(User).where(func.lower(col(User.name)) == name.strip().lower())
        ).scalar_one_or_none()
    if row is None or row.disabled or row.is_demo:
        return None
    return Viewer(user_id=row.id, name=row.name, is_admin=row.is_admin, via="proxy")


def viewer_of(access: Access) -> Viewer | None:
    """Return who is calling, looked up now: by token, else by what a trusted proxy says, else by session.

    A session of somebody else than the proxy names is no session: who signed out there and in as another must not find
    the first one's wealth here.
    """
    if access.token:
        return viewer_of_token(access.token)
    viewer = viewer_of_session(access.session_hash)
    if not access.proxy_user:
        return viewer
    named = viewer_of_proxy(access.proxy_user)
    return viewer if viewer is not None and named is not None and viewer.user_id == named.user_id else named


def live_session(access: Access) -> Viewer | None:
    """Return who is signed in by their session, which must be that of the user a trusted proxy names, if one does."""
    viewer = viewer_of_session(access.session_hash)
    if viewer is None or not access.proxy_user:
        return viewer
    named = viewer_of_proxy(access.proxy_user)
    return viewer if named is not None and named.user_id == viewer.user_id else None


def close_ended_sockets() -> int:
    """Close this process's websockets whose session is over (after a revocation); return how many."""
    ended = {key for key in LIVE.sessions() if viewer_of_session(key) is None}
    return LIVE.close_where(ended.__contains__)


def finish_pending() -> None:
    """Wait until every noted use is written (tests, and before the database is closed)."""
    _writer.submit(lambda: None).result()


def _later(key: str, write: Callable[[Session], None]) -> None:
    with _lock:
        if key in _pending:
            return
        _pending.add(key)
    _writer.submit(_write, key, write)


def _write(key: str, write: Callable[[Session], None]) -> None:
    try:
        with session_scope() as db:
            write(db)
    except (SQLAlchemyError, SmartFolioError) as error:
        # The next request tries again; nobody is refused because a time could not be noted.
        _log.warning("could not note a last use: %s", type(error).__name__)
    finally:
        with _lock:
            _pending.discard(key)
