"""SQLite is opened so that readers never wait, writers queue, and nothing half-done stays."""

from __future__ import annotations

import stat
import threading
from datetime import datetime
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError
from sqlmodel import Session, select

from smartfolio_app.storage.engine import engine_for, session_scope
from smartfolio_app.storage.tables import SetupLink, User, UserSettings


def test_pragmas_are_in_force_on_every_connection(settings):
    with engine_for(settings).connect() as first, engine_for(settings).connect() as second:
        for connection in (first, second):
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() >= 5000


def test_the_database_file_is_its_owners_alone(tmp_path):
    from smartfolio_app.settings import load_settings

    (tmp_path / "open").mkdir(mode=0o755)
    settings = load_settings(data_dir=tmp_path / "open")
    with session_scope(settings) as db:
        db.execute(text("CREATE TABLE t (a)"))
    for path in settings.data_dir.glob("smartfolio.sqlite*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_a_scope_that_raises_leaves_nothing(settings):
    def fail_half_way():
        with session_scope() as db:
            db.add(SetupLink(token_hash="gone"))
            db.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    with session_scope() as db:
        assert db.get(SetupLink, "gone") is None


def test_writers_that_read_first_queue_instead_of_failing(settings):
    with session_scope() as db:
        db.add(User(name="a", password_hash="x"))
    failures = []

    def grow():
        try:
            for _ in range(20):
                with session_scope() as db:
                    user = db.exec(select(User)).one()
                    db.execute(
                        text('UPDATE "user" SET revision = revision + 1 WHERE id = :id'), {"id": user.id}
                    )
        except Exception as error:  # noqa: BLE001 - whatever it is, the test reports it
            failures.append(error)

    threads = [threading.Thread(target=grow) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with session_scope() as db:
        assert db.exec(select(User)).one().revision == 80


def test_a_reader_sees_the_old_state_while_a_writer_works(settings):
    with Session(engine_for(settings)) as writer, Session(engine_for(settings)) as reader:
        writer.add(SetupLink(token_hash="new"))
        writer.flush()
        assert reader.get(SetupLink, "new") is None


@pytest.mark.parametrize(
    "number",
    ["0.1", "0.000000000000000001", "123456789012345678901234567890.123456789012345678", "-3", "1E+3", "0"],
)
def test_decimals_come_back_exactly(db, number):
    db.add(User(id="u", name="u", password_hash="x"))
    db.flush()
    db.add(UserSettings(user_id="u", small_balance_threshold=Decimal(number)))
    db.commit()
    db.expire_all()
    assert db.get(UserSettings, "u").small_balance_threshold == Decimal(number)


def test_a_naive_moment_is_refused(db):
    db.add(SetupLink(token_hash="t", created_at=datetime(2024, 1, 1)))  # noqa: DTZ001 - the point of the test
    with pytest.raises(StatementError):
        db.flush()
