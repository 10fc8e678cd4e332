"""What many tests need: settings of their own, a migrated database, a session."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlmodel import Session

from smartfolio_app.security import passwords
from smartfolio_app.settings import Settings, load_settings
from smartfolio_app.storage import engine, migrate
from tests.support import redis_server

#: Address of a PostgreSQL server (without a database) on which to run instead of SQLite; see storage/test_postgresql.
POSTGRES = os.environ.get("SMARTFOLIO_TEST_POSTGRES", "")


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with today's schema and nothing in it, made by the migrations once a run.

    On PostgreSQL it is the one database ``smartfolio_test``, emptied for each test; the path then leads nowhere.
    """
    folder = tmp_path_factory.mktemp("migrated")
    address = ""
    if POSTGRES:
        _on_postgres("DROP DATABASE IF EXISTS smartfolio_test", "CREATE DATABASE smartfolio_test")
        address = f"{POSTGRES}smartfolio_test"
    settings = load_settings(data_dir=folder, database_url=address)
    migrate.upgrade(settings)
    engine.dispose(settings)
    return settings.data_dir / "smartfolio.sqlite"


@pytest.fixture
def settings(tmp_path: Path, migrated_database: Path) -> Iterator[Settings]:
    """Settings over a data folder of the test's own, with a migrated database; also those of the services."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    address = f"{POSTGRES}smartfolio_test" if POSTGRES else ""
    if not POSTGRES:
        shutil.copyfile(migrated_database, folder / "smartfolio.sqlite")
    chosen = load_settings(data_dir=folder, database_url=address, offline=True)
    engine.configure(chosen)
    yield chosen
    engine.dispose(chosen)
    engine.configure(None)
    if POSTGRES:
        _on_postgres(_emptied(), database="smartfolio_test")


@pytest.fixture(autouse=True)
def quick_hash(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A password hash that takes no time; only where a server of its own checks it, it is made as that makes it."""
    if "e2e" in request.path.parts:
        yield
        return
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: hasher)
    passwords._nobodys_hash.cache_clear()
    yield
    passwords._nobodys_hash.cache_clear()


@cache
def _emptied() -> str:
    """Leave no row and begin to count anew. A test leaves few rows: to truncate every table takes ten times as long."""
    tables = migrate.metadata().sorted_tables
    steps = [f'DELETE FROM "{table.name}"' for table in reversed(tables)]
    steps += [
        f"PERFORM setval(pg_get_serial_sequence('\"{table.name}\"', '{table.autoincrement_column.name}'), 1, false)"
        for table in tables
        if table.autoincrement_column is not None
    ]
    return f"DO $$ BEGIN {'; '.join(steps)}; END $$"


def _on_postgres(*statements: str, database: str = "postgres") -> None:
    import psycopg

    with psycopg.connect(f"{POSTGRES}{database}".replace("+psycopg", ""), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def db(settings: Settings) -> Iterator[Session]:
    """A session on the test's database."""
    with Session(engine.engine_for(settings), expire_on_commit=False) as session:
        yield session


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[redis_server.Server]:
    """A Redis of this test process; what takes it is skipped, saying so, where there is none."""
    try:
        server = redis_server.start()
    except redis_server.NoRedisError as error:
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.fixture
def redis_url(shared_redis: redis_server.Server) -> str:
    """The address of an empty Redis."""
    shared_redis.client.flushall()
    return shared_redis.url


SHARED = Path(__file__).resolve().parents[2] / "shared"
NO_SHARED = f"the third-party samples are not here ({SHARED} is missing)"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of third-party samples; tests that take it are skipped, saying so, where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(NO_SHARED)
    return SHARED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow ones first, give each test the marker of its stage, and skip those whose samples are missing."""
    # Files with slow tests first, each as a whole: nobody waits in the end for one that came last.
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    here = Path(__file__).parent
    stages = {"e2e": pytest.mark.e2e, "api": pytest.mark.rest, "promises": pytest.mark.rest}
    for item in items:
        folder = item.path.relative_to(here).parts[0]
        if folder in stages:
            item.add_marker(stages[folder])
        if folder == "e2e" and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(300))  # the first one may have to build the pages
        if item.get_closest_marker("shared") and not SHARED.is_dir():
            item.add_marker(pytest.mark.skip(reason=NO_SHARED))
