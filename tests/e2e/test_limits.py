"""Too much at once, as a person at the page meets it: a quiet line, a sentence, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.e2e.acts import PHONE, shoot
from tests.e2e.app import RunningApp
from tests.e2e.household import drop, session_cookies, table
from tests.e2e.watch import watch_of

CLICKS = 11  # an odd number: if every one counted, the amounts are hidden in the end
REFILL = 3.0  # tokens a second: fewer than the slowest machine makes of clicks
PATIENCE = 60_000
FILE = ("trades.csv", table(["Date", "Asset"], ["2025-01-01", "BTC"]))


def spend_all(app: RunningApp, cookies: list[dict[str, Any]]) -> None:
    """Use up the person's budget with calls: how fast a browser clicks depends on the machine."""
    named = {one["name"]: one["value"] for one in cookies}
    with httpx.Client(base_url=app.url, cookies=named, timeout=60) as client:
        for _ in range(500):
            if client.get("/api/users/me").status_code == 429:
                return
    raise AssertionError("there was no end to it")


def test_events_over_the_budget_wait_with_a_quiet_line_and_a_refused_upload_is_a_sentence(
    new_app: Callable[..., RunningApp], open_page: Callable[..., Page]
) -> None:
    app = new_app(SECURITY_RATE_LIMIT_REFILL_RATE=str(REFILL), SECURITY_RATE_LIMIT_BURST_SIZE="40")
    person = app.add_person()
    cookies = session_cookies(app, person)
    page = open_page(base=app.url, size=PHONE)
    page.context.add_cookies(cookies)
    page.goto("/sources")
    eye = page.get_by_role("button", name="Hide amounts", pressed=False)
    expect(eye).to_be_visible(timeout=PATIENCE)

    spend_all(app, cookies)
    eye.evaluate(f"eye => {{ for (let n = 0; n < {CLICKS}; n++) eye.click() }}")
    line = page.get_by_text("your last steps wait their turn")
    expect(line).to_be_visible(timeout=PATIENCE)
    shoot(page, "limited-phone-dark")
    expect(line).to_have_count(0, timeout=PATIENCE)
    expect(page.get_by_role("button", name="Hide amounts", pressed=True)).to_be_visible()
    page.wait_for_timeout(20 / REFILL * 1000)  # for what opening a page costs
    page.reload()
    expect(page.get_by_role("button", name="Hide amounts", pressed=True)).to_be_visible(timeout=PATIENCE)

    problems = page.locator(".banner.bad")
    watch_of(page).expect(r"answer 413: POST .*/_upload")
    watch_of(page).expect(r"answer 429: POST .*/_upload")
    watch_of(page).expect(r"console: Failed to load resource: .* (413|429)")
    page.route("**/_upload", lambda route: route.fulfill(status=413, body="<html>too large</html>"), times=1)
    drop(page, FILE)
    expect(problems).to_contain_text("larger than your server, or the proxy in front of it", timeout=PATIENCE)

    busy = {"status": 429, "headers": {"Retry-After": "7"}, "json": {"error": {}}}
    page.route("**/_upload", lambda route: route.fulfill(**busy), times=1)
    drop(page, FILE)
    expect(problems).to_contain_text("Drop them again in 7 s", timeout=PATIENCE)
    shoot(page, "limited-upload-phone-dark")
    drop(page, FILE)
    expect(page.get_by_role("article", name=FILE[0])).to_be_visible(timeout=PATIENCE)
    expect(problems).to_have_count(0)
