"""The database connection: one engine a process, sessions that commit or leave nothing behind.

Writers on SQLite begin with ``BEGIN IMMEDIATE``: they queue for the write lock instead of failing when
another process (the command line, the import worker) wrote in between. Readers never wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from smartfolio_app.keys import ensure_data_dir
from smartfolio_app.settings import Settings, get_settings
from smartfolio_app.storage.trouble import trouble_of

#: How long a writer queues. A slow machine needs some seconds to store a very large import, and the touch of
#: a session's "last seen" must outlast that.
BUSY_TIMEOUT_SECONDS = 20


@lru_cache(maxsize=8)
def _engine(address: str) -> Engine:
    if not address.startswith("sqlite"):
        return create_engine(address, pool_pre_ping=True, pool_size=10, max_overflow=20)
    engine = create_engine(
        address,
        connect_args={
            "isolation_level": "IMMEDIATE",
            "timeout": BUSY_TIMEOUT_SECONDS,
            "check_same_thread": False,
        },
        pool_size=10,
        max_overflow=40,
    )
    event.listen(engine, "connect", _set_pragmas)
    return engine


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}",
        "journal_mode = WAL",
        "foreign_keys = ON",
        "synchronous = NORMAL",
        "temp_store = MEMORY",
        "cache_size = -32000",  # 32 MB a connection
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def engine_for(settings: Settings) -> Engine:
    """Return the engine of the database that ``settings`` names; one engine an address and process."""
    if not settings.database_url:
        path = settings.data_dir / "smartfolio.sqlite"
        if not path.exists():  # what can only be read can still be read
            # Created for its owner alone; SQLite gives its -wal and -shm files the same mode.
            ensure_data_dir(settings)
            path.touch(mode=0o600, exist_ok=True)
    return _engine(settings.database)


_lock = Lock()
_configured: Settings | None = None


def configure(settings: Settings | None) -> None:
    """Choose the settings that are used from now on; ``None``: those of the environment."""
    global _configured  # noqa: PLW0603 - the one process-wide choice, made by the composition root and by tests
    with _lock:
        _configured = settings


def current_settings() -> Settings:
    """Return the settings given to ``configure``, else those of the environment."""
    return _configured if _configured is not None else get_settings()


@contextmanager
def session_scope(settings: Settings | None = None) -> Iterator[Session]:
    """Give a session; commit when the block ends, roll back when it raises. Objects stay readable after the
    commit.

    Raises:
        StorageTroubleError: The disk is full, cannot be written to, the database is busy for too long or gone.
    """
    with Session(engine_for(settings or current_settings()), expire_on_commit=False) as session:
        try:
            yield session
            session.commit()
        except BaseException as error:
            trouble = trouble_of(error, settings or current_settings())
            try:
                session.rollback()
            except DBAPIError as worse:
                raise (trouble or trouble_of(worse, settings or current_settings()) or worse) from error
            if trouble is not None:
                raise trouble from error
            raise


def dispose(settings: Settings) -> None:
    """Close every connection to the database of ``settings`` (tests, restore, stop)."""
    engine_for(settings).dispose()
