"""Backups: made while the server runs, encrypted, proven by a restore drill, and kept for a year in thinning steps.

A backup holds the database, the uploaded files and a manifest; of PostgreSQL also what pg_dump makes of that instant
(``postgres_dump``). It is encrypted with a key derived from the vault's key,
or from ``SMARTFOLIO_BACKUP_PASSPHRASE`` where one is set. The keys themselves are not in it: whoever has the backup
alone can read nothing, and whoever loses the key cannot either. Credentials stay the vault's ciphertext inside.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session

from smartfolio_app import __version__
from smartfolio_app.errors import NotFoundError
from smartfolio_app.keys import ensure_data_dir, vault_keys, write_private
from smartfolio_app.locks import only_one
from smartfolio_app.services import audit, backup_contents, backup_copies, postgres_dump
from smartfolio_app.services.backup_stream import BackupError, DecryptingReader, EncryptingWriter
from smartfolio_app.settings import Settings
from smartfolio_app.storage import migrate
from smartfolio_app.storage.engine import current_settings, dispose, engine_for, session_scope
from smartfolio_app.storage.tables import User
from smartfolio_app.storage.vault import keys_in_force

SUFFIX = ".sfbackup"
DATABASE = "smartfolio.sqlite"
DUMP = "smartfolio.pgdump"
DAILY, WEEKLY, MONTHLY = 7, 4, 12
EVERY = timedelta(days=1)
UPLOADS_KEPT = 3

_NAME = re.compile(r"(smartfolio|uploaded)-\d{8}T\d{6}Z" + re.escape(SUFFIX))

#: No backup takes so long: what is older was left by one that was killed.
LEFT_OVER = timedelta(hours=6)
_SCRATCH = ".backup-"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: ``users``: user id -> digest of all their rows; ``counts``: table -> rows; ``totals``: user
    id -> what they have (see ``backup_contents.user_totals``). ``pg_dump``: the version that made PostgreSQL's own
    backup beside ours, ``pg_dump_missing`` why there is none of a PostgreSQL (see ``postgres_dump.Dump``).
    """

    created_at: str
    version: str
    schema: str
    counts: dict[str, int]
    users: dict[str, str]
    totals: dict[str, dict[str, str]] = field(default_factory=dict)
    pg_dump: str = ""
    pg_dump_missing: str = ""


