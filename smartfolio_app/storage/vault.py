"""The vault: provider credentials as Fernet ciphertext in a table of their own.

Nothing else reads or writes that table, and this module reads no setting of a user. A missing or wrong key locks the
credentials (``state``), it never destroys them: nothing is overwritten that cannot be read. Several keys may be in
force: the newest encrypts, the others still decrypt, ``rotate`` moves everything to the newest and can be killed and
run again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from smartfolio_app.errors import ConflictError
from smartfolio_app.keys import vault_keys
from smartfolio_app.settings import Settings
from smartfolio_app.storage.credential_table import Credential
from smartfolio_app.storage.tables.base import utc_now

State = Literal["empty", "open", "locked"]


class VaultLockedError(ConflictError):
    """A credential is there but no key in force opens it; ``params``: ``source``, ``field``."""

    def __init__(self, source: str, field: str) -> None:
        super().__init__("vault.locked", source=source, field=field)


@dataclass(frozen=True, slots=True)
class Hint:
    """What an owner may see of a credential: its last four characters, when it was set, whether it can be read."""

    field: str
    hint: str
    set_at: datetime
    locked: bool


@dataclass(frozen=True, slots=True)
class Rotation:
    """How a rotation went: counts of credentials."""

    rotated: int
    current: int
    locked: int


class Vault:
    """The keys in force, newest first; stateless but for them. Does not commit: the caller's transaction decides."""

    def __init__(self, keys: list[bytes]) -> None:
        self._keys = {key_id(key): Fernet(key) for key in keys}
        self._newest = next(iter(self._keys), "")

    def set(self, db: Session, source_id: str, field: str, secret: str) -> None:
        """Encrypt and store one field, replacing what was there.

        Raises:
            VaultLockedError: No key is in force, or a credential of this source cannot be read with those in force.
        """
        stored = self._rows(db, source_id)
        unreadable = next((row.field for row in stored if self._open(row) is None), None)
        if not self._newest or unreadable is not None:
            raise VaultLockedError(source_id, unreadable or field)
        row = next((row for row in stored if row.field == field), None)
        row = row or Credential(source_id=source_id, field=field, ciphertext="", key_id="")
        row.ciphertext = self._keys[self._newest].encrypt(secret.encode()).decode()
        row.key_id = self._newest
        # Four characters of a short secret would give too much of it away.
        row.hint = secret[-4:] if len(secret) >= 12 else ""
        row.set_at = utc_now()
        db.add(row)
        db.flush()

    def get(self, db: Session, source_id: str, field: str) -> str | None:
        """Return the secret, ``None`` when none is set; raise ``VaultLockedError`` when no key in force opens it."""
        row = db.get(Credential, (source_id, field))
        if row is None:
            return None
        secret = self._open(row)
        if secret is None:
            raise VaultLockedError(source_id, field)
        return secret

    def remove(self, db: Session, source_id: str, field: str | None = None) -> int:
        """Remove one field, or all of a source, locked ones too; return how many were removed."""
        statement = delete(Credential).where(col(Credential.source_id) == source_id)
        if field is not None:
            statement = statement.where(col(Credential.field) == field)
        return int(db.connection().execute(statement).rowcount)

    def hints(self, db: Session, source_id: str) -> list[Hint]:
        """Return what may be shown of a source's credentials."""
        return [
            Hint(row.field, row.hint, row.set_at, locked=self._open(row) is None)
            for row in self._rows(db, source_id)
        ]

    def state(self, db: Session) -> State:
        """Tell whether there are credentials, and whether every one of them can be read."""
        rows = db.execute(select(Credential)).scalars().all()
        if not rows:
            return "empty"
        return "open" if all(self._open(row) is not None for row in rows) else "locked"

    def rotate(self, db: Session) -> Rotation:
        """Re-encrypt with the newest key what older keys in force still open; what none opens stays as it is."""
        rotated = locked = 0
        total = db.execute(select(func.count()).select_from(Credential)).scalar_one()
        old = select(Credential).where(col(Credential.key_id) != self._newest)
        for row in db.execute(old).scalars().all():
            secret = self._open(row)
            if secret is None:
                locked += 1
                continue
            row.ciphertext = self._keys[self._newest].encrypt(secret.encode()).decode()
            row.key_id = self._newest
            db.add(row)
            rotated += 1
        db.flush()
        return Rotation(rotated=rotated, current=total - rotated - locked, locked=locked)

    def _rows(self, db: Session, source_id: str) -> list[Credential]:
        wanted = (
            select(Credential).where(col(Credential.source_id) == source_id).order_by(col(Credential.field))
        )
        return list(db.execute(wanted).scalars().all())

    def _open(self, row: Credential) -> str | None:
        fernet = self._keys.get(row.key_id)
        if fernet is None:
            return None
        try:
            return fernet.decrypt(row.ciphertext.encode()).decode()
        except InvalidToken:
            return None


def key_id(key: bytes) -> str:
    """Return a short public name of a key, from which the key cannot be found."""
    return hashlib.sha256(b"smartfolio vault key:" + key).hexdigest()[:16]


def open_vault(settings: Settings) -> Vault:
    """Return the vault with the keys in force."""
    return Vault(vault_keys(settings))
