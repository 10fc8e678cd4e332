"""The dashboard and the WealthBar, with the sample household."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import DESKTOP, PHONE, comes_true, fits, shoot
from tests.e2e.app import Person, RunningApp
from tests.e2e.traffic import measure

Opener = Callable[..., Page]
AMOUNT = re.compile(r"[€$₿]\s?\d|\d\s?€|CHF\s?\d")


def hero(page: Page) -> Locator:
    return page.locator(".hero-figure")


def expect_one_total(page: Page) -> None:
    """The bar is filled first, the page a moment later."""
    total = page.locator(".wealth-bar .sum")
    assert comes_true(page, lambda: hero(page).inner_text() == total.inner_text() != "")


def choose_currency(page: Page, code: str) -> None:
    page.locator(".wealth-bar .tools select").select_option(code)


@pytest.fixture
def board(sample: Opener) -> Page:
    page = sample()
    expect(hero(page)).to_contain_text("€")
    return page


def test_it_says_what_there_is_and_the_bar_says_the_same(board: Page) -> None:
    expect_one_total(board)
    for category in ("Crypto", "Stocks", "Wealth"):
        expect(board.locator(".tile", has=board.get_by_role("heading", name=category))).to_contain_text("€")
    expect(board.locator(".tile").nth(2)).to_contain_text("owed")
    expect(board.get_by_role("heading", name="Top holdings")).to_be_visible()
    expect(board.get_by_role("heading", name="Not priced, or old")).to_be_visible()
    expect(board.locator(".concerns")).to_contain_text("MOONBIT")
    expect(board.locator(".wealth-bar .coverage")).to_contain_text("priced")
    expect(board.locator(".area")).to_have_attribute("aria-label", re.compile("^Net worth from €"))
    shoot(board, "dashboard-desktop-dark")


def test_another_currency_shows_without_a_reload_and_is_kept(board: Page) -> None:
    board.evaluate("() => { window.stayed = true }")
    choose_currency(board, "CHF")  # the first time a currency is asked for, its past is computed
    expect(hero(board)).to_contain_text("CHF")
    for code, sign in (("EUR", "€"), ("CHF", "CHF")):
        choose_currency(board, code)
        hero(board).filter(has_text=sign).wait_for()
    assert board.evaluate("() => window.stayed === true")
    expect(board).to_have_url(re.compile(r"currency=CHF"))
    expect(board.locator(".tile").first).to_contain_text("CHF")
    board.goto("/")
    expect(hero(board)).to_contain_text("CHF")


def test_a_scope_changes_every_figure_and_travels_with_the_links(board: Page) -> None:
    before = hero(board).inner_text()
    scope = board.get_by_role("combobox", name="Crypto")
    scope.select_option(label="Kraken")
    expect(hero(board)).not_to_have_text(before)
    expect(board).to_have_url(re.compile("crypto=kraken"))
    expect_one_total(board)
    link = board.get_by_role("link", name="Transactions").first
    expect(link).to_have_attribute("href", re.compile("crypto=kraken"))
    link.click()
    board.wait_for_url(re.compile("/transactions.*crypto=kraken"))
    expect(board.get_by_role("combobox", name="Crypto")).to_have_value("kraken")
    board.get_by_role("combobox", name="Crypto").select_option("all")
    expect(board).not_to_have_url(re.compile("crypto=kraken"))


def test_an_address_with_a_view_shows_that_view(board: Page) -> None:
    board.goto("/?currency=USD&crypto=ledger")
    expect(hero(board)).to_contain_text("$")
    expect(board.get_by_role("combobox", name="Crypto")).to_have_value("ledger")
    board.get_by_role("combobox", name="Crypto").select_option("all")


def test_the_eye_hides_every_amount_from_the_page_itself(board: Page) -> None:
    eye = board.get_by_role("button", name="Hide amounts")
    eye.click()
    expect(hero(board)).to_contain_text("•••••")
    board.reload()
    expect(hero(board)).to_contain_text("•••••")
    prices = board.locator(".movers").evaluate("element => element.remove()")  # unit prices are public
    assert prices is None
    assert not AMOUNT.search(board.locator("body").inner_text())
    assert not AMOUNT.search(board.locator(".area").get_attribute("aria-label") or "")
    eye.click()
    expect(hero(board)).to_contain_text("€")


def test_every_stretch_of_the_history_can_be_drawn(board: Page) -> None:
    # The year so far is, once a year, as long as the stretch before or after it: never as long as all of three years.
    for chosen in ("1D", "1W", "1M", "3M", "1Y", "All", "YTD", "All", "1Y"):
        button = board.get_by_role("group", name="Period").get_by_role("button", name=chosen, exact=True)
        before = board.locator(".area").get_attribute("aria-label")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(board.locator(".area")).not_to_have_attribute("aria-label", before or "")
        expect(board.locator(".area")).to_have_attribute("aria-label", re.compile("Net worth from"))
        expect(board.locator(".area.opens")).to_have_count(0 if chosen in ("1D", "1W") else 1)


def test_the_allocation_can_be_spread_in_four_ways(board: Page) -> None:
    first = board.locator(".legend li").first
    for way, label in (("Class", "Wealth items"), ("Source", None), ("Currency", None), ("Group", "Bitcoin")):
        board.get_by_role("group", name="Allocation").get_by_role("button", name=way).click()
        if label:
            expect(board.locator(".legend")).to_contain_text(label)
    expect(first).to_be_visible()


def test_one_load_costs_one_socket_no_api_call_and_little_weight(sample: Opener) -> None:
    page = sample()
    page.goto("about:blank")  # what the page before may still be loading is not part of it
    traffic = measure(page)
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    session = page.context.new_cdp_session(page)
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto("/")
    expect(page.locator(".legend li").first).to_be_visible()
    assert len(sockets) == 1
    assert [url for url in traffic.urls.values() if "/api" in url] == []
    assert traffic.requests <= 30, list(traffic.urls.values())
    assert traffic.kilobytes <= 500, traffic.largest()


def test_nothing_jumps_while_it_fills(sample: Opener) -> None:
    page = sample()
    page.add_init_script(
        "window.shifts = [];"
        "new PerformanceObserver(list => list.getEntries().forEach(entry => window.shifts.push(entry.value)))"
        ".observe({type: 'layout-shift', buffered: true});"
    )
    page.goto("/")
    page.locator(".legend li").first.wait_for()
    expect(page.locator(".skeleton:visible")).to_have_count(0)
    page.wait_for_timeout(500)
    assert page.evaluate("() => window.shifts.reduce((sum, one) => sum + one, 0)") < 0.05


def test_a_new_account_is_told_the_next_step(page: Page) -> None:
    expect(page.get_by_role("heading", name="Let’s see what you own")).to_be_visible()
    page.get_by_role("link", name="Upload a file").click()
    page.wait_for_url(re.compile("/sources"))


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_is_accessible_and_fits_the_screen(sample: Opener, theme: str, size: tuple[int, int]) -> None:
    page = sample(theme=theme, size=size)
    assert accessibility_faults(page) == []
    assert fits(page)
    shoot(page, f"dashboard-{size[0]}-{theme}")


def test_it_speaks_french_with_french_figures(sample: Opener) -> None:
    page = sample(language="fr-FR")
    page.goto("/settings")
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_role("link", name="Tableau de bord").first).to_be_visible()
    page.goto("/?currency=EUR")
    expect(hero(page)).to_have_text(re.compile(r"^\d{3}\s\d{3},\d{2}\s€$"))
    assert "Net worth" not in page.locator("body").inner_text()
    page.goto("/settings")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("link", name="Dashboard").first).to_be_visible()


def test_asking_for_prices_offline_says_so_and_leaves_the_page_usable(page: Page) -> None:
    expect(page.locator(".wealth-bar .sum")).not_to_be_empty()
    page.get_by_role("button", name="Refresh prices").click()
    expect(page.get_by_role("status").get_by_text("Offline")).to_be_visible()
    page.get_by_role("status").get_by_role("button", name="Close").click()
    expect(page.get_by_text("Offline")).to_have_count(0)
    expect(page.get_by_role("button", name="Refresh prices")).to_be_enabled()


def test_an_open_page_shows_within_a_minute_what_another_device_did(
    page: Page, app: RunningApp, person: Person
) -> None:
    page.clock.install()
    page.goto("/")
    expect(page.get_by_role("heading", name="Let’s see what you own")).to_be_visible()
    box = {"kind": "cash", "name": "Box", "currency": "USD", "value": "1234", "day": "2026-01-01"}
    headers = {"Authorization": f"Bearer {app.token(person, 'write')}"}
    answer = httpx.post(f"{app.url}/api/wealth/items", json=box, headers=headers, timeout=60)
    assert answer.status_code == 201, answer.text
    page.clock.fast_forward(66_000)
    expect(hero(page)).to_have_text("$1,234.00", timeout=30_000)
