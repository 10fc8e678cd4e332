from __future__ import annotations

import pytest

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.security import passwords


def test_hash_is_argon2id_and_opens_only_with_its_password():
    stored = passwords.hash_password("correct horse battery")
    assert stored.startswith("$argon2id$")
    assert passwords.verify_password(stored, "correct horse battery")
    assert not passwords.verify_password(stored, "correct horse batter")


def test_real_settings_are_the_low_memory_profile_of_rfc_9106(monkeypatch):
    monkeypatch.undo()
    parameters = passwords._hasher()
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (65536, 3, 4)


@pytest.mark.parametrize("stored", [None, "", "!", "plain text", "sha256$abc"])
def test_unknown_user_costs_the_same_work_as_a_known_one(stored, monkeypatch):
    compared = []

    class Counting:
        def hash(self, password):
            return "$argon2id$nobody"

        def verify(self, against, password):
            compared.append(against)
            return True

    monkeypatch.setattr(passwords, "_hasher", Counting)
    passwords._nobodys_hash.cache_clear()
    assert passwords.verify_password(stored, "anything at all") is False
    assert len(compared) == 1


def test_endless_password_is_refused_without_hashing_all_of_it():
    stored = passwords.hash_password("x" * passwords.MAXIMUM_LENGTH)
    assert not passwords.verify_password(stored, "x" * (passwords.MAXIMUM_LENGTH + 1))


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "auth.password_too_short"),
        ("elevenchars", "auth.password_too_short"),
        ("aaaaaaaaaaaaaaa", "auth.password_too_simple"),
        ("x" * 1025, "auth.password_too_long"),
    ],
)
def test_weak_new_password_is_refused_by_name(password, code):
    with pytest.raises(InvalidInputError) as refused:
        passwords.check_strength(password)
    assert refused.value.code == code


def test_twelve_characters_do():
    passwords.check_strength("twelve chars")
