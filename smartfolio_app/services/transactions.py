"""The ledger's rows as their user works with them: found, typed in, corrected, removed and brought back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlmodel import Session, col

from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.ledger.assets import Asset, AssetId
from smartfolio_app.ledger.dedupe import fingerprint
from smartfolio_app.ledger.transactions import Transaction, TransactionKind
from smartfolio_app.services import audit, sources, trade_prices, user_settings
from smartfolio_app.services.source_labels import label_of
from smartfolio_app.services.transaction_drafts import Draft, assets_of, checked
from smartfolio_app.storage.repo_changes import note_change
from smartfolio_app.storage.repo_ledger import (
    bump_revision,
    read_assets,
    remember_assets,
    transaction_of,
    transaction_values,
)
from smartfolio_app.storage.tables import AssetRow, ImportBatch, SourceFile, SourceRow, TransactionRow
from smartfolio_app.storage.tables.base import utc_now

Sort = Literal["at", "kind", "source", "account"]
SORTS: tuple[str, ...] = get_args(Sort)
LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """Which transactions; what is empty does not narrow. Days are those of the user's zone, both included.

    ``text`` is looked for in notes, accounts, groups, ids, and in symbols and names of assets; ``asset`` is an asset id
    or a symbol.
    """

    text: str = ""
    asset: str = ""
    kind: str = ""
    source_key: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One transaction with where it comes from. ``file_name`` and ``imported_at`` are empty for one typed in."""

    id: int
    transaction: Transaction
    source_key: str
    source_label: str
    batch_id: str | None
    file_name: str
    imported_at: datetime | None
    edited_at: datetime | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of entries, and how many there are in all; ``assets`` describes those on the page."""

    entries: list[Entry]
    total: int
    page: int
    size: int
    assets: dict[AssetId, Asset]

    @property
    def pages(self) -> int:
        """The number of pages, at least 1."""
        return max(1, -(-self.total // self.size))


def listing(
    db: Session,
    user_id: str,
    wanted: Filter | None = None,
    *,
    sort: Sort = "at",
    descending: bool = True,
    page: int = 1,
    size: int = 50,
) -> Page:
    """Return one page (from 1; past the last one: the last) of the user's transactions, deleted ones left out.

    Raises:
        InvalidInputError: There is no such kind or order, or ``size`` is not 1 to 200.
    """
    if sort not in SORTS or not 1 <= size <= LARGEST_PAGE:
        raise InvalidInputError("transaction.listing", sorts=", ".join(SORTS), maximum=LARGEST_PAGE)
    conditions = _conditions(db, user_id, wanted or Filter())
    counted = (
        select(func.count()).select_from(TransactionRow).join(SourceRow, _of_source()).where(*conditions)
    )
    total = db.execute(counted).scalar_one()
    page = max(1, min(page, -(-total // size)))
    columns: Mapping[str, Any] = {
        "at": col(TransactionRow.at),
        "kind": col(TransactionRow.kind),
        "source": col(SourceRow.key),
        "account": func.lower(col(TransactionRow.account)),
    }
    order = [columns[sort], col(TransactionRow.at), col(TransactionRow.id)]
    rows = db.execute(
        _with_provenance()
        .where(*conditions)
        .order_by(*(one.desc() if descending else one.asc() for one in order))
        .limit(size)
        .offset((page - 1) * size)
    )
    language = user_settings.get(db, user_id).language
    entries = [_entry(row, language) for row in rows]
    return Page(entries, total, page, size, read_assets(db, _ids(entries)))


def get(db: Session, user_id: str, transaction_id: int) -> Entry:
    """Return one transaction, a deleted one too; raise ``NotFoundError`` when the user has none of that id."""
    row = db.execute(
        _with_provenance().where(
            col(TransactionRow.id) == transaction_id, col(TransactionRow.user_id) == user_id
        )
    ).first()
    if row is None:
        raise NotFoundError("transaction.no_such_transaction")
    return _entry(row, user_settings.get(db, user_id).language)


def add(db: Session, user_id: str, source_key: str, draft: Draft) -> Entry:
    """Add a transaction by hand to a source of crypto or stocks.

    Raises:
        InvalidInputError: The draft is not a transaction (see ``transaction_drafts``), or the source holds items.
        NotFoundError: The user has no such source.
    """
    transaction = checked(draft, utc_now())
    source = sources.find(db, user_id, source_key)
    if source.category == "wealth":
        raise InvalidInputError("transaction.source", source=source_key)
    revision = bump_revision(db, user_id)
    _remember(db, transaction)
    row = TransactionRow(
        user_id=user_id,
        source_id=source.id,
        fingerprint=fingerprint(transaction),
        **transaction_values(transaction),
    )
    db.add(row)
    db.flush()
    trade_prices.add(db, user_id, [transaction])
    note_change(db, user_id, revision, [_id(row)], [transaction.at.date()])
    audit.record(db, user_id, "transaction.add", {"transaction": row.id, "source": source_key})
    db.commit()
    return get(db, user_id, _id(row))


def edit(db: Session, user_id: str, transaction_id: int, draft: Draft) -> Entry:
    """Replace what a transaction says. One that was imported stays known to its file: importing that again adds
    nothing.

    Raises:
        NotFoundError: The user has no such transaction, or it is deleted.
        InvalidInputError: As ``add``.
    """
    row = _row(db, user_id, transaction_id, deleted=False)
    transaction = checked(draft, utc_now())
    revision = bump_revision(db, user_id)
    _remember(db, transaction)
    days = {row.at.date(), transaction.at.date()}
    kept = {"external_id", "row", "raw"}  # the source's own words
    for name, value in transaction_values(transaction).items():
        if name not in kept:
            setattr(row, name, value)
    if row.batch_id is None:
        row.fingerprint = fingerprint(transaction)
    row.edited_at = utc_now()
    db.add(row)
    db.flush()
    trade_prices.refresh(db, user_id, days)
    note_change(db, user_id, revision, [transaction_id], days)
    audit.record(db, user_id, "transaction.edit", {"transaction": transaction_id})
    db.commit()
    return get(db, user_id, transaction_id)


def delete(db: Session, user_id: str, transaction_id: int) -> Entry:
    """Take a transaction out of the ledger, so that ``restore`` can bring it back.

    Raises:
        NotFoundError: The user has no such transaction, or it is deleted already.
    """
    row = _row(db, user_id, transaction_id, deleted=False)
    revision = bump_revision(db, user_id)
    row.deleted_at = utc_now()
    db.add(row)
    db.flush()
    trade_prices.refresh(db, user_id, {row.at.date()})
    note_change(db, user_id, revision, [transaction_id], {row.at.date()})
    audit.record(db, user_id, "transaction.delete", {"transaction": transaction_id})
    db.commit()
    return get(db, user_id, transaction_id)


def restore(db: Session, user_id: str, transaction_id: int) -> Entry:
    """Bring a deleted transaction back; raise ``NotFoundError`` when the user has no such deleted one."""
    row = _row(db, user_id, transaction_id, deleted=True)
    revision = bump_revision(db, user_id)
    row.deleted_at = None
    db.add(row)
    db.flush()
    trade_prices.refresh(db, user_id, {row.at.date()})
    note_change(db, user_id, revision, [transaction_id], {row.at.date()})
    audit.record(db, user_id, "transaction.restore", {"transaction": transaction_id})
    db.commit()
    return get(db, user_id, transaction_id)


# ------------------------------------------------------------------------------------------------------ finding
def _conditions(db: Session, user_id: str, wanted: Filter) -> list[ColumnElement[bool]]:
    row = TransactionRow
    found = [col(row.user_id) == user_id, col(row.deleted_at).is_(None)]
    if wanted.kind:
        if wanted.kind not in {kind.value for kind in TransactionKind}:
            raise InvalidInputError(
                "transaction.kind", allowed=", ".join(kind.value for kind in TransactionKind)
            )
        found.append(col(row.kind) == wanted.kind)
    if wanted.source_key:
        found.append(col(SourceRow.key) == wanted.source_key)
    if wanted.asset:
        found.append(_moves(wanted.asset.strip()))
    if wanted.text.strip():
        found.append(_mentions(wanted.text.strip().lower()))
    zone = ZoneInfo(user_settings.get(db, user_id).time_zone)
    if wanted.first is not None:
        found.append(col(row.at) >= _midnight(wanted.first, zone))
    if wanted.last is not None:
        found.append(col(row.at) < _midnight(wanted.last + timedelta(days=1), zone))
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _moves(asset: str) -> ColumnElement[bool]:
    """An asset id is looked for exactly, a symbol in every class."""
    row = TransactionRow
    columns = (col(row.received_asset), col(row.sent_asset), col(row.fee_asset), col(row.about))
    if ":" in asset:
        return or_(*(column == asset for column in columns))
    symbols = select(col(AssetRow.id)).where(func.upper(col(AssetRow.symbol)) == asset.upper())
    return or_(
        *(column.endswith(f":{asset.upper()}", autoescape=True) for column in columns),
        *(column.in_(symbols) for column in columns),
    )


def _mentions(text: str) -> ColumnElement[bool]:
    row = TransactionRow
    written = (row.note, row.account, row.group_name, row.external_id)
    named = select(col(AssetRow.id)).where(
        or_(
            func.lower(col(AssetRow.symbol)).contains(text, autoescape=True),
            func.lower(col(AssetRow.name)).contains(text, autoescape=True),
        )
    )
    moved = (row.received_asset, row.sent_asset, row.fee_asset, row.about)
    return or_(
        *(func.lower(col(column)).contains(text, autoescape=True) for column in written),
        *(col(column).in_(named) for column in moved),
    )


def _of_source() -> ColumnElement[bool]:
    return col(SourceRow.id) == col(TransactionRow.source_id)


def _with_provenance() -> Any:
    return (
        select(TransactionRow, SourceRow, col(SourceFile.name), col(ImportBatch.created_at))
        .join(SourceRow, _of_source())
        .outerjoin(ImportBatch, col(ImportBatch.id) == col(TransactionRow.batch_id))
        .outerjoin(SourceFile, col(SourceFile.id) == col(ImportBatch.file_id))
    )


def _entry(found: Any, language: str) -> Entry:
    row, source, file_name, imported_at = found
    return Entry(
        id=_id(row),
        transaction=transaction_of(row),
        source_key=source.key,
        source_label=label_of(source, language),
        batch_id=row.batch_id,
        file_name=file_name or "",
        imported_at=imported_at,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
    )


def _ids(entries: list[Entry]) -> set[AssetId]:
    ids = set()
    for entry in entries:
        one = entry.transaction
        ids |= {side.asset for side in (one.received, one.sent, one.fee, one.value) if side is not None}
        ids |= {one.about} - {""}
    return ids


def _row(db: Session, user_id: str, transaction_id: int, *, deleted: bool) -> TransactionRow:
    row = db.get(TransactionRow, transaction_id)
    if row is None or row.user_id != user_id or (row.deleted_at is not None) != deleted:
        raise NotFoundError("transaction.no_such_transaction")
    return row


def _id(row: TransactionRow) -> int:
    assert row.id is not None, "a stored row has an id"
    return row.id


def _remember(db: Session, transaction: Transaction) -> None:
    described = assets_of(transaction, {})
    known = read_assets(db, [asset.id for asset in described])
    remember_assets(db, [asset for asset in described if asset.id not in known])
