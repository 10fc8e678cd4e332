"""Token buckets shared by several processes: one atomic script on Redis's own clock.

The event loop uses the asyncio client, slowapi's decorators (which run in worker threads) the other one; both speak to
the same keys. When Redis does not answer, each process counts for itself until it does: a lost Redis must neither block
the household nor open the gates.
"""

from __future__ import annotations

import logging
import time
from typing import Any, cast

import redis
import redis.asyncio
from limits.storage import Storage
from redis.exceptions import RedisError

from smartfolio_app.security.buckets import BucketMemory, Decision

_log = logging.getLogger(__name__)

REDIS_SCHEMES = ["bucket+redis", "bucket+rediss", "bucket+unix"]
KEY_PREFIX = "smartfolio:bucket:"
TIMEOUT_SECONDS = 1.0
CONNECTIONS = 16
#: After a failure Redis is left alone for so long.
PAUSE_SECONDS = 2.0

# GCRA, as in buckets.gcra; times in microseconds of Redis's clock, which fit a double exactly.
SCRIPT = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local interval = tonumber(ARGV[1])
local capacity = interval * tonumber(ARGV[2])
local cost = tonumber(ARGV[3])
-- Later than a bucket needs to fill: Redis's clock was set back. It counts as empty then, and fills as any other.
local full = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now), now + capacity)
local after = full + cost * interval
local wait = after - capacity - now
if wait <= 0.5 then
  if ARGV[4] == '1' then
    redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1)
  end
  return {1, math.floor((capacity - (after - now)) / interval + 0.000001), 0, math.floor(after - now)}
end
return {0, math.floor((capacity - (full - now)) / interval + 0.000001), math.ceil(wait), math.floor(full - now)}
"""


class BucketRedis(Storage):
    """Buckets in Redis, with this process's own memory to fall back on."""

    STORAGE_SCHEME = REDIS_SCHEMES

    def __init__(self, uri: str, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        address = uri.removeprefix("bucket+")
        timeouts: dict[str, Any] = {
            "socket_timeout": TIMEOUT_SECONDS,
            "socket_connect_timeout": TIMEOUT_SECONDS,
        }
        self._client = redis.Redis.from_url(address, **timeouts, **options)
        self._script = self._client.register_script(SCRIPT)
        # A burst waits for one of a few connections instead of opening one each.
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            address, max_connections=CONNECTIONS, timeout=TIMEOUT_SECONDS, **timeouts, **options
        )
        self._async_client = redis.asyncio.Redis.from_pool(pool)
        self._async_script = self._async_client.register_script(SCRIPT)
        self._memory = BucketMemory()
        self._paused_until = 0.0

    def take(
        self, key: str, *, interval: float, burst: float, cost: int = 1, commit: bool = True
    ) -> Decision:
        """Take tokens; see ``BucketStorage.take``. Blocks: only for worker threads."""
        if not self._is_paused():
            try:
                return _decision(
                    self._script(keys=[KEY_PREFIX + key], args=_arguments(interval, burst, cost, commit))
                )
            except RedisError as error:
                self._pause(error)
        return self._memory.take(key, interval=interval, burst=burst, cost=cost, commit=commit)

    async def take_async(
        self, key: str, *, interval: float, burst: float, cost: int = 1, commit: bool = True
    ) -> Decision:
        """Take tokens without blocking the event loop."""
        if not self._is_paused():
            try:
                return _decision(
                    await self._async_script(
                        keys=[KEY_PREFIX + key], args=_arguments(interval, burst, cost, commit)
                    )
                )
            except RedisError as error:
                self._pause(error)
        return self._memory.take(key, interval=interval, burst=burst, cost=cost, commit=commit)

    async def aclose(self) -> None:
        """Close both clients."""
        await self._async_client.aclose()
        self._client.close()

    def _is_paused(self) -> bool:
        return time.monotonic() < self._paused_until

    def _pause(self, error: RedisError) -> None:
        if not self._is_paused():  # those that waited at the same time say nothing new
            _log.warning(
                "rate limits: Redis does not answer (%s); counting in this process", type(error).__name__
            )
        self._paused_until = time.monotonic() + PAUSE_SECONDS

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """What the client raises."""
        return RedisError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Not a counter."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """Not a counter."""
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        """Return the epoch second at which the bucket is full again."""
        return time.time() + max(0, cast("int", self._client.pttl(KEY_PREFIX + key))) / 1000

    def check(self) -> bool:
        """Tell whether Redis answers."""
        try:
            return bool(self._client.ping())
        except RedisError:
            return False

    def reset(self) -> int | None:
        """Fill every bucket."""
        keys = list(self._client.scan_iter(KEY_PREFIX + "*"))
        return cast("int", self._client.delete(*keys)) if keys else 0

    def clear(self, key: str) -> None:
        """Fill one bucket."""
        self._client.delete(KEY_PREFIX + key)


def _arguments(interval: float, burst: float, cost: int, commit: bool) -> list[Any]:
    return [repr(interval * 1_000_000), repr(float(burst)), cost, "1" if commit else "0"]


def _decision(answer: Any) -> Decision:
    allowed, remaining, wait, reset = (int(part) for part in answer)
    return Decision(bool(allowed), max(0, remaining), wait / 1_000_000, reset / 1_000_000)
