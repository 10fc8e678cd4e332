"""Attacks on the websocket's handshake and its frames; the application behind the door only echoes."""

from __future__ import annotations

import asyncio
import re
import time
from urllib.parse import parse_qs

import pytest

from smartfolio_app.security import pace, sessions, socket, tokens
from smartfolio_app.security.connections import LIVE
from smartfolio_app.security.handshake import bound_token
from smartfolio_app.security.middleware import protect
from smartfolio_app.security.recognise import close_ended_sockets
from smartfolio_app.services import accounts
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import User, UserSession
from tests.security.asgi import Echo, Socket

TOKEN = "5f0c2f3e-1111-4222-8333-444455556666"
QUERY = f"EIO=4&transport=websocket&token={TOKEN}"


@pytest.fixture
def app():
    return Echo()


@pytest.fixture
def door(app, settings, tmp_path):
    return protect(app, settings, static_dir=tmp_path)


def sign_in(user_id: str) -> str:
    with session_scope() as db:
        return sessions.issue(db, user_id)


def seen_token(app: Echo) -> str:
    return parse_qs(app.scopes[-1]["query_string"].decode())["token"][0]


def frame(what: object) -> str:
    return f'42/_event,["event",{{"name":"{what}"}}]'


async def opened(door, **options):
    async with Socket(door, query=QUERY, **options) as client:
        return (await client.answer())["type"] == "websocket.accept"


async def test_own_page_may_connect_and_talk(door, app):
    async with Socket(door, query=QUERY) as client:
        assert (await client.answer())["type"] == "websocket.accept"
        client.say("40/_event,")
        assert (await client.answer())["text"] == "40/_event,"


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://evil.example",
        "http://localhost:9090",
        "http://localhost",
        "https://localhost:8080.evil.example",
    ],
)
async def test_foreign_or_missing_origin_never_reaches_the_app(door, app, alice, origin):
    cookie = f"{sessions.PLAIN_COOKIE}={sign_in(alice)}"
    async with Socket(door, query=QUERY, cookie=cookie, origin=origin) as client:
        assert await client.is_refused()
    assert app.scopes == []


async def test_opened_socket_has_its_request_id_and_the_headers_of_every_answer(door):
    async with Socket(door, query=QUERY) as client:
        accepted = await client.answer()
    headers = {name.decode(): value.decode() for name, value in accepted["headers"]}
    assert re.fullmatch("[0-9a-f]{32}", headers["x-request-id"])
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["cache-control"] == "no-store"


async def test_token_opens_no_socket_of_its_users(door, app, alice):
    """A socket is a page's: whoever has an API token alone is nobody there, whatever it may do elsewhere."""
    with session_scope() as db:
        given = [tokens.create(db, alice, name=scope, scope=scope)[1] for scope in ("read", "write")]
    seen = set()
    for authorization in ("", *(f"Bearer {one}" for one in given)):
        assert await opened(door, authorization=authorization)
        assert {"cookie", "authorization"}.isdisjoint(app.headers())
        seen.add(seen_token(app))
    assert len(seen) == 1


@pytest.mark.parametrize("path", ["/", "/api/socket", "/_event/other", "/_upload"])
async def test_there_is_one_websocket_address(door, app, path):
    async with Socket(door, query=QUERY, path=path) as client:
        assert await client.is_refused()
    assert app.scopes == []


async def test_app_sees_the_sessions_hash_and_a_bound_token_and_no_secret(door, app, alice):
    value = sign_in(alice)
    cookie = f"other=1; {sessions.PLAIN_COOKIE}={value}; last=2"
    assert await opened(door, cookie=cookie, authorization="Bearer smartfolio_x")
    shown = app.headers()
    assert shown["cookie"] == f"{sessions.PLAIN_COOKIE}={sessions.hash_of(value)}"
    assert "authorization" not in shown
    assert value not in str(app.scopes[-1]["headers"])
    assert seen_token(app) == bound_token(sessions.hash_of(value), TOKEN, door._key)


async def test_copied_tab_token_finds_another_state(door, app, alice, bob):
    states = set()
    for cookie in (sign_in(alice), sign_in(bob), "", "x" * 43):
        assert await opened(door, cookie=f"{sessions.PLAIN_COOKIE}={cookie}" if cookie else "")
        states.add(seen_token(app))
    # alice, bob, and one for all who are nobody
    assert len(states) == 3


async def test_stolen_hash_as_cookie_is_nobody(door, app, alice):
    stolen = sessions.hash_of(sign_in(alice))
    for cookie in (stolen, stolen[:43]):
        assert await opened(door, cookie=f"{sessions.PLAIN_COOKIE}={cookie}")
        assert "cookie" not in app.headers()


