"""Getting off the event loop: short work goes to a thread, heavy work to a process, and a page may look again later.

A *job* is work that was started for a user. It goes on when its page is left; ``status`` tells anybody who comes back
how far it is. Where several processes serve (``storage.shared``), each of them knows the jobs of all: it is told how
far they are, may ask for one to be cancelled, and notices when the process that did one is gone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar
from uuid import uuid4

from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from smartfolio_app.errors import NotFoundError, SmartFolioError
from smartfolio_app.services.worker import Lane, WorkerError, apart, restored, worker
from smartfolio_app.storage import shared
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.shared import Board
from smartfolio_app.storage.trouble import StorageTroubleError
from smartfolio_app.telemetry import metrics

P = ParamSpec("P")
R = TypeVar("R")

State = Literal["queued", "running", "done", "failed", "cancelled"]

#: For how long a finished job can still be looked at.
KEPT_FOR = timedelta(hours=1)

#: A process that has said nothing for so long does its jobs no more.
SILENT = timedelta(seconds=15)
#: How often it says so, and listens for what others want cancelled.
BEAT_SECONDS = 0.5
#: How often others are told of mere progress.
TELL_SECONDS = 0.3

_log = logging.getLogger(__name__)


async def off_loop(function: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call ``function(session, *args, **kwargs)`` in a thread, with a session of its own, committed at the end."""
    return await run_in_threadpool(_in_session, function, args, kwargs)


