"""From a file to what it adds: read, find its source, leave out what is there, work out the effect. Stores nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import partial

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.ledger.balances import EffectRow, anchor, effect, holdings_at
from smartfolio_app.ledger.dedupe import MergeResult, merge
from smartfolio_app.ledger.reread import without_reread
from smartfolio_app.ledger.transactions import Statement, Transaction
from smartfolio_app.providers import registry
from smartfolio_app.providers.csv.base import Message, ParsedFile, ReadOptions, UnknownFormatError
from smartfolio_app.providers.csv.dates import zone_named
from smartfolio_app.providers.csv.importing import parse
from smartfolio_app.providers.csv.registry import format_named
from smartfolio_app.services import mappings, one_paper, sources, user_settings
from smartfolio_app.services.import_results import Request
from smartfolio_app.services.time_shifts import without_retold
from smartfolio_app.storage.repo_ledger import known_transactions, read_statements, read_transactions
from smartfolio_app.storage.tables import ImportBatch, SourceFile, SourceRow, StatementRow, TransactionRow

#: Called with the phase, what is done and what there is in all.
Progress = Callable[[str, int, int], None]

#: The source of a file that is not stored yet.
NEW = "new"


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as read, and the name of the saved mapping that read it, if one did."""

    parsed: ParsedFile
    sha256: str
    mapping_name: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file adds to its source. ``statement`` is ``None`` when it adds none (there is none, or it is there).

    ``reread``: how many of the duplicates are there as of another time zone.
    """

    merged: MergeResult
    statement: Statement | None
    statement_lines: int
    effect: list[EffectRow]
    reread: int = 0

    @property
    def added(self) -> int:
        """How many transactions and positions are new."""
        return len(self.merged.new) + (self.statement_lines if self.statement is not None else 0)

    @property
    def duplicates(self) -> int:
        """How many transactions and positions are there already."""
        return len(self.merged.duplicates) + (0 if self.statement is not None else self.statement_lines)

    @property
    def warnings(self) -> list[Message]:
        """What there is to say of what is there already."""
        return [Message("import.warn.other_zone", {"count": self.reread})] if self.reread else []


def read(db: Session, request: Request, progress: Progress | None = None) -> Reading:
    """Read a file, by a mapping the user saved for its headings when its format is not known.

    Raises:
        UnreadableFileError, UnknownFormatError, InvalidInputError: see ``providers.csv.importing.parse``.
    """

    def reading(done: int, total: int) -> None:
        if progress is not None:
            progress("reading", done, total)

    sha256 = hashlib.sha256(request.data).hexdigest()
    options = replace(request.options or ReadOptions(), received_at=datetime.now(UTC))
    ask = partial(parse, request.data, request.filename, options=options, progress=reading)
    if request.mapping is not None:
        return Reading(ask(mapping=request.mapping), sha256)
    try:
        return Reading(ask(format_id=request.format_id or None, guess=False), sha256)
    except UnknownFormatError as error:
        saved = mappings.for_headers(db, request.user_id, error.headers)
        if saved is not None:
            return Reading(ask(mapping=saved.mapping), sha256, saved.name)
        return Reading(ask(format_id=request.format_id or None), sha256)


def choose_source(db: Session, request: Request, parsed: ParsedFile) -> SourceRow | None:
    """Return the source a file goes to, ``None`` when it is to be created.

    Raises:
        NotFoundError: The user has no source of the key asked for.
        InvalidInputError: That source is of another category than the file.
    """
    if not request.source_key:
        return sources.source_of_provider(db, request.user_id, parsed.provider)
    source = sources.find(db, request.user_id, request.source_key)
    if source.category != parsed.category:
        raise InvalidInputError(
            "import.wrong_category", source=source.key, has=source.category, wants=parsed.category
        )
    return source


def by_known_names(db: Session, reading: Reading, source: SourceRow | None) -> Reading:
    """Return the file with its securities by the names under which its source knows them from the network."""
    parsed = reading.parsed
    if source is None or not registry.is_told_twice(source.provider):
        return reading
    names = one_paper.renames(db, source.id, parsed.assets, parsed.transactions)
    if not names:
        return reading
    statement = parsed.statement
    told = replace(
        parsed,
        transactions=one_paper.renamed(parsed.transactions, names),
        statement=None if statement is None else one_paper.renamed_statement(statement, names),
        earlier_statements=[one_paper.renamed_statement(one, names) for one in parsed.earlier_statements],
        prices=one_paper.renamed_prices(parsed.prices, names),
        assets=one_paper.renamed_assets(parsed.assets, names),
    )
    return replace(reading, parsed=told)


def make(db: Session, request: Request, reading: Reading, source: SourceRow | None) -> Plan:
    """Return what the file adds to ``source``."""
    parsed = reading.parsed
    source_id = source.id if source is not None else NEW
    incoming = parsed.transactions
    if request.skip_suspected and parsed.suspected:
        repeated = set(parsed.suspected)
        incoming = [transaction for transaction in incoming if transaction.row not in repeated]
    known = list(known_transactions(db, source_id)) if source is not None else []
    merged, reread = without_reread(known, merge(known, incoming), *_zones(db, request, parsed))
    if source is not None and registry.is_told_twice(source.provider):
        merged = without_retold(db, source_id, merged, told_by_files=False)
    before = _stored(db, source_id) if source is not None else ([], [])
    statement = parsed.statement
    lines = len(statement.lines) if statement is not None else 0
    if statement is not None and _is_known(db, source_id, reading, before[1]):
        statement = None
    return Plan(merged, statement, lines, _effect(source_id, before, merged.new, statement), reread)


def zone_of(request: Request, parsed: ParsedFile) -> str:
    """Return the time zone in which times were read that tell none."""
    options = request.options or ReadOptions()
    return (parsed.mapping.time_zone if parsed.mapping is not None else "") or options.time_zone


def tells_local_times(parsed: ParsedFile) -> bool:
    """Tell whether the file's times are of a clock whose zone it does not name."""
    found = format_named(parsed.format)
    return found is not None and found.info.local_times


