"""Alerts and the brief over REST: amounts are decimal text, refusals have one shape, the brief equals the summary."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from smartfolio_app.services import manual_prices, sources, transactions, user_settings
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.storage.engine import session_scope


def give(user_id: str) -> None:
    with session_scope() as db:
        user_settings.update(db, user_id, base_currency="EUR")
        key = sources.add(db, user_id, "file_crypto", "Kraken").key
        at = datetime.now(UTC) - timedelta(days=20)
        transactions.add(db, user_id, key, Draft(at=at, kind="deposit", received=("2", "crypto:BTC")))
        today = datetime.now(UTC).date()
        manual_prices.set_manual_price(db, user_id, "crypto:BTC", Decimal("100.5"), "EUR", day=today)


async def test_from_a_rule_to_an_alert_that_was_seen(as_alice, alice):
    give(alice)
    kinds = {one["id"]: one for one in (await as_alice.get("/api/alerts/kinds")).json()}
    assert [one["name"] for one in kinds["price"]["params"]] == ["asset", "side", "level"]
    wrong = await as_alice.post("/api/alerts/rules", json={"kind": "price", "params": {"level": "1"}})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (422, "alert.param_missing")
    params = {"asset": "crypto:BTC", "level": "100.10"}
    rule = (await as_alice.post("/api/alerts/rules", json={"kind": "price", "params": params})).json()
    assert (rule["currency"], rule["open"], rule["text"]) == ("EUR", 1, "BTC goes above €100.10")
    found = (await as_alice.get("/api/alerts")).json()
    assert found["waiting"] == 1
    (alert,) = found["alerts"]
    figures = {one["name"]: one for one in alert["figures"]}
    assert (figures["price"]["amount"], figures["price"]["unit"]) == ("100.5", "EUR")
    why = (await as_alice.get(f"/api/explain/{alert['explain']}")).json()
    assert (why["amount"], why["unit"], why["title"]) == ("100.5", "EUR", "A price crossed its level")
    assert {one["label"]: one["amount"] for one in why["steps"]}["Level of the rule"] == "100.1"
    french = await as_alice.get("/api/alerts", headers={"accept-language": "fr"})
    assert french.json()["alerts"][0]["text"].startswith("BTC est à ")
    seen = (await as_alice.post(f"/api/alerts/{alert['id']}/acknowledge")).json()
    assert seen["status"] == "acknowledged"
    assert (await as_alice.get("/api/alerts")).json()["waiting"] == 0
    changed = {"params": {"asset": "crypto:BTC", "level": "500"}}
    assert (await as_alice.patch(f"/api/alerts/rules/{rule['id']}", json=changed)).json()["open"] == 0
    assert (await as_alice.get("/api/alerts?state=closed")).json()["alerts"][0]["status"] == "closed"


async def test_a_channel_takes_secrets_and_gives_none(as_alice, alice):
    body = {"kind": "ntfy", "fields": {"topic": "hidden-topic"}, "brief": True}
    made = await as_alice.post("/api/alerts/channels", json=body)
    assert made.status_code == 201, made.text
    listed = await as_alice.get("/api/alerts/channels")
    assert "hidden-topic" not in made.text + listed.text
    assert (listed.json()[0]["shown"], listed.json()[0]["set"]) == ("ntfy.sh", ["topic"])
    for fields in ({"topic": "a b"}, {}, {"topic": "x", "colour": "red"}, {"topic": "x\u0000"}):
        refused = await as_alice.post("/api/alerts/channels", json={"kind": "ntfy", "fields": fields})
        assert refused.status_code == 422, refused.text
    private = {"url": "https://169.254.169.254/latest", "secret": "x" * 16}
    refused = await as_alice.post("/api/alerts/channels", json={"kind": "webhook", "fields": private})
    assert refused.json()["error"]["code"] == "notice.private"


async def test_the_brief_is_the_summary_in_words(as_alice, alice):
    give(alice)
    told = (await as_alice.get("/api/brief?currency=eur")).json()
    summary = (await as_alice.get("/api/wealth/global/summary?currency=eur")).json()
    worth = told["sections"][0]["sentences"][0]
    assert worth["figures"] == {"total": summary["total_value"]}
    assert (worth["text"], worth["explain"]) == ("What you own is worth €201.00.", "net_worth")
    explained = (await as_alice.get("/api/explain/net_worth?currency=eur")).json()
    assert Decimal(explained["result"]) == Decimal(worth["figures"]["total"])
