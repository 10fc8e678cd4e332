"""A user's sources: what there is, how each one is, and what can be done with it.

``source_status`` is the one answer that the WealthBar, the Sources page and ``GET /api/users/sources`` read. Each
source is looked at on its own: one whose status cannot be told says so, and the others are served.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from smartfolio_app.analytics.scope import ALL, Category
from smartfolio_app.errors import ConflictError, InvalidInputError, NotFoundError, SmartFolioError
from smartfolio_app.i18n import error_text, translate, translate_or_text
from smartfolio_app.providers import registry
from smartfolio_app.providers.csv.base import Message
from smartfolio_app.providers.registry import Provider
from smartfolio_app.services import audit, credentials, files, trade_prices
from smartfolio_app.services.source_counts import counts_by_source
from smartfolio_app.services.source_labels import label_of
from smartfolio_app.storage.repo_ledger import bump_revision
from smartfolio_app.storage.repo_sync import newest_runs, state_of
from smartfolio_app.storage.tables import (
    DailyPrice,
    ImportBatch,
    SourceRow,
    SyncRun,
    SyncState,
    UserSettings,
)

Status = Literal["ok", "empty", "inactive", "error", "not_configured", "stale", "syncing"]

#: After this a source that is synced by hand alone counts as out of date.
MANUAL_PATIENCE = timedelta(days=2)

_log = logging.getLogger(__name__)
_LONGEST_LABEL = 120


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source as its user sees it.

    ``configured``: it exists for this user; ``visible``: the WealthBar offers it; ``active``: it counts in the totals.
    ``reason`` is a sentence in the user's language, empty when all is well. ``counts`` holds ``transactions``,
    ``positions`` (of its newest statement), ``items``, ``files`` and ``batches``, zeros left out. ``id`` is empty for a
    source that is not set up.
    """

    key: str
    label: str
    category: str
    kind: str
    provider: str
    configured: bool
    visible: bool
    active: bool
    status: Status
    reason: str = ""
    last_sync: datetime | None = None
    counts: dict[str, int] = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True, slots=True)
