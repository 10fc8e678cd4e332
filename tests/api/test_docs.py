"""The documentation is complete, and works under the strict content policy."""

from __future__ import annotations

import threading

import pytest
from fastapi import FastAPI

from smartfolio_app.security.content_policy import read_build


async def test_every_documented_route_is_on_the_page(connect, api, settings):
    spec = (await connect().get("/api/openapi.json")).json()
    html = (await connect().get("/api/docs")).text
    for path, operations in spec["paths"].items():
        assert f"<code>{path}</code>" in html
        for operation in operations.values():
            assert operation["summary"]
            assert operation["description"]
            assert operation["tags"]


async def test_page_needs_nothing_that_the_policy_forbids(connect, settings, tmp_path):
    answer = await connect().get("/api/docs")
    assert answer.headers["content-type"].startswith("text/html")
    (tmp_path / "docs.html").write_text(answer.text)
    needs = read_build(tmp_path)
    assert needs.script_hashes == ()
    assert needs.problems == ()
    assert "<style" not in answer.text
    assert "http" not in answer.text.replace("http-equiv", "")
    assert (await connect().get("/api/docs/style.css")).headers["content-type"].startswith("text/css")


async def test_page_speaks_the_browsers_language(connect, settings):
    french = await connect().get("/api/docs", headers={"accept-language": "fr"})
    assert '<html lang="fr">' in french.text
    assert "Retour à SmartFolio" in french.text


async def test_errors_and_credentials_are_described(connect, settings):
    spec = (await connect().get("/api/openapi.json")).json()
    operation = spec["paths"]["/api/settings"]["patch"]
    schema = operation["responses"]["4XX"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/ErrorAnswer"}
    assert "HTTPValidationError" not in spec["components"]["schemas"]
    assert spec["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


async def test_amounts_are_described_as_text(connect, settings):
    spec = (await connect().get("/api/openapi.json")).json()
    value = spec["components"]["schemas"]["ValuationOut"]["properties"]["value"]
    assert value["type"] == "string"
    text = str(spec["components"]["schemas"])
    assert "'type': 'number'" not in text


async def test_the_description_is_not_made_on_the_event_loop(
    connect, api: FastAPI, monkeypatch: pytest.MonkeyPatch
):
    asked_in = []
    monkeypatch.setattr(api, "openapi", lambda: asked_in.append(threading.current_thread()) or {})
    await connect().get("/api/openapi.json")
    assert len(asked_in) == 1
    assert asked_in[0] is not threading.current_thread()
