"""One upload as a person reads it: how far it is, what it would bring, what it brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from smartfolio_app.i18n import error_text
from smartfolio_app.ledger.assets import symbol_of
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.providers import csv
from smartfolio_app.state.base import Option
from smartfolio_app.state.figures import Figures, direction
from smartfolio_app.state.sources_rows import format_label

if TYPE_CHECKING:
    from smartfolio_app.ledger.balances import EffectRow
    from smartfolio_app.providers.csv import Message, Rejected
    from smartfolio_app.services.import_results import ImportOutcome, ImportPreview
    from smartfolio_app.services.jobs import Job
    from smartfolio_app.services.sources import SourceStatus
    from smartfolio_app.services.uploads import Upload

#: How many lines of each list are shown before all are asked for, and the most that are ever sent.
FEW, MOST = 8, 500


@dataclass
class EffectLine:
    """How one asset's quantity changes; ``figure`` names what explains it."""

    asset: str = ""
    figure: str = ""
    before: str = ""
    after: str = ""
    change: str = ""
    direction: str = "none"


@dataclass
class RejectedLine:
    """A row that brings nothing, and why."""

    row: str = ""
    reason: str = ""
    raw: str = ""


@dataclass
class UploadCard:
    """One upload. ``phase``: working, ready, unknown (columns to assign), failed, done, undone."""

    id: str = ""
    name: str = ""
    size: str = ""
    phase: str = "working"
    doing: str = ""
    percent: int = -1
    again: bool = False
    problem: str = ""
    format: str = ""
    format_id: str = ""
    by_mapping: bool = False
    mapping_name: str = ""
    source_key: str = ""
    sources: list[Option] = field(default_factory=list)
    span: str = ""
    day: str = ""
    today: str = ""
    zone: str = ""
    is_statement: bool = False
    rows: str = ""
    added: str = ""
    duplicates: str = ""
    rejected: str = ""
    suspected: str = ""
    suspected_text: str = ""
    skip_suspected: bool = False
    confirm: str = ""
    can_confirm: bool = False
    effect: list[EffectLine] = field(default_factory=list)
    effect_all: str = ""
    rejections: list[RejectedLine] = field(default_factory=list)
    rejections_all: str = ""
    warnings: list[str] = field(default_factory=list)
    result: list[str] = field(default_factory=list)


def upload_card(
    upload: Upload, sources: Sequence[SourceStatus], figures: Figures, *, everything: bool = False
) -> UploadCard:
    """Return an upload's card; ``everything`` shows long lists whole (up to ``MOST`` lines)."""
    card = UploadCard(
        id=upload.file.id,
        name=upload.file.name,
        size=figures.size(upload.file.size),
        phase=_phase(upload),
        format_id=upload.choices.format_id,
        source_key=upload.choices.source_key,
        skip_suspected=upload.choices.skip_suspected,
        again=not upload.job.finished,
    )
    if card.phase == "working":
        _tell_progress(card, upload, figures)
    if card.phase == "failed" and upload.job.error is not None:
        card.problem = error_text(figures.language, upload.job.error)
    if upload.preview is not None:
        _tell_preview(card, upload.preview, sources, figures, FEW if not everything else MOST)
        # What was chosen is shown at once, while the file is read anew.
        chosen = upload.choices.options.time_zone if upload.choices.options is not None else ""
        card.zone = chosen if chosen and upload.preview.zone else upload.preview.zone
    if upload.outcome is not None:
        card.result = _result(upload.outcome, figures)
    return card


def _phase(upload: Upload) -> str:
    if upload.step == "undone":
        return "undone"
    if not upload.job.finished:
        # Previewed anew after another choice: the last preview stays in sight, so that nothing jumps.
        return "ready" if upload.step == "preview" and upload.preview is not None else "working"
    if upload.unknown_format:
        return "unknown"
    if upload.job.state != "done":
        return "failed"
    return "ready" if upload.step == "preview" else "done"


