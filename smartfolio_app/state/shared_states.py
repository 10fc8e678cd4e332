"""The pages' state in Redis, shared by several workers: Reflex's own manager, made to let go of its locks.

A tab's state is locked in Redis while an event works on it. When a page is left, Reflex cancels the events it began
with, and that may come at a moment at which Reflex 0.10 loses the lock or the word about it:

- while the lock is asked for: Redis has set it, and the answer is heard by nobody;
- while it is given back: the request is never sent;
- while it is waited for: the word that it is free went to the one who was cancelled, and to nobody else.

The next page's events, at whichever worker, then wait until the lock expires: ten seconds. So what is said to Redis
about a lock is said to its end here, whoever is cancelled meanwhile.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

from redis.exceptions import RedisError
from reflex.istate.manager import StateManager
from reflex.istate.manager.redis import StateManagerRedis
from reflex.istate.manager.token import StateToken

Result = TypeVar("Result")

#: How long a stop waits for the last words to Redis.
LAST_WORDS_SECONDS = 2.0

# Deletes a lock only for who holds it: it may have expired, and be another's.
_GIVE_BACK = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
"""

_log = logging.getLogger(__name__)


@dataclasses.dataclass
class SharedStates(StateManagerRedis):
    """A state manager over Redis that leaves no lock behind; see the module."""

    _under_way: set[asyncio.Future[Any]] = dataclasses.field(default_factory=set, init=False)
    #: Lock id -> the question for it that is under way.
    _asked: dict[bytes, asyncio.Future[Any]] = dataclasses.field(default_factory=dict, init=False)

    async def _try_get_lock(self, lock_key: bytes, lock_id: bytes) -> bool | None:
        """Ask for a lock; the answer is waited for even when the caller is not there any more."""
        asked = self._asked[lock_id] = self._to_its_end(super()._try_get_lock(lock_key, lock_id))
        asked.add_done_callback(lambda _: self._asked.pop(lock_id, None))
        return await asyncio.shield(asked)

    async def _wait_lock(self, lock_key: bytes, lock_id: bytes) -> None:
        """Wait for a lock; one that comes to a caller who was cancelled is given back."""
        try:
            await super()._wait_lock(lock_key, lock_id)
        except BaseException:
            self._to_its_end(self._give_back(lock_key, lock_id))
            raise

    @asynccontextmanager
    async def _lock(self, token: StateToken[Any], event_name: str | None = None) -> AsyncIterator[bytes]:
        """Hold a lock; it is given back even when the holder is cancelled while that is done."""
        lock = super()._lock(token, event_name=event_name)
        lock_id = await lock.__aenter__()
        try:
            yield lock_id
        except BaseException as error:
            leaving = self._to_its_end(_coroutine(lock.__aexit__(type(error), error, error.__traceback__)))
            if not await asyncio.shield(leaving):
                raise
        else:
            await asyncio.shield(self._to_its_end(_coroutine(lock.__aexit__(None, None, None))))

    @asynccontextmanager
    async def _lock_waiter(self, lock_key: bytes) -> AsyncIterator[asyncio.Event]:
        """Stand in the line for a lock; whoever leaves it early passes on what they were told."""
        try:
            async with super()._lock_waiter(lock_key) as told:
                yield told
        except BaseException:
            self._notify_next_waiter(lock_key)
            raise

    async def close(self) -> None:
        """Say the last words, then close the connections."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=LAST_WORDS_SECONDS)
        await super().close()

    async def _give_back(self, lock_key: bytes, lock_id: bytes) -> None:
        if (asked := self._asked.get(lock_id)) is not None:
            await asyncio.wait([asked])
        run = cast("Callable[..., Awaitable[int]]", self.redis.eval)
        if await run(_GIVE_BACK, 1, lock_key, lock_id):
            self._notify_next_waiter(lock_key)

    def _to_its_end(self, work: Coroutine[Any, Any, Result]) -> asyncio.Future[Result]:
        """Begin with something that goes on whoever is cancelled; a failure that nobody waits for is logged."""
        begun: asyncio.Future[Result] = asyncio.ensure_future(work)
        self._under_way.add(begun)
        begun.add_done_callback(self._ended)
        return begun

    def _ended(self, work: asyncio.Future[Any]) -> None:
        self._under_way.discard(work)
        if not work.cancelled() and isinstance(error := work.exception(), RedisError | OSError):
            _log.debug("what was said to Redis about a lock failed: %s", type(error).__name__)


async def _coroutine(awaitable: Awaitable[Result]) -> Result:
    return await awaitable


def leaving_no_lock(manager: StateManager | None) -> StateManager | None:
    """Return the manager to use in the place of ``manager``: over Redis one of ours, else itself."""
    if type(manager) is not StateManagerRedis:
        return manager
    return SharedStates(  # type: ignore[abstract]  # its deprecated overloads are taken for methods of their own
        redis=manager.redis,
        token_expiration=manager.token_expiration,
        lock_expiration=manager.lock_expiration,
        lock_warning_threshold=manager.lock_warning_threshold,
    )
