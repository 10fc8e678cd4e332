"""Since when "today" counts: midnight, the previous snapshot, or the previous close."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from smartfolio_app.analytics.clock import business_days_between, day_number, local_midnight

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo


class Anchor(StrEnum):
    """What P&L today is measured against."""

    MIDNIGHT = "midnight"  # the start of the user's day
    SNAPSHOT = "snapshot"  # the last snapshot taken
    CLOSE = "close"  # the end of the last business day before today


def eve_of(since: datetime) -> datetime:
    """Return the last instant before an anchor: its prices are what "then" was worth.

    A price of the anchor's own instant is the new day's, as in the daily series: today must be one figure everywhere.
    """
    return since - timedelta(microseconds=1)


def anchor_instant(
    anchor: Anchor, at: datetime, zone: ZoneInfo, snapshot_at: datetime | None
) -> datetime | None:
    """Return the instant in UTC from which changes count; ``None`` when there is no snapshot to compare with."""
    today = at.astimezone(zone).date()
    if anchor is Anchor.SNAPSHOT:
        return snapshot_at if snapshot_at is not None and snapshot_at <= at else None
    if anchor is Anchor.MIDNIGHT:
        return local_midnight(today, zone)
    day = today
    while True:
        before = day - timedelta(days=1)
        if business_days_between(day_number(before) - 1, day_number(before)):
            return local_midnight(day, zone)
        day = before
