"""Passwords: argon2id, the same work for a user who exists and for one who does not.

Hashing takes 64 MiB and some 50 ms on purpose. At most a few run at once, so that a flood of logins cannot take the
machine's memory; callers run these functions in a thread, never on the event loop.
"""

from __future__ import annotations

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from smartfolio_app.errors import InvalidInputError

MINIMUM_LENGTH = 12
#: Argon2 reads any length; this only bounds the work an attacker can ask for.
MAXIMUM_LENGTH = 1024

_AT_ONCE = threading.BoundedSemaphore(3)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()  # RFC 9106's low-memory profile: 64 MiB, 3 passes, 4 lanes


@cache
def _nobodys_hash() -> str:
    """A real hash that no password opens: what an unknown user's password is compared with."""
    return hash_password(secrets.token_urlsafe(24))


def check_strength(password: str) -> None:
    """Raise ``InvalidInputError`` when a new password is too short, too long or one character repeated."""
    if len(password) < MINIMUM_LENGTH:
        raise InvalidInputError("auth.password_too_short", minimum=MINIMUM_LENGTH)
    if len(password) > MAXIMUM_LENGTH:
        raise InvalidInputError("auth.password_too_long", maximum=MAXIMUM_LENGTH)
    if len(set(password)) < 4:
        raise InvalidInputError("auth.password_too_simple")


def hash_password(password: str) -> str:
    """Return the argon2id hash of ``password`` (its strength is not checked here)."""
    with _AT_ONCE:
        return _hasher().hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Tell whether ``password`` opens ``stored``.

    With ``None`` or a text that is no hash (no such user, or one without a password) the same work is done and the
    answer is no.
    """
    usable = stored is not None and stored.startswith("$argon2") and len(password) <= MAXIMUM_LENGTH
    against = stored if usable and stored is not None else _nobodys_hash()
    with _AT_ONCE:
        try:
            return _hasher().verify(against, password[:MAXIMUM_LENGTH]) and usable
        except (VerificationError, InvalidHashError):
            return False


def needs_rehash(stored: str) -> bool:
    """Tell whether ``stored`` was made with weaker settings than today's."""
    return _hasher().check_needs_rehash(stored)
