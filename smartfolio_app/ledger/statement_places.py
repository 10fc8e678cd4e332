"""Where things lie, for a statement that does not say.

Some sources export what they hold twice: a total per asset, and the accounts it lies in. Whichever comes
last is the anchor (``balances``), so a total would forget the accounts told minutes before. It does not have to: where
both agree on an asset's total, nothing has moved, and the accounts still hold it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from smartfolio_app.ledger.balances import names_accounts
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from smartfolio_app.ledger.assets import AssetId
    from smartfolio_app.ledger.transactions import Statement, StatementLine

#: Accounts told longer ago than this are another day's.
LONGEST = timedelta(days=1)
#: What an export's rounding to eight decimals may leave, per line.
ROUNDING = Decimal("0.00000001")


def with_places(statements: Iterable[Statement]) -> list[Statement]:
    """Return one source's statements, oldest first, those without accounts with the ones told shortly before.

    An asset is spread over the accounts of the newest statement that names any, not more than ``LONGEST`` before, when
    their quantities add up to its own but for rounding, and its line states no cost (which nobody could spread). What
    rounding leaves goes to the largest part, so that totals stay exact.
    """
    placed: list[Statement] = []
    named: Statement | None = None
    for statement in sorted(statements, key=lambda one: one.as_of):
        if names_accounts(statement):
            named = statement
        elif named is not None and statement.as_of - named.as_of <= LONGEST:
            placed.append(_placed(statement, named))
            continue
        placed.append(statement)
    return placed


def _placed(statement: Statement, named: Statement) -> Statement:
    parts: dict[AssetId, list[StatementLine]] = {}
    for line in named.lines:
        parts.setdefault(line.asset, []).append(line)
    lines: dict[AssetId, list[StatementLine]] = {}
    for line in statement.lines:
        lines.setdefault(line.asset, []).append(line)
    spread = [part for asset, told in lines.items() for part in (_spread(told, parts.get(asset, [])) or told)]
    return replace(statement, lines=tuple(spread))


def _spread(told: Sequence[StatementLine], parts: Sequence[StatementLine]) -> list[StatementLine]:
    if len(told) != 1 or not parts or told[0].cost is not None:
        return []
    line = told[0]
    with localcontext(MONEY_CONTEXT):
        left = line.quantity - sum((part.quantity for part in parts), ZERO)
        if abs(left) > ROUNDING * len(parts):
            return []
        largest = max(range(len(parts)), key=lambda number: abs(parts[number].quantity))
        return [
            replace(
                line, quantity=part.quantity + (left if number == largest else ZERO), account=part.account
            )
            for number, part in enumerate(parts)
        ]
