"""Reading and writing ledger rows in bulk: 100,000 transactions in well under a second, digit for digit.

Rows become ledger records here and nowhere else. Nothing in this file commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, String, insert, select, type_coerce, update
from sqlmodel import Session, col

from smartfolio_app.errors import NotFoundError
from smartfolio_app.ledger.assets import Asset, AssetClass, AssetId
from smartfolio_app.ledger.dedupe import Known
from smartfolio_app.ledger.transactions import Amount, Statement, StatementLine, Transaction, TransactionKind
from smartfolio_app.storage.collecting import without_collecting
from smartfolio_app.storage.records import COLUMNS, INSERTED, sqlite_values, transactions_from
from smartfolio_app.storage.tables import (
    AssetRow,
    StatementLineRow,
    StatementRow,
    TransactionRow,
    TransferDecision,
    User,
)
from smartfolio_app.storage.tables.base import new_id
from smartfolio_app.storage.upserts import insert_missing

_TABLE = TransactionRow.__table__  # type: ignore[attr-defined]
_T = _TABLE.c
_INSERT = f"""INSERT INTO "transaction" ({", ".join(f'"{name}"' for name in INSERTED)})
    VALUES ({", ".join("?" * len(INSERTED))})"""  # noqa: S608 - constants of ours
_CONVERTED = frozenset({"at", "received_quantity", "sent_quantity", "fee_quantity", "value_quantity"})


def bump_revision(db: Session, user_id: str, *, by_hand: bool = True) -> int:
    """Count one more change of what the user owns, and return the new revision.

    Called *first* by everything that changes a ledger: it takes the user's lock (SQLite: the write lock, PostgreSQL:
    the row's), so two imports of one user never deduplicate against the same old state. Whoever can tell all that is
    changed of transactions and own prices notes it with the revision (``repo_changes.note_change``). What is not
    ``by_hand`` (a sync) may be shown a moment later: ``services.views``.

    Raises:
        NotFoundError: There is no such user.
    """
    more = col(User.revision) + 1
    return _locked(db, user_id, {"revision": more, **({"revised_by_hand": more} if by_hand else {})})


def lock_ledger(db: Session, user_id: str) -> int:
    """Take the user's lock as ``bump_revision`` does, and return the revision as it is; raises as that does."""
    return _locked(db, user_id, {"revision": col(User.revision)})


def _locked(db: Session, user_id: str, values: dict[str, Any]) -> int:
    changed = update(User).where(col(User.id) == user_id).values(**values)
    revision = db.execute(changed.returning(col(User.revision))).scalar_one_or_none()
    if revision is None:
        raise NotFoundError("account.no_such_user")
    return int(revision)


def revision_of(db: Session, user_id: str) -> int:
    """Return the user's revision; raise ``NotFoundError`` when there is no such user."""
    revision = db.execute(select(col(User.revision)).where(col(User.id) == user_id)).scalar_one_or_none()
    if revision is None:
        raise NotFoundError("account.no_such_user")
    return int(revision)


# ------------------------------------------------------------------------------------------------ transactions
def insert_transactions(
    db: Session,
    user_id: str,
    source_id: str,
    transactions: Sequence[Transaction],
    fingerprints: Sequence[str],
    *,
    batch_id: str | None = None,
) -> None:
    """Store new transactions; ``fingerprints`` is parallel to them."""
    if not transactions:
        return
    if db.get_bind().dialect.name == "sqlite":
        values = list(sqlite_values((user_id, source_id, batch_id), transactions, fingerprints))
        db.connection().exec_driver_sql(_INSERT, values)
        return
    shared = {"user_id": user_id, "source_id": source_id, "batch_id": batch_id}
    rows = [
        {**shared, **transaction_values(transaction), "fingerprint": print_}
        for transaction, print_ in zip(transactions, fingerprints, strict=True)
    ]
    db.execute(insert(_TABLE), rows)


