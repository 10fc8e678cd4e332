"""Transactions: typed in, filtered, traced to their file, corrected, removed and brought back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import PHONE, fits, shoot
from tests.e2e.app import RunningApp
from tests.e2e.household import session_cookies
from tests.services.cointracking_files import trades

Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def cookies(app: RunningApp, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    owner = app.add_person()
    file = tmp_path_factory.mktemp("files") / "kraken-2024.csv"
    file.write_bytes(trades())
    app.cli("import", str(file), "--user", owner.name)
    return session_cookies(app, owner)


@pytest.fixture
def transactions(open_page: Opener, cookies: list[dict[str, Any]]) -> Opener:
    def opened(path: str = "/transactions", **how: Any) -> Page:
        page = open_page(**how)
        page.context.add_cookies(cookies)
        page.goto(path)
        expect(rows(page).first).to_be_visible(timeout=60_000)
        return page

    return opened


def rows(page: Page) -> Locator:
    return page.locator("tr.transaction")


def test_filters_narrow_the_list_and_an_address_can_ask_for_them(transactions: Opener) -> None:
    page = transactions()
    expect(rows(page)).to_have_count(5)
    page.get_by_role("combobox", name="Kind", exact=True).select_option("staking")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("0.001 ETH")
    page.get_by_role("button", name="Clear filters").click()
    expect(rows(page)).to_have_count(5)
    page.get_by_label("To", exact=True).fill("2024-01-02")
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Clear filters").click()
    expect(page.get_by_label("To", exact=True)).to_have_value("")
    page.get_by_label("Asset", exact=True).fill("eth")
    expect(rows(page)).to_have_count(2)
    page.goto("/transactions?asset=crypto:BTC")
    expect(rows(page)).to_have_count(2)
    date = page.get_by_role("columnheader", name="Date")
    expect(date).to_have_attribute("aria-sort", "descending")
    date.get_by_role("button").click()
    expect(date).to_have_attribute("aria-sort", "ascending")
    expect(rows(page).first).to_contain_text("Buy")
    assert not accessibility_faults(page)


def test_a_transaction_says_where_it_comes_from(transactions: Opener) -> None:
    page = transactions()
    rows(page).filter(has_text="Staking").get_by_role("button").click()
    drawer = page.get_by_role("dialog", name="Staking")
    expect(drawer).to_contain_text("kraken-2024.csv")
    expect(drawer.locator(".facts").last).to_contain_text("5")  # the line in the file
    expect(drawer.locator(".raw")).to_contain_text("0.00100000")
    assert not accessibility_faults(page)
    shoot(page, "transactions-provenance-dark")


def test_one_typed_in_by_hand_is_checked_corrected_removed_and_brought_back(transactions: Opener) -> None:
    page = transactions(theme="light")
    page.get_by_role("button", name="Add a transaction").click()
    form = page.get_by_role("dialog", name="Add a transaction")
    form.get_by_label("Date and time").fill("2025-02-03T14:05")
    form.get_by_label("Received", exact=True).fill("a few")
    form.get_by_label("Received asset").fill("sol")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("“a few” is not a quantity")
    form.get_by_label("Received", exact=True).fill("12.5")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).not_to_contain_text("a few")
    expect(form.get_by_role("alert")).to_be_visible()  # a purchase has a price
    form.get_by_label("Paid", exact=True).fill("1,250.00")
    form.get_by_label("Paid in").fill("eur")
    form.get_by_label("Note (optional)").fill("over the counter")
    assert not accessibility_faults(page)
    shoot(page, "transactions-form-light")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    ours = rows(page).filter(has_text="over the counter")
    expect(ours).to_contain_text("12.5 SOL")
    expect(ours).to_contain_text("€1,250.00")

    ours.get_by_role("button").click()
    drawer = page.get_by_role("dialog", name="Buy")
    expect(drawer).to_contain_text("Typed in by hand")
    drawer.get_by_role("button", name="Edit").click()
    form = page.get_by_role("dialog", name="Edit the transaction")
    expect(form.get_by_label("Received", exact=True)).to_have_value("12.5")
    form.get_by_label("Received", exact=True).fill("13")
    form.get_by_role("button", name="Save").click()
    expect(ours).to_contain_text("13 SOL")
    expect(ours).to_contain_text("Edited")

    ours.get_by_role("button").click()
    page.get_by_role("dialog", name="Buy").get_by_role("button", name="Delete").click()
    expect(ours).to_have_count(0)
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(ours).to_have_count(1)


def test_a_kind_asks_for_the_sides_it_has(transactions: Opener) -> None:
    page = transactions()
    page.get_by_role("button", name="Add a transaction").click()
    form = page.get_by_role("dialog", name="Add a transaction")
    form.get_by_label("What happened").select_option("deposit")
    expect(form.get_by_label("Paid", exact=True)).to_have_count(0)
    expect(form.get_by_label("Worth at the time (optional)")).to_be_visible()
    form.get_by_label("What happened").select_option("withdrawal")
    expect(form.get_by_label("Received", exact=True)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(form).to_be_hidden()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_it_works_on_a_phone(transactions: Opener, theme: str) -> None:
    page = transactions(size=PHONE, theme=theme)
    expect(page.get_by_label("From", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_label("From", exact=True)).to_be_visible()
    assert fits(page)
    assert not accessibility_faults(page)
    shoot(page, f"transactions-phone-{theme}")
    rows(page).filter(has_text=re.compile("Staking")).get_by_role("button").click()
    sheet = page.get_by_role("dialog", name="Staking")
    expect(sheet).to_contain_text("kraken-2024.csv")
