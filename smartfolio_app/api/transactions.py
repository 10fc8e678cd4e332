"""The ledger: finding, adding, correcting, removing and bringing back transactions."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from smartfolio_app.api.dependencies import Database, SignedIn
from smartfolio_app.api.schemas import LARGEST_ID, Amount, Answer, Body
from smartfolio_app.ledger.assets import Asset, symbol_of
from smartfolio_app.ledger.transactions import Amount as Side
from smartfolio_app.services import transactions
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.services.transactions import Entry, Filter

router = APIRouter(prefix="/api/portfolio/transactions", tags=["portfolio"])

Identity = Annotated[int, Path(ge=1, le=LARGEST_ID)]
AssetText = Annotated[str, Field(max_length=80)]


class SideIn(Body):
    """A quantity of an asset (an asset id, such as ``crypto:BTC`` or ``fiat:EUR``)."""

    quantity: Amount
    asset: AssetText


class SideOut(Answer):
    """A quantity of an asset."""

    quantity: Amount
    asset: str
    symbol: str


class TransactionIn(Body):
    """A transaction typed in by hand. ``at`` states its zone."""

    source: Annotated[str, Field(max_length=80)]
    at: datetime
    kind: Annotated[str, Field(max_length=20)]
    received: SideIn | None = None
    sent: SideIn | None = None
    fee: SideIn | None = None
    value: SideIn | None = None
    account: Annotated[str, Field(max_length=120)] = ""
    group: Annotated[str, Field(max_length=200)] = ""
    note: Annotated[str, Field(max_length=2000)] = ""
    about: AssetText = ""


class TransactionChange(Body):
    """What to change of a transaction; ``null`` takes a side away, what is left out stays."""

    at: datetime | None = None
    kind: Annotated[str, Field(max_length=20)] | None = None
    received: SideIn | None = None
    sent: SideIn | None = None
    fee: SideIn | None = None
    value: SideIn | None = None
    account: Annotated[str, Field(max_length=120)] | None = None
    group: Annotated[str, Field(max_length=200)] | None = None
    note: Annotated[str, Field(max_length=2000)] | None = None
    about: AssetText | None = None


class TransactionOut(Answer):
    """One transaction and where it comes from; ``raw`` is its row in the source's own words."""

    id: int
    at: datetime
    kind: str
    received: SideOut | None
    sent: SideOut | None
    fee: SideOut | None
    value: SideOut | None
    account: str
    about: str
    group: str
    note: str
    external_id: str
    row: int
    raw: str
    source: str
    source_label: str
    batch_id: str | None
    file_name: str
    imported_at: datetime | None
    edited_at: datetime | None
    deleted_at: datetime | None


class TransactionsOut(Answer):
    """One page of transactions."""

    transactions: list[TransactionOut]
    total: int
    page: int
    pages: int
    size: int


