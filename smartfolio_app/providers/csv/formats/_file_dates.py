"""The day that a file's name tells, for statements that do not tell it inside."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from smartfolio_app.providers.csv import dates
from smartfolio_app.providers.csv.base import RowError

_DAY = re.compile(
    r"(?<!\d)(?:\d{1,2}\.\d{1,2}\.20\d{2}|20\d{2}-\d{1,2}-\d{1,2}|20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"|\d{1,2}[-_ ][^\W\d_]{3,10}\.?[-_ ]20\d{2})(?!\d)"
)


def date_in_name(filename: str) -> datetime | None:
    """Return the end of the day that a file name tells (``… - 26.08.2025.csv``), nothing when it tells none."""
    match = _DAY.search(filename.replace("\\", "/").rpartition("/")[2])
    if match is None:
        return None
    try:
        day = dates.DateReader("dmy", UTC).day(match[0].replace("_", " "))
    except RowError:
        return None
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
