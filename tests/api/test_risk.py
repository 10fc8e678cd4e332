"""Risk over REST: what a shock or an alert tells leads to its explanation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote

from smartfolio_app.services import manual_prices, sources, transactions
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.storage.engine import session_scope

EURO = {"currency": "EUR"}


async def test_a_shock_leads_to_its_explanation_and_nonsense_is_refused(as_alice, alice):
    with session_scope() as db:
        key = sources.add(db, alice, "file_crypto", "Kraken").key
        at = datetime.now(UTC) - timedelta(days=20)
        for asset in ("crypto:BTC", "crypto:ETH"):
            transactions.add(db, alice, key, Draft(at=at, kind="deposit", received=("2", asset)))
            day = datetime.now(UTC).date()
            manual_prices.set_manual_price(db, alice, asset, Decimal(100), "EUR", day=day)
    query = {**EURO, "shock": ["crypto=-0.5", "crypto:ETH=0.1"]}
    told = (await as_alice.get("/api/risk/scenarios", params=query)).json()["shock"]
    assert Decimal(told["loss"]) == -80
    assert {one["asset"]: Decimal(one["change"]) for one in told["effects"]} == {
        "crypto:BTC": Decimal("-0.5"),
        "crypto:ETH": Decimal("0.1"),
    }
    why = await as_alice.get(f"/api/explain/{quote(told['figure'], safe='')}", params=EURO)
    assert why.status_code == 200, why.text
    assert Decimal(why.json()["amount"]) == -80
    assert {one["label"] for one in why.json()["steps"]} >= {"All coins", "BTC", "ETH"}
    french = await as_alice.get(
        f"/api/explain/{quote(told['figure'], safe='')}", params=EURO, headers={"accept-language": "fr"}
    )
    assert french.json()["title"] == "Votre propre choc"
    for wrong in ("crypto", "=1", "BTC=much", "BTC=NaN", "BTC=11", "BTC=-2", "SOL=-0.1"):
        refused = await as_alice.get("/api/risk/scenarios", params={"shock": wrong})
        assert refused.status_code == 422, wrong
        refused = await as_alice.get(f"/api/explain/{quote('risk:365:held:shock:' + wrong, safe='')}")
        assert refused.status_code == 422, wrong
