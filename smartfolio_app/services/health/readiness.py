"""May requests be sent here? The database answers, has today's schema, and so does Redis where it is configured."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.services.health.redis_server import redis_answers
from smartfolio_app.settings import Settings
from smartfolio_app.storage import migrate
from smartfolio_app.storage.engine import engine_for

#: The address is free for everybody: asking it often must not mean asking the database often.
KEPT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """Which parts are ready; ``redis`` is ``None`` where none is used."""

    database: bool
    migrations: bool
    redis: bool | None

    @property
    def ready(self) -> bool:
        """Whether all of them are."""
        return self.database and self.migrations and self.redis is not False


_lock = Lock()
_latest: dict[str, tuple[float, Readiness]] = {}


def readiness(settings: Settings) -> Readiness:
    """Look, at most once a second; callers that come together share one look. Call it from a worker thread."""
    address = f"{settings.database} {settings.redis_url}"
    with _lock:
        at, known = _latest.get(address, (0.0, None))
        if known is None or time.monotonic() - at > KEPT_SECONDS:
            known = _look(settings)
            _latest.clear()
            _latest[address] = (time.monotonic(), known)
        return known


def _look(settings: Settings) -> Readiness:
    database = migrations = False
    try:
        with engine_for(settings).connect() as connection:
            connection.execute(text("SELECT 1"))
        database = True
        migrations = migrate.current_version(settings) == migrate.latest_version()
    except (SQLAlchemyError, SmartFolioError):
        pass  # what could not be asked is not ready, and says so
    redis = redis_answers(settings.redis_url) if settings.redis_url else None
    return Readiness(database, migrations, redis)
