"""The Trust page's state: for administrators alone; what is found, set aside, backed up and restored from there."""

from __future__ import annotations

import pytest

from smartfolio_app.keys import check_keys
from smartfolio_app.services import accounts, audit
from smartfolio_app.state.trust import TrustState
from smartfolio_app.storage.engine import session_scope
from tests.state.tab import call, notice, tab


@pytest.fixture
def admin(settings, alice):
    """An administrator of an installation with its keys."""
    check_keys(settings)
    (settings.data_dir / "smartfolio.sqlite").chmod(0o600)
    return alice


def names() -> list[str]:
    with session_scope() as db:
        return [user.name for user in accounts.list_users(db)]


async def test_a_backup_is_made_and_restored_from_the_page(admin):
    page = await tab(TrustState, admin, "/trust")
    assert (page.loaded, page.backups) == (True, [])
    await call(page, "make_backup")
    (kept,) = page.backups
    with session_scope() as db:
        accounts.create_user(db, "late", "correct horse battery")
    await call(page, "ask_restore", kept.name)
    assert page.chosen.name == kept.name
    await call(page, "restore", {"passphrase": ""})
    assert (page.restore_problem, page.chosen.name, page.restoring) == ("", "", False)
    assert names() == ["alice"]
    assert "restored" in (await notice(page)).lower()
    with session_scope() as db:
        assert [one.action for one in audit.entries(db, admin, limit=2)] == ["backup.restore", "backup.make"]
    await call(page, "look_again")  # who asked is still signed in
    assert page.loaded


async def test_a_backup_that_cannot_be_opened_is_a_sentence_and_changes_nothing(admin, settings):
    page = await tab(TrustState, admin, "/trust")
    await call(page, "make_backup")
    (kept,) = page.backups
    (settings.data_dir / "backups" / kept.name).write_bytes(b"no backup")
    await call(page, "ask_restore", kept.name)
    await call(page, "restore", {})
    assert page.restore_problem.endswith(".")
    assert names() == ["alice"]
    assert not list(settings.data_dir.glob("before-restore-*"))


async def test_a_backup_that_has_made_room_for_another_is_said_to_be_gone(admin):
    page = await tab(TrustState, admin, "/trust")
    await call(page, "make_backup")
    await call(page, "ask_restore", "smartfolio-20200101T000000Z.sfbackup")
    assert page.chosen.name == ""
    assert await notice(page) == "That is not in the list any more."


async def test_a_warning_is_set_aside_and_taken_back(admin):
    page = await tab(TrustState, admin, "/trust")
    found = next(one for one in page.problems if one.key == "backups.none")
    await call(page, "dismiss", found.key)
    assert found.key not in [one.key for one in page.problems]
    assert found.key in [one.key for one in page.aside]
    await call(page, "take_back", found.key)
    assert found.key in [one.key for one in page.problems]


async def test_others_are_shown_nothing_there(admin, bob):
    page = await tab(TrustState, bob, "/trust")
    assert not page.allowed
    await call(page, "look_again")
    await call(page, "make_backup")
    assert (page.problems, page.areas, page.backups) == ([], [], [])
