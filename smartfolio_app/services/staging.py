"""Uploaded files that wait for their owner's word, under the data folder and nowhere else.

A file is staged when it arrives and leaves when it is imported or discarded; what nobody decides on is swept away after
a day. Names on disk are random and say nothing; what the user called the file stands in a small file beside it. The
bytes are never held in a page's state and never sent back to a browser.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from smartfolio_app.errors import ConflictError, InvalidInputError, NotFoundError
from smartfolio_app.keys import ensure_data_dir, write_private
from smartfolio_app.storage.engine import current_settings
from smartfolio_app.storage.tables.base import new_id
from smartfolio_app.storage.trouble import told

#: How many files one user may leave undecided, and for how long.
MOST_FILES = 20
KEPT_FOR = timedelta(hours=24)

_IDENTIFIER = re.compile(r"[0-9a-f]{32}")
_LONGEST_NAME = 200
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StagedFile:
    """One waiting file; ``size`` in bytes."""

    id: str
    name: str
    size: int
    at: datetime


def put(user_id: str, name: str, data: bytes, staged_id: str = "") -> StagedFile:
    """Keep ``data`` until it is imported or discarded, under ``staged_id`` where one is given.

    Raises:
        InvalidInputError: The file is larger than the upload limit (``max_upload_mb``).
        ConflictError: The user already has ``MOST_FILES`` waiting.
        StorageTroubleError: It cannot be written to disk.
    """
    limit = current_settings().max_upload_mb
    shown = clean_name(name)
    if len(data) > limit * 1024 * 1024:
        raise InvalidInputError("import.too_large", name=shown, limit=limit)
    if len(listing(user_id)) >= MOST_FILES:
        raise ConflictError("import.too_many_waiting", count=MOST_FILES)
    folder = _folder(user_id)
    staged = StagedFile(id=staged_id or new_id(), name=shown, size=len(data), at=datetime.now(UTC))
    described = {"name": staged.name, "size": staged.size, "at": staged.at.isoformat()}
    with told():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(folder / f"{staged.id}.data", data)
        write_private(folder / f"{staged.id}.json", json.dumps(described).encode())
    return staged


def listing(user_id: str) -> list[StagedFile]:
    """Return the files of one user that wait for a decision, oldest first."""
    files = [_described(path) for path in _folder(user_id).glob("*.json")]
    return sorted((one for one in files if one is not None), key=lambda one: (one.at, one.id))


def read(user_id: str, staged_id: str) -> bytes:
    """Return the bytes of a waiting file.

    Raises:
        NotFoundError: There is none of that id, or it is somebody else's.
    """
    try:
        return _path(user_id, staged_id, "data").read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError("import.staged_gone") from error


def find(user_id: str, staged_id: str) -> StagedFile:
    """Return what is known of a waiting file without reading it; raise ``NotFoundError`` as ``read`` does."""
    staged = _described(_path(user_id, staged_id, "json"))
    if staged is None:
        raise NotFoundError("import.staged_gone")
    return staged


def discard(user_id: str, staged_id: str) -> None:
    """Forget a waiting file; one that is gone already is no error."""
    for kind in ("json", "data"):
        _path(user_id, staged_id, kind).unlink(missing_ok=True)


def sweep(now: datetime | None = None) -> int:
    """Remove what has waited longer than ``KEPT_FOR``, of every user; return how many files went."""
    oldest = (now or datetime.now(UTC)) - KEPT_FOR
    gone = 0
    for folder in _root().glob("*/"):
        for data in folder.glob("*.data"):
            written = datetime.fromtimestamp(data.stat().st_mtime, UTC)
            if written < oldest:
                discard(folder.name, data.stem)
                gone += 1
        with contextlib.suppress(OSError):  # not empty: something in it may still be wanted
            folder.rmdir()
    if gone:
        _log.info("%d staged files were never decided on and are gone", gone)
    return gone


def clean_name(name: str) -> str:
    """Return a file name fit to show: no folders, no control characters, not endless."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(sign for sign in last if sign.isprintable()).strip(" .")
    return shown[-_LONGEST_NAME:] or "file"


def _root() -> Path:
    return ensure_data_dir(current_settings()) / "staging"


def _folder(user_id: str) -> Path:
    if not _IDENTIFIER.fullmatch(user_id):
        raise NotFoundError("import.staged_gone")
    return _root() / user_id


def _path(user_id: str, staged_id: str, kind: str) -> Path:
    if not _IDENTIFIER.fullmatch(staged_id):
        raise NotFoundError("import.staged_gone")
    return _folder(user_id) / f"{staged_id}.{kind}"


def _described(path: Path) -> StagedFile | None:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:  # discarded meanwhile, in another tab
        return None
    return StagedFile(path.stem, known["name"], known["size"], datetime.fromisoformat(known["at"]))
