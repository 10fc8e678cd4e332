"""The database as a SQLite file of its own: taken while others write, and put back in one transaction.

The copy has today's tables whatever the database is, so a backup of PostgreSQL is taken, proven and read the same way
as one of SQLite, and one can be restored into the other.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, Table, select, text
from sqlalchemy.exc import SQLAlchemyError

from smartfolio_app.services import postgres_dump
from smartfolio_app.services.backup_stream import BackupError
from smartfolio_app.services.postgres_dump import Dump
from smartfolio_app.settings import Settings
from smartfolio_app.storage import migrate
from smartfolio_app.storage.engine import dispose, engine_for

#: Rows carried over at a time: memory stays bounded.
STEP = 5000


def of_copy(settings: Settings, copy: Path) -> Settings:
    """Return the settings whose database is the file ``copy`` (named ``smartfolio.sqlite``)."""
    return settings.model_copy(update={"data_dir": copy.parent, "database_url": ""})


def is_sqlite(settings: Settings) -> bool:
    """Tell whether the database is a SQLite file."""
    return engine_for(settings).dialect.name == "sqlite"


def sqlite_path(settings: Settings) -> Path:
    """Return the file of a SQLite database."""
    return Path(str(engine_for(settings).url.database))


def take(settings: Settings, copy: Path, dump: Path | None = None) -> Dump:
    """Copy the whole database, as it is at one instant, into the new file ``copy``; others read and write meanwhile.

    ``dump``: the file into which ``pg_dump`` writes the same instant, where it can; the answer tells whether it did.

    Raises:
        BackupError: ``backup.schema``: the database has not this program's tables.
    """
    if is_sqlite(settings):
        with (
            closing(sqlite3.connect(sqlite_path(settings))) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        return Dump()
    if migrate.current_version(settings) != migrate.latest_version():
        raise BackupError("backup.schema")
    copy.write_bytes(_empty(settings, copy.parent))
    there = of_copy(settings, copy)
    try:
        with (
            engine_for(settings).connect().execution_options(isolation_level="REPEATABLE READ") as source,
            engine_for(there).connect() as target,
        ):
            source.execute(text("SET TRANSACTION READ ONLY"))
            snapshot = str(source.execute(text("SELECT pg_export_snapshot()")).scalar_one())
            _carry_over(source, target)
            target.commit()
            return postgres_dump.dump(settings, source, snapshot, dump) if dump is not None else Dump()
    finally:
        dispose(there)


_made: dict[str, bytes] = {}


def _empty(settings: Settings, folder: Path) -> bytes:
    """Return a SQLite database with today's tables and no row; it is migrated in ``folder``, once a process."""
    version = migrate.latest_version()
    if version not in _made:
        with TemporaryDirectory(dir=folder) as name:
            there = of_copy(settings, Path(name) / "smartfolio.sqlite")
            migrate.upgrade(there)
            dispose(there)  # which also puts the write-ahead log into the file
            _made[version] = (Path(name) / "smartfolio.sqlite").read_bytes()
    return _made[version]


def keep(settings: Settings, folder: Path) -> bool:
    """Keep what is there now in ``folder``; a broken file is kept as it is. Tell whether there was anything."""
    copy = folder / "smartfolio.sqlite"
    if not is_sqlite(settings):
        take(settings, copy)
        return True
    path = sqlite_path(settings)
    if not path.exists():
        return False
    try:
        take(settings, copy)
    except sqlite3.DatabaseError:
        dispose(settings)
        for beside in ("", "-wal", "-shm"):
            broken = Path(f"{path}{beside}")
            if broken.exists():
                shutil.copy2(broken, folder / broken.name)
    copy.chmod(0o600)
    return True


def put_back(settings: Settings, copy: Path) -> None:
    """Put ``copy``, which has today's tables, in the place of all that is there: entirely or, after a kill, not at all.

    Others may read meanwhile and see the old state until it is done; writers wait.
    """
    if is_sqlite(settings):
        path = sqlite_path(settings)
        try:
            with (
                closing(sqlite3.connect(copy)) as source,
                closing(sqlite3.connect(path, timeout=30)) as target,
            ):
                source.backup(target)
        except sqlite3.DatabaseError:  # too broken to be written into: the file itself is replaced
            dispose(settings)
            for beside in ("-wal", "-shm"):
                Path(f"{path}{beside}").unlink(missing_ok=True)
            shutil.copy2(copy, copy.with_suffix(".fresh"))
            copy.with_suffix(".fresh").replace(path)
        path.chmod(0o600)
        return
    there = of_copy(settings, copy)
    tables = migrate.metadata().sorted_tables
    try:
        with engine_for(there).connect() as source, engine_for(settings).begin() as target:
            names = ", ".join(f'"{table.name}"' for table in tables)
            target.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
            _carry_over(source, target)
            for table in tables:
                _continue_counting(target, table)
    except SQLAlchemyError as error:
        raise BackupError(
            "backup.not_accepted", reason=type(getattr(error, "orig", error)).__name__
        ) from error
    finally:
        dispose(there)


def _carry_over(source: Connection, target: Connection) -> None:
    for table in migrate.metadata().sorted_tables:
        rows = source.execution_options(yield_per=STEP).execute(select(table))
        for part in rows.mappings().partitions(STEP):
            carried: list[dict[str, Any]] = [dict(row) for row in part]
            target.execute(table.insert(), carried)


def _continue_counting(connection: Connection, table: Table) -> None:
    """Let the next row's number come after those that were put in with theirs."""
    column = table.autoincrement_column
    if column is None:
        return
    connection.execute(
        text(
            f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', '{column.name}'), "  # noqa: S608 - our own names
            f'COALESCE((SELECT max("{column.name}") FROM "{table.name}"), 1), '
            f'EXISTS (SELECT 1 FROM "{table.name}"))'
        )
    )