@dataclass(frozen=True, slots=True)
class Drill:
    """How the last restore drill went; ``error`` is a code, empty when all was the same for so many users and rows.

    ``dump`` is about PostgreSQL's own backup: ``proven``, or why it is missing or could not be tried; empty on SQLite.
    """

    at: datetime
    file: str
    error: str
    users: int = 0
    rows: int = 0
    dump: str = ""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, and where what was there before lies."""

    manifest: Manifest
    kept: Path | None


def folder(settings: Settings) -> Path:
    """Return where scheduled backups lie."""
    return settings.data_dir / "backups"


def listed(settings: Settings, prefix: str = "smartfolio") -> list[tuple[datetime, Path]]:
    """Return the backups in the folder with the instant each was made, newest first.

    ``prefix``: ``smartfolio`` (made here) or ``uploaded``.
    """
    found = []
    for path in folder(settings).glob(f"{prefix}-*{SUFFIX}"):
        try:
            made = datetime.strptime(path.name, f"{prefix}-%Y%m%dT%H%M%SZ{SUFFIX}").replace(tzinfo=UTC)
        except ValueError:
            continue  # somebody's own file
        found.append((made, path))
    return sorted(found, reverse=True)


def make(settings: Settings, to: Path | None = None, *, now: datetime | None = None) -> Path:
    """Make a backup while others read and write; return its file. ``to``: a file, or a folder.

    Raises:
        BackupError: ``backup.cannot_write``, ``backup.no_key`` or ``backup.schema``.
    """
    _sweep(settings)
    made = now or datetime.now(UTC)
    name = f"smartfolio-{made:%Y%m%dT%H%M%SZ}{SUFFIX}"
    target = folder(settings) / name if to is None else to / name if to.is_dir() else to
    try:
        if to is None:
            target.parent.mkdir(mode=0o700, exist_ok=True)
        with _scratch(settings) as scratch:
            dump = backup_copies.take(settings, scratch / DATABASE, scratch / DUMP)
            manifest = replace(
                _describe(settings, scratch, made), pg_dump=dump.version, pg_dump_missing=dump.missing
            )
            unfinished = target.with_name(f".{target.name}.part")
            try:
                _pack(settings, unfinished, scratch, manifest)
                unfinished.replace(target)
            finally:
                unfinished.unlink(missing_ok=True)
    except (OSError, sqlite3.OperationalError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise BackupError("backup.cannot_write", path=str(target), reason=reason) from error
    return target


def verify(settings: Settings, file: Path, *, passphrase: str = "") -> Manifest:
    """Restore ``file`` into a scratch database, compare it with its manifest, and throw it away.

    Raises:
        BackupError: It cannot be read, or is not what its manifest says.
    """
    return _prove(settings, file, passphrase)[0]


def extract(settings: Settings, file: Path, to: Path, *, passphrase: str = "") -> Manifest:
    """Verify ``file`` and leave what is in it, decrypted, in the new folder ``to``: for the hands of an operator.

    Raises:
        BackupError: As ``verify``, or ``backup.cannot_write``: the folder is there already or cannot be made.
    """
    try:
        to.mkdir(mode=0o700)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BackupError("backup.cannot_write", path=str(to), reason=reason) from error
    return _unpack(settings, file, to, passphrase)


def drill(settings: Settings, file: Path, *, now: datetime | None = None) -> Drill:
    """Prove that ``file`` could be restored, and remember how that went. Never raises for a bad backup."""
    error, users, rows, dump = "", 0, 0, ""
    try:
        manifest, dump = _prove(settings, file)
        users, rows = len(manifest.users), sum(manifest.counts.values())
    except BackupError as problem:
        error = problem.code
        log.warning("the restore drill of %s failed: %s", file.name, problem)
    except OSError as problem:
        error = "backup.cannot_write"
        log.warning("the restore drill of %s could not be done: %s", file.name, problem)
    done = Drill(now or datetime.now(UTC), file.name, error, users, rows, dump)
    record = json.dumps(asdict(done) | {"at": done.at.isoformat()})
    folder(settings).mkdir(mode=0o700, exist_ok=True)
    write_private(folder(settings) / "drill.json", record.encode())
    return done


def last_drill(settings: Settings) -> Drill | None:
    """Return how the last drill went, ``None`` when there was none."""
    path = folder(settings) / "drill.json"
    if not path.exists():
        return None
    record = json.loads(path.read_text(encoding="utf-8"))
    return Drill(**record | {"at": datetime.fromisoformat(record["at"])})


def restore(
    settings: Settings,
    file: Path,
    *,
    passphrase: str = "",
    now: datetime | None = None,
    by: str = "",
    keep_session: str = "",
) -> Restored:
    """Put a backup in the place of the database and the uploaded files, also while the server runs.

    Everything is read, decrypted and compared before anything is replaced, and the database is replaced in one
    transaction. What was there is kept beside it, under ``before-restore-<time>``, and the audit log goes on. Everybody
    is signed out but ``keep_session`` (``Viewer.credential``), and an API token that was revoked since stays revoked.
    ``by``: the user id of who asks.

    Raises:
        BackupError: As ``verify``, and then nothing has changed.
    """
    ensure_data_dir(settings)
    kept = settings.data_dir / f"before-restore-{now or datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    with _scratch(settings) as scratch:
        manifest = _unpack(settings, file, scratch, passphrase)
        kept.mkdir(mode=0o700)
        there = backup_copies.keep(settings, kept)
        _make_ready(scratch, kept / DATABASE if there else None, keep_session)
        backup_copies.put_back(settings, scratch / DATABASE)
        if settings.uploads_dir.exists():
            settings.uploads_dir.replace(kept / "uploads")
        if (scratch / "uploads").exists():
            (scratch / "uploads").replace(settings.uploads_dir)
    dispose(settings)
    migrate.upgrade(settings)
    with session_scope(settings) as db:
        user = by if db.get(User, by) is not None else ""
        audit.record(db, user, "backup.restore", {"file": file.name, "made": manifest.created_at})
    return Restored(manifest, kept if there else None)


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup in the folder. ``uploaded``: it was brought here; ``proven``: the last drill was of it, and passed."""

    name: str
    made_at: datetime
    size: int
    uploaded: bool
    proven: bool


