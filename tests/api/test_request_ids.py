"""One id for a request: in its answer, in its error, on its log lines; a stranger's own is not taken over."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from ipaddress import ip_network

import pytest
from structlog.contextvars import get_contextvars

from smartfolio_app.storage import engine
from smartfolio_app.telemetry import logs, request_ids
from tests.api.conftest import token_of

PROXY = "10.0.0.9"


@pytest.fixture
def lines():
    """What our loggers write meanwhile, as JSON objects."""
    written: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler, logger = Keep(), logging.getLogger("smartfolio_app")
    handler.setFormatter(logs.formatter("json"))
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield lambda: [json.loads(one) for one in written]
    logger.removeHandler(handler)
    logger.setLevel(before)


@pytest.fixture
def settings(settings):
    changed = settings.model_copy(update={"trusted_proxies": (ip_network("10.0.0.0/24"),)})
    engine.configure(changed)
    return changed


async def test_every_answer_has_an_id_of_its_own(connect, as_alice):
    answers = await asyncio.gather(
        *(
            client.get(path)
            for client in (connect(), as_alice)
            for path in ("/healthz", "/api/users/me", "/", "/x.js")
        )
    )
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == len(ids) == 8
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)


async def test_an_id_is_taken_over_from_a_trusted_proxy_alone_and_only_when_it_is_one(connect):
    given = {"x-request-id": "proxy-4711.abc"}
    assert (await connect(peer=PROXY).get("/healthz", headers=given)).headers[
        "x-request-id"
    ] == "proxy-4711.abc"
    assert (await connect().get("/healthz", headers=given)).headers["x-request-id"] != "proxy-4711.abc"
    for nonsense in ("short", "x" * 65, 'a"} {"level": "no', ""):
        answer = await connect(peer=PROXY).get("/healthz", headers={"x-request-id": nonsense})
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_errors_and_log_lines_carry_the_id(connect, alice, lines):
    client = connect(token=token_of(alice))
    refused = await client.get("/api/sources/4711/status")
    assert refused.status_code == 404
    assert refused.json()["error"]["request_id"] == refused.headers["x-request-id"]
    told = [one for one in lines() if one.get("request_id") == refused.headers["x-request-id"]]
    assert [(one["route"], one["status"]) for one in told if one["event"] == "request"] == [
        ("/api/sources/{key}/status", 404)
    ]


async def test_an_unforeseen_error_is_found_by_the_id_that_the_caller_was_told(connect, alice, api, lines):
    @api.get("/api/wrong/{number}")
    def wrong(number: int) -> None:
        raise RuntimeError("nobody foresaw this")

    api.router.routes.insert(0, api.router.routes.pop())
    answer = await connect(token=token_of(alice)).get("/api/wrong/1")
    assert answer.status_code == 500
    told = [one for one in lines() if one.get("request_id") == answer.json()["error"]["request_id"]]
    assert any("nobody foresaw this" in one.get("exception", "") for one in told)


def test_what_was_bound_for_one_request_is_not_on_the_next_ones_lines():
    first = request_ids.begin(handler="Some.handler")
    second = request_ids.begin()
    assert first != second == request_ids.current()
    assert get_contextvars() == {"request_id": second}


async def test_a_refused_request_has_its_id_too(connect, settings, still):
    client = connect()
    answers = [await client.get("/api/users/me") for _ in range(int(settings.rate_limit_burst_size) + 20)]
    limited = next(one for one in answers if one.status_code == 429)
    assert limited.json()["error"]["request_id"] == limited.headers["x-request-id"]
