"""Syncs as background work: one at a time per source, in threads of their own, resumed where they stopped.

A sync is a row in the database, and how far it is is written there with each page. Whoever looks, in whichever process,
sees the same; a process that dies leaves a sync that the next one takes over at its cursor.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from smartfolio_app.errors import ConflictError, NotFoundError, SmartFolioError
from smartfolio_app.providers import registry
from smartfolio_app.providers.connectors import Access, Page, connector
from smartfolio_app.providers.declared import Provider
from smartfolio_app.providers.errors import ProviderBudgetError, ProviderError, ProviderPausedError
from smartfolio_app.services import audit, credentials
from smartfolio_app.services.sync import storing, telling
from smartfolio_app.services.sync.access import open_access, told
from smartfolio_app.services.sync.reports import SyncView, live_source, view_of
from smartfolio_app.services.worker import WorkerError, worker
from smartfolio_app.storage.engine import current_settings, session_scope
from smartfolio_app.storage.repo_sync import (
    OPEN,
    due_sources,
    free_lease,
    lock_state,
    open_run,
    renew_leases,
    state_of,
    take_lease,
)
from smartfolio_app.storage.tables import SourceRow, SyncRun, SyncState, User
from smartfolio_app.storage.tables.base import utc_now

#: Most of a sync is waiting for an answer; what follows an answer is done by one at a time.
AT_ONCE = 24
#: How often a process says that it is still syncing what it has taken.
HEARTBEAT = 15.0
#: After a failure a source is tried again after this, doubled each time, and at the latest when it is due anyway.
FIRST_RETRY = timedelta(minutes=2)
#: The latest possible answer to "when again?" of a sync that waits for a budget or a pause.
LONGEST_WAIT = timedelta(days=3)
#: How many syncs that brought nothing are remembered per source.
KEPT_EMPTY = 40

_log = logging.getLogger(__name__)


class Engine:
    """The syncs of this process."""

    def __init__(self) -> None:
        self._owner = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._lock = threading.Lock()
        self._under_way: dict[str, threading.Event] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._heart: threading.Thread | None = None
        self._storing = threading.Lock()
        self._stopping = threading.Event()

    # ---------------------------------------------------------------------------------------------- from outside
    def submit(self, run_id: str) -> None:
        """Have a thread do a sync, unless one of ours does it already."""
        with self._lock:
            if run_id in self._under_way:
                return
            self._stopping.clear()
            self._under_way[run_id] = threading.Event()
            if self._pool is None:
                self._pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="sync")
            if self._heart is None or not self._heart.is_alive():
                self._heart = threading.Thread(target=self._beat, name="sync-heartbeat", daemon=True)
                self._heart.start()
            self._pool.submit(self._do, run_id)

    def stop_one(self, run_id: str) -> bool:
        """Ask a sync of ours to stop after what it is doing; tell whether it is ours."""
        with self._lock:
            event = self._under_way.get(run_id)
        if event is not None:
            event.set()
        return event is not None

    def is_ours(self, run_id: str) -> bool:
        """Tell whether a thread of ours is on it."""
        with self._lock:
            return run_id in self._under_way

    def stop(self) -> None:
        """Stop taking up syncs and wait for those under way to reach the end of their page; the next start goes on."""
        self._stopping.set()
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            self._under_way.clear()

    def wait(self, seconds: float = 60.0) -> bool:
        """Wait until no sync of ours is under way (tests, the command line); tell whether that came true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self._lock:
                if not self._under_way:
                    return True
            time.sleep(0.02)
        return False

    # ------------------------------------------------------------------------------------------------- one sync
    def _do(self, run_id: str) -> None:
        taken = ""
        try:
            taken = self._take(run_id)
            if taken:
                self._sync(run_id, taken)
        except Exception:  # noqa: BLE001 - whatever happens to one sync, the others and the app go on
            _log.exception("a sync failed in a way nobody foresaw")
            with contextlib.suppress(SQLAlchemyError):
                self.end(run_id, "failed", code="sync.unexpected")
        finally:
            if taken:
                with contextlib.suppress(SQLAlchemyError), session_scope() as db:
                    free_lease(db, taken, self._owner)
            with self._lock:
                self._under_way.pop(run_id, None)

    def _take(self, run_id: str) -> str:
        """Become the one that syncs the run's source; return the source's id, empty when somebody else is on it."""
        with session_scope() as db:
            run = db.get(SyncRun, run_id)
            if run is None or run.state not in OPEN or self._stopping.is_set():
                return ""
            state = state_of(db, run.source_id)
            dead = state.owner if state is not None and self._is_dead(state.owner) else ""
            if not take_lease(db, run.source_id, self._owner, dead):
                return ""
            run.state, run.retry_at, run.updated_at = "running", None, utc_now()
            run.error, run.error_params = "", "{}"
            db.add(run)
            return run.source_id

    def _sync(self, run_id: str, source_id: str) -> None:
        with session_scope() as db:
            source = db.get(SourceRow, source_id)
            state = state_of(db, source_id)
            assert source is not None
            assert state is not None
            cursor = json.loads(state.cursor)
            try:
                provider = registry.provider(source.provider)
                reader = connector(provider.id)
                secret = credentials.secrets_of(db, source_id)
                if not credentials.are_there(db, source):
                    raise ConflictError("sync.no_credentials", source=source.key)
            except SmartFolioError as error:
                self._fail(run_id, error, None)
                return
        try:
            access = open_access(provider, source, secret, cancelled=lambda: self._wants_stop(run_id))
            complete = self._pull(run_id, reader.pull(access, cursor), access)
        except SmartFolioError as error:
            self._fail(run_id, error, provider)
            return
        if complete:
            self.end(run_id, "done")
        elif self._stopping.is_set():
            self.end(run_id, "queued")
        else:
            self.end(run_id, "cancelled")

    def _pull(self, run_id: str, pages: Iterator[Page], access: Access) -> bool:
        """Store page after page; tell whether the last one came."""
        told = time.monotonic()
        for page in pages:
            tell = time.monotonic() - told > telling.TELL_EVERY.total_seconds()
            with self._storing:  # one at a time: the rest of the server keeps its share of the processor
                if storing.is_heavy(page):
                    worker("sync").run(storing.store_here, run_id, page, tell)
                else:
                    storing.store(run_id, page, tell=tell)
            told = time.monotonic() if tell else told
            if page.done:
                return True
            if access.cancelled():
                return False
        return False

    def _wants_stop(self, run_id: str) -> bool:
        event = self._under_way.get(run_id)
        return self._stopping.is_set() or (event is not None and event.is_set())

    def _fail(self, run_id: str, error: SmartFolioError, provider: Provider | None) -> None:
        """Write down why a sync stopped, and when it goes on."""
        code, params = told(error, provider) if provider is not None else (error.code, dict(error.params))
        if code == "provider.closing":
            self.end(run_id, "queued")
            return
        if isinstance(error, NotFoundError):
            _log.info("a sync ended: %s", error)
            return  # the source was deleted meanwhile
        _log.warning("a sync stopped: %s", error)
        retry_at = error.retry_at if isinstance(error, ProviderError) else None
        waits = isinstance(error, ProviderBudgetError | ProviderPausedError) and retry_at is not None
        self.end(run_id, "waiting" if waits else "failed", code=code, params=params, retry_at=retry_at)

    def end(
        self,
        run_id: str,
        outcome: str,
        *,
        code: str = "",
        params: dict[str, object] | None = None,
        retry_at: datetime | None = None,
    ) -> None:
        effect = self._effect(run_id) if outcome in ("done", "failed", "cancelled") else None
        now = utc_now()
        with session_scope() as db:
            run = db.get(SyncRun, run_id)
            state = state_of(db, run.source_id) if run is not None else None
            source = db.get(SourceRow, run.source_id) if run is not None else None
            if run is None or state is None or source is None:
                return
            telling.tell(db, run)
            run.effect = run.effect if effect is None else effect
            run.state, run.updated_at = outcome, now
            run.error, run.error_params = code, json.dumps(params or {}, default=str)
            run.retry_at = min(retry_at, now + LONGEST_WAIT) if outcome == "waiting" and retry_at else None
            if outcome not in OPEN:
                run.finished_at = now
            state.tried_at = now
            every = timedelta(minutes=state.every_minutes)
            if outcome == "done":
                state.failures, state.error, state.error_params = 0, "", "{}"
                state.succeeded_at = source.last_sync = now
                state.next_at = now + every * random.uniform(1.0, 1.03) if every else None
            elif outcome == "failed":
                state.failures += 1
                state.error, state.error_params = code, run.error_params
                wait = min(FIRST_RETRY * 2 ** min(state.failures - 1, 10), every)
                state.next_at = now + wait if every else None
            elif outcome == "waiting":
                state.error, state.error_params = code, run.error_params
            elif outcome == "cancelled":
                state.next_at = now + every if every else None
            db.add(run)
            db.add(state)
            db.add(source)
            if outcome == "done":
                _forget_empty(db, run.source_id)

    def _effect(self, run_id: str) -> str | None:
        """Return what the sync changed of the holdings; found out before anything is locked."""
        with session_scope() as db:
            run = db.get(SyncRun, run_id)
            heavy = run is not None and run.added + run.positions >= storing.HEAVY
        try:
            with self._storing:
                found: str = (
                    worker("sync").run(storing.effect_here, run_id) if heavy else storing.effect_of(run_id)
                )
            return found
        except NotFoundError:
            return None
        except WorkerError as error:
            _log.warning("what a sync changed cannot be told: %s", error.code)
            return None

    # ------------------------------------------------------------------------------------------------- the heart
    def _beat(self) -> None:
        """Say that we are still here as long as something is under way, and hear what other processes want stopped."""
        last = 0.0
        while True:
            time.sleep(0.5)
            with self._lock:
                mine = dict(self._under_way)
            if not mine:
                return
            with contextlib.suppress(SQLAlchemyError):
                if time.monotonic() - last > HEARTBEAT:
                    with session_scope() as db:
                        renew_leases(db, self._owner)
                    last = time.monotonic()
                with session_scope() as db:
                    wanted = select(col(SyncRun.id)).where(
                        col(SyncRun.id).in_(list(mine)), col(SyncRun.cancel_wanted).is_(True)
                    )
                    for run_id in db.execute(wanted).scalars():
                        mine[run_id].set()

    def _is_dead(self, owner: str) -> bool:
        """Tell whether a process that says it syncs something is certainly gone: it was on this machine, and is not."""
        host, _, rest = owner.partition(":")
        pid, _, mark = rest.partition(":")
        if not pid.isdecimal() or host != socket.gethostname()[:60]:
            return False
        if int(pid) == os.getpid():
            return owner != self._owner and bool(mark)
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False


