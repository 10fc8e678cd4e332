"""Live sources: what can be connected, credentials (written, never read), syncing, its history, reconciliation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, SecretStr
from sqlmodel import Session

from smartfolio_app.api.dependencies import Caller, Database, SignedIn, language_of
from smartfolio_app.api.imports import EffectOut, UndoneOut, effects_out, undone_out
from smartfolio_app.api.schemas import Amount, Answer, Body, SourceOut
from smartfolio_app.i18n import translate, translate_or_text
from smartfolio_app.ledger.assets import Asset, AssetId, symbol_of
from smartfolio_app.ledger.reconcile import Gap
from smartfolio_app.providers import registry
from smartfolio_app.providers.connectors import KeyCheck
from smartfolio_app.providers.csv.base import Message
from smartfolio_app.providers.declared import Provider
from smartfolio_app.services import sources, sync

router = APIRouter(prefix="/api/sources", tags=["sources"])

_Secret = Annotated[SecretStr, Field(max_length=8_000)]


class FieldOut(Answer):
    """One thing a provider must be told."""

    name: str
    label: str
    secret: bool
    required: bool
    choices: list[str]


class OfferOut(Answer):
    """One thing that can be connected. ``kind`` is ``api``, ``csv`` or ``manual``; ``advice``: where a key is made."""

    provider: str
    label: str
    category: str
    kind: str
    yields: list[str]
    credentials: list[FieldOut]
    config: list[FieldOut]
    files_of: str
    sign_in: bool
    help_url: str
    advice: str


class CredentialOut(Answer):
    """One credential as its owner may see it: whether it is set, since when, its last four characters."""

    field: str
    required: bool
    is_set: bool
    hint: str
    set_at: datetime | None
    locked: bool


class CheckOut(Answer):
    """What credentials may do; ``null`` where the provider does not tell."""

    ok: bool
    account: str
    may_read: bool
    may_trade: bool | None
    may_withdraw: bool | None
    warnings: list[str]


class CredentialsIn(Body):
    """Credentials by field name; they are kept by the vault and never given back.

    ``accept_risks`` says that a key which may trade or withdraw is wanted all the same.
    """

    credentials: dict[Annotated[str, Field(max_length=40)], _Secret]
    accept_risks: bool = False
    first_sync: bool = True


class TestIn(Body):
    """Credentials to try without keeping them; left out: those in the vault are tried."""

    __test__ = False

    credentials: dict[Annotated[str, Field(max_length=40)], _Secret] = Field(default_factory=dict)


class ScheduleIn(Body):
    """How often a source is synced by itself, in minutes; 0 is never."""

    every_minutes: int


class SyncOut(Answer):
    """One sync. ``state`` is ``queued``, ``running``, ``waiting`` (goes on at ``retry_at``), ``done``, ``failed`` or
    ``cancelled``; ``total`` is 0 while it is not known.
    """

    id: str
    source: str
    state: str
    trigger: str
    started_at: datetime
    finished_at: datetime | None
    doing: str
    done: int
    total: int
    added: int
    duplicates: int
    positions: int
    effect: list[EffectOut]
    warnings: list[str]
    error: str
    retry_at: datetime | None
    batch_id: str | None
    undone_at: datetime | None


class ConnectionOut(Answer):
    """How a live source is kept up to date. ``calls_left`` of ``calls`` in ``per_seconds`` is its key's own budget."""

    source: SourceOut
    connected: bool
    locked: bool
    credentials: list[CredentialOut]
    every_minutes: int
    next_at: datetime | None
    succeeded_at: datetime | None
    tried_at: datetime | None
    error: str
    account: str
    may_trade: bool | None
    may_withdraw: bool | None
    checked_at: datetime | None
    current: SyncOut | None
    last: SyncOut | None
    calls: int
    calls_left: int | None
    per_seconds: int
    paused_until: datetime | None
    breaker_open: bool


class ConnectedOut(Answer):
    """Credentials that were stored. ``check`` is ``null`` when they could not be tried; ``problem`` says why."""

    connection: ConnectionOut
    check: CheckOut | None
    problem: str


class RemovedOut(Answer):
    """How many credentials were removed from the vault."""

    removed: int


class GapOut(Answer):
    """An asset whose books and report differ. ``cause`` is a guess; ``fixable``: one entry would close it."""

    asset: str
    asset_id: str
    reported: Amount
    booked: Amount
    difference: Amount
    cause: str
    why: str
    fixable: bool
    fix: str


class ReconciliationOut(Answer):
    """A source's books against what it last reported; ``as_of`` is ``null`` while it has reported nothing."""

    as_of: datetime | None
    agreed: int
    gaps: list[GapOut]


