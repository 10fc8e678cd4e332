"""Own transfers: what left one place and arrived at another, as matched, and the user's word on it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.errors import ConflictError, InvalidInputError, NotFoundError
from smartfolio_app.ledger.assets import Asset, AssetId
from smartfolio_app.ledger.transactions import Transaction, TransactionKind
from smartfolio_app.services import audit
from smartfolio_app.services.views import basis
from smartfolio_app.storage.repo_changes import note_change
from smartfolio_app.storage.repo_ledger import bump_revision
from smartfolio_app.storage.tables import TransactionRow, TransferDecision

#: How many deposits are offered for a withdrawal that has none.
OFFERED = 8


@dataclass(frozen=True, slots=True)
class Pair:
    """A withdrawal and the deposit it became. ``decided``: by the user's own word; ``lost`` is what the way cost."""

    withdrawal: Transaction
    deposit: Transaction
    decided: bool
    lost: Decimal


@dataclass(frozen=True, slots=True)
class Loose:
    """A withdrawal for nowhere known. ``decided``: the user said so; ``offered`` are deposits it may have become."""

    withdrawal: Transaction
    decided: bool
    offered: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True)
class Transfers:
    """All withdrawals and deposits, newest first. ``sources`` gives key and label by source id."""

    matched: tuple[Pair, ...]
    left: tuple[Loose, ...]
    arrived: tuple[Transaction, ...]
    sources: dict[str, tuple[str, str]]
    assets: dict[AssetId, Asset]


def listing(db: Session, user_id: str, asset: AssetId = "") -> Transfers:
    """Return the own transfers (of one asset), and what is left without a counterpart.

    Raises:
        NotFoundError: There is no such user.
    """
    ledger = basis(db, user_id).ledger
    columns, word = ledger.columns, ledger.transfers
    ordered, matched = columns.ordered, columns.transfers
    arrivals = frozenset(matched.values())
    pairs: list[Pair] = []
    leaving: list[Transaction] = []
    arrived: list[Transaction] = []
    for index in reversed(columns.unusual):
        row = ordered[index]
        side = row.sent if row.kind is TransactionKind.WITHDRAWAL else row.received
        if side is None or (asset and side.asset != asset):
            continue
        if row.kind is TransactionKind.WITHDRAWAL:
            if index in matched:
                pairs.append(_pair(row, ordered[matched[index]], word))
            else:
                leaving.append(row)
        elif row.kind is TransactionKind.DEPOSIT and index not in arrivals:
            arrived.append(row)
    ids = {
        side.asset for row in (*leaving, *arrived) for side in (row.sent, row.received) if side is not None
    }
    ids |= {pair.withdrawal.sent.asset for pair in pairs if pair.withdrawal.sent is not None}
    return Transfers(
        matched=tuple(pairs),
        left=tuple(Loose(row, word.get(row.id) == "", _offered(row, arrived)) for row in leaving),
        arrived=tuple(arrived),
        sources={id_: (one.key, one.label) for id_, one in ledger.sources.items()},
        assets={id_: ledger.asset(id_) for id_ in ids},
    )


def confirm(db: Session, user_id: str, withdrawal: int, deposit: int) -> None:
    """Say that a withdrawal became a deposit. Commits.

    Raises:
        NotFoundError: The user has no such transaction.
        InvalidInputError: They are no withdrawal and deposit of one asset.
        ConflictError: The user has said that the deposit came from another withdrawal.
    """
    left, came = _row(db, user_id, withdrawal), _row(db, user_id, deposit)
    if (
        left.kind != TransactionKind.WITHDRAWAL
        or came.kind != TransactionKind.DEPOSIT
        or left.sent_asset is None
        or left.sent_asset != came.received_asset
    ):
        raise InvalidInputError("transfer.not_a_pair")
    note_change(db, user_id, bump_revision(db, user_id), ())
    taken = select(col(TransferDecision.withdrawal_id)).where(
        col(TransferDecision.deposit_id) == deposit, col(TransferDecision.withdrawal_id) != withdrawal
    )
    if db.execute(taken).first() is not None:
        raise ConflictError("transfer.deposit_taken")
    _decide(db, user_id, withdrawal, deposit)
    audit.record(db, user_id, "transfer.confirm", {"withdrawal": withdrawal, "deposit": deposit})
    db.commit()


def separate(db: Session, user_id: str, withdrawal: int) -> None:
    """Say that a withdrawal became no deposit here: it left for elsewhere. Commits.

    Raises:
        NotFoundError: The user has no such transaction.
        InvalidInputError: It is no withdrawal.
    """
    if _row(db, user_id, withdrawal).kind != TransactionKind.WITHDRAWAL:
        raise InvalidInputError("transfer.not_a_withdrawal")
    note_change(db, user_id, bump_revision(db, user_id), ())
    _decide(db, user_id, withdrawal, None)
    audit.record(db, user_id, "transfer.separate", {"withdrawal": withdrawal})
    db.commit()


def leave_to_matching(db: Session, user_id: str, withdrawal: int) -> None:
    """Take the user's word on a withdrawal back, if there is one: it is matched by time and amount again. Commits.

    Raises:
        NotFoundError: The user has no such transaction.
    """
    _row(db, user_id, withdrawal)
    note_change(db, user_id, bump_revision(db, user_id), ())
    decision = db.get(TransferDecision, withdrawal)
    if decision is not None:
        db.delete(decision)
        audit.record(db, user_id, "transfer.forget", {"withdrawal": withdrawal})
    db.commit()


# ------------------------------------------------------------------------------------------------------- helpers
def _pair(left: Transaction, came: Transaction, word: object) -> Pair:
    assert left.sent is not None
    assert came.received is not None
    decided = isinstance(word, dict) and word.get(left.id) == came.id
    return Pair(left, came, decided, left.sent.quantity - came.received.quantity)


def _offered(left: Transaction, arrived: list[Transaction]) -> tuple[Transaction, ...]:
    """Return the deposits of the same asset that are nearest in time."""
    if left.sent is None:
        return ()
    asset = left.sent.asset
    same = [row for row in arrived if row.received is not None and row.received.asset == asset]
    same.sort(key=lambda row: abs(row.at - left.at))
    return tuple(same[:OFFERED])


def _decide(db: Session, user_id: str, withdrawal: int, deposit: int | None) -> None:
    decision = db.get(TransferDecision, withdrawal) or TransferDecision(
        withdrawal_id=withdrawal, user_id=user_id
    )
    decision.deposit_id = deposit
    db.add(decision)
    db.flush()


def _row(db: Session, user_id: str, transaction_id: int) -> TransactionRow:
    row = db.get(TransactionRow, transaction_id)
    if row is None or row.user_id != user_id or row.deleted_at is not None:
        raise NotFoundError("transaction.no_such_transaction")
    return row
