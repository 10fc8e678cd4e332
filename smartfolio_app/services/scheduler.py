"""What happens by itself: fresh prices, the missing past, daily snapshots, tidying up.

The jobs run in threads of their own, never on the event loop; each opens its own session. One that fails is logged,
shows up in ``jobs``, and runs again at its next time; the others never notice. Of several processes, one alone does the
jobs that are not for each of them (``leadership``); the others look in now and then, and take over when it is gone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Event, Lock, Thread

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import func, select
from sqlmodel import Session, col

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.services import (
    backups,
    brief,
    bundles,
    clock_skew,
    demo,
    episode_prices,
    files,
    market_data,
    price_refresh,
    process_reports,
    sign_in,
    snapshots,
    staging,
    sync,
    views,
    warming,
)
from smartfolio_app.services.alerts import delivery, judging, outbox
from smartfolio_app.services.clock_watch import WATCH, ClockWatch
from smartfolio_app.services.leadership import leadership
from smartfolio_app.services.signals import fetch as signals_fetch
from smartfolio_app.services.signals import sentiment
from smartfolio_app.storage.collecting import look_again
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import User
from smartfolio_app.telemetry import metrics, request_ids

#: The task that moves on what patient readers are shown.
FOLLOW = "follow"
#: How often the clock is looked at.
CLOCK_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that happens every ``every``, for the first time ``first`` after the start; ``run`` takes a session.

    ``everywhere``: each process of a server does it, because it is about the process itself, or sees to it by itself
    that a thing is done once. ``quick``: it does not queue behind those that may wait for a provider.
    """

    name: str
    every: timedelta
    first: timedelta
    run: Callable[[Session], object]
    everywhere: bool = False
    quick: bool = False


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How a job is doing. ``error`` is what went wrong the last time it ran, empty when nothing did."""

    name: str
    every: timedelta
    running: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None
    next_at: datetime | None = None
    error: str = ""


def _sweep_files(db: Session) -> None:
    staging.sweep()
    files.sweep(db)
    outbox.sweep(db, datetime.now(UTC))


def _prices(db: Session) -> object:
    report = price_refresh.refresh(db, patience=60.0)
    if report.prices or report.rates:
        warming.warm(db)  # the next page finds its answers made
    return report


def _signals(db: Session) -> object:
    report = signals_fetch.refresh(db)
    sentiment.warm(db)  # the next page finds the day's answer made
    return report


def _snapshots(db: Session) -> object:
    return snapshots.take_due(db)


class Newcomers:
    """Has new assets priced soon after they were imported, each asked for once; later is the plan's business.

    Looks at the users' revisions first, which costs nothing while nobody changes anything.
    """

    def __init__(self) -> None:
        self._revisions = -1
        self._asked: set[tuple[str, str]] = set()

    def __call__(self, db: Session) -> None:
        revisions = int(db.execute(select(func.coalesce(func.sum(col(User.revision)), 0))).scalar_one())
        if revisions == self._revisions:
            return
        self._revisions = revisions
        fresh = price_refresh.newcomers(db) - self._asked
        if fresh:
            self._asked |= fresh
            price_refresh.refresh(db, patience=60.0)
            soon("history")


def _notices(db: Session) -> object:
    brief.hand_out(db)
    return delivery.send_due(db)


def _look_again(_db: Session) -> None:
    look_again()


def _report(db: Session) -> None:
    process_reports.write(db, jobs())


TASKS: tuple[Task, ...] = (
    # What this process counts is of use to the others only when it is written down.
    Task("report", process_reports.EVERY, timedelta(seconds=2), _report, everywhere=True),
    # What pages will ask for is made before anybody asks.
    Task("warm", timedelta(hours=12), timedelta(seconds=1), warming.warm_all, everywhere=True),
    # Somebody who imports, syncs or corrects something looks at the figures next.
    Task(FOLLOW, timedelta(seconds=3), timedelta(seconds=5), warming.Follower(), everywhere=True, quick=True),
    # Every six minutes keeps coins fresh (they count as stale after an hour) at some 7,200 calls a month.
    Task(
        "prices",
        timedelta(minutes=6),
        timedelta(seconds=4),
        _prices,
    ),
    # Looking costs two short queries; what is due is done in threads of its own.
    Task("sync", timedelta(seconds=15), timedelta(seconds=6), sync.tick, everywhere=True),
    # Looking costs three short queries: alerts follow a sync or a price refresh within seconds.
    Task("alerts", timedelta(seconds=20), timedelta(seconds=30), judging.Watch()),
    Task("notices", timedelta(seconds=20), timedelta(seconds=35), _notices),
    # A refresh token lasts an hour, an access token twenty minutes: each is renewed in time.
    Task("sign_ins", timedelta(minutes=10), timedelta(minutes=1), sign_in.keep_alive),
    Task("newcomers", timedelta(seconds=15), timedelta(seconds=12), Newcomers()),
    Task("history", timedelta(minutes=20), timedelta(seconds=20), price_refresh.backfill),
    # Each signal is asked for only when a newer one can be there.
    Task("signals", timedelta(minutes=30), timedelta(seconds=30), _signals),
    # Looking often costs one query, and catches each user's own midnight.
    # Of each asset once; looking whether anything is new costs two queries.
    Task("episodes", timedelta(hours=1), timedelta(minutes=2), episode_prices.backfill),
    Task("snapshots", timedelta(minutes=5), timedelta(seconds=45), _snapshots),
    Task("samples", timedelta(minutes=10), timedelta(seconds=10), demo.extend),
    Task("tidy", timedelta(hours=6), timedelta(minutes=10), price_refresh.tidy),
    # Looking is cheap; it is made once a day.
    Task("backup", timedelta(hours=1), timedelta(minutes=15), backups.make_due),
    Task("files", timedelta(hours=6), timedelta(minutes=12), _sweep_files),
    # What is garbage among large ledgers is collected when they have grown much.
    Task("memory", timedelta(hours=1), timedelta(minutes=5), _look_again, everywhere=True),
)


class _Every(IntervalTrigger):
    """Every so often. What was missed, it does not count one by one: after a clock was set on by years, for hours."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        planned: datetime | None = super().get_next_fire_time(previous_fire_time, now)
        return planned if planned is None or planned > now else now + self.interval


