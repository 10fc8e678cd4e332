"""Gains over REST: each lot match and each open lot says by what name its gain can be explained."""

from __future__ import annotations

from urllib.parse import quote

import pytest


@pytest.fixture
async def seller(as_alice):
    for day, received, sent in (
        (1, ("2", "crypto:BTC"), ("20", "fiat:EUR")),
        (2, ("1", "crypto:BTC"), ("30", "fiat:EUR")),
        (3, ("50", "fiat:EUR"), ("2.5", "crypto:BTC")),
        (4, ("7", "fiat:EUR"), ("1", "crypto:XYZ")),
    ):
        sides = {
            name: {"quantity": side[0], "asset": side[1]}
            for name, side in (("received", received), ("sent", sent))
        }
        body = {"source": "manual_crypto", "at": f"2024-01-0{day}T12:00:00Z", "kind": "trade", **sides}
        assert (await as_alice.post("/api/portfolio/transactions", json=body)).status_code == 201
    return as_alice


@pytest.mark.parametrize("asked", [{}, {"method": "lifo", "scope": "source"}, {"from": "2024-01-04"}])
async def test_what_each_row_gained_is_explained_by_the_name_it_gives(seller, asked):
    euros = {"currency": "EUR"}
    rows = (await seller.get("/api/portfolio/gains", params={**euros, **asked})).json()["matches"]
    lots = (await seller.get("/api/portfolio/lots", params={**euros, "asset": "crypto:BTC"})).json()["lots"]
    assert len({one["figure"] for one in rows}) == len(rows) == (1 if "from" in asked else 3)
    for one in [*rows, *lots]:
        answer = await seller.get(f"/api/explain/{quote(one['figure'], safe='')}", params=euros)
        assert answer.status_code == 200, answer.text
        assert answer.json()["amount"] == one["gain"]
        if one["gain"] is not None:
            address = f"/api/explain/{quote(one['figure'], safe='')}/bundle"
            assert (await seller.get(address, params=euros)).status_code == 200
