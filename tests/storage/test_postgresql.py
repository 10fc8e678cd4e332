"""The same behaviour on a real PostgreSQL: the tests of storage and services, run again over one."""

from __future__ import annotations

import os
import secrets
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
    "tests/storage/test_vault.py::test_only_the_vault_knows_the_credential_table",
    *(
        f"tests/services/test_backups.py::test_{name}"  # about the file, whatever it was made of
        for name in (
            "nothing_can_be_read_from_the_file",
            "the_file_is_readable_by_its_owner_alone",
            "another_vault_key_does_not_open_it_and_changes_nothing",
            "a_rotated_key_still_opens_what_the_old_one_closed",
            "a_passphrase_opens_it_without_the_vault_key",
            "a_truncated_file_is_refused_before_anything_is_replaced",
            "a_file_cut_between_two_pieces_is_refused",
            "a_changed_byte_is_refused",
            "a_file_that_is_no_backup_is_refused",
            "what_a_killed_backup_left_is_swept_away_later",
        )
    ),
)
HEALTH = "tests/services/health/test_examination.py"
AGAIN = (
    *(f"tests/storage/test_{name}.py" for name in ("engine", "repo_ledger", "vault")),
    f"{HEALTH}::test_a_healthy_installation_has_no_error",
    f"{HEALTH}::test_an_index_that_postgresql_knows_to_be_broken_is_an_error",
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


@pytest.fixture
def home(server, tmp_path):
    """An installation over a database of its own, with a user."""
    from smartfolio_app.keys import check_keys
    from smartfolio_app.services import accounts
    from smartfolio_app.storage.engine import session_scope

    name = f"home_{secrets.token_hex(4)}"
    create(server, name)
    settings = load_settings(data_dir=tmp_path / "home", database_url=server.url(name), offline=True)
    engine.configure(settings)
    check_keys(settings)
    migrate.upgrade(settings)
    with session_scope(settings) as db:
        accounts.create_user(db, "alice", "correct horse battery")
    yield settings
    engine.configure(None)
    engine.dispose(settings)


def scratch_databases(server):
    with psycopg.connect(server.url("postgres").replace("+psycopg", "")) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'smartfolio_drill%'")
        return [name for (name,) in rows]


def said_of_backups(settings):
    from smartfolio_app.services.health import backup_state, examine

    return {
        one.code: one.severity
        for one in examine(settings, environ={}, checks={"backups": backup_state.check})
    }


def test_pg_dumps_own_backup_of_the_same_instant_goes_along_and_is_proven(
    server, home, tmp_path, monkeypatch
):
    from smartfolio_app.services import accounts, backup_copies, backups
    from smartfolio_app.storage.engine import session_scope

    carry_over = backup_copies._carry_over

    def while_somebody_writes(source, target):
        with session_scope(home) as db:
            accounts.create_user(db, f"late-{secrets.token_hex(4)}", "correct horse battery")
        carry_over(source, target)

    # Whoever comes after the copy has begun is in neither of the two.
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(backup_copies, "_carry_over", while_somebody_writes)
        file = backups.make(home)
    done = backups.drill(home, file)
    assert (done.error, done.dump, done.users) == ("", "proven", 1)
    assert said_of_backups(home)["backups.dump_proven"] == "ok"
    assert scratch_databases(server) == []

    # With PostgreSQL's own tools, by hand.
    manifest = backups.extract(home, file, tmp_path / "opened")
    assert manifest.pg_dump
    create(server, "by_hand")
    restore = [postgres_server.binaries() / "pg_restore", "--no-owner", "--exit-on-error"]
    address = server.url("by_hand").replace("+psycopg", "")
    subprocess.run([*restore, f"--dbname={address}", tmp_path / "opened" / backups.DUMP], check=True)
    there = home.model_copy(update={"database_url": server.url("by_hand")})
    with session_scope(there) as db:
        assert [user.name for user in accounts.list_users(db)] == ["alice"]
    engine.dispose(there)


def test_a_dump_that_is_not_what_the_manifest_says_fails_its_drill(server, home, monkeypatch):
    from smartfolio_app.services import accounts, backups, postgres_dump
    from smartfolio_app.storage.engine import session_scope

    dump = postgres_dump._run

    def of_later(there, name, settings, *arguments):
        if name == "pg_dump":
            with session_scope(home) as db:
                accounts.create_user(db, "bob", "correct horse battery")
            arguments = [one for one in arguments if not one.startswith("--snapshot")]
        dump(there, name, settings, *arguments)

    monkeypatch.setattr(postgres_dump, "_run", of_later)
    assert backups.drill(home, backups.make(home)).error == "backup.differs"
    assert scratch_databases(server) == []


@pytest.mark.parametrize("missing", ["not_installed", "older_than_server", "failed", "may_not_create"])
def test_without_its_tools_the_backup_is_our_own_copy_and_that_is_said(
    server, home, tmp_path, monkeypatch, missing
):
    from smartfolio_app.services import backups, postgres_dump
    from smartfolio_app.services.backup_stream import BackupError

    if missing == "not_installed":
        monkeypatch.setattr(postgres_dump, "INSTALLED", tmp_path)
        monkeypatch.setenv("PATH", str(tmp_path))
    elif missing == "older_than_server":
        old = postgres_dump.Tools(postgres_server.binaries(), "9.6.24")
        monkeypatch.setattr(postgres_dump, "tools", lambda: old)
    elif missing == "failed":

        def refuse(*_):
            raise BackupError("backup.pg_failed", reason="refused")

        monkeypatch.setattr(postgres_dump, "_run", refuse)
    else:
        with psycopg.connect(home.database_url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("CREATE ROLE guest LOGIN")
            connection.execute("GRANT pg_read_all_data TO guest")
        guest = home.database_url.replace("smartfolio@", "guest@")
        home = home.model_copy(update={"database_url": guest})
    done = backups.drill(home, backups.make(home))
    assert (done.error, done.dump, done.users) == ("", missing, 1)
    assert said_of_backups(home)[f"backups.dump_{missing}"] == ("warning" if missing == "failed" else "info")
    engine.dispose(home)


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
