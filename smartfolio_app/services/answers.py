"""Answers kept in memory, each with the revisions it is right for and the time it was given."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime
from threading import Lock

_LARGEST = 128


class Answers:
    """The newest answers; the least used ones go."""

    def __init__(self, size: int = _LARGEST) -> None:
        self._size = size
        self._answers: OrderedDict[Hashable, tuple[Hashable, datetime, object]] = OrderedDict()
        self._lock = Lock()

    def get(
        self, question: Hashable, revision: Hashable, now: datetime, fresh_seconds: float
    ) -> object | None:
        """Return the answer, unless it is for another revision or older than ``fresh_seconds``."""
        with self._lock:
            found = self._answers.get(question)
            if found is None or found[0] != revision:
                return None
            if abs((now - found[1]).total_seconds()) > fresh_seconds:
                return None
            self._answers.move_to_end(question)
            return found[2]

    def put(self, question: Hashable, revision: Hashable, now: datetime, answer: object) -> None:
        """Keep an answer."""
        with self._lock:
            self._answers[question] = (revision, now, answer)
            self._answers.move_to_end(question)
            while len(self._answers) > self._size:
                self._answers.popitem(last=False)

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._answers.clear()
