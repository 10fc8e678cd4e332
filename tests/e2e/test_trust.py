"""The Trust page: what is in order and what is not, set aside and taken back, a backup made; for administrators."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import PHONE, fits, shoot
from tests.e2e.app import Person, RunningApp

LONG = 60_000


def test_an_administrator_sees_how_the_server_is_and_sets_things_aside(
    app: RunningApp, open_page: Callable[..., Page]
) -> None:
    admin = app.add_person(admin=True)
    page = open_page(admin)
    page.goto("/trust")
    expect(page.locator(".verdict h2")).to_be_visible(timeout=LONG)
    areas = page.locator(".trust-areas > section")
    expect(areas.first).to_be_visible(timeout=LONG)
    expect(page.locator(".trust-areas")).to_contain_text("The clock", timeout=LONG)
    shoot(page, "trust-dark")
    assert not accessibility_faults(page)

    # A misspelt setting cannot be made here, but that Redis is not used or a backup is missing can be set aside.
    problems = page.locator(".problems > li")
    asides = page.locator("section.block", has=page.get_by_role("heading", name="Set aside", exact=True))
    first = problems.first.get_by_role("heading").inner_text()
    this = problems.filter(has=page.get_by_role("heading", name=first, exact=True))
    this.get_by_role("button", name="Set aside").click()
    expect(asides).to_contain_text(first, timeout=LONG)
    expect(this).to_have_count(0, timeout=LONG)
    asides.get_by_role("listitem").filter(has_text=first).get_by_role(
        "button", name="Remind me again"
    ).click()
    expect(this).to_have_count(1, timeout=LONG)

    page.get_by_role("button", name="Back up now").click()
    expect(page.locator(".toasts")).to_contain_text("Backup made", timeout=LONG)
    rows = page.locator(".trust-backups tbody tr")
    expect(rows.first).to_contain_text("Proven", timeout=LONG)
    rows.first.get_by_role("button", name="Restore the backup").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It is verified first", timeout=LONG)
    assert not accessibility_faults(page)
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0, timeout=LONG)

    phone = open_page(admin, size=PHONE, theme="light", language="fr-FR")
    phone.goto("/trust")
    expect(phone.locator(".verdict h2")).to_be_visible(timeout=LONG)
    expect(phone.locator(".trust-areas > section").first).to_be_visible(timeout=LONG)
    assert fits(phone)
    shoot(phone, "trust-phone-light")
    assert not accessibility_faults(phone)


def test_others_learn_nothing_there(app: RunningApp, person: Person, open_page: Callable[..., Page]) -> None:
    page = open_page(person)
    page.goto("/trust")
    expect(page.locator("main")).to_contain_text("For administrators", timeout=LONG)
    expect(page.locator(".trust-areas")).to_have_count(0)
    expect(page.locator(".verdict")).to_have_count(0)
