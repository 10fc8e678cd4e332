"""The work of an import, wherever it runs: in the caller's thread with its session, or in the worker process."""

from __future__ import annotations

from collections.abc import Hashable

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.providers.csv.base import ParsedFile
from smartfolio_app.services import audit, files, import_plan, sources, trade_prices, user_settings
from smartfolio_app.services.import_plan import Plan, Progress, Reading
from smartfolio_app.services.import_results import ImportOutcome, ImportPreview, Request
from smartfolio_app.services.source_labels import label_of
from smartfolio_app.services.worker import FINISHING
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.repo_changes import ids_of_batch, note_change
from smartfolio_app.storage.repo_ledger import (
    bump_revision,
    insert_statement,
    insert_transactions,
    remember_assets,
    set_external_ids,
)
from smartfolio_app.storage.repo_market import Observer, put_daily_prices
from smartfolio_app.storage.tables import ImportBatch, SourceFile, SourceRow
from smartfolio_app.storage.tables.base import utc_now

#: Who tells the prices that stand in a file.
FILE_PROVIDER = "file"

#: The file read last in this process: an import usually follows its own preview.
_last: tuple[Hashable, Reading] | None = None


def preview(db: Session, request: Request, progress: Progress | None = None) -> ImportPreview:
    """Return what an import would do; see ``services.imports.preview``."""
    reading = import_plan.read(db, request, progress)
    return _preview(db, request, reading)


def commit(db: Session, request: Request, progress: Progress | None = None) -> ImportOutcome:
    """Import and commit; see ``services.imports.commit``."""
    return _commit(db, request, import_plan.read(db, request, progress), progress)


def preview_here(request: Request, progress: Progress) -> ImportPreview:
    """As ``preview``, with a session of its own: for jobs and the worker process."""
    with session_scope() as db:
        return _preview(db, request, _read_once(db, request, progress))


def commit_here(request: Request, progress: Progress) -> ImportOutcome:
    """As ``commit``, with a session of its own: for jobs and the worker process."""
    with session_scope() as db:
        return _commit(db, request, _read_once(db, request, progress), progress)


def _read_once(db: Session, request: Request, progress: Progress) -> Reading:
    """Read a file, or remember what it said when it was the last one read and is asked for in the same way."""
    global _last  # noqa: PLW0603 - one for the process; of two threads the later one is remembered
    asked: Hashable = (
        request.user_id,
        hash(request.data),
        len(request.data),
        request.filename,
        request.format_id,
        repr(request.options),
        repr(request.mapping),
    )
    known = _last
    if known is not None and known[0] == asked:
        return known[1]
    _last = known = None  # the memory of the old one, before the new one is read
    reading = import_plan.read(db, request, progress)
    _last = (asked, reading)
    return reading


def _preview(db: Session, request: Request, reading: Reading) -> ImportPreview:
    parsed = reading.parsed
    source = import_plan.choose_source(db, request, parsed)
    reading = import_plan.by_known_names(db, reading, source)
    parsed = reading.parsed
    plan = import_plan.make(db, request, reading, source)
    shown = source or SourceRow(
        user_id="", key=parsed.provider, provider=parsed.provider, label="", category=parsed.category
    )
    times = [transaction.at for transaction in parsed.transactions]
    return ImportPreview(
        format=parsed.format,
        institution=parsed.institution,
        category=parsed.category,
        provider=parsed.provider,
        source_key=shown.key,
        source_label=label_of(shown, user_settings.get(db, request.user_id).language),
        source_is_new=source is None,
        rows=parsed.rows,
        added=plan.added,
        duplicates=plan.duplicates,
        prices=len(parsed.prices),
        rejected=parsed.rejected,
        skipped=parsed.skipped,
        suspected=parsed.suspected,
        warnings=[*parsed.warnings, *plan.warnings],
        effect=plan.effect,
        is_statement=parsed.statement is not None,
        as_of=parsed.statement.as_of if parsed.statement is not None else None,
        first_at=min(times, default=None),
        last_at=max(times, default=None),
        mapping=parsed.mapping,
        mapping_name=reading.mapping_name,
        mapping_guessed=parsed.mapping_guessed,
        zone=import_plan.zone_of(request, parsed) if import_plan.tells_local_times(parsed) else "",
        symbols={
            row.asset: parsed.assets[row.asset].symbol for row in plan.effect if row.asset in parsed.assets
        },
    )


