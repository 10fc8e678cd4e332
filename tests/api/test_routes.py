"""What the routes answer, beyond that they answer the right people."""

from __future__ import annotations

from decimal import Decimal

import pytest

from smartfolio_app.security import violations
from smartfolio_app.services import files, sources
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import SourceFile
from tests.api.conftest import PASSWORD, cookie_of


async def test_new_user_has_sources_and_a_choice_per_category(as_alice):
    body = (await as_alice.get("/api/users/sources")).json()
    assert len(body["sources"]) > 0
    assert set(body["sources"][0]) >= {
        *("key", "label", "category", "kind", "configured", "visible", "active", "status", "reason"),
        *("last_sync", "counts"),
    }
    assert body["current_source"] == {"crypto": "all", "stocks": "all", "wealth": "all"}


async def test_source_is_added_renamed_switched_off_and_removed(as_alice):
    made = (
        await as_alice.post("/api/sources", json={"provider": "file_crypto", "label": "Old laptop"})
    ).json()
    key = made["key"]
    changed = (await as_alice.patch(f"/api/sources/{key}", json={"label": "Cellar", "active": False})).json()
    assert (changed["label"], changed["active"], changed["status"]) == ("Cellar", False, "inactive")
    assert (await as_alice.get(f"/api/sources/{key}/removal")).status_code == 200
    assert (await as_alice.delete(f"/api/sources/{key}")).json() == {"done": True}
    assert (await as_alice.get(f"/api/sources/{key}")).status_code == 404


async def test_wealth_item_lives_through_the_api_with_exact_amounts(as_alice):
    item = {
        "kind": "real_estate",
        "name": "House",
        "currency": "CHF",
        "value": "1234567.890123456789",
        "day": "2025-01-01",
    }
    made = (await as_alice.post("/api/wealth/items", json=item)).json()
    assert made["valuations"] == [{"day": "2025-01-01", "value": "1234567.890123456789", "note": ""}]
    path = f"/api/wealth/items/{made['id']}"
    await as_alice.put(f"{path}/valuations/2025-06-01", json={"value": "1300000", "note": "appraised"})
    changed = (await as_alice.patch(path, json={"name": "Home", "closed_on": "2025-12-31"})).json()
    assert (changed["name"], changed["closed_on"]) == ("Home", "2025-12-31")
    assert [one["value"] for one in changed["valuations"]] == ["1234567.890123456789", "1300000"]
    reopened = (await as_alice.patch(path, json={"closed_on": None})).json()
    assert reopened["closed_on"] is None
    assert (await as_alice.delete(f"{path}/valuations/2025-01-01")).json()["valuations"][0][
        "value"
    ] == "1300000"
    listed = (await as_alice.get("/api/wealth/items")).json()
    assert [one["id"] for one in listed["items"]] == [made["id"]]
    assert listed["kinds"]["mortgage"] is True


@pytest.mark.parametrize(
    "value",
    [1.5, "1,5", "NaN", "Infinity", "-Infinity", "1e400", "1e-400", "", "x", True, [], {}, "1" * 100, "٣"],
)
async def test_amount_that_is_not_exact_text_is_refused(as_alice, value):
    item = {"kind": "cash", "name": "box", "currency": "EUR", "value": value}
    answer = await as_alice.post("/api/wealth/items", json=item)
    assert answer.status_code == 422, answer.text


async def test_transaction_is_added_corrected_removed_and_brought_back(as_alice):
    trade = {
        "source": "manual_crypto",
        "at": "2025-01-02T03:04:05+01:00",
        "kind": "trade",
        "sent": {"quantity": "100.10", "asset": "fiat:EUR"},
        "received": {"quantity": "0.000000000000000001", "asset": "crypto:ETH"},
        "fee": {"quantity": "0.5", "asset": "fiat:EUR"},
        "note": "first",
    }
    made = (await as_alice.post("/api/portfolio/transactions", json=trade)).json()
    assert made["at"] == "2025-01-02T02:04:05Z"
    assert made["received"] == {"quantity": "0.000000000000000001", "asset": "crypto:ETH", "symbol": "ETH"}
    path = f"/api/portfolio/transactions/{made['id']}"
    changed = (await as_alice.patch(path, json={"note": "second", "fee": None})).json()
    assert (changed["note"], changed["fee"], changed["sent"]["quantity"]) == ("second", None, "100.1")
    assert changed["edited_at"] is not None
    assert (await as_alice.delete(path)).json()["deleted_at"] is not None
    assert (await as_alice.get("/api/portfolio/transactions")).json()["total"] == 0
    assert (await as_alice.patch(path, json={"note": "third"})).status_code == 404
    assert (await as_alice.post(f"{path}/restore")).json()["deleted_at"] is None
    found = (
        await as_alice.get("/api/portfolio/transactions", params={"asset": "ETH", "kind": "trade"})
    ).json()
    assert [one["id"] for one in found["transactions"]] == [made["id"]]


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30, "1.5"])
async def test_transaction_number_that_is_none_is_a_clear_refusal(as_alice, number):
    answer = await as_alice.get(f"/api/portfolio/transactions/{number}")
    assert answer.status_code in (404, 422)
    assert answer.json()["error"]["code"]


