"""The migrations give exactly the tables the program declares, and can be taken back."""

from __future__ import annotations

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from smartfolio_app.settings import load_settings
from smartfolio_app.storage import migrate
from smartfolio_app.storage.engine import dispose, engine_for, session_scope
from smartfolio_app.storage.migrate import SchemaError
from tests.storage.freeze import FROZEN, revisions


@pytest.fixture
def empty(tmp_path):
    settings = load_settings(data_dir=tmp_path / "empty")
    yield settings
    dispose(settings)


def test_the_migrated_schema_is_the_declared_one(empty):
    migrate.upgrade(empty)
    with engine_for(empty).connect() as connection:
        differences = compare_metadata(
            MigrationContext.configure(connection, opts={"compare_type": True}), migrate.metadata()
        )
        found = inspect(connection)
        for table in migrate.metadata().tables.values():  # compare_metadata does not look at these
            columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
            assert columns == {column.name: column.nullable for column in table.columns}, table.name
            assert {key["referred_table"] for key in found.get_foreign_keys(table.name)} == {
                key.column.table.name for key in table.foreign_keys
            }
    assert differences == []
    assert migrate.current_version(empty) == migrate.latest_version()


def test_every_migration_can_be_taken_back(empty):
    migrate.upgrade(empty)
    migrate.downgrade(empty, "base")
    assert inspect(engine_for(empty)).get_table_names() == ["alembic_version"]
    migrate.upgrade(empty)
    assert migrate.current_version(empty) == migrate.latest_version()


def test_upgrading_again_changes_nothing(empty):
    migrate.upgrade(empty)
    with session_scope(empty) as db:
        db.execute(text("INSERT INTO setup_link VALUES ('x', '2024-01-01 00:00:00')"))
    migrate.upgrade(empty)
    with session_scope(empty) as db:
        assert db.execute(text("SELECT count(*) FROM setup_link")).scalar_one() == 1


def test_two_processes_that_start_at_once_migrate_once(empty):
    engine_for(empty)
    failures = []

    def run():
        try:
            migrate.upgrade(empty)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test reports it
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_database_of_a_newer_program_is_refused_and_left_alone(empty):
    migrate.upgrade(empty)
    with session_scope(empty) as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError) as caught:
        migrate.upgrade(empty)
    assert caught.value.params["found"] == "9999"


def test_foreign_keys_are_in_force_after_a_migration(empty):
    migrate.upgrade(empty)
    for _ in range(3):
        with engine_for(empty).connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


def test_every_schema_version_has_its_frozen_database():
    """``test_frozen`` brings each of them up to date."""
    missing = [one for one in revisions() if not (FROZEN / f"{one}.sql").exists()]
    assert not missing, f"run `python -m tests.storage.freeze {' '.join(missing)}` and commit what it writes"
