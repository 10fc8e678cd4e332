"""Gains, one asset, own transfers, performance: readable by everybody; a second opinion; a figure taken along."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from smartfolio_app.analytics.bundles import document
from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import PHONE, fits, shoot

Opener = Callable[..., Page]
PATIENCE = 120_000
PAGES = {
    "gains": ("/gains", "tr.match"),
    "asset": ("/assets/crypto:BTC", ".what-if tr, .block tr"),
    "transfers": ("/transfers", "main h1"),
    "performance": ("/performance", ".hero-chart:not([aria-label=''])"),
}


def test_everybody_can_read_them(sample: Opener) -> None:
    for how in ({}, {"size": PHONE, "theme": "light"}):
        page = sample(**how)
        for name, (address, ready) in PAGES.items():
            page.goto(f"{address}?currency=EUR&crypto=all")
            expect(page.locator(ready).first).to_be_visible(timeout=PATIENCE)
            assert accessibility_faults(page) == [], (name, how)
            assert fits(page), (name, how)
            shoot(page, f"{name}-{'phone' if how else 'desktop'}")


def test_a_second_opinion_is_asked_for_left_and_read_and_a_figure_taken_along(
    sample: Opener, tmp_path: Path
) -> None:
    page = sample()
    page.goto("/gains?currency=EUR&crypto=all")
    section = page.locator(".second-opinion")
    section.get_by_role("button", name="Ask for it").click(timeout=PATIENCE)
    expect(section.locator("progress").or_(section.locator(".opinion")).first).to_be_visible(timeout=PATIENCE)
    page.goto("/holdings?currency=EUR&crypto=all")
    expect(page.locator("main h1")).to_be_visible(timeout=PATIENCE)
    page.goto("/gains?currency=EUR&crypto=all")
    expect(section.locator(".opinion")).to_contain_text("Equal to the cent", timeout=PATIENCE)
    section.locator("summary").click()
    expect(section.locator("li").last).to_contain_text("never covers")
    assert accessibility_faults(page) == []
    shoot(page, "second-opinion")
    figure = page.locator(".tile .why").first
    shown = figure.inner_text().strip().lstrip("+")
    figure.click()
    panel = page.get_by_role("dialog", name="Why this number?")
    expect(panel.locator(".explain-result")).to_have_text(shown, timeout=PATIENCE)
    with page.expect_download(timeout=PATIENCE) as saved:
        panel.get_by_role("link", name="Take it along").click()
    kept = tmp_path / "bundle.zip"
    saved.value.save_as(kept)
    checked = document.check(document.unpack(kept.read_bytes()))
    assert checked.good
    assert checked.figure.startswith("realised:all")
    assert shown.strip("€").replace(",", "") == f"{abs(checked.computed):.2f}"
