"""A process that forks others to be killed: everything is imported once, so that each victim is at work at once.

It is told one JSON object a line on stdin and answers in lines on stdout. ``{"work": NAME, "data_dir": ...}`` forks a
victim that repeats that work for ever: ``pid N``, then ``done TEXT`` after each unit that was committed, then ``ended``
when somebody has killed it. ``{"call": NAME, "data_dir": ...}`` forks a process that answers one JSON object and ends.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, select
from sqlmodel import Session, col

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.services import accounts, backups, imports, mappings, scheduler, uploads  # noqa: F401
from smartfolio_app.services.health.examination import examine
from smartfolio_app.services.sources import new_source
from smartfolio_app.settings import Settings, load_settings
from smartfolio_app.storage import engine, migrate, vault
from smartfolio_app.storage.credential_table import Credential
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import ImportBatch, SourceFile, SourceRow, TransactionRow, User
from tests.support.large import HEADER, _csv_row

ROWS = 120
CREDENTIALS = 40
SECRET = "planted-%03d-secret-of-a-provider"


def file_of(number: int) -> bytes:
    """The ``number``-th of endlessly many files, no two of which hold the same row."""
    rows = (_csv_row(index) for index in range(number * ROWS, (number + 1) * ROWS))
    return "\n".join([HEADER, *rows, ""]).encode()


def owner(db: Session) -> str:
    return db.execute(select(col(User.id)).where(col(User.name) == "owner")).scalar_one()


# ------------------------------------------------------------------------------------------------ what is killed
def import_files(settings: Settings) -> Iterator[str]:
    with session_scope() as db:
        user_id = owner(db)
        number = db.execute(select(func.count()).select_from(SourceFile)).scalar_one()
    while True:
        with session_scope() as db:
            outcome = imports.commit(db, user_id, file_of(number), f"{number}.csv")
        yield outcome.batch_id
        number += 1


def undo_imports(settings: Settings) -> Iterator[str]:
    with session_scope() as db:
        user_id = owner(db)
    while True:
        with session_scope() as db:
            standing = [one for one in imports.batches(db, user_id) if one.undone_at is None]
            if standing:
                imports.undo(db, user_id, standing[0].id)
                batch_id = standing[0].id
            else:
                batch_id = imports.commit(db, user_id, file_of(0), "0.csv").batch_id
        yield batch_id


def rotate_keys(settings: Settings) -> Iterator[str]:
    while True:
        yield str(vault.rotate(settings, step=7).rotated)


def make_backups(settings: Settings) -> Iterator[str]:
    while True:
        yield backups.make(settings).name


def upgrade_copies(settings: Settings) -> Iterator[str]:
    """Bring copies of an old database to today's schema, one after the other."""
    old = settings.data_dir / "old.sqlite"
    number = len(list(settings.data_dir.glob("copy-*")))
    while True:
        # Made aside and named when whole: a kill that tears our own copying says nothing about the upgrade.
        aside = settings.data_dir / "aside"
        aside.mkdir(exist_ok=True)
        (aside / "smartfolio.sqlite").write_bytes(old.read_bytes())
        place = load_settings(data_dir=aside.rename(settings.data_dir / f"copy-{number}"), offline=True)
        os.write(1, f"begun {place.data_dir}\n".encode())
        migrate.upgrade(place)
        engine.dispose(place)
        yield place.data_dir.name
        number += 1


WORK: dict[str, Callable[[Settings], Iterator[str]]] = {
    "import": import_files,
    "undo": undo_imports,
    "rotation": rotate_keys,
    "backup": make_backups,
    "migration": upgrade_copies,
}


