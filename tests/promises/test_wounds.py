"""What killed the app before this one cannot happen here, or is visible if ever near."""

from __future__ import annotations

import asyncio

import pytest

from smartfolio_app.security.content_policy import dangerous_words_in_force
from smartfolio_app.services import sources
from smartfolio_app.settings import load_settings, unknown_variables
from smartfolio_app.state.base import AppState
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.vault import open_vault
from tests.state.tab import tab


def test_a_setting_that_is_not_in_force_is_visible(monkeypatch):
    monkeypatch.setenv("SECURITY_RATE_LIMIT_REFILL", "100")
    monkeypatch.setenv("SECURITY_RATE_LIMIT_BURST_SIZE", "75")
    assert ("SECURITY_RATE_LIMIT_REFILL", "SECURITY_RATE_LIMIT_REFILL_RATE") in unknown_variables()
    found = load_settings()
    assert (found.rate_limit_refill_rate, found.origin("rate_limit_refill_rate")) == (20.0, "default")
    assert (found.rate_limit_burst_size, found.origin("rate_limit_burst_size")) == (75.0, "environment")


async def test_thirty_parallel_calls_of_one_user_meet_no_limit(as_alice):
    answers = await asyncio.gather(*(as_alice.get("/api/wealth/global/summary") for _ in range(30)))
    assert {answer.status_code for answer in answers} == {200}


async def test_who_exceeds_the_budget_is_limited_alone_and_told_when_to_come_back(as_alice, as_bob, still):
    flood = await asyncio.gather(*(as_bob.get("/api/users/me") for _ in range(120)))
    limited = [answer for answer in flood if answer.status_code == 429]
    assert limited
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in limited)
    assert limited[0].json()["error"]["code"] == "limit.too_many_requests"
    assert (await as_alice.get("/api/users/me")).status_code == 200


async def test_the_policy_lets_nothing_in_from_elsewhere(connect, settings):
    policy = (await connect().get("/healthz")).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "http:" not in policy.replace("report-uri", "")
    assert dangerous_words_in_force(settings) == []


async def test_a_source_says_whether_it_is_configured_visible_active_and_why_not(as_alice):
    listed = (await as_alice.get("/api/users/sources")).json()["sources"]
    assert listed
    for one in listed:
        assert {"configured", "visible", "active", "status", "reason"} <= set(one)
        assert one["reason"] or one["status"] == "ok"


async def test_one_broken_source_shows_as_broken_and_the_others_stay(as_alice, monkeypatch):
    whole = (await as_alice.get("/api/users/sources")).json()["sources"]
    healthy = sources.STATUS_OF_KIND["manual"]

    def one_raises(facts):
        if facts.source.key == "manual_crypto":
            raise NameError("name 'total' is not defined")
        return healthy(facts)

    monkeypatch.setitem(sources.STATUS_OF_KIND, "manual", one_raises)
    answer = await as_alice.get("/api/users/sources")
    now = {one["key"]: one for one in answer.json()["sources"]}
    assert set(now) == {one["key"] for one in whole}
    assert now["manual_crypto"]["status"] == "error"
    assert now["manual_crypto"]["reason"]
    assert [key for key, one in now.items() if one["status"] == "error"] == ["manual_crypto"]


async def test_cointracking_is_visible_exactly_when_its_key_is_in_the_vault(as_alice, alice, settings):
    """The wound: the source was looked for among the settings, while its key lay elsewhere, so nobody ever saw it."""

    async def listed() -> list[dict]:
        answer = await as_alice.get("/api/users/sources")
        return [one for one in answer.json()["sources"] if one["provider"] == "cointracking_api"]

    def told_of(one: dict) -> tuple[bool, bool, bool]:
        return one["configured"], one["visible"], bool(one["reason"])

    (offered,) = await listed()
    assert told_of(offered) == (False, False, True)
    made = (await as_alice.post("/api/sources", json={"provider": "cointracking_api"})).json()["key"]
    (without,) = await listed()
    assert told_of(without) == (True, False, True)
    with session_scope(settings) as db:
        row = sources.find(db, alice, made)
        open_vault(settings).set(db, row.id, "api_key", "ct-key-0001")
    (half,) = await listed()  # one of its two fields is no key
    assert told_of(half) == (True, False, True)
    with session_scope(settings) as db:
        open_vault(settings).set(db, row.id, "api_secret", "ct-secret-0001")
    (there,) = await listed()
    assert (there["configured"], there["visible"]) == (True, True)
    tab_of_alice = await tab(AppState, alice, "/sources")
    assert made in {one.value for one in tab_of_alice.crypto_sources}  # the WealthBar reads the same
    await as_alice.delete(f"/api/sources/{made}/credentials")
    (gone,) = await listed()
    assert told_of(gone) == (True, False, True)
    tab_of_alice = await tab(AppState, alice, "/sources")
    assert made not in {one.value for one in tab_of_alice.crypto_sources}


@pytest.fixture(autouse=True)
def _no_settings_from_this_shell(monkeypatch):
    for name in ("SECURITY_RATE_LIMIT_REFILL_RATE", "SECURITY_RATE_LIMIT_BURST_SIZE"):
        monkeypatch.delenv(name, raising=False)
