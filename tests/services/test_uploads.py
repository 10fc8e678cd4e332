"""Files on their way in: they belong to their user, survive their page, and become an import once."""

from __future__ import annotations

import time

import pytest

from smartfolio_app.errors import ConflictError, NotFoundError
from smartfolio_app.providers.csv import Mapping
from smartfolio_app.services import mappings, sources, staging, uploads
from smartfolio_app.services.accounts import create_user
from smartfolio_app.services.jobs import jobs
from smartfolio_app.services.uploads import Upload
from tests.services.cointracking_files import trades


@pytest.fixture
def anna(db) -> str:
    return create_user(db, "anna", "four unrelated words").id


@pytest.fixture
def bea(db) -> str:
    return create_user(db, "bea", "four unrelated words").id


def settled(user_id: str, upload: Upload) -> Upload:
    """Wait until the work on an upload is over."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        current = uploads.find(user_id, upload.file.id)
        if current.job.finished:
            return current
        time.sleep(0.02)
    raise AssertionError("the work did not end")


def transactions_of(db, user_id: str) -> int:
    db.expire_all()
    return sum(one.counts.get("transactions", 0) for one in sources.source_status(db, user_id).sources)


def test_a_file_is_previewed_imported_once_and_leaves_the_staging_folder(db, anna):
    upload = settled(anna, uploads.receive(anna, "ledger.csv", trades()))
    assert upload.preview is not None
    assert upload.preview.added == 5
    assert transactions_of(db, anna) == 0
    done = settled(anna, uploads.confirm(db, anna, upload.file.id))
    assert done.outcome is not None
    assert done.outcome.added == 5
    assert transactions_of(db, anna) == 5
    assert staging.listing(anna) == []
    with pytest.raises(ConflictError):
        uploads.confirm(db, anna, upload.file.id)
    assert transactions_of(db, anna) == 5


def test_an_import_is_taken_back_by_its_upload(db, anna):
    upload = settled(anna, uploads.receive(anna, "ledger.csv", trades()))
    settled(anna, uploads.confirm(db, anna, upload.file.id))
    assert uploads.undo(db, anna, upload.file.id).step == "undone"
    assert transactions_of(db, anna) == 0
    uploads.discard(anna, upload.file.id)
    assert uploads.listing(anna) == []


def test_nobody_else_sees_or_decides_on_it(db, anna, bea):
    upload = settled(anna, uploads.receive(anna, "ledger.csv", trades()))
    assert uploads.listing(bea) == []
    for decide in (uploads.find, uploads.discard, uploads.grid):
        with pytest.raises(NotFoundError):
            decide(bea, upload.file.id)
    with pytest.raises(NotFoundError):
        uploads.confirm(db, bea, upload.file.id)
    assert transactions_of(db, anna) == transactions_of(db, bea) == 0
    assert len(uploads.listing(anna)) == 1


def test_after_a_restart_waiting_files_are_previewed_anew(db, anna):
    before = settled(anna, uploads.receive(anna, "ledger.csv", trades()))
    uploads._uploads.clear()
    (found,) = uploads.listing(anna)
    assert found.file == before.file
    after = settled(anna, found)
    assert after.preview is not None
    assert after.preview.added == 5


def test_nothing_is_imported_before_its_preview_was_seen(db, anna, monkeypatch):
    upload = uploads.receive(anna, "page.html", b"<!DOCTYPE html><html></html>")
    failed = settled(anna, upload)
    assert failed.job.state == "failed"
    assert failed.job.error is not None
    with pytest.raises(ConflictError):
        uploads.confirm(db, anna, upload.file.id)


def test_another_choice_previews_the_file_anew(db, anna):
    twice = ("Trade", "0.02", "BTC", "900.00", "EUR", "", "", "Kraken", 9)
    upload = settled(anna, uploads.receive(anna, "fills.csv", trades([twice, twice])))
    assert upload.preview is not None
    assert upload.preview.added == 2
    upload = settled(anna, uploads.choose(anna, upload.file.id, skip_suspected=True))
    assert upload.preview is not None
    assert upload.preview.added == 1


def test_an_unknown_file_is_read_by_a_mapping_which_is_saved_with_the_import(db, anna):
    data = b"wann;was;wieviel;womit\n05.03.2025;BTC;0,5;21.500,00\n"
    upload = settled(anna, uploads.receive(anna, "eigene.csv", data))
    assert upload.unknown_format
    grid = uploads.grid(anna, upload.file.id)
    assert grid.headers == ("wann", "was", "wieviel", "womit")
    assert grid.rows == (("05.03.2025", "BTC", "0,5", "21.500,00"),)
    columns = {"date": (0,), "asset": (1,), "quantity": (2,), "total": (3,)}
    mapping = Mapping(shape="trades", columns=columns, headers=grid.headers, default_currency="EUR")
    upload = settled(anna, uploads.choose(anna, upload.file.id, mapping=mapping, name="Mine"))
    assert upload.preview is not None
    assert upload.preview.added == 1
    assert mappings.saved(db, anna) == []  # saved with the import, not before
    settled(anna, uploads.confirm(db, anna, upload.file.id))
    assert [one.name for one in mappings.saved(db, anna)] == ["Mine"]
    known = settled(anna, uploads.receive(anna, "again.csv", data.replace(b"05.03", b"06.03")))
    assert known.preview is not None
    assert (known.preview.mapping_name, known.preview.added) == ("Mine", 1)


def test_what_is_discarded_is_gone_and_its_work_stopped(db, anna):
    upload = uploads.receive(anna, "ledger.csv", trades())
    uploads.discard(anna, upload.file.id)
    assert uploads.listing(anna) == []
    assert staging.listing(anna) == []
    jobs.wait()
    assert transactions_of(db, anna) == 0
