"""The encrypted stream a backup is: authenticated piece by piece, so a changed, reordered or cut file is noticed.

Layout: a magic line, a line of JSON (salt, kind of key), then pieces of AES-256-GCM, each after its length. Every file
has a key of its own (derived from the vault's key or a passphrase and the salt), so a counter is a safe nonce; each
piece is bound to the header and to whether it is the last.
"""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Sequence
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from smartfolio_app.errors import SmartFolioError

MAGIC = b"SMARTFOLIO-BACKUP 1\n"
PIECE = 1 << 20
_LONGEST_HEADER = 1000


class BackupError(SmartFolioError):
    """A backup cannot be made or used; the code says why."""


class EncryptingWriter(io.RawIOBase):
    """Write plain bytes, have encrypted ones in ``target``; ``finish`` marks the end, without which it is cut off."""

    def __init__(self, target: BinaryIO, *, vault_key: bytes = b"", passphrase: str = "") -> None:
        salt = os.urandom(16)
        kind = "passphrase" if passphrase else "vault"
        header = json.dumps({"key": kind, "salt": base64.b64encode(salt).decode()}).encode() + b"\n"
        self._target, self._header, self._pending, self._number = target, MAGIC + header, bytearray(), 0
        self._cipher = AESGCM(_from_passphrase(passphrase, salt) if passphrase else _derived(vault_key, salt))
        target.write(self._header)

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        """Take bytes; returns how many."""
        view = memoryview(data)  # type: ignore[arg-type]
        self._pending += view
        while len(self._pending) > PIECE:
            self._seal(bytes(self._pending[:PIECE]), last=False)
            del self._pending[:PIECE]
        return view.nbytes

    def finish(self) -> None:
        """Write the last piece."""
        self._seal(bytes(self._pending), last=True)
        self._pending.clear()

    def _seal(self, plain: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number), plain, _bound(self._header, last=last))
        self._target.write(len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1


class DecryptingReader(io.RawIOBase):
    """Read what ``EncryptingWriter`` wrote.

    Raises:
        BackupError: ``backup.not_a_backup``, ``backup.wrong_key`` (none of the keys opens it), ``backup.damaged`` (cut
            off or changed; raised while reading).
    """

    def __init__(self, source: BinaryIO, *, vault_keys: Sequence[bytes] = (), passphrase: str = "") -> None:
        if source.read(len(MAGIC)) != MAGIC:
            raise BackupError("backup.not_a_backup")
        line = source.readline(_LONGEST_HEADER)
        try:
            header = json.loads(line)
            kind, salt = header["key"], base64.b64decode(header["salt"], validate=True)
        except (ValueError, KeyError, TypeError) as error:
            raise BackupError("backup.damaged") from error
        self._source, self._header, self._plain = source, MAGIC + line, b""
        self._number, self._ended = 0, False
        if kind == "passphrase":
            keys = [_from_passphrase(passphrase, salt)] if passphrase else []
        else:
            keys = [_derived(key, salt) for key in vault_keys]
        self._cipher = self._first(keys)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        """Fill ``buffer`` as far as the next piece goes; 0 at the proven end."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        while not self._plain and not self._ended:
            self._plain = self._open(self._cipher, self._sealed())
        part, self._plain = self._plain[: len(view)], self._plain[len(view) :]
        view[: len(part)] = part
        return len(part)

    def _first(self, keys: Sequence[bytes]) -> AESGCM:
        sealed = self._sealed()
        for key in keys:
            cipher = AESGCM(key)
            try:
                self._plain = self._open(cipher, sealed)
            except BackupError:
                continue
            return cipher
        raise BackupError("backup.wrong_key")

    def _sealed(self) -> bytes:
        length = self._source.read(4)
        size = int.from_bytes(length, "big")
        sealed = self._source.read(size) if len(length) == 4 and size <= PIECE + 64 else b""
        if not sealed or len(sealed) != size:
            raise BackupError("backup.damaged")
        return sealed

    def _open(self, cipher: AESGCM, sealed: bytes) -> bytes:
        for last in (False, True):
            try:
                plain = cipher.decrypt(_nonce(self._number), sealed, _bound(self._header, last=last))
            except InvalidTag:
                continue
            self._number, self._ended = self._number + 1, last
            return plain
        raise BackupError("backup.damaged")


def _derived(vault_key: bytes, salt: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"smartfolio backup").derive(vault_key)


def _from_passphrase(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _bound(header: bytes, *, last: bool) -> bytes:
    return header + (b"last" if last else b"more")
