"""Signing in and out through the forms."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlmodel import select

from smartfolio_app.security import sessions
from smartfolio_app.services import accounts, audit, user_settings
from smartfolio_app.settings import Settings
from smartfolio_app.storage.engine import configure, session_scope
from smartfolio_app.storage.tables import User, UserSession
from tests.api.conftest import PASSWORD, cookie_of


def went_to(answer) -> tuple[str, dict[str, str]]:
    assert answer.status_code == 303
    parts = urlsplit(answer.headers["location"])
    return parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}


def cookie_in(answer) -> str:
    return answer.headers.get("set-cookie", "").partition("=")[2].partition(";")[0]


def viewer_under(cookie: str):
    with session_scope() as db:
        found = sessions.find(db, sessions.hash_of(cookie))
    return found and found.viewer


async def test_right_password_signs_in_and_leads_on(connect, alice):
    answer = await connect().post(
        "/auth/login", data={"name": "Alice", "password": PASSWORD, "next": "/holdings?q=1"}
    )
    assert answer.headers["location"] == "/holdings?q=1"
    flags = answer.headers["set-cookie"]
    assert "HttpOnly" in flags
    assert "SameSite=strict" in flags
    assert "Path=/" in flags
    assert "Secure" not in flags
    assert "Domain" not in flags
    assert viewer_under(cookie_in(answer)).user_id == alice
    with session_scope() as db:
        device = sessions.devices(db, alice)[0]
    assert (device.label, device.address) == ("Firefox · Linux", "198.51.100.1")


async def test_over_https_the_cookie_is_bound_to_the_host_and_secure(connect, alice):
    client = connect(base="https://wealth.example", origin="https://wealth.example")
    answer = await client.post("/auth/login", data={"name": "alice", "password": PASSWORD})
    assert answer.headers["set-cookie"].startswith(f"{sessions.SECURE_COOKIE}=")
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("name", "password"),
    [("alice", "wrong password!"), ("nobody", PASSWORD), ("alice", ""), ("", ""), ("a" * 2000, "b" * 2000)],
)
async def test_wrong_name_and_wrong_password_look_the_same(connect, alice, name, password):
    answer = await connect().post("/auth/login", data={"name": name, "password": password})
    assert went_to(answer) == ("/login", {"error": "auth.wrong_password"})
    assert "set-cookie" not in answer.headers


async def test_disabled_user_cannot_sign_in(connect, alice):
    with session_scope() as db:
        db.get(User, alice).disabled = True
    answer = await connect().post("/auth/login", data={"name": "alice", "password": PASSWORD})
    assert went_to(answer)[1]["error"] == "auth.wrong_password"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/x\\y",
        "javascript:alert(1)",
        "",
        "/a\r\nSet-Cookie: x=y",
        "/auth/logout",
        "/login",
    ],
)
async def test_sign_in_never_leads_to_another_site(connect, alice, target):
    answer = await connect().post("/auth/login", data={"name": "alice", "password": PASSWORD, "next": target})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
@pytest.mark.parametrize(
    "address", ["/auth/login", "/auth/setup", "/auth/demo", "/auth/logout", "/auth/password"]
)
async def test_forms_of_other_sites_are_refused(connect, alice, address, origin):
    cookie = cookie_of(alice)
    fields = {"name": "alice", "password": PASSWORD, "current": PASSWORD, "new": "another long secret"}
    answer = await connect(cookie=cookie, origin=origin).post(address, data=fields)
    assert went_to(answer)[1]["error"] == "auth.foreign_origin"
    assert "set-cookie" not in answer.headers
    assert viewer_under(cookie) is not None


async def test_new_sign_in_ends_the_session_the_browser_had(connect, alice, bob):
    old = cookie_of(bob)
    answer = await connect(cookie=old).post("/auth/login", data={"name": "alice", "password": PASSWORD})
    assert viewer_under(old) is None
    assert viewer_under(cookie_in(answer)).user_id == alice


async def test_planted_cookie_is_not_adopted(connect, alice):
    planted = "p" * 43
    answer = await connect(cookie=planted).post("/auth/login", data={"name": "alice", "password": PASSWORD})
    assert cookie_in(answer) != planted
    assert viewer_under(planted) is None


async def test_guessing_is_slowed_down_with_the_time_to_wait(connect, alice):
    client = connect()
    errors = [
        went_to(
            await client.post("/auth/login", data={"name": "alice", "password": f"guess number {number}"})
        )[1]
        for number in range(5)
    ]
    assert [one["error"] for one in errors[:3]] == ["auth.wrong_password"] * 3
    assert errors[3]["error"] == "auth.too_many_attempts"
    assert int(errors[3]["wait"]) >= 1
    # even the right password has to wait there, but not from another address
    refused = await client.post("/auth/login", data={"name": "alice", "password": PASSWORD})
    assert went_to(refused)[1]["error"] == "auth.too_many_attempts"
    answer = await connect(peer="198.51.100.2").post(
        "/auth/login", data={"name": "alice", "password": PASSWORD}
    )
    assert went_to(answer)[0] == "/"


async def test_sign_ins_are_in_the_audit_log(connect, alice):
    for name in ("Alice", "nobody"):
        await connect().post("/auth/login", data={"name": name, "password": "a wrong password"})
    await connect().post("/auth/login", data={"name": "alice", "password": PASSWORD})
    with session_scope() as db:
        mine = audit.entries(db, alice)
        nobodys = audit.entries(db, "")
    assert [one.action for one in mine[:2]] == ["session.login", "session.refused"]
    assert {one.address for one in mine[:2]} == {"198.51.100.1"}
    assert [one.detail["name"] for one in nobodys if one.action == "session.refused"] == ["nobody"]
    assert "a wrong password" not in str([*mine, *nobodys])


# ------------------------------------------------------------------------------------------------------ sign-out
async def test_sign_out_ends_the_session_and_clears_the_cookie(connect, alice):
    cookie, other = cookie_of(alice), cookie_of(alice)
    answer = await connect(cookie=cookie).post("/auth/logout")
    assert went_to(answer) == ("/login", {})
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert viewer_under(cookie) is None
    assert viewer_under(other) is not None


async def test_sign_out_without_a_session_is_harmless(connect, settings):
    assert went_to(await connect().post("/auth/logout"))[0] == "/login"


@pytest.mark.parametrize(
    "address", ["/auth/logout", "/auth/login", "/auth/demo", "/auth/setup", "/auth/password"]
)
async def test_links_and_images_can_do_nothing(connect, alice, address):
    cookie = cookie_of(alice)
    answer = await connect(cookie=cookie).get(address)
    assert answer.status_code == 405
    assert viewer_under(cookie) is not None


# ------------------------------------------------------------------------------------------------------ password
async def test_new_password_signs_every_other_device_out(connect, alice):
    here, elsewhere = cookie_of(alice), cookie_of(alice)
    fields = {"current": PASSWORD, "new": "a new and longer one"}
    answer = await connect(cookie=here).post("/auth/password", data=fields)
    assert went_to(answer) == ("/settings", {"notice": "auth.password_changed"})
    assert viewer_under(here) is not None
    assert viewer_under(elsewhere) is None
    with session_scope() as db:
        assert accounts.authenticate(db, "alice", "a new and longer one")
        assert not accounts.authenticate(db, "alice", PASSWORD)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"current": "not it at all", "new": "a new and longer one"}, "account.wrong_password"),
        ({"current": PASSWORD, "new": "short"}, "auth.password_too_short"),
        ({}, "account.wrong_password"),
    ],
)
async def test_password_changes_only_with_the_current_one_and_to_a_strong_one(connect, alice, fields, error):
    answer = await connect(cookie=cookie_of(alice)).post("/auth/password", data=fields)
    assert went_to(answer) == ("/settings", {"error": error})


async def test_stolen_session_cannot_guess_the_password_fast(connect, alice):
    client = connect(cookie=cookie_of(alice))
    errors = [
        went_to(
            await client.post("/auth/password", data={"current": f"guess {number}", "new": "a new long one"})
        )[1]["error"]
        for number in range(4)
    ]
    assert errors[-1] == "auth.too_many_attempts"


@pytest.mark.parametrize(
    ("told", "kept"), [("Europe/Paris", "Europe/Paris"), ("Mars/Olympus", "UTC"), ("", "UTC")]
)
async def test_the_first_sign_in_brings_the_browsers_time_zone(connect, alice, told, kept):
    fields = {"name": "alice", "password": PASSWORD}
    await connect().post("/auth/login", data=fields | {"time_zone": told})
    await connect().post(
        "/auth/login", data=fields | {"time_zone": "Asia/Tokyo"}
    )  # only the first one decides
    with session_scope() as db:
        assert user_settings.get(db, alice).time_zone == kept


# -------------------------------------------------------------------------------------------------------- set-up
@pytest.fixture
def link(settings) -> str:
    with session_scope() as db:
        return parse_qs(urlsplit(accounts.make_setup_link(db)).query)["token"][0]


async def test_set_up_link_creates_the_first_administrator_once(connect, link):
    fields = {"token": link, "name": "Ada", "password": PASSWORD, "language": "fr", "currency": "CHF"}
    answer = await connect().post("/auth/setup", data=fields)
    assert went_to(answer)[0] == "/"
    viewer = viewer_under(cookie_in(answer))
    assert (viewer.name, viewer.is_admin) == ("Ada", True)
    again = await connect().post("/auth/setup", data=fields | {"name": "Eve"})
    assert went_to(again)[1]["error"] == "account.setup_link_spent"
    with session_scope() as db:
        assert [user.name for user in accounts.list_users(db)] == ["Ada"]


async def test_visitor_without_the_link_cannot_set_up(connect, link):
    for token in ("", "x", link[:-1], link.swapcase()):
        answer = await connect().post(
            "/auth/setup", data={"token": token, "name": "Eve", "password": PASSWORD}
        )
        assert went_to(answer)[1]["error"] == "account.setup_link_spent"


async def test_guessing_set_up_links_is_limited_for_the_guesser_alone(connect, link):
    guess = {"token": "x" * 43, "name": "Eve", "password": PASSWORD}
    errors = [went_to(await connect().post("/auth/setup", data=guess))[1] for _ in range(8)]
    assert [one["error"] for one in errors[:5]] == ["account.setup_link_spent"] * 5
    assert errors[-1]["error"] == "limit.too_many_requests"
    assert int(errors[-1]["wait"]) >= 1
    right = {"token": link, "name": "Ada", "password": PASSWORD}
    assert went_to(await connect(peer="198.51.100.2").post("/auth/setup", data=right))[0] == "/"


async def test_weak_password_leaves_the_link_in_force(connect, link):
    answer = await connect().post("/auth/setup", data={"token": link, "name": "Ada", "password": "short"})
    assert went_to(answer) == ("/setup", {"token": link, "error": "auth.password_too_short"})
    answer = await connect().post("/auth/setup", data={"token": link, "name": "Ada", "password": PASSWORD})
    assert went_to(answer)[0] == "/"


async def test_guessing_set_up_links_is_limited(connect, link):
    answers = [await connect().post("/auth/setup", data={"token": f"guess{number}"}) for number in range(7)]
    assert went_to(answers[-1])[1]["error"] == "limit.too_many_requests"


# ---------------------------------------------------------------------------------------------------------- demo
async def test_anybody_may_look_at_the_sample_data(connect, alice):
    answer = await connect().post("/auth/demo")
    assert went_to(answer)[0] == "/"
    viewer = viewer_under(cookie_in(answer))
    assert viewer.is_demo
    assert not viewer.is_admin
    assert viewer.user_id != alice


async def test_the_sample_user_speaks_the_visitor_s_language(connect):
    async def language(**sent):
        viewer = viewer_under(cookie_in(await connect().post("/auth/demo", **sent)))
        with session_scope() as db:
            return user_settings.get(db, viewer.user_id).language

    assert await language(headers={"Accept-Language": "fr-CH,fr;q=0.9"}) == "fr"
    assert await language(headers={"Accept-Language": "fr"}, data={"language": "en"}) == "en"
    assert went_to(await connect().post("/auth/demo", data={"language": "xx"}))[0] == "/login"


async def test_administrator_may_shut_the_sample_user_out(connect, alice):
    await connect().post("/auth/demo")
    with session_scope() as db:
        accounts.disable(db, "Demo")
    assert went_to(await connect().post("/auth/demo"))[1]["error"] == "auth.not_allowed"


async def test_sample_user_has_no_password_to_sign_in_with(connect, settings):
    await connect().post("/auth/demo")
    for password in ("", "demo", "Demo"):
        answer = await connect(peer="198.51.100.3").post(
            "/auth/login", data={"name": "Demo", "password": password}
        )
        assert went_to(answer)[1]["error"] == "auth.wrong_password"


# ------------------------------------------------------------------------------------------------------- details
async def test_expired_sessions_are_swept_when_somebody_signs_in(connect, alice):
    with session_scope() as db:
        sessions.issue(db, alice, days=1, now=datetime(2020, 1, 1, tzinfo=UTC))
    await connect().post("/auth/login", data={"name": "alice", "password": PASSWORD})
    with session_scope() as db:
        assert len(db.exec(select(UserSession)).all()) == 1


async def test_secure_cookies_can_be_forced(connect, alice, settings, monkeypatch):
    forced = Settings(data_dir=settings.data_dir, secure_cookies="on", offline=True)
    configure(forced)
    answer = await connect().post("/auth/login", data={"name": "alice", "password": PASSWORD})
    configure(settings)
    assert "Secure" in answer.headers["set-cookie"]


async def test_endless_fields_are_refused(connect, settings):
    answer = await connect().post("/auth/login", data={"name": "x" * 5000})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "request.invalid"


async def test_healthz_answers_without_a_sign_in(connect, settings):
    answer = await connect().get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


@pytest.mark.parametrize("path", ["/api", "/api/nothing", "/auth/nothing", "/api/settings/../nothing"])
async def test_unknown_addresses_of_the_api_are_not_pages(connect, settings, path):
    answer = await connect().get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "request.not_found"
