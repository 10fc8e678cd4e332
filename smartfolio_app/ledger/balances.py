"""What is held, where: transactions added up, anchored by what the sources themselves report.

The rule, in one place: per source, the newest statement not later than the instant asked for is the *anchor*; the
source holds the statement's lines plus what its later transactions change. Without such a statement it holds the sum
of its transactions. A statement whose lines name no account says nothing about places, so the movements after it are
counted for the source as a whole (account ``""``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from smartfolio_app.ledger.transactions import Statement, Transaction

#: Where a quantity lies: source id, account inside it, asset.
Place = tuple[str, str, AssetId]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A signed quantity in one place.

    ``origin`` is ``statement`` when an anchor is part of it (``as_of`` is then the anchor's instant), else ``ledger``
    (``as_of`` is the instant of the last transaction that moved it).
    """

    quantity: Decimal
    origin: str
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class EffectRow:
    """How one asset's total changes from one set of holdings to another."""

    asset: AssetId
    before: Decimal
    after: Decimal


def anchor(statements: Sequence[Statement], at: datetime) -> Statement | None:
    """Return the newest of ``statements`` with ``as_of`` not later than ``at``; of equals the last given."""
    chosen: Statement | None = None
    for statement in statements:
        if statement.as_of <= at and (chosen is None or statement.as_of >= chosen.as_of):
            chosen = statement
    return chosen


def names_accounts(statement: Statement) -> bool:
    """Tell whether the statement says in which account its positions are."""
    return any(line.account for line in statement.lines)


def holdings_at(
    transactions: Iterable[Transaction], statements: Mapping[str, Sequence[Statement]], at: datetime
) -> dict[Place, Quantity]:
    """Return what is held at the end of the instant ``at``, per source, account and asset.

    ``statements`` is by source id, the same text as ``Transaction.source``. Places that come out at exactly zero are
    left out; negative ones are kept, because hiding them would make a total that nothing supports.
    """
    anchors = {
        source: chosen for source, rows in statements.items() if (chosen := anchor(rows, at)) is not None
    }
    totals: dict[Place, Decimal] = {}
    moved: dict[Place, datetime] = {}
    one_place = {source for source, statement in anchors.items() if not names_accounts(statement)}

    with localcontext(MONEY_CONTEXT):
        for source, statement in anchors.items():
            for line in statement.lines:
                place = (source, line.account, line.asset)
                totals[place] = totals.get(place, ZERO) + line.quantity
        for transaction in transactions:
            if transaction.at > at:
                continue
            anchored = anchors.get(transaction.source)
            if anchored is not None and transaction.at <= anchored.as_of:
                continue
            account = "" if transaction.source in one_place else transaction.account
            for asset, change in transaction.movements():
                place = (transaction.source, account, asset)
                totals[place] = totals.get(place, ZERO) + change
                last = moved.get(place)
                if last is None or transaction.at > last:
                    moved[place] = transaction.at

    held: dict[Place, Quantity] = {}
    for place, total in totals.items():
        if not total:
            continue
        anchored = anchors.get(place[0])
        if anchored is None:
            held[place] = Quantity(total, "ledger", moved[place])
        else:
            held[place] = Quantity(total, "statement", anchored.as_of)
    return held


def effect(before: Mapping[Place, Quantity], after: Mapping[Place, Quantity]) -> list[EffectRow]:
    """Return the assets whose total differs between two sets of holdings, by asset id."""
    old, new = _per_asset(before), _per_asset(after)
    return [
        EffectRow(asset, old.get(asset, ZERO), new.get(asset, ZERO))
        for asset in sorted(old.keys() | new.keys())
        if old.get(asset, ZERO) != new.get(asset, ZERO)
    ]


def _per_asset(holdings: Mapping[Place, Quantity]) -> dict[AssetId, Decimal]:
    totals: dict[AssetId, Decimal] = {}
    with localcontext(MONEY_CONTEXT):
        for (_, _, asset), held in holdings.items():
            totals[asset] = totals.get(asset, ZERO) + held.quantity
    return totals
