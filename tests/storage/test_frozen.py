"""One frozen database of every schema version that was ever released: each comes up to today's with its rows intact."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlmodel import Session

from smartfolio_app.security import passwords
from smartfolio_app.services import audit, wealth
from smartfolio_app.services.health.examination import examine
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine, migrate, tables, vault
from smartfolio_app.storage.credential_table import Credential
from tests.storage.freeze import FROZEN, PASSWORD, ROWS, SECRET, VAULT_KEY, revisions

#: What a later version gave up on purpose: (table, column), or (table, "") for all of it.
GIVEN_UP: set[tuple[str, str]] = set()


@pytest.fixture
def thawed(tmp_path, request):
    """Settings over a database of the version that the test names, as it was then."""
    settings = load_settings(data_dir=tmp_path / "data", vault_key=VAULT_KEY, offline=True)
    settings.data_dir.mkdir(mode=0o700)
    with closing(sqlite3.connect(settings.data_dir / "smartfolio.sqlite")) as database:
        database.executescript((FROZEN / f"{request.param}.sql").read_text(encoding="utf-8"))
    (settings.data_dir / "smartfolio.sqlite").chmod(0o600)
    engine.configure(settings)
    yield settings
    engine.dispose(settings)
    engine.configure(None)


def rows_of(settings):
    with closing(sqlite3.connect(settings.data_dir / "smartfolio.sqlite")) as database:
        database.row_factory = sqlite3.Row
        names = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if name != "alembic_version" and not name.startswith("sqlite_")
        ]
        return {name: [dict(row) for row in database.execute(f'SELECT * FROM "{name}"')] for name in names}


@pytest.mark.parametrize("thawed", revisions(), indirect=True)
def test_a_frozen_database_comes_up_to_date_with_its_rows(thawed):
    before = rows_of(thawed)
    assert {len(rows) for rows in before.values()} == {ROWS}
    migrate.upgrade(thawed)
    after = rows_of(thawed)
    for table, rows in before.items():
        if (table, "") in GIVEN_UP:
            continue
        kept = [column for column in rows[0] if (table, column) not in GIVEN_UP]
        then = sorted(([row[column] for column in kept] for row in rows), key=repr)
        now = sorted(([row[column] for column in kept] for row in after[table]), key=repr)
        assert now == then, table
    with Session(engine.engine_for(thawed)) as db:
        assert db.connection().exec_driver_sql("PRAGMA foreign_key_check").all() == []
        _reads(db)
        _works(db, thawed)


def _reads(db):
    """Every row of every table is one that today's program can read."""
    for table in migrate.metadata().tables.values():
        db.execute(select(table)).all()


def _works(db, settings):
    """... and use: people sign in, their wealth is computed, their secrets open, the audit log is whole."""
    for number, user in enumerate(
        sorted(db.execute(select(tables.User)).scalars(), key=lambda one: one.name)
    ):
        assert passwords.verify_password(user.password_hash, PASSWORD.format(number=number))
        wealth.portfolio(db, wealth.view_of(db, user.id), datetime(2024, 6, 1, tzinfo=UTC))
    safe = vault.open_vault(settings)
    secrets = {safe.get(db, row.source_id, row.field) for row in db.execute(select(Credential)).scalars()}
    assert secrets == {SECRET.format(number=number) for number in range(ROWS)}
    assert audit.first_broken(db) is None
    assert [one.code for one in examine(settings, environ={}) if one.severity == "error"] == []
