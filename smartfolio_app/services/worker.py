"""One process beside the server for work that would keep the interpreter busy: reading and storing large files.

Started when first needed and stopped when it has had nothing to do for a while. It has its own connections to the
database, so what it stores is one transaction of its own: killing it leaves nothing half-done.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import logging
import multiprocessing
import os
import secrets
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Literal

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.settings import Settings
from smartfolio_app.storage import engine
from smartfolio_app.telemetry import logs

#: Called with the phase, what is done and what there is in all (0: not known).
Progress = Callable[[str, int, int], None]

#: The phase in which work is made to last: from here on it can no longer be cancelled.
FINISHING = "finishing"

IDLE_SECONDS = 300.0

_log = logging.getLogger(__name__)


class WorkerError(SmartFolioError):
    """The work did not come to an end: ``job.cancelled``, ``job.too_long`` or ``job.died``."""

    status = 503


class Worker:
    """A child process that does one piece of work at a time. Thread-safe: callers queue."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._turn = threading.Lock()  # held while a piece of work is under way
        self._state = threading.Lock()  # guards the four below
        self._process: multiprocessing.process.BaseProcess | None = None
        self._ticket = ""  # whose work is under way
        self._finishing = False  # ... and is past the point of no return
        self._cancelled: set[str] = set()
        self._overdue: set[str] = set()
        self._pipe: Connection | None = None
        self._settings: Settings | None = None
        self._timer: threading.Timer | None = None

    def run(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        progress: Progress | None = None,
        ticket: str = "",
        limit: float | None = None,
    ) -> Any:
        """Call ``function(*arguments, progress=...)`` in the process and return what it returns.

        ``function`` is one of a module (it is sent by name); arguments and result are pickled. Just before it makes its
        work last, it calls ``progress(FINISHING, ...)``: if that returns, it is too late to cancel. ``ticket`` names
        the work for ``cancel``. After ``limit`` seconds of work it is given up.

        Raises:
            WorkerError: It was cancelled, took too long, or the process died.
            SmartFolioError: As ``function`` raised it.
        """
        ticket = ticket or secrets.token_hex(8)
        with self._turn:
            pipe = self._started()
            overdue = threading.Timer(limit or 0, self._give_up, [ticket])
            overdue.daemon = True
            try:
                with self._state:
                    if ticket in self._cancelled:
                        raise WorkerError("job.cancelled")
                    self._ticket, self._finishing = ticket, False
                if limit is not None:
                    overdue.start()
                pipe.send((function, arguments))
                return self._answer(pipe, progress)
            except (EOFError, OSError) as error:
                self._close()
                if ticket in self._overdue:
                    raise WorkerError("job.too_long", seconds=round(limit or 0)) from error
                raise WorkerError("job.cancelled" if ticket in self._cancelled else "job.died") from error
            finally:
                overdue.cancel()
                with self._state:
                    self._ticket = ""
                    self._cancelled.discard(ticket)
                    self._overdue.discard(ticket)
                self._rest()

    def cancel(self, ticket: str) -> bool:
        """End a piece of work, waiting or under way, by ending the process; nothing of it stays.

        Returns ``False`` when it is too late: its result is being made to last.
        """
        with self._state:
            if self._ticket == ticket and self._finishing:
                return False
            self._cancelled.add(ticket)
            if self._ticket == ticket and self._process is not None:
                self._process.kill()
            return True

    def _give_up(self, ticket: str) -> None:
        """End work that takes too long, like ``cancel``, and remember why."""
        with self._state:
            if self._ticket == ticket and not self._finishing and self._process is not None:
                self._overdue.add(ticket)
                self._process.kill()

    def stop(self) -> None:
        """End the process (when the server stops); work under way is cancelled unless it is about to be done."""
        with self._state:
            ticket = self._ticket
        if ticket:
            self.cancel(ticket)
        with self._turn:
            self._close()

    def abandon(self) -> None:
        """End the process without waiting for anything: what it had not committed is not stored."""
        process = self._process
        if process is not None:
            process.kill()

    # ---------------------------------------------------------------------------------------------- the process
    def _started(self) -> Connection:
        if self._timer is not None:
            self._timer.cancel()
        settings = engine.current_settings()
        if self._process is not None and (not self._process.is_alive() or self._settings != settings):
            self._close()
        if self._pipe is None:
            # Spawned, not forked: a fork would copy the server's threads' locks in whatever state they are.
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._settings = settings
            self._process = context.Process(
                target=_serve, args=(theirs, settings), name="smartfolio-worker", daemon=True
            )
            self._process.start()
            theirs.close()
        return self._pipe

    def _answer(self, pipe: Connection, progress: Progress | None) -> Any:
        while True:
            what, *rest = pipe.recv()
            if what == "progress":
                if rest[0] == FINISHING:
                    self._let_finish(pipe)
                if progress is not None:
                    progress(*rest)
            elif what == "failed":
                raise restored(*rest)
            else:
                return rest[0]

    def _let_finish(self, pipe: Connection) -> None:
        with self._state:
            if self._ticket not in self._cancelled:  # else the process is being killed, and waits in vain
                self._finishing = True
                pipe.send("go")

    def _rest(self) -> None:
        self._timer = threading.Timer(self._idle_seconds, self._stop_when_idle)
        self._timer.daemon = True
        self._timer.start()

    def _stop_when_idle(self) -> None:
        if self._turn.acquire(blocking=False):
            try:
                self._close()
            finally:
                self._turn.release()

    def _close(self) -> None:
        with self._state:
            process, self._process = self._process, None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if process is not None:
            process.join(timeout=2)  # it ends by itself when the pipe is closed
            if process.is_alive():
                process.kill()
                process.join()


