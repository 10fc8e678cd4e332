"""A user's sources: what there is, how each one is, and what can be done with it.

``source_status`` is the one answer that the WealthBar, the Sources page and ``GET /api/users/sources`` read. Each
source is looked at on its own: one whose status cannot be told says so, and the others are served.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from smartfolio_app.analytics.scope import ALL, Category
from smartfolio_app.errors import ConflictError, InvalidInputError, NotFoundError, SmartFolioError
from smartfolio_app.i18n import error_text, translate, translate_or_text
from smartfolio_app.providers import registry
from smartfolio_app.providers.registry import Provider
from smartfolio_app.services import audit, files, trade_prices
from smartfolio_app.services.source_counts import counts_by_source
from smartfolio_app.services.source_labels import label_of
from smartfolio_app.storage.repo_ledger import bump_revision
from smartfolio_app.storage.tables import (
    DailyPrice,
    ImportBatch,
    SourceRow,
    UserSettings,
)

Status = Literal["ok", "empty", "inactive", "error", "not_configured", "stale"]

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
    found = [_one(row, counts.get(row.id, {}), settings.language) for row in sorted(rows, key=_order)]
    connected = {row.provider for row in rows}
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


def _one(row: SourceRow, counts: Mapping[str, int], language: str) -> SourceStatus:
    label, kind = row.label or row.key, ""
    try:
        provider = registry.provider(row.provider)
        label, kind = label_of(row, language), provider.kind
        status, reason = STATUS_OF_KIND[kind](Facts(row, provider, counts))
        sentence = translate(language, reason) if reason else row.last_error if status == "error" else ""
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
        visible=row.active,
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


#: How a source of each kind is judged: (status, message key of the reason). May raise; see ``_one``.
STATUS_OF_KIND: dict[str, Callable[[Facts], tuple[Status, str]]] = {
    "manual": _manual_status,
    "csv": _file_status,
}


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
        reason=translate(language, "sources_status.reason.not_configured"),
    )


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
    """Return the user's oldest source of a provider, ``None`` when they have none."""
    wanted = select(SourceRow).where(
        col(SourceRow.user_id) == user_id, col(SourceRow.provider) == provider_id
    )
    return db.execute(
        wanted.order_by(col(SourceRow.created_at), col(SourceRow.id)).limit(1)
    ).scalar_one_or_none()


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
def add(db: Session, user_id: str, provider_id: str, label: str = "") -> SourceStatus:
    """Create a source of a provider and return it; raises as ``new_source``."""
    bump_revision(db, user_id)
    row = new_source(db, user_id, provider_id, label)
    audit.record(db, user_id, "source.add", {"source": row.key})
    db.commit()
    return status_of(db, user_id, row.key)


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
