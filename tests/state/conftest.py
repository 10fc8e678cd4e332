"""The same users and database as the tests of the security room."""

from __future__ import annotations

from tests.security.conftest import alice, bob, settings

__all__ = ["alice", "bob", "settings"]
