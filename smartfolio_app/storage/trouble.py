"""When the database or its disk cannot do what is asked: which trouble it is, as a sentence a person can act on.

Nothing is half stored then, and nothing has to be restarted: the same request works once the cause is gone.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.settings import Settings

TROUBLES = ("storage.disk_full", "storage.read_only", "storage.busy", "storage.unavailable", "storage.redis")

#: Seconds after which asking again makes sense.
AGAIN_SECONDS = 5

_BY_ERRNO = {
    errno.ENOSPC: "storage.disk_full",
    errno.EDQUOT: "storage.disk_full",
    errno.EFBIG: "storage.disk_full",
    errno.EROFS: "storage.read_only",
    errno.EIO: "storage.unavailable",
}
#: SQLite's primary result codes (the low byte of an extended one).
_BY_SQLITE = {
    sqlite3.SQLITE_FULL: "storage.disk_full",
    sqlite3.SQLITE_READONLY: "storage.read_only",
    sqlite3.SQLITE_PERM: "storage.read_only",
    sqlite3.SQLITE_BUSY: "storage.busy",
    sqlite3.SQLITE_LOCKED: "storage.busy",
    sqlite3.SQLITE_IOERR: "storage.unavailable",
    sqlite3.SQLITE_CANTOPEN: "storage.unavailable",
}
_BY_SQLSTATE = {"53100": "storage.disk_full", "25006": "storage.read_only", "55P03": "storage.busy"}


class StorageTroubleError(SmartFolioError):
    """``storage.disk_full`` (507), ``storage.read_only``, ``storage.busy``, ``storage.unavailable`` or
    ``storage.redis`` (503).
    """

    status = 503

    def __init__(self, code: str) -> None:
        super().__init__(code, seconds=AGAIN_SECONDS)
        if code == "storage.disk_full":
            self.status = 507


def trouble_of(error: BaseException | None, settings: Settings | None = None) -> StorageTroubleError | None:
    """Return what is wrong with the database or the disk, when that is what is behind an error.

    ``settings`` tell which folder to look at, because SQLite says only that it cannot open what it cannot write beside.
    """
    while error is not None:
        code = _code_of(error)
        if code:
            if code == "storage.unavailable" and settings and _is_read_only(settings):
                code = "storage.read_only"
            return StorageTroubleError(code)
        error = error.__cause__ or error.__context__
    return None


@contextmanager
def told() -> Iterator[None]:
    """Let what goes wrong with the disk inside the block be a ``StorageTroubleError``."""
    try:
        yield
    except OSError as error:
        trouble = trouble_of(error)
        if trouble is None:
            raise
        raise trouble from error


def _is_read_only(settings: Settings) -> bool:
    return not settings.database_url and not os.access(settings.data_dir, os.W_OK)


def _code_of(error: BaseException) -> str:
    if isinstance(error, DBAPIError):
        original = error.orig
        if isinstance(original, sqlite3.Error):
            return _BY_SQLITE.get(getattr(original, "sqlite_errorcode", 0) & 0xFF, "")
        state = str(getattr(original, "sqlstate", "") or "")
        lost = isinstance(error, OperationalError | InterfaceError) and not state.startswith(
            ("22", "23", "42")
        )
        return _BY_SQLSTATE.get(state, "storage.unavailable" if lost else "")
    return _BY_ERRNO.get(error.errno or 0, "") if isinstance(error, OSError) else ""
