"""A full disk, a folder that cannot be written to, a database that is held: a clear message, and recovery by itself.

Real ones: a small file system of the test's own is filled and made read-only. Only root may mount one.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.keys import ensure_data_dir
from smartfolio_app.security import recognise
from smartfolio_app.services import backups, staging
from smartfolio_app.settings import Settings, load_settings
from smartfolio_app.storage import engine, migrate
from tests.support.large import HEADER, _csv_row

FILE = "\n".join([HEADER, *(_csv_row(number) for number in range(50)), ""]).encode()
SIZE_MB = 24


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of ``SIZE_MB``."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk to fill")
    place = tmp_path / "disk"
    place.mkdir()
    try:
        mount("-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(place))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this root may not mount anything: {error.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def settings(small_disk: Path) -> Iterator[Settings]:
    """Those of a server whose data lies on the small disk."""
    chosen = load_settings(data_dir=small_disk / "data", offline=True)
    migrate.upgrade(chosen)
    engine.configure(chosen)
    yield chosen
    recognise.finish_pending()
    engine.dispose(chosen)
    engine.configure(None)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Fill a disk to the last byte; free it again."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65536)
        except OSError:
            pass
    yield
    filler.unlink()


def unfinished(disk: Path) -> list[str]:
    return [path.name for path in disk.rglob(".*")]


async def send(client: httpx.AsyncClient, data: bytes = FILE) -> httpx.Response:
    return await client.post("/api/sources/import", files={"file": ("export.csv", data)})


def told(answer: httpx.Response) -> tuple[int, str]:
    """Status and code; the sentence is one, and not the name of an exception."""
    error = answer.json()["error"]
    assert error["message"].endswith(".")
    assert "sqlite" not in error["message"].lower()
    return answer.status_code, error["code"]


async def state_of(client: httpx.AsyncClient) -> tuple[int, Any]:
    answer = await client.get("/api/transactions")
    return answer.status_code, answer.json().get("total")


async def test_on_a_full_disk_nothing_is_half_stored_and_the_rest_goes_on(
    as_alice: httpx.AsyncClient, settings: Settings, small_disk: Path, alice: str
) -> None:
    before = await state_of(as_alice)
    with full(small_disk):
        assert told(await send(as_alice)) == (507, "storage.disk_full")
        with pytest.raises(SmartFolioError, match=r"storage\.disk_full"):
            staging.put(alice, "export.csv", FILE)
        with pytest.raises(SmartFolioError, match=r"backup\.cannot_write"):
            backups.make(settings)
        # What only reads does not notice.
        assert await state_of(as_alice) == before
        assert (await as_alice.get("/healthz")).status_code == 200
        assert (await as_alice.get("/api/wealth/global/summary")).status_code == 200
    done = await send(as_alice)
    assert (done.status_code, done.json()["added"]) == (200, 50)
    assert backups.drill(settings, backups.make(settings)).error == ""
    assert unfinished(small_disk) == []


async def test_a_folder_that_can_only_be_read_is_still_read(
    as_alice: httpx.AsyncClient, settings: Settings, small_disk: Path
) -> None:
    assert (await send(as_alice)).status_code == 200
    before = await state_of(as_alice)
    recognise.finish_pending()
    other = FILE.replace(b"row 0", b"row zero")
    engine.dispose(settings)  # a file system with files open for writing cannot be made read-only
    mount("-o", "remount,ro", str(small_disk))
    try:
        assert told(await send(as_alice, other)) == (503, "storage.read_only")
        print(await state_of(as_alice))
        assert (await as_alice.get("/healthz")).status_code == 200
        assert (await as_alice.get("/readyz")).status_code == 503
        with pytest.raises(SmartFolioError, match=r"data_dir_unusable"):
            ensure_data_dir(settings)  # and a server would not start
    finally:
        mount("-o", "remount,rw", str(small_disk))
    assert await state_of(as_alice) == before
    assert (await send(as_alice, other)).status_code == 200


async def test_a_database_held_by_another_program_is_said_and_then_works_again(
    as_alice: httpx.AsyncClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await state_of(as_alice)
    recognise.finish_pending()
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_SECONDS", 0.3)
    engine.dispose(settings)  # connections made from now on wait as long as that
    with closing(sqlite3.connect(settings.data_dir / "smartfolio.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        answer = await send(as_alice)
        assert told(answer) == (503, "storage.busy")
        assert int(answer.headers["retry-after"]) >= 1
        assert await state_of(as_alice) == before  # readers never wait
        holder.execute("ROLLBACK")
    assert (await send(as_alice)).status_code == 200


async def test_a_writer_waits_for_another_that_is_quick_enough(
    as_alice: httpx.AsyncClient, settings: Settings
) -> None:
    with closing(
        sqlite3.connect(
            settings.data_dir / "smartfolio.sqlite", isolation_level=None, check_same_thread=False
        )
    ) as holder:
        holder.execute("BEGIN IMMEDIATE")
        threading.Timer(0.5, holder.execute, ["ROLLBACK"]).start()
        assert (await send(as_alice)).status_code == 200
