"""What the server processes tell of themselves: limits, blocked content, jobs, clock.

These counts live in the memory of one process, and there may be several; and the shell's doctor is yet another. So each
process writes its own down every half minute, and whoever asks reads them all.
"""

from __future__ import annotations

import json
import os
import socket
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from sqlalchemy import delete, select
from sqlmodel import Session, col

from smartfolio_app import __version__
from smartfolio_app.security.violations import REPORTED
from smartfolio_app.services import clock_skew
from smartfolio_app.services.clock_watch import WATCH, Jump
from smartfolio_app.storage.tables import ProcessReport

if TYPE_CHECKING:
    from smartfolio_app.services.scheduler import JobStatus

EVERY = timedelta(seconds=30)
#: Silent for so long: it has ended (or hangs, which is as bad).
SILENT = timedelta(seconds=100)
#: What ended processes told is kept, so that a restart does not hide what was blocked before it.
KEPT = timedelta(days=7)


class CountsLimits(Protocol):
    """Where the counters of the limits are."""

    def counters(self) -> Any:
        """Return ``allowed``, ``limited`` and ``top``, pairs of a key and how often it was refused."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """One kind of violation of the content policy, over all processes."""

    directive: str
    blocked: str
    page: str
    place: str
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class JobTold:
    """How a background job is doing in the process that ran it last."""

    name: str
    error: str
    running: bool
    started_at: datetime | None
    finished_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """All of it together. ``living`` are the processes that run now; counters are of those, since their start."""

    living: tuple[str, ...]
    since: datetime | None
    allowed: int
    limited: int
    top: tuple[tuple[str, int], ...]
    blocked: tuple[Blocked, ...]
    jobs: tuple[JobTold, ...]
    skew_seconds: float | None
    jump: Jump | None


@dataclass(slots=True)
class _Me:
    """This process. Made anew after a fork, which would otherwise write another's row."""

    id: str = field(default_factory=lambda: uuid4().hex)
    pid: int = field(default_factory=os.getpid)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    limits: CountsLimits | None = None


_me = _Me()


def count_limits(limits: CountsLimits) -> None:
    """Say where this process counts; done once, when the server starts."""
    _this().limits = limits


def write(db: Session, jobs: Iterable[JobStatus], *, now: datetime | None = None) -> None:
    """Write down what this process has to tell, and forget what is old. The caller commits."""
    me, at = _this(), now or datetime.now(UTC)
    row = db.get(ProcessReport, me.id) or ProcessReport(id=me.id, started_at=me.started_at)
    row.host, row.pid, row.version, row.seen_at = socket.gethostname()[:120], me.pid, __version__, at
    row.report = json.dumps(_report(me, jobs), default=_text)
    db.add(row)
    db.execute(delete(ProcessReport).where(col(ProcessReport.seen_at) < at - KEPT))
    db.flush()


def read(db: Session, *, now: datetime | None = None) -> Told:
    """Return what all processes told."""
    at = now or datetime.now(UTC)
    rows = list(db.execute(select(ProcessReport).order_by(col(ProcessReport.seen_at))).scalars())
    # What was seen in the future was seen before the clock was set back.
    living = [row for row in rows if abs(at - row.seen_at) < SILENT]
    reports = [json.loads(row.report) for row in living]
    top: Counter[str] = Counter()
    for report in reports:
        top.update(dict(report["top"]))
    jumps = [report["jump"] for report in reports if report.get("jump")]
    skews = [report["skew"] for report in reports if report["skew"] is not None]
    return Told(
        living=tuple(f"{row.host} {row.pid}" for row in living),
        since=min((row.started_at for row in living), default=None),
        allowed=sum(report["allowed"] for report in reports),
        limited=sum(report["limited"] for report in reports),
        top=tuple(top.most_common(10)),
        blocked=_blocked(json.loads(row.report) for row in rows),
        jobs=_jobs(reports),
        skew_seconds=max(skews, key=abs) if skews else None,
        jump=max(
            (Jump(datetime.fromisoformat(moment), seconds) for moment, seconds in jumps),
            key=lambda one: one.at,
            default=None,
        ),
    )


# --------------------------------------------------------------------------------------------------- the inside
def _this() -> _Me:
    global _me  # noqa: PLW0603 - see _Me
    if _me.pid != os.getpid():
        _me = _Me(limits=_me.limits)
    return _me


def _report(me: _Me, jobs: Iterable[JobStatus]) -> dict[str, Any]:
    counted = me.limits.counters() if me.limits is not None else None
    return {
        "allowed": counted.allowed if counted else 0,
        "limited": counted.limited if counted else 0,
        "top": list(counted.top) if counted else [],
        "violations": [asdict(one) for one in REPORTED.listed()[:50]],
        "jobs": [{name: getattr(job, name) for name in JobTold.__dataclass_fields__} for job in jobs],
        "skew": clock_skew.seconds(),
        "jump": (jump.at, jump.seconds) if (jump := WATCH.last()) is not None else None,
    }


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _blocked(reports: Iterable[dict[str, Any]]) -> tuple[Blocked, ...]:
    found: dict[tuple[str, ...], Blocked] = {}
    for report in reports:
        for one in report["violations"]:
            key = (one["directive"], one["blocked"], one["page"], one["place"])
            before = found.get(key)
            last = datetime.fromisoformat(one["last_at"])
            found[key] = Blocked(
                *key,
                count=one["count"] + (before.count if before else 0),
                last_at=max(last, before.last_at) if before else last,
            )
    return tuple(sorted(found.values(), key=lambda one: one.last_at, reverse=True))


def _jobs(reports: Iterable[dict[str, Any]]) -> tuple[JobTold, ...]:
    newest: dict[str, JobTold] = {}
    for report in reports:
        for one in report["jobs"]:
            moments = {
                name: datetime.fromisoformat(one[name]) if one[name] else None
                for name in ("started_at", "finished_at", "next_at")
            }
            told = JobTold(one["name"], one["error"], one["running"], **moments)
            before = newest.get(told.name)
            if before is None or _last(told) >= _last(before):
                newest[told.name] = told
    return tuple(newest.values())


def _last(job: JobTold) -> datetime:
    return job.finished_at or job.started_at or datetime.min.replace(tzinfo=UTC)
