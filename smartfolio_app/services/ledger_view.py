"""A user's ledger as the engine wants it, kept in memory until the user's revision moves."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import nullcontext
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlmodel import Session, col

from smartfolio_app.analytics.ledger_view import LedgerView, SourceView, WealthItemView
from smartfolio_app.analytics.scope import Category
from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.statement_places import with_places
from smartfolio_app.ledger.transactions import Statement, Transaction
from smartfolio_app.services.item_kinds import is_liability
from smartfolio_app.services.source_labels import label_of
from smartfolio_app.storage.collecting import set_aside, without_collecting
from smartfolio_app.storage.engine import current_settings
from smartfolio_app.storage.repo_changes import changed_between
from smartfolio_app.storage.repo_ledger import (
    decided_transfers,
    read_assets,
    read_statements,
    read_transactions,
    revision_of,
)
from smartfolio_app.storage.tables import (
    SourceRow,
    StatementRow,
    TransactionRow,
    UserSettings,
    WealthItem,
    WealthValuation,
)

#: How many transactions are kept in memory over all users; some 700 bytes each.
KEPT_TRANSACTIONS = 500_000

#: From here on it is worth keeping the collector away from a ledger's records.
LARGE = 10_000

#: Variables in one statement; SQLite sets a limit.
_VARIABLES = 500

_kept: OrderedDict[tuple[str, str], tuple[int, LedgerView]] = OrderedDict()
_lock = threading.Lock()
_loading: dict[tuple[str, str], threading.Lock] = {}


def load_ledger(db: Session, user_id: str) -> LedgerView:
    """Return what the user owns through their active sources; raise ``NotFoundError`` when there is no such user."""
    return load_with_revision(db, user_id)[1]


def load_with_revision(db: Session, user_id: str) -> tuple[int, LedgerView]:
    """Return the revision and the ledger at it. One load serves all who ask at the same time."""
    identity = (current_settings().database, user_id)
    with _lock:
        turn = _loading.setdefault(identity, threading.Lock())
    with turn:
        revision = revision_of(db, user_id)
        with _lock:
            known = _kept.get(identity)
            if known is not None and known[0] == revision:
                _kept.move_to_end(identity)
                return known
        while True:
            with without_collecting():
                view = None if known is None else _edited(db, user_id, known, revision)
            if view is None:
                known = None
                with _lock:
                    _kept.pop(identity, None)  # two of a large one at a time would be one too many
                with set_aside() if _is_large(db, user_id) else nullcontext():
                    view = _read(db, user_id)
            after = revision_of(db, user_id)
            if (
                after == revision
            ):  # else something was committed between our queries, and the parts may not fit
                break
            revision = after
        with _lock:
            _kept[identity] = (revision, view)
            _kept.move_to_end(identity)
            _make_room(identity)
        return revision, view


def forget(user_id: str | None = None) -> None:
    """Drop what is kept of one user, or of all."""
    with _lock:
        for identity in [one for one in _kept if user_id in (None, one[1])]:
            del _kept[identity]


def _make_room(newest: tuple[str, str]) -> None:
    total = sum(len(view.transactions) for _, view in _kept.values())
    while total > KEPT_TRANSACTIONS and len(_kept) > 1:
        oldest = next(iter(_kept))
        if oldest == newest:
            break
        total -= len(_kept.pop(oldest)[1].transactions)


def _is_large(db: Session, user_id: str) -> bool:
    counted = select(func.count()).where(col(TransactionRow.user_id) == user_id)
    return bool(db.execute(counted).scalar_one() >= LARGE)


def _read(db: Session, user_id: str) -> LedgerView:
    sources = _sources(db, user_id)
    ids = list(sources)
    transactions = read_transactions(
        db, col(TransactionRow.user_id) == user_id, col(TransactionRow.source_id).in_(ids)
    )
    statements = _statements(db, user_id, ids)
    return LedgerView(
        transactions=transactions,
        statements=statements,
        items=_items(db, user_id, sources),
        sources=sources,
        transfers=decided_transfers(db, user_id),
        assets=read_assets(db, _asset_ids(transactions, statements.values())),
    )


def _edited(db: Session, user_id: str, known: tuple[int, LedgerView], revision: int) -> LedgerView | None:
    """Return what is known, brought up to the revision; ``None`` when it is not sure what has changed since."""
    before, old = known
    changed = changed_between(db, user_id, before, revision)
    sources = _sources(db, user_id)
    if changed is None or sources.keys() != old.sources.keys():
        return None
    mine = (col(TransactionRow.user_id) == user_id, col(TransactionRow.source_id).in_(list(sources)))
    ids = sorted(changed.transactions)
    added = [
        row
        for first in range(0, len(ids), _VARIABLES)
        for row in read_transactions(db, *mine, col(TransactionRow.id).in_(ids[first : first + _VARIABLES]))
    ]
    statements = _statements(db, user_id, list(sources))
    return old.edited(
        {str(id_) for id_ in ids},
        added,
        statements=statements,
        items=_items(db, user_id, sources),
        sources=sources,
        transfers=decided_transfers(db, user_id),
        assets=read_assets(db, {*old.assets, *_asset_ids(added, statements.values())}),
    )


def _statements(db: Session, user_id: str, source_ids: list[str]) -> dict[str, list[Statement]]:
    found = read_statements(
        db, col(StatementRow.user_id) == user_id, col(StatementRow.source_id).in_(source_ids)
    )
    return {source: with_places(rows) for source, rows in found.items()}


def _sources(db: Session, user_id: str) -> dict[str, SourceView]:
    language = db.execute(
        select(col(UserSettings.language)).where(col(UserSettings.user_id) == user_id)
    ).scalar_one_or_none()
    rows = db.execute(select(SourceRow).where(col(SourceRow.user_id) == user_id, col(SourceRow.active)))
    return {
        row.id: SourceView(row.key, label_of(row, language or "en"), Category(row.category))
        for row in rows.scalars()
    }


def _items(db: Session, user_id: str, sources: dict[str, SourceView]) -> list[WealthItemView]:
    valuations: dict[str, list[tuple[date, Decimal]]] = {}
    values = (
        select(col(WealthValuation.item_id), col(WealthValuation.day), col(WealthValuation.value))
        .join(WealthItem, col(WealthItem.id) == col(WealthValuation.item_id))
        .where(col(WealthItem.user_id) == user_id)
        .order_by(col(WealthValuation.day))
    )
    for item_id, day, value in db.execute(values):
        valuations.setdefault(item_id, []).append((day, value))
    wanted = select(WealthItem).where(
        col(WealthItem.user_id) == user_id, col(WealthItem.source_id).in_(list(sources))
    )
    return [
        WealthItemView(
            id=item.id,
            name=item.name,
            kind=item.kind,
            currency=item.currency,
            is_liability=is_liability(item.kind),
            valuations=valuations.get(item.id, []),
            source_key=sources[item.source_id].key,
            closed_on=item.closed_on,
        )
        for item in db.execute(wanted.order_by(col(WealthItem.created_at), col(WealthItem.id))).scalars()
    ]


def _asset_ids(transactions: Iterable[Transaction], statements: Iterable[list[Statement]]) -> set[AssetId]:
    ids = {line.asset for rows in statements for statement in rows for line in statement.lines}
    for transaction in transactions:
        for side in (transaction.received, transaction.sent, transaction.fee):
            if side is not None:
                ids.add(side.asset)
        if transaction.about:
            ids.add(transaction.about)
    return ids
