"""A browser whose form the door refuses sees its page again, with a sentence; everybody else gets the JSON."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from smartfolio_app.api import auth
from smartfolio_app.security.forms import PAGES
from smartfolio_app.security.middleware import protect
from smartfolio_app.state.entrance import sentence
from tests.security.asgi import ORIGIN, Echo

PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "origin": ORIGIN}


@pytest.fixture
def spent(settings, tmp_path):
    """A client whose one token is spent at the first request."""
    slow = settings.model_copy(update={"rate_limit_refill_rate": 0.01, "rate_limit_burst_size": 1.0})
    door = protect(Echo(), slow, static_dir=tmp_path)
    return httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url=ORIGIN)


async def limited(client, path, **headers):
    await client.get("/api/x")
    return await client.post(path, data={"name": "x"}, headers=PAGE | headers)


@pytest.mark.parametrize("path", PAGES)
async def test_limited_form_comes_back_as_its_page_with_the_sentence(spent, path):
    answer = await limited(spent, path)
    assert answer.status_code == 303
    where = urlsplit(answer.headers["location"])
    query = dict(parse_qsl(where.query))
    assert (where.scheme, where.netloc, where.path) == ("", "", PAGES[path])
    assert query["error"] == "limit.too_many_requests"
    assert int(query["wait"]) >= 1
    assert query["wait"] in sentence(query["error"], query["wait"], "en")
    assert "content-security-policy" in answer.headers


async def test_page_keeps_what_its_address_said_but_not_the_last_error(spent):
    answer = await limited(spent, "/auth/setup", referer=f"{ORIGIN}/setup?token=abc&error=old&wait=9")
    query = parse_qsl(urlsplit(answer.headers["location"]).query)
    assert [name for name, _ in query] == ["token", "error", "wait"]
    assert dict(query)["token"] == "abc"


@pytest.mark.parametrize("referer", ["http://evil.example/setup?token=theirs", f"{ORIGIN}/login?token=other"])
async def test_what_another_page_said_is_not_kept(spent, referer):
    answer = await limited(spent, "/auth/setup", referer=referer)
    assert "token" not in answer.headers["location"]


async def test_scripts_get_the_json_and_the_fields(spent):
    answer = await limited(spent, "/auth/login", accept="*/*")
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "limit.too_many_requests"
    assert int(answer.headers["retry-after"]) >= 1


async def test_form_that_is_too_large_comes_back_too(settings, tmp_path):
    door = protect(Echo(), settings, static_dir=tmp_path)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url=ORIGIN) as client:
        answer = await client.post("/auth/login", content=b"x" * 100_000, headers=PAGE)
    assert answer.headers["location"] == "/login?error=request.body_too_large"


def test_every_form_of_the_api_has_its_page():
    posted = {route.path for route in auth.router.routes if "POST" in route.methods}
    assert posted == set(PAGES)
