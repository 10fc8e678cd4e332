"""The vault: credentials of sources, and secrets of notice channels, as Fernet ciphertext in tables of their own.

Nothing else reads or writes these tables, and this module reads no setting of a user. A missing or wrong key locks the
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
from typing import Any, Literal

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import case, delete, func, select, update
from sqlmodel import Session, col

from smartfolio_app.errors import ConflictError
from smartfolio_app.keys import KeyRefusedError, ensure_data_dir, vault_keys, write_private
from smartfolio_app.locks import only_one
from smartfolio_app.settings import Settings
from smartfolio_app.storage.credential_table import ChannelSecret, Credential
from smartfolio_app.storage.engine import engine_for
from smartfolio_app.storage.tables.base import utc_now

State = Literal["empty", "open", "locked"]
#: Whose secret it is: a source's or a channel's.
Drawer = Literal["source", "channel"]
Row = Credential | ChannelSecret

_DRAWERS: dict[Drawer, tuple[type[Row], Any]] = {
    "source": (Credential, col(Credential.source_id)),
    "channel": (ChannelSecret, col(ChannelSecret.channel_id)),
}

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
    """The keys in force, newest first; stateless but for them. Does not commit: the caller's transaction decides.

    A secret is found by its owner's id (a source, or with ``drawer="channel"`` a channel of notices) and its field.
    """

    def __init__(self, keys: list[bytes]) -> None:
        self._keys = {key_id(key): Fernet(key) for key in keys}
        self._newest = next(iter(self._keys), "")

    def set(self, db: Session, source_id: str, field: str, secret: str, *, drawer: Drawer = "source") -> None:
        """Encrypt and store one field, replacing what was there.

        Raises:
            VaultLockedError: No key is in force, or a credential of this source cannot be read with those in force.
        """
        stored = self._rows(db, source_id, drawer)
        unreadable = next((row.field for row in stored if self._open(row) is None), None)
        if not self._newest or unreadable is not None:
            raise VaultLockedError(source_id, unreadable or field)
        row = next((row for row in stored if row.field == field), None)
        row = row or _fresh(drawer, source_id, field)
        row.ciphertext = self._keys[self._newest].encrypt(secret.encode()).decode()
        row.key_id = self._newest
        # Four characters of a short secret would give too much of it away.
        row.hint = secret[-4:] if len(secret) >= 12 else ""
        row.set_at = utc_now()
        db.add(row)
        db.flush()

    def get(self, db: Session, source_id: str, field: str, *, drawer: Drawer = "source") -> str | None:
        """Return the secret, ``None`` when none is set; raise ``VaultLockedError`` when no key in force opens it."""
        row = next((one for one in self._rows(db, source_id, drawer) if one.field == field), None)
        if row is None:
            return None
        secret = self._open(row)
        if secret is None:
            raise VaultLockedError(source_id, field)
        return secret

    def remove(
        self, db: Session, source_id: str, field: str | None = None, *, drawer: Drawer = "source"
    ) -> int:
        """Remove one field, or all of a source, locked ones too; return how many were removed."""
        table, owner = _DRAWERS[drawer]
        statement = delete(table).where(owner == source_id)
        if field is not None:
            statement = statement.where(col(table.field) == field)
        return int(db.connection().execute(statement).rowcount)

    def hints(self, db: Session, source_id: str, *, drawer: Drawer = "source") -> list[Hint]:
        """Return what may be shown of a source's credentials."""
        return [
            Hint(row.field, row.hint, row.set_at, locked=self._open(row) is None)
            for row in self._rows(db, source_id, drawer)
        ]

    def state(self, db: Session) -> State:
        """Tell whether there are credentials, and whether every one of them can be read."""
        rows: list[Row] = []
        for table, _ in _DRAWERS.values():
            rows += db.execute(select(table)).scalars().all()
        if not rows:
            return "empty"
        return "open" if all(self._open(row) is not None for row in rows) else "locked"

    def not_newest(self, db: Session) -> int:
        """Return how many credentials an older key in force still closes."""
        older = list(self._keys)[1:]
        counts = [select(func.count()).where(col(table.key_id).in_(older)) for table, _ in _DRAWERS.values()]
        return sum(int(db.execute(one).scalar_one()) for one in counts)

    def rotate(self, db: Session, *, at_most: int | None = None) -> Rotation:
        """Re-encrypt with the newest key what older keys in force still open; what none opens stays as it is.

        One that is set or removed by somebody else meanwhile is left as they made it. ``at_most`` bounds how many are
        looked at, for a caller that commits in small steps.
        """
        done = [self._rotate(db, table, owner, at_most=at_most) for table, owner in _DRAWERS.values()]
        db.expire_all()
        return Rotation(
            rotated=sum(one.rotated for one in done),
            current=sum(one.current for one in done),
            locked=sum(one.locked for one in done),
        )

    def _rotate(self, db: Session, table: type[Row], owner: Any, *, at_most: int | None) -> Rotation:
        rotated = locked = 0
        total = db.execute(select(func.count()).select_from(table)).scalar_one()
        old = select(table).where(col(table.key_id) != self._newest)
        known = case((col(table.key_id).in_(list(self._keys)), 0), else_=1)
        old = old.order_by(known, owner, col(table.field))
        for row in db.execute(old.limit(at_most)).scalars().all():
            secret = self._open(row)
            if secret is None:
                locked += 1
                continue
            changed = db.connection().execute(
                update(table)
                .where(
                    owner == getattr(row, owner.key),
                    col(table.field) == row.field,
                    col(table.ciphertext) == row.ciphertext,
                )
                .values(
                    ciphertext=self._keys[self._newest].encrypt(secret.encode()).decode(),
                    key_id=self._newest,
                )
            )
            rotated += changed.rowcount
        return Rotation(rotated=rotated, current=total - rotated - locked, locked=locked)

    def _rows(self, db: Session, owner_id: str, drawer: Drawer = "source") -> list[Row]:
        table, owner = _DRAWERS[drawer]
        wanted = select(table).where(owner == owner_id).order_by(col(table.field))
        return list(db.execute(wanted).scalars().all())

    def _open(self, row: Row) -> str | None:
        fernet = self._keys.get(row.key_id)
        if fernet is None:
            return None
        try:
            return fernet.decrypt(row.ciphertext.encode()).decode()
        except InvalidToken:
            return None


def _fresh(drawer: Drawer, owner_id: str, field: str) -> Row:
    if drawer == "channel":
        return ChannelSecret(channel_id=owner_id, field=field, ciphertext="", key_id="")
    return Credential(source_id=owner_id, field=field, ciphertext="", key_id="")


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
        looks = (select(col(table.field)).limit(1) for table, _ in _DRAWERS.values())
        return any(connection.execute(look).first() is not None for look in looks)


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
