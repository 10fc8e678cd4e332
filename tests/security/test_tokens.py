from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smartfolio_app.errors import InvalidInputError, NotAllowedError, NotFoundError
from smartfolio_app.security import recognise, tokens
from smartfolio_app.storage.tables import User


def test_token_is_shown_once_and_stored_only_as_its_hash(db, alice, settings):
    info, token = tokens.create(db, alice, name="backup script", scope="read")
    db.commit()
    assert token.startswith("smartfolio_")
    assert info.hint == token[-4:]
    found = tokens.find(db, token)
    assert (found.viewer.user_id, found.viewer.via, found.viewer.scope) == (alice, "token", "read")
    for file in settings.data_dir.glob("smartfolio.sqlite*"):
        assert token.removeprefix("smartfolio_").encode() not in file.read_bytes()


def test_read_token_may_not_write_and_a_write_token_may(db, alice):
    _, reading = tokens.create(db, alice, name="", scope="read")
    _, writing = tokens.create(db, alice, name="", scope="write")
    with pytest.raises(NotAllowedError):
        tokens.find(db, reading).viewer.require_write()
    tokens.find(db, writing).viewer.require_write()


def test_unknown_scope_is_refused(db, alice):
    with pytest.raises(InvalidInputError):
        tokens.create(db, alice, name="x", scope="admin")


def test_revoked_token_is_nobody_at_once_and_only_its_owner_revokes(db, alice, bob):
    info, token = tokens.create(db, alice, name="x", scope="write")
    with pytest.raises(NotFoundError):
        tokens.revoke(db, bob, info.id)
    tokens.revoke(db, alice, info.id)
    assert tokens.find(db, token) is None
    with pytest.raises(NotFoundError):
        tokens.revoke(db, alice, info.id)


def test_disabled_users_token_is_nobody(db, alice):
    _, token = tokens.create(db, alice, name="x", scope="write")
    db.get(User, alice).disabled = True
    db.flush()
    assert tokens.find(db, token) is None


def test_last_use_is_noted_once_a_minute(db, alice):
    _, token = tokens.create(db, alice, name="x", scope="read")
    db.commit()
    recognise.viewer_of_token(token)
    recognise.finish_pending()
    db.expire_all()
    used = tokens.listed(db, alice)[0].used_at
    assert used is not None
    assert not tokens.find(db, token, now=used + timedelta(seconds=59)).touch_due
    assert tokens.find(db, token, now=used + timedelta(seconds=61)).touch_due


@pytest.mark.parametrize("token", ["", "smartfolio_", "smartfolio_" + "a" * 43, "Bearer x", "x" * 5000])
def test_unknown_token_is_nobody(token, settings):
    assert recognise.viewer_of_token(token) is None


def test_sample_user_makes_no_tokens(db):
    sample = User(name="Demo", password_hash="", is_demo=True)
    db.add(sample)
    db.flush()
    with pytest.raises(NotAllowedError):
        tokens.create(db, sample.id, name="x", scope="read")


def test_number_of_tokens_is_bounded(db, alice, monkeypatch):
    monkeypatch.setattr(tokens, "MAXIMUM_PER_USER", 2)
    now = datetime.now(UTC)
    tokens.create(db, alice, name="1", scope="read", now=now)
    tokens.create(db, alice, name="2", scope="read", now=now + timedelta(seconds=1))
    assert [one.name for one in tokens.listed(db, alice)] == ["2", "1"]
    with pytest.raises(InvalidInputError):
        tokens.create(db, alice, name="3", scope="read")
