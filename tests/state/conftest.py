"""The same users and database as the tests of the security room."""

from __future__ import annotations

from tests.security.conftest import alice, bob, quick_hash, settings

__all__ = ["alice", "bob", "quick_hash", "settings"]
