"""Importing through the API: what would happen, what happened, and as if it never had."""

from __future__ import annotations

import json

import pytest

from smartfolio_app.providers.csv.mapping import Mapping
from smartfolio_app.security.limits import IMPORTS, user_key
from tests.api.conftest import token_of
from tests.api.test_isolation import EXPORT

UNKNOWN = "Wann;Womit;Wieviel;Wofuer;Bemerkung\n2024-01-02;AAA;3;10.00;x\n2024-01-03;BBB;4;20.00;y\n"
FIELDS = {
    "format",
    "rows",
    "added",
    "duplicates",
    "rejected",
    "effect",
    "batch_id",
    "source",
    "suspected",
    "warnings",
}


async def send(client, content: str | bytes, name: str = "export.csv", headers=None, **fields):
    data = content.encode() if isinstance(content, str) else content
    return await client.post(
        "/api/sources/import", files={"file": (name, data)}, data=fields, headers=headers
    )


async def ledger_size(client) -> int:
    return (await client.get("/api/portfolio/transactions")).json()["total"]


async def test_dry_run_says_what_would_happen_and_stores_nothing(as_alice):
    answer = await send(as_alice, EXPORT, dry_run="true")
    body = answer.json()
    assert answer.status_code == 200, answer.text
    assert set(body) == FIELDS
    assert (body["rows"], body["added"], body["duplicates"], body["batch_id"]) == (1, 1, 0, None)
    assert await ledger_size(as_alice) == 0
    assert (await as_alice.get("/api/sources/imports")).json() == []


async def test_import_goes_to_the_source_of_its_format_and_says_its_effect(as_alice):
    body = (await send(as_alice, EXPORT, name="whatever.bin")).json()
    assert (body["source"], body["added"]) == ("cointracking_csv", 1)
    assert body["batch_id"]
    assert sorted(body["effect"], key=lambda one: one["asset"]) == [
        {"asset": "BTC", "asset_id": "crypto:BTC", "before": "0", "after": "1.5"},
        {"asset": "EUR", "asset_id": "fiat:EUR", "before": "0", "after": "-100"},
    ]
    listed = (await as_alice.get("/api/users/sources")).json()["sources"]
    source = next(one for one in listed if one["key"] == "cointracking_csv")
    assert (source["configured"], source["counts"]["transactions"]) == (True, 1)


async def test_importing_twice_is_importing_once(as_alice):
    await send(as_alice, EXPORT)
    again = (await send(as_alice, EXPORT)).json()
    assert (again["added"], again["duplicates"], again["effect"]) == (0, 1, [])
    assert await ledger_size(as_alice) == 1


async def test_two_equal_fills_stay_two_unless_the_user_says_otherwise(as_alice):
    row = EXPORT.splitlines()[1]
    twice = (await send(as_alice, f"{EXPORT}{row}\n", dry_run="true")).json()
    assert (twice["added"], len(twice["suspected"])) == (2, 1)
    once = (await send(as_alice, f"{EXPORT}{row}\n", skip_suspected="true")).json()
    assert once["added"] == 1


async def test_import_is_taken_back_as_one(as_alice):
    batch = (await send(as_alice, EXPORT)).json()["batch_id"]
    undone = (await as_alice.delete(f"/api/sources/imports/{batch}")).json()
    assert (undone["transactions"], undone["source"]) == (1, "cointracking_csv")
    assert {one["asset"]: one["after"] for one in undone["effect"]} == {"BTC": "0", "EUR": "0"}
    assert await ledger_size(as_alice) == 0
    assert (await as_alice.delete(f"/api/sources/imports/{batch}")).status_code == 409
    assert (await as_alice.get("/api/sources/imports")).json()[0]["undone_at"] is not None


async def test_rejected_rows_are_named_with_a_reason(as_alice):
    bad = EXPORT + '"Trade";"x";"BTC";"100";"EUR";"";"";"Kraken";"";"";"2024-01-02 03:04:05"\n'
    body = (await send(as_alice, bad, dry_run="true")).json()
    assert body["added"] == 1
    assert [one["row"] for one in body["rejected"]] == [3]
    assert body["rejected"][0]["reason"]


