"""What the processes of one server tell each other through Redis; with one process there is nothing to tell.

Values are Python objects, sealed with a key that comes from the session key: what stands in Redis can neither be read
nor made up by whoever else may use that Redis.
"""

from __future__ import annotations

import base64
import hashlib
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from typing import Any, cast

import redis
from cryptography.fernet import Fernet, InvalidToken

from smartfolio_app.keys import session_key
from smartfolio_app.settings import Settings
from smartfolio_app.storage.engine import current_settings
from smartfolio_app.storage.trouble import StorageTroubleError

PREFIX = "smartfolio:shared:"
TIMEOUT_SECONDS = 3.0


class Board:
    """Named tables of named values, each table forgotten when nobody writes to it for so long; and short marks.

    Every method raises ``StorageTroubleError`` (``storage.redis``) when Redis does not answer.
    """

    def __init__(self, url: str, key: bytes) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
        )
        self._seal = Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"smartfolio shared:" + key).digest()))

    def put(self, table: str, name: str, value: Any, kept: timedelta) -> None:
        """Write a value; the whole table lasts for ``kept`` from now on."""
        sealed = self._seal.encrypt(pickle.dumps(value))
        with _answers(), self._redis.pipeline() as pipe:
            pipe.hset(PREFIX + table, name, sealed)  # type: ignore[arg-type]
            pipe.pexpire(PREFIX + table, kept)
            pipe.execute()

    def get(self, table: str, name: str) -> Any:
        """Return a value, ``None`` when there is none."""
        with _answers():
            sealed = cast("bytes | None", self._redis.hget(PREFIX + table, name))
        return None if sealed is None else self._opened(sealed)

    def all(self, table: str) -> dict[str, Any]:
        """Return the values of a table."""
        with _answers():
            found = cast("dict[bytes, bytes]", self._redis.hgetall(PREFIX + table))
        values = ((name.decode(), self._opened(sealed)) for name, sealed in found.items())
        return {name: value for name, value in values if value is not None}

    def drop(self, table: str, *names: str) -> None:
        """Forget values."""
        if names:
            with _answers():
                self._redis.hdel(PREFIX + table, *names)

    def mark(self, name: str, kept: timedelta) -> bool:
        """Set a mark that vanishes by itself; ``False`` when somebody has set it already."""
        with _answers():
            return bool(self._redis.set(f"{PREFIX}mark:{name}", b"1", px=kept, nx=True))

    def renew(self, name: str, kept: timedelta) -> None:
        """Set a mark, or let it last longer."""
        with _answers():
            self._redis.set(f"{PREFIX}mark:{name}", b"1", px=kept)

    def is_marked(self, name: str) -> bool:
        """Tell whether a mark is set."""
        with _answers():
            return bool(self._redis.exists(f"{PREFIX}mark:{name}"))

    def _opened(self, sealed: bytes) -> Any:
        """Return what was sealed by us; what was not (or by an older version of the program) is nothing."""
        try:
            return pickle.loads(self._seal.decrypt(sealed))  # noqa: S301 - sealed with our own key
        except (InvalidToken, AttributeError, ImportError, TypeError, pickle.UnpicklingError):
            return None


def board(settings: Settings | None = None) -> Board | None:
    """Return the board of this server, ``None`` when it is one process alone (no ``REDIS_URL``)."""
    chosen = settings or current_settings()
    return _board(chosen.redis_url, session_key(chosen)) if chosen.redis_url else None


@lru_cache(maxsize=4)
def _board(url: str, key: bytes) -> Board:
    return Board(url, key)


@contextmanager
def _answers() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise StorageTroubleError("storage.redis") from error
