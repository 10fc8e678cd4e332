"""What moved most since the anchor."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from smartfolio_app.analytics.results import Holding, Portfolio


def movers(
    portfolio: Portfolio, count: int = 5, smallest: Decimal | None = None
) -> tuple[list[Holding], list[Holding]]:
    """Return the ``count`` largest gainers and losers by percentage, each the strongest first.

    A holding takes part when its change is known and not zero, and its worth is at least ``smallest`` (in the
    portfolio's currency): a hundred percent on a grain of dust is no news.
    """
    moved: list[tuple[Decimal, Holding]] = [
        (row.change_today_pct, row)
        for row in portfolio.holdings
        if row.change_today_pct and row.value is not None and (smallest is None or abs(row.value) >= smallest)
    ]
    moved.sort(key=lambda pair: (-pair[0], pair[1].asset.id))
    gainers = [row for pct, row in moved if pct > 0]
    losers = [row for pct, row in reversed(moved) if pct < 0]
    return gainers[:count], losers[:count]
