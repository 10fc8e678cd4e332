"""What every HTTP request meets before the application."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network

import httpx
import pytest

from smartfolio_app.security import sessions, tokens
from smartfolio_app.security.handshake import bound_token
from smartfolio_app.security.limits import IMPORTS, user_key
from smartfolio_app.security.middleware import protect
from smartfolio_app.storage.engine import session_scope
from tests.security.asgi import ORIGIN, Echo


@pytest.fixture
def app():
    return Echo()


@pytest.fixture
def make(app, settings, tmp_path):
    def client(peer: str = "198.51.100.1", base: str = ORIGIN, **changes):
        changed = settings.model_copy(update=changes)
        door = protect(app, changed, static_dir=tmp_path)
        transport = httpx.ASGITransport(door, client=(peer, 4000))
        return httpx.AsyncClient(transport=transport, base_url=base)

    return client


def cookie_of(user_id: str) -> dict[str, str]:
    with session_scope() as db:
        return {"cookie": f"{sessions.PLAIN_COOKIE}={sessions.issue(db, user_id)}"}


async def test_headers_are_on_pages_files_errors_and_preflights(make):
    client = make()
    answers = [
        await client.get("/"),
        await client.get("/assets/x-12345678.js"),
        await client.get("/api/settings"),
        await client.get("/_health"),
        await client.post("/"),
        await client.post("/api/x", content=b"x" * 2_000_000),
        await client.options(
            "/api/settings",
            headers={"origin": "http://evil.example", "access-control-request-method": "POST"},
        ),
    ]
    assert [one.status_code for one in answers] == [200, 200, 200, 404, 405, 413, 204]
    for answer in answers:
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_errors_have_one_shape_in_the_callers_language(make):
    answer = await make().get("/_health", headers={"accept-language": "fr-FR, en;q=0.5"})
    assert answer.json() == {
        "error": {
            "code": "request.not_found",
            "message": "Il n’y a rien à cette adresse.",
            "detail": {},
            "request_id": answer.headers["x-request-id"],
        }
    }


async def test_app_never_sees_cookie_or_token(make, app, alice):
    with session_scope() as db:
        _, token = tokens.create(db, alice, name="", scope="read")
    await make().get("/api/x", headers=cookie_of(alice) | {"authorization": f"Bearer {token}"})
    assert "cookie" not in app.headers()
    assert "authorization" not in app.headers()
    assert token not in repr(app.scopes[-1])


async def test_app_sees_the_believed_client(make, app):
    client = make("10.0.0.1", trusted_proxies=(ip_network("10.0.0.0/8"),))
    answer = await client.get(
        "/", headers={"x-forwarded-for": "6.6.6.6, 203.0.113.5", "x-forwarded-proto": "https"}
    )
    assert app.scopes[-1]["client"][0] == "203.0.113.5"
    assert app.scopes[-1]["scheme"] == "https"
    assert "strict-transport-security" in answer.headers
    await make("10.0.0.1").get("/", headers={"x-forwarded-for": "203.0.113.5"})
    assert app.scopes[-1]["client"][0] == "10.0.0.1"


@pytest.mark.parametrize(
    "path", ["/ping", "/_health", "/_all_routes", "/_upload/secret.csv", "/_event", "/_event/"]
)
async def test_reflexs_own_addresses_are_not_there(make, app, path):
    assert (await make().get(path)).status_code == 404
    assert app.scopes == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"])
async def test_pages_are_only_read(make, app, method):
    assert (await make().request(method, "/holdings")).status_code == 405
    assert app.scopes == []


# ------------------------------------------------------------------------------------------------------- bodies
async def test_body_is_refused_by_its_declared_length(make, app):
    answer = await make().post("/api/x", content=b"", headers={"content-length": str(10**9)})
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "request.body_too_large"
    assert app.scopes == []


async def test_body_is_counted_while_it_streams(make):
    sent = 0

    async def endless():
        nonlocal sent
        for _ in range(1000):
            sent += 100_000
            yield b"x" * 100_000

    answer = await make().post("/api/x", content=endless())
    assert answer.status_code == 413
    assert sent < 1_400_000


@pytest.mark.parametrize("length", ["-1", "1e3", "x", ""])
async def test_length_that_is_no_number_is_refused(make, app, length):
    async with make() as client:
        request = client.build_request("POST", "/api/x", content=b"x")
        request.headers["content-length"] = length
        assert (await client.send(request)).status_code == 400
    assert app.scopes == []


async def test_an_import_may_be_as_large_as_the_setting_says(make):
    client = make(max_upload_mb=2)
    assert (await client.post("/api/sources/import", content=b"x" * 2_000_000)).status_code == 200
    assert (await client.post("/api/sources/import", content=b"x" * 2_300_000)).status_code == 413


# ------------------------------------------------------------------------------------------------------- limits
async def test_thirty_parallel_calls_of_one_user_are_never_limited(make, alice):
    client, cookie = make(), cookie_of(alice)
    answers = await asyncio.gather(*(client.get("/api/x", headers=cookie) for _ in range(30)))
    assert {one.status_code for one in answers} == {200}
    assert answers[0].headers["ratelimit-policy"] == '"default";q=50;w=3'
    assert answers[0].headers["ratelimit"].startswith('"default";r=')


async def test_limited_caller_is_told_when_to_come_back(make, still):
    client = make(rate_limit_refill_rate=0.1, rate_limit_burst_size=2.0)
    assert [(await client.get("/api/x")).status_code for _ in range(3)] == [200, 200, 429]
    answer = await client.get("/api/x")
    assert 1 <= int(answer.headers["retry-after"]) <= 10
    assert answer.headers["ratelimit"] == '"default";r=0;t=20'
    assert answer.headers["ratelimit-policy"] == '"default";q=2;w=20'
    assert answer.json()["error"]["code"] == "limit.too_many_requests"


async def test_retry_after_is_never_zero(make, still):
    client = make(rate_limit_refill_rate=1000.0, rate_limit_burst_size=1.0)
    answers = await asyncio.gather(*(client.get("/api/x") for _ in range(20)))
    limited = [one for one in answers if one.status_code == 429]
    assert limited
    assert {one.headers["retry-after"] for one in limited} == {"1"}


async def test_flood_from_an_address_leaves_the_user_behind_it_and_everybody_else_alone(
    app, settings, tmp_path, alice, still
):
    slow = settings.model_copy(update={"rate_limit_refill_rate": 0.1, "rate_limit_burst_size": 5.0})
    door = protect(app, slow, static_dir=tmp_path)

    def client(peer):
        return httpx.AsyncClient(transport=httpx.ASGITransport(door, client=(peer, 1)), base_url=ORIGIN)

    attacker = client("198.51.100.66")
    assert [(await attacker.get("/api/x")).status_code for _ in range(7)][-2:] == [429, 429]
    assert (await attacker.get("/api/x", headers=cookie_of(alice))).status_code == 200
    assert (await client("198.51.100.67").get("/api/x")).status_code == 200


async def test_signed_in_user_has_one_bucket_whatever_the_device(app, settings, tmp_path, alice, still):
    slow = settings.model_copy(update={"rate_limit_refill_rate": 0.01, "rate_limit_burst_size": 4.0})
    door = protect(app, slow, static_dir=tmp_path)
    with session_scope() as db:
        _, token = tokens.create(db, alice, name="", scope="read")
    statuses = []
    for peer, headers in (
        ("198.51.100.1", cookie_of(alice)),
        ("198.51.100.2", cookie_of(alice)),
        ("2001:db8::1", {"authorization": f"Bearer {token}"}),
        ("198.51.100.1", {"authorization": f"bearer {token}"}),
        ("198.51.100.9", cookie_of(alice)),
    ):
        transport = httpx.ASGITransport(door, client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            statuses.append((await client.get("/api/x", headers=headers)).status_code)
    assert statuses == [200, 200, 200, 200, 429]


async def test_made_up_forwarding_headers_open_no_new_bucket(make, still):
    client = make(rate_limit_refill_rate=0.01, rate_limit_burst_size=3.0)
    statuses = [
        (
            await client.get(
                "/api/x", headers={"x-forwarded-for": f"1.2.3.{number}", "forwarded": f"for=9.9.9.{number}"}
            )
        )
        for number in range(5)
    ]
    assert [one.status_code for one in statuses] == [200, 200, 200, 429, 429]


async def test_pages_files_and_health_are_free(make):
    client = make(rate_limit_refill_rate=0.01, rate_limit_burst_size=1.0)
    for path in ("/", "/assets/x-12345678.js", "/healthz", "/holdings"):
        statuses = {(await client.get(path)).status_code for _ in range(20)}
        assert statuses == {200}


async def test_wrong_tokens_run_into_their_own_small_bucket(make, alice, still):
    client = make()
    wrong = {"authorization": "Bearer smartfolio_" + "x" * 43}
    statuses = [(await client.get("/api/x", headers=wrong)).status_code for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    with session_scope() as db:
        _, token = tokens.create(db, alice, name="", scope="read")
    # the right token from the same address still works: nobody is locked out
    assert (await client.get("/api/x", headers={"authorization": f"Bearer {token}"})).status_code == 200


# ------------------------------------------------------------------------------------------------------ uploads
UPLOAD = {"reflex-client-token": "tab-1", "reflex-event-handler": "state.upload"}


async def test_upload_is_bound_to_its_session(make, app, alice):
    client, cookie = make(), cookie_of(alice)
    answer = await client.post("/_upload", content=b"x", headers=UPLOAD | cookie | {"origin": ORIGIN})
    assert answer.status_code == 200
    door = client._transport.app
    key = sessions.hash_of(cookie["cookie"].partition("=")[2])
    assert app.headers()["reflex-client-token"] == bound_token(key, "tab-1", door._key)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"cookie": ""}, 401),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": None}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"reflex-client-token": ""}, 400),
        ({"reflex-client-token": "../other"}, 400),
    ],
)
async def test_upload_from_elsewhere_never_reaches_the_app(make, app, alice, change, status):
    headers = {**UPLOAD, **cookie_of(alice), "origin": ORIGIN, **change}
    answer = await make().post(
        "/_upload",
        content=b"x",
        headers={name: value for name, value in headers.items() if value is not None},
    )
    assert answer.status_code == status
    assert app.scopes == []


async def test_uploads_draw_from_the_imports_bucket(make, alice, still):
    client = make()
    headers = UPLOAD | cookie_of(alice) | {"origin": ORIGIN}
    assert (await client.post("/_upload", content=b"x", headers=headers)).status_code == 200
    limits = client._transport.app.limits
    assert limits.take_now(IMPORTS, user_key(alice), cost=int(IMPORTS.burst) - 1).allowed
    assert (await client.post("/_upload", content=b"x", headers=headers)).status_code == 429