async def test_state_does_not_outlive_the_session(door, app, alice):
    value = sign_in(alice)
    cookie = f"{sessions.PLAIN_COOKIE}={value}"
    assert await opened(door, cookie=cookie)
    before = seen_token(app)
    with session_scope() as db:
        sessions.revoke_hash(db, sessions.hash_of(value))
    assert await opened(door, cookie=cookie)
    assert seen_token(app) != before
    assert "cookie" not in app.headers()


async def test_disabled_user_connects_as_nobody(door, app, alice):
    cookie = f"{sessions.PLAIN_COOKIE}={sign_in(alice)}"
    with session_scope() as db:
        db.get(User, alice).disabled = True
    assert await opened(door, cookie=cookie)
    assert "cookie" not in app.headers()


@pytest.mark.parametrize("query", ["", "token=", f"token={TOKEN}&token={TOKEN}", "token=../../etc"])
async def test_handshake_without_one_good_token_is_refused(door, app, query):
    async with Socket(door, query=query) as client:
        assert await client.is_refused()
    assert app.scopes == []


async def test_token_dealt_out_by_the_app_comes_back_to_its_own_session_only(door, app, alice, bob):
    dealt = "11111111-2222-4333-8444-555555555555"
    app.answers = [f'42/_event,["new_token","{dealt}"]']
    alices, bobs = (f"{sessions.PLAIN_COOKIE}={sign_in(user)}" for user in (alice, bob))
    async with Socket(door, query=QUERY, cookie=alices) as client:
        await client.answer()
        sealed = (await client.answer())["text"].split('"')[3]
    assert sealed != dealt
    async with Socket(door, query=f"token={sealed}", cookie=alices) as client:
        await client.answer()
    assert seen_token(app) == dealt
    for cookie in (bobs, ""):
        async with Socket(door, query=f"token={sealed}", cookie=cookie) as client:
            await client.answer()
        assert seen_token(app) != dealt
    async with Socket(door, query=f"token={dealt}", cookie=alices) as client:
        await client.answer()
    assert seen_token(app) != dealt


async def test_revoking_a_device_closes_what_it_has_open(door, alice):
    value = sign_in(alice)
    async with Socket(door, query=QUERY, cookie=f"{sessions.PLAIN_COOKIE}={value}") as client:
        await client.answer()
        assert len(LIVE) == 1
        with session_scope() as db:
            sessions.revoke(db, alice, sessions.hash_of(value)[:16])
            db.flush()
            await asyncio.sleep(0.05)
            assert client.from_app.empty()  # not before it is certain
        assert (await client.answer())["type"] == "websocket.close"
    assert len(LIVE) == 0


async def test_signing_the_others_out_leaves_this_one_open(door, alice):
    here, there = sign_in(alice), sign_in(alice)
    async with (
        Socket(door, query=QUERY, cookie=f"{sessions.PLAIN_COOKIE}={here}") as mine,
        Socket(door, query=QUERY, cookie=f"{sessions.PLAIN_COOKIE}={there}") as other,
    ):
        await mine.answer()
        await other.answer()
        with session_scope() as db:
            sessions.revoke_others(db, alice, keep=sessions.hash_of(here)[:16])
        assert (await other.answer())["type"] == "websocket.close"
        mine.say(frame("still here"))
        assert (await mine.answer())["text"] == frame("still here")


async def test_disabling_a_user_closes_what_they_have_open(door, bob):
    async with Socket(door, query=QUERY, cookie=f"{sessions.PLAIN_COOKIE}={sign_in(bob)}") as client:
        await client.answer()
        with session_scope() as db:
            accounts.disable(db, bob)
        assert (await client.answer())["type"] == "websocket.close"


async def test_sessions_that_ended_elsewhere_are_found(door, alice):
    value = sign_in(alice)
    async with Socket(door, query=QUERY, cookie=f"{sessions.PLAIN_COOKIE}={value}") as client:
        await client.answer()
        with session_scope() as db:
            db.delete(db.get(UserSession, sessions.hash_of(value)))
        assert close_ended_sockets() == 1
        assert (await client.answer())["type"] == "websocket.close"


