"""How often we may call: budgets, pauses that a host asked for, circuit breakers. Thread-safe; clocks are handed in.

The budget is a moving window rather than a token bucket, because a bucket of N refilled at N an hour lets 2 N calls
through in its first hour, which a provider that counts (CoinTracking: 20 an hour) answers with a block. It is ours
rather than that of ``limits`` because it must be restored from the outbound log after a restart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True, slots=True)
class Budget:
    """At most ``calls`` in any ``seconds``."""

    calls: int
    seconds: float


class Window:
    """The calls of one provider and key inside its moving window."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._times: deque[float] = deque()
        self._lock = Lock()

    def take(self, now: float) -> float:
        """Spend one call and return 0, or spend nothing and return the seconds until one is free."""
        with self._lock:
            self._forget(now)
            if len(self._times) < self.budget.calls:
                self._times.append(now)
                return 0.0
            return max(self._times[0] + self.budget.seconds - now, 0.001)

    def left(self, now: float) -> int:
        """Return how many calls are free now."""
        with self._lock:
            self._forget(now)
            return self.budget.calls - len(self._times)

    def restore(self, times: Iterable[float]) -> None:
        """Count calls that were made before this process started."""
        with self._lock:
            self._times = deque(sorted((*self._times, *times)))

    def recount(self, times: Iterable[float]) -> None:
        """Count the recorded calls of all processes, and only these."""
        with self._lock:
            self._times = deque(sorted(times))

    def _forget(self, now: float) -> None:
        if self._times and self._times[-1] > now:  # the clock was set back: what was called was called by now
            self._times = deque(min(one, now) for one in self._times)
        while self._times and self._times[0] <= now - self.budget.seconds:
            self._times.popleft()


#: The longest pause that is believed (Binance bans last up to three days).
LONGEST_PAUSE_SECONDS = 3 * 86_400.0


class Pauses:
    """Until when each host wants to hear nothing from us."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._lock = Lock()

    def pause(self, host: str, until: float) -> None:
        """Stay silent towards ``host`` until then; a shorter pause never shortens a longer one."""
        with self._lock:
            self._until[host] = max(until, self._until.get(host, 0.0))

    def until(self, host: str, now: float) -> float | None:
        """Return the end of the pause, or ``None`` when there is none."""
        with self._lock:
            end = self._until.get(host)
            if end is not None and end > now + LONGEST_PAUSE_SECONDS:  # the clock was set back
                end = self._until[host] = now + LONGEST_PAUSE_SECONDS
            return end if end is not None and end > now else None


class Breaker:
    """Stops asking a provider that only fails: open after ``threshold`` failures, one trial after each pause.

    The pause doubles from ``first`` to ``longest`` seconds while the trials fail.
    """

    def __init__(self, threshold: int = 4, first: float = 30.0, longest: float = 900.0) -> None:
        self._threshold, self._first, self._longest = threshold, first, longest
        self._failures = 0
        self._pause = first
        self._open_until = 0.0
        self._trial_since = 0.0
        self._lock = Lock()

    def opens_at(self, now: float) -> float | None:
        """Return ``None`` when a call may be made (the one trial, after a pause), else when to come back."""
        with self._lock:
            if self._failures < self._threshold:
                return None
            if now < self._open_until <= now + self._longest:  # later than that: the clock was set back
                return self._open_until
            if self._trial_since and now - self._trial_since < self._first:
                return self._trial_since + self._first
            self._trial_since = now
            return None

    def is_open(self, now: float) -> bool:
        """Tell whether calls are held back."""
        with self._lock:
            return self._failures >= self._threshold and now < self._open_until

    def succeeded(self) -> None:
        """Close: everything is as it was."""
        with self._lock:
            self._failures, self._pause, self._open_until, self._trial_since = 0, self._first, 0.0, 0.0

    def failed(self, now: float) -> None:
        """Count a failure; open, or stay open for longer, when there were too many."""
        with self._lock:
            self._failures += 1
            self._trial_since = 0.0
            if self._failures >= self._threshold:
                self._open_until = now + self._pause
                self._pause = min(self._pause * 2, self._longest)
