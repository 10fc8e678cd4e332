"""The two secrets SmartFolio needs: the session key and the vault key, each from the environment or from its
own file.

A key file is created on first run, readable by its owner alone. The start is refused when a key can be read
by others, is too short or is one of the values people leave in example files: a weak key is worse than none,
because it looks like protection.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.settings import Settings

MINIMUM_LENGTH = 32

# What a file system without hard links says (a memory stick, some network shares).
_NO_HARD_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)

_PLACEHOLDERS = (
    "changeme",
    "change_me",
    "change-me",
    "secret",
    "password",
    "example",
    "default",
    "your_",
    "your-",
    "xxxx",
)


class KeyRefusedError(SmartFolioError):
    """A key may not be used; ``params``: ``name`` (file or variable) and, for files, ``path``."""


def ensure_data_dir(settings: Settings) -> Path:
    """Create the data folder (for its owner alone) when it is missing, and return it.

    Raises:
        KeyRefusedError: The folder cannot be created or written to.
    """
    folder = settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise KeyRefusedError(
            "settings.data_dir_unusable", path=str(folder), reason=error.strerror or ""
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise KeyRefusedError("settings.data_dir_unusable", path=str(folder), reason="not writable")
    return folder


def session_key(settings: Settings) -> bytes:
    """Return the key of the sessions, creating ``session.key`` on first use.

    Raises:
        KeyRefusedError: It is readable by others, short, or a known default.
    """
    if settings.session_key is not None:
        return _strong(settings.session_key.get_secret_value(), "SMARTFOLIO_SESSION_KEY").encode()
    path = ensure_data_dir(settings) / "session.key"
    return _strong(_from_file(path, secrets.token_urlsafe(48)), str(path)).encode()


def vault_keys(settings: Settings, *, create: bool = True) -> list[bytes]:
    """Return the vault's Fernet keys, newest first, creating ``vault.key`` on first use when ``create``.

    An empty list means that there is no key (and none was to be created).

    Raises:
        KeyRefusedError: A key is readable by others, short, a known default, or not a Fernet key.
    """
    if settings.vault_key is not None:
        name, text = "SMARTFOLIO_VAULT_KEY", settings.vault_key.get_secret_value()
    else:
        path = ensure_data_dir(settings) / "vault.key"
        if not create and not path.exists():
            return []
        name, text = str(path), _from_file(path, Fernet.generate_key().decode())
    keys = [part.strip().encode() for part in text.replace("\n", ",").split(",") if part.strip()]
    if not keys:
        raise KeyRefusedError("settings.key_short", name=name, minimum=MINIMUM_LENGTH)
    for key in keys:
        _strong(key.decode(), name)
        try:
            Fernet(key)
        except ValueError as error:
            raise KeyRefusedError("settings.key_not_fernet", name=name) from error
    return keys


def check_keys(settings: Settings) -> None:
    """Create both keys when missing and raise ``KeyRefusedError`` when one may not be used. Called before the
    start.
    """
    session_key(settings)
    vault_keys(settings)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, in one step: readers see the old content or the new one."""
    with _beside(path, content) as temporary:
        temporary.replace(path)


def create_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read unless it is there already; whoever finds it finds it whole.

    Of several processes that do this at once one wins, and a process killed half-way leaves no file under that name.
    """
    with _beside(path, content) as temporary:
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            if not path.exists():
                temporary.replace(path)


@contextmanager
def _beside(path: Path, content: bytes) -> Iterator[Path]:
    """Give a private file next to ``path`` that has the content on disk; what is left of it afterwards goes."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _from_file(path: Path, fresh: str) -> str:
    """Read a key file, creating it with ``fresh`` when it is missing."""
    if not path.exists():
        try:
            create_private(path, f"{fresh}\n".encode())
        except OSError as error:
            reason = error.strerror or ""
            raise KeyRefusedError(
                "settings.data_dir_unusable", path=str(path.parent), reason=reason
            ) from error
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyRefusedError("settings.key_readable", name=path.name, path=str(path))
    return path.read_text(encoding="utf-8").strip()


def _strong(key: str, name: str) -> str:
    if len(key) < MINIMUM_LENGTH or len(set(key)) < 8:
        raise KeyRefusedError("settings.key_short", name=name, minimum=MINIMUM_LENGTH)
    lowered = key.lower()
    if any(placeholder in lowered for placeholder in _PLACEHOLDERS):
        raise KeyRefusedError("settings.key_default", name=name)
    return key
