"""Statements as the cost-basis engine sees them: lots that appear, lots that vanish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.ledger.lots import Correction
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.ledger.movements import Side
from smartfolio_app.ledger.transactions import Amount, Statement, StatementLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from smartfolio_app.ledger.assets import AssetId
    from smartfolio_app.ledger.movements import Movements

from smartfolio_app.ledger.instants import micros


def corrections(
    stream: Movements, statements: Mapping[str, Sequence[Statement]], *, by_account: bool = False
) -> list[Correction]:
    """Return what the statements correct, by instant.

    Unless ``by_account``, a quantity that a statement finds in another account of the same source is no correction.
    """
    lines = {(source, micros(row.as_of)): row.lines for source, rows in statements.items() for row in rows}
    changes: dict[tuple[int, str, str, AssetId], Decimal] = {}
    for number in np.flatnonzero(stream.side == Side.ANCHOR).tolist():
        source, account, asset = stream.places[stream.place[number]]
        key = (int(stream.at[number]), source, account if by_account else "", asset)
        changes[key] = changes.get(key, ZERO) + stream.change(number)
    found: list[Correction] = []
    for (at, source, account, asset), change in changes.items():
        if not change:
            continue
        told = [
            line
            for line in lines[source, at]
            if line.asset == asset and (not by_account or line.account == account)
        ]
        reported = sum((line.quantity for line in told), ZERO)
        found.append(Correction(at, source, account, asset, change, reported, _cost(told)))
    return found


def _cost(lines: Iterable[StatementLine]) -> Amount | None:
    """Return the lines' total cost, when each states one and all in the same currency."""
    costs = [line.cost for line in lines]
    known = [cost for cost in costs if cost is not None]
    if not known or len(known) < len(costs) or len({cost.asset for cost in known}) > 1:
        return None
    return Amount(sum((cost.quantity for cost in known), ZERO), known[0].asset)
