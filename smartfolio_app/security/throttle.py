"""Slowing down who guesses passwords, without giving anybody a way to lock the owner out.

- Wrong passwords for one account from one address: after three, each further try waits, twice as long every time.
- Wrong passwords from one address for any accounts: the same after ten.
- Wrong passwords for one account from everywhere: tries are answered later, by a few seconds at most, and never
  refused; so a botnet slows the owner down a little and can do no more.

A try counts before the password is looked at, so that a thousand at once are a thousand.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import ParamSpec, TypeVar

from smartfolio_app.errors import SmartFolioError

P = ParamSpec("P")
T = TypeVar("T")


class TooManyAttemptsError(SmartFolioError):
    """Try again in ``seconds``."""

    status = 429

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, round(seconds + 0.5))
        super().__init__("auth.too_many_attempts", seconds=self.seconds)


@dataclass(slots=True)
class _Tries:
    count: int = 0
    free_again: float = 0.0
    last: float = 0.0


class Counter:
    """Where sign-ins queue for the few threads that may hash a password at a time.

    They have threads of their own: a crowd at the door must not take those that everybody else's requests need. When
    too many queue already, the next ones are turned away instead of being kept waiting.
    """

    def __init__(self, *, threads: int = 3, longest_queue: int = 60) -> None:
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="sign-in")
        self._longest_queue = longest_queue
        self._queued = 0  # touched by the event loop alone

    async def serve(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``function`` in one of the threads; raise ``TooManyAttemptsError`` when too many queue."""
        if self._queued >= self._longest_queue:
            raise TooManyAttemptsError(5.0)
        self._queued += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, partial(function, *args, **kwargs))
        finally:
            self._queued -= 1


class GrowingDelay:
    """Tries of one kind, by key. Thread-safe; remembers the ``capacity`` most recent keys."""

    def __init__(
        self,
        *,
        free: int,
        first: float = 1.0,
        longest: float = 900.0,
        forget_after: float = 3600.0,
        capacity: int = 20_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free = free
        self._first = first
        self._longest = longest
        self._forget_after = forget_after
        self._capacity = capacity
        self._clock = clock
        self._lock = Lock()
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tries)

    def enter(self, key: str) -> float:
        """Count a try; return 0, or the seconds until the next one is welcome (then this one is not counted)."""
        with self._lock:
            now = self._clock()
            tries = self._of(key, now)
            if tries.free_again > now:
                return tries.free_again - now
            tries.count += 1
            tries.last = now
            if tries.count >= self._free:
                tries.free_again = now + self._delay(tries.count)
            return 0.0

    def recall(self, key: str, ago: float) -> None:
        """Count a try that was let in ``ago`` seconds before now."""
        with self._lock:
            at = self._clock() - ago
            tries = self._of(key, at)
            tries.count += 1
            tries.last = at
            if tries.count >= self._free:
                tries.free_again = at + self._delay(tries.count)

    def delay_of(self, key: str) -> float:
        """Count a try that is never refused; return how long its answer should take longer."""
        with self._lock:
            now = self._clock()
            tries = self._of(key, now)
            tries.count += 1
            tries.last = now
            return self._delay(tries.count) if tries.count > self._free else 0.0

    def forgive(self, key: str) -> None:
        """Forget the tries of a key: the password was right."""
        with self._lock:
            self._tries.pop(key, None)

    def undo(self, key: str) -> None:
        """Take the last try back: it was none."""
        with self._lock:
            tries = self._tries.get(key)
            if tries is not None:
                tries.count = max(0, tries.count - 1)
                tries.free_again = 0.0

    def _delay(self, count: int) -> float:
        return min(self._longest, self._first * 2.0 ** min(60, count - self._free))

    def _of(self, key: str, now: float) -> _Tries:
        tries = self._tries.get(key)
        if tries is None or now - max(tries.last, tries.free_again) > self._forget_after:
            tries = self._tries[key] = _Tries()
        self._tries.move_to_end(key)
        while len(self._tries) > self._capacity:
            self._tries.popitem(last=False)
        return tries


#: The three delays of a sign-in: by address and account together, by address, by account.
RULES: dict[str, dict[str, float]] = {
    "pair": {"free": 3},
    "address": {"free": 10},
    "account": {"free": 10, "first": 0.25, "longest": 4.0},
}


@dataclass(frozen=True, slots=True)
class PastTry:
    """A sign-in that was tried before this process started; ``ago`` in seconds."""

    address: str
    account: str
    ago: float
    succeeded: bool


class SignInThrottle:
    """The three delays together. Not for the event loop: they may be kept in Redis, and ``past`` in a database.

    ``past`` gives what was tried before this process started; it is asked for once, with the first sign-in.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        delays: dict[str, GrowingDelay] | None = None,
        past: Callable[[], Iterable[PastTry]] | None = None,
    ) -> None:
        chosen = delays or {kind: GrowingDelay(**rules, clock=clock) for kind, rules in RULES.items()}  # type: ignore[arg-type]
        self._pair, self._address, self._account = (chosen[kind] for kind in RULES)
        self._past = past
        self._lock = Lock()

    def enter(self, address: str, account: str) -> float:
        """Count a try of ``account`` from ``address``; return the seconds its answer is to be held back.

        Raises:
            TooManyAttemptsError: This address has to wait first.
        """
        with self._lock:
            if self._past is not None:
                self.recall(self._past())
                self._past = None
        account = _plain(account)
        wait = self._pair.enter(f"{address} {account}")
        wait = max(wait, self._address.enter(address) if wait == 0 else 0.0)
        if wait > 0:
            raise TooManyAttemptsError(wait)
        return self._account.delay_of(account)

    def succeeded(self, address: str, account: str) -> None:
        """The password was right: what this address tried on this account is forgotten.

        Its tries on other accounts are not: an attacker may have an account too.
        """
        self._pair.forgive(f"{address} {_plain(account)}")
        self._address.undo(address)

    def recall(self, tries: Iterable[PastTry]) -> None:
        """Count what was tried before a restart, oldest first: whoever had to wait still has to."""
        for one in tries:
            account = _plain(one.account)
            if one.succeeded:
                self.succeeded(one.address, account)
                continue
            self._pair.recall(f"{one.address} {account}", one.ago)
            self._address.recall(one.address, one.ago)
            self._account.recall(account, one.ago)


def _plain(account: str) -> str:
    return account.strip().casefold()[:200]
