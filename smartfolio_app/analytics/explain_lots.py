"""What a holding cost, lot by lot; and why that may not be known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartfolio_app.analytics.basis import MarketValues, lots_of
from smartfolio_app.analytics.explain_steps import LISTED, line, money, transactions_of
from smartfolio_app.analytics.results import Measure
from smartfolio_app.ledger.instants import instant, micros
from smartfolio_app.ledger.lots import Policy
from smartfolio_app.ledger.money import ZERO

if TYPE_CHECKING:
    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.analytics.results import Portfolio, Step
    from smartfolio_app.ledger.assets import AssetId
    from smartfolio_app.ledger.lot_book import LotBook
    from smartfolio_app.ledger.lots import Lot


def explain_cost(
    ledger: LedgerView, prices: PriceBook, portfolio: Portfolio, asset: AssetId, method: str
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """Return the open lots of an asset as lines (all sources together), and notes on what is not known."""
    policy = Policy.parse(method)
    columns, moment = ledger.columns, micros(portfolio.at)
    if columns.transactions_until(moment) == len(columns.ordered) and not columns.anchored_after(moment):
        book = ledger.lots(prices, portfolio.currency, policy)
    else:
        book = lots_of(ledger, MarketValues(prices, portfolio.currency), portfolio.currency, policy, moment)
    lots = book.open_lots(asset)
    lines = [_line(ledger, book, lot) for lot in lots[-LISTED:]]
    older = lots[:-LISTED]
    if older:
        costs = [lot.cost for lot in older]
        total = None if None in costs else sum((cost for cost in costs if cost is not None), ZERO)
        lines.insert(
            0, money("explain.cost_basis.older", total, book.currency, params={"count": str(len(older))})
        )
    codes = dict.fromkeys(finding.code for finding in book.findings if finding.asset == asset)
    return tuple(lines), (f"explain.method.{policy.method_of(portfolio.at.year)}", *codes)


def _line(ledger: LedgerView, book: LotBook, lot: Lot) -> Step:
    source = ""
    if lot.transaction >= 0:
        row = book.ordered[lot.transaction]
        view = ledger.sources.get(row.source)
        source = view.label if view is not None else ""
    symbol = ledger.asset(lot.asset).symbol
    return money(
        "explain.cost_basis.lot",
        lot.cost,
        book.currency,
        source=source,
        at=instant(lot.acquired),
        link=transactions_of(lot.asset),
        children=(line("explain.holding.quantity", lot.quantity, Measure.QUANTITY, symbol),),
    )