#: The one for imports and the like; the one for what may take minutes and must not stand in their way; and the one for
#: what syncs bring, a page at a time.
Lane = Literal["main", "aside", "sync"]
_IDLE: dict[Lane, float] = {"main": IDLE_SECONDS, "aside": 5.0, "sync": 30.0}

_workers: dict[Lane, Worker] = {}
_lock = threading.Lock()


def worker(lane: Lane = "main") -> Worker:
    """Return this process's worker; its child is started by the first work."""
    with _lock:
        if lane not in _workers:
            _workers[lane] = made = Worker(_IDLE[lane])
            atexit.register(made.stop)
        return _workers[lane]


def stop_all() -> None:
    """End the children of this process, work under way with them unless it is about to be done."""
    for one in list(_workers.values()):
        one.stop()


def abandon() -> None:
    """End the children of this process, if it has any, without waiting."""
    for one in list(_workers.values()):
        one.abandon()


# ------------------------------------------------------------------------------------------------- in the child
def _serve(pipe: Connection, settings: Settings) -> None:
    """Do what comes through the pipe until it is closed."""
    with contextlib.suppress(OSError):
        os.nice(5)  # the server's answers come first
    engine.configure(settings)
    logs.configure(settings.log_level, settings.log_format)
    gc.disable()  # large files make millions of objects and no cycles; collected between two pieces of work instead

    def progress(phase: str, done: int, total: int) -> None:
        pipe.send(("progress", phase, done, total))
        if phase == FINISHING:
            pipe.recv()  # "go", or never: whoever cancelled has won, and is ending this process

    while True:
        try:
            function, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        answer: tuple[Any, ...]
        try:
            answer = ("done", function(*arguments, progress=progress))
        except SmartFolioError as error:
            answer = ("failed", *apart(error))
        except Exception as error:  # noqa: BLE001 - reported to the caller, and the process lives on
            _log.exception("work in the background failed")
            answer = (
                "failed",
                WorkerError,
                ("job.failed", {}),
                {"code": "job.failed", "params": {"error": repr(error)}},
            )
        try:
            pipe.send(answer)
        except OSError:
            return
        del function, arguments, answer
        gc.collect()


def apart(error: SmartFolioError) -> tuple[type[SmartFolioError], tuple[Any, ...], dict[str, Any]]:
    """Take an error apart for another process; ``restored`` puts it together."""
    return type(error), error.args, vars(error)


def restored(
    kind: type[SmartFolioError], arguments: tuple[Any, ...], state: dict[str, Any]
) -> SmartFolioError:
    """Return an error as it was raised: its own constructor may want other arguments than ``args`` holds."""
    error = kind.__new__(kind)
    error.args = arguments
    vars(error).update(state)
    return error