# ------------------------------------------------------------------------------------------------ what is asked
def prepare(settings: Settings) -> dict[str, Any]:
    """A household with some imports, credentials, a backup; and the same database in the first schema."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    migrate.upgrade(settings)
    vault.check(settings)
    with session_scope() as db:
        user = accounts.create_user(db, "owner", "correct horse battery")
        source = new_source(db, user.id, "binance_csv")
    with session_scope() as db:
        for number in range(4):
            imports.commit(db, user.id, file_of(number), f"{number}.csv")
        safe = vault.open_vault(settings)
        for number in range(CREDENTIALS):
            safe.set(db, source.id, f"field-{number}", SECRET % number)
    backups.drill(settings, backups.make(settings))
    old = load_settings(data_dir=settings.data_dir / "old", offline=True)
    old.data_dir.mkdir()
    with (
        closing(sqlite3.connect(settings.data_dir / "smartfolio.sqlite")) as now,
        closing(sqlite3.connect(old.data_dir / "smartfolio.sqlite")) as copy,
    ):
        now.backup(copy)
    with session_scope(old) as db:
        db.execute(delete(Credential))
    migrate.downgrade(old, "0001")
    engine.dispose(old)
    with closing(sqlite3.connect(old.data_dir / "smartfolio.sqlite")) as database:
        database.execute("PRAGMA journal_mode = DELETE")
    (old.data_dir / "smartfolio.sqlite").rename(settings.data_dir / "old.sqlite")
    return {}


def look(settings: Settings) -> dict[str, Any]:
    """Everything that must be true of the data folder whatever was killed in it, as a list of what is not."""
    with session_scope() as db:
        batches = {one.id: one for one in db.execute(select(ImportBatch)).scalars()}
        wrong = [
            *unsound(db.connection()),
            *broken_imports(db, settings, batches),
            *lost_secrets(db, settings),
        ]
    for _, path in backups.listed(settings)[:1]:
        looked_at = (
            settings.data_dir.parent / "looked-at"
        )  # a file that is as it was need not be opened again
        same = f"{path.name} {path.stat().st_mtime_ns} {path.stat().st_size}"
        if looked_at.exists() and looked_at.read_text() == same:
            continue
        try:
            backups.verify(settings, path)
            looked_at.write_text(same)
        except SmartFolioError as error:
            wrong.append(f"backup {path.name}: {error}")
    findings = examine(settings, environ={})
    # How much room this machine's disk has is no matter of what was killed.
    bad = (one for one in findings if one.severity == "error" and one.check != "disk")
    wrong += [f"doctor: {one.check} {one.code} {one.params}" for one in bad]
    standing = [one.id for one in batches.values() if one.undone_at is None]
    return {"wrong": wrong, "batches": sorted(batches), "standing": sorted(standing)}


def unsound(connection: Connection) -> list[str]:
    found = {
        pragma: [tuple(row) for row in connection.exec_driver_sql(f"PRAGMA {pragma}")]
        for pragma in ("integrity_check", "foreign_key_check")
    }
    return [f"{pragma}: {rows[:3]}" for pragma, rows in found.items() if rows not in ([], [("ok",)])]


def broken_imports(db: Session, settings: Settings, batches: dict[str, ImportBatch]) -> list[str]:
    """Imports with fewer or more rows than they brought, rows of no import, and files that are not there."""
    by_batch = select(col(TransactionRow.batch_id), func.count()).group_by(col(TransactionRow.batch_id))
    there = dict(db.execute(by_batch).all())
    due = {one.id: 0 if one.undone_at else one.added for one in batches.values()}
    wrong = [
        f"import {name}: {there.get(name, 0)} rows instead of {due.get(name, 0)}"
        for name in there.keys() | due.keys()
        if there.get(name, 0) != due.get(name, 0)
    ]
    kept = settings.uploads_dir / owner(db)
    files = db.execute(select(SourceFile)).scalars()
    return wrong + [f"file {one.name} is not there" for one in files if not (kept / one.sha256).exists()]


def lost_secrets(db: Session, settings: Settings) -> list[str]:
    source = db.execute(select(col(SourceRow.id)).where(col(SourceRow.key) == "binance_csv")).scalar_one()
    safe, wrong = vault.open_vault(settings), []
    for number in range(CREDENTIALS):
        try:
            secret = safe.get(db, source, f"field-{number}")
        except SmartFolioError as error:
            secret = str(error)
        if secret != SECRET % number:
            wrong.append(f"credential {number}: {secret}")
    return wrong


def finish_upgrade(settings: Settings) -> dict[str, Any]:
    """What became of copies that were being upgraded: each has the old or the new schema, and can be brought on."""
    wrong, halfway = [], 0
    expected = rows_of(settings.data_dir / "old.sqlite")
    for folder in sorted(settings.data_dir.glob("copy-*")):
        place = load_settings(data_dir=folder, offline=True)
        found = migrate.current_version(place)
        halfway += found == "0001"
        if found not in ("0001", migrate.latest_version()):
            wrong.append(f"{folder.name}: {found}")
        migrate.upgrade(place)
        with engine.engine_for(place).connect() as connection:
            wrong += [f"{folder.name}: {one}" for one in unsound(connection)]
        engine.dispose(place)
        rows = rows_of(folder / "smartfolio.sqlite")
        wrong += [f"{folder.name}: rows of {name}" for name in expected if rows.get(name) != expected[name]]
    return {"wrong": wrong, "halfway": halfway}


def rows_of(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as database:
        names = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if name != "alembic_version" and not name.startswith("sqlite_")
        ]
        return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


CALLS: dict[str, Callable[[Settings], dict[str, Any]]] = {
    "prepare": prepare,
    "look": look,
    "finish_upgrade": finish_upgrade,
}


# ------------------------------------------------------------------------------------------------ the machinery
def serve() -> None:
    """Do what is told until stdin ends."""
    for line in sys.stdin:
        told = json.loads(line)
        child = os.fork()
        if child == 0:
            be_child(told)
        if "work" in told:
            os.write(1, f"pid {child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, b"ended\n")


def be_child(told: dict[str, str]) -> None:
    """Work until killed, or answer and end; never return into the parent's loop."""
    try:
        settings = load_settings(data_dir=Path(told["data_dir"]), offline=True)
        engine.configure(settings)
        if "call" in told:
            os.write(1, f"answer {json.dumps(CALLS[told['call']](settings))}\n".encode())
        else:
            os.write(1, b"begun\n")
            for unit in WORK[told["work"]](settings):
                os.write(1, f"done {unit}\n".encode())
    except BaseException:  # noqa: BLE001 - whatever it was, the test must see it
        os.write(1, f"failed {json.dumps(traceback.format_exc())}\n".encode())
    finally:
        os._exit(0)


if __name__ == "__main__":
    serve()
