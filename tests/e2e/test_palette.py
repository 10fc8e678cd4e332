"""Getting about: the palette, the search key, wrong addresses, and the order of the focus."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.accessibility import accessibility_faults
from tests.e2e.watch import watch_of


def test_the_palette_goes_to_a_page_with_the_keyboard_alone(page: Page) -> None:
    expect(page.locator(".wealth-bar .sum")).not_to_be_empty()
    page.keyboard.press("Control+k")
    field = page.get_by_role("searchbox", name=re.compile("^Go to"))
    expect(field).to_be_focused()
    assert accessibility_faults(page) == []
    field.fill("transact")
    expect(page.locator(".palette-hits li")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/transactions"))
    expect(page.locator("dialog.palette[open]")).to_have_count(0)


def test_the_palette_closes_with_escape_and_says_when_nothing_is_found(page: Page) -> None:
    expect(page.locator(".wealth-bar .sum")).not_to_be_empty()
    page.keyboard.press("Control+k")
    page.get_by_role("searchbox", name=re.compile("^Go to")).fill("zzzz")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.palette[open]")).to_have_count(0)


def test_a_slash_goes_to_the_pages_search(sample: Callable[..., Page]) -> None:
    page = sample()
    page.goto("/transactions")
    field = page.locator("[data-search]")
    expect(field).to_be_visible()
    page.keyboard.press("/")
    expect(field).to_be_focused()
    expect(field).to_have_value("")


def test_a_wrong_address_leads_back(page: Page) -> None:
    watch_of(page).expect("404")
    page.goto("/no/such/page")
    expect(page.get_by_role("heading", name="There is nothing at this address")).to_be_visible()
    page.get_by_role("link", name="To the dashboard").click()
    expect(page.get_by_role("heading", name="Let’s see what you own")).to_be_visible()


def test_the_focus_starts_with_a_way_past_the_navigation(page: Page) -> None:
    page.goto("/")
    expect(page.locator(".wealth-bar .sum")).not_to_be_empty()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_the_theme_follows_the_device_until_it_is_chosen(page: Page) -> None:
    page.goto("/")
    html = page.locator("html")
    expect(html).to_have_class(re.compile("dark"))
    page.emulate_media(color_scheme="light")
    expect(html).to_have_class(re.compile("light"))
    page.get_by_role("button", name="Dark theme").click()
    expect(html).to_have_class(re.compile("dark"))
    page.reload()
    expect(html).to_have_class(re.compile("dark"))
