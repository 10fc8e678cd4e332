"""What a holding cost, lot by lot, and what disposals have gained; and why that may not be known."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from smartfolio_app.analytics.basis import MarketValues, lots_of
from smartfolio_app.analytics.explain_steps import LISTED, line, money, transactions_of
from smartfolio_app.analytics.results import Measure
from smartfolio_app.ledger.gains import gains_report
from smartfolio_app.ledger.instants import instant, micros
from smartfolio_app.ledger.lots import Policy
from smartfolio_app.ledger.money import ZERO, plain

if TYPE_CHECKING:
    from datetime import tzinfo
    from decimal import Decimal

    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.analytics.results import Portfolio, Step
    from smartfolio_app.analytics.scope import Scope
    from smartfolio_app.ledger.assets import AssetId
    from smartfolio_app.ledger.gains import GainRows
    from smartfolio_app.ledger.lot_book import LotBook
    from smartfolio_app.ledger.lots import Lot


#: How many lot matches of one asset are listed.
MATCHES = 5


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


def explain_realised(
    ledger: LedgerView,
    prices: PriceBook,
    view: tuple[str, Scope, tzinfo],
    policy: Policy,
    year: int | None,
) -> tuple[Decimal | None, tuple[Step, ...], tuple[str, ...], dict[str, str]]:
    """Return the realised gain in the view (currency, scope, zone), its lines by asset, notes, and their values.

    ``year`` is one of the zone, ``None`` for all. The gain is ``None`` when none of it is known.
    """
    currency, scope, zone = view
    ids = [id_ for id_, one in ledger.sources.items() if scope.includes(one.category, one.key)]
    report = gains_report(
        ledger.lots(prices, currency, policy),
        first=None if year is None else date(year, 1, 1),
        last=None if year is None else date(year, 12, 31),
        sources=None if len(ids) == len(ledger.sources) else ids,
        zone=zone,
    )
    total = report.total
    largest = sorted(report.by_asset.items(), key=lambda one: -abs(one[1].gain))
    lines = [
        money(
            ledger.asset(asset).symbol,
            one.gain,
            currency,
            link=f"/assets/{asset}",
            children=(
                money("explain.realised.proceeds", one.proceeds, currency),
                money("explain.realised.cost", one.cost, currency),
                *_matches(report.rows.of_asset(asset), currency, zone),
            ),
        )
        for asset, one in largest[:LISTED]
        if one.count > one.unknown
    ]
    rest = [one.gain for _, one in largest[LISTED:]]
    if rest:
        lines.append(money("explain.rest", sum(rest, ZERO), currency, params={"count": str(len(rest))}))
    steps = (
        money("explain.realised.proceeds", total.proceeds, currency),
        money("explain.realised.cost", total.cost, currency),
        money("explain.realised.fees", total.fees, currency),
        *lines,
    )
    methods = dict.fromkeys(policy.method_of(one) for one in ([year] if year else report.by_year))
    notes = [f"explain.method.{method}" for method in methods or (policy.method,)]
    if total.unknown:
        notes.append("explain.realised.unknown")
    known = total.count > total.unknown or not total.count
    return total.gain if known else None, steps, tuple(notes), {"unknown": str(total.unknown)}


def _matches(rows: GainRows, currency: str, zone: tzinfo) -> tuple[Step, ...]:
    """Return the lot matches that made most of an asset's gain, each with the sale's own transactions."""
    known = sorted((row for row in rows if row.gain is not None), key=lambda row: -abs(row.gain or ZERO))
    days = {row: row.disposed.astimezone(zone).date().isoformat() for row in known[:MATCHES]}
    return tuple(
        money(
            "explain.realised.match" if row.acquired is not None else "explain.realised.match_unknown",
            row.gain,
            currency,
            at=row.disposed,
            link=f"{transactions_of(row.asset)}&first={day}&last={day}",
            params={
                "quantity": plain(row.quantity),
                "acquired": "" if row.acquired is None else row.acquired.astimezone(zone).date().isoformat(),
                "disposed": day,
            },
        )
        for row, day in days.items()
    )


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