def kept(settings: Settings) -> list[Kept]:
    """Return the backups in the folder, newest first: those made here, and those that were uploaded."""
    drilled = last_drill(settings)
    proven = drilled.file if drilled is not None and not drilled.error else ""
    found = [(made, path, False) for made, path in listed(settings)]
    found += [(made, path, True) for made, path in listed(settings, "uploaded")]
    return [
        Kept(path.name, made, path.stat().st_size, uploaded, uploaded or path.name == proven)
        for made, path, uploaded in sorted(found, reverse=True)
    ]


def file_of(settings: Settings, name: str) -> Path:
    """Return the backup of a name in the folder; raise ``NotFoundError`` when there is none such."""
    path = folder(settings) / name
    if _NAME.fullmatch(name) is None or not path.is_file():
        raise NotFoundError("backup.no_such_backup")
    return path


def accept(settings: Settings, content: Path, *, passphrase: str = "", now: datetime | None = None) -> Path:
    """Verify a backup that was brought here and, only then, move it into the folder; return where it is.

    The three newest ones are kept.

    Raises:
        BackupError: As ``verify``; then ``content`` is where it was.
    """
    verify(settings, content, passphrase=passphrase)
    folder(settings).mkdir(mode=0o700, exist_ok=True)
    target = folder(settings) / f"uploaded-{now or datetime.now(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"
    content.chmod(0o600)
    content.replace(target)
    for _, old in listed(settings, "uploaded")[UPLOADS_KEPT:]:
        old.unlink(missing_ok=True)
    return target


def rotate(settings: Settings) -> list[Path]:
    """Remove backups that are neither among the 7 daily, the 4 weekly nor the 12 monthly; return what went."""
    files = listed(settings)
    keep: set[Path] = set()
    for period, amount in (("%Y-%m-%d", DAILY), ("%G-%V", WEEKLY), ("%Y-%m", MONTHLY)):
        newest: dict[str, Path] = {}
        for made, path in files:
            newest.setdefault(made.strftime(period), path)
        keep.update(list(newest.values())[:amount])
    gone = [path for _, path in files if path not in keep]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def make_due(_db: Session) -> Path | None:
    """Make the daily backup when it is time, drill it, thin out the old ones. For the scheduler."""
    settings = current_settings()
    now = datetime.now(UTC)
    # One of the future was made while the clock was wrong: it is kept, and counts for nothing.
    fresh = any(timedelta() <= now - made < EVERY for made, _ in listed(settings))
    if not settings.backups or fresh:
        return None
    folder(settings).mkdir(mode=0o700, exist_ok=True)
    with only_one(folder(settings) / ".making") as alone:
        return make_and_prove(settings) if alone else None  # else another process of this server makes it


def make_and_prove(settings: Settings) -> Path:
    """Make a backup in the folder, drill it, and thin out the old ones once it is proven.

    Raises:
        BackupError: As ``make``; or the drill's, and then the file stays to be looked at.
    """
    file = make(settings)
    done = drill(settings, file)
    if done.error:
        raise BackupError(done.error)
    rotate(settings)
    return file


