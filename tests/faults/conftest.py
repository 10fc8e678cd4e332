"""Faults are told through the REST application, the way a user's script would meet them."""

from __future__ import annotations

from tests.api.conftest import alice, api, as_alice, as_bob, bob, connect, door

__all__ = ["alice", "api", "as_alice", "as_bob", "bob", "connect", "door"]
