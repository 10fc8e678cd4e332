"""Risk over REST: what a shock or an alert tells leads to its explanation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote

import numpy as np
import pytest

from smartfolio_app.analytics.risk import dispersion
from smartfolio_app.ledger.transactions import PriceQuote
from smartfolio_app.services import manual_prices, sources, transactions
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.repo_market import Observer, put_daily_prices

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


async def test_the_dashboard_is_decimal_text_whose_parts_agree(as_alice, alice):
    """Two coins with 400 days of closes, and one with twenty that is listed and left out."""
    now = datetime.now(UTC)
    closes = {}
    with session_scope() as db:
        key = sources.add(db, alice, "file_crypto", "Kraken").key
        for number, asset in enumerate(("crypto:BTC", "crypto:ETH", "crypto:YOUNG")):
            days = 20 if asset == "crypto:YOUNG" else 400
            draft = Draft(at=now - timedelta(days=410), kind="deposit", received=("1", asset))
            transactions.add(db, alice, key, draft)
            path = 100 * np.exp(np.cumsum(np.random.default_rng(number).normal(0, 0.03, days)))
            closes[asset] = [float(f"{one:.6f}") for one in path]
            quotes = [
                PriceQuote(asset, "EUR", Decimal(f"{price:.6f}"), now - timedelta(days=days - 1 - at))
                for at, price in enumerate(path)
            ]
            put_daily_prices(db, Observer("file", owner=alice), quotes)
    told = (await as_alice.get("/api/risk/dashboard", params={**EURO, "window": "all"})).json()
    found = told["risk"]
    assert (told["available"], found["days_a_year"], found["returns"]) == (True, 365, 398)
    assets = {one["asset"]: one for one in found["assets"]}
    young = assets["crypto:YOUNG"]
    assert (young["measured"], young["reason"], young["volatility"]) == (False, "risk.too_short", None)
    measured = 1 - Decimal(young["share"])
    assert Decimal(found["coverage"]) == pytest.approx(measured)
    btc = np.array(closes["crypto:BTC"][:-1])
    own = dispersion.volatility(btc[1:] / btc[:-1] - 1, 365)
    assert float(assets["crypto:BTC"]["volatility"]) == pytest.approx(own)
    assert sum(Decimal(one["risk_share"]) for one in found["assets"] if one["measured"]) == pytest.approx(1)
    bad = {(one["model"], one["confidence"], one["days"]): one for one in found["tails"]}
    assert len(bad) == 12
    one = bad["historical", "0.95", 1]
    assert isinstance(one["var"], str)
    assert Decimal(one["var_money"]) == pytest.approx(-Decimal(one["var"]) * Decimal(found["value"]))
    assert Decimal(one["cvar"]) <= Decimal(one["var"]) < 0
    assert {(one["model"], one["confidence"]) for one in found["backtests"]} == {key[:2] for key in bad}
    assert {one["verdict"] for one in found["backtests"]} <= {"passed", "failed", "too_short"}
    matrix = found["correlations"]
    assert [Decimal(row[at]) for at, row in enumerate(matrix["matrix"])] == [1] * len(matrix["assets"])
    parts = found["robustness"]["parts"]
    assert float(found["robustness"]["score"]) == pytest.approx(25 * sum(float(one["rank"]) for one in parts))
    assert Decimal(told["liquidity"]["traded"]) == 1
    for wrong in ({"window": "7"}, {"basis": "x"}, {"risk_free": "9"}, {"benchmark": "crypto:NO"}):
        assert (await as_alice.get("/api/risk/dashboard", params=wrong)).status_code == 422, wrong