_engine = Engine()
stop, wait = _engine.stop, _engine.wait


def start(db: Session, user_id: str, source_key: str, trigger: str = "manual") -> SyncView:
    """Begin a sync, or return the one that is not over yet. Commits.

    Raises:
        NotFoundError: The user has no such source.
        InvalidInputError: It is no live source.
        ConflictError: Its credentials are not in the vault.
    """
    source = live_source(db, user_id, source_key)
    if not credentials.are_there(db, source):
        raise ConflictError("sync.no_credentials", source=source_key)
    if state_of(db, source.id) is None:
        db.add(SyncState(source_id=source.id, user_id=user_id))
        db.flush()
    lock_state(db, source.id)
    run = open_run(db, source.id)
    state = state_of(db, source.id)
    assert state is not None, "it was made above"
    if run is None:
        run = SyncRun(user_id=user_id, source_id=source.id, trigger=trigger, begun_with=state.cursor)
        state.next_at = None
        db.add(run)
        db.add(state)
        if trigger == "manual":
            audit.record(db, user_id, "sync.start", {"source": source_key})
    waits = run.state == "waiting" and run.retry_at is not None and run.retry_at > utc_now()
    db.commit()
    if not waits:
        _engine.submit(run.id)
    return view_of(run, source.key)


def cancel(db: Session, user_id: str, source_key: str) -> SyncView:
    """Stop the sync of a source. What arrived is kept, and the next sync goes on from there. Commits.

    Raises:
        NotFoundError: The user has no such source, or no sync of it is under way.
        InvalidInputError: It is no live source.
    """
    source = live_source(db, user_id, source_key)
    run = open_run(db, source.id)
    if run is None:
        raise NotFoundError("sync.none_under_way", source=source_key)
    run.cancel_wanted = True
    db.add(run)
    db.commit()
    if not _engine.stop_one(run.id) and run.state in ("queued", "waiting"):
        _engine.end(run.id, "cancelled")
        db.refresh(run)
    return view_of(run, source.key)