def _commit(db: Session, request: Request, reading: Reading, progress: Progress | None) -> ImportOutcome:
    parsed, user_id = reading.parsed, request.user_id

    def tell(phase: str, done: int) -> None:
        if progress is not None:
            progress(phase, done, parsed.rows)

    # Content first: a file without a row is swept away, a row without its file would be a lie.
    files.keep(user_id, request.data)
    try:
        revision = bump_revision(db, user_id)  # from here on nobody else changes this ledger
        tell("storing", 0)
        source = import_plan.choose_source(db, request, parsed)
        source = source or sources.new_source(db, user_id, parsed.provider)
        reading = import_plan.by_known_names(db, reading, source)
        parsed = reading.parsed
        plan = import_plan.make(db, request, reading, source)
        batch = _batch(db, request, reading, source, plan)
        tell("storing", parsed.rows // 3)
        _store(db, source, batch, parsed, plan)
        days = None if _brings_prices(parsed, plan) else {one.at.date() for one in plan.merged.new}
        identified = [int(id_) for id_, _ in plan.merged.identified]
        note_change(db, user_id, revision, ids_of_batch(db, batch.id, identified), days)
        audit.record(
            db,
            user_id,
            "import.commit",
            {"batch": batch.id, "source": source.key, "file": request.filename, "added": plan.added},
        )
        tell(FINISHING, parsed.rows)
        db.commit()
    except BaseException:
        db.rollback()
        files.forget_unused(db, user_id, {reading.sha256})
        raise
    return ImportOutcome(
        batch_id=batch.id,
        format=parsed.format,
        source_key=source.key,
        source_label=label_of(source, user_settings.get(db, user_id).language),
        rows=parsed.rows,
        added=plan.added,
        duplicates=plan.duplicates,
        prices=len(parsed.prices) if _brings_prices(parsed, plan) else 0,
        rejected=parsed.rejected,
        suspected=parsed.suspected,
        warnings=[*parsed.warnings, *plan.warnings],
        effect=plan.effect,
        is_statement=parsed.statement is not None,
    )


def _batch(db: Session, request: Request, reading: Reading, source: SourceRow, plan: Plan) -> ImportBatch:
    """Write down the import and its file; the same file again is one version of it, not two."""
    parsed = reading.parsed
    same = select(SourceFile).where(
        col(SourceFile.source_id) == source.id, col(SourceFile.sha256) == reading.sha256
    )
    kept = db.execute(same.limit(1)).scalar_one_or_none()
    if kept is None:
        kept = SourceFile(
            user_id=request.user_id,
            source_id=source.id,
            name=request.filename[-255:],
            sha256=reading.sha256,
            size=len(request.data),
            format=parsed.format,
        )
        db.add(kept)
        db.flush()
    batch = ImportBatch(
        user_id=request.user_id,
        source_id=source.id,
        file_id=kept.id,
        format=parsed.format,
        rows=parsed.rows,
        added=plan.added,
        duplicates=plan.duplicates,
        rejected=len(parsed.rejected),
    )
    db.add(batch)
    db.flush()
    return batch


def _store(db: Session, source: SourceRow, batch: ImportBatch, parsed: ParsedFile, plan: Plan) -> None:
    user_id = source.user_id
    insert_transactions(db, user_id, source.id, plan.merged.new, plan.merged.fingerprints, batch_id=batch.id)
    set_external_ids(db, plan.merged.identified)
    trade_prices.add(db, user_id, plan.merged.new)
    if plan.statement is not None:
        for earlier in parsed.earlier_statements:
            insert_statement(db, user_id, source.id, earlier, format_id=parsed.format, batch_id=batch.id)
        insert_statement(db, user_id, source.id, plan.statement, format_id=parsed.format, batch_id=batch.id)
    if _brings_prices(parsed, plan):
        put_daily_prices(db, Observer(FILE_PROVIDER, owner=user_id, batch_id=batch.id), parsed.prices)
    remember_assets(db, parsed.assets.values())
    source.last_sync = utc_now()
    source.last_error = ""
    db.add(source)
    db.flush()


def _brings_prices(parsed: ParsedFile, plan: Plan) -> bool:
    """Tell whether the file's prices are news: those of a statement or of transactions that were there are not."""
    return bool(parsed.prices) and plan.added > 0
