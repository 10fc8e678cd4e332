"""What the sales of a plan realise: the lots they take, by method or as chosen, and the tax on their gain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from smartfolio_app.analytics.rebalancing.trades import Piece, Trade
from smartfolio_app.ledger.gains import TermRule
from smartfolio_app.ledger.instants import instant
from smartfolio_app.ledger.lot_book import LotBook
from smartfolio_app.ledger.lots import Match, Method
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO
from smartfolio_app.ledger.what_if import Sale, SaleTooLargeError, sellable, what_if_picked, what_if_sold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from smartfolio_app.ledger.assets import AssetId


@dataclass(frozen=True, slots=True)
class Realised:
    """What one trade realises. ``gain`` and ``tax`` are ``None`` where a cost is not known, and for a purchase.

    A loss has a negative tax: what it saves where it can be set off. The trade's ``part`` (0 to 1) of ``matches`` is
    what it realises: an asset that is sold at two venues takes its lots once.
    """

    trade: Trade
    gain: Decimal | None = None
    long_term: Decimal = ZERO
    short_term: Decimal = ZERO
    tax: Decimal | None = None
    matches: tuple[Match, ...] = ()
    part: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Rates:
    """From when on a gain is long term, and the tax on one unit of either kind."""

    rule: TermRule
    long_term: Decimal
    short_term: Decimal

    def on(self, acquired: datetime | None, sold: datetime) -> Decimal:
        """Return the rate for a lot."""
        return self.long_term if self.rule.is_long(acquired, sold) else self.short_term


@dataclass(frozen=True, slots=True)
class Taxes:
    """What sales would realise ``at`` an instant, from the lots of ``book``; by ``method`` where none are chosen."""

    book: LotBook
    method: Method
    rates: Rates
    at: datetime

    def pieces(self, prices: Mapping[AssetId, Decimal], venues: Mapping[str, str]) -> list[Piece]:
        """Return the open lots of the assets with the tax on each unit of money that selling them brings.

        ``venues`` names the venue of each source that lots may be kept by.
        """
        found = []
        with localcontext(MONEY_CONTEXT):
            for asset, price in prices.items():
                for number, lot in enumerate(sellable(self.book, asset)):
                    burden = None
                    if lot.cost is not None and price > 0:
                        gain = price - lot.cost / lot.quantity
                        burden = gain / price * self.rates.on(instant(lot.acquired), self.at)
                    found.append(Piece(asset, number, lot.quantity, burden, venues.get(lot.source, "")))
        return found

    def realised(self, trades: Iterable[Trade], prices: Mapping[AssetId, Decimal]) -> Iterator[Realised]:
        """Yield the trades with gain and tax. An asset sold at two venues takes its lots only once."""
        made = tuple(trades)
        for trade in made:
            if trade.side != "sell" or trade.quantity is None:
                yield Realised(trade)
                continue
            together = [trade] if trade.picked else [one for one in made if _same_sale(one, trade)]
            quantity = sum((one.quantity or ZERO for one in together), ZERO)
            fee = sum((one.fee for one in together), ZERO)
            sale = Sale(trade.asset, quantity, prices[trade.asset], self.at, fee)
            yield self._taxed(trade, self._matches(sale, trade.picked), trade.quantity / quantity)

    def _matches(self, sale: Sale, picked: tuple[tuple[int, Decimal], ...]) -> tuple[Match, ...] | None:
        """Return the lots a sale takes; ``None`` where a statement reports more than the history explains."""
        try:
            if picked:
                return what_if_picked(self.book, sale, picked).matches
            return what_if_sold(self.book, sale, self.method).matches
        except SaleTooLargeError:
            return None

    def _taxed(self, trade: Trade, matches: tuple[Match, ...] | None, part: Decimal) -> Realised:
        """Return the trade with its ``part`` of what the matches realise."""
        if matches is None or any(match.gain is None for match in matches):
            return Realised(trade, matches=matches or (), part=part)
        long_term = short_term = tax = ZERO
        with localcontext(MONEY_CONTEXT):
            for match in matches:
                gain = (match.gain or ZERO) * part
                acquired = None if match.acquired is None else instant(match.acquired)
                if self.rates.rule.is_long(acquired, self.at):
                    long_term += gain
                else:
                    short_term += gain
                tax += gain * self.rates.on(acquired, self.at)
        return Realised(trade, long_term + short_term, long_term, short_term, tax, matches, part)


def totals(realised: Iterable[Realised]) -> tuple[Decimal, Decimal, int]:
    """Return gain and tax of all sales as far as they are known, and how many are not; the tax is never negative."""
    sales = [one for one in realised if one.trade.side == "sell"]
    gain = sum((one.gain for one in sales if one.gain is not None), ZERO)
    tax = sum((one.tax for one in sales if one.tax is not None), ZERO)
    return gain, max(ZERO, tax), sum(one.gain is None for one in sales)


def _same_sale(one: Trade, other: Trade) -> bool:
    return one.side == other.side and one.asset == other.asset and not one.picked