# ------------------------------------------------------------------------------------------------ the inside
def _sweep(settings: Settings) -> None:
    """Remove what backups and restores left that were killed half-way: copies of the database, unfinished files."""
    oldest = time.time() - LEFT_OVER.total_seconds()
    for path in (*settings.data_dir.glob(f"{_SCRATCH}*"), *folder(settings).glob(f".*{SUFFIX}.part")):
        try:
            if path.stat().st_mtime > oldest:
                continue  # perhaps somebody is at it
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        except OSError as error:
            log.warning("%s cannot be removed: %s", path.name, error.strerror)


@contextmanager
def _scratch(settings: Settings) -> Iterator[Path]:
    """A private folder on the data's own disk, so that what is in it can be moved into place in one step."""
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=ensure_data_dir(settings)) as name:
        yield Path(name)


def _describe(settings: Settings, scratch: Path, made: datetime) -> Manifest:
    there = backup_copies.of_copy(settings, scratch / DATABASE)
    try:
        with engine_for(there).connect() as connection:
            counts = backup_contents.counts(connection)
            users = backup_contents.user_digests(connection)
            totals = backup_contents.user_totals(connection)
        schema = migrate.current_version(there) or ""
    finally:
        dispose(there)
    return Manifest(made.isoformat(), __version__, schema, counts, users, totals)


# The audit log is only ever added to: what was done since a backup stays known when it is restored. Only where the
# backup's log is the beginning of today's: another server's would be sealed by entries that do not follow it.
_AUDITED_SINCE = """
INSERT INTO main.audit_entry (id, at, user_id, action, detail, address, digest)
SELECT id, at, user_id, action, detail, address, digest FROM before.audit_entry
WHERE id > (SELECT coalesce(max(id), 0) FROM main.audit_entry)
AND (NOT EXISTS (SELECT 1 FROM main.audit_entry)
     OR EXISTS (SELECT 1 FROM main.audit_entry AS last JOIN before.audit_entry AS same USING (id, digest)
                WHERE last.id = (SELECT max(id) FROM main.audit_entry)))
"""


def _make_ready(scratch: Path, before: Path | None, keep_session: str) -> None:
    """Change in the copy what must not come back as it was: sessions, revoked tokens, the numbers caches go by, and a
    shorter audit log.
    """
    with closing(sqlite3.connect(scratch / DATABASE)) as copy, copy:
        copy.execute("PRAGMA foreign_keys = ON")
        if before is None:
            copy.execute("DELETE FROM session")
            return
        copy.execute("ATTACH DATABASE ? AS before", (str(before),))
        copy.execute("DELETE FROM session")
        try:
            # What is kept in memory for a revision of before the restore must not be taken for what comes after it.
            (newest,) = copy.execute(
                "SELECT max(0, coalesce((SELECT max(revision) FROM before.user), 0),"
                " coalesce((SELECT max(revision) FROM before.provider_state), 0))"
            ).fetchone()
            copy.execute("UPDATE user SET revision = revision + ? + 1", (newest,))
            copy.execute("UPDATE provider_state SET revision = revision + ? + 1", (newest,))
            copy.execute(
                "DELETE FROM api_token WHERE EXISTS (SELECT 1 FROM before.user)"
                " AND token_hash NOT IN (SELECT token_hash FROM before.api_token)"
            )
            copy.execute(_AUDITED_SINCE)
            copy.execute(
                "INSERT INTO session SELECT one.* FROM before.session AS one"
                " JOIN user ON user.id = one.user_id AND NOT user.disabled WHERE one.token_hash LIKE ? || '%'",
                (keep_session or "nobody's",),
            )
        except sqlite3.DatabaseError as error:  # what was there is broken: there is nothing to go by
            log.warning("%s could not be read: %s", before.name, error)


def _passphrase(settings: Settings) -> str:
    return settings.backup_passphrase.get_secret_value() if settings.backup_passphrase else ""


