"""Token buckets (GCRA) as a ``limits`` strategy, so that slowapi and the websocket door count in the same ones.

A bucket holds up to ``burst`` tokens and gains ``rate`` a second; a request takes one. GCRA keeps one number a
key, the theoretical arrival time: the moment the bucket is full again. A key whose moment has passed is as good
as unknown and is dropped, which keeps the memory bounded whatever the number of addresses.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

from limits.limits import Granularity, RateLimitItem
from limits.storage import Storage
from limits.strategies import STRATEGIES, RateLimiter
from limits.util import WindowStats

STRATEGY = "token-bucket"
MEMORY_SCHEME = "bucket+memory"

_MICRO = 1_000_000


class RateLimitItemPerMicrosecond(RateLimitItem):
    """Lets a limit string say any rate, fractions included: ``50 per 2500000 microsecond`` is 20 a second, burst 50."""

    GRANULARITY = Granularity(cast("int", 1 / _MICRO), "microsecond")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A named limit: at most ``burst`` at once, ``rate`` a second in the long run."""

    name: str
    rate: float
    burst: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rate) and self.rate > 0 and math.isfinite(self.burst) and self.burst >= 1):
            raise ValueError(f"bucket {self.name}: the rate must be more than 0 and the burst 1 or more")

    @property
    def interval(self) -> float:
        """Seconds in which one token comes back."""
        return 1 / self.rate

    @property
    def seconds_to_fill(self) -> float:
        """Seconds from empty to full."""
        return self.burst / self.rate

    @property
    def limit_string(self) -> str:
        """The bucket in ``limits``' notation (whole tokens), for slowapi."""
        whole = math.floor(self.burst)
        return f"{whole} per {max(1, round(whole / self.rate * _MICRO))} microsecond"

    @property
    def policy_field(self) -> str:
        """The IETF ``RateLimit-Policy`` field."""
        return f'"{self.name}";q={math.floor(self.burst)};w={math.ceil(self.seconds_to_fill)}'


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a request may pass; seconds until it may (0 when it may), and until the bucket is full."""

    allowed: bool
    remaining: int
    retry_after: float
    reset_after: float

    @property
    def retry_after_seconds(self) -> int:
        """``Retry-After``: whole seconds, never 0."""
        return max(1, math.ceil(self.retry_after))

    def field(self, bucket: Bucket) -> str:
        """The IETF ``RateLimit`` field."""
        return f'"{bucket.name}";r={self.remaining};t={math.ceil(self.reset_after)}'


class BucketStorage(Protocol):
    """Where buckets are kept: in this process, or in Redis for several."""

    def take(
        self, key: str, *, interval: float, burst: float, cost: int = 1, commit: bool = True
    ) -> Decision:
        """Take ``cost`` tokens from the bucket ``key`` when it has them; only look when not ``commit``."""
        ...


class BucketMemory(Storage):
    """Buckets of one process. At most ``capacity`` are remembered, those with the most debt."""

    STORAGE_SCHEME = [MEMORY_SCHEME]  # noqa: RUF012 - the base class declares it so

    def __init__(
        self,
        uri: str | None = None,
        wrap_exceptions: bool = False,
        *,
        capacity: int = 100_000,
        clock: Callable[[], float] = time.monotonic,
        **options: Any,
    ) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._lock = threading.Lock()
        self._full_again: dict[str, float] = {}
        self._capacity = capacity
        self._clock = clock

    def __len__(self) -> int:
        return len(self._full_again)

    def take(
        self, key: str, *, interval: float, burst: float, cost: int = 1, commit: bool = True
    ) -> Decision:
        """Take tokens; see ``BucketStorage.take``. A clock that goes back does no harm: it is the monotonic one."""
        with self._lock:
            now = self._clock()
            before = max(self._full_again.get(key, now), now)
            decision, after = gcra(now, before, interval=interval, burst=burst, cost=cost)
            if decision.allowed and commit:
                if key not in self._full_again and len(self._full_again) >= self._capacity:
                    self._make_room(now)
                self._full_again[key] = after
            return decision

    def _make_room(self, now: float) -> None:
        """Forget the buckets that are full again; when that is not enough, the half that is nearest to it."""
        self._full_again = {key: moment for key, moment in self._full_again.items() if moment > now}
        if len(self._full_again) > self._capacity * 3 // 4:
            indebted = sorted(self._full_again.items(), key=lambda item: item[1], reverse=True)
            self._full_again = dict(indebted[: self._capacity // 2])

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """Nothing to wrap: a dictionary does not fail."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Not a counter."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """Not a counter."""
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        """Return the epoch second at which the bucket is full again."""
        with self._lock:
            return time.time() + max(0.0, self._full_again.get(key, 0.0) - self._clock())

    def check(self) -> bool:
        """Always there."""
        return True

    def reset(self) -> int | None:
        """Fill every bucket; return how many were not full."""
        with self._lock:
            count = len(self._full_again)
            self._full_again.clear()
            return count

    def clear(self, key: str) -> None:
        """Fill one bucket."""
        with self._lock:
            self._full_again.pop(key, None)


class TokenBucketRateLimiter(RateLimiter):
    """The strategy: registered under ``token-bucket``, so that slowapi finds it by name."""

    def __init__(self, storage: Any) -> None:
        if not hasattr(storage, "take"):
            raise NotImplementedError(f"token buckets are not implemented for {type(storage).__name__}")
        super().__init__(storage)

    def take(self, item: RateLimitItem, *identifiers: str, cost: int = 1, commit: bool = True) -> Decision:
        """Take ``cost`` tokens and say all there is to say about it."""
        storage = cast("BucketStorage", self.storage)
        interval = item.get_expiry() / item.amount
        return storage.take(
            item.key_for(*identifiers), interval=interval, burst=item.amount, cost=cost, commit=commit
        )

    def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Take ``cost`` tokens; tell whether they were there."""
        return self.take(item, *identifiers, cost=cost).allowed

    def test(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Tell whether ``cost`` tokens are there, without taking them."""
        return self.take(item, *identifiers, cost=cost, commit=False).allowed

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        """Return when the bucket is full again (epoch seconds) and how many tokens it holds."""
        decision = self.take(item, *identifiers, commit=False)
        remaining = decision.remaining + (1 if decision.allowed else 0)
        return WindowStats(time.time() + decision.reset_after, remaining)


cast("dict[str, type[RateLimiter]]", STRATEGIES)[STRATEGY] = TokenBucketRateLimiter


def gcra(
    now: float, full_again: float, *, interval: float, burst: float, cost: int
) -> tuple[Decision, float]:
    """Decide by the generic cell rate algorithm.

    Args:
        now: The present, in seconds of any clock.
        full_again: When the bucket is full again, not before ``now``.
        interval: Seconds in which one token comes back.
        burst: The most the bucket holds.
        cost: Tokens wanted. More than ``burst`` can never be had.

    Returns:
        The decision, and when the bucket is full again if it is carried out.
    """
    capacity = burst * interval
    after = full_again + cost * interval
    wait = after - capacity - now
    # A billionth of a token of rounding must not refuse the very last one.
    if wait <= interval * 1e-9:
        remaining = math.floor((capacity - (after - now)) / interval + 1e-9)
        return Decision(True, max(0, remaining), 0.0, max(0.0, after - now)), after
    remaining = math.floor((capacity - (full_again - now)) / interval + 1e-9)
    return Decision(False, max(0, remaining), wait, max(0.0, full_again - now)), full_again
