"""Cost basis for the views: the cost-basis engine fed from a ledger view and a price book."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from smartfolio_app.ledger.assets import is_fiat
from smartfolio_app.ledger.corrections import corrections
from smartfolio_app.ledger.lot_book import LotBook, lot_book
from smartfolio_app.ledger.lots import Policy, Pooling

if TYPE_CHECKING:
    from decimal import Decimal

    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.ledger.assets import AssetId
    from smartfolio_app.ledger.instants import Microseconds

#: An older quote is no evidence of what something was worth when it was earned or traded.
OLDEST_QUOTE = timedelta(days=7)
NO_END = 2**62


class MarketValues:
    """Unit prices as the lots need them: a ``ledger.worth.PriceOf`` that remembers what it was asked.

    Money counts at the reference rate of the day itself, also before its publication, as tax offices have it. Anything
    else at the last price before the moment, or, without one, at the first day's own close. A quote more than a week
    old is no price.
    """

    def __init__(self, prices: PriceBook, currency: str) -> None:
        self._prices = prices
        self._currency = currency
        self.asked: dict[tuple[AssetId, datetime], Decimal | None] = {}

    def price(self, asset: AssetId, at: datetime) -> Decimal | None:
        """Return what 1 ``asset`` was worth at ``at``, ``None`` if not known."""
        day_end = datetime.combine(at.astimezone(UTC).date(), time.max, UTC)
        key = (asset, day_end if is_fiat(asset) else at)
        if key not in self.asked:
            self.asked[key] = self._look_up(asset, key[1], day_end)
        return self.asked[key]

    def agrees_with(self, prices: PriceBook) -> bool:
        """Tell whether another book would have given the same answers, so that nothing need be computed again."""
        if prices is self._prices:
            return True
        other = MarketValues(prices, self._currency)
        agreed = all(other.price(asset, at) == known for (asset, at), known in self.asked.items())
        if agreed:
            self._prices = prices  # compared once, the same book need not be compared again
        return agreed

    def _look_up(self, asset: AssetId, at: datetime, day_end: datetime) -> Decimal | None:
        for moment in (at, day_end):
            found = self._prices.unit_price(asset, self._currency, moment)
            if found is not None:
                return found.value if moment - found.at <= OLDEST_QUOTE else None
        return None


def lots_of(
    ledger: LedgerView, values: MarketValues, currency: str, policy: Policy, until: Microseconds | None = None
) -> LotBook:
    """Return lots and gains from everything that happened (up to ``until``), over all sources."""
    columns = ledger.columns
    last = NO_END if until is None else until
    count = len(columns.ordered) if until is None else columns.transactions_until(until)
    transfers = {left: came for left, came in columns.transfers.items() if left < count and came < count}
    found = corrections(columns.stream, columns.statements, by_account=policy.pooling is Pooling.ACCOUNT)
    return lot_book(
        columns.ordered if count == len(columns.ordered) else columns.ordered[:count],
        currency,
        values.price,
        policy=policy,
        corrections=[correction for correction in found if correction.at <= last],
        transfers=transfers,
        instants=columns.instants[:count],
    )
