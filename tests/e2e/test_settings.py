"""Settings: how a person sees their picture, and who may see it."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import PHONE, fits, shoot, sign_in
from tests.e2e.app import Person, RunningApp
from tests.e2e.household import session_cookies

Opener = Callable[..., Page]


@pytest.fixture
def settings(page: Page) -> Page:
    page.goto("/settings")
    expect(page.get_by_label("Time zone")).not_to_have_value("")
    return page


def section(page: Page, title: str) -> Locator:
    return page.locator(".settings > section", has=page.get_by_role("heading", name=title, exact=True))


def test_language_theme_and_numbers_change_at_once_and_stay(settings: Page) -> None:
    page = settings
    page.evaluate("() => { window.stayed = true }")
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_role("heading", name="Réglages", exact=True)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_role("button", name="Français")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Clair", exact=True).click()
    expect(page.locator("html")).to_have_class(re.compile("light"))
    assert page.evaluate("() => window.stayed === true")
    assert not accessibility_faults(page)
    page.reload()
    expect(page.get_by_role("heading", name="Réglages", exact=True)).to_be_visible()
    expect(page.locator("html")).to_have_class(re.compile("light"))
    shoot(page, "settings-desktop-light-french")


def test_preferences_are_kept_and_wrong_ones_refused(settings: Page) -> None:
    page = settings
    page.get_by_label("Time zone").select_option("America/New_York")
    page.get_by_label("Cost basis").select_option("hifo")
    page.get_by_label("Change today starts").select_option("close")
    small = page.get_by_label("Small balances")
    small.fill("a bit")
    small.blur()
    expect(page.get_by_role("alert")).to_contain_text("a bit")
    small.fill("12.50")
    small.blur()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.reload()
    expect(page.get_by_label("Time zone")).to_have_value("America/New_York")
    expect(page.get_by_label("Cost basis")).to_have_value("hifo")
    expect(page.get_by_label("Change today starts")).to_have_value("close")
    expect(page.get_by_label("Small balances")).to_have_value("12.5")


def test_a_coin_is_moved_to_another_group_and_put_back(settings: Page) -> None:
    groups = section(settings, "Asset groups")
    groups.get_by_label("Symbol").fill("pepe")
    groups.get_by_label("Group").select_option("DEFI")
    groups.get_by_role("button", name="Move").click()
    expect(groups.get_by_role("listitem")).to_contain_text("PEPE")
    expect(groups.get_by_role("listitem")).to_contain_text("DeFi")
    groups.get_by_role("button", name="Put PEPE back").click()
    expect(groups.get_by_role("listitem")).to_have_count(0)


def test_a_token_is_shown_once_works_and_stops_working_when_revoked(settings: Page, app: RunningApp) -> None:
    tokens = section(settings, "API tokens")
    tokens.get_by_role("button", name="Create a token").click()
    expect(tokens.get_by_role("alert")).to_contain_text("Give the token a name")
    tokens.get_by_label("Name").fill("backup script")
    tokens.get_by_role("button", name="Create a token").click()
    shown = settings.get_by_role("dialog", name="Your new token")
    token = shown.locator("code").inner_text()
    assert not accessibility_faults(settings)
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{app.url}/api/users/sources", headers=headers, timeout=60).status_code == 200
    shown.get_by_role("button", name="I have copied it").click()
    expect(shown).to_be_hidden()
    assert token not in settings.content()
    settings.reload()
    expect(tokens.get_by_role("listitem")).to_contain_text("backup script")
    assert token not in settings.content()
    tokens.get_by_role("button", name="Revoke backup script").click()
    expect(tokens.get_by_role("listitem")).to_have_count(0)
    assert httpx.get(f"{app.url}/api/users/sources", headers=headers, timeout=60).status_code == 401


def test_another_device_is_signed_out_at_once(settings: Page, app: RunningApp, person: Person) -> None:
    stolen = session_cookies(app, person)
    cookies = {one["name"]: one["value"] for one in stolen}
    assert httpx.get(f"{app.url}/api/users/sources", cookies=cookies, timeout=60).status_code == 200
    settings.reload()
    devices = section(settings, "Signed-in devices")
    expect(devices.get_by_role("listitem")).to_have_count(2)
    expect(devices.get_by_role("listitem").filter(has_text="This device")).to_have_count(1)
    devices.get_by_role("button", name=re.compile("^Sign out ")).first.click()
    expect(devices.get_by_role("listitem")).to_have_count(1)
    assert httpx.get(f"{app.url}/api/users/sources", cookies=cookies, timeout=60).status_code == 401


def test_the_password_changes_for_who_knows_the_old_one(settings: Page, person: Person) -> None:
    password = section(settings, "Password")
    password.get_by_label("Current password").fill("not the right one")
    password.get_by_label(re.compile(r"^New password(?!,)")).fill("five quite new words")
    password.get_by_label("New password, once more").fill("five quite new words")
    password.get_by_role("button", name="Change password").click()
    expect(password.get_by_role("alert")).to_contain_text("current password is not right")
    password.get_by_label("Current password").fill(person.password)
    password.get_by_label(re.compile(r"^New password(?!,)")).fill("five quite new words")
    password.get_by_label("New password, once more").fill("five quite new words")
    password.get_by_role("button", name="Change password").click()
    expect(password.get_by_text("Password changed")).to_be_visible()
    settings.goto("/")
    settings.get_by_role("button", name="Sign out").first.click()
    settings.wait_for_url("**/login")
    sign_in(settings, Person(person.name, "five quite new words"))


def test_a_snapshot_is_taken_on_demand(settings: Page) -> None:
    snapshots = section(settings, "Snapshots")
    expect(snapshots).to_contain_text("None yet")
    snapshots.get_by_role("button", name="Take one now").click()
    expect(settings.get_by_text("Snapshot taken")).to_be_visible()


def test_it_works_on_a_phone(open_page: Opener, person: Person) -> None:
    page = open_page(person, size=PHONE)
    page.goto("/settings")
    expect(page.get_by_label("Time zone")).not_to_have_value("")
    assert fits(page)
    assert not accessibility_faults(page)
    shoot(page, "settings-phone-dark")
