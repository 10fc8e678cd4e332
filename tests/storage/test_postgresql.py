"""The same behaviour on a real PostgreSQL: the tests of storage and services, run again over one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine, migrate
from tests.storage import postgres_server

ROOT = Path(__file__).parents[2]

#: What is about SQLite alone, or about no database at all.
ABOUT_SQLITE = (
    "tests/storage/test_engine.py::test_pragmas_are_in_force_on_every_connection",
    "tests/storage/test_engine.py::test_the_database_file_is_its_owners_alone",
    "tests/storage/test_repo_ledger.py::test_the_bulk_insert_writes_what_sqlalchemy_would",
    "tests/storage/test_repo_ledger.py::test_a_naive_moment_is_refused_in_bulk_too",
    "tests/storage/test_vault.py::test_the_secret_is_nowhere_in_the_data_folder",
)
AGAIN = (
    *(f"tests/storage/test_{name}.py" for name in ("engine", "repo_ledger", "vault")),
    *(
        f"tests/services/test_{name}.py"
        for name in (
            "accounts",
            "audit",
            "backups",
            "files",
            "imports",
            "ledger_view",
            "sources",
            "transactions",
        )
    ),
)

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def server():
    try:
        running = postgres_server.start()
    except postgres_server.NoPostgresError as error:
        pytest.skip(str(error))
    yield running
    running.stop()


def create(server, name):
    with psycopg.connect(server.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')


def test_the_migrations_give_the_declared_tables_and_can_be_taken_back(server, tmp_path):
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import inspect

    create(server, "migrated")
    settings = load_settings(data_dir=tmp_path, database_url=server.url("migrated"))
    migrate.upgrade(settings)
    with engine.engine_for(settings).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, migrate.metadata()) == []
    migrate.downgrade(settings, "base")
    assert inspect(engine.engine_for(settings)).get_table_names() == ["alembic_version"]
    migrate.upgrade(settings)
    assert migrate.current_version(settings) == migrate.latest_version()
    engine.dispose(settings)


def test_storage_and_services_behave_as_on_sqlite(server):
    environment = {**os.environ, "SMARTFOLIO_TEST_POSTGRES": server.url("")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", *AGAIN]
    command += [f"--deselect={name}" for name in ABOUT_SQLITE]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def test_a_backup_of_sqlite_can_be_restored_into_postgresql_and_back(server, tmp_path):
    from smartfolio_app.services import accounts, backups
    from smartfolio_app.storage.engine import session_scope

    create(server, "moved")
    old = load_settings(data_dir=tmp_path / "home")
    new = load_settings(data_dir=tmp_path / "home", database_url=server.url("moved"))
    for settings in (old, new):
        migrate.upgrade(settings)
    try:
        with session_scope(old) as db:
            accounts.create_user(db, "alice", "correct horse battery")
        backups.restore(new, backups.make(old))
        with session_scope(new) as db:
            accounts.create_user(db, "bob", "correct horse battery")
        file = backups.make(new, tmp_path / "moved")
        assert backups.drill(new, file).error == ""
        backups.restore(old, file)
        with session_scope(old) as db:
            assert [user.name for user in accounts.list_users(db)] == ["alice", "bob"]
    finally:
        engine.configure(None)
        for settings in (old, new):
            engine.dispose(settings)


def test_one_process_alone_does_the_background_work_and_another_when_it_is_gone(server, tmp_path):
    from smartfolio_app.services.leadership import Leadership

    create(server, "leader")
    settings = load_settings(data_dir=tmp_path / "home", database_url=server.url("leader"))
    engine.configure(settings)
    try:
        first, second = Leadership(), Leadership()
        assert [first.held(), second.held(), first.held()] == [True, False, True]
        with psycopg.connect(server.url("leader").replace("+psycopg", ""), autocommit=True) as connection:
            # What a killed process leaves: its connection is gone, and with it the lock.
            ended = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            assert connection.execute(ended).fetchall() == [(True,)]
            while connection.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'").fetchone():
                pass
        assert second.held()
        assert not first.held()
        second.release()
        assert first.held()
        first.release()
    finally:
        engine.configure(None)
        engine.dispose(settings)
