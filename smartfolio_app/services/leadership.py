"""Which of several server processes does what one alone should do: ask the providers, take snapshots, make backups.

Whoever holds the lock is the one; it goes with its process, however that ends, and another takes it at its next look.
On PostgreSQL it is an advisory lock of a connection of its own, on SQLite a lock on a file in the data folder.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack, suppress
from threading import Lock

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from smartfolio_app.keys import ensure_data_dir
from smartfolio_app.locks import only_one
from smartfolio_app.settings import Settings
from smartfolio_app.storage.engine import current_settings, engine_for

_LOCK = 7_318_274_917  # any constant: names our advisory lock on PostgreSQL

log = logging.getLogger(__name__)


class Leadership:
    """The wish to be the one; ``held`` tells whether it is granted now. Thread-safe."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._held: ExitStack | None = None
        self._connection: Connection | None = None
        self._settings: Settings | None = None

    def held(self) -> bool:
        """Take the lock when it is free; tell whether it is ours.

        Raises:
            SQLAlchemyError, OSError, SmartFolioError: The database or the data folder cannot be used now.
        """
        settings = current_settings()
        with self._turn:
            if self._held is not None and (self._settings is not settings or not self._is_alive()):
                self._let_go()
            if self._held is None:
                taken = ExitStack()
                if settings.database_url.startswith("postgresql"):
                    self._connection = _lock_database(taken, settings)
                    alone = self._connection is not None
                else:
                    alone = taken.enter_context(only_one(ensure_data_dir(settings) / ".leader.lock"))
                if not alone:
                    taken.close()
                    return False
                self._held, self._settings = taken, settings
                log.info("this process does the background work from now on")
            return True

    def release(self) -> None:
        """Let another process be the one."""
        with self._turn:
            self._let_go()

    def _is_alive(self) -> bool:
        """Tell whether the connection that holds the lock still stands."""
        if self._connection is None:
            return True
        try:
            self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    def _let_go(self) -> None:
        held, self._held, self._connection = self._held, None, None
        if held is not None:
            with suppress(SQLAlchemyError, OSError):
                held.close()


def _lock_database(taken: ExitStack, settings: Settings) -> Connection | None:
    """Return the connection that holds the advisory lock, ``None`` when another process has it."""
    engine = engine_for(settings).execution_options(isolation_level="AUTOCOMMIT")
    connection = taken.enter_context(engine.connect())
    connection.detach()  # the lock belongs to the connection, which must not go back into the pool with it
    locked = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}).scalar_one()
    return connection if locked else None


leadership = Leadership()