async def test_revocation_by_another_process_is_found_out(door, app, alice, monkeypatch):
    monkeypatch.setattr(socket, "RECHECK_SECONDS", 0.0)
    value = sign_in(alice)
    async with Socket(door, query=QUERY, cookie=f"{sessions.PLAIN_COOKIE}={value}") as client:
        await client.answer()
        client.say(frame("before"))
        assert (await client.answer())["text"] == frame("before")
        with session_scope() as db:
            db.delete(db.get(UserSession, sessions.hash_of(value)))
        client.say(frame("after"))
        assert (await client.answer())["type"] == "websocket.close"
    assert app.frames == [frame("before")]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "websocket.receive", "text": "4" * (socket.FRAME_LIMIT + 1)}, socket.TOO_BIG),
        ({"type": "websocket.receive", "bytes": b"\x00"}, socket.UNSUPPORTED),
        ({"type": "websocket.receive", "text": "nonsense"}, socket.UNSUPPORTED),
        ({"type": "websocket.receive", "text": "3" + "x" * 100}, socket.UNSUPPORTED),
    ],
)
async def test_frames_that_are_none_of_ours_end_the_socket(door, app, message, code):
    async with Socket(door, query=QUERY) as client:
        await client.answer()
        client.to_app.put_nowait(message)
        assert await client.answer() == {"type": "websocket.close", "code": code}
    assert app.frames == []


async def test_flood_of_frames_is_slowed_down_and_nothing_is_lost(app, settings, tmp_path):
    quick = settings.model_copy(update={"rate_limit_refill_rate": 50.0, "rate_limit_burst_size": 10.0})
    door = protect(app, quick, static_dir=tmp_path)
    async with Socket(door, query=QUERY) as client:
        await client.answer()
        started = time.monotonic()
        for number in range(29):
            client.say(frame(number))
        answers = [(await client.answer())["text"] for _ in range(29)]
        took = time.monotonic() - started
    assert answers == [frame(number) for number in range(29)]
    # 1 token went to the handshake, 9 were left; the other 20 come at 50 a second
    assert took >= 0.3


async def test_ping_and_pong_are_free(app, settings, tmp_path):
    slow = settings.model_copy(update={"rate_limit_refill_rate": 0.01, "rate_limit_burst_size": 2.0})
    door = protect(app, slow, static_dir=tmp_path)
    async with Socket(door, query=QUERY) as client:
        await client.answer()
        for _ in range(50):
            client.say("3")
        assert [(await client.answer())["text"] for _ in range(50)] == ["3"] * 50
        client.say(frame("the last token"))
        assert (await client.answer())["text"] == frame("the last token")
        client.say(frame("waits"))
        with pytest.raises(asyncio.TimeoutError):
            await client.answer(within=0.2)


async def test_handshakes_are_limited_too_and_another_address_is_not_touched(app, settings, tmp_path):
    slow = settings.model_copy(update={"rate_limit_refill_rate": 0.01, "rate_limit_burst_size": 3.0})
    door = protect(app, slow, static_dir=tmp_path)
    assert [await opened(door) for _ in range(5)] == [True, True, True, False, False]
    assert await opened(door, peer="198.51.100.2")


# ------------------------------------------------------------------------------------- what a page is told meanwhile
JOINED = '40/_event,{"sid":"x"}'


def held_up(waiting: bool) -> str:
    return f'42/_event,["held up",{str(waiting).lower()}]'


@pytest.fixture
def paced(app, settings, tmp_path, monkeypatch):
    """A door with a small bucket, whose waits are noticeable at once; pages on it are connected."""
    monkeypatch.setattr(pace, "NOTICEABLE_SECONDS", 0.0)
    monkeypatch.setattr(pace, "CALM_SECONDS", 0.05)
    app.answers = [JOINED]
    quick = settings.model_copy(update={"rate_limit_refill_rate": 20.0, "rate_limit_burst_size": 3.0})
    return protect(app, quick, static_dir=tmp_path, held_up_frame=held_up)


async def test_page_is_told_once_that_its_events_wait_and_once_that_they_no_longer_do(paced):
    async with Socket(paced, query=QUERY) as client:
        assert [(await client.answer()).get("text") for _ in range(2)] == [None, JOINED]
        for number in range(12):
            client.say(frame(number))
        heard = [(await client.answer(30))["text"] for _ in range(14)]
    assert [one for one in heard if "held up" not in one] == [frame(number) for number in range(12)]
    assert [one for one in heard if "held up" in one] == [held_up(True), held_up(False)]
    assert heard[-1] == held_up(False)


async def test_page_that_is_not_connected_yet_is_told_nothing(paced, app):
    app.answers = []
    async with Socket(paced, query=QUERY) as client:
        await client.answer()
        for number in range(6):
            client.say(frame(number))
        assert [(await client.answer(30))["text"] for _ in range(6)] == [frame(number) for number in range(6)]
        assert client.from_app.empty()


async def test_wait_that_nobody_notices_is_not_mentioned(paced, monkeypatch):
    monkeypatch.setattr(pace, "NOTICEABLE_SECONDS", 3600.0)
    async with Socket(paced, query=QUERY) as client:
        for _ in range(2):
            await client.answer()
        for number in range(8):
            client.say(frame(number))
        assert [(await client.answer(30))["text"] for _ in range(8)] == [frame(number) for number in range(8)]
        assert client.from_app.empty()
