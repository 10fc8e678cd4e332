"""Instants as integers: microseconds since 1970 UTC, which sort, subtract and vectorise exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

Microseconds = int
DAY_US = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_US = timedelta(microseconds=1)


def micros(at: datetime) -> Microseconds:
    """Return an aware instant as microseconds since 1970 UTC, exactly."""
    return (at - _EPOCH) // _ONE_US


def instant(at: Microseconds) -> datetime:
    """Return the instant, aware and in UTC."""
    return _EPOCH + timedelta(microseconds=at)