class SourcesView:
    """Every source of a user, and the WealthBar's choice per category: ``all`` or a source's key."""

    sources: list[SourceStatus]
    current_source: dict[str, str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a status is judged by: the source, its provider, and what it holds."""

    source: SourceRow
    provider: Provider
    counts: Mapping[str, int]
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """What a live source's status is judged by: its credentials, and how its syncs went."""

    connected: bool
    locked: bool
    state: SyncState | None
    run: SyncRun | None


# --------------------------------------------------------------------------------------------------- the status
def source_status(db: Session, user_id: str) -> SourcesView:
    """Return the user's sources (built-in first, then by category and label), then what could be set up.

    Raises:
        NotFoundError: There is no such user.
    """
    settings = db.get(UserSettings, user_id)
    if settings is None:
        raise NotFoundError("account.no_such_user")
    counts = counts_by_source(db, user_id)
    rows = db.execute(select(SourceRow).where(col(SourceRow.user_id) == user_id)).scalars().all()
    runs = newest_runs(db, user_id) if any(registry.is_live(row.provider) for row in rows) else {}
    found = [
        _one(db, row, counts.get(row.id, {}), settings.language, runs.get(row.id))
        for row in sorted(rows, key=_order)
    ]
    connected = {row.provider for row in rows}
    connected |= {
        one.files_of for one in registry.providers().values() if one.id in connected and one.files_of
    }
    found += [
        _not_configured(registry.providers()[provider_id], settings.language)
        for provider_id in registry.WELL_KNOWN
        if provider_id in registry.providers() and provider_id not in connected
    ]
    offered = {(status.category, status.key) for status in found if status.visible}
    current = {category.value: getattr(settings, f"scope_{category.value}") for category in Category}
    return SourcesView(
        found, {category: key if (category, key) in offered else ALL for category, key in current.items()}
    )


def _one(
    db: Session, row: SourceRow, counts: Mapping[str, int], language: str, run: SyncRun | None
) -> SourceStatus:
    label, kind = row.label or row.key, ""
    visible = row.active
    try:
        provider = registry.provider(row.provider)
        label, kind = label_of(row, language), provider.kind
        link = _link(db, row, run) if kind == "api" else None
        visible = row.active and (link is None or link.connected)
        status, reason = STATUS_OF_KIND[kind](Facts(row, provider, counts, link))
        sentence = _said(reason, language) if reason else row.last_error if status == "error" else ""
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one source, the others must be served
        _log.exception("the status of source %s cannot be told", row.key)
        status = "error"
        sentence = (
            error_text(language, error)
            if isinstance(error, SmartFolioError)
            else translate(language, "sources_status.reason.unexpected", error=type(error).__name__)
        )
    return SourceStatus(
        key=row.key,
        label=label,
        category=row.category,
        kind=kind,
        provider=row.provider,
        configured=True,
        visible=visible,
        active=row.active,
        status=status,
        reason=sentence,
        last_sync=row.last_sync,
        counts=dict(counts),
        id=row.id,
    )


def _manual_status(facts: Facts) -> tuple[Status, str]:
    if not facts.source.active:
        return "inactive", "sources_status.reason.inactive"
    if not (facts.counts.get("transactions") or facts.counts.get("items") or facts.counts.get("positions")):
        items = facts.source.provider == registry.WEALTH_ITEMS
        return "empty", f"sources_status.reason.{'no_items' if items else 'nothing_typed'}"
    return "ok", ""


def _file_status(facts: Facts) -> tuple[Status, str]:
    if not facts.source.active:
        return "inactive", "sources_status.reason.inactive"
    if facts.source.last_error:
        return "error", ""
    if not (facts.counts.get("transactions") or facts.counts.get("positions")):
        return "empty", "sources_status.reason.no_file"
    return "ok", ""


def _live_status(facts: Facts) -> tuple[Status, str | Message]:
    link = facts.link
    assert link is not None, "a live source has one"
    if not facts.source.active:
        return "inactive", "sources_status.reason.inactive"
    if not link.connected:
        kept = facts.counts.get("transactions") or facts.counts.get("positions")
        return (
            "not_configured",
            f"sources_status.reason.{'key_removed' if kept else _missing(facts.provider)}",
        )
    if link.locked:
        return "error", "sources_status.reason.locked"
    state, run = link.state, link.run
    under_way = run is not None and run.state in ("queued", "running")
    if state is None or state.succeeded_at is None:
        if under_way:
            return "syncing", "sources_status.reason.first_sync"
        if state is not None and state.error:
            return "error", Message(f"error.{state.error}", json.loads(state.error_params))
        return "empty", "sources_status.reason.never_synced"
    if under_way:
        return "syncing", ""
    if state.error:
        return "stale", Message(f"error.{state.error}", json.loads(state.error_params))
    patience = timedelta(minutes=2 * state.every_minutes) if state.every_minutes else MANUAL_PATIENCE
    if datetime.now(UTC) - state.succeeded_at > max(patience, timedelta(minutes=30)):
        return "stale", "sources_status.reason.long_ago"
    return "ok", ""


#: How a source of each kind is judged: (status, message key of the reason). May raise; see ``_one``.
STATUS_OF_KIND: dict[str, Callable[[Facts], tuple[Status, str | Message]]] = {
    "manual": _manual_status,
    "csv": _file_status,
    "api": _live_status,
}


def _link(db: Session, row: SourceRow, run: SyncRun | None) -> Link:
    described = credentials.describe(db, row)
    return Link(
        connected=bool(described) and all(one.is_set for one in described if one.required),
        locked=any(one.locked for one in described),
        state=state_of(db, row.id),
        run=run,
    )


def _said(reason: str | Message, language: str) -> str:
    if isinstance(reason, Message):
        return translate_or_text(language, reason.code, **reason.params)
    return translate(language, reason)


def _not_configured(provider: Provider, language: str) -> SourceStatus:
    return SourceStatus(
        key=provider.id,
        label=translate_or_text(language, provider.label),
        category=provider.category,
        kind=provider.kind,
        provider=provider.id,
        configured=False,
        visible=False,
        active=False,
        status="not_configured",
        reason=translate(
            language,
            f"sources_status.reason.{_missing(provider) if provider.kind == 'api' else 'not_configured'}",
        ),
    )


def _missing(provider: Provider) -> str:
    """Return what a live source lacks while it is not connected."""
    return "no_sign_in" if provider.sign_in else "no_key"


def _order(row: SourceRow) -> tuple[int, int, str]:
    built_in = registry.BUILT_IN.index(row.provider) if row.provider in registry.BUILT_IN else 99
    categories = [category.value for category in Category]
    return (built_in, categories.index(row.category) if row.category in categories else 99, row.key)


# ------------------------------------------------------------------------------------------------- what it holds
def create_built_in_sources(db: Session, user_id: str) -> None:
    """Give a new user the sources that everybody has. Does not commit."""
    for provider_id in registry.BUILT_IN:
        provider = registry.provider(provider_id)
        db.add(
            SourceRow(
                user_id=user_id, key=provider.id, provider=provider.id, label="", category=provider.category
            )
        )
    db.flush()


def find(db: Session, user_id: str, key: str) -> SourceRow:
    """Return one source of the user by its key; raise ``NotFoundError`` when they have none of that key."""
    row = db.execute(
        select(SourceRow).where(col(SourceRow.user_id) == user_id, col(SourceRow.key) == key)
    ).scalar_one_or_none()
    if row is None:
        raise NotFoundError("source.no_such_source", source=key)
    return row


def source_of_provider(db: Session, user_id: str, provider_id: str) -> SourceRow | None:
    """Return the user's oldest source of a provider, else that of the same account told another way, else ``None``."""
    family = registry.family(provider_id)
    wanted = (
        select(SourceRow)
        .where(col(SourceRow.user_id) == user_id, col(SourceRow.provider).in_(family))
        .order_by(col(SourceRow.created_at), col(SourceRow.id))
    )
    rows = sorted(db.execute(wanted).scalars(), key=lambda row: family.index(row.provider))
    return rows[0] if rows else None


def new_source(db: Session, user_id: str, provider_id: str, label: str = "") -> SourceRow:
    """Make a source in the caller's transaction, with the next free key of its provider.

    Raises:
        NotFoundError: There is no such provider.
        InvalidInputError: The provider is no source, or the label is too long.
    """
    provider = registry.provider(provider_id)
    if not provider.is_source:
        raise InvalidInputError("source.not_a_source", provider=provider_id)
    taken = set(db.execute(select(col(SourceRow.key)).where(col(SourceRow.user_id) == user_id)).scalars())
    key, number = provider.id, 1
    while key in taken:
        number += 1
        key = f"{provider.id}_{number}"
    row = SourceRow(
        user_id=user_id,
        key=key,
        provider=provider.id,
        label=_clean_label(label) if label.strip() else "",
        category=provider.category,
    )
    db.add(row)
    db.flush()
    return row


# ------------------------------------------------------------------------------------------------ what one can do
def add(
    db: Session,
    user_id: str,
    provider_id: str,
    label: str = "",
    *,
    separate: bool = False,
    config: Mapping[str, str] | None = None,
) -> SourceStatus:
    """Create a source of a provider and return it; raises as ``new_source``.

    An account that is already filled from its files becomes a live one when its network address is added: one account
    is one source, else everything in it would count twice. ``separate`` says that it is another account. ``config`` is
    what the provider must be told besides credentials.
    """
    bump_revision(db, user_id)
    row = None if separate else same_account(db, user_id, provider_id)
    if row is not None:
        row.provider = provider_id
        row.label = _clean_label(label) if label.strip() else row.label
    else:
        row = new_source(db, user_id, provider_id, label)
    row.config = config_text(registry.provider(provider_id), config or {})
    db.add(row)
    audit.record(db, user_id, "source.add", {"source": row.key, "provider": provider_id})
    db.commit()
    return status_of(db, user_id, row.key)


def same_account(db: Session, user_id: str, provider_id: str) -> SourceRow | None:
    """Return the user's source that is filled from files of the account which a live provider tells of."""
    provider = registry.provider(provider_id)
    if provider.kind != "api" or not provider.files_of:
        return None
    found = source_of_provider(db, user_id, provider.files_of)
    return found if found is not None and found.provider == provider.files_of else None


def config_text(provider: Provider, config: Mapping[str, str]) -> str:
    """Return the configuration as it is stored; raise ``InvalidInputError`` for what the provider does not ask."""
    known = {field.name: field for field in provider.config_fields}
    for name, value in config.items():
        field_ = known.get(name)
        if field_ is None or len(value) > 200 or (field_.choices and value not in field_.choices):
            raise InvalidInputError("source.config_invalid", field=name[:40], provider=provider.label)
    usual = {name: one.choices[0] for name, one in known.items() if one.choices}
    return json.dumps({**usual, **config})


def status_of(db: Session, user_id: str, key: str) -> SourceStatus:
    """Return one source of the user; raise ``NotFoundError`` when they have none of that key."""
    find(db, user_id, key)
    return next(status for status in source_status(db, user_id).sources if status.key == key)


def rename(db: Session, user_id: str, key: str, label: str) -> SourceStatus:
    """Give a source another name.

    Raises:
        NotFoundError: The user has no such source.
        InvalidInputError: The name is empty or too long.
    """
    row = find(db, user_id, key)
    row.label = _clean_label(label)
    bump_revision(db, user_id)
    db.add(row)
    audit.record(db, user_id, "source.rename", {"source": key, "label": row.label})
    db.commit()
    return status_of(db, user_id, key)


def set_active(db: Session, user_id: str, key: str, active: bool) -> SourceStatus:
    """Count a source in the totals, or leave it out; raise ``NotFoundError`` when the user has no such source."""
    row = find(db, user_id, key)
    if row.active != active:
        row.active = active
        bump_revision(db, user_id)
        db.add(row)
        audit.record(db, user_id, "source.activate" if active else "source.deactivate", {"source": key})
        db.commit()
    return status_of(db, user_id, key)


def what_delete_removes(db: Session, user_id: str, key: str) -> dict[str, int]:
    """Return how many ``transactions``, ``positions``, ``items``, ``prices``, ``files`` and ``batches`` would go.

    Raises:
        NotFoundError: The user has no such source.
    """
    row = find(db, user_id, key)
    going = dict(counts_by_source(db, user_id).get(row.id, {}))
    in_its_batches = (
        select(func.count())
        .select_from(DailyPrice)
        .join(ImportBatch, col(ImportBatch.id) == col(DailyPrice.batch_id))
        .where(col(ImportBatch.source_id) == row.id)
    )
    prices = db.execute(in_its_batches).scalar_one()
    return {**going, "prices": prices} if prices else going


def delete_source(db: Session, user_id: str, key: str) -> None:
    """Remove a source with everything in it (``what_delete_removes``), for good.

    Raises:
        NotFoundError: The user has no such source.
        ConflictError: It is one that everybody has; it can be switched off instead.
    """
    row = find(db, user_id, key)
    if row.key in registry.BUILT_IN:
        raise ConflictError("source.built_in", source=key)
    hashes = files.hashes_of_source(db, row.id)
    bump_revision(db, user_id)
    db.execute(delete(SourceRow).where(col(SourceRow.id) == row.id))
    trade_prices.rebuild(db, user_id)
    audit.record(db, user_id, "source.delete", {"source": key, "label": row.label})
    db.commit()
    files.forget_unused(db, user_id, hashes)


def _clean_label(label: str) -> str:
    shown = " ".join(label.split())
    if not shown or len(shown) > _LONGEST_LABEL or not shown.isprintable():
        raise InvalidInputError("source.label_invalid", maximum=_LONGEST_LABEL)
    return shown
