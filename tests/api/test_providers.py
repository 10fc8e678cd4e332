"""How the providers are doing, as each caller may see it; and what is known of a price, over REST."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smartfolio_app.services import market_data, sources, sync
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.services.transactions import add
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.repo_prices import note_failure, note_success
from smartfolio_app.storage.repo_witness import put_witnesses
from smartfolio_app.storage.tables import PriceWitness
from tests.loopback.cointracking import CoinTrackingServer
from tests.services.sync.conftest import ANN

NOW = datetime.now(UTC)


@pytest.fixture
def world(settings):
    with CoinTrackingServer() as running:
        running.world.add(ANN["api_key"], ANN["api_secret"])
        engine.configure(
            load_settings(data_dir=settings.data_dir, offline=False, cointracking_url=running.url)
        )
        yield running
        sync.stop()
        market_data.close()
        engine.configure(settings)


async def listed(client) -> dict[str, dict]:
    answer = await client.get("/api/providers")
    assert answer.status_code == 200
    return {one["source"] or one["id"]: one for one in answer.json()}


async def test_budgets_rests_and_failures_are_told_and_hosts_to_administrators_alone(
    as_alice, as_bob, alice, world
):
    with session_scope() as db:
        note_success(db, "ecb", NOW, changed=False)
        note_failure(db, "coingecko", NOW, "provider.server_error", None)
        made = sources.add(db, alice, "cointracking_api").key
    before = await listed(as_alice)
    assert (before[made]["calls_left"], before[made]["calls"]) == (None, 20)
    with session_scope() as db:
        sync.connect(db, alice, made, ANN, begin=False)
    mine, theirs = await listed(as_alice), await listed(as_bob)
    assert mine[made]["calls_left"] < 20
    assert made not in theirs
    assert mine["ecb"]["error"] == ""
    assert mine["ecb"]["calls_left"] == mine["ecb"]["calls"] > 0
    assert mine["coingecko"]["error_code"] == "provider.server_error"
    assert "CoinGecko" in mine["coingecko"]["error"]
    assert mine["coingecko"]["host"]
    assert {one["host"] for one in theirs.values()} == {""}
    assert ANN["api_key"] not in str(mine)


async def test_a_price_is_told_with_its_sources_and_what_was_set_aside_can_be_gone_by(
    as_alice, as_bob, alice
):
    with session_scope() as db:
        add(
            db,
            alice,
            "manual_crypto",
            Draft(at=NOW - timedelta(days=1), kind="deposit", received=("1", "crypto:SOL")),
        )
        row = {
            "owner": "",
            "asset": "crypto:SOL",
            "provider": "binance",
            "day": NOW.date(),
            "currency": "USDT",
        }
        put_witnesses(
            db, [PriceWitness(**row, price="19000", at=NOW, verdict="unit", since=NOW, heard_at=NOW)]
        )
    path = "/api/prices/crypto:SOL"
    found = (await as_alice.get(path)).json()
    (one,) = found["set_aside"]
    assert (one["label"], one["price"], one["accepted"]) == ("Binance", "19000", False)
    assert "slip of units" in one["why"]
    assert [row["verdict"] for row in found["history"]] == ["unit"]
    (listed,) = (await as_alice.get("/api/prices/set-aside")).json()
    assert (listed["asset"], listed["symbol"], listed["set_aside"]) == ("crypto:SOL", "SOL", [one])
    assert (await as_bob.get("/api/prices/set-aside")).json() == []
    word = {"provider": "binance", "day": one["day"], "use": True}
    found = (await as_alice.put(f"{path}/set-aside", json=word)).json()
    assert (found["set_aside"][0]["accepted"], found["sources"][0]["provider"]) == (True, "manual")
    found = (await as_alice.put(f"{path}/set-aside", json={**word, "use": False})).json()
    assert (found["set_aside"][0]["accepted"], found["sources"]) == (False, [])
    assert (await as_bob.get(path)).status_code == 404
    assert (await as_alice.get(path, params={"from": "2026-02-01", "to": "2026-01-01"})).status_code == 422
