"""What SmartFolio promises of its figures and of its owner's data, one test a promise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.storage import engine
from smartfolio_app.storage.vault import open_vault

HEAD = '"Type","Buy","Cur.","Sell","Cur.","Fee","Cur.","Exchange","Group","Comment","Date"\n'
FILLS = (
    HEAD
    + '"Trade","0.123456789012345678","BTC","4000.00","EUR","6.00","EUR","Kraken","","","05.01.2024 10:00:00"\n'
    + '"Trade","0.5","ETH","1000.00","EUR","","","Kraken","","","06.01.2024 11:30:00"\n'
    + '"Trade","0.5","ETH","1000.00","EUR","","","Kraken","","","06.01.2024 11:30:00"\n'
    + '"Deposit","250","USDT","","","","","Kraken","","","07.01.2024 09:00:00"\n'
)


async def send(client, text: str) -> dict:
    answer = await client.post("/api/sources/import", files={"file": ("export.csv", text.encode())})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def holdings(client, **query: str) -> dict[str, dict]:
    answer = await client.get("/api/portfolio/holdings", params=query)
    return {row["symbol"]: row for row in answer.json()["holdings"]}


async def summary(client, **query: str) -> dict:
    return (await client.get("/api/wealth/global/summary", params=query)).json()


async def set_price(client, asset: str, price: str, currency: str) -> None:
    body = {"asset": asset, "price": price, "currency": currency}
    answer = await client.put("/api/prices/manual", json=body)
    assert answer.status_code < 300, answer.text


async def test_no_invented_number(as_alice):
    """Without a rate there is no value: not 1.0, not 0, and no dollar for a dollar stablecoin."""
    await send(as_alice, FILLS)
    found = await holdings(as_alice, currency="CHF")
    assert {symbol: row["value"] for symbol, row in found.items()} == dict.fromkeys(found)
    assert {row["reason"] for row in found.values()} <= {"holding.no_price", "holding.no_rate"}
    whole = await summary(as_alice, currency="CHF")
    assert (whole["total_value"], whole["pnl_today"]) == (None, None)
    assert set(whole["unpriced"]) == {row["asset"] for row in found.values()}


async def test_honest_totals(as_alice):
    """A total says how much of it is known, and how old its oldest price is."""
    await send(as_alice, FILLS)
    await set_price(as_alice, "crypto:BTC", "60000", "EUR")
    whole = await summary(as_alice, currency="EUR")
    coverage = whole["coverage"]
    assert coverage["priced"] + len(whole["unpriced"]) == coverage["total"]
    assert whole["unpriced"] == ["crypto:USDT"]
    assert coverage["stale"] == len(whole["stale"])
    # The ether has only the price of its trade in 2024: used, and said to be old.
    assert whole["stale"] == ["crypto:ETH"]
    assert datetime.fromisoformat(coverage["oldest"]) < datetime.now(UTC) - timedelta(days=365)


async def test_why_this_number(as_alice):
    """Every figure answers with the amount it is asked about, its inputs, their source and their time."""
    await send(as_alice, FILLS)
    await set_price(as_alice, "crypto:BTC", "60000", "EUR")
    whole = await summary(as_alice, currency="EUR")
    for figure in ("net_worth", "category:crypto", "holding:crypto:BTC", "coverage", "change_today"):
        answer = await as_alice.get(f"/api/explain/{figure}", params={"currency": "EUR"})
        assert answer.status_code == 200, (figure, answer.text)
        told = answer.json()
        assert told["title"], figure
        assert told["formula"], figure
        if figure == "net_worth":
            assert Decimal(told["amount"]) == Decimal(whole["total_value"])
        if figure == "holding:crypto:BTC":
            inputs = [step for step in every_step(told["steps"]) if step["source"] and step["at"]]
            assert any("60" in step["value"] for step in inputs)
            assert any("/transactions" in step["link"] for step in every_step(told["steps"]))


def every_step(steps: list[dict]) -> list[dict]:
    return [one for step in steps for one in (step, *every_step(step["steps"]))]


async def test_import_twice_is_import_once(as_alice):
    """A second import adds nothing; two identical fills of one file stay two; one click takes an import back."""
    before = await holdings(as_alice)
    first = await send(as_alice, FILLS)
    assert (first["rows"], first["added"], first["duplicates"]) == (4, 4, 0)
    assert first["suspected"] == [4]
    effect = {row["asset"]: (row["before"], row["after"]) for row in first["effect"]}
    assert effect["ETH"] == ("0", "1")
    again = await send(as_alice, FILLS)
    assert (again["added"], again["duplicates"], again["effect"]) == (0, 4, [])
    assert (await as_alice.delete(f"/api/sources/imports/{first['batch_id']}")).status_code < 300
    assert await holdings(as_alice) == before


async def test_exact_money(as_alice):
    """Eighteen decimals go in and come out; the worth of it is exact to the last of them."""
    await send(as_alice, FILLS)
    await set_price(as_alice, "crypto:BTC", "60000.01", "EUR")
    row = (await holdings(as_alice, currency="EUR"))["BTC"]
    quantity = Decimal("0.123456789012345678")
    assert Decimal(row["quantity"]) == quantity
    assert abs(Decimal(row["value"]) - quantity * Decimal("60000.01")) < Decimal("1e-12")


async def test_nobody_elses_data(as_alice, as_bob, connect):
    """What one brings in does not exist for another, and for nobody."""
    batch = (await send(as_alice, FILLS))["batch_id"]
    await set_price(as_alice, "crypto:BTC", "60000", "EUR")
    assert await holdings(as_bob) == {}
    assert (await as_bob.delete(f"/api/sources/imports/{batch}")).status_code == 404
    await send(as_bob, FILLS)
    theirs = await holdings(as_bob, currency="EUR")
    assert theirs["BTC"]["price"]["path"][0]["provider"] != "manual"
    assert (await connect().get("/api/portfolio/holdings")).status_code == 401


async def test_the_vault_holds(as_alice, settings, db):
    """A provider key is on disk as ciphertext alone, and no answer of the API carries it."""
    secret = "planted-provider-key-3b7d51"
    row = next(
        one for one in (await as_alice.get("/api/users/sources")).json()["sources"] if one["configured"]
    )
    open_vault(settings).set(db, row["id"], "api_key", secret)
    db.commit()
    written = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if secret.encode() in path.read_bytes()]
    for path in ("/api/users/sources", "/api/settings", "/api/sources/files"):
        assert secret not in (await as_alice.get(path)).text


async def test_offline_is_normal(as_alice, settings):
    """With no provider to be reached all that is known is shown with its age, and asking for prices says so."""
    assert settings.offline
    await send(as_alice, FILLS)
    row = (await holdings(as_alice, currency="EUR"))["BTC"]
    assert row["value"] is not None
    assert row["price"]["stale"] is True
    assert row["price"]["at"].startswith("2024-01-05")
    assert (await as_alice.post("/api/prices/refresh")).status_code < 500
    assert (await summary(as_alice, currency="EUR"))["total_value"] is not None


@pytest.fixture
def db(settings):
    with engine.session_scope() as session:
        yield session
