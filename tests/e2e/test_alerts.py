"""Alerts: a rule fires and is seen, a channel's secrets are never shown again, the brief explains its sentences."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import PHONE, fits, shoot
from tests.e2e.app import Person, RunningApp
from tests.e2e.household import session_cookies

Opener = Callable[..., Page]
PATIENCE = 30_000


def give_a_bitcoin(app: RunningApp, person: Person) -> None:
    """One bitcoin of 60,000 EUR, so that a rule has something to be about."""
    cookies = {one["name"]: one["value"] for one in session_cookies(app, person)}

    def put(method: str, path: str, **body: Any) -> None:
        address, headers = f"{app.url}{path}", {"Origin": app.url}
        answer = httpx.request(method, address, json=body, cookies=cookies, headers=headers, timeout=60)
        assert answer.is_success, answer.text

    put("PATCH", "/api/settings", base_currency="EUR")
    received = {"quantity": "1", "asset": "crypto:BTC"}
    put(
        "POST",
        "/api/portfolio/transactions",
        source="manual_crypto",
        at="2026-01-02T03:04:05Z",
        kind="deposit",
        received=received,
    )
    day = datetime.now(UTC).date().isoformat()
    put("PUT", "/api/prices/manual", asset="crypto:BTC", price="60000", currency="EUR", day=day)


def test_a_rule_fires_is_seen_and_goes_where_its_owner_says(
    page: Page, app: RunningApp, person: Person, open_page: Opener
) -> None:
    give_a_bitcoin(app, person)
    page.goto("/alerts")
    page.get_by_role("button", name="Add the usual ones").click(timeout=PATIENCE)
    rules = page.locator("section", has=page.get_by_role("heading", name="Rules", exact=True))
    expect(rules.get_by_role("listitem")).to_have_count(6, timeout=PATIENCE)

    page.get_by_role("button", name="Add a rule").click()
    form = page.get_by_role("dialog", name="Add a rule")
    expect(form.get_by_label("Asset")).to_have_value("crypto:BTC", timeout=PATIENCE)
    form.get_by_role("textbox", name="Level").fill("plenty")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("plenty", timeout=PATIENCE)
    assert not accessibility_faults(page)
    form.get_by_role("textbox", name="Level").fill("50,000.50")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("BTC is at €60,000.00, above €50,000.50.")).to_be_visible(timeout=PATIENCE)
    rail = page.get_by_role("navigation", name="Main").first
    expect(rail.get_by_role("link", name="Alerts, 1 open")).to_be_visible()

    page.get_by_role("button", name="Add a channel").click()
    told = page.get_by_role("dialog", name="Add a channel")
    told.get_by_label("Deliver by").select_option("ntfy")
    told.get_by_label("Topic").fill("our-hidden-topic")
    told.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Send a test to ntfy.sh")).to_be_visible(timeout=PATIENCE)
    page.get_by_label("From", exact=True).fill("22:00")
    page.get_by_label("Until", exact=True).fill("07:00")
    page.locator("form.times").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Times saved")).to_be_visible(timeout=PATIENCE)
    page.reload()
    expect(page.get_by_label("From", exact=True)).to_have_value("22:00", timeout=PATIENCE)
    assert "our-hidden-topic" not in page.content()
    assert not accessibility_faults(page)
    shoot(page, "alerts-desktop-dark")

    page.get_by_role("button", name=re.compile("^I have seen: BTC")).click()
    expect(rail.get_by_role("link", name="Alerts", exact=True)).to_be_visible(timeout=PATIENCE)

    page.goto("/brief")
    expect(page.get_by_text("What you own is worth €60,000.00.")).to_be_visible(timeout=PATIENCE)
    assert not accessibility_faults(page)
    page.get_by_role("button", name="Why this number?").first.click()
    expect(page.get_by_role("dialog", name="Why this number?")).to_contain_text(
        "€60,000.00", timeout=PATIENCE
    )

    phone = open_page(person, theme="light", size=PHONE)
    for address, name in (("/alerts", "alerts"), ("/brief", "brief")):
        phone.goto(address)
        expect(phone.locator(".alert-line, .brief-line").first).to_be_visible(timeout=PATIENCE)
        assert fits(phone)
        assert not accessibility_faults(phone)
        shoot(phone, f"{name}-phone-light")
