"""The limits in force: one bucket for everything a caller does, small strict ones for what an attacker would repeat.

A caller is a user when signed in, else an address (IPv6: its /64). Requests to the API, uploads and websocket frames
draw from the same bucket; static files and ``/healthz`` are free.
"""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from dataclasses import dataclass
from threading import Lock
from typing import cast

from limits import parse
from slowapi import Limiter
from starlette.requests import Request

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.security.buckets import (
    MEMORY_SCHEME,
    STRATEGY,
    Bucket,
    BucketStorage,
    Decision,
    TokenBucketRateLimiter,
)
from smartfolio_app.security.redis_buckets import BucketRedis
from smartfolio_app.settings import Settings
from smartfolio_app.telemetry import metrics

_log = logging.getLogger(__name__)

SIGN_IN = Bucket("sign-in", rate=0.2, burst=20)
SET_UP = Bucket("set-up", rate=1 / 30, burst=5)
DEMO = Bucket("demo", rate=1 / 30, burst=5)
IMPORTS = Bucket("imports", rate=2.0, burst=100)
TOKEN_FAILURES = Bucket("token-failures", rate=0.1, burst=10)
REPORTS = Bucket("reports", rate=0.5, burst=20)

#: Where the middleware leaves the caller's key for slowapi's decorators.
SCOPE_KEY = "smartfolio.limit_key"


class RateLimitedError(SmartFolioError):
    """Too much at once; ``decision`` and ``bucket`` say how much and for how long."""

    status = 429

    def __init__(self, decision: Decision, bucket: Bucket) -> None:
        self.decision = decision
        self.bucket = bucket
        super().__init__("limit.too_many_requests", seconds=decision.retry_after_seconds)

    def headers(self) -> dict[str, str]:
        """Return ``Retry-After`` and the IETF ``RateLimit`` fields."""
        return {
            "Retry-After": str(self.decision.retry_after_seconds),
            "RateLimit": self.decision.field(self.bucket),
            "RateLimit-Policy": self.bucket.policy_field,
        }


@dataclass(frozen=True, slots=True)
class Counters:
    """How often the limits said yes and no since the start, and to whom no, most often first."""

    allowed: int
    limited: int
    top: tuple[tuple[str, int], ...]


class Limits:
    """Every bucket of this server, over one storage."""

    def __init__(self, settings: Settings, *, storage_uri: str = "") -> None:
        self.settings = settings
        self.general = Bucket("default", settings.rate_limit_refill_rate, settings.rate_limit_burst_size)
        with warnings.catch_warnings():
            # A name that exists nowhere: slowapi would otherwise read the working directory's .env, unasked.
            warnings.filterwarnings("ignore", message="Config file")
            self.limiter = Limiter(
                key_func=limit_key_of,
                strategy=STRATEGY,
                storage_uri=storage_uri or storage_address(settings),
                config_filename="no-file",
            )
        self._storage = cast("BucketStorage", cast("TokenBucketRateLimiter", self.limiter.limiter).storage)
        self._lock = Lock()
        self._allowed = 0
        self._limited: Counter[str] = Counter()

    async def take(self, bucket: Bucket, key: str, cost: int = 1) -> Decision:
        """Take from a bucket without blocking the event loop."""
        name = _key(bucket, key)
        if isinstance(self._storage, BucketRedis):
            decision = await self._storage.take_async(
                name, interval=bucket.interval, burst=bucket.burst, cost=cost
            )
        else:
            decision = self._storage.take(name, interval=bucket.interval, burst=bucket.burst, cost=cost)
        self._count(decision, bucket, key)
        return decision

    def take_now(self, bucket: Bucket, key: str, cost: int = 1) -> Decision:
        """Take from a bucket, from a worker thread."""
        decision = self._storage.take(
            _key(bucket, key), interval=bucket.interval, burst=bucket.burst, cost=cost
        )
        self._count(decision, bucket, key)
        return decision

    def peek(self, bucket: Bucket, key: str) -> Decision:
        """Look at a bucket without taking, from a worker thread."""
        return self._storage.take(
            _key(bucket, key), interval=bucket.interval, burst=bucket.burst, commit=False
        )

    def require(self, bucket: Bucket, key: str) -> None:
        """Take one token, from a worker thread; raise ``RateLimitedError`` when there is none."""
        decision = self.take_now(bucket, key)
        if not decision.allowed:
            raise RateLimitedError(decision, bucket)

    def counters(self) -> Counters:
        """Return what the limits did since the start."""
        with self._lock:
            return Counters(self._allowed, self._limited.total(), tuple(self._limited.most_common(10)))

    def announce(self) -> str:
        """Log, once at the start, what is in force and where each value comes from; return the line."""
        line = announcement(self.settings)
        _log.info(line)
        return line

    def _count(self, decision: Decision, bucket: Bucket, key: str) -> None:
        metrics.decision(bucket.name, decision.allowed)
        with self._lock:
            if decision.allowed:
                self._allowed += 1
                return
            self._limited[f"{bucket.name} {key}"] += 1
            if len(self._limited) > 2000:
                self._limited = Counter(dict(self._limited.most_common(1000)))


def announcement(settings: Settings) -> str:
    """Return ``Token bucket rate limiter initialized: 20.0 req/s burst 50 (default)``."""
    rate, burst = settings.origin("rate_limit_refill_rate"), settings.origin("rate_limit_burst_size")
    origin = rate if rate == burst else f"rate: {rate}, burst: {burst}"
    return (
        f"Token bucket rate limiter initialized: {settings.rate_limit_refill_rate} req/s "
        f"burst {settings.rate_limit_burst_size:g} ({origin})"
    )


def storage_address(settings: Settings) -> str:
    """Return where the buckets are kept: Redis where it is configured, else this process's memory."""
    return f"bucket+{settings.redis_url}" if settings.redis_url else f"{MEMORY_SCHEME}://"


def limit_key_of(request: Request) -> str:
    """Return the caller's key, which the middleware has found out."""
    return cast("str", request.scope.get(SCOPE_KEY, "nobody"))


def user_key(user_id: str) -> str:
    """Return the key of a signed-in caller."""
    return f"user:{user_id}"


def address_key(bucket_address: str) -> str:
    """Return the key of an unknown caller, from ``Client.bucket``."""
    return f"address:{bucket_address}"


def _key(bucket: Bucket, key: str) -> str:
    """The very key that slowapi would use for the same bucket and caller."""
    return parse(bucket.limit_string).key_for(key, bucket.name)
