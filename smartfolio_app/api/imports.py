"""Importing files: what one would do, doing it, taking it back; and the column mappings that read unknown ones."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter, File, Form, Request, UploadFile
from pydantic import Field
from sqlmodel import Session

from smartfolio_app.api.dependencies import Caller, Database, SignedIn, language_of
from smartfolio_app.api.schemas import Amount, Answer, Body, Done
from smartfolio_app.errors import InvalidInputError
from smartfolio_app.i18n import translate_or_text
from smartfolio_app.ledger.assets import symbol_of
from smartfolio_app.ledger.balances import EffectRow
from smartfolio_app.providers.csv import registry
from smartfolio_app.providers.csv.base import Message, ReadOptions, Rejected
from smartfolio_app.providers.csv.mapping import Mapping
from smartfolio_app.security.limits import IMPORTS, Limits
from smartfolio_app.services import imports, mappings
from smartfolio_app.services.import_results import Undone, Wanted
from smartfolio_app.storage.repo_ledger import read_assets

_LONGEST_MAPPING = 100_000


class RejectedOut(Answer):
    """A row that brings nothing, and why."""

    row: int
    reason: str


class EffectOut(Answer):
    """How much of an asset the source holds before and after."""

    asset: str
    asset_id: str
    before: Amount
    after: Amount


class ImportOut(Answer):
    """What an import did, or with ``dry_run`` would do (then ``batch_id`` is ``null``).

    ``suspected`` are the rows that repeat an earlier one exactly: two fills that were really equal, or one twice.
    """

    format: str
    rows: int
    added: int
    duplicates: int
    rejected: list[RejectedOut]
    effect: list[EffectOut]
    batch_id: str | None
    source: str
    suspected: list[int]
    warnings: list[str]


class BatchOut(Answer):
    """One import that was made; the counts are those of then."""

    id: str
    source_key: str
    file_id: str | None
    file_name: str
    format: str
    rows: int
    added: int
    duplicates: int
    rejected: int
    created_at: datetime
    undone_at: datetime | None


class UndoneOut(Answer):
    """What taking an import back removed."""

    batch_id: str
    source: str
    transactions: int
    positions: int
    prices: int
    effect: list[EffectOut]


class FormatOut(Answer):
    """A kind of export that is recognised by its content."""

    id: str
    label: str
    institution: str
    category: str
    provider: str
    kind: str
    local_times: bool = Field(
        description="its times are of a clock whose zone it does not name: say ``timezone``"
    )


class MappingOut(Answer):
    """A saved column mapping."""

    id: str
    name: str
    mapping: dict[str, Any]
    created_at: datetime


class MappingIn(Body):
    """A column mapping to save. ``headers`` are the headings of the files it is for."""

    mapping: dict[str, Any]
    headers: tuple[Annotated[str, Field(max_length=500)], ...] = ()


def make_router(limits: Limits) -> APIRouter:
    """Return the routes; importing is expensive and so has a small bucket of its own, shared with the upload page."""
    router = APIRouter(prefix="/api/sources", tags=["sources"])
    limited = limits.limiter.shared_limit(IMPORTS.limit_string, scope=IMPORTS.name)
    router.post("/import", summary="Import a file, or see what importing it would do")(limited(import_file))
    router.get("/imports", summary="Imports that were made")(list_imports)
    router.delete("/imports/{batch_id}", summary="Take an import back")(undo_import)
    router.get("/formats", summary="Exports that are recognised")(list_formats)
    router.get("/mappings", summary="Saved column mappings")(list_mappings)
    router.put("/mappings/{name}", summary="Save a column mapping")(save_mapping)
    router.delete("/mappings/{name}", summary="Forget a column mapping")(delete_mapping)
    return router


def import_file(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,  # noqa: ARG001 - slowapi reads it
    viewer: SignedIn,
    access: Caller,
    db: Database,
    file: Annotated[UploadFile, File(description="the export, as it came")],
    source: Annotated[str, Form(max_length=80, description="where it goes; default: by its format")] = "",
    format: Annotated[str, Form(max_length=60, description="a format's id, to skip detection")] = "",  # noqa: A002
    dry_run: Annotated[bool, Form(description="only say what would happen")] = False,
    mapping: Annotated[
        str,
        Form(max_length=_LONGEST_MAPPING, description="a column mapping as JSON, or the name of a saved one"),
    ] = "",
    as_of: Annotated[datetime | None, Form(description="the instant of a statement that tells none")] = None,
    timezone: Annotated[str, Form(max_length=64, description="the zone of times that tell none")] = "",
    skip_suspected: Annotated[bool, Form(description="leave out rows that repeat one exactly")] = False,
) -> ImportOut:
    """Import an export file. Rows that are there already are not added again."""
    data = file.file.read()
    choices: Wanted = {
        "source_key": source or None,
        "format_id": format or None,
        "options": _options(as_of, timezone),
        "mapping": mappings.resolve(db, viewer.user_id, mapping) if mapping.strip() else None,
        "skip_suspected": skip_suspected,
    }
    language = language_of(access, db, viewer.user_id)
    name = file.filename or "upload"
    batch_id = None
    if dry_run:
        done: Any = imports.preview(db, viewer.user_id, data, name, **choices)
    else:
        done = imports.commit(db, viewer.user_id, data, name, **choices)
        batch_id = done.batch_id
    return ImportOut(
        format=done.format,
        rows=done.rows,
        added=done.added,
        duplicates=done.duplicates,
        rejected=[_rejected(one, language) for one in done.rejected],
        effect=effects_out(db, done.effect),
        batch_id=batch_id,
        source=done.source_key,
        suspected=done.suspected,
        warnings=[_said(one, language) for one in done.warnings],
    )


def list_imports(viewer: SignedIn, db: Database, source: str | None = None) -> list[BatchOut]:
    """Return your imports, newest first; those of one source where ``source`` names it."""
    return [BatchOut.model_validate(one) for one in imports.batches(db, viewer.user_id, source)]


def undo_import(viewer: SignedIn, db: Database, batch_id: str) -> UndoneOut:
    """Remove everything that one import added; the file is kept."""
    return undone_out(db, imports.undo(db, viewer.user_id, batch_id))


def undone_out(db: Session, undone: Undone) -> UndoneOut:
    """Return what taking something back removed."""
    return UndoneOut(
        batch_id=undone.batch_id,
        source=undone.source_key,
        transactions=undone.transactions,
        positions=undone.positions,
        prices=undone.prices,
        effect=effects_out(db, undone.effect),
    )


def list_formats(_viewer: SignedIn) -> list[FormatOut]:
    """Return every export format that is known, by institution."""
    return [FormatOut.model_validate(one) for one in registry.formats()]


def list_mappings(viewer: SignedIn, db: Database) -> list[MappingOut]:
    """Return your mappings by name."""
    return [_mapping_out(one) for one in mappings.saved(db, viewer.user_id)]


def save_mapping(viewer: SignedIn, db: Database, name: str, body: MappingIn) -> MappingOut:
    """Save a mapping under a name, in place of an earlier one. It is proposed again for files with these headings."""
    mapping = Mapping.from_json(json.dumps(body.mapping))
    return _mapping_out(mappings.save(db, viewer.user_id, name, mapping, body.headers or mapping.headers))


def delete_mapping(viewer: SignedIn, db: Database, name: str) -> Done:
    """Forget a mapping (its name or id); what was imported with it stays."""
    mappings.delete(db, viewer.user_id, name)
    return Done()


def _options(as_of: datetime | None, zone: str) -> ReadOptions | None:
    if as_of is not None and as_of.tzinfo is None:
        raise InvalidInputError("request.invalid", field="as_of", rule="2026-01-02T03:04:05Z")
    if zone:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise InvalidInputError("request.invalid", field="timezone", rule="Europe/Paris") from error
    if as_of is None and not zone:
        return None
    return ReadOptions(as_of=as_of, time_zone=zone or "UTC")


def _rejected(one: Rejected, language: str) -> RejectedOut:
    return RejectedOut(row=one.row, reason=translate_or_text(language, one.reason, **one.params))


def _said(one: Message, language: str) -> str:
    return translate_or_text(language, one.code, **one.params)


def effects_out(db: Session, rows: list[EffectRow]) -> list[EffectOut]:
    """Return how holdings differ, with the assets by their symbols."""
    known = read_assets(db, [one.asset for one in rows])
    return [
        EffectOut(
            asset=known[one.asset].symbol if one.asset in known else symbol_of(one.asset),
            asset_id=one.asset,
            before=one.before,
            after=one.after,
        )
        for one in rows
    ]


def _mapping_out(one: mappings.SavedMapping) -> MappingOut:
    return MappingOut(id=one.id, name=one.name, mapping=asdict(one.mapping), created_at=one.created_at)
