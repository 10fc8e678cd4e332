"""What there is to say of live sources: how each one is, what a sync did. Nothing here calls anybody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.ledger.balances import EffectRow
from smartfolio_app.providers import registry
from smartfolio_app.providers.csv.base import Message
from smartfolio_app.services import audit, credentials, sources
from smartfolio_app.services.credentials import CredentialView
from smartfolio_app.services.sync.access import client_of
from smartfolio_app.storage.repo_sync import OPEN, state_of
from smartfolio_app.storage.tables import ImportBatch, SourceRow, SyncRun, SyncState
from smartfolio_app.storage.vault import VaultLockedError

#: What is offered first, in minutes; 0 is "only when I say so".
SCHEDULES = (0, 15, 30, 60, 180, 360, 720, 1440)
#: Between these any number of minutes may be chosen. Whatever it is, the provider's budget is kept.
MOST_OFTEN, MOST_SELDOM = 5, 7 * 1440


@dataclass(frozen=True, slots=True)
class SyncView:
    """One sync. ``total`` is 0 while it is not known; ``effect`` is on the holdings of the source."""

    id: str
    source_key: str
    state: str
    trigger: str
    started_at: datetime
    finished_at: datetime | None
    label: str
    done: int
    total: int
    added: int
    duplicates: int
    positions: int
    effect: list[EffectRow]
    warnings: list[Message]
    error: Message | None
    retry_at: datetime | None
    batch_id: str | None
    undone_at: datetime | None
    stopping: bool = False

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more will happen."""
        return self.state not in OPEN

    @property
    def can_be_undone(self) -> bool:
        """Tell whether there is something to take back."""
        return self.is_over and self.batch_id is not None and self.undone_at is None


@dataclass(frozen=True, slots=True)
class Connection:
    """How a live source is kept up to date.

    ``calls_left`` of ``calls`` in ``per_seconds`` is the key's own budget. ``may_trade`` and ``may_withdraw`` are
    ``None`` when the provider does not tell.
    """

    source_key: str
    provider: str
    connected: bool
    locked: bool
    credentials: list[CredentialView]
    every_minutes: int
    next_at: datetime | None
    succeeded_at: datetime | None
    tried_at: datetime | None
    error: Message | None
    account: str
    may_trade: bool | None
    may_withdraw: bool | None
    checked_at: datetime | None
    current: SyncView | None
    last: SyncView | None
    calls: int
    calls_left: int | None
    per_seconds: float
    paused_until: datetime | None
    breaker_open: bool


@dataclass(frozen=True, slots=True)
class Glance:
    """How a live source is kept up to date, at a glance: cheap to find out for all of them at once."""

    source_key: str
    every_minutes: int
    next_at: datetime | None
    succeeded_at: datetime | None
    current: SyncView | None


def glances(db: Session, user_id: str) -> dict[str, Glance]:
    """Return how each of the user's live sources is kept up to date, by key."""
    under = {one.source_key: one for one in under_way(db, user_id)}
    wanted = (
        select(SyncState, col(SourceRow.key))
        .join(SourceRow, col(SourceRow.id) == col(SyncState.source_id))
        .where(col(SyncState.user_id) == user_id)
    )
    return {
        key: Glance(key, state.every_minutes, state.next_at, state.succeeded_at, under.get(key))
        for state, key in db.execute(wanted)
    }


def under_way(db: Session, user_id: str) -> list[SyncView]:
    """Return the user's syncs that are not over."""
    wanted = (
        select(SyncRun, col(SourceRow.key))
        .join(SourceRow, col(SourceRow.id) == col(SyncRun.source_id))
        .where(col(SyncRun.user_id) == user_id, col(SyncRun.state).in_(OPEN))
        .order_by(col(SyncRun.started_at))
        .execution_options(populate_existing=True)
    )
    return [view_of(run, key) for run, key in db.execute(wanted)]


def connection(db: Session, user_id: str, source_key: str) -> Connection:
    """Return how a live source is kept up to date.

    Raises:
        NotFoundError: The user has no such source.
        InvalidInputError: It is no live source.
    """
    source = live_source(db, user_id, source_key)
    provider = registry.provider(source.provider)
    described = credentials.describe(db, source)
    state = state_of(db, source.id) or SyncState(source_id=source.id, user_id=user_id)
    runs = history(db, user_id, source_key, limit=5)
    left, paused, resting = _room(db, source)
    budget = provider.budget
    return Connection(
        source_key=source.key,
        provider=provider.id,
        connected=all(one.is_set for one in described if one.required),
        locked=any(one.locked for one in described),
        credentials=described,
        every_minutes=state.every_minutes,
        next_at=state.next_at,
        succeeded_at=state.succeeded_at,
        tried_at=state.tried_at,
        error=Message(state.error, json.loads(state.error_params)) if state.error else None,
        account=state.account,
        may_trade=state.may_trade,
        may_withdraw=state.may_withdraw,
        checked_at=state.checked_at,
        current=next((one for one in runs if not one.is_over), None),
        last=next((one for one in runs if one.is_over), None),
        calls=budget.calls if budget else 0,
        calls_left=left,
        per_seconds=budget.seconds if budget else 0.0,
        paused_until=paused,
        breaker_open=resting,
    )


