"""The Signals page: honest while nothing is stored, and with a record as soon as there is one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import Page, expect
from sqlalchemy import delete

from smartfolio_app.settings import load_settings
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import MarketSignal
from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import PHONE, fits, shoot
from tests.e2e.app import RunningApp
from tests.support.signals import store_signals

PATIENCE = 90_000  # the first look of a day waits for a process that starts and fits


def test_it_says_what_is_missing_and_then_what_the_record_is(
    app: RunningApp, sample: Callable[..., Page]
) -> None:
    page = sample()
    page.goto("/signals")
    expect(page.get_by_role("heading", name="Nobody has told anything about the market yet")).to_be_visible(
        timeout=PATIENCE
    )
    expect(page.locator(".empty")).to_contain_text("SMARTFOLIO_OFFLINE")
    settings = load_settings(data_dir=app.data_dir)
    try:
        with session_scope(settings) as db:
            store_signals(db, datetime.now(UTC))
        page.reload()
        expect(page.locator(".signal-hero .chip")).to_be_visible(timeout=PATIENCE)
        expect(page.locator(".signal-hero .hero-figure")).to_contain_text("%")
        expect(page.locator(".regime .strip")).to_have_count(3)
        expect(page.get_by_role("link", name="alternative.me")).to_be_visible()
        expect(page.locator(".bins li")).to_have_count(5)
        assert accessibility_faults(page) == []
        shoot(page, "signals-desktop-dark")

        page.locator(".signal-hero .hero-figure").click()
        expect(page.locator(".explain-steps li").first).to_be_visible(timeout=PATIENCE)
        page.keyboard.press("Escape")

        page.goto("/")
        tile = page.locator(".outlook-tile", has_text="Market mood")
        expect(tile).to_contain_text("%", timeout=PATIENCE)
        tile.locator(".outlook-headline").click()  # the figure explains itself ...
        expect(page.locator(".explain-steps li").first).to_be_visible(timeout=PATIENCE)
        page.keyboard.press("Escape")
        tile.get_by_role("link").click()  # ... and the rest of the tile leads to its page
        page.wait_for_url("**/signals**")

        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        expect(page.locator(".signal-hero .chip")).to_be_visible(timeout=PATIENCE)
        assert fits(page)
        shoot(page, "signals-phone-dark")
    finally:
        with session_scope(settings) as db:
            db.execute(delete(MarketSignal))
