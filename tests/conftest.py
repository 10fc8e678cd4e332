"""What many tests need: settings of their own, a migrated database, a session."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session

from smartfolio_app.settings import Settings, load_settings
from smartfolio_app.storage import engine, migrate


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with today's schema and nothing in it, made by the migrations once a run."""
    settings = load_settings(data_dir=tmp_path_factory.mktemp("migrated"))
    migrate.upgrade(settings)
    engine.dispose(settings)
    return settings.data_dir / "smartfolio.sqlite"


@pytest.fixture
def settings(tmp_path: Path, migrated_database: Path) -> Iterator[Settings]:
    """Settings over a data folder of the test's own, with a migrated database; also those of the services."""
    chosen = load_settings(data_dir=tmp_path / "data", offline=True)
    chosen.data_dir.mkdir(mode=0o700)
    shutil.copyfile(migrated_database, chosen.data_dir / "smartfolio.sqlite")
    engine.configure(chosen)
    yield chosen
    engine.dispose(chosen)
    engine.configure(None)


@pytest.fixture
def db(settings: Settings) -> Iterator[Session]:
    """A session on the test's database."""
    with Session(engine.engine_for(settings), expire_on_commit=False) as session:
        yield session


SHARED = Path(__file__).resolve().parents[2] / "shared"
NO_SHARED = f"the third-party samples are not here ({SHARED} is missing)"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of third-party samples; tests that take it are skipped, saying so, where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(NO_SHARED)
    return SHARED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the marker of its stage by its folder, and skip those whose samples are missing."""
    here = Path(__file__).parent
    stages = {"e2e": pytest.mark.e2e, "api": pytest.mark.rest}
    for item in items:
        folder = item.path.relative_to(here).parts[0]
        if folder in stages:
            item.add_marker(stages[folder])
        if item.get_closest_marker("shared") and not SHARED.is_dir():
            item.add_marker(pytest.mark.skip(reason=NO_SHARED))