def connections(db: Session, user_id: str) -> list[Connection]:
    """Return how each of the user's live sources is kept up to date."""
    rows = db.execute(
        select(SourceRow).where(col(SourceRow.user_id) == user_id).order_by(col(SourceRow.key))
    ).scalars()
    return [
        connection(db, user_id, row.key)
        for row in rows.all()
        if (provider := registry.providers().get(row.provider)) is not None and provider.kind == "api"
    ]


def history(db: Session, user_id: str, source_key: str, limit: int = 50) -> list[SyncView]:
    """Return the syncs of a source, newest first; raise ``NotFoundError`` when the user has no such source."""
    source = sources.find(db, user_id, source_key)
    wanted = (
        select(SyncRun, col(ImportBatch.undone_at))
        .outerjoin(ImportBatch, col(ImportBatch.id) == col(SyncRun.batch_id))
        .where(col(SyncRun.source_id) == source.id)
        .order_by(col(SyncRun.started_at).desc(), col(SyncRun.id))
        .limit(limit)
    )
    return [view_of(run, source.key, undone) for run, undone in db.execute(wanted)]


def one_of(db: Session, user_id: str, run_id: str) -> SyncView | None:
    """Return one sync, ``None`` when the user has none of that id."""
    wanted = (
        select(SyncRun, col(SourceRow.key), col(ImportBatch.undone_at))
        .join(SourceRow, col(SourceRow.id) == col(SyncRun.source_id))
        .outerjoin(ImportBatch, col(ImportBatch.id) == col(SyncRun.batch_id))
        .where(col(SyncRun.id) == run_id, col(SyncRun.user_id) == user_id)
    )
    found = db.execute(wanted).first()
    return None if found is None else view_of(*found)


def view_of(run: SyncRun, source_key: str, undone_at: datetime | None = None) -> SyncView:
    """Return one sync as its user sees it."""
    effect: Mapping[str, list[str]] = json.loads(run.effect)
    return SyncView(
        id=run.id,
        source_key=source_key,
        state=run.state,
        trigger=run.trigger,
        started_at=run.started_at,
        finished_at=run.finished_at,
        label=run.label,
        done=run.done,
        total=run.total,
        added=run.added,
        duplicates=run.duplicates,
        positions=run.positions,
        effect=[EffectRow(asset, Decimal(one[0]), Decimal(one[1])) for asset, one in effect.items()],
        warnings=[Message(code, params) for code, params in json.loads(run.warnings)],
        error=Message(run.error, json.loads(run.error_params)) if run.error else None,
        retry_at=run.retry_at,
        batch_id=run.batch_id,
        undone_at=undone_at,
        stopping=run.cancel_wanted and run.state in OPEN,
    )


def set_schedule(db: Session, user_id: str, source_key: str, every_minutes: int) -> Connection:
    """Choose how often a source is synced by itself; 0 is never. Commits.

    Raises:
        NotFoundError: The user has no such source.
        InvalidInputError: It is no live source, or that is too often or too seldom.
    """
    source = live_source(db, user_id, source_key)
    if every_minutes and not MOST_OFTEN <= every_minutes <= MOST_SELDOM:
        raise InvalidInputError("sync.schedule", least=MOST_OFTEN, most=MOST_SELDOM)
    state = state_of(db, source.id) or SyncState(source_id=source.id, user_id=user_id)
    state.every_minutes = every_minutes
    state.next_at = None
    if every_minutes and credentials.are_there(db, source):
        soon = (state.succeeded_at or datetime.now(UTC)) + timedelta(minutes=every_minutes)
        state.next_at = max(soon, datetime.now(UTC))
    db.add(state)
    audit.record(db, user_id, "sync.schedule", {"source": source_key, "minutes": every_minutes})
    db.commit()
    return connection(db, user_id, source_key)


def live_source(db: Session, user_id: str, source_key: str) -> SourceRow:
    """Return a live source of the user.

    Raises:
        NotFoundError: The user has no such source.
        InvalidInputError: It is no live source.
    """
    source = sources.find(db, user_id, source_key)
    try:
        provider = registry.provider(source.provider)
    except NotFoundError as error:
        raise InvalidInputError("sync.not_live", source=source_key) from error
    if provider.kind != "api":
        raise InvalidInputError("sync.not_live", source=source_key)
    return source


def _room(db: Session, source: SourceRow) -> tuple[int | None, datetime | None, bool]:
    """Return what the key's budget leaves, until when its host wants silence, and whether it is given a rest."""
    try:
        secrets = credentials.secrets_of(db, source.id)
    except VaultLockedError:
        return None, None, False
    if not secrets:
        return None, None, False
    health = client_of(registry.provider(source.provider), source.id, secrets).health()
    return health.left, health.paused_until, health.breaker_open
