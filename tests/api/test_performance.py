"""Returns, periods and income over REST: the service's figures as decimal text, ``null`` where there is none."""

from __future__ import annotations

import pytest


@pytest.fixture
async def owner(as_alice):
    async def add(at, kind, received=None, sent=None):
        body = {"source": "manual_crypto", "at": at, "kind": kind}
        for name, side in (("received", received), ("sent", sent)):
            if side:
                body[name] = {"quantity": side[0], "asset": side[1]}
        assert (await as_alice.post("/api/portfolio/transactions", json=body)).status_code == 201

    await add("2024-01-01T12:00:00Z", "deposit", ("1000", "fiat:EUR"))
    await add("2024-01-05T12:00:00Z", "trade", ("10", "crypto:BTC"), ("500", "fiat:EUR"))
    await add("2024-03-01T12:00:00Z", "interest", ("20", "fiat:EUR"))
    price = {"asset": "crypto:BTC", "price": "100", "currency": "EUR", "day": "2024-06-01"}
    assert (await as_alice.put("/api/prices/manual", json=price)).status_code == 200
    return as_alice


async def ask(client, path, **params):
    answer = await client.get(f"/api/portfolio/{path}", params={"currency": "EUR", **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_performance_between_two_dates_with_a_benchmark(owner):
    days = {"from": "2023-12-31", "to": "2024-12-31"}
    body = await ask(owner, "performance", benchmark="crypto:BTC", **days)
    told = body["returns"]
    assert (told["start"], told["end"], told["flows"], told["gain"]) == ("0", "1520", "1000", "520")
    assert (told["simple"], told["income"], told["fees"]) == ("0.52", "20", "0")
    assert sum(float(one["gain"]) for one in body["contributions"]) == 520
    assert len(body["points"]) == 367
    assert body["points"][-1]["value"] == "1520"
    assert body["benchmark"]["end"] == "2000"  # the money waits for the first price: the trade's own
    assert body["period"] == ""
    half = await ask(owner, "performance", **{"from": "2024-01-05", "to": "2024-01-07"})
    assert half["returns"]["annualised"] is None
    assert not half["cut"]
    assert half["benchmark"] is None


async def test_every_period_is_told(owner):
    body = await ask(owner, "performance/periods", benchmark="crypto:BTC")
    assert list(body) == ["1D", "1W", "1M", "3M", "YTD", "1Y", "3Y", "MAX"]
    assert body["MAX"]["returns"]["gain"] == "520"
    assert (await ask(owner, "performance", period="max"))["returns"]["gain"] == "520"


async def test_no_return_begins_where_prices_are_not_known(owner):
    price = {"asset": "crypto:BTC", "price": "100", "currency": "EUR", "day": "2025-03-01"}
    assert (await owner.put("/api/prices/manual", json=price)).status_code == 200
    inside = await owner.get("/api/portfolio/performance", params={"from": "2024-09-01", "to": "2024-10-01"})
    assert inside.status_code == 422
    assert inside.json()["error"]["code"] == "performance.not_known"
    begun_inside = await ask(owner, "performance", **{"from": "2024-09-01", "to": "2025-03-04"})
    assert begun_inside["cut"]
    assert begun_inside["returns"]["first"] == "2025-03-01"
    year = await ask(owner, "performance", period="1Y")
    assert year["cut"]
    assert {year["returns"][name] for name in ("gain", "twr", "simple", "xirr", "flows")} == {None}
    assert year["returns"]["end"] == "1520"


async def test_history_tells_every_series_of_every_part(owner):
    body = await ask(owner, "history", by="asset", parts="true", **{"from": "2024-01-05", "to": "2024-01-05"})
    [coin] = body["parts"]["crypto:BTC"]
    assert (coin["flows"], coin["invested"], coin["unrealised"]) == ("500", "500", "0")
    [point] = body["points"]
    assert (point["flows"], point["invested"], point["fx"], point["realised"]) == ("0", "1000", "0", "0")
    assert (await ask(owner, "history", by="asset"))["parts"] == {}


async def test_income_is_told_by_month_and_asset(owner):
    body = await ask(owner, "income")
    assert body["months"] == [{"year": 2024, "month": 3, "value": "20", "count": 1, "unknown": 0}]
    assert [(one["asset"], one["value"], one["dividends"]) for one in body["assets"]] == [
        ("fiat:EUR", "20", "0")
    ]
    told = (await owner.get("/api/explain/income:2024-03", params={"currency": "EUR"})).json()
    assert told["amount"] == "20"


@pytest.mark.parametrize(
    "query",
    [
        {"period": "2Y"},
        {"from": "2024-02-01", "to": "2024-01-01"},
        {"benchmark": "crypto:NOBODYKNOWS"},
        {"from": "then"},
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(owner, query):
    answer = await owner.get("/api/portfolio/performance", params=query)
    assert answer.status_code in (404, 422)
    assert answer.json()["error"]["code"]
