"""What browsers say the content policy blocked: bounded, deduplicated, kept until the next start.

Reports are written by strangers. They are cut short, never executed or linked, and the number of different ones is
bounded: the oldest makes room.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from smartfolio_app.security.problems import RequestRefusedError

MAXIMUM = 200
_REPORTS_AT_ONCE = 20
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Violation:
    """One kind of violation and how often it was reported. Times are UTC."""

    directive: str
    blocked: str
    page: str
    place: str  # file and line that caused it
    sample: str
    count: int
    first_at: datetime
    last_at: datetime


class Violations:
    """The violations reported to this process."""

    def __init__(self, maximum: int = MAXIMUM) -> None:
        self._lock = Lock()
        self._maximum = maximum
        self._known: OrderedDict[tuple[str, ...], Violation] = OrderedDict()

    def record(self, body: bytes, *, now: datetime | None = None) -> int:
        """Read a report in either of the two formats browsers send; return how many violations it held.

        Raises:
            RequestRefusedError: It is no report.
        """
        at = now or datetime.now(UTC)
        found = list(_read(body))
        with self._lock:
            for parts in found:
                known = self._known.pop(parts, None)
                if known is None:
                    known = Violation(*parts, count=0, first_at=at, last_at=at)
                self._known[parts] = replace(known, count=known.count + 1, last_at=at)
                while len(self._known) > self._maximum:
                    self._known.popitem(last=False)
        return len(found)

    def listed(self) -> list[Violation]:
        """Return what was reported, newest first."""
        with self._lock:
            return list(reversed(self._known.values()))

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._known.clear()


#: This process's own.
REPORTED = Violations()


def _read(body: bytes) -> Iterable[tuple[str, str, str, str, str]]:
    try:
        content: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestRefusedError("request.malformed", 400) from error
    reports = content if isinstance(content, list) else [content]
    read = 0
    for report in reports[:_REPORTS_AT_ONCE]:
        if not isinstance(report, dict):
            continue
        # report-uri: {"csp-report": {"violated-directive"...}}; report-to: {"type": "csp-violation", "body": {...}}
        details = report.get("csp-report") or (
            report.get("body") if report.get("type") == "csp-violation" else None
        )
        if isinstance(details, dict):
            read += 1
            yield _parts(details)
    if not read:
        raise RequestRefusedError("request.malformed", 400)


def _parts(details: dict[str, Any]) -> tuple[str, str, str, str, str]:
    def text(*names: str) -> str:
        value = next((details[name] for name in names if isinstance(details.get(name), str | int)), "")
        return "".join(one for one in str(value) if one.isprintable())[:_LONGEST]

    directive = text("effective-directive", "effectiveDirective", "violated-directive").partition(" ")[0]
    place = _path(text("source-file", "sourceFile"))
    line = text("line-number", "lineNumber")
    return (
        directive,
        _without_query(text("blocked-uri", "blockedURL")),
        _path(text("document-uri", "documentURL")),
        f"{place}:{line}" if place and line else place,
        text("script-sample", "sample")[:80],
    )


def _path(address: str) -> str:
    """Keep the path alone: a query could hold a set-up token."""
    return urlsplit(address).path if "://" in address else address.partition("?")[0]


def _without_query(address: str) -> str:
    return address.partition("?")[0].partition("#")[0]