def _tell_progress(card: UploadCard, upload: Upload, figures: Figures) -> None:
    job: Job = upload.job
    words = "import_wizard.importing" if upload.step == "import" else "import_wizard.reading"
    card.doing = figures.say(words, name=upload.file.name)
    if job.total:
        card.percent = min(100, job.done * 100 // job.total)
        done, total = figures.count(job.done), figures.count(job.total)
        card.doing = figures.say("import_wizard.rows_of", words=card.doing, done=done, total=total)


def _tell_preview(
    card: UploadCard, preview: ImportPreview, sources: Sequence[SourceStatus], figures: Figures, most: int
) -> None:
    card.format = format_label(preview.format, figures)
    card.by_mapping = preview.mapping is not None
    card.mapping_name = preview.mapping_name
    card.is_statement = preview.is_statement
    card.span = _span(preview, figures)
    zone = ZoneInfo(figures.time_zone)
    card.day = preview.as_of.astimezone(zone).date().isoformat() if preview.as_of else ""
    card.today = figures.moment_now().astimezone(zone).date().isoformat()
    for name, count in (
        ("rows", preview.rows),
        ("added", preview.added),
        ("duplicates", preview.duplicates),
        ("rejected", len(preview.rejected)),
        ("suspected", len(preview.suspected)),
    ):
        setattr(card, name, figures.count(count))
    if preview.suspected:
        card.suspected_text = figures.say("import_wizard.suspected_text", count=card.suspected)
    words = "import_wizard.add_positions" if preview.is_statement else "import_wizard.add_transactions"
    card.confirm = figures.say(words, count=preview.added, number=card.added)
    card.can_confirm = card.phase == "ready" and preview.added > 0 and not card.again
    card.sources = _targets(preview, sources, figures)
    card.effect = [_effect_line(row, card.id, preview, figures) for row in preview.effect[:most]]
    card.effect_all = figures.count(len(preview.effect)) if len(preview.effect) > len(card.effect) else ""
    card.rejections = [_rejected_line(row, figures) for row in preview.rejected[:most]]
    card.rejections_all = card.rejected if len(preview.rejected) > len(card.rejections) else ""
    card.warnings = [_remark(message, figures) for message in preview.warnings]


def _targets(preview: ImportPreview, sources: Sequence[SourceStatus], figures: Figures) -> list[Option]:
    """Return where the file can go: the place found for it first, then the user's other sources of its category."""
    found = preview.source_label
    if preview.source_is_new:
        found = figures.say("import_wizard.source_new", label=found)
    others = [
        Option(one.key, one.label)
        for one in sources
        if one.configured and one.category == preview.category and one.kind != "api"
    ]
    return [
        Option("", found),
        *(one for one in others if one.value != preview.source_key or one.label != found),
    ]


def _span(preview: ImportPreview, figures: Figures) -> str:
    if preview.is_statement and preview.as_of is not None:
        return figures.say("import_wizard.statement_of", date=figures.moment(preview.as_of))
    if preview.first_at is None or preview.last_at is None:
        return ""
    zone = ZoneInfo(figures.time_zone)
    first, last = (figures.day(at.astimezone(zone).date()) for at in (preview.first_at, preview.last_at))
    return first if first == last else f"{first} – {last}"


def _effect_line(row: EffectRow, upload_id: str, preview: ImportPreview, figures: Figures) -> EffectLine:
    moved = row.after - row.before
    sign = "+" if moved > ZERO and not figures.privacy else ""
    return EffectLine(
        asset=preview.symbols.get(row.asset, symbol_of(row.asset)),
        figure=f"upload:{upload_id}:{row.asset}",
        before=figures.quantity(row.before),
        after=figures.quantity(row.after),
        change=sign + figures.quantity(moved),
        direction=direction(moved),
    )


def _rejected_line(row: Rejected, figures: Figures) -> RejectedLine:
    return RejectedLine(
        row=figures.count(row.row), reason=figures.say_or_text(row.reason, **row.params), raw=row.raw[:300]
    )


def _remark(message: Message, figures: Figures) -> str:
    return figures.say_or_text(message.code, **message.params)


def _result(outcome: ImportOutcome, figures: Figures) -> list[str]:
    words = "import_wizard.done_positions" if outcome.is_statement else "import_wizard.done"
    added = figures.count(outcome.added)
    lines = [figures.say(words, count=outcome.added, number=added, label=outcome.source_label)]
    if outcome.duplicates:
        lines.append(_counted("import_wizard.result_duplicates", outcome.duplicates, figures))
    if outcome.rejected:
        lines.append(_counted("import_wizard.result_rejected", len(outcome.rejected), figures))
    return lines


def _counted(key: str, count: int, figures: Figures) -> str:
    return figures.say(key, count=count, number=figures.count(count))


def format_options() -> list[Option]:
    """Return every known format, by institution."""
    infos = sorted(csv.formats(), key=lambda info: (info.institution.casefold(), info.label.casefold()))
    return [Option(info.id, info.label) for info in infos]
