"""Waiting uploads: private, bounded, and gone after a day."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta

import pytest

from smartfolio_app.errors import ConflictError, InvalidInputError, NotFoundError
from smartfolio_app.services import staging
from smartfolio_app.settings import Settings
from smartfolio_app.storage.tables.base import new_id


def test_a_file_comes_back_as_it_was_and_is_listed_oldest_first(settings: Settings) -> None:
    user = new_id()
    first = staging.put(user, "trades.csv", b"a;b\r\n1;2\x00")
    second = staging.put(user, "positions.xlsx", b"PK")
    assert staging.read(user, first.id) == b"a;b\r\n1;2\x00"
    assert [one.name for one in staging.listing(user)] == ["trades.csv", "positions.xlsx"]
    assert staging.find(user, second.id).size == 2


def test_another_user_cannot_reach_it(settings: Settings) -> None:
    owner, other = new_id(), new_id()
    staged = staging.put(owner, "trades.csv", b"secret")
    assert staging.listing(other) == []
    with pytest.raises(NotFoundError):
        staging.read(other, staged.id)
    staging.put(other, "own.csv", b"own")  # so that there is a folder to climb out of
    with pytest.raises(NotFoundError):
        staging.read(other, f"../{owner}/{staged.id}")
    staging.discard(other, staged.id)
    assert staging.read(owner, staged.id) == b"secret"


@pytest.mark.parametrize("wrong", ["", "../x", "..", "a" * 31, "g" * 32, "0" * 32 + "/../x"])
def test_an_id_that_is_no_id_names_no_path(settings: Settings, wrong: str) -> None:
    with pytest.raises(NotFoundError):
        staging.read(new_id(), wrong)
    with pytest.raises(NotFoundError):
        staging.listing(wrong)


def test_files_are_readable_by_their_owner_alone(settings: Settings) -> None:
    user = new_id()
    staging.put(user, "x.csv", b"1")
    folder = settings.data_dir / "staging" / user
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_too_large_and_too_many_are_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    user = new_id()
    with pytest.raises(InvalidInputError) as refused:
        staging.put(user, "big.csv", bytes(settings.max_upload_mb * 1024 * 1024 + 1))
    assert refused.value.code == "import.too_large"
    monkeypatch.setattr(staging, "MOST_FILES", 2)
    staging.put(user, "1.csv", b"1")
    staging.put(user, "2.csv", b"2")
    with pytest.raises(ConflictError):
        staging.put(user, "3.csv", b"3")


def test_what_nobody_decides_on_is_gone_after_a_day(settings: Settings) -> None:
    user = new_id()
    staged = staging.put(user, "x.csv", b"1")
    now = datetime.now(UTC)
    assert staging.sweep(now + timedelta(hours=23)) == 0
    assert staging.read(user, staged.id) == b"1"
    assert staging.sweep(now + timedelta(hours=25)) == 1
    assert staging.listing(user) == []
    assert not (settings.data_dir / "staging" / user).exists()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("C:\\Users\\me\\trades.csv", "trades.csv"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\n.csv", "ab.csv"),
        ("...", "file"),
        ("", "file"),
        ("relevé 2026.csv", "relevé 2026.csv"),
    ],
)
def test_a_name_is_shown_without_folders_or_control_characters(given: str, shown: str) -> None:
    assert staging.clean_name(given) == shown
