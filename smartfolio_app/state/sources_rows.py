"""Sources, files, imports and offers as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smartfolio_app.providers import csv, registry
from smartfolio_app.services.files import KeptFile
from smartfolio_app.services.sources import SourceStatus
from smartfolio_app.state.figures import Figures

if TYPE_CHECKING:
    from smartfolio_app.providers.registry import Provider
    from smartfolio_app.services.imports import Batch

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


@dataclass
class OfferRow:
    """One thing that can be added."""

    provider: str = ""
    label: str = ""
    category: str = ""
    kind: str = ""
    formats: str = ""


def source_card(source: SourceStatus, figures: Figures, current: str) -> SourceCard:
    """Return a source's line; ``current`` is the key that the WealthBar shows alone, or ``all``."""
    holds = [
        _counted(name, source.counts[name], figures) for name in _TOLD_ON_CARDS if source.counts.get(name)
    ]
    last = ""
    if source.last_sync is not None:
        last = figures.say("sources.last_import", age=figures.ago(source.last_sync))
    return SourceCard(
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
        size=size_text(kept.size, figures),
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


def offers(providers: Iterable[Provider], search: str, figures: Figures) -> list[OfferRow]:
    """Return what can be added and matches ``search``; only files are searched, the rest is always offered."""
    wanted = search.strip().casefold()
    labels = {info.id: info for info in csv.formats()}
    found = []
    for provider in providers:
        if not provider.is_source:
            continue
        row = OfferRow(
            provider=provider.id,
            label=figures.say_or_text(provider.label),
            category=figures.say(f"sources.{provider.category}"),
            kind=provider.kind,
            formats=", ".join(labels[one].label for one in provider.formats if one in labels),
        )
        if not provider.formats or wanted in f"{row.label} {row.formats}".casefold():
            found.append(row)
    return found


def format_label(format_id: str, figures: Figures) -> str:
    """Return the name of a format, or of the user's own columns."""
    label = next((info.label for info in csv.formats() if info.id == format_id), "")
    return label or figures.say("import_wizard.format_mapping")


def size_text(size: int, figures: Figures) -> str:
    """Return a file's size in kB or MB, as people read it."""
    if size < 1_000_000:
        return figures.say("sources.kilobytes", size=figures.count(max(1, round(size / 1000))))
    return figures.say("sources.megabytes", size=figures.count(round(size / 1_000_000)))


def _counted(name: str, count: int, figures: Figures) -> str:
    return figures.say(f"sources.{name}", count=count, number=figures.count(count))
