"""One page of a live source -> the ledger: what is new is stored with the page's cursor, in one short transaction.

Everything a sync brings belongs to one batch, as an import's does, so that it can be taken back as one. What is to be
stored is found out before the ledger is locked, and found out again only where somebody changed it meanwhile: whoever
else writes (a person's choice of a currency) waits for the inserts alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from smartfolio_app.errors import NotFoundError
from smartfolio_app.ledger.balances import Place, Quantity, effect, holdings_at
from smartfolio_app.ledger.dedupe import MergeResult, fingerprint, merge
from smartfolio_app.ledger.money import plain
from smartfolio_app.ledger.transactions import PriceQuote, Statement
from smartfolio_app.providers.connectors import Page
from smartfolio_app.services import one_paper, trade_prices
from smartfolio_app.services.sync import telling
from smartfolio_app.services.time_shifts import without_retold
from smartfolio_app.services.worker import FINISHING
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.repo_ledger import (
    insert_statement,
    insert_transactions,
    known_transactions,
    lock_ledger,
    read_statements,
    read_transactions,
    remember_assets,
    revision_of,
    set_external_ids,
)
from smartfolio_app.storage.repo_market import Observer, put_daily_prices
from smartfolio_app.storage.repo_sync import known_with, state_of
from smartfolio_app.storage.tables import (
    DailyPrice,
    ImportBatch,
    SourceRow,
    StatementRow,
    SyncRun,
    SyncState,
    TransactionRow,
)
from smartfolio_app.storage.tables.base import utc_now

#: From this many transactions and positions on, a page is stored in a process of its own: a thread that works all the
#: time takes turns with the event loop at the interpreter, and each turn costs milliseconds.
HEAVY = 100
#: From this many on, all known transactions are read at once rather than looked up.
_MANY = 3_000


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing a page did."""

    added: int = 0
    duplicates: int = 0
    changed: bool = False


@dataclass(frozen=True, slots=True)
class _Plan:
    merged: MergeResult = field(default_factory=MergeResult)
    statement: Statement | None = None
    prices: tuple[PriceQuote, ...] = ()

    @property
    def is_news(self) -> bool:
        return bool(self.merged.new or self.merged.identified or self.statement is not None)


def is_heavy(page: Page) -> bool:
    """Tell whether storing a page is work for another process."""
    positions = len(page.statement.lines) if page.statement is not None else 0
    return len(page.transactions) + positions >= HEAVY


def store_here(run_id: str, page: Page, tell: bool, progress: Callable[[str, int, int], None]) -> Stored:
    """As ``store``, for the worker process."""
    stored = store(run_id, page, tell=tell)
    progress(FINISHING, 1, 1)
    return stored


def store(run_id: str, page: Page, *, tell: bool = False) -> Stored:
    """Store what a page brings, and its cursor. All of it, or nothing. ``tell``: move the user's revision, too.

    Raises:
        NotFoundError: The sync or its source is gone.
    """
    with session_scope() as db:
        run, source, state = _of(db, run_id)
        planned_at = revision_of(db, run.user_id)
        told, page = page, _by_known_names(db, source, page)
        plan = _plan(db, source, page)
        if plan.is_news or plan.prices:
            db.rollback()
            changed = (
                lock_ledger(db, run.user_id) != planned_at
            )  # from here on nobody else changes this ledger
            run, source, state = _of(db, run_id)
            if changed:
                page = _by_known_names(db, source, told)
                plan = _plan(db, source, page)
        if plan.is_news:
            _insert(db, source, _batch(db, run, source), plan, page)
        if plan.prices:
            observer = Observer(source.provider, owner=run.user_id, batch_id=run.batch_id)
            put_daily_prices(db, observer, plan.prices)
            remember_assets(db, page.assets.values())
        if plan.is_news or plan.prices:
            identified = (int(id_) for id_, _ in plan.merged.identified)
            telling.keep(run, identified, prices=bool(plan.prices))
        if tell:
            telling.tell(db, run)
        _note(db, run, state, page, plan)
        return Stored(len(plan.merged.new), len(plan.merged.duplicates), plan.is_news)


