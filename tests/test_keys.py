"""Key files are made for their owner alone, and a weak or exposed key stops the start."""

from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet

from smartfolio_app import keys
from smartfolio_app.keys import KeyRefusedError
from smartfolio_app.settings import load_settings


@pytest.fixture
def fresh(tmp_path):
    return load_settings(data_dir=tmp_path / "data", session_key=None, vault_key=None)


def test_first_run_creates_both_keys_readable_by_their_owner_alone(fresh):
    keys.check_keys(fresh)
    for name in ("session.key", "vault.key"):
        assert stat.S_IMODE((fresh.data_dir / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(fresh.data_dir.stat().st_mode) == 0o700


def test_keys_are_the_same_next_time(fresh):
    assert keys.session_key(fresh) == keys.session_key(fresh)
    assert keys.vault_keys(fresh) == keys.vault_keys(fresh)


def test_processes_that_start_at_once_find_one_whole_key(fresh, monkeypatch):
    """A second start comes between the first one's making of the file and its first word in it."""
    opened, second = os.open, []

    def slowly(*args, **kwargs):
        descriptor = opened(*args, **kwargs)
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", opened)
            second.append(keys.session_key(fresh))
        return descriptor

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", slowly)
        first = keys.session_key(fresh)
    assert second == [first]
    assert [left.name for left in fresh.data_dir.iterdir()] == ["session.key"], "nothing is left beside it"


def test_many_threads_that_make_a_key_agree_on_it(fresh):
    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(lambda _: keys.session_key(fresh), range(64)))
    assert len(made) == 1


def test_a_start_that_is_killed_while_it_makes_a_key_leaves_none(fresh, monkeypatch):
    def killed(_descriptor):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            keys.session_key(fresh)
    assert not (fresh.data_dir / "session.key").exists()
    assert len(keys.session_key(fresh)) >= keys.MINIMUM_LENGTH


def test_a_key_is_made_where_files_have_no_second_name(fresh, monkeypatch):
    def no_links(*_args):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert keys.session_key(fresh) == keys.session_key(fresh)
    assert [left.name for left in fresh.data_dir.iterdir()] == ["session.key"]


@pytest.mark.parametrize("name", ["session.key", "vault.key"])
def test_a_key_readable_by_others_is_refused(fresh, name):
    keys.check_keys(fresh)
    (fresh.data_dir / name).chmod(0o640)
    with pytest.raises(KeyRefusedError) as caught:
        keys.check_keys(fresh)
    assert caught.value.code == "settings.key_readable"
    assert caught.value.params["name"] == name


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "settings.key_short"),
        ("abc123", "settings.key_short"),
        ("a" * 64, "settings.key_short"),
        ("please-changeme-please-changeme-please-0", "settings.key_default"),
        ("My-Super-Secret-Session-Key-0123456789", "settings.key_default"),
    ],
)
def test_a_short_or_known_session_key_is_refused(fresh, content, code):
    keys.ensure_data_dir(fresh)
    keys.write_private(fresh.data_dir / "session.key", content.encode())
    with pytest.raises(KeyRefusedError) as caught:
        keys.session_key(fresh)
    assert caught.value.code == code
    assert content == "" or content not in str(caught.value)


def test_a_vault_key_that_is_no_fernet_key_is_refused(fresh):
    settings = fresh.model_copy(update={"vault_key": load_settings(vault_key="q8Zt" * 12).vault_key})
    with pytest.raises(KeyRefusedError) as caught:
        keys.vault_keys(settings)
    assert caught.value.code in ("settings.key_not_fernet", "settings.key_short")


def test_several_vault_keys_newest_first(tmp_path):
    newest, older = Fernet.generate_key(), Fernet.generate_key()
    settings = load_settings(data_dir=tmp_path, vault_key=f"{newest.decode()},{older.decode()}")
    assert keys.vault_keys(settings) == [newest, older]
    assert not (tmp_path / "vault.key").exists()


def test_no_key_is_made_when_none_is_wanted(fresh):
    assert keys.vault_keys(fresh, create=False) == []
    assert not (fresh.data_dir / "vault.key").exists()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(KeyRefusedError) as caught:
        keys.check_keys(load_settings(data_dir=tmp_path / "file" / "data"))
    assert caught.value.code == "settings.data_dir_unusable"
