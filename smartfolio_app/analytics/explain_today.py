"""Why one asset, or one category, gained or lost today what it did."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from smartfolio_app.analytics.explain_steps import line, money, rate_line, transactions_of
from smartfolio_app.analytics.parts import chosen, named
from smartfolio_app.analytics.results import Measure, Step
from smartfolio_app.ledger.money import ZERO, divide

if TYPE_CHECKING:
    from decimal import Decimal

    from smartfolio_app.analytics.results import Holding, Move, Portfolio
    from smartfolio_app.analytics.scope import Category

#: What was explained: the gain, its steps, notes, and what it is called by.
Told = tuple["Decimal | None", tuple[Step, ...], tuple[str, ...], dict[str, str]]


def figure_of(whole: Portfolio, row: Holding) -> str:
    """Return the name of the figure that a holding's change of today is."""
    return f"change_today:{named(row, Counter(one.asset.id for one in whole.holdings))}"


def explain_change_of(whole: Portfolio, about: str) -> Told | None:
    """Return why an asset gained or lost what it did since the anchor; ``None`` when it is not held."""
    mine = chosen(whole, about)
    if not mine:
        return None
    moves = [row.move for row in mine if row.move is not None]
    params = {"asset": mine[0].asset.name or mine[0].asset.symbol}
    if not moves:
        return None, (), ("explain.change_of.unknown",), params
    steps = list(_parts(moves, whole))
    found = mine[0].price
    if found is not None:
        rates = tuple(rate_line(rate) for rate in found.path)
        steps.append(
            line(
                "explain.holding.price",
                found.value,
                Measure.PRICE,
                whole.currency,
                at=found.at,
                children=rates,
            )
        )
    share = sum((row.share for row in mine if row.share is not None), ZERO)
    if share:
        steps.append(line("explain.holding.share", share, Measure.SHARE))
    steps.append(Step("explain.risk.its_transactions", "", link=transactions_of(mine[0].asset.id)))
    return _market(moves), tuple(steps), (f"explain.anchor.{whole.change.anchor}",), params


def explain_change_in(whole: Portfolio, category: Category) -> Told | None:
    """Return why a category gained or lost what it did since the anchor; ``None`` when nothing of it is held."""
    mine = [row for row in whole.holdings if row.category is category]
    moved = sorted(
        (row for row in mine if row.move is not None), key=lambda row: -abs(row.change_today or ZERO)
    )
    if not mine:
        return None
    if not moved:
        return None, (), ("explain.change_of.unknown",), {}
    rows = tuple(
        money(
            row.asset.name or row.asset.symbol,
            row.change_today,
            whole.currency,
            link=transactions_of(row.asset.id),
        )
        for row in moved[:12]
    )
    moves = [row.move for row in moved if row.move is not None]
    value, gain = whole.by_category[category], _market(moves)
    before = None if value is None else value - gain
    pct = divide(gain, before) if before is not None and before > 0 else None
    steps = (
        Step("explain.change_of.by_asset", "", children=rows),
        line("explain.change_of.of_rest", pct, Measure.FINE_SHARE),
        *_parts(moves, whole)[1:],
    )
    return gain, steps, (f"explain.anchor.{whole.change.anchor}",), {}


def parts_of(moves: list[Move]) -> dict[str, Decimal]:
    """Return what the market's part is the sum of, by name, each with its sign."""
    return {
        "now": sum((one.now for one in moves), ZERO),
        "then": -sum((one.then for one in moves), ZERO),
        "income": -sum((one.income for one in moves), ZERO),
        "fees": sum((one.fees for one in moves), ZERO),
        "came": -sum((one.deposits + one.bought for one in moves), ZERO),
        "went": sum((one.withdrawals + one.sold for one in moves), ZERO),
    }


def _market(moves: list[Move]) -> Decimal:
    return sum((one.market for one in moves), ZERO)


def _parts(moves: list[Move], whole: Portfolio) -> tuple[Step, ...]:
    parts, currency = parts_of(moves), whole.currency
    base = sum((one.then + one.income + one.deposits + one.bought for one in moves), ZERO)
    pct = divide(_market(moves), base) if base > 0 else None
    more = [
        money(f"explain.change_of.{name}", parts[name], currency)
        for name in ("income", "fees", "came", "went")
        if parts[name]
    ]
    return (
        line("explain.change_of.pct", pct, Measure.FINE_SHARE),
        money("explain.change_today.then", -parts["then"], currency, at=whole.change.since),
        money("explain.change_today.now", parts["now"], currency, at=whole.at),
        *more,
    )