def effect_here(run_id: str, progress: Callable[[str, int, int], None]) -> str:
    """As ``effect_of``, for the worker process."""
    found = effect_of(run_id)
    progress(FINISHING, 1, 1)
    return found


def effect_of(run_id: str) -> str:
    """Return how the holdings of the source differ by what the sync brought, as ``SyncRun.effect`` keeps it.

    Raises:
        NotFoundError: The sync or its source is gone.
    """
    with session_scope() as db:
        return _effect(db, _of(db, run_id)[0])


def _effect(db: Session, run: SyncRun) -> str:
    if run.batch_id is None:
        return "{}"
    transactions = read_transactions(db, col(TransactionRow.source_id) == run.source_id)
    statements = read_statements(db, col(StatementRow.source_id) == run.source_id)
    batched = col(TransactionRow.batch_id) == run.batch_id
    brought = set(db.execute(select(col(TransactionRow.id)).where(batched)).scalars())
    before = [one for one in transactions if int(one.id) not in brought]
    not_ours = (col(StatementRow.batch_id) != run.batch_id) | col(StatementRow.batch_id).is_(None)
    earlier = read_statements(db, col(StatementRow.source_id) == run.source_id, not_ours)
    known = statements.get(run.source_id, [])
    at = max([utc_now(), *(one.at for one in transactions[-1:]), *(one.as_of for one in known)])
    rows = effect(holdings_at(before, earlier, at), holdings_at(transactions, statements, at))
    return json.dumps({row.asset: [plain(row.before), plain(row.after)] for row in rows})


def _of(db: Session, run_id: str) -> tuple[SyncRun, SourceRow, SyncState]:
    run = db.get(SyncRun, run_id, populate_existing=True)
    source = db.get(SourceRow, run.source_id, populate_existing=True) if run is not None else None
    state = state_of(db, run.source_id) if run is not None else None
    if run is None or source is None or state is None:
        raise NotFoundError("sync.gone")
    return run, source, state


def _by_known_names(db: Session, source: SourceRow, page: Page) -> Page:
    """Return a page with its securities by the names under which the source knows them from its files."""
    names = one_paper.renames(db, source.id, page.assets, page.transactions)
    if not names:
        return page
    return replace(
        page,
        transactions=tuple(one_paper.renamed(page.transactions, names)),
        statement=None if page.statement is None else one_paper.renamed_statement(page.statement, names),
        prices=tuple(one_paper.renamed_prices(page.prices, names)),
        assets=one_paper.renamed_assets(page.assets, names),
    )


def _plan(db: Session, source: SourceRow, page: Page) -> _Plan:
    incoming = list(page.transactions)
    if len(incoming) < _MANY:
        known = known_with(db, source.id, (fingerprint(one) for one in incoming))
    else:
        known = list(known_transactions(db, source.id))
    merged = merge(known, incoming)
    merged = without_retold(db, source.id, merged, told_by_files=True)
    statement = page.statement
    if statement is not None and _says_nothing_new(db, source, statement, merged):
        statement = None
    return _Plan(merged, statement, _news_of_prices(db, source, page))


def _says_nothing_new(db: Session, source: SourceRow, statement: Statement, merged: MergeResult) -> bool:
    """Tell whether a report leaves everything as it is: the last one of this provider and what was recorded since
    amount to the same positions. A report that only confirms what is known is no change, and so no batch.
    """
    newest = (
        select(col(StatementRow.id), col(StatementRow.as_of), col(StatementRow.format))
        .where(col(StatementRow.source_id) == source.id)
        .order_by(col(StatementRow.as_of).desc(), col(StatementRow.id).desc())
        .limit(1)
    )
    last = db.execute(newest).first()
    if last is None or last.format != source.provider:
        return False
    stored = read_statements(db, col(StatementRow.id) == last.id)[source.id][0]
    if stored.as_of == statement.as_of:
        return True
    since = read_transactions(
        db,
        col(TransactionRow.source_id) == source.id,
        col(TransactionRow.at) > last.as_of,
        col(TransactionRow.at) <= statement.as_of,
    )
    new = [replace(one, source=source.id) for one in merged.new if one.at > last.as_of]
    known = _quantities(holdings_at([*since, *new], {source.id: [stored]}, statement.as_of))
    told = _quantities(holdings_at([], {source.id: [statement]}, statement.as_of))
    return known == told and _costs(stored) == _costs(statement)