def transaction_values(transaction: Transaction) -> dict[str, Any]:
    """Return the column values of a transaction, without its owner, source and fingerprint."""
    received, sent, fee, value = transaction.received, transaction.sent, transaction.fee, transaction.value
    return {
        "at": transaction.at,
        "kind": transaction.kind.value,
        "received_asset": received.asset if received else None,
        "received_quantity": received.quantity if received else None,
        "sent_asset": sent.asset if sent else None,
        "sent_quantity": sent.quantity if sent else None,
        "fee_asset": fee.asset if fee else None,
        "fee_quantity": fee.quantity if fee else None,
        "value_asset": value.asset if value else None,
        "value_quantity": value.quantity if value else None,
        "about": transaction.about,
        "account": transaction.account,
        "group_name": transaction.group,
        "note": transaction.note,
        "external_id": transaction.external_id,
        "row": transaction.row,
        "raw": transaction.raw,
    }


def read_transactions(db: Session, *conditions: ColumnElement[bool]) -> list[Transaction]:
    """Return the live (not deleted) transactions that fulfil the conditions, oldest first.

    ``source`` is the source's id; ``raw`` is left empty (it is long, and only one row's explanation needs it).
    """
    sqlite = db.get_bind().dialect.name == "sqlite"
    # Text on SQLite: SQLAlchemy's conversions, one call a value, cost more than the query itself.
    columns = [
        type_coerce(_T[name], String) if sqlite and name in _CONVERTED else _T[name] for name in COLUMNS
    ]
    wanted = select(*columns).where(_T.deleted_at.is_(None), *conditions).order_by(_T.at, _T.id)
    with without_collecting():
        if not sqlite:
            return transactions_from(db.execute(wanted), _same)
        db.flush()  # as `Session.execute` does
        with closing(db.connection().execute(wanted)) as result:
            assert result.cursor is not None, "a query has rows"
            # The driver's own rows, one at a time: SQLAlchemy's cost as much again.
            return transactions_from(iter(result.cursor.fetchone, None), _moment_of_text)


def transaction_of(row: TransactionRow) -> Transaction:
    """Return one stored row as the ledger's record, with the source's own words."""
    return Transaction(
        at=row.at,
        kind=TransactionKind(row.kind),
        received=_amount(row.received_quantity, row.received_asset),
        sent=_amount(row.sent_quantity, row.sent_asset),
        fee=_amount(row.fee_quantity, row.fee_asset),
        account=row.account,
        about=row.about,
        value=_amount(row.value_quantity, row.value_asset),
        group=row.group_name,
        note=row.note,
        external_id=row.external_id,
        row=row.row,
        raw=row.raw,
        id=str(row.id),
        source=row.source_id,
    )


def decided_transfers(db: Session, user_id: str) -> dict[str, str]:
    """Return the user's word on own transfers: a withdrawal's id to its deposit's, or to ``""`` for none.

    A word about a deposit that was deleted does not count.
    """
    decision = TransferDecision
    wanted = (
        select(col(decision.withdrawal_id), col(decision.deposit_id))
        .outerjoin(TransactionRow, col(TransactionRow.id) == col(decision.deposit_id))
        .where(col(decision.user_id) == user_id, col(TransactionRow.deleted_at).is_(None))
    )
    return {str(left): "" if came is None else str(came) for left, came in db.execute(wanted)}


def known_transactions(db: Session, source_id: str) -> Iterator[Known]:
    """Give every stored transaction of a source, the deleted ones too, as deduplication needs it."""
    wanted = select(_T.fingerprint, _T.external_id, _T.deleted_at.is_not(None), _T.id).where(
        _T.source_id == source_id
    )
    for fingerprint, external_id, deleted, id_ in db.execute(wanted):
        yield Known(fingerprint, external_id, bool(deleted), str(id_))


def set_external_ids(db: Session, pairs: Iterable[tuple[str, str]]) -> None:
    """Store the external ids that an import told about rows which had none: (storage id, external id)."""
    rows = [{"id": int(id_), "external_id": external_id} for id_, external_id in pairs]
    if rows:
        db.execute(update(TransactionRow), rows)


