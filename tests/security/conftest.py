"""Two users, and a password hash that takes no time."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from smartfolio_app.security import passwords, recognise
from smartfolio_app.storage import tables
from smartfolio_app.storage.engine import session_scope

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quick_hash(monkeypatch):
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: hasher)
    passwords._nobodys_hash.cache_clear()
    yield
    passwords._nobodys_hash.cache_clear()


@pytest.fixture
def settings(settings):
    """Those of the test, whose database is not taken away before the last "last seen" is written."""
    yield settings
    recognise.finish_pending()


@pytest.fixture
def alice(settings) -> str:
    return _user("alice", is_admin=True)


@pytest.fixture
def bob(settings) -> str:
    return _user("bob")


def _user(name: str, *, is_admin: bool = False) -> str:
    with session_scope() as session:
        row = tables.User(name=name, password_hash=passwords.hash_password(PASSWORD), is_admin=is_admin)
        session.add(row)
        session.flush()
        session.add(tables.UserSettings(user_id=row.id))
        return row.id
