"""A backup is only one when it comes back: made under load, opened by its key alone, complete or refused."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import text

from smartfolio_app.keys import check_keys
from smartfolio_app.security import sessions, tokens
from smartfolio_app.services import accounts, audit, backup_contents, backups, items, sources, transactions
from smartfolio_app.services.backup_stream import BackupError
from smartfolio_app.services.health import examine
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.settings import Settings
from smartfolio_app.storage.engine import engine_for, session_scope
from smartfolio_app.storage.tables import User
from smartfolio_app.storage.vault import open_vault

PLANTED = "planted-Provider-Secret-9981"


@pytest.fixture
def home(settings: Settings) -> Settings:
    """A user, a source with a credential, an uploaded file."""
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


def add_many(prefix: str) -> None:
    with session_scope() as db:
        db.add_all(User(name=f"{prefix} {number}", password_hash="x") for number in range(30))


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


def test_a_restore_takes_nothing_out_of_the_audit_log(home: Settings) -> None:
    file = backups.make(home)
    add("bob")
    backups.restore(home, file)
    with session_scope() as db:
        log = db.execute(text("SELECT action, detail FROM audit_entry ORDER BY id")).all()
        assert "bob" in log[-2].detail
        assert [one.action for one in log[-2:]] == ["user.create", "backup.restore"]
        assert audit.first_broken(db) is None


def test_the_log_of_another_server_is_not_sealed_by_entries_that_do_not_follow_it(home: Settings) -> None:
    file = backups.make(home)
    with session_scope() as db:
        db.execute(text("DELETE FROM audit_entry"))
        for number in range(5):
            audit.record(db, "", "test.other", {"n": number})
    backups.restore(home, file)
    with session_scope() as db:
        assert not db.execute(text("SELECT 1 FROM audit_entry WHERE action = 'test.other'")).first()
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
    days = [start - timedelta(days=day) for day in range(7)]
    sundays = [
        datetime(2026, 6, day, 3, tzinfo=UTC) for day in (21, 14)
    ]  # of the weeks before those seven days'
    firsts = [
        datetime(2026 - (month > 6), month, 1, 3, tzinfo=UTC)
        for month in (6, 5, 4, 3, 2, 1, *range(12, 7, -1))
    ]
    month_ends = [first - timedelta(days=1) for first in firsts]
    assert kept == [*days, *sundays, *month_ends]
    backups.rotate(home)
    assert [made for made, _ in backups.listed(home)] == kept


def test_the_daily_backup_is_made_once_a_day(home: Settings) -> None:
    with session_scope() as db:
        first = backups.make_due(db)
        assert first is not None
        assert backups.make_due(db) is None
    assert backups.last_drill(home).error == ""


def test_old_ones_go_only_when_the_new_one_is_proven(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    backups.folder(home).mkdir()
    old = backups.folder(home) / f"smartfolio-20200101T030000Z{backups.SUFFIX}"
    for day in range(1, 30):  # so many that some would go
        (backups.folder(home) / f"smartfolio-202001{day:02}T030000Z{backups.SUFFIX}").touch()
    packed = backups._pack

    def cut(settings: Settings, file: Path, *more: object) -> None:
        packed(settings, file, *more)
        file.write_bytes(file.read_bytes()[:-40])

    monkeypatch.setattr(backups, "_pack", cut)
    with pytest.raises(BackupError):
        backups.make_and_prove(home)
    assert old.exists()
    assert len(backups.listed(home)) == 30
    assert backups.last_drill(home).error
    monkeypatch.undo()
    backups.make_and_prove(home)
    assert not old.exists()


def test_what_is_brought_here_is_proven_before_it_is_taken_and_three_are_kept(
    home: Settings, tmp_path: Path
) -> None:
    good = backups.make(home, tmp_path)
    damaged = tmp_path / "damaged"
    damaged.write_bytes(good.read_bytes()[:-40])
    with pytest.raises(BackupError):
        backups.accept(home, damaged)
    assert damaged.exists()
    assert backups.listed(home, "uploaded") == []
    days = [datetime(2026, 6, day, tzinfo=UTC) for day in range(1, 6)]
    for day in days:
        copy = tmp_path / "copy"
        copy.write_bytes(good.read_bytes())
        backups.accept(home, copy, now=day)
    assert [made for made, _ in backups.listed(home, "uploaded")] == days[:1:-1]


# ------------------------------------------------------------------------------------------- while the server runs
def alices_id() -> str:
    with session_scope() as db:
        return accounts.find_user(db, "alice").id


def test_it_is_restored_under_readers_and_writers_who_see_one_state_or_the_other(home: Settings) -> None:
    add_many("before")
    file = backups.make(home)
    add_many("after")
    stop, seen, problems = threading.Event(), set(), []

    def read() -> None:
        while not stop.is_set():
            seen.add(frozenset(names()))

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            try:
                with session_scope() as db:
                    audit.record(db, "", "test.write", {"n": number})
            except Exception as problem:  # noqa: BLE001 - whatever it is, the test reports it
                problems.append(problem)

    others = [threading.Thread(target=run) for run in (read, read, write)]
    for other in others:
        other.start()
    try:
        backups.restore(home, file)
    finally:
        stop.set()
        for other in others:
            other.join()
    assert problems == []
    assert {len(one) for one in seen} <= {31, 61}
    assert len(names()) == 31
    with session_scope() as db:
        assert audit.first_broken(db) is None


def test_numbers_that_caches_go_by_only_grow(home: Settings) -> None:
    file = backups.make(home)
    with session_scope() as db:
        db.execute(text('UPDATE "user" SET revision = 41'))
    backups.restore(home, file)
    with session_scope() as db:
        assert db.get(User, alices_id()).revision > 41


def test_everybody_is_signed_out_but_who_asked(home: Settings) -> None:
    add("bob")
    alice = alices_id()
    with session_scope() as db:
        asked = sessions.hash_of(sessions.issue(db, alice))
        other = sessions.hash_of(sessions.issue(db, accounts.find_user(db, "bob").id))
    file = backups.make(home)
    with session_scope() as db:
        late = sessions.hash_of(sessions.issue(db, alice))
    backups.restore(home, file, by=alice, keep_session=late[:16])
    with session_scope() as db:
        alive = [sessions.find(db, one) is not None for one in (asked, other, late)]
        assert alive == [False, False, True]
        assert audit.entries(db, alice)[0].action == "backup.restore"


def test_a_token_revoked_since_stays_revoked(home: Settings) -> None:
    alice = alices_id()
    with session_scope() as db:
        _, kept_token = tokens.create(db, alice, name="kept", scope="read")
        gone, gone_token = tokens.create(db, alice, name="gone", scope="read")
    file = backups.make(home)
    with session_scope() as db:
        tokens.revoke(db, alice, gone.id)
    backups.restore(home, file)
    with session_scope() as db:
        assert tokens.find(db, kept_token) is not None
        assert tokens.find(db, gone_token) is None


def test_a_restore_that_is_refused_by_the_database_changes_nothing(home: Settings, monkeypatch) -> None:
    file = backups.make(home)
    add("bob")

    def killed(*_arguments) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("smartfolio_app.services.backup_copies.put_back", killed)
    with pytest.raises(KeyboardInterrupt):
        backups.restore(home, file)
    assert names() == ["alice", "bob"]


def test_new_rows_can_be_added_after_a_restore(home: Settings) -> None:
    """The numbers of new rows come after those that were put back with theirs."""
    draft = Draft(at=datetime(2026, 1, 1, tzinfo=UTC), kind="deposit", received=("2", "crypto:BTC"))
    alice = alices_id()
    with session_scope() as db:
        transactions.add(db, alice, "manual_crypto", draft)
    backups.restore(home, backups.make(home))
    with session_scope() as db:
        transactions.add(db, alice, "manual_crypto", draft)
        assert db.execute(text('SELECT count(*) FROM "transaction"')).scalar_one() == 2


def test_the_totals_of_each_user_are_compared_to_the_last_digit(home: Settings, monkeypatch) -> None:
    alice = alices_id()
    with session_scope() as db:
        draft = Draft(
            at=datetime(2026, 1, 1, tzinfo=UTC),
            kind="trade",
            received=("2.000000000000000001", "crypto:BTC"),
            sent=("50000", "fiat:EUR"),
        )
        transactions.add(db, alice, "manual_crypto", draft)
        items.add(db, alice, kind="cash", name="box", currency="EUR", value="12.5", day=date(2026, 1, 1))
    with engine_for(home).connect() as connection:
        totals = backup_contents.user_totals(connection)
    assert totals[alice] == {
        "transactions": "1",
        "moved crypto:BTC": "2.000000000000000001",
        "moved fiat:EUR": "-50000",
        "items EUR": "12.5",
    }
    describe = backups._describe

    def described_a_little_more(*arguments):
        manifest = describe(*arguments)
        manifest.totals[alice]["moved crypto:BTC"] = "2.000000000000000002"
        return manifest

    monkeypatch.setattr(backups, "_describe", described_a_little_more)
    assert backups.drill(home, backups.make(home)).error == "backup.differs"


def test_only_one_process_makes_the_daily_backup(home: Settings) -> None:
    backups.folder(home).mkdir()
    with backups.only_one(backups.folder(home) / ".making"), session_scope() as db:
        assert backups.make_due(db) is None
    assert backups.listed(home) == []


def test_what_a_killed_backup_left_is_swept_away_later(db, settings):
    left, fresh = settings.data_dir / ".backup-left", settings.data_dir / ".backup-fresh"
    part = backups.folder(settings) / ".smartfolio-20250101T000000Z.sfbackup.part"
    for folder in (left, fresh, part.parent):
        folder.mkdir(exist_ok=True)
    (left / "smartfolio.sqlite").write_bytes(b"half a copy")
    part.write_bytes(b"half a backup")
    long_ago = time.time() - 2 * backups.LEFT_OVER.total_seconds()
    for path in (left, part):
        os.utime(path, (long_ago, long_ago))
    made = backups.make(settings)
    assert made.exists()
    assert fresh.exists()  # somebody may be at it
    assert not left.exists()
    assert not part.exists()
