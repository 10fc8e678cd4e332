"""Users: making them, letting them in, shutting them out. Every function that changes something commits."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from smartfolio_app.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from smartfolio_app.security import sessions
from smartfolio_app.security.passwords import check_strength, hash_password, needs_rehash, verify_password
from smartfolio_app.services import audit, files
from smartfolio_app.services.sources import create_built_in_sources
from smartfolio_app.services.user_settings import checked
from smartfolio_app.storage.tables import (
    DailyPrice,
    PriceHistoryRow,
    PriceListing,
    PriceWitness,
    Quote,
    SetupLink,
    User,
    UserSettings,
)

SETUP_PATH = "/setup"

LONGEST_NAME = 80
_ID_LIKE = re.compile(r"[0-9a-f]{32}")


def create_user(
    db: Session,
    name: str,
    password: str,
    admin: bool = False,
    *,
    currency: str | None = None,
    language: str | None = None,
    demo: bool = False,
    by: str = "",
) -> User:
    """Create a user with their settings and the built-in sources, and return it.

    ``by`` names who does it, here and in the other functions: it is noted in the audit log.
    A ``demo`` user has no password (pass an empty one) and can be signed in only by what makes demo sessions.

    Raises:
        InvalidInputError: The name, the password, the currency or the language cannot be used.
        ConflictError: The name is taken (capital letters make no difference).
    """
    user = _new_user(db, name, password, admin=admin, currency=currency, language=language, demo=demo, by=by)
    db.commit()
    return user


def _new_user(
    db: Session,
    name: str,
    password: str,
    *,
    admin: bool,
    currency: str | None,
    language: str | None,
    demo: bool = False,
    by: str = "",
) -> User:
    shown = clean_name(name)
    preferences = {"base_currency": currency, "language": language}
    settings = checked({key: value for key, value in preferences.items() if value is not None})
    if not demo:
        check_strength(password)
    user = User(
        name=shown,
        password_hash="" if demo else hash_password(password),
        is_admin=admin,
        is_demo=demo,
    )
    db.add(user)
    taken = select(func.count()).where(func.lower(col(User.name)) == shown.lower())
    with db.no_autoflush:
        if db.execute(taken).scalar_one():
            db.rollback()
            raise ConflictError("account.name_taken", name=shown)
    db.flush()
    db.add(UserSettings(user_id=user.id, **settings))
    create_built_in_sources(db, user.id)
    audit.record(db, user.id, "user.create", {"name": shown, "admin": admin} | _by(by))
    return user


def clean_name(name: str) -> str:
    """Return a user name as it is stored.

    Raises:
        InvalidInputError: It is empty, longer than 80 characters, or holds something that cannot be seen.
    """
    shown = " ".join(unicodedata.normalize("NFC", name).split())
    if not shown or len(shown) > LONGEST_NAME or not shown.isprintable() or _ID_LIKE.fullmatch(shown):
        raise InvalidInputError("account.name_invalid", maximum=LONGEST_NAME)
    return shown


def list_users(db: Session) -> list[User]:
    """Return every user, by name."""
    return list(db.execute(select(User).order_by(func.lower(col(User.name)))).scalars())


def find_user(db: Session, who: str) -> User:
    """Return the user of this id or name (capital letters make no difference); raise ``NotFoundError`` otherwise."""
    user = db.get(User, who) if _ID_LIKE.fullmatch(who) else None
    if user is None:
        named = select(User).where(func.lower(col(User.name)) == who.strip().lower())
        user = db.execute(named).scalar_one_or_none()
    if user is None:
        raise NotFoundError("account.no_such_user")
    return user


def id_of(db: Session, name: str) -> str:
    """Return the id of the user of this name, or an empty text."""
    try:
        return find_user(db, name).id
    except NotFoundError:
        return ""


def authenticate(db: Session, name: str, password: str) -> User | None:
    """Return the enabled user whom ``name`` and ``password`` let in, else ``None``, after the same work either way."""
    try:
        user = find_user(db, name)
    except NotFoundError:
        user = None
    stored = user.password_hash if user is not None and not user.disabled else None
    if not verify_password(stored, password) or user is None:
        return None
    if needs_rehash(user.password_hash):
        user.password_hash = hash_password(password)
        db.add(user)
        db.commit()
    return user


def set_password(db: Session, who: str, password: str, *, keep: str = "", by: str = "") -> None:
    """Set the password of a user (id or name) and sign their devices out, all but ``keep`` (``Viewer.credential``).

    Raises:
        InvalidInputError: The password is too weak.
        NotFoundError: There is no such user.
        NotAllowedError: The demo user has no password.
    """
    user = find_user(db, who)
    if user.is_demo:
        raise NotAllowedError("account.demo_has_no_password")
    check_strength(password)
    user.password_hash = hash_password(password)
    db.add(user)
    _sign_out(db, user.id, keep=keep)
    audit.record(db, user.id, "user.password", {"name": user.name} | _by(by))
    db.commit()


def change_password(db: Session, user_id: str, current: str, new: str, *, keep: str = "") -> None:
    """Set a new password for whoever proves the ``current`` one; otherwise as ``set_password``.

    Raises:
        NotAllowedError: The current password is wrong.
    """
    user = find_user(db, user_id)
    if not verify_password(user.password_hash or None, current):
        raise NotAllowedError("account.wrong_password")
    set_password(db, user.id, new, keep=keep)


def disable(db: Session, who: str, *, by: str = "") -> None:
    """Shut a user (id or name) out at once; what is theirs stays.

    Raises:
        NotFoundError: There is no such user.
        ConflictError: It is the last administrator who can sign in.
    """
    user = find_user(db, who)
    _not_the_last_admin(db, user)
    user.disabled = True
    db.add(user)
    _sign_out(db, user.id)
    audit.record(db, user.id, "user.disable", {"name": user.name} | _by(by))
    db.commit()


def enable(db: Session, who: str, *, by: str = "") -> None:
    """Let a disabled user (id or name) in again; raise ``NotFoundError`` when there is no such user."""
    user = find_user(db, who)
    user.disabled = False
    db.add(user)
    audit.record(db, user.id, "user.enable", {"name": user.name} | _by(by))
    db.commit()


def delete_user(db: Session, who: str, *, by: str = "") -> None:
    """Remove a user (id or name) and everything that is theirs, uploaded files included.

    Raises:
        NotFoundError: There is no such user.
        ConflictError: It is the last administrator who can sign in.
    """
    user = find_user(db, who)
    _not_the_last_admin(db, user)
    user_id, name = user.id, user.name
    for table in (
        DailyPrice,
        Quote,
        PriceHistoryRow,
        PriceListing,
        PriceWitness,
    ):  # their owner is no foreign key
        db.execute(delete(table).where(col(table.owner) == user_id))
    db.execute(delete(User).where(col(User.id) == user_id))
    audit.record(db, user_id, "user.delete", {"name": name} | _by(by))
    db.commit()
    files.delete_all(user_id)


# ----------------------------------------------------------------------------------------------- the first user
def needs_setup(db: Session) -> bool:
    """Tell whether nobody but a demo user exists yet."""
    return not db.execute(select(func.count()).where(~col(User.is_demo))).scalar_one()


def make_setup_link(db: Session) -> str | None:
    """Return the path (``/setup?token=...``) that creates the first administrator, once; ``None`` when there are users.

    A new link puts an older one out of force. Only its SHA-256 is stored.
    """
    if not needs_setup(db):
        return None
    token = secrets.token_urlsafe(32)
    db.execute(delete(SetupLink))
    db.add(SetupLink(token_hash=_hash(token)))
    db.commit()
    return f"{SETUP_PATH}?token={token}"


def is_setup_token(db: Session, token: str) -> bool:
    """Tell whether a set-up link is still in force (to show its page, or not)."""
    return needs_setup(db) and db.get(SetupLink, _hash(token)) is not None


def use_setup_link(
    db: Session,
    token: str,
    name: str,
    password: str,
    *,
    currency: str | None = None,
    language: str | None = None,
) -> User:
    """Create the first administrator with the one-time link, which is spent by that.

    Raises:
        NotAllowedError: The link is unknown or spent, or a user exists.
        InvalidInputError: As ``create_user``; the link stays in force.
    """
    spent = db.execute(
        delete(SetupLink)
        .where(col(SetupLink.token_hash) == _hash(token))
        .returning(col(SetupLink.token_hash))
    )
    # The deletion holds the write lock (the row's on PostgreSQL), so of two who come at once one finds nothing.
    if spent.first() is None or not needs_setup(db):
        db.rollback()
        raise NotAllowedError("account.setup_link_spent")
    try:
        user = _new_user(db, name, password, admin=True, currency=currency, language=language)
    except InvalidInputError:
        db.rollback()
        raise
    db.commit()
    return user


def _by(name: str) -> dict[str, object]:
    return {"by": name or "-"}


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _sign_out(db: Session, user_id: str, keep: str = "") -> None:
    sessions.revoke_others(db, user_id, keep)


def _not_the_last_admin(db: Session, user: User) -> None:
    others = select(func.count()).where(
        col(User.is_admin), ~col(User.disabled), ~col(User.is_demo), col(User.id) != user.id
    )
    if user.is_admin and not user.disabled and not db.execute(others).scalar_one():
        raise ConflictError("account.last_admin", name=user.name)
