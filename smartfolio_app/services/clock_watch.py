"""Was this machine's clock set while we ran? Seen by comparing it with one that nobody can set."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

#: Less than this is the usual keeping of time.
TOLERANCE_SECONDS = 5.0
#: For how long a jump is worth telling.
TOLD_FOR = timedelta(days=1)


def _steady() -> float:
    """Seconds since the machine started, sleep included where the system tells; else a long sleep looks like a jump."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


@dataclass(frozen=True, slots=True)
class Jump:
    """That the clock was set: when (by its new time), and by how many seconds (negative: back)."""

    at: datetime
    seconds: float


class ClockWatch:
    """Compares the two clocks whenever it is asked to."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = _steady) -> None:
        self._wall, self._steady = wall, steady
        self._lock = Lock()
        self._apart = wall() - steady()
        self._last: Jump | None = None

    def look(self) -> float:
        """Return by how many seconds the clock was set since the last look, 0 when it was not."""
        with self._lock:
            apart = self._wall() - self._steady()
            moved, self._apart = apart - self._apart, apart
            if abs(moved) < TOLERANCE_SECONDS:
                return 0.0
            self._last = Jump(datetime.fromtimestamp(self._wall(), UTC), moved)
            return moved

    def last(self) -> Jump | None:
        """Return the last jump, while it is worth telling."""
        with self._lock:
            if (
                self._last is None
                or abs(datetime.fromtimestamp(self._wall(), UTC) - self._last.at) > TOLD_FOR
            ):
                return None
            return self._last


#: This process's own.
WATCH = ClockWatch()