async def test_summary_says_what_is_known_and_what_is_not(as_alice):
    item = {"kind": "cash", "name": "box", "currency": "USD", "value": "250.75"}
    await as_alice.post("/api/wealth/items", json=item)
    trade = {
        "source": "manual_crypto",
        "at": "2025-01-02T03:04:05Z",
        "kind": "deposit",
        "received": {"quantity": "2", "asset": "crypto:UNPRICED"},
    }
    await as_alice.post("/api/portfolio/transactions", json=trade)
    body = (await as_alice.get("/api/wealth/global/summary", params={"currency": "usd"})).json()
    assert set(body) >= {
        *("total_value", "currency", "breakdown", "pnl_today", "pnl_today_pct", "coverage", "stale", "as_of"),
    }
    assert (body["total_value"], body["currency"]) == ("250.75", "USD")
    assert body["breakdown"]["wealth"] == "250.75"
    assert body["unpriced"] == ["crypto:UNPRICED"]
    assert (body["coverage"]["priced"], body["coverage"]["total"], body["coverage"]["share"]) == (1, 2, "0.5")


@pytest.mark.parametrize("query", [{"currency": "XXX"}, {"anchor": "noon"}, {"by": "colour"}])
async def test_view_that_does_not_exist_is_refused(as_alice, query):
    assert (await as_alice.get("/api/wealth/global/allocation", params=query)).status_code == 422


async def test_scope_of_the_wrong_category_is_refused(as_alice):
    assert (
        await as_alice.get("/api/wealth/global/summary", params={"stocks": "manual_crypto"})
    ).status_code == 404
    assert (
        await as_alice.get("/api/wealth/global/summary", params={"crypto": "manual_crypto"})
    ).status_code == 200


async def test_price_set_by_hand_values_a_holding_and_can_be_taken_back(as_alice):
    trade = {
        "source": "manual_crypto",
        "at": "2025-01-02T03:04:05Z",
        "kind": "deposit",
        "received": {"quantity": "2", "asset": "crypto:RARE"},
    }
    await as_alice.post("/api/portfolio/transactions", json=trade)
    price = {"asset": "crypto:RARE", "price": "21.5", "currency": "usd"}
    set_ = (await as_alice.put("/api/prices/manual", json=price)).json()
    assert [(one["price"], one["currency"]) for one in set_] == [("21.5", "USD")]
    body = (await as_alice.get("/api/wealth/global/summary", params={"currency": "USD"})).json()
    assert Decimal(body["total_value"]) == Decimal(43)
    day = set_[0]["at"][:10]
    await as_alice.delete("/api/prices/manual", params={"asset": "crypto:RARE", "day": day})
    body = (await as_alice.get("/api/wealth/global/summary", params={"currency": "USD"})).json()
    assert body["unpriced"] == ["crypto:RARE"]


async def test_settings_are_read_and_changed(as_alice):
    changed = await as_alice.patch(
        "/api/settings", json={"language": "fr", "base_currency": "chf", "small_balance_threshold": "2.50"}
    )
    assert changed.status_code == 200
    body = (await as_alice.get("/api/settings")).json()
    assert (body["language"], body["base_currency"], body["small_balance_threshold"]) == ("fr", "CHF", "2.5")
    refused = await as_alice.patch("/api/settings", json={"theme": "neon", "language": "en"})
    assert refused.status_code == 422
    assert (await as_alice.get("/api/settings")).json()["language"] == "fr"


async def test_group_of_a_coin_is_the_users_own_word(as_alice):
    assert (await as_alice.put("/api/settings/groups/crypto:ABC", json={"group": "MEME"})).json() == {
        "crypto:ABC": "MEME"
    }
    assert (await as_alice.put("/api/settings/groups/crypto:ABC", json={"group": ""})).json() == {}


