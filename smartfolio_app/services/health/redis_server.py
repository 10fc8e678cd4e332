"""Does Redis answer, where it is configured?"""

from __future__ import annotations

from collections.abc import Iterator

import redis

from smartfolio_app.services.health.findings import Finding, Patient

TIMEOUT_SECONDS = 2.0


def check(patient: Patient) -> Iterator[Finding]:
    """Ask Redis; say so when none is used."""
    if not patient.settings.redis_url:
        yield Finding("redis", "info", "redis.unused")
    elif redis_answers(patient.settings.redis_url):
        yield Finding("redis", "ok", "redis.answers")
    else:
        yield Finding("redis", "error", "redis.silent")


def redis_answers(url: str) -> bool:
    """Tell whether the Redis at ``url`` answers in time."""
    client = redis.Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
