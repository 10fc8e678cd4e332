from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smartfolio_app.errors import NotFoundError
from smartfolio_app.security import recognise, sessions
from smartfolio_app.security.devices import device_label
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import User

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_cookie_is_stored_only_as_its_hash(db, alice, settings):
    value = sessions.issue(db, alice)
    db.commit()
    assert sessions.is_cookie_value(value)
    found = sessions.find(db, sessions.hash_of(value))
    assert found is not None
    assert found.viewer.user_id == alice
    assert found.viewer.is_admin
    for file in settings.data_dir.glob("smartfolio.sqlite*"):
        assert value.encode() not in file.read_bytes()


def test_hash_itself_opens_nothing_when_used_as_cookie(db, alice):
    stolen = sessions.hash_of(sessions.issue(db, alice))
    assert sessions.find(db, sessions.hash_of(stolen)) is None


def test_session_ends_when_unused_and_slides_when_used(db, alice):
    key = sessions.hash_of(sessions.issue(db, alice, days=30, now=NOW))
    almost = NOW + timedelta(days=29)
    assert sessions.find(db, key, now=almost).touch_due
    assert sessions.find(db, key, now=NOW + timedelta(days=30)) is None
    sessions.touch(db, key, days=30, now=almost)
    db.flush()
    assert sessions.find(db, key, now=NOW + timedelta(days=50)) is not None
    assert not sessions.find(db, key, now=almost + timedelta(minutes=1)).touch_due


def test_disabled_user_is_signed_in_nowhere(db, alice):
    key = sessions.hash_of(sessions.issue(db, alice))
    db.get(User, alice).disabled = True
    db.flush()
    assert sessions.find(db, key) is None


def test_devices_are_listed_and_revoked_by_an_id_that_opens_nothing(db, alice, bob):
    first = sessions.hash_of(sessions.issue(db, alice, device="Firefox · Linux", address="192.0.2.1"))
    second = sessions.hash_of(sessions.issue(db, alice))
    foreign = sessions.hash_of(sessions.issue(db, bob))
    current = sessions.find(db, second).viewer.credential
    listed = {one.id: one for one in sessions.devices(db, alice, current=current)}
    assert len(listed) == 2
    assert [one.current for one in listed.values()].count(True) == 1
    assert listed[first[:16]].label == "Firefox · Linux"
    sessions.revoke(db, alice, first[:16])
    assert sessions.find(db, first) is None
    with pytest.raises(NotFoundError):
        sessions.revoke(db, alice, foreign[:16])
    with pytest.raises(NotFoundError):
        sessions.revoke(db, alice, "%" * 16)
    assert sessions.find(db, foreign) is not None


def test_all_other_devices_can_be_signed_out_at_once(db, alice, bob):
    keep = sessions.hash_of(sessions.issue(db, alice))
    others = [sessions.hash_of(sessions.issue(db, alice)) for _ in range(3)]
    foreign = sessions.hash_of(sessions.issue(db, bob))
    assert sessions.revoke_others(db, alice, keep[:16]) == 3
    assert sessions.find(db, keep) is not None
    assert sessions.find(db, foreign) is not None
    assert not [key for key in others if sessions.find(db, key)]


def test_expired_sessions_are_purged(db, alice):
    sessions.issue(db, alice, days=1, now=NOW)
    sessions.issue(db, alice, days=30, now=NOW)
    assert sessions.purge_expired(db, now=NOW + timedelta(days=2)) == 1


def test_use_is_noted_behind_the_readers_back(alice):
    with session_scope() as db:
        key = sessions.hash_of(sessions.issue(db, alice, now=datetime.now(UTC) - timedelta(days=1)))
    assert recognise.viewer_of_session(key) is not None
    recognise.finish_pending()
    with session_scope() as db:
        assert not sessions.find(db, key).touch_due


@pytest.mark.parametrize("key", ["", "x", "A" * 64, "0" * 63, "'; drop table user --"])
def test_nonsense_is_nobody(key, settings):
    assert recognise.viewer_of_session(key) is None


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari · iPhone",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/139.0 Safari/537.36 Edg/139.0",
            "Edge · Windows",
        ),
        ("curl/8.5.0", "curl"),
        ("", ""),
    ],
)
def test_device_label_is_what_a_person_would_say(user_agent, label):
    assert device_label(user_agent) == label
