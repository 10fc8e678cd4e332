"""The change since the anchor as one figure with its parts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.analytics.results import ChangeToday
from smartfolio_app.ledger.money import ZERO, divide

if TYPE_CHECKING:
    from datetime import datetime

    from smartfolio_app.analytics.anchors import Anchor
    from smartfolio_app.analytics.change import Changes


#: A change that covers less than this share of what is owned says more about the files than about the day.
LEAST_COVERED = Decimal("0.5")


def change_today(
    changes: Changes, anchor: Anchor, since: datetime | None, *, anything_held: bool, owned: Decimal = ZERO
) -> ChangeToday:
    """Return the sum of the holdings' parts; all ``None`` with a reason when there is too little to compare.

    ``owned`` is the worth now of all that is priced and not a debt, the measure of how much is covered.
    """
    uncovered = tuple(sorted(changes.uncovered))
    if since is None:
        return ChangeToday(anchor.value, None, uncovered=uncovered, reason="change.no_snapshot")
    if not changes.moves:
        reason = "change.not_priced" if anything_held or uncovered else "change.nothing_held"
        return ChangeToday(anchor.value, since, uncovered=uncovered, reason=reason)
    moves = changes.moves.values()
    if changes.covered_now < LEAST_COVERED * owned:
        return ChangeToday(anchor.value, since, uncovered=uncovered, reason="change.little_covered")
    then = sum((move.then for move in moves), ZERO)
    market = sum((move.market for move in moves), ZERO)
    income = sum((move.income for move in moves), ZERO)
    fees = sum((move.fees for move in moves), ZERO)
    deposits = sum((move.deposits for move in moves), ZERO)
    withdrawals = sum((move.withdrawals for move in moves), ZERO)
    return ChangeToday(
        anchor=anchor.value,
        since=since,
        value_then=then,
        total=sum((move.now for move in moves), ZERO) - then,
        market=market,
        flows=deposits - withdrawals,
        deposits=deposits,
        withdrawals=withdrawals,
        purchases=changes.purchases,
        income=income,
        fees=fees,
        pct=divide(market + income - fees, then) if then > 0 else None,
        uncovered=uncovered,
    )
