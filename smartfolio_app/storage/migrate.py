"""The schema: which version the database has, and how it gets the version this program needs.

Run once, before the server and its workers start (``upgrade``); everything happens in one transaction, so a process
that is killed half-way leaves the old schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, MetaData, text
from sqlmodel import SQLModel

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.settings import Settings
from smartfolio_app.storage import tables, vault  # noqa: F401 - importing them registers every table
from smartfolio_app.storage.engine import engine_for

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_318_274_915  # any constant: names our advisory lock on PostgreSQL


class SchemaError(SmartFolioError):
    """The database has a schema this program cannot use; ``params``: ``found``, ``known``."""

    status = 500


def metadata() -> MetaData:
    """Return the metadata with every table of the program registered."""
    return SQLModel.metadata


def latest_version() -> str:
    """Return the schema version this program needs."""
    head = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    assert head is not None, "there is at least one migration"
    return head


def current_version(settings: Settings) -> str | None:
    """Return the schema version of the database, ``None`` when it is empty."""
    with engine_for(settings).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(settings: Settings, version: str = "head") -> None:
    """Bring the database to ``version``; a second process that does the same waits and then finds nothing to do.

    Raises:
        SchemaError: The database was made by a newer SmartFolio.
    """
    _run(settings, version, command.upgrade)


def downgrade(settings: Settings, version: str) -> None:
    """Take the database back to an older ``version`` (``base``: no table). Drops what that version did not know."""
    _run(settings, version, command.downgrade)


def draft(settings: Settings, message: str) -> Path:
    """Write the migration that leads from the database of ``settings`` to today's tables, for a developer to review."""
    config = _config()
    with engine_for(settings).connect() as connection:
        config.attributes.update(connection=connection, as_batch=current_version(settings) is not None)
        number = len(list(ScriptDirectory(str(_MIGRATIONS)).walk_revisions())) + 1
        script = command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
    assert script is not None, "one revision was asked for"
    return Path(script.path)  # type: ignore[union-attr]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _run(settings: Settings, version: str, action: Callable[[Config, str], None]) -> None:
    config = _config()
    with engine_for(settings).connect() as connection, _exclusively(connection):
        config.attributes["connection"] = connection
        try:
            action(config, version)
        except CommandError as error:
            found = MigrationContext.configure(connection).get_current_revision()
            raise SchemaError("storage.schema_unknown", found=found or "", known=latest_version()) from error


@contextmanager
def _exclusively(connection: Connection) -> Iterator[None]:
    """Hold one transaction over a migration, and keep other processes out of it."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield
        connection.commit()
        return
    # Rebuilding a table drops it first: with foreign keys on, that would delete the rows that refer to it.
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    try:
        # Python's sqlite3 begins no transaction before DDL by itself.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
        connection.commit()
    finally:
        connection.rollback()
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