def _pack(settings: Settings, target: Path, scratch: Path, manifest: Manifest) -> None:
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        passphrase = _passphrase(settings)
        keys = [] if passphrase else keys_in_force(settings)
        if not passphrase and not keys:
            raise BackupError("backup.no_key")
        writer = EncryptingWriter(file, vault_key=keys[0] if keys else b"", passphrase=passphrase)
        with tarfile.open(fileobj=cast("BinaryIO", writer), mode="w|gz") as tar:
            content = json.dumps(asdict(manifest)).encode()
            entry = tarfile.TarInfo("manifest.json")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
            tar.add(scratch / DATABASE, DATABASE)
            if (scratch / DUMP).exists():
                tar.add(scratch / DUMP, DUMP)
            if settings.uploads_dir.exists():
                tar.add(settings.uploads_dir, "uploads")
        writer.finish()
        file.flush()
        os.fsync(file.fileno())


def _unpack(settings: Settings, file: Path, scratch: Path, passphrase: str) -> Manifest:
    """Decrypt ``file`` into ``scratch`` and compare what came out with its manifest."""
    try:
        with file.open("rb") as source:
            reader = DecryptingReader(
                source,
                vault_keys=vault_keys(settings, create=False),
                passphrase=passphrase or _passphrase(settings),
            )
            with tarfile.open(fileobj=cast("BinaryIO", reader), mode="r|gz") as tar:
                tar.extractall(scratch, filter="data")
            while reader.read(1 << 16):  # to the proven end of the stream
                pass
        told = json.loads((scratch / "manifest.json").read_text(encoding="utf-8"))
        known = {one.name for one in fields(Manifest)}  # a newer version may tell more
        manifest = Manifest(**{name: value for name, value in told.items() if name in known})
    except (tarfile.TarError, EOFError, ValueError, TypeError, AttributeError) as error:
        raise BackupError("backup.damaged") from error
    except FileNotFoundError as error:
        raise BackupError("backup.no_such_file", path=str(error.filename)) from error
    _compare(settings, scratch, manifest)
    return manifest


def _prove(settings: Settings, file: Path, passphrase: str = "") -> tuple[Manifest, str]:
    """Restore ``file`` into scratch databases; return its manifest, and what is to be said of pg_dump's part of it."""
    with _scratch(settings) as scratch:
        manifest = _unpack(settings, file, scratch, passphrase)
        if backup_copies.is_sqlite(settings) or not manifest.pg_dump:
            return manifest, manifest.pg_dump_missing
        if reason := postgres_dump.cannot_be_tried(settings, manifest.pg_dump):
            return manifest, reason
        with postgres_dump.restored(settings, scratch / DUMP) as there:
            migrate.upgrade(there)
            again = scratch / "again"
            again.mkdir(mode=0o700)
            backup_copies.take(there, again / DATABASE)
        _compare(settings, again, manifest)
        return manifest, "proven"


def _compare(settings: Settings, scratch: Path, manifest: Manifest) -> None:
    there = backup_copies.of_copy(settings, scratch / DATABASE)
    (scratch / DATABASE).chmod(0o600)
    try:
        with engine_for(there).connect() as connection:
            if connection.execute(text("PRAGMA quick_check(1)")).scalar_one() != "ok":
                raise BackupError("backup.damaged")
        # An older backup is brought up to date first, as the restore would; a newer one is refused here.
        same_schema = manifest.schema == migrate.latest_version()
        migrate.upgrade(there)
        with engine_for(there).connect() as connection:
            if same_schema and backup_contents.counts(connection) != manifest.counts:
                raise BackupError("backup.differs")
            if same_schema and backup_contents.user_digests(connection) != manifest.users:
                raise BackupError("backup.differs")
            if manifest.totals and backup_contents.user_totals(connection) != manifest.totals:
                raise BackupError("backup.differs")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    except DatabaseError as error:
        raise BackupError("backup.damaged") from error
    finally:
        dispose(there)