# --------------------------------------------------------------------------------------------------- what there is
@router.get("/catalogue", summary="Everything that can be connected")
def list_catalogue(  # noqa: PLR0917 - FastAPI passes them by name
    viewer: SignedIn,
    access: Caller,
    db: Database,
    search: Annotated[str, Query(max_length=80, description="part of a name")] = "",
    category: Annotated[str, Query(max_length=16, description="crypto, stocks or wealth")] = "",
    kind: Annotated[str, Query(max_length=16, description="api, csv or manual")] = "",
) -> list[OfferOut]:
    """Return every provider that can be a source, with what it must be told."""
    language = language_of(access, db, viewer.user_id)
    offers = [_offer(one, language) for one in registry.providers().values() if one.is_source]
    wanted = search.strip().casefold()
    return [
        one
        for one in offers
        if wanted in f"{one.label} {one.provider}".casefold()
        and category in ("", one.category)
        and kind in ("", one.kind)
    ]


@router.get("/{key}/status", summary="How a live source is kept up to date")
def get_status(viewer: SignedIn, access: Caller, db: Database, key: str) -> ConnectionOut:
    """Return credentials (as far as they may be seen), schedule, budget, the sync under way and the last one."""
    return _connection(db, viewer.user_id, key, language_of(access, db, viewer.user_id))


# ----------------------------------------------------------------------------------------------------- credentials
@router.put("/{key}/credentials", summary="Set or replace a source's credentials")
def set_credentials(
    viewer: SignedIn, access: Caller, db: Database, key: str, body: CredentialsIn
) -> ConnectedOut:
    """Try credentials, keep them in the vault and begin the first sync. Refused ones are not kept."""
    language = language_of(access, db, viewer.user_id)
    done = sync.connect(
        db,
        viewer.user_id,
        key,
        _plain(body.credentials),
        accept_risks=body.accept_risks,
        begin=body.first_sync,
    )
    return ConnectedOut(
        connection=_connection(db, viewer.user_id, key, language),
        check=_check(done.check, language) if done.check is not None else None,
        problem=_error(done.problem, language),
    )


@router.delete("/{key}/credentials", summary="Remove a source's credentials")
def remove_credentials(viewer: SignedIn, db: Database, key: str) -> RemovedOut:
    """Remove the credentials from the vault; what was synced stays."""
    return RemovedOut(removed=sync.disconnect(db, viewer.user_id, key))


@router.post("/{key}/test", summary="Try a source's credentials")
def try_credentials(
    viewer: SignedIn, access: Caller, db: Database, key: str, body: TestIn | None = None
) -> CheckOut:
    """Say what credentials may do: those given, which are not kept, or those in the vault."""
    given = _plain(body.credentials) if body is not None else {}
    found = sync.check(db, viewer.user_id, key, given or None)
    return _check(found, language_of(access, db, viewer.user_id))


# --------------------------------------------------------------------------------------------------------- syncing
@router.post("/{key}/sync", status_code=202, summary="Sync a source now")
def start_sync(viewer: SignedIn, access: Caller, db: Database, key: str) -> SyncOut:
    """Begin a sync in the background and return it, or the one that is under way."""
    return _sync(db, sync.start(db, viewer.user_id, key), language_of(access, db, viewer.user_id))


@router.delete("/{key}/sync", summary="Stop the sync of a source")
def stop_sync(viewer: SignedIn, access: Caller, db: Database, key: str) -> SyncOut:
    """Stop the sync that is under way; what arrived stays, and the next one goes on from there."""
    return _sync(db, sync.cancel(db, viewer.user_id, key), language_of(access, db, viewer.user_id))