async def test_download_is_saved_and_never_shown(as_alice, alice):
    with session_scope() as db:
        source = sources.find(db, alice, "manual_crypto")
        kept = SourceFile(
            user_id=alice,
            source_id=source.id,
            name='../é"<script>.csv',
            sha256=files.keep(alice, b"<script>alert(1)</script>"),
            size=25,
            format="x",
        )
        db.add(kept)
        db.flush()
        file_id = kept.id
    answer = await as_alice.get(f"/api/sources/files/{file_id}")
    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; ")
    assert "<" not in disposition
    assert '"../' not in disposition.replace('filename="..', "")
    assert "filename*=UTF-8''..%2F%C3%A9%22%3Cscript%3E.csv" in disposition


# ------------------------------------------------------------------------------------------------------- account
async def test_me_says_who_and_by_what(as_alice, connect, alice):
    assert (await as_alice.get("/api/users/me")).json() == {
        "user_id": alice,
        "name": "alice",
        "is_admin": True,
        "is_demo": False,
        "scope": "write",
        "via": "token",
    }
    by_cookie = connect(cookie=cookie_of(alice))
    assert (await by_cookie.get("/api/users/me")).json()["via"] == "session"


async def test_devices_are_listed_with_this_one_marked_and_signed_out(connect, alice):
    here, there = cookie_of(alice), cookie_of(alice)
    client = connect(cookie=here)
    devices = (await client.get("/api/users/me/devices")).json()
    assert [one["current"] for one in devices].count(True) == 1
    other = next(one["id"] for one in devices if not one["current"])
    assert (await client.delete(f"/api/users/me/devices/{other}")).status_code == 200
    assert (await connect(cookie=there).get("/api/users/me")).status_code == 401
    assert (await client.delete("/api/users/me/devices")).json() == {"revoked": 0}
    assert (await client.get("/api/users/me")).status_code == 200


async def test_token_is_shown_once_works_and_is_revoked(as_alice, connect):
    made = (await as_alice.post("/api/users/me/tokens", json={"name": "script", "scope": "read"})).json()
    script = connect(token=made["token"])
    assert (await script.get("/api/settings")).status_code == 200
    assert (await script.post("/api/users/me/tokens", json={"scope": "write"})).status_code == 403
    listed = (await as_alice.get("/api/users/me/tokens")).json()
    assert made["token"] not in str(listed)
    assert made["id"] in {one["id"] for one in listed}
    await as_alice.delete(f"/api/users/me/tokens/{made['id']}")
    assert (await script.get("/api/settings")).status_code == 401


async def test_password_is_changed_by_who_knows_it(as_alice, connect, alice):
    device = cookie_of(alice)
    wrong = await as_alice.post(
        "/api/users/me/password", json={"current": "x" * 20, "new": "a new long secret"}
    )
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (403, "account.wrong_password")
    right = await as_alice.post(
        "/api/users/me/password", json={"current": PASSWORD, "new": "a new long secret"}
    )
    assert right.status_code == 200
    assert (await connect(cookie=device).get("/api/users/me")).status_code == 401


async def test_guessing_the_password_through_the_api_is_slowed_down(as_alice, still):
    for _ in range(3):
        await as_alice.post("/api/users/me/password", json={"current": "guess", "new": "a new long secret"})
    answer = await as_alice.post(
        "/api/users/me/password", json={"current": PASSWORD, "new": "a new long secret"}
    )
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1


async def test_what_was_done_is_in_the_audit_log(as_alice):
    await as_alice.post("/api/users/me/tokens", json={"name": "script", "scope": "read"})
    entries = (await as_alice.get("/api/users/me/audit")).json()
    assert entries[0]["action"] == "token.create"
    assert entries[0]["address"] == "198.51.100.1"


async def test_administrator_manages_accounts(as_alice, connect):
    made = (await as_alice.post("/api/users", json={"name": "Eve", "password": PASSWORD})).json()
    assert "password" not in str(made)
    device = connect(cookie=cookie_of(made["id"]))
    assert (await device.get("/api/users/me")).status_code == 200
    assert (await as_alice.patch(f"/api/users/{made['id']}", json={"disabled": True})).json()[
        "disabled"
    ] is True
    assert (await device.get("/api/users/me")).status_code == 401
    assert (await as_alice.delete(f"/api/users/{made['id']}")).status_code == 200
    assert [one["name"] for one in (await as_alice.get("/api/users")).json()] == ["alice"]


