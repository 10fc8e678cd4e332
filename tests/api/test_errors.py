"""One error shape, in the caller's language, whatever goes wrong."""

from __future__ import annotations

import pytest

from smartfolio_app.api import settings as settings_routes
from smartfolio_app.services import user_settings


def shape_of(answer) -> dict:
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "detail", "request_id"}
    assert body["error"]["request_id"] == answer.headers["x-request-id"]
    assert body["error"]["message"]
    return body["error"]


async def test_unknown_field_is_named_and_not_ignored(as_alice):
    answer = await as_alice.patch("/api/settings", json={"them": "dark"})
    error = shape_of(answer)
    assert answer.status_code == 422
    assert error["code"] == "request.invalid"
    assert error["detail"]["field"] == "them"
    assert error["detail"]["problems"][0]["field"] == "them"


async def test_message_is_in_the_callers_language(as_alice):
    french = shape_of(await as_alice.get("/api/sources/nowhere", headers={"accept-language": "fr"}))
    english = shape_of(await as_alice.get("/api/sources/nowhere"))
    assert french["code"] == english["code"] == "source.no_such_source"
    assert french["message"] != english["message"]


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"x"', '{"name": '])
async def test_what_is_no_json_object_is_a_422(as_alice, body):
    answer = await as_alice.post(
        "/api/wealth/items", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    shape_of(answer)


async def test_deeply_nested_json_is_refused_and_breaks_nothing(as_alice):
    body = "[" * 100_000
    answer = await as_alice.post(
        "/api/wealth/items", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    shape_of(answer)


async def test_wrong_method_and_unknown_address(as_alice):
    wrong = await as_alice.put("/api/settings")
    assert (wrong.status_code, shape_of(wrong)["code"]) == (405, "request.method_not_allowed")
    unknown = await as_alice.get("/api/settings/nothing")
    assert (unknown.status_code, shape_of(unknown)["code"]) == (404, "request.not_found")


async def test_bug_shows_nothing_of_its_insides(as_alice, monkeypatch):
    def fail(*_arguments):
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(user_settings, "get", fail)
    assert settings_routes.user_settings is user_settings
    answer = await as_alice.get("/api/settings")
    assert (answer.status_code, shape_of(answer)["code"]) == (500, "internal")
    assert "hunter2" not in answer.text
    assert answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


async def test_answers_about_wealth_are_kept_nowhere(as_alice):
    for path in ("/api/settings", "/api/nothing", "/api/users/me"):
        assert (await as_alice.get(path)).headers["cache-control"] == "no-store"