@router.get("/{key}/syncs", summary="Syncs of a source")
def list_syncs(
    viewer: SignedIn, access: Caller, db: Database, key: str, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[SyncOut]:
    """Return the syncs of a source, newest first."""
    language = language_of(access, db, viewer.user_id)
    return [_sync(db, one, language) for one in sync.history(db, viewer.user_id, key, limit)]


@router.delete("/{key}/syncs/{sync_id}", summary="Take a sync back")
def undo_sync(viewer: SignedIn, db: Database, key: str, sync_id: str) -> UndoneOut:
    """Remove everything a sync brought; the source is then synced by hand until a schedule is chosen again."""
    sources.find(db, viewer.user_id, key)
    return undone_out(db, sync.undo(db, viewer.user_id, sync_id, key))


@router.put("/{key}/schedule", summary="How often a source is synced by itself")
def set_schedule(viewer: SignedIn, access: Caller, db: Database, key: str, body: ScheduleIn) -> ConnectionOut:
    """Choose the schedule in minutes: from 5 to 10080 (a week), or 0 (never). The provider's budget is kept anyway."""
    sync.set_schedule(db, viewer.user_id, key, body.every_minutes)
    return _connection(db, viewer.user_id, key, language_of(access, db, viewer.user_id))


# -------------------------------------------------------------------------------------------------- reconciliation
@router.get("/{key}/reconciliation", summary="A source's books against its report")
def get_reconciliation(viewer: SignedIn, access: Caller, db: Database, key: str) -> ReconciliationOut:
    """Return each asset whose transactions do not add up to what the source reports, and what may be the cause."""
    found = sync.reconciliation(db, viewer.user_id, key)
    if found is None:
        return ReconciliationOut(as_of=None, agreed=0, gaps=[])
    language, known = language_of(access, db, viewer.user_id), sync.assets_of(db, found)
    return ReconciliationOut(
        as_of=found.as_of, agreed=found.agreed, gaps=[_gap(one, known, language) for one in found.gaps]
    )


@router.post("/{key}/reconciliation/{asset}", summary="Close a gap with one entry")
def close_gap(viewer: SignedIn, access: Caller, db: Database, key: str, asset: str) -> GapOut:
    """Enter the proposed transaction; it can be taken back like an import."""
    gap = sync.close_gap(db, viewer.user_id, key, asset)
    return _gap(gap, {}, language_of(access, db, viewer.user_id))


# --------------------------------------------------------------------------------------------------------- helpers
def _plain(given: dict[str, SecretStr]) -> dict[str, str]:
    return {name: secret.get_secret_value() for name, secret in given.items()}


def _said(remark: Message, language: str) -> str:
    return translate_or_text(language, remark.code, **remark.params)


def _error(remark: Message | None, language: str) -> str:
    return "" if remark is None else translate_or_text(language, f"error.{remark.code}", **remark.params)


def _offer(provider: Provider, language: str) -> OfferOut:
    def fields(named: tuple[registry.Field, ...]) -> list[FieldOut]:
        return [
            FieldOut(
                name=one.name,
                label=translate_or_text(language, one.label),
                secret=one.secret,
                required=one.required,
                choices=list(one.choices),
            )
            for one in named
        ]

    return OfferOut(
        provider=provider.id,
        label=translate_or_text(language, provider.label),
        category=provider.category,
        kind=provider.kind,
        yields=list(provider.yields),
        credentials=fields(provider.credential_fields),
        config=fields(provider.config_fields),
        files_of=provider.files_of,
        sign_in=provider.sign_in,
        help_url=provider.help_url,
        advice=translate_or_text(language, provider.advice) if provider.advice else "",
    )


def _check(found: KeyCheck, language: str) -> CheckOut:
    return CheckOut(
        ok=found.ok,
        account=found.account,
        may_read=found.may_read,
        may_trade=found.may_trade,
        may_withdraw=found.may_withdraw,
        warnings=[_said(one, language) for one in found.warnings],
    )


def _sync(db: Session, one: sync.SyncView, language: str) -> SyncOut:
    return SyncOut(
        id=one.id,
        source=one.source_key,
        state=one.state,
        trigger=one.trigger,
        started_at=one.started_at,
        finished_at=one.finished_at,
        doing=translate_or_text(language, one.label) if one.label and not one.is_over else "",
        done=one.done,
        total=one.total,
        added=one.added,
        duplicates=one.duplicates,
        positions=one.positions,
        effect=effects_out(db, one.effect),
        warnings=[_said(remark, language) for remark in one.warnings],
        error=_error(one.error, language),
        retry_at=one.retry_at,
        batch_id=one.batch_id,
        undone_at=one.undone_at,
    )


def _connection(db: Session, user_id: str, key: str, language: str) -> ConnectionOut:
    how = sync.connection(db, user_id, key)
    return ConnectionOut(
        source=SourceOut.model_validate(sources.status_of(db, user_id, key)),
        connected=how.connected,
        locked=how.locked,
        credentials=[CredentialOut.model_validate(one) for one in how.credentials],
        every_minutes=how.every_minutes,
        next_at=how.next_at,
        succeeded_at=how.succeeded_at,
        tried_at=how.tried_at,
        error=_error(how.error, language),
        account=how.account,
        may_trade=how.may_trade,
        may_withdraw=how.may_withdraw,
        checked_at=how.checked_at,
        current=_sync(db, how.current, language) if how.current is not None else None,
        last=_sync(db, how.last, language) if how.last is not None else None,
        calls=how.calls,
        calls_left=how.calls_left,
        per_seconds=round(how.per_seconds),
        paused_until=how.paused_until,
        breaker_open=how.breaker_open,
    )


def _gap(gap: Gap, known: dict[AssetId, Asset], language: str) -> GapOut:
    symbol = known[gap.asset].symbol if gap.asset in known else symbol_of(gap.asset)
    fix = gap.fix
    words = {
        "asset": symbol,
        "other": symbol_of(gap.related),
        "day": gap.at.date().isoformat() if gap.at else "",
    }
    return GapOut(
        asset=symbol,
        asset_id=gap.asset,
        reported=gap.reported,
        booked=gap.booked,
        difference=gap.difference,
        cause=gap.cause,
        why=translate(language, f"reconcile.cause.{gap.cause}", **words),
        fixable=fix is not None,
        fix=translate(language, f"reconcile.fix.{fix.kind.value}", **words) if fix is not None else "",
    )
