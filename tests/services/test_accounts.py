"""Accounts: who can be made, who can come in, and the one-time link to the first of them."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from smartfolio_app.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from smartfolio_app.security import sessions
from smartfolio_app.services import accounts, user_settings
from smartfolio_app.services.sources import source_status
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import SetupLink, User

PASSWORD = "correct horse battery"


def test_a_new_user_has_settings_sources_and_an_argon2id_hash(db):
    user = accounts.create_user(db, " Ann ", PASSWORD, currency="chf", language="fr")
    assert user.name == "Ann"
    assert user.password_hash.startswith("$argon2id$")
    assert PASSWORD not in user.password_hash
    assert user_settings.get(db, user.id).base_currency == "CHF"
    assert user_settings.get(db, user.id).language == "fr"
    assert len(source_status(db, user.id).sources) > 0


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b", "a\u202eb", "0" * 32])
def test_a_name_that_cannot_be_shown_is_refused(db, name):
    with pytest.raises(InvalidInputError) as caught:
        accounts.create_user(db, name, PASSWORD)
    assert caught.value.code == "account.name_invalid"


def test_a_name_is_taken_whatever_its_capitals(db):
    accounts.create_user(db, "Ann", PASSWORD)
    with pytest.raises(ConflictError) as caught:
        accounts.create_user(db, "aNN", PASSWORD)
    assert caught.value.code == "account.name_taken"
    assert len(accounts.list_users(db)) == 1


def test_a_short_password_makes_no_user(db):
    with pytest.raises(InvalidInputError):
        accounts.create_user(db, "Ann", "elevenchars")
    assert accounts.list_users(db) == []


def test_a_currency_nobody_rates_makes_no_user(db):
    with pytest.raises(InvalidInputError):
        accounts.create_user(db, "Ann", PASSWORD, currency="XXX")
    assert accounts.list_users(db) == []


def test_only_the_right_password_of_an_enabled_user_lets_in(db):
    user = accounts.create_user(db, "Ann", PASSWORD, admin=False)
    assert accounts.authenticate(db, "ann", PASSWORD).id == user.id
    assert accounts.authenticate(db, "Ann", PASSWORD + "x") is None
    assert accounts.authenticate(db, "Bob", PASSWORD) is None
    accounts.disable(db, "Ann")
    assert accounts.authenticate(db, "Ann", PASSWORD) is None
    accounts.enable(db, "Ann")
    assert accounts.authenticate(db, "Ann", PASSWORD) is not None


def test_a_demo_user_has_no_password_that_opens(db):
    accounts.create_user(db, "demo", "", demo=True)
    assert accounts.authenticate(db, "demo", "") is None
    with pytest.raises(NotAllowedError):
        accounts.set_password(db, "demo", PASSWORD)


def test_disabling_signs_every_device_out(db):
    user = accounts.create_user(db, "Ann", PASSWORD)
    cookie = sessions.issue(db, user.id)
    db.commit()
    accounts.disable(db, user.id)
    accounts.enable(db, user.id)
    assert sessions.find(db, sessions.hash_of(cookie)) is None


def test_a_new_password_signs_the_other_devices_out(db):
    user = accounts.create_user(db, "Ann", PASSWORD)
    mine, other = (sessions.hash_of(sessions.issue(db, user.id)) for _ in range(2))
    db.commit()
    with pytest.raises(NotAllowedError):
        accounts.change_password(db, user.id, "not the password", "another good password")
    current = sessions.find(db, mine).viewer.credential
    accounts.change_password(db, user.id, PASSWORD, "another good password", keep=current)
    assert sessions.find(db, mine) is not None
    assert sessions.find(db, other) is None
    assert accounts.authenticate(db, "Ann", "another good password") is not None


def test_the_last_administrator_cannot_be_shut_out(db):
    accounts.create_user(db, "Ann", PASSWORD, admin=True)
    accounts.create_user(db, "Bob", PASSWORD)
    for act in (accounts.disable, accounts.delete_user):
        with pytest.raises(ConflictError) as caught:
            act(db, "Ann")
        assert caught.value.code == "account.last_admin"
    accounts.create_user(db, "Eve", PASSWORD, admin=True)
    accounts.disable(db, "Ann")


def test_a_deleted_user_leaves_nothing(db, settings):
    from sqlmodel import SQLModel

    from smartfolio_app.services import files

    user = accounts.create_user(db, "Ann", PASSWORD)
    files.keep(user.id, b"date,amount")
    sessions.issue(db, user.id)
    accounts.delete_user(db, "Ann")
    rows = {
        name: db.execute(select(func.count()).select_from(table)).scalar_one()
        for name, table in SQLModel.metadata.tables.items()
    }
    assert {name for name, count in rows.items() if count} == {"audit_entry"}
    assert list(settings.uploads_dir.iterdir()) == []


def test_an_unknown_user_is_not_found(db):
    for act in (accounts.disable, accounts.enable, accounts.delete_user):
        with pytest.raises(NotFoundError):
            act(db, "nobody")


class TestSetupLink:
    def test_it_makes_the_first_administrator_once(self, db):
        link = accounts.make_setup_link(db)
        token = link.partition("token=")[2]
        assert link.startswith("/setup?token=")
        user = accounts.use_setup_link(db, token, "Ann", PASSWORD)
        assert user.is_admin
        with pytest.raises(NotAllowedError):
            accounts.use_setup_link(db, token, "Eve", PASSWORD)
        assert accounts.make_setup_link(db) is None
        assert [user.name for user in accounts.list_users(db)] == ["Ann"]

    def test_only_its_hash_is_stored(self, db):
        token = accounts.make_setup_link(db).partition("token=")[2]
        stored = db.execute(select(SetupLink.token_hash)).scalar_one()
        assert token not in stored

    def test_a_newer_link_puts_the_older_out_of_force(self, db):
        old = accounts.make_setup_link(db).partition("token=")[2]
        new = accounts.make_setup_link(db).partition("token=")[2]
        with pytest.raises(NotAllowedError):
            accounts.use_setup_link(db, old, "Ann", PASSWORD)
        assert accounts.is_setup_token(db, new)
        assert not accounts.is_setup_token(db, old)

    def test_a_weak_password_does_not_spend_it(self, db):
        token = accounts.make_setup_link(db).partition("token=")[2]
        with pytest.raises(InvalidInputError):
            accounts.use_setup_link(db, token, "Ann", "short")
        assert accounts.use_setup_link(db, token, "Ann", PASSWORD).is_admin

    def test_it_is_dead_once_a_user_exists(self, db):
        token = accounts.make_setup_link(db).partition("token=")[2]
        accounts.create_user(db, "Ann", PASSWORD)
        assert not accounts.is_setup_token(db, token)
        with pytest.raises(NotAllowedError):
            accounts.use_setup_link(db, token, "Eve", PASSWORD)

    def test_a_demo_user_does_not_take_the_first_place(self, db):
        accounts.create_user(db, "demo", "", demo=True)
        assert accounts.make_setup_link(db) is not None

    def test_of_two_who_come_at_once_one_is_let_in(self, settings):
        with session_scope() as db:
            token = accounts.make_setup_link(db).partition("token=")[2]
        made, refused = [], []

        def come(name):
            with session_scope() as db:
                try:
                    made.append(accounts.use_setup_link(db, token, name, PASSWORD).name)
                except NotAllowedError:
                    refused.append(name)

        threads = [threading.Thread(target=come, args=(f"user {n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(made), len(refused)) == (1, 3)
        with session_scope() as db:
            assert db.execute(select(func.count()).select_from(User)).scalar_one() == 1
