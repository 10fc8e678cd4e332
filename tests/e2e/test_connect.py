"""An account is connected in the browser: three steps, the first sync, the key out of sight, and back again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import PHONE, fits, shoot
from tests.e2e.app import RunningApp
from tests.e2e.household import change, session_cookies
from tests.loopback.cointracking import CoinTrackingServer

KEY, SECRET = "ct-key-0001-of-ann", "ct-secret-0001-of-ann"
#: A busy machine may take its time.
LONG = 60_000


@pytest.fixture
def world() -> Iterator[CoinTrackingServer]:
    with CoinTrackingServer() as running:
        account = running.world.add(KEY, SECRET)
        account.places = {
            "Kraken": {"BTC": ("0.5", "60,000.00"), "EUR": ("2,900.00", "1.00"), "ADA": ("101", "0.50")}
        }
        account.trade(1, 1_700_000_000, "Deposit", buy="22,900.00 EUR")
        account.trade(2, 1_700_086_400, buy="0.5 BTC", sell="20,000.00 EUR")
        account.trade(3, 1_700_172_800, "Deposit", buy="100 ADA")
        yield running


@pytest.fixture
def connected_app(new_app: Callable[..., RunningApp], world: CoinTrackingServer) -> RunningApp:
    """An app that calls out, where nothing but CoinTracking answers, and that on this machine."""
    nowhere = {
        f"SMARTFOLIO_{name}_URL": "http://127.0.0.1:9"
        for name in ("COINGECKO", "ECB", "BINANCE", "BINANCE_FUTURES", "YAHOO", "FEAR_GREED")
    }
    return new_app(SMARTFOLIO_OFFLINE="false", SMARTFOLIO_COINTRACKING_URL=world.url, **nowhere)


def source(page: Page, label: str) -> Locator:
    return page.locator(".sources > li", has=page.get_by_role("heading", name=label, exact=True))


def give(dialog: Locator, key: str, secret: str) -> None:
    dialog.get_by_label("API key").fill(key)
    dialog.get_by_label("API secret").fill(secret)
    dialog.get_by_role("button", name="Test and connect").click()


def test_an_account_is_connected_in_three_steps_synced_and_taken_back(
    connected_app: RunningApp, world: CoinTrackingServer, open_page: Callable[..., Page]
) -> None:
    ann = connected_app.add_person("ann")
    page = open_page(ann, base=connected_app.url)
    page.goto("/sources")
    offered = source(page, "CoinTracking")
    expect(offered.first).to_contain_text("no key in the vault", timeout=LONG)

    page.get_by_role("button", name="Add a source").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Live", exact=True).click()
    expect(dialog.locator(".offer").nth(90)).to_be_attached()
    shoot(page, "connect-choose-dark")
    assert not accessibility_faults(page)
    dialog.get_by_role("searchbox").fill("cointrack")
    dialog.get_by_role("button", name=re.compile("^CoinTracking")).click()

    give(dialog, KEY, "not the secret")
    expect(dialog.get_by_role("alert")).to_contain_text("CoinTracking does not accept the key", timeout=LONG)
    shoot(page, "connect-refused-dark")
    assert not accessibility_faults(page)
    world.world.delay = 0.4
    give(dialog, KEY, SECRET)
    expect(dialog.locator("[aria-current=step]")).to_contain_text("First sync", timeout=LONG)
    page.goto("/settings")  # it goes on by itself
    page.goto("/sources")
    ours = source(page, "CoinTracking").filter(has_text="positions")
    expect(ours).to_contain_text("3 positions", timeout=LONG)
    expect(ours).to_contain_text("Up to date", timeout=LONG)
    world.world.delay = 0.0

    ours.get_by_role("button", name=re.compile("^Files and imports")).click()
    expect(ours).to_contain_text("•••• -ann")
    gaps = ours.get_by_role("list", name="Books against report")
    expect(gaps.get_by_role("listitem").filter(has_text="ADA")).to_contain_text("+1")
    shoot(page, "connect-details-dark")
    assert not accessibility_faults(page)
    assert SECRET not in page.content()
    assert KEY not in page.content()
    gaps.get_by_role("button", name=re.compile("Enter")).click()
    expect(ours).to_contain_text("add up to all of them", timeout=LONG)

    ours.get_by_role("button", name="Sync CoinTracking now").click()
    runs = ours.get_by_role("list", name="Syncs")
    expect(runs.get_by_role("listitem")).to_have_count(2, timeout=LONG)
    expect(runs.get_by_role("listitem").first).to_contain_text("Done", timeout=LONG)
    expect(runs.get_by_role("listitem").first).to_contain_text("Nothing new")
    runs.get_by_role("button", name=re.compile("^Take back the sync")).click()
    expect(runs.get_by_role("listitem").nth(1)).to_contain_text("Taken back", timeout=LONG)
    expect(ours).to_contain_text("synced only by hand")

    change(connected_app, session_cookies(connected_app, ann), language="fr")
    phone = open_page(ann, base=connected_app.url, size=PHONE, theme="light", language="fr-FR")
    phone.goto("/sources")
    ours = source(phone, "CoinTracking")
    expect(ours).to_contain_text("à la main", timeout=LONG)
    ours.get_by_role("button", name=re.compile("^Fichiers")).click()
    expect(ours).to_contain_text("•••• -ann", timeout=LONG)
    assert fits(phone)
    assert not accessibility_faults(phone)
    shoot(phone, "connect-details-phone-light")
    phone.get_by_role("button", name="Ajouter une source").click()
    expect(phone.get_by_role("dialog").locator(".offer").first).to_be_visible()
    shoot(phone, "connect-choose-phone-light")
    assert not accessibility_faults(phone)
