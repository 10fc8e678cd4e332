"""The audit log shows every change of itself."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from smartfolio_app.services import audit
from smartfolio_app.storage.engine import session_scope


def test_entries_are_their_users_alone_newest_first(db):
    audit.record(db, "a", "user.login", {"device": "phone"}, "10.0.0.1")
    audit.record(db, "b", "user.login")
    audit.record(db, "a", "import.commit", {"rows": 3})
    db.commit()
    assert [entry.action for entry in audit.entries(db, "a")] == ["import.commit", "user.login"]
    assert audit.entries(db, "a")[1].detail == {"device": "phone"}
    assert [entry.action for entry in audit.entries(db, "a", before=audit.entries(db, "a")[0].id)] == [
        "user.login"
    ]


def test_a_whole_log_is_whole(db):
    for number in range(5):
        audit.record(db, "a", "x", {"n": number})
    db.commit()
    db.expire_all()
    assert audit.first_broken(db) is None


@pytest.mark.parametrize(
    "change",
    [
        """detail = '{"n": "9"}'""",
        "user_id = 'b'",
        "action = 'y'",
        "address = '198.51.100.1'",
        "at = '2020-01-01 00:00:00.000000'",
    ],
)
def test_a_changed_entry_shows(db, change):
    for number in range(5):
        audit.record(db, "a", "x", {"n": number}, "203.0.113.9")
    db.execute(text(f"UPDATE audit_entry SET {change} WHERE id = 3"))
    db.commit()
    db.expire_all()
    assert audit.first_broken(db) == 3


def test_a_removed_entry_shows(db):
    for number in range(5):
        audit.record(db, "a", "x", {"n": number})
    db.execute(text("DELETE FROM audit_entry WHERE id = 2"))
    db.commit()
    db.expire_all()
    assert audit.first_broken(db) == 3


def test_what_is_rolled_back_is_not_logged(db):
    audit.record(db, "a", "x")
    db.rollback()
    assert audit.entries(db, "a") == []


def test_writers_at_once_make_one_chain(settings):
    def write():
        for _ in range(10):
            with session_scope() as db:
                audit.record(db, "a", "x")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with session_scope() as db:
        assert len(audit.entries(db, "a")) == 40
        assert audit.first_broken(db) is None