async def test_unknown_file_answers_with_its_headings_and_a_suggestion(as_alice):
    answer = await send(as_alice, UNKNOWN)
    error = answer.json()["error"]
    assert answer.status_code == 422
    assert error["detail"]["headers"] == ["Wann", "Womit", "Wieviel", "Wofuer", "Bemerkung"]
    assert "suggestion" in error["detail"]
    assert await ledger_size(as_alice) == 0


async def test_mapping_is_given_as_json_saved_by_name_and_used_again(as_alice):
    columns = {"date": [0], "asset": [1], "quantity": [2], "total": [3]}
    mapping = {"shape": "trades", "columns": columns, "default_currency": "EUR", "asset_class": "crypto"}
    shown = await send(as_alice, UNKNOWN, dry_run="true", mapping=json.dumps(mapping), source="file_crypto")
    assert shown.status_code in (200, 404), shown.text
    headers = ["Wann", "Womit", "Wieviel", "Wofuer", "Bemerkung"]
    saved = await as_alice.put("/api/sources/mappings/mine", json={"mapping": mapping, "headers": headers})
    assert saved.status_code == 200, saved.text
    assert Mapping.from_json(json.dumps(saved.json()["mapping"])).columns["total"] == (3,)
    assert [one["name"] for one in (await as_alice.get("/api/sources/mappings")).json()] == ["mine"]
    body = (await send(as_alice, UNKNOWN, mapping="mine", dry_run="true")).json()
    assert (body["rows"], body["added"]) == (2, 2)
    body = (await send(as_alice, UNKNOWN, dry_run="true")).json()
    assert body["added"] == 2
    assert (await as_alice.delete("/api/sources/mappings/mine")).json() == {"done": True}
    assert (await send(as_alice, UNKNOWN, mapping="mine")).status_code == 404


@pytest.mark.parametrize(
    "mapping", ["{", '{"shape": "circle"}', '{"columns": {"date": [-1]}}', '{"x": 1}', "{}"]
)
async def test_mapping_that_is_none_is_refused(as_alice, mapping):
    answer = await send(as_alice, UNKNOWN, mapping=mapping)
    assert answer.status_code == 422, answer.text
    assert await ledger_size(as_alice) == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 1000,
        b"<!DOCTYPE html><html><body>Sign in</body></html>",
        b"PK\x03\x04broken",
        b"%PDF-1.7",
        b"just words",
    ],
)
async def test_what_is_no_export_is_refused_with_a_sentence_and_leaves_nothing(as_alice, content):
    answer = await send(as_alice, content)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["error"]["message"]
    assert (await as_alice.get("/api/sources/files")).json() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc"},
        {"as_of": "yesterday"},
        {"as_of": "2026-01-01T00:00:00"},
        {"format": "nope"},
        {"dry_run": "maybe"},
    ],
)
async def test_wish_that_cannot_be_met_is_refused(as_alice, fields):
    assert (await send(as_alice, EXPORT, **fields)).status_code in (404, 422)


async def test_file_is_needed(as_alice):
    answer = await as_alice.post("/api/sources/import", data={"source": "x"})
    assert (answer.status_code, answer.json()["error"]["detail"]["field"]) == (422, "file")


async def test_uploaded_file_is_kept_as_it_came(as_alice):
    await send(as_alice, EXPORT, name="märz.csv")
    kept = (await as_alice.get("/api/sources/files")).json()
    assert [one["name"] for one in kept] == ["märz.csv"]
    assert (await as_alice.get(f"/api/sources/files/{kept[0]['id']}")).content == EXPORT.encode()


async def test_imports_have_a_bucket_of_their_own(connect, api, alice, bob, still):
    client = connect(token=token_of(alice))
    assert api.state.limits.take_now(IMPORTS, user_key(alice), cost=int(IMPORTS.burst)).allowed
    limited = await send(client, EXPORT)
    assert limited.status_code == 429
    assert limited.json()["error"]["code"] == "limit.too_many_requests"
    assert limited.headers["ratelimit-policy"].startswith(IMPORTS.policy_field)
    assert int(limited.headers["retry-after"]) >= 1
    assert (await send(connect(token=token_of(bob)), EXPORT)).status_code == 200
    assert (await client.get("/api/settings")).status_code == 200


async def test_formats_are_listed(as_alice):
    known = (await as_alice.get("/api/sources/formats")).json()
    assert {"id", "label", "institution", "category", "provider", "kind", "local_times"} == set(known[0])
    assert any("cointracking" in one["id"] for one in known)
