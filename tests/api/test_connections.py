"""Live sources over the REST API: connected, synced, taken back; a secret goes in and never comes out."""

from __future__ import annotations

import pytest

from smartfolio_app.services import market_data, sync
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine
from tests.loopback.cointracking import CoinTrackingServer
from tests.services.sync.conftest import ANN


@pytest.fixture
def world(settings):
    with CoinTrackingServer() as running:
        account = running.world.add(ANN["api_key"], ANN["api_secret"])
        account.places = {"Kraken": {"ADA": ("101", "0.50")}}
        account.trade(1, 1_700_000_000, "Deposit", buy="100 ADA")
        engine.configure(
            load_settings(data_dir=settings.data_dir, offline=False, cointracking_url=running.url)
        )
        yield running
        sync.stop()
        market_data.close()
        engine.configure(settings)


async def listed(client) -> dict:
    answer = await client.get("/api/users/sources")
    return {one["provider"]: one for one in answer.json()["sources"]}["cointracking_api"]


async def test_an_account_is_connected_synced_reconciled_and_taken_back(as_alice, world):
    told = []

    async def ask(method, path, status=200, **options):
        answer = await as_alice.request(method, path, **options)
        assert answer.status_code == status, (path, answer.text)
        told.append(answer.text)
        return answer.json()

    offer = (await ask("GET", "/api/sources/catalogue", params={"search": "cointracking", "kind": "api"}))[0]
    assert [one["name"] for one in offer["credentials"]] == ["api_key", "api_secret"]
    before = await listed(as_alice)
    assert (before["visible"], bool(before["reason"])) == (False, True)

    made = await ask("POST", "/api/sources", 201, json={"provider": "cointracking_api"})
    base = f"/api/sources/{made['key']}"
    found = await ask("POST", f"{base}/test", json={"credentials": ANN})
    assert (found["ok"], found["may_trade"], found["may_withdraw"]) == (True, False, False)
    assert not (await listed(as_alice))["visible"]
    await ask("PUT", f"{base}/credentials", 422, json={"credentials": {**ANN, "api_secret": "wrong" * 4}})
    assert not (await listed(as_alice))["visible"]

    kept = await ask("PUT", f"{base}/credentials", json={"credentials": ANN})
    assert {one["hint"] for one in kept["connection"]["credentials"]} == {"-ann"}
    assert (await listed(as_alice))["visible"]
    assert sync.wait(30)
    how = await ask("GET", f"{base}/status")
    assert (how["last"]["state"], how["last"]["added"], how["calls_left"]) == ("done", 1, 14)

    gap = (await ask("GET", f"{base}/reconciliation"))["gaps"][0]
    assert (gap["asset"], gap["difference"], gap["fixable"]) == ("ADA", "1", True)
    await ask("POST", f"{base}/reconciliation/{gap['asset_id']}")
    assert (await ask("GET", f"{base}/reconciliation"))["gaps"] == []

    await ask("POST", f"{base}/sync", 202)
    assert sync.wait(30)
    first = (await ask("GET", f"{base}/syncs"))[-1]
    assert (await ask("DELETE", f"{base}/syncs/{first['id']}"))["transactions"] == 1
    assert (await ask("GET", f"{base}/status"))["every_minutes"] == 0
    assert (await ask("PUT", f"{base}/schedule", json={"every_minutes": 60}))["every_minutes"] == 60
    for minutes in (0, 5, 45, 10_080):
        kept = await ask("PUT", f"{base}/schedule", json={"every_minutes": minutes})
        assert (kept["every_minutes"], kept["next_at"] is None) == (minutes, minutes == 0)
    for minutes in (-1, 1, 4, 10_081, 2**40):
        await ask("PUT", f"{base}/schedule", 422, json={"every_minutes": minutes})
    assert (await ask("GET", f"{base}/status"))["every_minutes"] == 10_080

    assert (await ask("DELETE", f"{base}/credentials"))["removed"] == 2
    assert not (await listed(as_alice))["visible"]
    await ask("POST", f"{base}/sync", 409)
    entries = (await as_alice.get("/api/users/me/audit")).json()
    audited = [(one["action"], one["detail"].get("source", "")) for one in entries]
    for action in ("credential.set", "credential.remove", "sync.start", "reconcile.close"):
        assert (action, made["key"]) in audited, action
    told.append(str(entries))
    assert all(ANN["api_secret"] not in text and ANN["api_key"] not in text for text in told)


async def test_another_person_finds_neither_the_source_nor_its_syncs(as_alice, as_bob, world):
    await as_alice.post("/api/sources", json={"provider": "cointracking_api"})
    await as_alice.put("/api/sources/cointracking_api/credentials", json={"credentials": ANN})
    assert sync.wait(30)
    run = (await as_alice.get("/api/sources/cointracking_api/syncs")).json()[0]
    await as_bob.post("/api/sources", json={"provider": "cointracking_api"})
    assert (await as_bob.get("/api/sources/cointracking_api/syncs")).json() == []
    refused = await as_bob.delete(f"/api/sources/cointracking_api/syncs/{run['id']}")
    assert refused.status_code == 404
