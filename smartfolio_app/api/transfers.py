"""Own transfers: as matched, and the user's word on them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from smartfolio_app.api.dependencies import Database, SignedIn
from smartfolio_app.api.schemas import LARGEST_ID, Amount, Answer, Body, Done
from smartfolio_app.ledger.transactions import Transaction
from smartfolio_app.services import own_transfers

router = APIRouter(prefix="/api/portfolio/transfers", tags=["portfolio"])

Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]


class MovementOut(Answer):
    """One end of a transfer: the id of its transaction, when, what and where (a source's key)."""

    id: str
    at: datetime
    asset: str
    quantity: Amount
    source: str
    account: str


class PairOut(Answer):
    """A withdrawal and the deposit it became; ``lost`` is what the way cost. ``decided``: by your own word."""

    withdrawal: MovementOut
    deposit: MovementOut
    lost: Amount
    decided: bool


class LooseOut(Answer):
    """A withdrawal without a deposit here, and deposits it may have become."""

    withdrawal: MovementOut
    decided: bool
    offered: list[MovementOut]


class TransfersOut(Answer):
    """All of them, newest first; ``deposits`` are those that came from nowhere known."""

    matched: list[PairOut]
    withdrawals: list[LooseOut]
    deposits: list[MovementOut]


class DecisionIn(Body):
    """The deposit that a withdrawal became; ``null``: none here, it left for elsewhere."""

    deposit: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None


@router.get("", summary="Own transfers, matched and not")
def list_transfers(
    viewer: SignedIn,
    db: Database,
    asset: Annotated[str, Query(max_length=80, description="an asset id; empty: all")] = "",
) -> TransfersOut:
    """Return which withdrawals became which deposits, and what has no counterpart."""
    found = own_transfers.listing(db, viewer.user_id, asset)
    keys = {id_: key for id_, (key, _) in found.sources.items()}
    return TransfersOut(
        matched=[
            PairOut(
                withdrawal=_movement(one.withdrawal, keys),
                deposit=_movement(one.deposit, keys),
                lost=one.lost,
                decided=one.decided,
            )
            for one in found.matched
        ],
        withdrawals=[
            LooseOut(
                withdrawal=_movement(one.withdrawal, keys),
                decided=one.decided,
                offered=[_movement(row, keys) for row in one.offered],
            )
            for one in found.left
        ],
        deposits=[_movement(row, keys) for row in found.arrived],
    )


@router.put("/{withdrawal}", summary="Confirm or break a transfer")
def decide(viewer: SignedIn, db: Database, withdrawal: Id, body: DecisionIn) -> Done:
    """Say which deposit a withdrawal became, or that it became none here. Lots and dates follow at once."""
    if body.deposit is None:
        own_transfers.separate(db, viewer.user_id, withdrawal)
    else:
        own_transfers.confirm(db, viewer.user_id, withdrawal, body.deposit)
    return Done()


@router.delete("/{withdrawal}", summary="Take your word on a transfer back")
def forget(viewer: SignedIn, db: Database, withdrawal: Id) -> Done:
    """Leave the withdrawal to the matching by time and amount again."""
    own_transfers.leave_to_matching(db, viewer.user_id, withdrawal)
    return Done()


def _movement(row: Transaction, keys: dict[str, str]) -> MovementOut:
    side = row.sent or row.received
    assert side is not None
    return MovementOut(
        id=row.id,
        at=row.at,
        asset=side.asset,
        quantity=side.quantity,
        source=keys.get(row.source, row.source),
        account=row.account,
    )
