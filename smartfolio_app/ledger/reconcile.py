"""What a source reports against what its transactions add up to, asset by asset, with the likely cause of each gap.

A cause is a guess from the numbers alone and is called one; nothing is corrected by itself.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Literal

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO
from smartfolio_app.ledger.transactions import Amount, Statement, Transaction, TransactionKind

if TYPE_CHECKING:
    from collections.abc import Sequence

Cause = Literal[
    "no_history",  # the asset is reported and no transaction tells of it
    "opening",  # the transactions would take it below zero: what was there before them is missing
    "renamed",  # another asset has the opposite gap: a renaming or migration that was not booked
    "missing_twin",  # the gap is exactly a transaction of its own: that one is missing or there twice
    "rewards",  # a little more than booked of something that earns
    "fees",  # a little less than booked
    "rounding",  # less than anybody rounds to
    "gone",  # booked and not reported at all
    "unknown",
]
_EARNED = frozenset(
    {TransactionKind.STAKING, TransactionKind.INTEREST, TransactionKind.REWARD, TransactionKind.MINING}
)
_ROUNDING = Decimal("1e-8")
_ROUNDING_SHARE = Decimal("1e-9")
_LITTLE = Decimal("0.02")


@dataclass(frozen=True, slots=True)
class Gap:
    """One asset of a source: reported, booked, and what the difference may come from.

    ``fix`` is the transaction that would close the gap, ``None`` where one would only hide it. ``related`` is the asset
    that a ``renamed`` one became, ``at`` the instant of the transaction a ``missing_twin`` is about.
    """

    asset: AssetId
    reported: Decimal
    booked: Decimal
    cause: Cause
    fix: Transaction | None = None
    related: AssetId = ""
    at: datetime | None = None

    @property
    def difference(self) -> Decimal:
        """Reported minus booked."""
        with localcontext(MONEY_CONTEXT):
            return self.reported - self.booked


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A source as of its report. ``agreed`` counts the assets without a gap."""

    as_of: datetime
    agreed: int
    gaps: tuple[Gap, ...]


def reconcile(transactions: Sequence[Transaction], statement: Statement) -> Reconciliation:
    """Compare one source's transactions, up to the statement's instant, with what the statement says it holds."""
    with localcontext(MONEY_CONTEXT):
        past = [one for one in transactions if one.at <= statement.as_of]
        booked: defaultdict[AssetId, Decimal] = defaultdict(Decimal)
        lowest: dict[AssetId, Decimal] = {}
        first: dict[AssetId, datetime] = {}
        for one in sorted(past, key=lambda transaction: transaction.at):
            for asset, change in one.movements():
                booked[asset] += change
                lowest[asset] = min(lowest.get(asset, ZERO), booked[asset])
                first.setdefault(asset, one.at)
        reported: defaultdict[AssetId, Decimal] = defaultdict(Decimal)
        for line in statement.lines:
            reported[line.asset] += line.quantity
        differences = {
            asset: reported[asset] - booked[asset]
            for asset in sorted(reported.keys() | booked.keys())
            if reported[asset] != booked[asset]
        }
        gaps = [
            _gap(asset, reported[asset], booked[asset], differences, past, lowest, first, statement.as_of)
            for asset in differences
        ]
        # What was held once and is gone on both sides is nothing to agree about.
        held = {asset for totals in (reported, booked) for asset, total in totals.items() if total}
        return Reconciliation(statement.as_of, len(held - differences.keys()), tuple(gaps))


def _gap(  # noqa: PLR0917 - the facts of one comparison
    asset: AssetId,
    reported: Decimal,
    booked: Decimal,
    differences: dict[AssetId, Decimal],
    past: Sequence[Transaction],
    lowest: dict[AssetId, Decimal],
    first: dict[AssetId, datetime],
    as_of: datetime,
) -> Gap:
    gap = differences[asset]
    size = abs(gap)
    if size <= max(_ROUNDING, abs(reported) * _ROUNDING_SHARE):
        return Gap(asset, reported, booked, "rounding", _correction(asset, gap, as_of, None))
    if asset not in first:
        return Gap(asset, reported, booked, "no_history", _correction(asset, gap, as_of, None))
    if gap > 0 and lowest.get(asset, ZERO) < 0:
        before = first[asset] - timedelta(seconds=1)
        return Gap(asset, reported, booked, "opening", _correction(asset, gap, before, None))
    twin = next((other for other, its in differences.items() if other != asset and its == -gap), "")
    if twin:
        swap = Transaction(
            at=as_of,
            kind=TransactionKind.SWAP,
            received=Amount(size, asset if gap > 0 else twin),
            sent=Amount(size, twin if gap > 0 else asset),
        )
        return Gap(asset, reported, booked, "renamed", swap, related=twin)
    same = next((one.at for one in reversed(past) if _moves_exactly(one, asset, size)), None)
    if same is not None:
        return Gap(asset, reported, booked, "missing_twin", None, at=same)
    if not reported:
        return Gap(asset, reported, booked, "gone", _correction(asset, gap, as_of, None))
    if size <= abs(reported) * _LITTLE:
        if gap > 0 and any(_earns(one, asset) for one in past):
            earned = next(one.kind for one in reversed(past) if _earns(one, asset))
            return Gap(asset, reported, booked, "rewards", _correction(asset, gap, as_of, earned))
        if gap < 0:
            return Gap(asset, reported, booked, "fees", _correction(asset, gap, as_of, TransactionKind.FEE))
    return Gap(asset, reported, booked, "unknown", _correction(asset, gap, as_of, None))


def _moves_exactly(one: Transaction, asset: AssetId, size: Decimal) -> bool:
    return any(moved == asset and abs(change) == size for moved, change in one.movements())


def _earns(one: Transaction, asset: AssetId) -> bool:
    return one.kind in _EARNED and one.received is not None and one.received.asset == asset


def _correction(asset: AssetId, gap: Decimal, at: datetime, kind: TransactionKind | None) -> Transaction:
    """Return the transaction that closes a gap: a deposit or withdrawal, unless its kind is known better."""
    side = Amount(abs(gap), asset)
    if gap > 0:
        return Transaction(at=at, kind=kind or TransactionKind.DEPOSIT, received=side)
    if kind is TransactionKind.FEE:
        return Transaction(at=at, kind=kind, fee=side)
    return Transaction(at=at, kind=kind or TransactionKind.WITHDRAWAL, sent=side)