async def test_last_administrator_cannot_shut_everybody_out(as_alice, alice):
    answer = await as_alice.patch(f"/api/users/{alice}", json={"disabled": True})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "account.last_admin")


# ------------------------------------------------------------------------------------------------------- reports
REPORT = {
    "csp-report": {
        "document-uri": "https://wealth.example/setup?token=secret",
        "violated-directive": "script-src-elem",
        "blocked-uri": "https://evil.example/x.js?q=1",
        "source-file": "https://wealth.example/assets/a.js",
        "line-number": 7,
    }
}
NEW_REPORT = {
    "type": "csp-violation",
    "body": {
        "documentURL": "https://wealth.example/",
        "effectiveDirective": "style-src-attr",
        "blockedURL": "inline",
    },
}


@pytest.fixture
def _no_reports():
    violations.REPORTED.clear()
    yield
    violations.REPORTED.clear()


@pytest.mark.usefixtures("_no_reports")
async def test_browsers_reports_are_counted_once_a_kind_and_shown_to_administrators(connect, as_alice):
    visitor = connect(origin="")
    for _ in range(3):
        assert (await visitor.post("/api/security/csp-report", json=REPORT)).status_code == 204
    assert (
        await visitor.post("/api/security/csp-report", json=[NEW_REPORT, {"type": "deprecation"}])
    ).status_code == 204
    listed = (await as_alice.get("/api/security/csp-reports")).json()
    assert [(one["directive"], one["blocked"], one["count"]) for one in listed] == [
        ("style-src-attr", "inline", 1),
        ("script-src-elem", "https://evil.example/x.js", 3),
    ]
    assert (listed[1]["page"], listed[1]["place"]) == ("/setup", "/assets/a.js:7")
    assert "secret" not in str(listed)


@pytest.mark.usefixtures("_no_reports")
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b"[1]", b'{"csp-report": 1}', b"[" * 8000, b"\xff\xfe"]
)
async def test_report_that_is_none_is_refused(connect, settings, body):
    assert (await connect().post("/api/security/csp-report", content=body)).status_code == 400
    assert violations.REPORTED.listed() == []


@pytest.mark.usefixtures("_no_reports")
async def test_reports_are_limited_in_size_rate_and_number(connect, settings, still):
    large = await connect().post("/api/security/csp-report", content=b"x" * 20_000)
    assert large.status_code == 413
    statuses = [
        (await connect().post("/api/security/csp-report", json=REPORT)).status_code for _ in range(25)
    ]
    assert statuses[:20] == [204] * 20
    assert statuses[-1] == 429
    kept = violations.Violations(maximum=50)
    for number in range(500):
        kept.record(b'{"csp-report": {"blocked-uri": "x%d"}}' % number)
    assert len(kept.listed()) == 50


# ------------------------------------------------------------------------------------------------- over the days
async def test_history_has_one_point_a_day_and_null_where_nothing_is_known(as_alice):
    item = {"kind": "cash", "name": "box", "currency": "USD", "value": "100", "day": "2026-01-01"}
    await as_alice.post("/api/wealth/items", json=item)
    answer = await as_alice.get(
        "/api/portfolio/history", params={"from": "2025-12-30", "to": "2026-01-03", "by": "category"}
    )
    body = answer.json()
    assert [one["day"] for one in body["points"]] == [
        *("2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02", "2026-01-03"),
    ]
    assert [one["value"] for one in body["points"]] == ["0", "0", "100", "100", "100"]
    assert body["by"]["wealth"] == ["0", "0", "100", "100", "100"]
    unpriced = {
        "source": "manual_crypto",
        "at": "2026-01-02T03:04:05Z",
        "kind": "deposit",
        "received": {"quantity": "2", "asset": "crypto:UNPRICED"},
    }
    await as_alice.post("/api/portfolio/transactions", json=unpriced)
    only = {"from": "2026-01-02", "to": "2026-01-03", "wealth": "all", "stocks": "manual_stocks"}
    points = (await as_alice.get("/api/portfolio/history", params=only)).json()["points"]
    assert {one["coverage"] for one in points} == {"0.5"}


