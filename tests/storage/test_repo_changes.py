"""What a revision changed is told completely, or not at all."""

from __future__ import annotations

from datetime import date

import pytest

from smartfolio_app.services import accounts
from smartfolio_app.storage import repo_changes
from smartfolio_app.storage.repo_changes import Changed, changed_between, note_change
from smartfolio_app.storage.repo_ledger import bump_revision

DAY = date(2024, 3, 1)


@pytest.fixture
def user_id(db):
    return accounts.create_user(db, "Ann", "correct horse battery").id


def note(db, user_id, *ids, days=()):
    revision = bump_revision(db, user_id)
    note_change(db, user_id, revision, ids, days)
    return revision


def test_several_revisions_are_told_together(db, user_id):
    before = bump_revision(db, user_id)
    note(db, user_id, 3, 1, days=[DAY])
    note(db, user_id)
    after = note(db, user_id, 3, 7)
    assert changed_between(db, user_id, before, after) == Changed(frozenset({1, 3, 7}), frozenset({DAY}))
    assert changed_between(db, user_id, after - 2, after - 1) == Changed(frozenset(), frozenset())


def test_one_revision_without_a_note_and_nothing_is_sure(db, user_id):
    before = bump_revision(db, user_id)
    note(db, user_id, 1)
    bump_revision(db, user_id)
    after = note(db, user_id, 2)
    assert changed_between(db, user_id, before, after) is None
    assert changed_between(db, user_id, after - 1, after) == Changed(frozenset({2}), frozenset())
    assert changed_between(db, user_id, after, after) is None
    assert changed_between(db, user_id, after + 1, after) is None, "a restored backup has gone back"


def test_what_cannot_be_told_or_is_too_much_is_not_noted(db, user_id, monkeypatch):
    monkeypatch.setattr(repo_changes, "MOST_TRANSACTIONS", 2)
    before = bump_revision(db, user_id)
    assert changed_between(db, user_id, before, note(db, user_id, 1, 2, 3)) is None
    revision = bump_revision(db, user_id)
    note_change(db, user_id, revision, None)
    assert changed_between(db, user_id, revision - 1, revision) is None


def test_prices_that_may_all_have_changed_are_told_apart(db, user_id):
    before = bump_revision(db, user_id)
    revision = bump_revision(db, user_id)
    note_change(db, user_id, revision, (), price_days=None)
    after = note(db, user_id, 1, days=[DAY])
    assert changed_between(db, user_id, before, after) == Changed(frozenset({1}), None)


def test_notes_are_each_users_own_and_old_ones_go(db, user_id, monkeypatch):
    monkeypatch.setattr(repo_changes, "KEPT", 3)
    eve = accounts.create_user(db, "Eve", "correct horse battery").id
    before = bump_revision(db, user_id)
    for number in range(4):
        note(db, user_id, number)
    note(db, eve, 9)
    assert changed_between(db, user_id, before, before + 4) is None
    assert changed_between(db, user_id, before + 1, before + 4) == Changed(frozenset({1, 2, 3}), frozenset())
