"""The stand-in for the providers, and people; see ``tests/services/conftest``."""

from __future__ import annotations

from tests.services.conftest import _fresh_books, give, online, server, someone

__all__ = ["_fresh_books", "give", "online", "server", "someone"]
