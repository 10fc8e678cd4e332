"""From a file to holdings: dropped, previewed, imported, taken back; and what can be done with a source."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import PHONE, fits, shoot
from tests.e2e.app import Person, RunningApp
from tests.e2e.household import change, drop, session_cookies, table
from tests.services.cointracking_files import LEDGER, many, trades

Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def owner(app: RunningApp) -> Person:
    return app.add_person()


@pytest.fixture(scope="module")
def cookies(app: RunningApp, owner: Person) -> list[dict[str, Any]]:
    cookies = session_cookies(app, owner)
    change(app, cookies, base_currency="EUR")
    return cookies


@pytest.fixture
def sources(open_page: Opener, cookies: list[dict[str, Any]]) -> Opener:
    """A maker of pages that show the owner's sources."""

    def opened(path: str = "/sources", **how: Any) -> Page:
        page = open_page(**how)
        page.context.add_cookies(cookies)
        page.goto(path)
        expect(page.locator(".sources .source").first).to_be_visible()
        return page

    return opened


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name)


def source(page: Page, label: str) -> Locator:
    return page.locator(".sources > li", has=page.get_by_role("heading", name=label, exact=True))


def test_a_file_is_previewed_imported_once_and_taken_back_with_one_click(sources: Opener) -> None:
    page = sources()
    drop(page, ("anything.csv", trades()))
    ours = card(page, "anything.csv")
    expect(ours).to_contain_text("CoinTracking trade table")
    expect(ours.locator(".tallies .main dd")).to_have_text("5")
    effect = ours.get_by_role("table", name="Effect on holdings")
    expect(effect.get_by_role("row", name=re.compile("^BTC"))).to_contain_text("0.0399")
    expect(effect.get_by_role("row", name=re.compile("^EUR"))).to_contain_text("895.9")
    expect(source(page, "CoinTracking")).to_contain_text("Not set up")  # nothing is stored yet
    assert not accessibility_faults(page)
    shoot(page, "sources-preview-dark")

    ours.get_by_role("button", name="Import 5 transactions").click()
    expect(ours).to_contain_text("5 transactions added to CoinTracking.")
    expect(source(page, "CoinTracking")).to_contain_text("5 transactions")

    drop(page, ("the same ledger.csv", trades(language="de")))
    again = card(page, "the same ledger.csv")
    expect(again.locator(".tallies .main dd")).to_have_text("0")
    expect(again).to_contain_text("Nothing new to import")
    again.get_by_role("button", name=re.compile("^Discard the same")).click()
    expect(again).to_have_count(0)

    ours.get_by_role("button", name="Undo this import").click()
    expect(ours).to_contain_text("Your holdings are as before")
    expect(source(page, "CoinTracking")).not_to_contain_text("5 transactions")
    ours.get_by_role("button", name=re.compile("^Discard anything")).click()
    expect(ours).to_have_count(0)


def test_rejected_rows_are_named_with_their_remedy_and_repeated_ones_can_be_left_out(sources: Opener) -> None:
    page = sources()
    fill = ("Trade", "0.02", "BTC", "900.00", "EUR", "", "", "Bitvavo", 20)
    broken = ("Trade", "many", "BTC", "900.00", "EUR", "", "", "Bitvavo", 21)
    drop(page, ("fills.csv", trades([fill, fill, broken])))
    ours = card(page, "fills.csv")
    expect(ours.locator(".tallies .notable dd")).to_have_text("1")
    row = ours.get_by_role("table", name="Rejected rows").locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("4")  # the line in the file
    expect(row).not_to_contain_text("import.reject")
    expect(ours.locator(".tallies .main dd")).to_have_text("2")
    ours.get_by_role("checkbox", name="Leave the repeated rows out").click()
    expect(ours.locator(".tallies .main dd")).to_have_text("1")
    ours.get_by_role("button", name="Discard", exact=True).click()
    expect(ours).to_have_count(0)


def test_a_file_that_is_no_table_says_so_and_stores_nothing(sources: Opener) -> None:
    page = sources()
    drop(page, ("export.csv", b"<!DOCTYPE html><html><body>Please sign in</body></html>"))
    ours = card(page, "export.csv")
    expect(ours.get_by_role("alert")).to_be_visible()
    expect(ours.get_by_role("alert")).not_to_contain_text("import.")
    ours.get_by_role("button", name=re.compile("^Discard")).click()
    expect(ours).to_have_count(0)


def test_a_large_file_shows_progress_and_goes_on_when_its_page_is_left(sources: Opener) -> None:
    page = sources()
    drop(page, ("large.csv", many(20_000)))
    ours = card(page, "large.csv")
    expect(ours.locator("progress")).to_be_visible()
    page.goto("/settings")
    expect(page.get_by_role("heading", name="Settings", exact=True)).to_be_visible()
    page.goto("/sources")
    expect(ours.locator(".tallies .main dd")).to_have_text("20,000", timeout=60_000)
    ours.get_by_role("button", name="Discard", exact=True).click()
    expect(ours).to_have_count(0)


