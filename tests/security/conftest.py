"""Two users."""

from __future__ import annotations

import pytest

from smartfolio_app.security import passwords, recognise
from smartfolio_app.security.buckets import BucketMemory
from smartfolio_app.security.throttle import GrowingDelay
from smartfolio_app.storage import tables
from smartfolio_app.storage.engine import session_scope

PASSWORD = "correct horse battery"


@pytest.fixture
def still(monkeypatch):
    """Budgets and delays for which no time passes: a test that uses them up may take as long as the machine needs."""

    def halted(original):
        def held(self, *args, **options):
            self._clock = lambda: 1_000_000.0
            return original(self, *args, **options)

        return held

    for kind, name in ((BucketMemory, "take"), (GrowingDelay, "enter")):
        monkeypatch.setattr(kind, name, halted(getattr(kind, name)))


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
