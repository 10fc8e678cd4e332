"""The REST application behind its door, and two people who use it."""

from __future__ import annotations

import httpx
import pytest

from smartfolio_app.api.app import create_api
from smartfolio_app.security import sessions, tokens
from smartfolio_app.security.middleware import protect
from smartfolio_app.services import accounts
from smartfolio_app.storage.engine import session_scope
from tests.security.asgi import ORIGIN
from tests.security.conftest import PASSWORD, settings, still

__all__ = ["PASSWORD", "settings", "still"]


@pytest.fixture
def alice(settings) -> str:
    with session_scope() as db:
        return accounts.create_user(db, "alice", PASSWORD, admin=True).id


@pytest.fixture
def bob(settings) -> str:
    with session_scope() as db:
        return accounts.create_user(db, "bob", PASSWORD).id


@pytest.fixture
def api(settings):
    return create_api()


@pytest.fixture
def door(api, settings, tmp_path):
    return protect(api, settings, static_dir=tmp_path / "no-frontend", limits=api.state.limits)


@pytest.fixture
def connect(door):
    """A function that gives a client: ``connect(token=..., cookie=..., peer=...)``."""

    def client(
        *, token: str = "", cookie: str = "", peer: str = "198.51.100.1", origin: str = ORIGIN, base=ORIGIN
    ):
        headers = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
        if origin:
            headers["origin"] = origin
        if token:
            headers["authorization"] = f"Bearer {token}"
        if cookie:
            headers["cookie"] = f"{sessions.PLAIN_COOKIE}={cookie}"
        transport = httpx.ASGITransport(door, client=(peer, 4000), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=base, headers=headers)

    return client


def token_of(user_id: str, scope: str = "write") -> str:
    with session_scope() as db:
        return tokens.create(db, user_id, name="test", scope=scope)[1]


def cookie_of(user_id: str) -> str:
    with session_scope() as db:
        return sessions.issue(db, user_id)


@pytest.fixture
def as_alice(connect, alice):
    return connect(token=token_of(alice))


@pytest.fixture
def as_bob(connect, bob):
    return connect(token=token_of(bob))
