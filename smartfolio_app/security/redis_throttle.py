"""The growing delays of ``throttle`` in Redis: every process counts in the same ones, and a restart forgets nothing.

As with the buckets, each process counts for itself while Redis does not answer.
"""

from __future__ import annotations

import logging
import time
from typing import Any, cast

import redis
from redis.exceptions import RedisError

from smartfolio_app.security.redis_buckets import PAUSE_SECONDS, TIMEOUT_SECONDS
from smartfolio_app.security.throttle import RULES, GrowingDelay

KEY_PREFIX = "smartfolio:tries:"

_log = logging.getLogger(__name__)

# Times in milliseconds of Redis's own clock. When that goes back, nobody waits longer than the longest delay.
SCRIPT = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local act, free, first = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local longest, kept = tonumber(ARGV[4]), tonumber(ARGV[5])
local known = redis.call('HMGET', KEYS[1], 'count', 'until')
local count = tonumber(known[1] or 0)
local till = math.min(tonumber(known[2] or 0), now + longest)
if act == 'undo' then
  if known[1] then redis.call('HSET', KEYS[1], 'count', math.max(0, count - 1), 'until', 0) end
  return 0
end
if act == 'enter' and till > now then return till - now end
count = count + 1
local delay = math.min(longest, first * 2 ^ math.min(60, count - free))
if act == 'enter' then
  till = 0
  if count >= free then till = now + delay end
  redis.call('HSET', KEYS[1], 'count', count, 'until', string.format('%.0f', till))
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', kept + math.max(0, till - now)))
  return 0
end
redis.call('HSET', KEYS[1], 'count', count, 'until', 0)
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', kept))
if count > free then return math.floor(delay) end
return 0
"""


class SharedDelay(GrowingDelay):
    """Tries of one kind, by key, shared by all processes; the base class is what counts while Redis is silent."""

    def __init__(self, kind: str, client: redis.Redis, **rules: Any) -> None:
        super().__init__(**rules)
        self._kind = kind
        self._client = client
        self._script = client.register_script(SCRIPT)
        self._paused_until = 0.0

    def enter(self, key: str) -> float:
        """Count a try; see ``GrowingDelay.enter``. Blocks: only for worker threads."""
        waited = self._ask("enter", key)
        return super().enter(key) if waited is None else waited

    def delay_of(self, key: str) -> float:
        """Count a try that is never refused; see ``GrowingDelay.delay_of``."""
        delay = self._ask("delay", key)
        return super().delay_of(key) if delay is None else delay

    def undo(self, key: str) -> None:
        """Take the last try back: it was none."""
        super().undo(key)
        self._ask("undo", key)

    def forgive(self, key: str) -> None:
        """Forget the tries of a key: the password was right."""
        super().forgive(key)
        if time.monotonic() < self._paused_until:
            return
        try:
            self._client.delete(self._name(key))
        except RedisError as error:
            self._pause(error)

    def _ask(self, act: str, key: str) -> float | None:
        """Return seconds, or ``None`` when Redis does not answer."""
        if time.monotonic() < self._paused_until:
            return None
        rules = (self._free, self._first * 1000, self._longest * 1000, self._forget_after * 1000)
        try:
            answer = self._script(keys=[self._name(key)], args=[act, *(f"{one:.0f}" for one in rules)])
        except RedisError as error:
            self._pause(error)
            return None
        return int(cast("int", answer)) / 1000

    def _name(self, key: str) -> str:
        return f"{KEY_PREFIX}{self._kind}:{key}"

    def _pause(self, error: RedisError) -> None:
        _log.warning("sign-in delays: Redis does not answer (%s)", type(error).__name__)
        self._paused_until = time.monotonic() + PAUSE_SECONDS


def delays(url: str) -> dict[str, GrowingDelay]:
    """Return the three delays of ``SignInThrottle`` over the Redis at ``url``."""
    client = redis.Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)
    return {kind: SharedDelay(kind, client, **rules) for kind, rules in RULES.items()}