def tick(db: Session) -> int:
    """Take up what is due: sources whose time has come, syncs whose wait is over, syncs that a dead process left.

    Returns how many were taken up. Nothing happens while SmartFolio may not call out.
    """
    if current_settings().offline:
        return 0
    now, taken = datetime.now(UTC), 0
    for run in db.execute(select(SyncRun).where(col(SyncRun.state).in_(OPEN))).scalars().all():
        # A wait that is longer than any: the clock was set back.
        if _engine.is_ours(run.id) or (run.retry_at is not None and now < run.retry_at <= now + LONGEST_WAIT):
            continue
        if run.cancel_wanted:
            _engine.end(run.id, "cancelled")
            continue
        _engine.submit(run.id)  # whoever holds the lease goes on; a dead one's is taken
        taken += 1
    for state in due_sources(db, now):
        source, user = db.get(SourceRow, state.source_id), db.get(User, state.user_id)
        if source is None or user is None or user.disabled or not source.active:
            continue
        try:
            start(db, state.user_id, source.key, trigger="schedule")
            taken += 1
        except SmartFolioError as error:
            db.rollback()
            _log.info("%s is not synced: %s", source.key, error)
            later = now + timedelta(minutes=max(state.every_minutes, 15))
            db.execute(update(SyncState).where(col(SyncState.source_id) == source.id).values(next_at=later))
            db.commit()
    return taken


def _forget_empty(db: Session, source_id: str) -> None:
    """Remember the last syncs that brought nothing, and not the thousands before."""
    empty = (
        select(SyncRun)
        .where(
            col(SyncRun.source_id) == source_id, col(SyncRun.batch_id).is_(None), col(SyncRun.state) == "done"
        )
        .order_by(col(SyncRun.started_at).desc())
        .offset(KEPT_EMPTY)
    )
    for run in db.execute(empty).scalars():
        db.delete(run)
