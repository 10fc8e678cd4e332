"""Kept files: their content is there exactly as long as something names it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from smartfolio_app.errors import NotFoundError
from smartfolio_app.services import accounts, files, imports, sources
from tests.services.cointracking_files import LEDGER, trades


@pytest.fixture
def user_id(db):
    return accounts.create_user(db, "Ann", "correct horse battery").id


def contents(settings):
    return [path for path in settings.uploads_dir.rglob("*") if path.is_file()]


def test_one_content_named_twice_goes_with_the_last_name(db, user_id, settings):
    imports.commit(db, user_id, trades(), "a.csv")
    other = sources.add(db, user_id, "file_crypto").key
    imports.commit(db, user_id, trades(), "b.csv", source_key=other)
    assert len(files.list_files(db, user_id)) == 2
    assert len(contents(settings)) == 1
    sources.delete_source(db, user_id, other)
    assert files.download(db, user_id, files.list_files(db, user_id)[0].id)[1] == trades()
    files.delete_file(db, user_id, files.list_files(db, user_id)[0].id)
    assert contents(settings) == []


def test_what_a_killed_import_left_is_swept_away_and_nothing_else(db, user_id, settings):
    imports.commit(db, user_id, trades(), "a.csv")
    orphan = settings.uploads_dir / user_id / files.keep(user_id, trades(LEDGER[:1]))
    young = settings.uploads_dir / user_id / files.keep(user_id, trades(LEDGER[:2]))
    yesterday = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    for path in contents(settings):
        if path != young:
            os.utime(path, (yesterday, yesterday))
    assert files.sweep(db) == 1
    assert not orphan.exists()
    assert young.exists()
    assert files.download(db, user_id, files.list_files(db, user_id)[0].id)[1] == trades()


def test_a_content_missing_on_disk_is_said(db, user_id, settings):
    imports.commit(db, user_id, trades(), "a.csv")
    contents(settings)[0].unlink()
    with pytest.raises(NotFoundError) as caught:
        files.download(db, user_id, files.list_files(db, user_id)[0].id)
    assert caught.value.code == "file.content_missing"
