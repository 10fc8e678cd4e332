"""Instants as integers, days as arrays, and the days on which reference rates are made.

A day is its number since 1970. Nothing here reads the present time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.ledger.instants import DAY_US, Microseconds, instant, micros

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

__all__ = ["DAY_US", "Microseconds", "instant", "micros"]

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def day_number(day: date) -> int:
    """Return the days from 1970-01-01 to ``day``."""
    return day.toordinal() - _EPOCH_ORDINAL


def day_of(number: int) -> date:
    """Return the date of a day number."""
    return date.fromordinal(number + _EPOCH_ORDINAL)


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which ``day`` begins in ``zone``, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_starts(first: date, last: date, zone: ZoneInfo) -> NDArray[np.int64]:
    """Return the instants at which the days ``first`` to ``last`` + 1 begin in ``zone``; shape (days + 1,).

    The end of day ``i`` is one microsecond before element ``i + 1``, so that days of 23 and 25 hours come out right.
    """
    ordinals = range(first.toordinal(), last.toordinal() + 2)
    if zone.key == "UTC":
        return np.asarray(ordinals, dtype=np.int64) * DAY_US - _EPOCH_ORDINAL * DAY_US
    return np.fromiter(
        (micros(local_midnight(date.fromordinal(number), zone)) for number in ordinals),
        dtype=np.int64,
        count=len(ordinals),
    )


def easter(year: int) -> date:
    """Return Easter Sunday (Gregorian computus; Meeus, Astronomical Algorithms, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=1)
def _business_days_before() -> tuple[int, NDArray[np.int32]]:
    """Return the first day number covered, and the running count of business days up to and including each day."""
    first, last = date(1990, 1, 1), date(2100, 12, 31)
    holidays = [
        holiday
        for year in range(first.year, last.year + 1)
        for holiday in (
            date(year, 1, 1),
            easter(year) - timedelta(days=2),
            easter(year) + timedelta(days=1),
            date(year, 5, 1),
            date(year, 12, 25),
            date(year, 12, 26),
        )
    ]
    days = np.arange(np.datetime64(first), np.datetime64(last + timedelta(days=1)))
    open_ = np.is_busday(days, holidays=np.array(holidays, dtype="datetime64[D]"))
    return day_number(first), np.cumsum(open_, dtype=np.int32)


def business_days_between(earlier: int, later: int) -> int:
    """Return how many TARGET business days lie after day ``earlier`` up to and including day ``later``.

    TARGET closes on weekends, New Year, Good Friday, Easter Monday, 1 May, 25 and 26 December; the ECB publishes
    reference rates on its open days. Most exchanges share those holidays.
    """
    first, count = _business_days_before()
    end = len(count) - 1
    return int(count[min(max(later - first, 0), end)] - count[min(max(earlier - first, 0), end)])


def business_days_array(earlier: NDArray[np.int64], later: NDArray[np.int64]) -> NDArray[np.int32]:
    """Do what ``business_days_between`` does, elementwise on day numbers."""
    first, count = _business_days_before()
    end = len(count) - 1
    return np.asarray(count[np.clip(later - first, 0, end)] - count[np.clip(earlier - first, 0, end)])
