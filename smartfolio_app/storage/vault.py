"""The vault: provider credentials as Fernet ciphertext in a table of their own.

Nothing else reads or writes that table, and this module reads no setting of a user. A missing or wrong key locks the
credentials (``state``), it never destroys them: nothing is overwritten that cannot be read. Several keys may be in
force: the newest encrypts, the others still decrypt, ``rotate`` moves everything to the newest and can be killed and
run again.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import case, delete, func, select, update
from sqlmodel import Session, col

from smartfolio_app.errors import ConflictError
from smartfolio_app.keys import KeyRefusedError, ensure_data_dir, vault_keys, write_private
from smartfolio_app.locks import only_one
from smartfolio_app.settings import Settings
from smartfolio_app.storage.credential_table import Credential
from smartfolio_app.storage.engine import engine_for
from smartfolio_app.storage.tables.base import utc_now

State = Literal["empty", "open", "locked"]

#: Keys that were damaged or cut: they open nothing, and protect nothing either.
_MANGLED = ("settings.key_short", "settings.key_not_fernet")

log = logging.getLogger(__name__)


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

    def not_newest(self, db: Session) -> int:
        """Return how many credentials an older key in force still closes."""
        older = select(func.count()).where(col(Credential.key_id).in_(list(self._keys)[1:]))
        return int(db.execute(older).scalar_one())

    def rotate(self, db: Session, *, at_most: int | None = None) -> Rotation:
        """Re-encrypt with the newest key what older keys in force still open; what none opens stays as it is.

        One that is set or removed by somebody else meanwhile is left as they made it. ``at_most`` bounds how many are
        looked at, for a caller that commits in small steps.
        """
        rotated = locked = 0
        total = db.execute(select(func.count()).select_from(Credential)).scalar_one()
        old = select(Credential).where(col(Credential.key_id) != self._newest)
        known = case((col(Credential.key_id).in_(list(self._keys)), 0), else_=1)
        old = old.order_by(known, col(Credential.source_id), col(Credential.field))
        for row in db.execute(old.limit(at_most)).scalars().all():
            secret = self._open(row)
            if secret is None:
                locked += 1
                continue
            changed = db.connection().execute(
                update(Credential)
                .where(
                    col(Credential.source_id) == row.source_id,
                    col(Credential.field) == row.field,
                    col(Credential.ciphertext) == row.ciphertext,
                )
                .values(
                    ciphertext=self._keys[self._newest].encrypt(secret.encode()).decode(),
                    key_id=self._newest,
                )
            )
            rotated += changed.rowcount
        db.expire_all()
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
    """Return the vault with the keys in force; with none of them, when the key is missing or cannot be used.

    Never raises for a bad key: credentials are locked then, and everything else goes on.
    """
    try:
        return Vault(keys_in_force(settings))
    except KeyRefusedError as error:
        log.warning("the vault stays locked: %s", error.code)
        return Vault([])


def keys_in_force(settings: Settings) -> list[bytes]:
    """Return the vault's keys, newest first. The first one is made when there is none and nothing that needs another.

    An empty list says that the key of credentials that are stored is missing: a fresh one would only hide that.

    Raises:
        KeyRefusedError: As ``keys.vault_keys``.
    """
    keys = vault_keys(settings, create=False)
    if keys or has_credentials(settings):
        return keys
    return vault_keys(settings)


def has_credentials(settings: Settings) -> bool:
    """Tell whether any credential is stored."""
    with engine_for(settings).connect() as connection:
        return connection.execute(select(col(Credential.field)).limit(1)).first() is not None


def check(settings: Settings) -> State:
    """Look at the vault before the start, on a migrated database, and tell its state.

    Raises:
        KeyRefusedError: The key is public or from an example, or cannot be used and nothing is stored yet: better said
            now than when the first credential is to be kept. Credentials that are stored are never a reason not to
            start.
    """
    try:
        keys = keys_in_force(settings)
    except KeyRefusedError as error:
        if error.code not in _MANGLED or not has_credentials(settings):
            raise
        keys = []
    with Session(engine_for(settings)) as db:
        return Vault(keys).state(db)


def rotate(settings: Settings, *, step: int = 50) -> Rotation:
    """Make a new key in the key file and re-encrypt every credential with it, while the server runs.

    Older keys stay in the file: backups of their time need them, and so does a server that read the file a moment ago.
    Done in committed steps; after a kill, the next call goes on where this one was and makes no further key. Where the
    keys come from the environment, the newest of them is moved to.

    Raises:
        KeyRefusedError: A key may not be used.
        ConflictError: ``vault.no_key``: the key is missing. ``vault.rotate_environment``: the environment names no
            newer key to move to. ``vault.rotating``: another rotation is under way.
    """
    with _alone(settings):
        keys = keys_in_force(settings)
        if not keys:
            raise ConflictError("vault.no_key")
        with Session(engine_for(settings)) as db:
            unfinished = Vault(keys).not_newest(db)
        if not unfinished:
            if settings.vault_key is not None:
                raise ConflictError("vault.rotate_environment")
            keys = [Fernet.generate_key(), *keys]
            write_private(settings.data_dir / "vault.key", b"\n".join(keys) + b"\n")
        vault, rotated = Vault(keys), 0
        while True:
            with Session(engine_for(settings)) as db:
                done = vault.rotate(db, at_most=step)
                db.commit()
                left = vault.not_newest(db)
            rotated += done.rotated
            if not left:
                break
        with Session(engine_for(settings)) as db:
            last = vault.rotate(db)  # counts what no key opens
        return Rotation(rotated=rotated, current=last.current - rotated, locked=last.locked)


def forget_old_keys(settings: Settings) -> int:
    """Remove the older keys from the key file, and return how many went. Backups of their time cannot be opened then.

    Raises:
        ConflictError: ``vault.rotate_environment``, ``vault.keys_in_use`` (a credential is closed by one of them).
    """
    if settings.vault_key is not None:
        raise ConflictError("vault.rotate_environment")
    with _alone(settings):
        keys = vault_keys(settings, create=False)
        with Session(engine_for(settings)) as db:
            if Vault(keys).not_newest(db) or Vault(keys).state(db) == "locked":
                raise ConflictError("vault.keys_in_use")
        if len(keys) > 1:
            write_private(settings.data_dir / "vault.key", keys[0] + b"\n")
        return max(0, len(keys) - 1)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Keep a second rotation out; the lock goes with its process, however that ends."""
    with only_one(ensure_data_dir(settings) / ".vault.lock") as alone:
        if not alone:
            raise ConflictError("vault.rotating")
        yield