def _quantities(held: Mapping[Place, Quantity]) -> dict[Place, Decimal]:
    return {place: one.quantity for place, one in held.items()}


def _costs(statement: Statement) -> Counter[tuple[object, ...]]:
    return Counter((line.account, line.asset, line.cost) for line in statement.lines if line.cost is not None)


def _news_of_prices(db: Session, source: SourceRow, page: Page) -> tuple[PriceQuote, ...]:
    """Return a page's prices, once a day: they are evidence, and each change makes every figure be worked out anew."""
    if not page.prices:
        return ()
    newest = select(func.max(col(DailyPrice.day))).where(
        col(DailyPrice.owner) == source.user_id, col(DailyPrice.provider) == source.provider
    )
    last = db.execute(newest).scalar_one_or_none()
    today = max(quote.at.date() for quote in page.prices)
    return page.prices if last is None or last < today else ()


def _batch(db: Session, run: SyncRun, source: SourceRow) -> ImportBatch:
    batch = db.get(ImportBatch, run.batch_id) if run.batch_id else None
    if batch is None or batch.undone_at is not None:
        batch = ImportBatch(user_id=run.user_id, source_id=source.id, format=source.provider)
        db.add(batch)
        db.flush()
        run.batch_id = batch.id
    return batch


def _insert(db: Session, source: SourceRow, batch: ImportBatch, plan: _Plan, page: Page) -> None:
    new = plan.merged.new
    insert_transactions(db, source.user_id, source.id, new, plan.merged.fingerprints, batch_id=batch.id)
    set_external_ids(db, plan.merged.identified)
    trade_prices.add(db, source.user_id, new)
    lines = 0
    if plan.statement is not None:
        lines = len(plan.statement.lines)
        insert_statement(
            db, source.user_id, source.id, plan.statement, format_id=source.provider, batch_id=batch.id
        )
    remember_assets(db, page.assets.values())
    batch.rows += len(page.transactions) + lines
    batch.added += len(new) + lines
    batch.duplicates += len(plan.merged.duplicates)
    db.add(batch)


def _note(db: Session, run: SyncRun, state: SyncState, page: Page, plan: _Plan) -> None:
    """Write down how far the sync is."""
    run.pages += 1
    run.added += len(plan.merged.new)
    run.duplicates += len(plan.merged.duplicates)
    if page.statement is not None:
        run.positions = len(page.statement.lines)
    if page.progress is not None:
        run.done, run.total = page.progress
    run.label = page.label or run.label
    run.warnings = json.dumps(_joined(json.loads(run.warnings), page), default=str)
    run.updated_at = utc_now()
    state.cursor = json.dumps(dict(page.cursor))
    db.add(run)
    db.add(state)


def _joined(before: list[Any], page: Page) -> list[Any]:
    """Return the remarks so far and the page's, each once; counts are added up."""
    found: dict[str, dict[str, Any]] = dict(before)
    for remark in page.warnings:
        params: Mapping[str, Any] = remark.params
        earlier = found.get(remark.code, {})
        counted = {"count": earlier.get("count", 0) + params["count"]} if "count" in params else {}
        found[remark.code] = {**params, **{k: v for k, v in earlier.items() if k == "example"}, **counted}
    return [[code, params] for code, params in found.items()][:20]


def last_statement(db: Session, source: SourceRow) -> Statement | None:
    """Return what the provider reported last."""
    newest = (
        select(col(StatementRow.id))
        .where(col(StatementRow.source_id) == source.id, col(StatementRow.format) == source.provider)
        .order_by(col(StatementRow.as_of).desc(), col(StatementRow.id).desc())
        .limit(1)
    )
    id_ = db.execute(newest).scalar_one_or_none()
    if id_ is None:
        return None
    return read_statements(db, col(StatementRow.id) == id_)[source.id][0]
