"""Holdings: sorted, searched, grouped, opened and explained; what has no price is named and can be given one."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import PHONE, comes_true, fits, shoot
from tests.e2e.app import RunningApp
from tests.e2e.household import change, session_cookies
from tests.services.cointracking_files import LEDGER, trades

Opener = Callable[..., Page]
FORGOTTEN = ("Airdrop", "1000.00", "NOPRICE", "", "", "", "", "Wallet", 6)
CRUMB = ("Trade", "0.00001", "LTC", "0.01", "EUR", "", "", "Kraken", 7)


@pytest.fixture(scope="module")
def cookies(app: RunningApp, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    owner = app.add_person()
    file = tmp_path_factory.mktemp("files") / "ledger.csv"
    file.write_bytes(trades((*LEDGER, FORGOTTEN, CRUMB)))
    app.cli("import", str(file), "--user", owner.name)
    cookies = session_cookies(app, owner)
    change(app, cookies, base_currency="EUR")
    return cookies


@pytest.fixture
def holdings(open_page: Opener, cookies: list[dict[str, Any]]) -> Opener:
    def opened(**how: Any) -> Page:
        page = open_page(**how)
        page.context.add_cookies(cookies)
        page.goto("/holdings?currency=EUR")
        expect(page.locator("tr.holding").first).to_be_visible(timeout=60_000)
        return page

    return opened


def symbols(page: Page) -> list[str]:
    return page.locator("tr.holding .symbol").all_inner_texts()


def test_columns_sort_both_ways_and_say_so(holdings: Opener) -> None:
    page = holdings()
    asset = page.locator(".holdings").get_by_role("columnheader", name="Asset")
    asset.get_by_role("button").click()
    expect(asset).to_have_attribute("aria-sort", "ascending")
    expect(page.locator("tr.holding .symbol").first).to_have_text("BTC")
    asset.get_by_role("button").click()
    expect(asset).to_have_attribute("aria-sort", "descending")
    expect(page.locator("tr.holding .symbol").last).to_have_text("BTC")
    value = page.get_by_role("columnheader", name="Value")
    value.get_by_role("button").click()
    expect(value).to_have_attribute("aria-sort", "descending")
    expect(page.locator("tr.holding .symbol").last).to_have_text("NOPRICE")  # not known comes last
    assert not accessibility_faults(page)
    shoot(page, "holdings-desktop-dark")


#: Presses the key of the search in the very step that puts the first row on the page, before it is painted.
IMPATIENT = """
new MutationObserver((_, watching) => {
  if (!document.querySelector("tr.holding")) return;
  watching.disconnect();
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "/", bubbles: true }));
  window.answered = document.activeElement.matches("[data-search]");
}).observe(document, { childList: true, subtree: true });
"""


def test_keys_work_as_soon_as_the_page_is_seen(open_page: Opener, cookies: list[dict[str, Any]]) -> None:
    page = open_page()
    page.context.add_cookies(cookies)
    page.add_init_script(IMPATIENT)
    page.goto("/holdings?currency=EUR")
    expect(page.locator("tr.holding").first).to_be_visible(timeout=60_000)
    assert page.evaluate("() => window.answered")  # said in the step that made the row visible


def test_searching_grouping_and_hiding_small_balances(holdings: Opener) -> None:
    page = holdings(theme="light")
    page.keyboard.press("/")
    page.keyboard.type("eth")
    expect(page.locator("tr.holding")).to_have_count(1)
    assert symbols(page) == ["ETH"]
    page.get_by_role("searchbox").fill("nothing like it")
    expect(page.get_by_role("heading", name="No asset matches")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator("tr.holding")).to_have_count(5)

    page.get_by_label("Group by").select_option("group")
    expect(page.locator("tr.group th").filter(has_text="Bitcoin")).to_be_visible()
    page.get_by_label("Group by").select_option("location")
    expect(page.locator("tr.group th").filter(has_text="Kraken")).to_be_visible()
    page.get_by_label("Group by").select_option("")
    expect(page.locator("tr.group")).to_have_count(0)

    page.get_by_role("checkbox", name=re.compile("Hide under")).click()
    expect(page.locator("tr.holding")).to_have_count(4)
    expect(page.get_by_text("1 small balance hidden")).to_be_visible()
    assert "NOPRICE" in symbols(page)  # what is not priced is never small
    assert not accessibility_faults(page)


def test_a_row_opens_its_places_and_leads_to_its_transactions(holdings: Opener) -> None:
    page = holdings()
    page.get_by_role("button", name="Where BTC is held").click()
    places = page.locator("tr.opened .places")
    expect(places).to_contain_text("Kraken")
    expect(places).to_contain_text("0.0399")
    page.get_by_role("link", name="All BTC transactions").click()
    expect(page).to_have_url(re.compile("/transactions"))
    expect(page.locator("tr.transaction")).to_have_count(2)


@pytest.mark.parametrize(
    "where", [".at-value", ".at-price", ".at-quantity", ".at-cost", ".at-gain", ".at-today"]
)
def test_each_figure_explains_itself(holdings: Opener, where: str) -> None:
    page = holdings()
    page.locator("tr.holding", has_text="BTC").locator(f"{where} .why").first.click()
    panel = page.get_by_role("dialog", name="Why this number?")
    expect(panel.locator(".explain-result")).to_contain_text("€")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_the_export_is_a_file_of_every_holding(holdings: Opener) -> None:
    page = holdings()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Export CSV").click()
    file = Path(downloading.value.path())
    rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert {row["symbol"] for row in rows} >= {"BTC", "ETH", "EUR", "NOPRICE"}
    assert downloading.value.suggested_filename == "holdings.csv"


def test_what_has_no_price_says_why_and_takes_one_by_hand(holdings: Opener) -> None:
    page = holdings()
    missing = page.locator(".unpriced tr", has_text="NOPRICE")
    expect(missing).to_contain_text("No price is known")
    total = page.locator(".wealth-bar .sum").inner_text()
    missing.get_by_role("button", name="Set a price").click()
    form = page.get_by_role("dialog", name="Price of one NOPRICE")
    form.get_by_label("Price of one unit").fill("a lot")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("a lot")
    form.get_by_label("Price of one unit").fill("1,25")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    expect(page.locator("tr.holding", has_text="NOPRICE")).to_contain_text("€1,250.00")
    expect(page.locator(".wealth-bar .sum")).not_to_have_text(total)
    expect(page.locator(".unpriced")).to_have_count(0)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_on_a_phone_each_asset_takes_two_lines(holdings: Opener, theme: str) -> None:
    page = holdings(size=PHONE, theme=theme)
    row = page.locator("tr.holding", has_text="ETH").first
    assert comes_true(page, lambda: 0 < (row.bounding_box() or {"height": 0})["height"] < 80)
    expect(row.locator(".brief")).to_be_visible()
    assert fits(page)
    assert not accessibility_faults(page)
    shoot(page, f"holdings-phone-{theme}")
