"""Answers kept in memory, each with the revisions it is right for and the time it was given."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Lock

_LARGEST = 128


class Turns:
    """One at a time for each key: the others wait, and find what the first has made."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[Hashable, tuple[Lock, int]] = {}

    @contextmanager
    def of(self, key: Hashable) -> Iterator[None]:
        """Wait for one's turn, and have it."""
        with self._lock:
            turn, waiting = self._held.get(key, (Lock(), 0))
            self._held[key] = turn, waiting + 1
        try:
            with turn:
                yield
        finally:
            with self._lock:
                turn, waiting = self._held.pop(key)
                if waiting > 1:
                    self._held[key] = turn, waiting - 1


class Answers:
    """The newest answers; the least used ones go.

    To each question one answer is kept: the newest, and beside it the one for a revision that readers still are shown.
    """

    def __init__(self, size: int = _LARGEST) -> None:
        self._size = size
        self._answers: OrderedDict[Hashable, dict[Hashable, tuple[datetime, object]]] = OrderedDict()
        self._lock = Lock()

    def get(
        self, question: Hashable, revision: Hashable, now: datetime, fresh_seconds: float
    ) -> object | None:
        """Return the answer, unless it is for another revision or older than ``fresh_seconds``."""
        with self._lock:
            found = self._answers.get(question, {}).get(revision)
            if found is None or abs((now - found[0]).total_seconds()) > fresh_seconds:
                return None
            self._answers.move_to_end(question)
            return found[1]

    def put(
        self,
        question: Hashable,
        revision: Hashable,
        now: datetime,
        answer: object,
        *,
        shown: Hashable | None = None,
    ) -> None:
        """Keep an answer; the one for the revision ``shown`` stays beside it."""
        with self._lock:
            before = self._answers.get(question, {})
            order = list(before)
            newer = order[order.index(revision) + 1 :] if revision in before else []
            beside = {} if shown not in before else {shown: before[shown]}
            self._answers[question] = {
                **beside,
                revision: (now, answer),
                **{one: before[one] for one in newer},
            }
            self._answers.move_to_end(question)
            while len(self._answers) > self._size:
                self._answers.popitem(last=False)

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._answers.clear()
