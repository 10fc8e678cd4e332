"""The addresses for the machinery around the app."""

from __future__ import annotations

from sqlalchemy import text

from smartfolio_app.storage.engine import session_scope


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