# -------------------------------------------------------------------------------------------------- statements
def insert_statement(
    db: Session,
    user_id: str,
    source_id: str,
    statement: Statement,
    *,
    format_id: str = "",
    batch_id: str | None = None,
) -> str:
    """Store a statement with its lines and return its id."""
    head = StatementRow(
        id=new_id(),
        user_id=user_id,
        source_id=source_id,
        batch_id=batch_id,
        as_of=statement.as_of,
        format=format_id,
        has_accounts=any(line.account for line in statement.lines),
    )
    db.add(head)
    db.flush()
    lines = [
        {
            "statement_id": head.id,
            "asset": line.asset,
            "quantity": line.quantity,
            "account": line.account,
            "cost_currency": line.cost.asset.partition(":")[2] if line.cost else None,
            "cost": line.cost.quantity if line.cost else None,
            "row": line.row,
            "raw": line.raw,
        }
        for line in statement.lines
    ]
    if lines:
        db.execute(insert(StatementLineRow), lines)
    return head.id


def read_statements(db: Session, *conditions: ColumnElement[bool]) -> dict[str, list[Statement]]:
    """Return the statements that fulfil the conditions by source id, oldest first; ``raw`` is left empty."""
    line = StatementLineRow
    heads = db.execute(
        select(col(StatementRow.id), col(StatementRow.source_id), col(StatementRow.as_of))
        .where(*conditions)
        .order_by(col(StatementRow.as_of), col(StatementRow.id))
    ).all()
    lines: dict[str, list[StatementLine]] = {id_: [] for id_, _, _ in heads}
    wanted = (
        select(
            col(line.statement_id),
            col(line.asset),
            col(line.quantity),
            col(line.account),
            col(line.cost),
            col(line.cost_currency),
            col(line.row),
        )
        .join(StatementRow, col(StatementRow.id) == col(line.statement_id))
        .where(*conditions)
        .order_by(col(line.id))
    )
    for id_, asset, quantity, account, cost, currency, row in db.execute(wanted):
        paid = Amount(cost, f"fiat:{currency}") if cost is not None and currency else None
        lines[id_].append(StatementLine(asset, quantity, account, paid, row))
    found: dict[str, list[Statement]] = {}
    for id_, source_id, as_of in heads:
        found.setdefault(source_id, []).append(Statement(as_of, tuple(lines[id_])))
    return found


# ------------------------------------------------------------------------------------------------------ assets
def remember_assets(db: Session, assets: Iterable[Asset]) -> None:
    """Store what is newly known of assets; what is stored already keeps its words, gaps in them are filled."""
    wanted = {asset.id: asset for asset in assets}
    stored = {row.id: row for row in _asset_rows(db, wanted)}
    missing = []
    for id_, asset in wanted.items():
        row = stored.get(id_)
        if row is None:
            missing.append(
                {
                    "id": id_,
                    "asset_class": asset.asset_class.value,
                    "symbol": asset.symbol,
                    "name": asset.name,
                    "isin": asset.isin,
                    "quote_currency": asset.quote_currency,
                    "coingecko_id": "",
                }
            )
            continue
        for name in ("name", "isin", "quote_currency"):
            if not getattr(row, name) and getattr(asset, name):
                setattr(row, name, getattr(asset, name))
                db.add(row)
    if missing:
        insert_missing(db, AssetRow, missing)
    db.flush()


def read_assets(db: Session, ids: Iterable[AssetId]) -> dict[AssetId, Asset]:
    """Return what is known of the given assets; an unknown id is left out."""
    return {
        row.id: Asset(row.id, AssetClass(row.asset_class), row.symbol, row.name, row.isin, row.quote_currency)
        for row in _asset_rows(db, ids)
    }


def _asset_rows(db: Session, ids: Iterable[AssetId]) -> Iterator[AssetRow]:
    unique = sorted(set(ids))
    for first in range(0, len(unique), 500):  # SQLite limits the number of variables in a statement
        wanted = select(AssetRow).where(col(AssetRow.id).in_(unique[first : first + 500]))
        yield from db.execute(wanted).scalars()


# ----------------------------------------------------------------------------------------------------- helpers
def _moment_of_text(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


def _same(value: Any) -> Any:
    return value


def _amount(quantity: Decimal | None, asset: str | None) -> Amount | None:
    return Amount(quantity, asset) if quantity is not None and asset else None
