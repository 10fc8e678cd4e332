"""PostgreSQL's own backup beside ours: ``pg_dump`` of the very same instant, and ``pg_restore`` to prove it.

Both are used where they are on the machine and not older than the server. Where they are not, a backup holds our own
copy alone, and says so; that copy is what ``restore`` reads in either case.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from smartfolio_app.services.backup_stream import BackupError
from smartfolio_app.settings import Settings
from smartfolio_app.storage.engine import dispose, engine_for

#: Where Debian puts the tools of each version; its ``pg_dump`` on the PATH only chooses between them.
INSTALLED = Path("/usr/lib/postgresql")
#: No household's database takes so long.
LONGEST_SECONDS = 3600

_SCRATCH = "smartfolio_drill_"
_VERSION = re.compile(r"\(PostgreSQL\) ((\d+)[\d.]*)")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Dump:
    """Whether PostgreSQL's own backup goes along: by which ``version`` of pg_dump, or why it is ``missing``:
    ``not_installed``, ``older_than_server`` or ``failed``. Both are empty on SQLite.
    """

    version: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Tools:
    """A pair of ``pg_dump`` and ``pg_restore`` in ``folder``."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The version that counts: tools read servers and archives up to their own."""
        return _major(self.version)


def tools() -> Tools | None:
    """Return the newest pair on this machine, ``None`` when there is none."""
    on_path = shutil.which("pg_dump")
    folders = [path.parent for path in INSTALLED.glob("*/bin/pg_dump")]
    folders += [Path(on_path).parent] if on_path else []
    found = []
    for folder in folders:
        if not (folder / "pg_restore").exists():
            continue
        said = subprocess.run(  # noqa: S603 - what the machine's administrator installed
            [folder / "pg_dump", "--version"], capture_output=True, text=True, check=False
        )
        if version := _VERSION.search(said.stdout):
            found.append(Tools(folder, version[1]))
    return max(found, key=lambda one: one.major, default=None)


def dump(settings: Settings, source: Connection, snapshot: str, target: Path) -> Dump:
    """Have ``pg_dump`` write what ``source``'s transaction sees (its exported ``snapshot``) into ``target``."""
    there = tools()
    if there is None:
        return Dump(missing="not_installed")
    if there.major < _major_of(source):
        return Dump(missing="older_than_server")
    try:
        _run(there, "pg_dump", settings, "--format=custom", f"--snapshot={snapshot}", f"--file={target}")
    except BackupError as error:
        log.warning("pg_dump failed, the backup holds our own copy alone: %s", error.params["reason"])
        target.unlink(missing_ok=True)
        return Dump(missing="failed")
    return Dump(there.version)


def cannot_be_tried(settings: Settings, version: str) -> str:
    """Return why a dump that pg_dump ``version`` made cannot be restored here, empty when it can be."""
    there = tools()
    if there is None:
        return "not_installed"
    with engine_for(settings).connect() as connection:
        server = _major_of(connection)
        allowed = connection.execute(
            text("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
        ).scalar_one()
    if there.major < max(server, _major(version)):
        return "older_than_server"
    return "" if allowed else "may_not_create"


@contextmanager
def restored(settings: Settings, file: Path) -> Iterator[Settings]:
    """Restore a dump into a scratch database beside that of ``settings``; give its settings, and drop it afterwards.

    Raises:
        BackupError: ``backup.pg_failed``: pg_restore did not accept it.
    """
    there = tools()
    assert there is not None, "cannot_be_tried says so before"
    name = f"{_SCRATCH}{datetime.now(UTC):%Y%m%d%H%M%S}_{secrets.token_hex(4)}"
    address = make_url(settings.database).set(database=name).render_as_string(hide_password=False)
    scratch = settings.model_copy(update={"database_url": address})
    with _server(settings) as connection:
        _sweep(connection)
        same = connection.execute(
            text(
                "SELECT format('ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), datcollate,"
                " datctype) FROM pg_database WHERE datname = current_database()"
            )
        ).scalar_one()
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE template0 {same}'.replace("%", "%%"))
    try:
        _run(there, "pg_restore", scratch, "--exit-on-error", "--no-owner", "--no-privileges", str(file))
        yield scratch
    finally:
        dispose(scratch)
        with _server(settings) as connection:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _sweep(connection: Connection) -> None:
    """Drop what drills left that were killed half-way."""
    oldest = f"{datetime.now(UTC) - timedelta(days=1):%Y%m%d%H%M%S}"
    names = connection.execute(
        text("SELECT datname FROM pg_database WHERE datname LIKE :like"), {"like": f"{_SCRATCH}%"}
    )
    for name in list(names.scalars()):
        if name.removeprefix(_SCRATCH) < oldest:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def _server(settings: Settings) -> Iterator[Connection]:
    """A connection outside of any transaction: databases are made and dropped so."""
    with engine_for(settings).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            yield connection
        except SQLAlchemyError as error:
            reason = type(getattr(error, "orig", error)).__name__
            raise BackupError("backup.pg_failed", reason=reason) from error


def _run(there: Tools, name: str, settings: Settings, *arguments: str) -> None:
    """Run one of the tools on the database of ``settings``; no list of processes shows the password."""
    address = make_url(settings.database).set(drivername="postgresql")
    password = {"PGPASSWORD": address.password} if address.password else {}
    uri = address.set(password=None).render_as_string(hide_password=False)
    done = subprocess.run(  # noqa: S603 - as above, with our own arguments
        [there.folder / name, f"--dbname={uri}", *arguments],
        env=os.environ | password,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_SECONDS,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        raise BackupError("backup.pg_failed", reason=said[:200])


def _major_of(connection: Connection) -> int:
    """Return the server's version."""
    return int((connection.dialect.server_version_info or (0,))[0])


def _major(version: str) -> int:
    return int(version.partition(".")[0])
