"""Uploaded files, kept as they came: ``uploads/<user>/<sha256>`` in the data folder, readable by its owner alone.

Content is written before the import that needs it is committed and removed after the last row that names it is gone, so
a killed process can leave a file too many, never one too few; ``sweep`` removes those.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlmodel import Session, col

from smartfolio_app.errors import NotFoundError
from smartfolio_app.keys import ensure_data_dir, write_private
from smartfolio_app.services import audit
from smartfolio_app.storage.engine import current_settings
from smartfolio_app.storage.tables import SourceFile, SourceRow
from smartfolio_app.storage.tables.base import utc_now
from smartfolio_app.storage.trouble import told

_USER = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One uploaded file; ``size`` in bytes."""

    id: str
    name: str
    format: str
    size: int
    sha256: str
    uploaded_at: datetime
    source_key: str


def list_files(db: Session, user_id: str, source_key: str | None = None) -> list[KeptFile]:
    """Return the user's kept files, newest first; those of one source where ``source_key`` names it."""
    wanted = (
        select(SourceFile, col(SourceRow.key))
        .join(SourceRow, col(SourceRow.id) == col(SourceFile.source_id))
        .where(col(SourceFile.user_id) == user_id)
        .order_by(col(SourceFile.uploaded_at).desc(), col(SourceFile.id))
    )
    if source_key is not None:
        wanted = wanted.where(col(SourceRow.key) == source_key)
    return [
        KeptFile(row.id, row.name, row.format, row.size, row.sha256, row.uploaded_at, key)
        for row, key in db.execute(wanted)
    ]


def download(db: Session, user_id: str, file_id: str) -> tuple[KeptFile, bytes]:
    """Return a kept file and its bytes.

    Raises:
        NotFoundError: There is no such file of this user, or its content is missing on disk.
    """
    row, key = _row(db, user_id, file_id)
    try:
        data = _path(user_id, row.sha256).read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError("file.content_missing", name=row.name) from error
    kept = KeptFile(row.id, row.name, row.format, row.size, row.sha256, row.uploaded_at, key)
    return kept, data


def delete_file(db: Session, user_id: str, file_id: str) -> None:
    """Forget a kept file; what was imported from it stays. Raises ``NotFoundError`` when the user has no such file."""
    row, key = _row(db, user_id, file_id)
    sha256 = row.sha256
    db.delete(row)
    audit.record(db, user_id, "file.delete", {"name": row.name, "source": key})
    db.commit()
    forget_unused(db, user_id, {sha256})


def keep(user_id: str, data: bytes) -> str:
    """Write content to disk (once, whatever it is called) and return its SHA-256."""
    sha256 = hashlib.sha256(data).hexdigest()
    path = _path(user_id, sha256)
    if not path.exists():
        with told():
            for folder in (path.parent.parent, path.parent):
                folder.mkdir(mode=0o700, exist_ok=True)
            write_private(path, data)
    return sha256


def forget_unused(db: Session, user_id: str, hashes: set[str]) -> None:
    """Remove from disk those contents that no kept file of the user names any more. Called after the commit."""
    for sha256 in hashes:
        named = select(func.count()).where(
            col(SourceFile.user_id) == user_id, col(SourceFile.sha256) == sha256
        )
        if not db.execute(named).scalar_one():
            _path(user_id, sha256).unlink(missing_ok=True)


def hashes_of_source(db: Session, source_id: str) -> set[str]:
    """Return the contents that the kept files of a source name."""
    return set(
        db.execute(select(col(SourceFile.sha256)).where(col(SourceFile.source_id) == source_id)).scalars()
    )


def delete_all(user_id: str) -> None:
    """Remove every content of a user who is gone."""
    shutil.rmtree(_folder(user_id), ignore_errors=True)


def sweep(db: Session, now: datetime | None = None) -> int:
    """Remove contents that no kept file names and that are older than a day; return how many.

    What is younger may belong to an import that is being stored.
    """
    oldest = (now or utc_now()) - timedelta(days=1)
    named = set(db.execute(select(col(SourceFile.user_id), col(SourceFile.sha256))).all())
    gone = 0
    for path in current_settings().uploads_dir.glob("*/*"):
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if (path.parent.name, path.name) not in named and written < oldest:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def _row(db: Session, user_id: str, file_id: str) -> tuple[SourceFile, str]:
    found = db.execute(
        select(SourceFile, col(SourceRow.key))
        .join(SourceRow, col(SourceRow.id) == col(SourceFile.source_id))
        .where(col(SourceFile.id) == file_id, col(SourceFile.user_id) == user_id)
    ).first()
    if found is None:
        raise NotFoundError("file.no_such_file")
    return found[0], found[1]


def _folder(user_id: str) -> Path:
    if not _USER.fullmatch(user_id):
        raise NotFoundError("account.no_such_user")
    ensure_data_dir(current_settings())
    return current_settings().uploads_dir / user_id


def _path(user_id: str, sha256: str) -> Path:
    return _folder(user_id) / sha256
