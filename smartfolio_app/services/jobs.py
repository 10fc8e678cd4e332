"""Getting off the event loop: short work goes to a thread, heavy work to a process, and a page may look at it again
later.

A *job* is heavy work that was started for a user. It goes on when its page is left; ``status`` tells anybody who comes
back how far it is.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar
from uuid import uuid4

from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from smartfolio_app.errors import NotFoundError, SmartFolioError
from smartfolio_app.services.worker import WorkerError, worker
from smartfolio_app.storage.engine import session_scope

P = ParamSpec("P")
R = TypeVar("R")

State = Literal["queued", "running", "done", "failed", "cancelled"]

#: For how long a finished job can still be looked at.
KEPT_FOR = timedelta(hours=1)

_log = logging.getLogger(__name__)


async def off_loop(function: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call ``function(session, *args, **kwargs)`` in a thread, with a session of its own that is committed at the end.
    """
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

    @property
    def finished(self) -> bool:
        """Tell whether nothing more will happen."""
        return self.state in ("done", "failed", "cancelled")


class Jobs:
    """The jobs of this process, done one after the other."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._queue = ThreadPoolExecutor(max_workers=1, thread_name_prefix="jobs")

    def start(
        self, user_id: str, kind: str, label: str, function: Callable[..., Any], *arguments: Any
    ) -> str:
        """Queue ``function(*arguments, progress=...)`` for the worker process and return the job's id."""
        job = Job(id=uuid4().hex, user_id=user_id, kind=kind, label=label)
        with self._lock:
            self._forget_old()
            self._jobs[job.id] = job
        self._queue.submit(self._do, job.id, function, arguments)
        return job.id

    def status(self, user_id: str, job_id: str) -> Job:
        """Return a job; raise ``NotFoundError`` when it is unknown, long over, or another user's."""
        job = self._jobs.get(job_id)
        if job is None or job.user_id != user_id:
            raise NotFoundError("job.no_such_job")
        return job

    def of_user(self, user_id: str) -> list[Job]:
        """Return the user's jobs, oldest first."""
        with self._lock:
            return [job for job in self._jobs.values() if job.user_id == user_id]

    def cancel(self, user_id: str, job_id: str) -> Job:
        """End a job (nothing of it stays) unless it is finished; raises as ``status``."""
        job = self.status(user_id, job_id)
        with self._lock:
            job = self._jobs[job.id]
            if not job.finished:
                self._jobs[job.id] = replace(job, state="cancelled")
                if job.state == "running":
                    worker().cancel()
        return self._jobs[job.id]

    def forget(self, user_id: str, job_id: str) -> None:
        """Drop a finished job that its user has seen; raises as ``status``."""
        if self.status(user_id, job_id).finished:
            with self._lock:
                self._jobs.pop(job_id, None)

    def wait(self) -> None:
        """Wait until every job queued so far is finished (tests, and an orderly stop)."""
        self._queue.submit(lambda: None).result()

    # ------------------------------------------------------------------------------------------------- inside
    def _do(self, job_id: str, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        def progress(phase: str, done: int, total: int) -> None:
            self._change(job_id, phase=phase, done=done, total=total)

        if not self._change(job_id, state="running"):
            return  # cancelled while it waited
        try:
            result = worker().run(function, *arguments, progress=progress)
        except WorkerError as error:
            self._change(
                job_id, state="cancelled" if error.code == "job.cancelled" else "failed", error=error
            )
        except SmartFolioError as error:
            self._change(job_id, state="failed", error=error)
        else:
            self._change(job_id, state="done", result=result)

    def _change(self, job_id: str, **changes: Any) -> bool:
        """Change a job unless it is finished; tell whether it was changed."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.finished:
                return False
            self._jobs[job_id] = replace(job, at=datetime.now(UTC), **changes)
            return True

    def _forget_old(self) -> None:
        oldest = datetime.now(UTC) - KEPT_FOR
        for job in [job for job in self._jobs.values() if job.finished and job.at < oldest]:
            del self._jobs[job.id]


jobs = Jobs()
