"""Wealth items: owned and owed, with a value over time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import PHONE, comes_true, fits, shoot

Opener = Callable[..., Page]


def add(page: Page, kind: str, name: str, value: str, day: str) -> None:
    page.get_by_role("button", name="Add an item").first.click()
    form = page.get_by_role("dialog", name="Add a wealth item")
    form.get_by_label("Kind").select_option(kind)
    form.get_by_label("Name").fill(name)
    form.get_by_label("Value").fill(value)
    form.get_by_label("On", exact=True).fill(day)
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()


def test_items_are_added_valued_over_time_closed_and_deleted(page: Page) -> None:
    page.goto("/items")
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    assert not accessibility_faults(page)
    add(page, "bank_account", "Everyday account", "1,500.00", "2026-01-31")
    add(page, "mortgage", "The house", "200,000", "2026-01-31")
    sums = page.locator(".item-sums")
    expect(sums).to_contain_text("$1,500.00")
    expect(sums).to_contain_text("$200,000.00")
    expect(sums).to_contain_text("−$198,500.00")
    expect(page.locator(".wealth-bar .sum")).to_have_text("−$198,500.00")

    page.get_by_role("button", name="History of Everyday account").click()
    drawer = page.get_by_role("dialog", name="Everyday account")
    drawer.get_by_label("Value", exact=True).fill("less than nothing")
    drawer.get_by_role("button", name="Add a value").click()
    expect(drawer.get_by_role("alert")).to_contain_text("less than nothing")
    drawer.get_by_label("Value", exact=True).fill("2,000")
    drawer.get_by_label("Day", exact=True).fill("2026-03-31")
    drawer.get_by_label("Remark").fill("after the bonus")
    drawer.get_by_role("button", name="Add a value").click()
    expect(drawer.locator(".item-value")).to_have_text("$2,000.00")
    expect(drawer.locator(".list > li")).to_have_count(2)
    expect(drawer.locator(".area canvas").first).to_be_visible()
    # The whole line is drawn: near its beginning there is a day, and it opens what was said of it.
    chart, told = drawer.locator(".area.opens"), drawer.locator(".area-cursor .value")

    def told_at_the_beginning() -> bool:
        for at in (12, 16):
            chart.hover(position={"x": at, "y": 70})
        return told.all_text_contents() == ["$1,500.00"]

    assert comes_true(page, told_at_the_beginning)
    page.mouse.down()
    page.mouse.up()
    panel = page.get_by_role("dialog", name="Why this number?")
    expect(panel.locator(".explain-result")).to_have_text("$1,500.00")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert not accessibility_faults(page)
    shoot(page, "items-history-dark")
    drawer.get_by_role("button", name="Change the value of Mar 31, 2026").click()
    expect(drawer.get_by_label("Value", exact=True)).to_have_value("2000")
    drawer.get_by_role("button", name="Delete the value of Mar 31, 2026").click()
    expect(drawer.locator(".item-value")).to_have_text("$1,500.00")

    drawer.get_by_role("button", name="Edit", exact=True).click()
    form = page.get_by_role("dialog", name="Edit Everyday account")
    form.get_by_label("Name").fill("Current account")
    form.get_by_role("button", name="Save").click()
    drawer = page.get_by_role("dialog", name="Current account")
    expect(drawer).to_be_visible()

    drawer.get_by_role("button", name="Close", exact=True).last.click()
    expect(drawer.get_by_role("button", name="Reopen")).to_be_visible()
    expect(page.locator(".wealth-bar .sum")).to_have_text("−$200,000.00")

    drawer.get_by_role("button", name="Delete", exact=True).click()
    question = page.get_by_role("dialog", name="Delete Current account?")
    expect(question).to_contain_text("whole value history")
    question.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".item")).to_have_count(1)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_it_works_on_a_phone_and_in_french(open_page: Opener, person: object, theme: str) -> None:
    page = open_page(person, size=PHONE, theme=theme)
    page.goto("/items")
    add(page, "real_estate", "A flat with quite a long name in the old town", "350,000.00", "2026-02-28")
    expect(page.locator(".item")).to_contain_text("$350,000.00")
    assert fits(page)
    assert not accessibility_faults(page)
    shoot(page, f"items-phone-{theme}")
    page.goto("/settings")
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_role("heading", name="Réglages", exact=True)).to_be_visible()
    page.goto("/items")
    expect(page.locator(".item")).to_contain_text("350 000,00")
    expect(page.locator(".item")).to_contain_text("au 28 févr. 2026")