class Scheduler:
    """Runs tasks until stopped. ``start`` and ``stop`` may be called again."""

    def __init__(self, tasks: tuple[Task, ...] = TASKS, watch: ClockWatch = WATCH) -> None:
        self._tasks = {task.name: task for task in tasks}
        self._status = {task.name: JobStatus(task.name, task.every) for task in tasks}
        self._lock = Lock()
        self._scheduler: BackgroundScheduler | None = None
        self._stopped = Event()
        self._watch = watch

    def start(self) -> None:
        """Begin; the first tasks run within seconds."""
        with self._lock:
            if self._scheduler is not None:
                return
            self._scheduler = BackgroundScheduler(
                timezone=UTC,
                executors={
                    "default": ThreadPoolExecutor(max_workers=3),
                    "quick": ThreadPoolExecutor(max_workers=1),
                },
                # A machine that slept runs what it missed once, not as often as it missed it.
                job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            )
            now = datetime.now(UTC)
            for task in self._tasks.values():
                self._scheduler.add_job(
                    self._run,
                    _Every(seconds=task.every.total_seconds(), timezone=UTC),
                    args=[task],
                    id=task.name,
                    executor="quick" if task.quick else "default",
                    next_run_time=now + task.first,
                )
            self._scheduler.start()
            views.follow(FOLLOW in self._tasks)
            self._stopped = Event()
            Thread(target=self._watch_clock, args=(self._stopped,), name="clock", daemon=True).start()

    def stop(self) -> None:
        """End; what waits for a provider is woken up, and nothing new begins."""
        self._stopped.set()
        with self._lock:
            running, self._scheduler = self._scheduler, None
        if running is not None:
            views.follow(False)
            warming.stop()
            market_data.close()
            sync.stop()
            sentiment.stop()
            bundles.stop()
            running.shutdown(wait=True)
            leadership.release()

    def soon(self, name: str) -> bool:
        """Run a task as soon as possible, once more than planned; tell whether anything is there to run it."""
        with self._lock:
            if self._scheduler is None or name not in self._tasks:
                return False
            self._scheduler.modify_job(name, next_run_time=datetime.now(UTC))
            return True

    def jobs(self) -> list[JobStatus]:
        """Return how each task is doing."""
        with self._lock:
            planned = (
                {job.id: job.next_run_time for job in self._scheduler.get_jobs()} if self._scheduler else {}
            )
            return [replace(status, next_at=planned.get(status.name)) for status in self._status.values()]

    def _watch_clock(self, stopped: Event) -> None:
        """Notice that the clock was set. Set back, it would leave every job waiting for a time that is far away."""
        while not stopped.wait(CLOCK_SECONDS):
            moved = self._watch.look()
            if moved:
                log.warning("the clock was set %s by %.0f s", "on" if moved > 0 else "back", abs(moved))
                clock_skew.forget()
            if moved < 0:
                self._plan_anew()

    def _plan_anew(self) -> None:
        """Let no job wait for longer than its own period."""
        now = datetime.now(UTC)
        with self._lock:
            for task in self._tasks.values() if self._scheduler is not None else ():
                job = self._scheduler.get_job(task.name) if self._scheduler is not None else None
                if job is not None and job.next_run_time is not None and job.next_run_time > now + task.every:
                    job.modify(next_run_time=now)

    def _run(self, task: Task) -> None:
        request_ids.begin(job=task.name)
        try:
            self._work(task)
        finally:
            request_ids.end()  # the thread goes on to other things

    def _work(self, task: Task) -> None:
        error, started = "", time.perf_counter()
        try:
            if not task.everywhere and not leadership.held():
                return
            self._note(task, running=True, started_at=datetime.now(UTC))
            with session_scope() as db:
                task.run(db)
        except SmartFolioError as problem:
            error = problem.code
            log.warning("%s: %s", task.name, problem)
        except Exception as problem:  # whatever a job does, the others and the app go on
            error = type(problem).__name__
            log.exception("the job %s failed", task.name)
        metrics.job(task.name, "failed" if error else "done", time.perf_counter() - started)
        self._note(task, running=False, finished_at=datetime.now(UTC), error=error)

    def _note(self, task: Task, **changes: object) -> None:
        with self._lock:
            self._status[task.name] = replace(self._status[task.name], **changes)  # type: ignore[arg-type]


_scheduler = Scheduler()
start, stop, soon, jobs = _scheduler.start, _scheduler.stop, _scheduler.soon, _scheduler.jobs


@asynccontextmanager
async def lifespan() -> AsyncIterator[None]:
    """Run the scheduler as long as the app; give this to ``App.register_lifespan_task``."""
    from starlette.concurrency import run_in_threadpool

    start()
    try:
        yield
    finally:
        await run_in_threadpool(stop)
