"""Quiet hours: from when to when, on the clock of the person's own place, nothing is delivered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Minutes after midnight; ``begin`` after ``end`` goes over midnight, equal ones are no quiet at all."""

    begin: int
    end: int

    def covers(self, minute: int) -> bool:
        """Tell whether a minute of the day is quiet; the end itself is not."""
        if self.begin <= self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end

    def allowed(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return when something that is ready ``at`` may be delivered: then, or when the quiet ends.

        On the days when the clocks change, an end that the clock skips is as late as the skip makes it.
        """
        local = at.astimezone(zone)
        if not self.covers(local.hour * 60 + local.minute):
            return at
        ends = instant(local.date(), self.end, zone)
        return ends if ends > at else instant(local.date() + timedelta(days=1), self.end, zone)


def instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return when a minute of a day is, in UTC."""
    return datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)
