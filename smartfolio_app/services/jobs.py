"""Getting off the event loop: short work goes to a thread, heavy work to a process, and a page may look again later.

A *job* is work that was started for a user. It goes on when its page is left; ``status`` tells anybody who comes back
how far it is.
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
from smartfolio_app.services.worker import WorkerError, worker
from smartfolio_app.storage.engine import session_scope

P = ParamSpec("P")
R = TypeVar("R")

State = Literal["queued", "running", "done", "failed", "cancelled"]

#: For how long a finished job can still be looked at.
KEPT_FOR = timedelta(hours=1)

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

    @property
    def finished(self) -> bool:
        """Tell whether nothing more will happen."""
        return self.state in ("done", "failed", "cancelled")


class Jobs:
    """The jobs of this process: heavy ones one after the other, light ones beside them."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._heavy = ThreadPoolExecutor(max_workers=1, thread_name_prefix="heavy-jobs")
        self._light = ThreadPoolExecutor(max_workers=2, thread_name_prefix="light-jobs")

    def start(
        self,
        user_id: str,
        kind: str,
        label: str,
        function: Callable[..., Any],
        *arguments: Any,
        heavy: bool = True,
    ) -> str:
        """Queue ``function(*arguments, progress=...)`` and return the job's id.

        A ``heavy`` one is done in the worker process, a light one (a tenth of a second) in a thread of ours.
        """
        job = Job(id=uuid4().hex, user_id=user_id, kind=kind, label=label)
        with self._lock:
            self._forget_old()
            self._jobs[job.id] = job
        (self._heavy if heavy else self._light).submit(self._do, job.id, heavy, function, arguments)
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
        """End a job that waits or is under way in the worker process, and return how it ended; raises as ``status``.

        Nothing stays of one that is ``cancelled``. It may be too late: a job that is making its result last goes on to
        its end, and so does a light one.
        """
        job = self.status(user_id, job_id)
        with self._lock:
            job = self._jobs[job.id]
            if job.state == "queued":
                self._jobs[job.id] = job = replace(job, state="cancelled")
        if job.state == "running":
            worker().cancel(job.id)
            self._until(lambda: self._jobs[job.id].finished)
        return self._jobs[job.id]

    def forget(self, user_id: str, job_id: str) -> None:
        """Drop a finished job that its user has seen; raises as ``status``."""
        if self.status(user_id, job_id).finished:
            with self._lock:
                self._jobs.pop(job_id, None)

    def wait(self, seconds: float = 600) -> None:
        """Wait until every job is finished (tests)."""
        self._until(lambda: all(job.finished for job in list(self._jobs.values())), seconds)

    # ------------------------------------------------------------------------------------------------- inside
    def _do(self, job_id: str, heavy: bool, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        def progress(phase: str, done: int, total: int) -> None:
            self._change(job_id, phase=phase, done=done, total=total)

        if not self._change(job_id, state="running"):
            return  # cancelled while it waited
        try:
            if heavy:
                result = worker().run(function, *arguments, progress=progress, ticket=job_id)
            else:
                result = function(*arguments, progress=progress)
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

    @staticmethod
    def _until(condition: Callable[[], bool], seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            time.sleep(0.01)


jobs = Jobs()