@pytest.mark.parametrize(
    "query", [{"from": "2026-02-01", "to": "2026-01-01"}, {"by": "mood"}, {"from": "yesterday"}]
)
async def test_days_that_make_no_sense_are_refused(as_alice, query):
    assert (await as_alice.get("/api/portfolio/history", params=query)).status_code == 422


async def test_a_history_that_ends_before_the_beginning_is_a_day_of_nothing(as_alice):
    item = {"kind": "cash", "name": "box", "currency": "USD", "value": "100", "day": "2026-01-01"}
    await as_alice.post("/api/wealth/items", json=item)
    body = (await as_alice.get("/api/portfolio/history", params={"to": "2024-02-29"})).json()
    assert [(one["day"], one["value"]) for one in body["points"]] == [("2024-02-29", "0")]


@pytest.mark.parametrize("window", ["1d", "1w", "1m", "3m", "ytd", "1y", "all"])
async def test_metrics_keep_flows_apart_from_gains(as_alice, window):
    item = {"kind": "savings", "name": "box", "currency": "USD", "value": "100", "day": "2020-01-01"}
    await as_alice.post("/api/wealth/items", json=item)
    body = (
        await as_alice.get("/api/portfolio/metrics", params={"window": window, "anchor": "midnight"})
    ).json()
    part = body["window"]
    assert part["window"] == window
    assert Decimal(part["gain"]) == (
        Decimal(part["value_last"]) - Decimal(part["value_first"]) - Decimal(part["flows"])
    )
    assert Decimal(part["value_first"]) == (0 if window == "all" else 100)
    assert body["change"]["anchor"] == "midnight"


async def test_line_of_the_day_ends_now(as_alice):
    body = (await as_alice.get("/api/portfolio/line", params={"window": "1d"})).json()
    times = [one["at"] for one in body["points"]]
    assert times == sorted(times)
    assert len(times) >= 96


async def test_holdings_are_searched_sorted_paged_and_exported(as_alice):
    for symbol, quantity in (("AAA", "1"), ("BBB", "2"), ("=CMD()", "3")):
        trade = {
            "source": "manual_crypto",
            "at": "2025-01-02T03:04:05Z",
            "kind": "deposit",
            "received": {"quantity": quantity, "asset": f"crypto:{symbol}"},
        }
        assert (await as_alice.post("/api/portfolio/transactions", json=trade)).status_code == 201
    page = (
        await as_alice.get(
            "/api/portfolio/holdings", params={"sort": "quantity", "size": 2, "descending": "false"}
        )
    ).json()
    assert [one["quantity"] for one in page["holdings"]] == ["1", "2"]
    assert (page["total"], page["pages"]) == (3, 2)
    assert page["holdings"][0]["value"] is None
    assert page["holdings"][0]["reason"]
    found = (await as_alice.get("/api/portfolio/holdings", params={"search": "bbb"})).json()
    assert [one["asset"] for one in found["holdings"]] == ["crypto:BBB"]
    grouped = (await as_alice.get("/api/portfolio/holdings", params={"group_by": "source"})).json()
    assert grouped["sections"][0]["key"] == "manual_crypto"
    file = await as_alice.get("/api/portfolio/holdings.csv")
    assert file.headers["content-disposition"].startswith('attachment; filename="holdings.csv"')
    assert "'=CMD()" in file.text
    assert (await as_alice.get("/api/portfolio/holdings", params={"sort": "colour"})).status_code == 422


async def test_every_figure_can_be_asked_why(as_alice):
    item = {"kind": "cash", "name": "box", "currency": "USD", "value": "250.75"}
    await as_alice.post("/api/wealth/items", json=item)
    body = (await as_alice.get("/api/explain/net_worth", params={"currency": "USD"})).json()
    assert (body["figure"], body["amount"], body["unit"]) == ("net_worth", "250.75", "USD")
    assert body["title"]
    assert body["steps"]
    french = (
        await as_alice.get(
            "/api/explain/net_worth", params={"currency": "USD"}, headers={"accept-language": "fr"}
        )
    ).json()
    assert french["title"] != body["title"]
    for figure in ("coverage", "change_today", "category:wealth", "allocation:category"):
        assert (await as_alice.get(f"/api/explain/{figure}")).status_code == 200, figure


@pytest.mark.parametrize(
    "figure", ["nothing", "holding:crypto:NONE", "history:tomorrow", "category:x", "x" * 121]
)
async def test_figure_that_is_none_is_not_found(as_alice, figure):
    assert (await as_alice.get(f"/api/explain/{figure}")).status_code in (404, 422)
