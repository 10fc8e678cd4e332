"""Why this number? Every figure of the dashboard answers, with its own value and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import DESKTOP, PHONE, comes_true, shoot

Opener = Callable[..., Page]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_net_worth_explains_itself_down_to_its_prices(sample: Opener, size: tuple[int, int]) -> None:
    page = sample(size=size)
    hero = page.locator(".hero-figure")
    shown = hero.inner_text()
    hero.click()
    panel = page.get_by_role("dialog", name="Why this number?")
    expect(panel.locator(".explain-result")).to_have_text(shown)
    expect(panel).to_contain_text("What you owe")
    expect(panel.locator(".explain-origin time").first).to_be_visible()
    assert accessibility_faults(page) == []
    shoot(page, f"explain-{size[0]}")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(hero).to_be_focused()


def test_every_figure_on_the_dashboard_answers_with_the_number_it_is_asked_about(sample: Opener) -> None:
    page = sample()
    panel = page.get_by_role("dialog", name="Why this number?")
    # A sentence opens what it speaks of; a tile that looks ahead and the middle of the ring round; a part, a percentage
    # and a price are lines of the explanation they open.
    told_inside = ".sentence, .outlook-headline, .ring-centre *, .change, .faint, .name"
    figures = page.locator(f"main .why:visible:not({told_inside})")
    count = 0

    def all_there() -> bool:
        nonlocal count
        before, count = count, figures.count()
        return before == count > 20 and not page.locator(".skeleton:visible").count()

    assert comes_true(page, all_there)
    for index in (*range(6), count // 2, count - 1):
        one = figures.nth(index)
        shown = one.inner_text().strip()
        one.click()
        expect(panel.locator(".explain-result")).to_have_text(shown)
        expect(panel.locator(".explain-formula")).not_to_be_empty()
        expect(panel.locator(".explain-steps > li").first).to_be_visible()
        page.keyboard.press("Escape")
        expect(panel).to_be_hidden()
    # A day of the line, where the pointer is: the explanation comes to what the cursor says.
    chart, cursor = page.locator(".area.opens"), page.locator(".area-cursor .value")
    told = ""

    def told_under_the_pointer() -> bool:
        nonlocal told
        for part in (2, 3):  # it moves, also when the page has moved under it
            box = chart.bounding_box()
            chart.hover(position={"x": box["width"] / part, "y": box["height"] / 2})
        told = "".join(cursor.all_text_contents())
        return bool(told)

    assert comes_true(page, told_under_the_pointer)
    page.mouse.down()
    page.mouse.up()
    expect(panel.locator(".explain-result")).to_have_text(told)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    for part in (
        ".tile header .why",
        ".hero-change .why.no-arrow",
        ".legend .why.faint",
        ".movers .why.move",
    ):
        page.locator(part).first.click()
        expect(panel.locator(".explain-steps > li").first).to_be_visible()
        page.keyboard.press("Escape")
        expect(panel).to_be_hidden()


def test_an_explanation_leads_to_the_transactions_behind_it(sample: Opener) -> None:
    page = sample()
    page.locator(".assets li", has_text="BTC").locator(".why.sum").click()
    panel = page.get_by_role("dialog", name="Why this number?")
    panel.get_by_role("link").first.click()
    page.wait_for_url(re.compile(r"/transactions\?.*asset=crypto"))
    expect(panel).to_be_hidden()


def test_with_privacy_an_explanation_names_no_amount(sample: Opener) -> None:
    page = sample()
    eye = page.get_by_role("button", name="Hide amounts")
    eye.click()
    expect(page.locator(".hero-figure")).to_contain_text("•••••")
    page.locator(".hero-figure").click()
    panel = page.get_by_role("dialog", name="Why this number?")
    expect(panel.locator(".explain-steps > li").first).to_be_visible()
    assert not re.search(r"€\d", panel.inner_text())
    page.keyboard.press("Escape")
    eye.click()
    expect(page.locator(".hero-figure")).to_contain_text("€")
