"""What the figures look like on the wire. Every amount is decimal text in ``currency``; ``null`` is *not known*."""

from __future__ import annotations

from datetime import datetime

from smartfolio_app.analytics.results import Breakdown, ChangeToday, Coverage, Holding, Rate, UnitPrice
from smartfolio_app.api.schemas import Amount, Answer


class CoverageOut(Answer):
    """How much of a total is really known: counts of holdings, the priced share (0 to 1), the oldest price in it."""

    priced: int
    total: int
    stale: int
    share: Amount | None
    oldest: datetime | None

    @classmethod
    def of(cls, coverage: Coverage) -> CoverageOut:
        """Read the result."""
        return cls.model_validate(coverage)


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

    @classmethod
    def of(cls, change: ChangeToday) -> ChangeOut:
        """Read the result."""
        return cls.model_validate(change)


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

    @classmethod
    def of(cls, part: Breakdown) -> SliceOut:
        """Read the result."""
        return cls.model_validate(part)


class RateOut(Answer):
    """One observed price or rate: 1 ``base`` = ``value`` ``quote``."""

    base: str
    quote: str
    value: Amount
    at: datetime
    provider: str

    @classmethod
    def of(cls, rate: Rate) -> RateOut:
        """Read the result."""
        return cls.model_validate(rate)


class PriceOut(Answer):
    """What one unit is worth, and by which rates that was found."""

    value: Amount
    currency: str
    at: datetime
    stale: bool
    path: list[RateOut]

    @classmethod
    def of(cls, price: UnitPrice) -> PriceOut:
        """Read the result."""
        return cls.model_validate(price)


class PositionOut(Answer):
    """A quantity in one place."""

    quantity: Amount
    source_key: str
    category: str
    account: str
    origin: str
    as_of: datetime | None


class HoldingOut(Answer):
    """One asset over all places in scope. What cannot be valued says why in ``reason``."""

    asset: str
    symbol: str
    name: str
    asset_class: str
    isin: str
    category: str
    group: str
    quantity: Amount
    price: PriceOut | None
    value: Amount | None
    share: Amount | None
    cost_basis: Amount | None
    unrealised: Amount | None
    change_today: Amount | None
    change_today_pct: Amount | None
    stale: bool
    reason: str
    positions: list[PositionOut]

    @classmethod
    def of(cls, holding: Holding) -> HoldingOut:
        """Read the result."""
        asset = holding.asset
        return cls(
            asset=asset.id,
            symbol=asset.symbol,
            name=asset.name,
            asset_class=asset.asset_class.value,
            isin=asset.isin,
            category=holding.category.value,
            group=holding.group,
            quantity=holding.quantity,
            price=None if holding.price is None else PriceOut.of(holding.price),
            value=holding.value,
            share=holding.share,
            cost_basis=holding.cost_basis,
            unrealised=holding.unrealised,
            change_today=holding.change_today,
            change_today_pct=holding.change_today_pct,
            stale=holding.stale,
            reason=holding.reason,
            positions=[PositionOut.model_validate(one) for one in holding.positions],
        )


class MoversOut(Answer):
    """The strongest gainers and losers of today."""

    gainers: list[HoldingOut]
    losers: list[HoldingOut]