def _zones(db: Session, request: Request, parsed: ParsedFile) -> tuple[tzinfo, list[tzinfo]]:
    """Return the zone a file was read in, and those it may have been read in before: UTC, or its user's own."""
    usual = ("UTC", user_settings.get(db, request.user_id).time_zone)
    return zone_named(zone_of(request, parsed)), [zone_named(name) for name in dict.fromkeys(usual)]


def _stored(db: Session, source_id: str) -> tuple[list[Transaction], list[Statement]]:
    transactions = read_transactions(db, col(TransactionRow.source_id) == source_id)
    statements = read_statements(db, col(StatementRow.source_id) == source_id)
    return transactions, statements.get(source_id, [])


def _is_known(db: Session, source_id: str, reading: Reading, stored: list[Statement]) -> bool:
    """Tell whether a statement is there already: the same positions at the same instant, or out of the same file.

    A file that does not say of when it is gets the instant of its upload, which says nothing.
    """
    statement = reading.parsed.statement
    assert statement is not None, "the caller asked about a statement"
    same = [one for one in stored if positions(one) == positions(statement)]
    if any(one.as_of == statement.as_of for one in same):
        return True
    if reading.parsed.as_of_known or not same:
        return False
    from_this_file = (
        select(col(ImportBatch.id))
        .join(SourceFile, col(SourceFile.id) == col(ImportBatch.file_id))
        .where(
            col(ImportBatch.source_id) == source_id,
            col(ImportBatch.undone_at).is_(None),
            col(SourceFile.sha256) == reading.sha256,
        )
    )
    return db.execute(from_this_file.limit(1)).first() is not None


def positions(statement: Statement) -> Counter[tuple[object, ...]]:
    """Return what a statement says, whatever the order of its lines."""
    return Counter((line.account, line.asset, line.quantity, line.cost) for line in statement.lines)


def _effect(
    source_id: str,
    before: tuple[list[Transaction], list[Statement]],
    new: list[Transaction],
    statement: Statement | None,
) -> list[EffectRow]:
    transactions, statements = before
    after_statements = [*statements, statement] if statement is not None else statements
    # Rows dated after our clock are part of what the file adds, and so of its effect.
    moments = [one.at for one in (*transactions[-1:], *new)] + [one.as_of for one in after_statements]
    at = max([datetime.now(UTC), *moments])
    last = anchor(after_statements, at)
    held = holdings_at(transactions, {source_id: statements}, at)
    will_hold = holdings_at(transactions, {source_id: after_statements}, at)
    # What is new has no source yet; an empty statement of the anchor's time leaves out what the anchor covers.
    will_hold |= holdings_at(new, {"": [Statement(last.as_of)]} if last is not None else {}, at)
    return effect(held, will_hold)
