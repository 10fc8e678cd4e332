"""What the figures look like on the wire. Every amount is decimal text in ``currency``; ``null`` is *not known*."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from smartfolio_app.analytics.results import Holding
from smartfolio_app.api.schemas import Amount, Answer
from smartfolio_app.services.holdings import Row


class CoverageOut(Answer):
    """How much of a total is really known: counts of holdings, the priced share (0 to 1), the oldest price in it."""

    priced: int
    total: int
    stale: int
    share: Amount | None
    oldest: datetime | None


class ChangeOut(Answer):
    """What changed since the anchor: ``market`` + ``income`` - ``fees`` + ``flows`` = ``total``."""

    anchor: str
    since: datetime | None
    value_then: Amount | None
    total: Amount | None
    market: Amount | None
    flows: Amount | None
    deposits: Amount | None
    withdrawals: Amount | None
    purchases: Amount | None
    income: Amount | None
    fees: Amount | None
    pct: Amount | None
    uncovered: list[str]
    reason: str


class BreakdownByCategory(Answer):
    """The parts of the total. Debts count against ``wealth``."""

    crypto: Amount | None
    stocks: Amount | None
    wealth: Amount | None


class SummaryOut(Answer):
    """The headline.

    ``pnl_today`` is what markets, income and fees did since the anchor, without deposits and withdrawals; ``change``
    has all the parts. ``stale`` and ``unpriced`` are asset ids.
    """

    total_value: Amount | None
    currency: str
    breakdown: BreakdownByCategory
    assets: Amount
    liabilities: Amount
    pnl_today: Amount | None
    pnl_today_pct: Amount | None
    change: ChangeOut
    coverage: CoverageOut
    stale: list[str]
    unpriced: list[str]
    as_of: datetime


class SliceOut(Answer):
    """One slice of a total; ``share`` is 0 to 1."""

    key: str
    label: str
    value: Amount
    share: Amount | None
    count: int


class RateOut(Answer):
    """One observed price or rate: 1 ``base`` = ``value`` ``quote``."""

    base: str
    quote: str
    value: Amount
    at: datetime
    provider: str


class PriceOut(Answer):
    """What one unit is worth, and by which rates that was found."""

    value: Amount
    currency: str
    at: datetime
    stale: bool
    path: list[RateOut]


class PositionOut(Answer):
    """A quantity in one place."""

    quantity: Amount
    source_key: str
    category: str
    account: str
    origin: str
    as_of: datetime | None


class HoldingFigures(Answer):
    """What is told of an asset that is held. What cannot be valued says why in ``reason``."""

    asset: str
    symbol: str
    name: str
    asset_class: str
    isin: str
    group: str
    quantity: Amount
    price: PriceOut | None
    value: Amount | None
    share: Amount | None
    cost_basis: Amount | None
    unrealised: Amount | None
    change_today: Amount | None
    change_today_pct: Amount | None
    reason: str
    positions: list[PositionOut]

    @classmethod
    def of(cls, holding: Holding | Row) -> Self:
        """Read a holding, or a row of the table of holdings."""
        asset = holding.asset
        about = {
            "asset": asset.id,
            "symbol": asset.symbol,
            "name": asset.name,
            "asset_class": asset.asset_class.value,
            "isin": asset.isin,
        }
        figures = {name: getattr(holding, name) for name in cls.model_fields if name not in about}
        return cls.model_validate(about | figures)


class HoldingOut(HoldingFigures):
    """One asset over all places in scope."""

    category: str
    stale: bool


class MoversOut(Answer):
    """The strongest gainers and losers of today."""

    gainers: list[HoldingOut]
    losers: list[HoldingOut]