@router.get("", summary="Transactions, a page at a time")
def list_transactions(  # noqa: PLR0917 - FastAPI passes them by name
    viewer: SignedIn,
    db: Database,
    text: Annotated[str, Query(max_length=200)] = "",
    asset: Annotated[str, Query(max_length=80, description="an asset id or a symbol")] = "",
    kind: Annotated[str, Query(max_length=20)] = "",
    source: Annotated[str, Query(max_length=80)] = "",
    first: Annotated[date | None, Query(description="from this day on, in your time zone")] = None,
    last: Annotated[date | None, Query(description="up to this day")] = None,
    sort: Literal["at", "kind", "source", "account"] = "at",
    descending: bool = True,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> TransactionsOut:
    """Return one page of the ledger, deleted transactions left out."""
    wanted = Filter(text=text, asset=asset, kind=kind, source_key=source, first=first, last=last)
    found = transactions.listing(
        db, viewer.user_id, wanted, sort=sort, descending=descending, page=page, size=size
    )
    return TransactionsOut(
        transactions=[_out(one, found.assets) for one in found.entries],
        total=found.total,
        page=found.page,
        pages=found.pages,
        size=found.size,
    )


@router.post("", status_code=201, summary="Add a transaction by hand")
def add_transaction(viewer: SignedIn, db: Database, body: TransactionIn) -> TransactionOut:
    """Add a transaction to one of your sources."""
    draft = Draft(
        at=body.at,
        kind=body.kind,
        received=_typed(body.received),
        sent=_typed(body.sent),
        fee=_typed(body.fee),
        value=_typed(body.value),
        account=body.account,
        group=body.group,
        note=body.note,
        about=body.about,
    )
    return _out(transactions.add(db, viewer.user_id, body.source, draft))


@router.get("/{transaction_id}", summary="One transaction")
def get_transaction(viewer: SignedIn, db: Database, transaction_id: Identity) -> TransactionOut:
    """Return one transaction, a deleted one too."""
    return _out(transactions.get(db, viewer.user_id, transaction_id))


@router.patch("/{transaction_id}", summary="Correct a transaction")
def edit_transaction(
    viewer: SignedIn, db: Database, transaction_id: Identity, body: TransactionChange
) -> TransactionOut:
    """Change what is given. Importing its file again does not bring the old version back."""
    before = transactions.get(db, viewer.user_id, transaction_id).transaction
    given = body.model_fields_set

    def side(name: str, kept: Side | None) -> tuple[Decimal | str, str] | None:
        if name in given:
            return _typed(getattr(body, name))
        return None if kept is None else (kept.quantity, kept.asset)

    draft = Draft(
        at=body.at if body.at is not None else before.at,
        kind=body.kind if body.kind is not None else before.kind.value,
        received=side("received", before.received),
        sent=side("sent", before.sent),
        fee=side("fee", before.fee),
        value=side("value", before.value),
        account=body.account if body.account is not None else before.account,
        group=body.group if body.group is not None else before.group,
        note=body.note if body.note is not None else before.note,
        about=body.about if body.about is not None else before.about,
    )
    return _out(transactions.edit(db, viewer.user_id, transaction_id, draft))


@router.delete("/{transaction_id}", summary="Remove a transaction")
def delete_transaction(viewer: SignedIn, db: Database, transaction_id: Identity) -> TransactionOut:
    """Take a transaction out of the ledger; ``restore`` brings it back."""
    return _out(transactions.delete(db, viewer.user_id, transaction_id))


@router.post("/{transaction_id}/restore", summary="Bring a removed transaction back")
def restore_transaction(viewer: SignedIn, db: Database, transaction_id: Identity) -> TransactionOut:
    """Put a removed transaction back into the ledger."""
    return _out(transactions.restore(db, viewer.user_id, transaction_id))


def _typed(side: SideIn | None) -> tuple[Decimal | str, str] | None:
    return None if side is None else (side.quantity, side.asset)


def _out(entry: Entry, assets: dict[str, Asset] | None = None) -> TransactionOut:
    known = assets or {}

    def side(amount: Side | None) -> SideOut | None:
        if amount is None:
            return None
        described = known.get(amount.asset)
        symbol = described.symbol if described is not None else symbol_of(amount.asset)
        return SideOut(quantity=amount.quantity, asset=amount.asset, symbol=symbol)

    one = entry.transaction
    return TransactionOut(
        id=entry.id,
        at=one.at,
        kind=one.kind.value,
        received=side(one.received),
        sent=side(one.sent),
        fee=side(one.fee),
        value=side(one.value),
        account=one.account,
        about=one.about,
        group=one.group,
        note=one.note,
        external_id=one.external_id,
        row=one.row,
        raw=one.raw,
        source=entry.source_key,
        source_label=entry.source_label,
        batch_id=entry.batch_id,
        file_name=entry.file_name,
        imported_at=entry.imported_at,
        edited_at=entry.edited_at,
        deleted_at=entry.deleted_at,
    )
