"""A backup is only one when it comes back: made under load, opened by its key alone, complete or refused."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import text

from smartfolio_app.keys import check_keys
from smartfolio_app.services import accounts, audit, backups, sources
from smartfolio_app.services.backup_stream import BackupError
from smartfolio_app.services.health import examine
from smartfolio_app.settings import Settings
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.vault import open_vault

PLANTED = "planted-Provider-Secret-9981"


@pytest.fixture
def home(settings: Settings) -> Settings:
    """A user, a source with a credential, an uploaded file."""
    if settings.database_url:
        pytest.skip("PostgreSQL is backed up with its own tools")
    check_keys(settings)
    with session_scope() as db:
        user = accounts.create_user(db, "alice", "correct horse battery", admin=True)
        source = sources.add(db, user.id, "kraken_csv", "Kraken")
        open_vault(settings).set(db, source.id, "secret", PLANTED)
    (settings.uploads_dir / "u").mkdir(parents=True)
    (settings.uploads_dir / "u" / "file").write_bytes(b"an export of alice's")
    return settings


def names() -> list[str]:
    with session_scope() as db:
        return [user.name for user in accounts.list_users(db)]


def add(name: str) -> None:
    with session_scope() as db:
        accounts.create_user(db, name, "correct horse battery")


def code_of(problem: pytest.ExceptionInfo[BackupError]) -> str:
    return problem.value.code


def test_what_was_backed_up_comes_back_and_the_old_is_kept(home: Settings) -> None:
    file = backups.make(home)
    add("bob")
    (home.uploads_dir / "u" / "file").write_bytes(b"changed")
    done = backups.restore(home, file)
    assert names() == ["alice"]
    assert (home.uploads_dir / "u" / "file").read_bytes() == b"an export of alice's"
    assert done.kept is not None
    with sqlite3.connect(done.kept / "smartfolio.sqlite") as kept:
        assert {name for (name,) in kept.execute("SELECT name FROM user")} == {"alice", "bob"}
    assert (done.kept / "uploads" / "u" / "file").read_bytes() == b"changed"


def test_credentials_come_back_as_the_vault_had_them(home: Settings) -> None:
    backups.restore(home, backups.make(home))
    with session_scope() as db:
        source = db.execute(text("SELECT source_id FROM credential")).scalar_one()
        assert open_vault(home).get(db, source, "secret") == PLANTED


def test_the_restore_is_in_the_audit_log_and_the_chain_is_whole(home: Settings) -> None:
    backups.restore(home, backups.make(home))
    with session_scope() as db:
        assert (
            db.execute(text("SELECT count(*) FROM audit_entry WHERE action = 'backup.restore'")).scalar() == 1
        )
        assert audit.first_broken(db) is None


def test_nothing_can_be_read_from_the_file(home: Settings) -> None:
    data = backups.make(home).read_bytes()
    for secret in (PLANTED.encode(), b"alice", b"SQLite format", (home.data_dir / "vault.key").read_bytes()):
        assert secret not in data


def test_the_file_is_readable_by_its_owner_alone(home: Settings) -> None:
    assert backups.make(home).stat().st_mode & 0o077 == 0


def test_another_vault_key_does_not_open_it_and_changes_nothing(home: Settings) -> None:
    file = backups.make(home)
    other = home.model_copy(update={"vault_key": SecretStr(Fernet.generate_key().decode())})
    with pytest.raises(BackupError) as problem:
        backups.restore(other, file)
    assert code_of(problem) == "backup.wrong_key"
    assert names() == ["alice"]
    assert not list(home.data_dir.glob("before-restore-*"))


def test_a_rotated_key_still_opens_what_the_old_one_closed(home: Settings) -> None:
    file = backups.make(home)
    keys = f"{Fernet.generate_key().decode()},{(home.data_dir / 'vault.key').read_text().strip()}"
    assert backups.verify(home.model_copy(update={"vault_key": SecretStr(keys)}), file).users


def test_a_passphrase_opens_it_without_the_vault_key(home: Settings, tmp_path: Path) -> None:
    closed = home.model_copy(update={"backup_passphrase": SecretStr("a long enough passphrase")})
    file = backups.make(closed, tmp_path)
    elsewhere = home.model_copy(update={"vault_key": SecretStr(Fernet.generate_key().decode())})
    assert backups.verify(elsewhere, file, passphrase="a long enough passphrase").users
    with pytest.raises(BackupError) as problem:
        backups.verify(elsewhere, file, passphrase="another passphrase")
    assert code_of(problem) == "backup.wrong_key"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused_before_anything_is_replaced(home: Settings, share: float) -> None:
    file = backups.make(home)
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    add("bob")
    with pytest.raises(BackupError) as problem:
        backups.restore(home, file)
    assert code_of(problem) == "backup.damaged"
    assert names() == ["alice", "bob"]


def test_a_file_cut_between_two_pieces_is_refused(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartfolio_app.services.backup_stream.PIECE", 512)
    file = backups.make(home)
    data = file.read_bytes()
    position = data.index(b"\n", data.index(b"\n") + 1) + 1
    ends = []
    while position < len(data):
        position += 4 + int.from_bytes(data[position : position + 4], "big")
        ends.append(position)
    file.write_bytes(data[: ends[-2]])
    with pytest.raises(BackupError) as problem:
        backups.verify(home, file)
    assert code_of(problem) == "backup.damaged"


def test_a_changed_byte_is_refused(home: Settings) -> None:
    file = backups.make(home)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises(BackupError):
        backups.verify(home, file)


def test_a_file_that_is_no_backup_is_refused(home: Settings, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"hello" * 100)
    with pytest.raises(BackupError) as problem:
        backups.restore(home, tmp_path / "x")
    assert code_of(problem) == "backup.not_a_backup"


def test_a_backup_that_lost_a_row_fails_its_drill(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = backups._pack

    def pack_without_sources(chosen, target, scratch, manifest):
        with closing(sqlite3.connect(scratch / backups.DATABASE)) as copy, copy:
            copy.execute("DELETE FROM source WHERE key = (SELECT max(key) FROM source)")
        pack(chosen, target, scratch, manifest)

    monkeypatch.setattr(backups, "_pack", pack_without_sources)
    assert backups.drill(home, backups.make(home)).error == "backup.differs"
    found = {finding.code: finding for finding in examine(home, environ={})}
    assert found["backups.drill_failed"].severity == "error"


def test_it_is_consistent_while_others_write(home: Settings) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with session_scope(home) as db:
                audit.record(db, "", "test.write")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        files = [backups.make(home, home.data_dir / f"b{number}") for number in range(3)]
    finally:
        stop.set()
        writer.join()
    for file in files:
        assert backups.drill(home, file).error == ""


def test_the_doctor_asks_for_a_backup_and_is_content_with_a_proven_one(home: Settings) -> None:
    assert "backups.none" in {finding.code for finding in examine(home, environ={})}
    backups.drill(home, backups.make(home))
    assert {"backups.fresh", "backups.drill_passed"} <= {f.code for f in examine(home, environ={})}


def test_seven_days_four_weeks_and_twelve_months_are_kept(home: Settings) -> None:
    backups.folder(home).mkdir()
    start = datetime(2026, 6, 30, 3, tzinfo=UTC)
    for day in range(500):
        made = start - timedelta(days=day)
        (backups.folder(home) / f"smartfolio-{made:%Y%m%dT%H%M%SZ}{backups.SUFFIX}").touch()
    backups.rotate(home)
    kept = [made for made, _ in backups.listed(home)]
    assert kept[:7] == [start - timedelta(days=day) for day in range(7)]
    assert len({made.strftime("%G-%V") for made in kept[:10]}) >= 4
    assert len({made.strftime("%Y-%m") for made in kept}) == 12
    assert len(kept) <= 7 + 4 + 12
    backups.rotate(home)
    assert [made for made, _ in backups.listed(home)] == kept


def test_the_daily_backup_is_made_once_a_day(home: Settings) -> None:
    with session_scope() as db:
        first = backups.make_due(db)
        assert first is not None
        assert backups.make_due(db) is None
    assert backups.last_drill(home).error == ""
