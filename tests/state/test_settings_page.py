"""The Settings page's state: only one's own devices and tokens, only known preferences, a token shown once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from smartfolio_app.pages.settings import settings as settings_page
from smartfolio_app.security import sessions, tokens
from smartfolio_app.services import audit, sources, user_settings
from smartfolio_app.state.base import AppState
from smartfolio_app.state.settings import SettingsState
from smartfolio_app.storage.engine import session_scope
from tests.state.figures_on_page import unexplained
from tests.state.tab import call, notice, tab


@pytest.fixture
def anna(alice):
    with session_scope() as db:
        sources.create_built_in_sources(db, alice)
    return alice


async def test_a_preference_is_kept_and_the_page_follows_it(anna):
    page = await tab(SettingsState, anna, "/settings")
    await call(page, "choose", "time_zone", "Europe/Zurich")
    with session_scope() as db:
        assert user_settings.get(db, anna).time_zone == "Europe/Zurich"
    assert page.time_zone == "Europe/Zurich"
    assert (await page.get_state(AppState))._time_zone == "Europe/Zurich"


async def test_no_number_on_the_page_is_computed(anna):
    """What stands there was typed, chosen or counted: whatever else will stand there has to explain itself."""
    page = await tab(SettingsState, anna, "/settings")
    await call(page, "choose_threshold", "12.5")
    problems, _ = unexplained(settings_page, page, anna, frozenset({"threshold"}))
    assert problems == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("time_zone", "Mars/Olympus"), ("privacy", "yes"), ("scope_crypto", "nobodys"), ("is_admin", "true")],
)
async def test_a_client_changes_nothing_by_names_and_values_of_its_own(anna, name, value):
    page = await tab(SettingsState, anna, "/settings")
    with session_scope() as db:
        before = user_settings.get(db, anna)
    await call(page, "choose", name, value)
    with session_scope() as db:
        assert user_settings.get(db, anna) == before


async def test_the_threshold_is_read_as_its_writer_writes_numbers(anna):
    with session_scope() as db:
        user_settings.update(db, anna, language="fr")
    page = await tab(SettingsState, anna, "/settings")
    await call(page, "choose_threshold", "12,50")
    with session_scope() as db:
        assert user_settings.get(db, anna).small_balance_threshold == Decimal("12.5")
    assert page.threshold == "12,5"
    await call(page, "choose_threshold", "beaucoup")
    assert "beaucoup" in page.threshold_problem


async def test_a_new_token_is_forgotten_by_the_server_too(anna):
    page = await tab(SettingsState, anna, "/settings")
    await call(page, "create_token", {"name": "script", "scope": "read"})
    assert page.new_token.startswith(tokens.PREFIX)
    await call(page, "forget_token")
    assert page.new_token == ""
    assert [(one.name, one.hint[:1]) for one in page.tokens] == [("script", "…")]


@pytest.mark.parametrize("form", [{"name": "", "scope": "read"}, {"name": "x", "scope": "everything"}, {}])
async def test_a_token_without_a_name_or_with_another_scope_is_not_made(anna, form):
    page = await tab(SettingsState, anna, "/settings")
    await call(page, "create_token", form)
    assert page.token_problem
    assert page.tokens == []
    assert page.new_token == ""


async def test_nobody_elses_token_or_device_can_be_revoked(anna, bob):
    with session_scope() as db:
        theirs, _ = tokens.create(db, bob, name="bob's", scope="write")
        cookie = sessions.hash_of(sessions.issue(db, bob))
    page = await tab(SettingsState, anna, "/settings")
    await call(page, "revoke_token", theirs.id)
    assert await notice(page)
    await call(page, "revoke_device", cookie[:16])
    with session_scope() as db:
        assert [one.id for one in tokens.listed(db, bob)] == [theirs.id]
        assert len(sessions.devices(db, bob)) == 1


async def test_every_other_device_is_signed_out_and_this_one_stays(anna):
    with session_scope() as db:
        sessions.issue(db, anna, device="an old phone")
    page = await tab(SettingsState, anna, "/settings")
    assert len(page.devices) == 2
    await call(page, "revoke_other_devices")
    assert [one.current for one in page.devices] == [True]
    assert not page.has_other_devices


async def test_an_asset_moves_to_a_known_group_alone(anna):
    page = await tab(SettingsState, anna, "/settings")
    await call(page, "move_asset", {"symbol": " pepe ", "group": "DEFI"})
    assert [(one.symbol, one.group) for one in page.groups] == [("PEPE", "DeFi")]
    await call(page, "move_asset", {"symbol": "pepe", "group": "NONSENSE"})
    assert page.group_problem
    await call(page, "reset_asset", page.groups[0].asset)
    assert page.groups == []


async def test_what_is_changed_on_the_page_is_in_the_audit_log(anna):
    page = await tab(SettingsState, anna, "/settings")
    with session_scope() as db:
        sessions.issue(db, anna, device="old phone")
    await call(page, "create_token", {"name": "script", "scope": "read"})
    with session_scope() as db:
        token = tokens.listed(db, anna)[0].id
        device = next(one.id for one in sessions.devices(db, anna) if one.label == "old phone")
    await call(page, "revoke_device", device)
    await call(page, "revoke_token", token)
    await call(page, "revoke_other_devices")
    await call(page, "choose", "time_zone", "Europe/Zurich")
    with session_scope() as db:
        told = [(one.action, one.detail) for one in reversed(audit.entries(db, anna)[:5])]
    assert told == [
        ("token.create", {"token": "script", "scope": "read"}),
        ("session.revoke", {"device": "old phone"}),
        ("token.revoke", {"token": "script"}),
        ("session.revoke_others", {"count": "0"}),
        ("settings.change", {"names": "time_zone = Europe/Zurich"}),
    ]
