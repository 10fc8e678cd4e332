"""Live sources in the database: nonces, and who is syncing what. Nothing here commits, but for the nonce."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from smartfolio_app.ledger.dedupe import Known
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import NonceRow, SyncRun, SyncState, TransactionRow
from smartfolio_app.storage.tables.base import utc_now

#: States of a sync that is not over.
OPEN = ("queued", "running", "waiting")
#: How long a process is believed to be syncing without saying so again.
LEASE = timedelta(seconds=60)


def next_nonce(provider: str, key_id: str) -> int:
    """Return a number larger than any returned before for this key, by any process: milliseconds, where they are."""
    now = time.time_ns() // 1_000_000
    table: Any = NonceRow.__table__  # type: ignore[attr-defined]
    with session_scope() as db:
        insert: Any = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
        new = insert(table).values(provider=provider, key_id=key_id, value=now)
        larger = case((table.c.value >= new.excluded.value, table.c.value + 1), else_=new.excluded.value)
        kept = new.on_conflict_do_update(index_elements=["provider", "key_id"], set_={"value": larger})
        return int(db.execute(kept.returning(table.c.value)).scalar_one())


def state_of(db: Session, source_id: str) -> SyncState | None:
    """Return how a source is kept up to date."""
    return db.get(SyncState, source_id, populate_existing=True)


def newest_runs(db: Session, user_id: str) -> dict[str, SyncRun]:
    """Return the newest sync of each of the user's sources by source id."""
    found: dict[str, SyncRun] = {}
    wanted = (
        select(SyncRun)
        .where(col(SyncRun.user_id) == user_id)
        .order_by(col(SyncRun.started_at).desc(), col(SyncRun.id))
        .limit(400)
    )
    for run in db.execute(wanted).scalars():
        found.setdefault(run.source_id, run)
    return found


def open_run(db: Session, source_id: str) -> SyncRun | None:
    """Return the sync of a source that is not over."""
    wanted = select(SyncRun).where(col(SyncRun.source_id) == source_id, col(SyncRun.state).in_(OPEN))
    return db.execute(wanted.order_by(col(SyncRun.started_at)).limit(1)).scalar_one_or_none()


def lock_state(db: Session, source_id: str) -> None:
    """Take the lock of a source's state until the transaction ends."""
    db.execute(
        update(SyncState)
        .where(col(SyncState.source_id) == source_id)
        .values(failures=col(SyncState.failures))
    )


def take_lease(db: Session, source_id: str, owner: str, dead: str = "") -> bool:
    """Become the one that syncs a source; ``dead`` is an owner known to be gone. Tell whether that worked."""
    now = utc_now()
    free = (
        (col(SyncState.owner) == "")
        | (col(SyncState.owner) == owner)
        | col(SyncState.owner_until).is_(None)
        | (col(SyncState.owner_until) < now)
        | (col(SyncState.owner_until) > now + 2 * LEASE)  # nobody promises that: the clock was set back
    )
    if dead:
        free |= col(SyncState.owner) == dead
    taken = update(SyncState).where(col(SyncState.source_id) == source_id, free)
    result = db.connection().execute(taken.values(owner=owner, owner_until=now + LEASE))
    return bool(result.rowcount)


def renew_leases(db: Session, owner_prefix: str) -> None:
    """Say that this process still syncs what it has taken."""
    mine = update(SyncState).where(col(SyncState.owner).startswith(owner_prefix, autoescape=True))
    db.execute(mine.values(owner_until=utc_now() + LEASE))


def free_lease(db: Session, source_id: str, owner: str) -> None:
    """Let another process sync the source."""
    mine = update(SyncState).where(col(SyncState.source_id) == source_id, col(SyncState.owner) == owner)
    db.execute(mine.values(owner="", owner_until=None))


def due_sources(db: Session, now: datetime) -> list[SyncState]:
    """Return the sources whose time has come, or is further away than it can be: then the clock was set back."""
    wanted = select(SyncState).where(col(SyncState.every_minutes) > 0, col(SyncState.next_at).is_not(None))
    planned = db.execute(wanted.order_by(col(SyncState.next_at))).scalars()
    return [one for one in planned if one.next_at and not now < one.next_at <= now + _furthest(one)]


def _furthest(state: SyncState) -> timedelta:
    """Return how far away a source's next sync is at most; schedules are spread a little."""
    return timedelta(minutes=max(state.every_minutes, 15) * 1.1 + 1)


def known_with(db: Session, source_id: str, fingerprints: Iterable[str]) -> list[Known]:
    """Return the stored transactions of a source with one of these fingerprints, the deleted ones too."""
    unique, found = sorted(set(fingerprints)), []
    columns = (
        col(TransactionRow.fingerprint),
        col(TransactionRow.external_id),
        col(TransactionRow.deleted_at).is_not(None),
        col(TransactionRow.id),
    )
    for first in range(0, len(unique), 500):
        wanted = select(*columns).where(
            col(TransactionRow.source_id) == source_id,
            col(TransactionRow.fingerprint).in_(unique[first : first + 500]),
        )
        found += [
            Known(mark, external, bool(gone), str(id_)) for mark, external, gone, id_ in db.execute(wanted)
        ]
    return found
