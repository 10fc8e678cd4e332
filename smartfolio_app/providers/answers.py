"""Answers kept for a while, and questions asked once: what spares a provider the same call twice.

An answer is kept only after it was read successfully. A cache on the transport (hishel) would also keep the page of a
broken proxy that says 200 and ``max-age``, and serve it to every retry.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a provider said, read into ``value``; ``at`` is when it said so; ``cached`` when no call was needed."""

    value: T
    at: datetime
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept answer, when it stops being fresh (a clock time), and what a conditional request needs."""

    answer: Answer[Any]
    fresh_until: float
    etag: str = ""
    last_modified: str = ""


class AnswerCache:
    """The newest ``size`` answers. Stale ones stay for conditional requests."""

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Kept | None:
        """Return what is kept under ``key``, fresh or not."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
            return kept

    def put(self, key: Hashable, kept: Kept) -> None:
        """Keep an answer; the least used one goes when there are too many."""
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)


class SingleFlight:
    """Concurrent callers with the same question share one call, its answer or its error."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, Future[Any]] = {}
        self._lock = Lock()

    def run(self, key: Hashable, ask: Callable[[], T]) -> T:
        """Return ``ask()``, or what another thread that is asking the same right now gets."""
        with self._lock:
            flight = self._flights.get(key)
            leader = flight is None
            if flight is None:
                flight = self._flights[key] = Future()
        if not leader:
            result: T = flight.result()
            return result
        try:
            answer = ask()
        except BaseException as error:
            self._land(key)
            flight.set_exception(error)
            raise
        self._land(key)
        flight.set_result(answer)
        return answer

    def _land(self, key: Hashable) -> None:
        with self._lock:
            del self._flights[key]
