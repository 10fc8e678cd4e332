"""Coming in: the set-up link, signing in and out, the sample user, two languages before there is an account."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import PHONE, shoot, sign_in
from tests.e2e.app import Person, RunningApp
from tests.e2e.watch import watch_of

Opener = Callable[..., Page]


def test_the_one_time_link_makes_the_first_account_and_signs_it_in(
    new_app: Callable[..., RunningApp], open_page: Opener
) -> None:
    app = new_app()
    page = open_page(base=app.url)
    page.goto("/login")
    expect(page.get_by_text("There is no account on this server yet")).to_be_visible()
    link = app.setup_link()
    assert link is not None
    page.goto(link)
    page.get_by_label("Name").fill("ada")
    password = page.get_by_label("Password")
    password.fill("four unrelated words")
    eye = page.get_by_role("button", name="Show what is typed")
    for kind in ("text", "password"):
        eye.click()
        expect(password).to_have_attribute("type", kind)
        expect(password).to_have_value("four unrelated words")
    page.get_by_label("Base currency").select_option("CHF")
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_role("heading", name="Let’s see what you own")).to_be_visible()
    expect(page).to_have_url(re.compile("currency=CHF"))
    page.goto(link)
    expect(page.get_by_text("not in force")).to_be_visible()


def test_a_password_that_is_too_short_is_refused_with_the_rule(
    new_app: Callable[..., RunningApp], open_page: Opener
) -> None:
    app = new_app()
    page = open_page(base=app.url)
    page.goto(app.setup_link() or "")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("short")
    page.locator("input[name=password]").evaluate("field => field.removeAttribute('minlength')")
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_role("alert")).to_contain_text("12 characters")


def test_a_wrong_password_says_so_and_gives_nothing_away(visitor: Page, person: Person) -> None:
    visitor.goto("/login")
    visitor.get_by_label("Name").fill(person.name)
    visitor.get_by_label("Password").fill("not the password")
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    expect(visitor.get_by_role("alert")).to_have_text("Name and password do not go together.")


def test_a_page_that_needs_an_account_is_reached_after_signing_in(visitor: Page, person: Person) -> None:
    visitor.goto("/settings")
    visitor.wait_for_url(re.compile(r"/login\?next=/settings"))
    visitor.get_by_label("Name").fill(person.name)
    visitor.get_by_label("Password").fill(person.password)
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    visitor.wait_for_url(re.compile(r"//[^/]+/settings"))


def test_signing_out_ends_it_in_every_tab(page: Page) -> None:
    second = page.context.new_page()
    second.goto("/")
    expect(second.get_by_role("navigation", name="Main").first).to_be_visible()
    page.get_by_role("button", name=re.compile("^Sign out")).click()
    page.wait_for_url("**/login")
    second.wait_for_url(re.compile("/login"))


def test_the_sample_user_is_one_click_away_and_labelled(visitor: Page) -> None:
    visitor.goto("/login")
    visitor.get_by_role("button", name="Try with sample data").click()
    expect(visitor.get_by_text("Sample data").first).to_be_visible(timeout=30_000)
    expect(visitor.get_by_role("list").get_by_text("Bitcoin").first).to_be_visible()


def test_the_visitors_browser_chooses_the_language_and_a_click_changes_it(open_page: Opener) -> None:
    page = open_page(language="fr-CH")
    page.goto("/login")
    expect(page.get_by_role("heading", name="Bienvenue")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_sign_in_page_is_accessible(open_page: Opener, theme: str) -> None:
    page = open_page(theme=theme, size=PHONE)
    page.goto("/login")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    assert accessibility_faults(page) == []
    shoot(page, f"login-phone-{theme}")


def test_a_lost_connection_is_told_quietly_and_recovers_by_itself(
    new_app: Callable[..., RunningApp], open_page: Opener
) -> None:
    app = new_app()
    person = app.add_person()
    page = open_page(base=app.url)
    sign_in(page, person)
    expect(page.get_by_role("heading", name="Let’s see what you own")).to_be_visible()
    watch_of(page).expect("WebSocket|ERR_CONNECTION_REFUSED")
    app.stop()
    notice = page.get_by_text("No connection to your server")
    expect(notice).to_be_visible()
    app.start()
    expect(notice).to_be_hidden(timeout=60_000)  # the client waits longer after each failed try
    page.get_by_role("button", name="Hide amounts").click()
    expect(page.get_by_role("button", name="Hide amounts")).to_have_attribute("aria-pressed", "true")
