"""The addresses for the machinery around the app."""

from __future__ import annotations

import re

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from smartfolio_app.storage import engine
from smartfolio_app.storage.engine import session_scope

TOKEN = "a-long-metrics-token-7315"


async def test_readyz_tells_what_is_not_ready(connect, settings, monkeypatch):
    monkeypatch.setattr("smartfolio_app.services.health.readiness.KEPT_SECONDS", 0.0)
    answer = await connect().get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    with session_scope() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    answer = await connect().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not_ready",
        "database": "ok",
        "migrations": "failed",
        "redis": "unused",
    }


@pytest.mark.parametrize("token", ["", TOKEN])
async def test_there_are_no_metrics_unless_they_are_switched_on(connect, settings, token):
    assert (await connect(token=token).get("/metrics")).status_code == 404


async def test_metrics_are_for_the_bearer_of_the_token_alone(connect, settings, as_alice):
    engine.configure(settings.model_copy(update={"metrics_token": SecretStr(TOKEN)}))
    assert (await as_alice.get("/metrics")).status_code == 404
    assert (await connect().get("/metrics")).status_code == 404
    answer = await connect(token=TOKEN).get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert "smartfolio_users 1" in lines
    shape = re.compile(r'(# (HELP|TYPE) smartfolio_\w+ .+|smartfolio_\w+(\{(\w+="[^"]*",?)+\})? \S+)')
    assert all(shape.fullmatch(line) for line in lines)
    assert "alice" not in answer.text