def test_unknown_columns_are_assigned_saved_by_name_and_known_the_next_time(sources: Opener) -> None:
    headings = ["wann", "was", "wieviel", "womit"]
    first = table(
        headings,
        ["05.03.2025", "BTC", "0,5", "21.500,00"],
        ["06.03.2025", "ETH", "2", "4.100,50"],
        delimiter=";",
    )
    page = sources()
    drop(page, ("eigene.csv", first))
    ours = card(page, "eigene.csv")
    ours.get_by_role("button", name="Assign the columns").click()
    wizard = page.get_by_role("dialog", name="eigene.csv")
    expect(wizard.locator(".columns > li")).to_have_count(4)
    wizard.get_by_label("Each row is").select_option("trades")
    expect(wizard).to_contain_text("Still to be assigned")
    expect(wizard.get_by_role("button", name="Show the result")).to_be_disabled()
    for heading, role in (("wann", "date"), ("was", "asset"), ("wieviel", "quantity"), ("womit", "total")):
        wizard.get_by_role("combobox", name=f"Use of the column {heading}").select_option(role)
    wizard.get_by_label("Currency, when no column says it").select_option("EUR")
    wizard.get_by_text("How to read the file").click()
    wizard.get_by_label("Separator").select_option(",")
    expect(wizard.locator(".columns > li")).to_have_count(3)  # read anew, and wrongly
    wizard.get_by_label("Separator").select_option(";")
    expect(wizard.locator(".columns > li")).to_have_count(4)
    expect(wizard.get_by_role("combobox", name="Use of the column womit")).to_have_value("total")
    wizard.get_by_label("Save as").fill("My own list")
    assert not accessibility_faults(page)
    shoot(page, "sources-mapping-dark")
    wizard.get_by_role("button", name="Show the result").click()
    expect(wizard).to_be_hidden()
    expect(ours.locator(".tallies .main dd")).to_have_text("2")
    effect = ours.get_by_role("table", name="Effect on holdings")
    expect(effect.get_by_role("row", name=re.compile("^BTC"))).to_contain_text("0.5")
    ours.get_by_role("button", name="Import 2 transactions").click()
    expect(ours).to_contain_text("2 transactions added")
    ours.get_by_role("button", name="Done").click()

    second = table(headings, ["07.04.2025", "SOL", "3,25", "450,00"], delimiter=";")
    drop(page, ("eigene-april.csv", second))
    known = card(page, "eigene-april.csv")
    expect(known).to_contain_text("My own list")
    expect(known.locator(".tallies .main dd")).to_have_text("1")
    known.get_by_role("button", name="Discard", exact=True).click()


def test_a_source_is_switched_renamed_and_deleted_after_saying_what_goes(sources: Opener) -> None:
    page, mine = sources(), trades(LEDGER, comment="of my own")
    drop(page, ("mine.csv", mine))
    ours = card(page, "mine.csv")
    ours.get_by_role("button", name="Import 5 transactions").click()
    expect(ours).to_contain_text("5 transactions added")
    ours.get_by_role("button", name="Done").click()

    opened = source(page, "CoinTracking")
    details = opened.get_by_role("button", name=re.compile("^Files and imports"))
    expect(details).to_have_attribute("aria-expanded", "false")
    details.click()
    expect(opened.get_by_role("table", name="Imports")).to_contain_text("5")
    link = opened.get_by_role("link", name="Download mine.csv")
    with page.expect_download() as downloading:
        link.click()
    assert downloading.value.path().read_bytes() == mine

    opened.get_by_role("button", name="Rename").click()
    renaming = page.get_by_role("dialog")
    renaming.get_by_label("Name").fill("My ledger")
    renaming.get_by_role("button", name="Save").click()
    ledger = source(page, "My ledger")
    expect(ledger).to_be_visible()

    expect(page.locator(".wealth-bar .sum")).to_contain_text("€")
    total = page.locator(".wealth-bar .sum").inner_text()
    ledger.get_by_role("switch").click()
    expect(ledger).to_contain_text("Switched off")
    expect(page.locator(".wealth-bar .sum")).not_to_have_text(total)
    ledger.get_by_role("switch").click()
    expect(page.locator(".wealth-bar .sum")).to_have_text(total)

    ledger.get_by_role("button", name="Delete", exact=True).click()
    question = page.get_by_role("dialog", name="Delete My ledger?")
    expect(question).to_contain_text("5 transactions")
    expect(question).to_contain_text(re.compile(r"\d files?"))
    assert not accessibility_faults(page)
    question.get_by_role("button", name="Delete it all").click()
    expect(source(page, "My ledger")).to_have_count(0)


def test_a_source_is_found_in_the_catalogue_and_created(sources: Opener) -> None:
    page = sources()
    page.get_by_role("button", name="Add a source").click()
    catalogue = page.get_by_role("dialog", name="Add a source")
    expect(catalogue.locator(".offer").nth(20)).to_be_visible()
    catalogue.get_by_role("searchbox").fill("kraken")
    files = catalogue.locator("[data-group='sources.catalogue_files']")
    expect(files.locator(".offer")).to_have_count(1)
    assert not accessibility_faults(page)
    shoot(page, "sources-catalogue-dark")
    files.get_by_role("button", name=re.compile("^Kraken")).click()
    expect(catalogue).to_be_hidden()
    expect(source(page, "Kraken")).to_contain_text("Empty")
    expect(source(page, "Kraken").get_by_role("button", name="Rename")).to_be_visible()


@pytest.mark.parametrize(("theme", "language"), [("light", "en-GB"), ("dark", "fr-FR")])
def test_it_works_on_a_phone(sources: Opener, theme: str, language: str) -> None:
    page = sources(size=PHONE, theme=theme, language=language)
    drop(page, (f"phone-{theme}.csv", trades()))
    ours = card(page, f"phone-{theme}.csv")
    expect(ours.locator(".tallies .main dd")).to_be_visible()
    assert fits(page)
    assert not accessibility_faults(page)
    shoot(page, f"sources-phone-{theme}")
    ours.get_by_role("button", name=re.compile(f"phone-{theme}")).click()
    expect(ours).to_have_count(0)
