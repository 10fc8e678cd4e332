"""Behind a proxy that signs people in: its word counts, nobody else's does."""

from __future__ import annotations

from ipaddress import ip_network
from urllib.parse import quote

import httpx
import pytest

from smartfolio_app.api.app import create_api
from smartfolio_app.security import sessions
from smartfolio_app.security.middleware import protect
from smartfolio_app.services import accounts
from smartfolio_app.settings import SettingsError, load_settings
from smartfolio_app.storage.engine import configure, session_scope
from tests.api.conftest import cookie_of, token_of
from tests.security.asgi import ORIGIN, Echo, Socket

PROXY, STRANGER = "10.0.0.1", "198.51.100.1"
PAGE = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def settings(settings):
    trusting = settings.model_copy(
        update={"trusted_proxies": (ip_network("10.0.0.0/8"),), "trusted_header": "Remote-User"}
    )
    configure(trusting)
    return trusting


@pytest.fixture
def api(settings):
    api = create_api()
    api.mount("", Echo())
    return api


@pytest.fixture
def door(api, settings, tmp_path):
    return protect(api, settings, static_dir=tmp_path / "none", limits=api.state.limits)


@pytest.fixture
def ask(door):
    def client(peer: str = PROXY, user: str | None = "alice", cookie: str = "", **more: str):
        headers = {"origin": ORIGIN, "x-forwarded-for": "203.0.113.9"}
        if user is not None:
            headers["remote-user"] = user
        if cookie:
            headers["cookie"] = f"{sessions.PLAIN_COOKIE}={cookie}"
        transport = httpx.ASGITransport(door, client=(peer, 4000))
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers | more)

    return client


async def test_page_signs_in_who_the_proxy_names(ask, alice):
    first = await ask().get("/holdings?crypto=all", headers=PAGE)
    assert first.status_code == 303
    assert first.headers["location"] == f"/auth/proxy?next={quote('/holdings?crypto=all')}"
    second = await ask().get(first.headers["location"])
    assert (second.status_code, second.headers["location"]) == (303, "/holdings?crypto=all")
    cookie = second.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert "HttpOnly" in second.headers["set-cookie"]
    assert (await ask(cookie=cookie).get("/holdings", headers=PAGE)).status_code == 200
    me = (await ask(cookie=cookie).get("/api/users/me")).json()
    assert (me["user_id"], me["via"]) == (alice, "session")


async def test_scripts_behind_the_proxy_need_no_session(ask, alice):
    me = (await ask(user="ALICE").get("/api/users/me")).json()
    assert (me["user_id"], me["via"]) == (alice, "proxy")


@pytest.mark.parametrize("user", ["mallory", "", " ", "Demo", "a" * 500])
async def test_unknown_names_are_nobody(ask, alice, user):
    assert (await ask(user=user).get("/api/users/me")).status_code == 401
    assert (await ask(user=user).get("/", headers=PAGE)).status_code == 200
    assert (await ask(user=user).get("/auth/proxy")).headers["location"].startswith("/login?error=")


async def test_the_sample_user_and_who_is_disabled_are_nobody_either(ask, alice):
    with session_scope() as db:
        sample = accounts.create_user(db, "sample", "", demo=True).name
        accounts.create_user(db, "root", "correct horse battery", admin=True)
        accounts.disable(db, "alice")
    for name in (sample, "alice"):
        assert (await ask(user=name).get("/api/users/me")).status_code == 401


async def test_header_of_a_stranger_means_nothing(ask, alice):
    for more in ({}, {"x-forwarded-for": "10.0.0.1"}, {"forwarded": "for=10.0.0.1"}):
        client = ask(peer=STRANGER, **more)
        assert (await client.get("/api/users/me")).status_code == 401
        assert (await client.get("/", headers=PAGE)).status_code == 200
        answer = await client.get("/auth/proxy")
        assert "set-cookie" not in answer.headers


async def test_header_sent_twice_is_nobodys_word(door, alice):
    transport = httpx.ASGITransport(door, client=(PROXY, 4000))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        pairs = [("remote-user", "alice"), ("Remote-User", "mallory")]
        assert (await client.get("/api/users/me", headers=pairs)).status_code == 401


async def test_switched_off_it_is_never_believed(settings, alice, tmp_path):
    plain = settings.model_copy(update={"trusted_header": ""})
    configure(plain)
    api = create_api()
    door = protect(api, plain, static_dir=tmp_path / "none", limits=api.state.limits)
    transport = httpx.ASGITransport(door, client=(PROXY, 4000))
    async with httpx.AsyncClient(
        transport=transport, base_url=ORIGIN, headers={"remote-user": "alice"}
    ) as client:
        for name in ("remote-user", "x-user", "x-remote-user"):
            assert (await client.get("/api/users/me", headers={name: "alice"})).status_code == 401


async def test_disabled_user_is_nobody_there_too(ask, alice, bob):
    with session_scope() as db:
        accounts.disable(db, "bob")
    assert (await ask(user="bob").get("/api/users/me")).status_code == 401


async def test_session_of_another_than_the_proxy_names_is_none(ask, alice, bob):
    cookie = cookie_of(bob)
    assert (await ask(cookie=cookie).get("/api/users/me")).json()["user_id"] == alice
    assert (await ask(cookie=cookie).get("/", headers=PAGE)).status_code == 303
    assert (await ask(cookie=cookie, user="mallory").get("/api/users/me")).status_code == 401


async def test_foreign_page_cannot_ride_on_the_proxys_sign_in(ask, alice):
    answer = await ask(origin="http://evil.example").patch("/api/settings", json={"theme": "dark"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "auth.foreign_origin")
    assert (await ask().patch("/api/settings", json={"theme": "dark"})).status_code == 200


async def test_token_still_stands_for_its_own_user(ask, alice, bob):
    headers = {"authorization": f"Bearer {token_of(bob)}"}
    assert (await ask().get("/api/users/me", headers=headers)).json()["user_id"] == bob


async def test_websocket_follows_the_same_rule(settings, alice, bob, tmp_path):
    app = Echo()
    door = protect(app, settings, static_dir=tmp_path)
    query = "EIO=4&transport=websocket&token=tab"
    cookie = f"{sessions.PLAIN_COOKIE}={cookie_of(bob)}"
    for user, expected in (("bob", True), ("alice", False), ("", True)):
        async with Socket(door, query=query, cookie=cookie, peer=PROXY, remote_user=user) as client:
            await client.answer()
        assert ("cookie" in app.headers()) is expected
        assert "remote-user" not in app.headers()


async def test_pages_never_see_the_header(ask, door, alice, api):
    await ask(peer=STRANGER).get("/")
    echo = api.routes[-1].app
    assert "remote-user" not in echo.headers()


async def test_browser_without_cookies_does_not_go_round_for_ever(ask, alice):
    statuses = [(await ask().get("/", headers=PAGE)).status_code for _ in range(25)]
    assert statuses[:20] == [303] * 20
    assert statuses[-1] == 200


@pytest.mark.parametrize("name", ["Remote User", "x:y", "é"])
def test_header_name_that_is_none_refuses_the_start(monkeypatch, name):
    monkeypatch.setenv("SECURITY_TRUSTED_HEADER", name)
    with pytest.raises(SettingsError):
        load_settings()
