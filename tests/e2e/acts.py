"""What people do on the pages, and what the tests keep of it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from tests.e2e.app import ROOT, Person

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

DESKTOP = (1440, 900)
PHONE = (390, 844)
RESULTS = ROOT / "test-results"
PATIENCE_SECONDS = 60.0
TOO_WIDE = "() => document.documentElement.scrollWidth - window.innerWidth"


def comes_true(page: Page, ask: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    """Wait until something holds that ``expect`` has no words for; the page goes on meanwhile."""
    end = time.monotonic() + seconds
    while not ask():
        if time.monotonic() > end:
            return False
        page.wait_for_timeout(100)
    return True


def fits(page: Page) -> bool:
    """Whether nothing is wider than the screen, as soon as what is drawn has followed the window's size."""
    return comes_true(page, lambda: page.evaluate(TOO_WIDE) <= 0)


def sign_in(page: Page, person: Person) -> None:
    """Sign in through the login form, as a person would."""
    page.goto("/login")
    page.locator("input[name=name]").fill(person.name)
    page.locator("input[name=password]").fill(person.password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(re.compile(r"^(?!.*/login)"))


def shoot(page: Page, name: str) -> Path:
    """Keep a picture of the whole page under ``test-results/screens``."""
    path = RESULTS / "screens" / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=True)
    return path
