"""How far this machine's clock is from those of the providers, read from the ``Date`` of their answers."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from statistics import median

import httpx

#: Enough for a median that one slow answer does not move.
_KEPT = 9

_seen: deque[float] = deque(maxlen=_KEPT)


def note(response: httpx.Response) -> None:
    """Compare an answer's ``Date`` with the clock; what a cache kept tells nothing. For httpx' response hook."""
    told = response.headers.get("date", "")
    if not told or response.headers.get("age", "0") != "0":
        return
    try:
        theirs = parsedate_to_datetime(told)
    except ValueError:
        return
    if theirs.tzinfo is not None:
        _seen.append((datetime.now(UTC) - theirs).total_seconds())


def seconds() -> float | None:
    """Return by how many seconds this clock is ahead of the providers' (negative: behind), ``None`` when unknown.

    A ``Date`` has whole seconds and is written before the answer travels, so one or two seconds mean nothing.
    """
    return median(_seen) if _seen else None


def forget() -> None:
    """Forget what was seen (tests, a clock that was set)."""
    _seen.clear()