def _in_session(function: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
    with session_scope() as db:
        return function(db, *args, **kwargs)


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of heavy work as it stands. ``total`` is 0 while it is not known; ``result`` is there when ``done``."""

    id: str
    user_id: str
    kind: str
    label: str
    state: State = "queued"
    phase: str = ""
    done: int = 0
    total: int = 0
    result: Any = None
    error: SmartFolioError | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    owner: str = ""  # the process that does it
    lost: bool = False  # ... and is gone
    lane: Lane | None = None

    @property
    def finished(self) -> bool:
        """Tell whether nothing more will happen."""
        return self.state in ("done", "failed", "cancelled")


def packed(job: Job) -> Any:
    """Return a job as it can be sent to another process."""
    return replace(job, error=None), None if job.error is None else apart(job.error)


def unpacked(sent: Any) -> Job:
    """Return the job that another process sent."""
    job, error = sent
    return replace(job, error=restored(*error)) if error is not None else job


class Jobs:
    """The jobs of this process: heavy ones one after the other, long ones aside, light ones beside them."""

    def __init__(self) -> None:
        self._owner = uuid4().hex
        self._told: dict[str, float] = {}
        self._heart: threading.Thread | None = None
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._heavy = ThreadPoolExecutor(max_workers=1, thread_name_prefix="heavy-jobs")
        self._aside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="long-jobs")
        self._light = ThreadPoolExecutor(max_workers=2, thread_name_prefix="light-jobs")

    def start(
        self,
        user_id: str,
        kind: str,
        label: str,
        function: Callable[..., Any],
        *arguments: Any,
        heavy: bool = True,
        limit: float | None = None,
        then: Callable[[str, Any], None] | None = None,
    ) -> str:
        """Queue ``function(*arguments, progress=...)`` and return the job's id.

        A ``heavy`` one is done in the worker process, a light one (a tenth of a second) in a thread of ours. One with a
        ``limit`` in seconds may be long: it is done in a second process, aside, and given up when that time is over.
        ``then`` is told the job's id and its result before anybody sees that it is done.
        """
        lane: Lane | None = "aside" if limit is not None else "main" if heavy else None
        job = Job(id=uuid4().hex, user_id=user_id, kind=kind, label=label, owner=self._owner, lane=lane)
        with self._lock:
            self._forget_old()
            self._jobs[job.id] = job
        self._tell(job)
        threads = {"aside": self._aside, "main": self._heavy, None: self._light}[lane]
        threads.submit(self._do, job, limit, then, function, arguments)
        return job.id

    def status(self, user_id: str, job_id: str) -> Job:
        """Return a job; raise ``NotFoundError`` when it is unknown, long over, or another user's."""
        job = self._jobs.get(job_id) or self._elsewhere(user_id, job_id)
        if job is None or job.user_id != user_id:
            raise NotFoundError("job.no_such_job")
        return job

    def of_user(self, user_id: str) -> list[Job]:
        """Return the user's jobs, also those of the other server processes; what has just changed comes last."""
        with self._lock:
            found = {job.id: job for job in self._jobs.values() if job.user_id == user_id}
        others = shared.board()
        for job_id in others.all(_table(user_id)) if others is not None else ():
            if job_id not in found and (job := self._elsewhere(user_id, job_id)) is not None:
                found[job_id] = job
        return sorted(found.values(), key=lambda job: job.at)

    def cancel(self, user_id: str, job_id: str) -> Job:
        """End a job that waits or is under way in the worker process, and return how it ended; raises as ``status``.

        Nothing stays of one that is ``cancelled``. It may be too late: a job that is making its result last goes on to
        its end, and so does a light one.
        """
        job = self.status(user_id, job_id)
        if job_id not in self._jobs:
            return self._cancel_elsewhere(job)
        with self._lock:
            job = self._jobs[job.id]
            if job.state == "queued":
                self._jobs[job.id] = job = replace(job, state="cancelled")
        if job.state == "running":
            worker(job.lane or "main").cancel(job.id)
            self._until(lambda: self._jobs[job.id].finished)
        self._tell(self._jobs[job.id])
        return self._jobs[job.id]

    def forget(self, user_id: str, job_id: str) -> None:
        """Drop a finished job that its user has seen; raises as ``status``."""
        if self.status(user_id, job_id).finished:
            with self._lock:
                self._jobs.pop(job_id, None)
            if (others := shared.board()) is not None:
                others.drop(_table(user_id), job_id)

    def wait(self, seconds: float = 600) -> None:
        """Wait until every job is finished (tests)."""
        self._until(lambda: all(job.finished for job in list(self._jobs.values())), seconds)

    # ------------------------------------------------------------------------------------------------- inside
    def _do(
        self,
        job: Job,
        limit: float | None,
        then: Callable[[str, Any], None] | None,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
    ) -> None:
        job_id = job.id

        def progress(phase: str, done: int, total: int) -> None:
            self._change(job_id, phase=phase, done=done, total=total)

        if not self._change(job_id, state="running"):
            return  # cancelled while it waited
        started = time.perf_counter()
        try:
            if job.lane is not None:
                aside = worker(job.lane)
                result = aside.run(function, *arguments, progress=progress, ticket=job_id, limit=limit)
            else:
                result = function(*arguments, progress=progress)
            if then is not None:
                then(job_id, result)
        except WorkerError as error:
            state = "cancelled" if error.code == "job.cancelled" else "failed"
            self._change(job_id, state=state, error=error)
        except SmartFolioError as error:
            self._change(job_id, state="failed", error=error)
        except Exception as error:  # noqa: BLE001 - whoever looks at the job must see that it is over
            _log.exception("a job failed")
            self._change(job_id, state="failed", error=WorkerError("job.failed", error=repr(error)))
        else:
            self._change(job_id, state="done", result=result)
        ended = self._jobs.get(job_id)
        if ended is not None:
            metrics.job(ended.kind, ended.state, time.perf_counter() - started)

    def _change(self, job_id: str, **changes: Any) -> bool:
        """Change a job unless it is finished; tell whether it was changed."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.finished:
                return False
            self._jobs[job_id] = changed = replace(job, at=datetime.now(UTC), **changes)
        self._tell(changed, progress_only="state" not in changes)
        return True

    # ------------------------------------------------------------------------------- the other processes' jobs
    def _tell(self, job: Job, *, progress_only: bool = False) -> None:
        """Tell the other processes how a job stands. That they cannot be told must not end the job."""
        now = time.monotonic()
        if progress_only and now - self._told.get(job.id, 0.0) < TELL_SECONDS:
            return
        try:
            others = shared.board()
            if others is None:
                return
            if not job.finished:
                self._begin_to_beat(others)
            others.put(_table(job.user_id), job.id, packed(job), KEPT_FOR)
        except StorageTroubleError as error:
            _log.warning("the other processes are not told of a job: %s", error.code)
        self._told[job.id] = now
        if job.finished:
            self._told.pop(job.id, None)

    def _elsewhere(self, user_id: str, job_id: str) -> Job | None:
        """Return a job of another process, failed when that one is gone."""
        others = shared.board()
        sent = others.get(_table(user_id), job_id) if others is not None else None
        if others is None or sent is None:
            return None
        job = unpacked(sent)
        if not job.finished and not others.is_marked(f"alive:{job.owner}"):
            return replace(job, state="failed", error=WorkerError("job.lost"), lost=True)
        return job

    def _cancel_elsewhere(self, job: Job) -> Job:
        others = shared.board()
        if others is not None and not job.finished:
            others.renew(f"cancel:{job.id}", KEPT_FOR)
            self._until(lambda: self.status(job.user_id, job.id).finished)
        return self.status(job.user_id, job.id)

    def _begin_to_beat(self, others: Board) -> None:
        others.renew(f"alive:{self._owner}", SILENT)
        with self._lock:
            if self._heart is None or not self._heart.is_alive():
                self._heart = threading.Thread(target=self._beat, args=(others,), name="jobs", daemon=True)
                self._heart.start()

    def _beat(self, others: Board) -> None:
        """Say that we are still there as long as a job of ours is not over, and hear which are to be cancelled."""
        while True:
            time.sleep(BEAT_SECONDS)
            with self._lock:
                mine = [job for job in self._jobs.values() if not job.finished]
                if not mine:
                    self._heart = None
                    return
            try:
                others.renew(f"alive:{self._owner}", SILENT)
                for job in mine:
                    if others.is_marked(f"cancel:{job.id}"):
                        self.cancel(job.user_id, job.id)
            except StorageTroubleError as error:
                _log.warning("the other processes cannot be heard: %s", error.code)
            except NotFoundError:
                continue  # it was forgotten meanwhile

    def _forget_old(self) -> None:
        oldest = datetime.now(UTC) - KEPT_FOR
        for job in [job for job in self._jobs.values() if job.finished and job.at < oldest]:
            del self._jobs[job.id]

    @staticmethod
    def _until(condition: Callable[[], bool], seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            time.sleep(0.01)


def _table(user_id: str) -> str:
    return f"jobs:{user_id}"


jobs = Jobs()
