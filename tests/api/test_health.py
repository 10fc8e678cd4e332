"""The addresses for the machinery around the app."""

from __future__ import annotations

import re

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from smartfolio_app.security.limits import SET_UP
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
    assert "smartfolio_users 1.0" in lines
    shape = re.compile(r'(# (HELP|TYPE) smartfolio_\w+ .+|smartfolio_\w+(\{(\w+="[^"]*",?)+\})? \S+)')
    assert all(shape.fullmatch(line) for line in lines)
    assert "alice" not in answer.text


async def metrics_of(connect, settings) -> dict[str, float]:
    """The samples by name and labels."""
    engine.configure(settings.model_copy(update={"metrics_token": SecretStr(TOKEN)}))
    answer = await connect(token=TOKEN).get("/metrics")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


async def test_requests_are_counted_by_the_template_of_their_address(connect, settings, as_alice):
    before = await metrics_of(connect, settings)
    for number in range(12):  # whatever is asked for, the names of the series are the program's
        await as_alice.get(f"/api/sources/{number}/status")
        await as_alice.get(f"/api/no-such-{number}")
        await as_alice.request(f"BREW{number}", "/api/users/me")
        await as_alice.get(f"/somewhere/{number}")
    now = await metrics_of(connect, settings)
    grown = {name: now[name] - before.get(name, 0) for name in now if now[name] != before.get(name, 0)}
    counted = {name: count for name, count in grown.items() if name.startswith("smartfolio_requests_total")}
    template = 'smartfolio_requests_total{method="GET",route="/api/sources/{key}/status",status="404"}'
    assert counted[template] == 12
    assert sum(counted.values()) >= 48
    assert len(counted) < 10
    assert any(name.startswith("smartfolio_request_duration_seconds_count") for name in grown)
    assert grown['smartfolio_limit_decisions_total{bucket="default",decision="allowed"}'] > 0
    assert not any("198.51" in name or "no-such" in name or "BREW" in name for name in now)


async def test_limits_are_counted_by_bucket(connect, settings, api):
    before = await metrics_of(connect, settings)
    for _ in range(int(SET_UP.burst) + 2):
        api.state.limits.take_now(SET_UP, "address:198.51.100.77")
    now = await metrics_of(connect, settings)
    grown = {
        decision: now[name] - before.get(name, 0)
        for decision in ("allowed", "limited")
        for name in [f'smartfolio_limit_decisions_total{{bucket="set-up",decision="{decision}"}}']
    }
    assert grown == {"allowed": SET_UP.burst, "limited": 2}
