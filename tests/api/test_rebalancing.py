"""Targets, plan and suggestions over REST: decimal text, files to keep, work that is looked at again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from smartfolio_app.analytics.rebalancing.optimise import Idea, OutOfSample, Suggestions
from smartfolio_app.services.jobs import jobs
from smartfolio_app.services.rebalancing import optimiser

HERE = "/api/portfolio/rebalancing"
TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture
async def owner(as_alice):
    async def trade(asset, quantity, cost):
        side = {"quantity": quantity, "asset": f"crypto:{asset}"}
        body = {"source": "manual_crypto", "at": "2024-01-05T12:00:00Z", "kind": "trade", "received": side}
        body["sent"] = {"quantity": cost, "asset": "fiat:EUR"}
        assert (await as_alice.post("/api/portfolio/transactions", json=body)).status_code == 201
        price = {"asset": f"crypto:{asset}", "price": "100", "currency": "EUR", "day": TODAY}
        assert (await as_alice.put("/api/prices/manual", json=price)).status_code == 200

    await trade("BTC", "8", "80")
    await trade("ETH", "4", "400")
    return as_alice


async def test_targets_are_kept_and_the_plan_is_told_and_saved(owner):
    refused = await owner.put(f"{HERE}/targets", json={"weights": {"BTC": "0.7"}})
    assert refused.status_code == 422
    body = {"weights": {"BTC": "0.5", "ETH": "0.5"}, "tax_long": "0.1", "minimum": "0"}
    kept = await owner.put(f"{HERE}/targets", json=body)
    assert kept.status_code == 200
    assert kept.json()["presets"]["category"]["half_and_half"] == {"stocks": "0.5", "crypto": "0.5"}
    plan = (await owner.get(f"{HERE}/plan", params={"currency": "EUR"})).json()
    sold, bought = plan["trades"]
    assert (sold["side"], sold["quantity"], sold["amount"]) == ("sell", "2", "200")
    assert (sold["gain"], sold["tax"]) == ("180", "18")
    assert (bought["asset"], bought["amount"], plan["needed"]) == ("crypto:ETH", "200", True)
    saved = await owner.get(f"{HERE}/plan.json", params={"currency": "EUR"})
    assert 'filename="rebalancing.json"' in saved.headers["content-disposition"]
    assert json.loads(saved.content) | {"as_of": ""} == plan | {"as_of": ""}
    found = await owner.get("/api/explain/rebalance:0:0:gain:0", params={"currency": "EUR"})
    assert found.json()["result"] == "180"


def told(progress):
    """Stand for the worker process: what it would have found."""
    tested = OutOfSample(0.1, 0.2, 0.5, -0.3, -0.02, None)
    ideas = (Idea("equal_risk", (0.25, 0.75), tested, ((0.25, 0.75),)),)
    progress("optimise", 3, 3)
    return Suggestions(
        ("crypto:BTC", "crypto:ETH"), (2 / 3, 1 / 3), tested, ideas, 756, 252, 504, np.empty((0, 2)), 365
    )


async def test_suggestions_are_work_to_be_looked_at_again(owner, alice, monkeypatch):
    refused = await owner.post(f"{HERE}/suggestions")
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "rebalance.too_little_history")
    job = jobs.start(alice, optimiser.SUGGESTIONS, "", told, heavy=False)
    jobs.wait(60)
    body = (await owner.get(f"{HERE}/suggestions/{job}")).json()
    assert (body["state"], body["done"], body["total"], body["error"]) == ("done", 3, 3, None)
    found = body["suggested"]
    assert found["ideas"][0]["weights"] == {"crypto:BTC": "0.25", "crypto:ETH": "0.75"}
    assert (found["present_tested"]["drawdown"], found["present_tested"]["turnover"]) == ("-0.3", None)
    why = await owner.get(f"/api/explain/idea:{job}:equal_risk:weight:crypto:ETH")
    assert (why.status_code, why.json()["amount"]) == (200, "0.75")
    for wrong in (f"{job}:luck:growth", f"{job}:equal_risk:weight:crypto:NO", "gone:present:growth", job, ""):
        assert (await owner.get(f"/api/explain/idea:{wrong}")).status_code == 404, wrong
    monkeypatch.setattr(optimiser, "is_there", lambda: False)
    missing = await owner.post(f"{HERE}/suggestions")
    assert (missing.status_code, missing.json()["error"]["code"]) == (503, "rebalance.no_optimiser")
