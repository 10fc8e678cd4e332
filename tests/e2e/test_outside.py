"""Accounts that need more than a key: signing in at the bank, a key that is too mighty, a second account, a ticker that
means several coins. One app, one person, one household.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import PHONE, fits, shoot
from tests.e2e.app import RunningApp
from tests.e2e.household import drop
from tests.e2e.watch import watch_of
from tests.loopback.saxo import APP_KEY, SaxoVenue
from tests.loopback.server import LoopbackServer
from tests.loopback.venues import KEY, SECRET, Kraken, VenueServer
from tests.providers.exchanges.test_kraken import ledger
from tests.providers.test_saxo import booking, trade

#: A busy machine may take its time.
LONG = 60_000
GEMS = (
    b'"Type","Buy","Cur.","Sell","Cur.","Fee","Cur.","Exchange","Group","Comment","Date"\n'
    b'"Deposit","5","GEM","","","","","Wallet","","","05.01.2026 12:00:00"\n'
)


@pytest.fixture
def saxo() -> Iterator[VenueServer]:
    bank = SaxoVenue()
    bank.trades = [trade(1, 3.0)]
    bank.bookings = [booking(1, "Share Amount", -654.0, "671"), booking(6, "Cash Deposit", 1000)]
    bank.positions = [
        {
            "PositionBase": {"AccountId": "T1", "Amount": 3.0, "AssetType": "Etf", "OpenPrice": 218.0},
            "PositionView": {"CurrentPrice": 243.18},
            "DisplayAndFormat": {"Symbol": "SOXL:arcx", "Currency": "USD", "Description": "Direxion Daily"},
        }
    ]
    with VenueServer(bank) as running:
        yield running


@pytest.fixture
def kraken() -> Iterator[VenueServer]:
    exchange = Kraken(ledger(6), {"ZEUR": "4698.18", "XXBT": "0.015"})
    exchange.permissions = ["query-funds", "query-ledger", "withdraw-funds"]
    with VenueServer(exchange) as running:
        yield running


@pytest.fixture
def outside(
    new_app: Callable[..., RunningApp], saxo: VenueServer, kraken: VenueServer
) -> Iterator[RunningApp]:
    with LoopbackServer() as market:
        addresses = {f"SMARTFOLIO_{name.upper()}": url for name, url in market.addresses.items()}
        bank = saxo.url.replace("127.0.0.1", "localhost")  # another site, as the real one is
        yield new_app(
            SMARTFOLIO_OFFLINE="false",
            SMARTFOLIO_SAXO_URL=f"{saxo.url}/sim/openapi",
            SMARTFOLIO_SAXO_LOGIN_URL=bank,
            SMARTFOLIO_EXCHANGE_URLS=f"kraken={kraken.url}",
            **addresses,
        )


def source(page: Page, label: str) -> Locator:
    return page.locator(".sources > li", has=page.get_by_role("heading", name=label, exact=True))


def pick(page: Page, name: str) -> Locator:
    """Open the catalogue and choose a live provider there; the dialog."""
    page.get_by_role("button", name="Add a source").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Live", exact=True).click()
    dialog.get_by_role("searchbox").fill(name)
    # Narrowed, or what is clicked on may move away under the pointer.
    expect(dialog.locator(".offer").filter(has_not_text=re.compile(name, re.IGNORECASE))).to_have_count(0)
    dialog.locator(".offer").filter(has_text=re.compile(f"^{name}")).first.click()
    return dialog


def give(dialog: Locator, key: str = KEY) -> None:
    dialog.get_by_label("API key").fill(key)
    dialog.get_by_label("Secret").fill(SECRET)
    dialog.get_by_role("button", name="Test and connect").click()


def test_a_bank_a_mighty_key_a_second_account_and_a_ticker_of_several_coins(
    outside: RunningApp, saxo: VenueServer, kraken: VenueServer, open_page: Callable[..., Page]
) -> None:
    ann = outside.add_person("ann")
    page = open_page(ann, base=outside.url)
    # Signing in is on the bank's own pages, which have no icon; nothing else may be asked of another origin.
    watch_of(page).expect(r"request to another origin: http://localhost:\d+/authorize[?]")
    watch_of(page).expect(r"favicon\.ico")
    api = httpx.Client(
        base_url=outside.url, headers={"Authorization": f"Bearer {outside.token(ann, 'write')}"}, timeout=30
    )

    def keys_of(provider: str) -> list[str]:
        every = api.get("/api/users/sources").json()["sources"]
        return [one["key"] for one in every if one["provider"] == provider and one["configured"]]

    # The bank says no, then yes: from here to another site and back, and the tokens are kept.
    page.goto("/sources")
    pick(page, "Saxo Bank")
    page.wait_for_url(re.compile("/sources/sign-in"), timeout=LONG)
    expect(page.locator("code")).to_contain_text("/api/sources/sign-in/callback", timeout=LONG)
    shoot(page, "outside-saxo-dark")
    assert not accessibility_faults(page)
    for answer in ("Deny", "Allow"):
        page.get_by_label("Key of your app").fill(APP_KEY)
        page.get_by_role("button", name="Go to Saxo").click()
        expect(page.get_by_role("heading")).to_contain_text("wants to read your account", timeout=LONG)
        page.get_by_role("link", name=answer).click()
        if answer == "Deny":
            expect(page.get_by_role("alert")).to_be_visible(timeout=LONG)
    page.wait_for_url(re.compile("/sources$|/sources[?]"), timeout=LONG)
    bank = source(page, "Saxo Bank")
    expect(bank).to_contain_text("Up to date", timeout=LONG)
    expect(bank).to_contain_text("position", timeout=LONG)
    (stored,) = keys_of("saxo_api")

    # A key that can withdraw is told so, and kept only when its owner says that they want that.
    dialog = pick(page, "Kraken")
    give(dialog)
    warning = dialog.locator(".danger-note")
    expect(warning).to_be_visible(timeout=LONG)
    expect(warning).to_contain_text(re.compile("withdraw", re.IGNORECASE))
    shoot(page, "outside-danger-dark")
    assert not accessibility_faults(page)
    assert keys_of("kraken_api") == []
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    shoot(page, "outside-danger-phone-dark")
    page.set_viewport_size({"width": 1440, "height": 900})
    dialog.locator("[name=accept_risks]").check()
    give(dialog)
    expect(dialog.locator("[aria-current=step]")).to_contain_text("First sync", timeout=LONG)
    assert keys_of("kraken_api") == ["kraken_api"]
    expect(dialog).to_contain_text("7 transactions", timeout=LONG)
    shoot(page, "outside-first-sync-dark")
    page.keyboard.press("Escape")

    # A second account there, kept apart from the first: its own key, its own syncs.
    kraken.venue.permissions = ["query-funds", "query-ledger"]
    kraken.venue.keys.add("key of the second account")
    dialog = pick(page, "Kraken")
    give(dialog)
    expect(dialog.get_by_role("alert")).to_contain_text("already read with this key", timeout=LONG)
    give(dialog, "key of the second account")
    expect(dialog.locator("[aria-current=step]")).to_contain_text("First sync", timeout=LONG)
    expect(dialog).to_contain_text("7 transactions", timeout=LONG)
    page.keyboard.press("Escape")
    assert len(keys_of("kraken_api")) == 2
    assert keys_of("saxo_api") == [stored]

    # Several coins go by one ticker: it is asked once, in one place, and priced from then on.
    drop(page, ("gems.csv", GEMS))
    page.get_by_role("button", name=re.compile("^Import 1 transaction")).click()
    expect(source(page, "CoinTracking")).to_contain_text("1 transaction", timeout=LONG)
    api.post("/api/prices/refresh").raise_for_status()  # as happens by itself some seconds later
    page.reload()
    questions = page.locator("[data-questions] > li").filter(has_text="GEM")
    expect(questions).to_be_visible(timeout=LONG)
    shoot(page, "outside-questions-dark")
    assert not accessibility_faults(page)
    phone = open_page(ann, base=outside.url, size=PHONE, theme="light")
    phone.goto("/sources")
    expect(phone.locator("[data-questions] > li").filter(has_text="GEM")).to_be_visible(timeout=LONG)
    assert fits(phone)
    shoot(phone, "outside-questions-phone-light")
    questions.get_by_role("button").first.click()
    expect(questions).to_be_hidden(timeout=LONG)
    assert "crypto:GEM" not in {one["asset"] for one in api.get("/api/prices/unresolved").json()}
