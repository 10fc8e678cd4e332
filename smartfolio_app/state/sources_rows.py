"""Sources, files, imports and offers as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smartfolio_app.providers import csv, registry
from smartfolio_app.services.files import KeptFile
from smartfolio_app.services.sources import SourceStatus
from smartfolio_app.services.sync.reconciling import CORRECTION
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.syncs_rows import SyncRow, next_text, sync_row

if TYPE_CHECKING:
    from smartfolio_app.services.imports import Batch
    from smartfolio_app.services.sync import Glance

#: What a source holds, in the order in which it is told.
COUNTED = ("transactions", "positions", "items", "prices", "files", "batches")
_TOLD_ON_CARDS = ("transactions", "positions", "items")


@dataclass
class SourceCard:
    """One source in the list."""

    key: str = ""
    label: str = ""
    category: str = ""
    provider: str = ""
    kind: str = ""
    kind_text: str = ""
    status: str = ""
    status_text: str = ""
    reason: str = ""
    holds: str = ""
    last: str = ""
    active: bool = False
    configured: bool = False
    current: bool = False
    removable: bool = False
    next: str = ""
    could_be_live: str = ""
    connected: bool = False
    busy: bool = False
    waiting: str = ""
    doing: str = ""
    percent: int = -1


@dataclass
class FileRow:
    """One kept file."""

    id: str = ""
    name: str = ""
    format: str = ""
    size: str = ""
    uploaded: str = ""


@dataclass
class BatchRow:
    """One import."""

    id: str = ""
    when: str = ""
    format: str = ""
    added: str = ""
    duplicates: str = ""
    rejected: str = ""
    undone: str = ""


def source_card(
    source: SourceStatus, figures: Figures, current: str, glance: Glance | None = None
) -> SourceCard:
    """Return a source's line; ``current`` is the key that the WealthBar shows alone, or ``all``.

    ``glance`` is how a live source is kept up to date.
    """
    live = source.kind == "api"
    holds = [
        _counted(name, source.counts[name], figures) for name in _TOLD_ON_CARDS if source.counts.get(name)
    ]
    last = ""
    if source.last_sync is not None:
        key = "syncs.last" if live else "sources.last_import"
        last = figures.say(key, age=figures.ago(source.last_sync))
    connected = live and source.configured and source.status != "not_configured"
    card = SourceCard(
        key=source.key,
        label=source.label,
        category=source.category,
        provider=source.provider,
        kind=source.kind,
        kind_text=figures.say(f"sources.kind_{source.kind}") if source.kind else "",
        status=source.status,
        status_text=figures.say(f"sources.status_{source.status}"),
        reason=source.reason,
        holds=" · ".join(holds),
        last=last,
        active=source.active,
        configured=source.configured,
        current=source.key == current,
        removable=source.configured and source.key not in registry.BUILT_IN,
        connected=connected,
        could_be_live="" if live or not source.configured else _live_one(source.provider),
    )
    if glance is not None:
        card.next = next_text(connected, glance.every_minutes, glance.next_at, figures)
        card = with_sync(card, sync_row(glance.current, figures) if glance.current else None)
    return card


def one_row_an_account(found: Iterable[SourceStatus]) -> list[SourceStatus]:
    """Leave out what is not set up where its account has a row already: its files and its key fill one source."""
    rows = list(found)
    there = {one.provider for one in rows if one.configured}
    offered = {one.provider for one in rows if not one.configured}
    return [
        one
        for one in rows
        if one.configured
        or not (
            there.intersection(registry.family(one.provider))
            or (one.kind == "csv" and offered.intersection(registry.family(one.provider)[1:]))
        )
    ]


def _live_one(provider: str) -> str:
    return next((one for one in registry.family(provider) if registry.is_live(one)), "")


def with_sync(card: SourceCard, row: SyncRow | None) -> SourceCard:
    """Return a card with how far its source's sync is; ``None`` when none is under way."""
    if row is None:
        return replace(card, busy=False, waiting="", doing="", percent=-1)
    return replace(
        card,
        busy=row.busy,
        waiting="" if row.busy else row.problem,
        doing=row.doing or row.state_text,
        percent=row.percent,
    )


def removal_lines(going: Mapping[str, int], figures: Figures) -> list[str]:
    """Return what would go with a source, one line each."""
    return [_counted(name, going[name], figures) for name in COUNTED if going.get(name)]


def file_row(kept: KeptFile, figures: Figures) -> FileRow:
    """Return a kept file's line."""
    return FileRow(
        id=kept.id,
        name=kept.name,
        format=format_label(kept.format, figures),
        size=figures.size(kept.size),
        uploaded=figures.moment(kept.uploaded_at),
    )


def batch_row(batch: Batch, figures: Figures) -> BatchRow:
    """Return an import's line."""
    undone = batch.undone_at
    return BatchRow(
        id=batch.id,
        when=figures.moment(batch.created_at),
        format=format_label(batch.format, figures),
        added=figures.count(batch.added),
        duplicates=figures.count(batch.duplicates),
        rejected=figures.count(batch.rejected),
        undone=figures.say("sources.batch_undone", age=figures.ago(undone)) if undone else "",
    )


def format_label(format_id: str, figures: Figures) -> str:
    """Return the name of a format, or of the user's own columns."""
    if format_id == CORRECTION:
        return figures.say("syncs.correction")
    label = next((info.label for info in csv.formats() if info.id == format_id), "")
    return label or figures.say("import_wizard.format_mapping")


def _counted(name: str, count: int, figures: Figures) -> str:
    return figures.say(f"sources.{name}", count=count, number=figures.count(count))
