"""Cost basis for the views: the cost-basis engine fed from a ledger view and a price book."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from smartfolio_app.ledger.assets import is_fiat
from smartfolio_app.ledger.corrections import corrections
from smartfolio_app.ledger.lot_book import LotBook, lot_book
from smartfolio_app.ledger.lots import Policy, Pooling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.analytics.results import UnitPrice
    from smartfolio_app.ledger.assets import AssetId
    from smartfolio_app.ledger.instants import Microseconds
    from smartfolio_app.ledger.lot_book import Part

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
        agreed = self._same_answers(prices)
        if agreed:
            self._prices = prices  # compared once, the same book need not be compared again
        return agreed

    def moved_to(self, prices: PriceBook) -> MarketValues | None:
        """Return a copy that asks another book from now on, ``None`` when that gives other answers."""
        if prices is not self._prices and not self._same_answers(prices):
            return None
        moved = MarketValues(prices, self._currency)
        moved.asked = dict(self.asked)
        return moved

    def _same_answers(self, prices: PriceBook) -> bool:
        """Ask again what may have another answer: only prices at the instants at which the two books differ."""
        spans = prices.differences(self._prices)
        if spans is not None and not spans:
            return True
        other = MarketValues(prices, self._currency)
        for (asset, at), known in list(self.asked.items()):
            if spans is not None and not _touched(at, spans):
                continue
            if other.price(asset, at) != known:
                return False
        return True

    def evidence(self, asset: AssetId, at: datetime) -> UnitPrice | None:
        """Return the price behind ``price``, with the rates it was found by and their sources."""
        day_end = datetime.combine(at.astimezone(UTC).date(), time.max, UTC)
        return self._find(asset, day_end if is_fiat(asset) else at, day_end)

    def _look_up(self, asset: AssetId, at: datetime, day_end: datetime) -> Decimal | None:
        found = self._find(asset, at, day_end)
        return None if found is None else found.value

    def _find(self, asset: AssetId, at: datetime, day_end: datetime) -> UnitPrice | None:
        for moment in (at, day_end):
            found = self._prices.unit_price(asset, self._currency, moment)
            if found is not None:
                return found if moment - found.at <= OLDEST_QUOTE else None
        return None


def _touched(at: datetime, spans: Sequence[tuple[datetime, datetime]]) -> bool:
    """Tell whether what is found at an instant, or by the end of its day, may lie in one of the spans."""
    end = at + timedelta(days=1)
    return any(first <= end and at < last for first, last in spans)


def lots_of(
    ledger: LedgerView,
    values: MarketValues,
    currency: str,
    policy: Policy,
    until: Microseconds | None = None,
    *,
    only: Part | None = None,
    brief: bool = False,
) -> LotBook:
    """Return lots and gains from everything that happened (up to ``until``), over all sources.

    ``only`` limits them to a part of the assets; ``brief`` is that of ``lot_book``.
    """
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
        corrections=[
            correction
            for correction in found
            if correction.at <= last and (only is None or correction.asset in only.assets)
        ],
        transfers=transfers,
        instants=columns.instants if count == len(columns.ordered) else columns.instants[:count],
        only=only,
        brief=brief,
    )
