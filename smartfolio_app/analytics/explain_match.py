"""One lot match, and one lot that is still open: what was given and got for it, in which transactions."""

from __future__ import annotations

from decimal import localcontext
from typing import TYPE_CHECKING

from smartfolio_app.analytics.explain_steps import (
    explained,
    line,
    money,
    rate_line,
    replaced,
    transactions_of,
)
from smartfolio_app.analytics.results import Measure
from smartfolio_app.ledger.assets import is_fiat
from smartfolio_app.ledger.instants import instant
from smartfolio_app.ledger.lots import Policy
from smartfolio_app.ledger.match_names import LotName, MatchName
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO, market_value

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.analytics.results import Explanation, Step
    from smartfolio_app.ledger.assets import AssetId
    from smartfolio_app.ledger.lot_book import LotBook
    from smartfolio_app.ledger.transactions import Amount


def match_figure(policy: Policy, name: MatchName) -> str:
    """Return the name of the figure that a lot match's gain is."""
    return f"match:{policy}:{name}"


def lot_figure(name: LotName) -> str:
    """Return the name of the figure that an open lot's gain is."""
    return f"lot:{name}"


def match_asked(about: str, method: str) -> tuple[Policy, MatchName] | None:
    """Read what follows ``match:``; ``method`` is the user's own. ``None`` if there is no such figure."""
    policy, _, text = about.partition(":")
    name = MatchName.parse(text)
    try:
        return None if name is None else (Policy.parse(policy or method), name)
    except ValueError:
        return None


def explain_match(
    ledger: LedgerView, prices: PriceBook, asked: tuple[Policy, MatchName], currency: str, zone: tzinfo
) -> Explanation | None:
    """Return why a part of a disposal gained what it did; ``None`` when there is no such match any more."""
    policy, name = asked
    book = ledger.lots(prices, currency, policy)
    match = name.find(book)
    if match is None:
        return None
    asset, disposed = ledger.asset(match.asset), instant(match.disposed)
    acquired = None if match.acquired is None else instant(match.acquired)
    shown = _Shown(ledger, book, match.asset, zone)
    steps = [
        shown.behind(money("explain.realised.proceeds", match.proceeds, currency), match.disposal, disposed),
        shown.behind(money("explain.match.cost", match.cost, currency), match.lot, acquired),
        money("explain.match.fees", match.fee, currency),
        line("explain.holding.quantity", match.quantity, Measure.QUANTITY, asset.symbol),
    ]
    if acquired is not None:
        days = abs((disposed - acquired).days)
        steps.append(line("explain.match.days", ZERO + days, Measure.COUNT))
    year = (max(acquired, disposed) if acquired is not None else disposed).year
    notes = [f"explain.method.{policy.method_of(year)}"]
    with localcontext(MONEY_CONTEXT):
        gain = match.gain
    if match.cost is None:
        notes.append("explain.match.no_cost")
    if match.proceeds is None:
        notes.append("explain.match.no_proceeds")
    return explained(
        "explain.match.{what}",
        "",
        gain,
        Measure.MONEY,
        tuple(steps),
        {"asset": asset.symbol},
        unit=currency,
        notes=tuple(notes),
    )


def explain_lot(  # noqa: PLR0917 - what a lot is looked at with
    ledger: LedgerView,
    prices: PriceBook,
    name: LotName,
    method: str,
    view: tuple[str, tzinfo],
    now: datetime,
) -> Explanation | None:
    """Return why an open lot has gained what it has, at the price of ``now``; ``None`` when there is no such lot."""
    currency, zone = view
    if name.asset not in ledger.columns.assets:
        return None
    policy = Policy.parse(method)
    book = ledger.lots_of_asset(prices, currency, name.asset, policy)
    lot = name.find(book)
    if lot is None:
        return None
    asset, price = ledger.asset(name.asset), prices.unit_price(name.asset, currency, now)
    parts = [line("explain.holding.quantity", lot.quantity, Measure.QUANTITY, asset.symbol)]
    value = gain = None
    if price is not None:
        value = market_value(lot.quantity, price.value)
        with localcontext(MONEY_CONTEXT):
            gain = None if lot.cost is None else value - lot.cost
        rates = tuple(rate_line(rate) for rate in price.path)
        at = {"at": price.at, "children": rates}
        parts.append(line("explain.holding.price", price.value, Measure.PRICE, currency, **at))
    cost = money("explain.match.cost", lot.cost, currency)
    notes = [f"explain.method.{policy.method_of(now.year)}"]
    if lot.cost is None:
        notes.append("explain.match.no_cost")
    if value is None:
        notes.append("explain.lot.no_price")
    steps = (
        money("explain.unrealised.value", value, currency, children=tuple(parts)),
        _Shown(ledger, book, name.asset, zone).behind(cost, lot.transaction, instant(lot.acquired)),
    )
    return explained(
        "explain.lot.{what}",
        "",
        gain,
        Measure.MONEY,
        steps,
        {"asset": asset.symbol},
        unit=currency,
        notes=tuple(notes),
    )


class _Shown:
    """Lines with the transaction that is behind them."""

    def __init__(self, ledger: LedgerView, book: LotBook, asset: AssetId, zone: tzinfo) -> None:
        self._ledger, self._book, self._asset, self._zone = ledger, book, asset, zone

    def behind(self, step: Step, number: int, at: datetime | None) -> Step:
        """Return the line with where and when it happened, and what was given and received in all."""
        if number < 0:
            return replaced(step, {"at": at})
        row = self._book.ordered[number]
        source = self._ledger.sources.get(row.source)
        day = row.at.astimezone(self._zone).date().isoformat()
        sides = {"given": row.sent, "received": row.received, "fee": row.fee}
        named = [one.asset for one in sides.values() if one is not None]
        asset = self._asset if self._asset in named or not named else named[0]  # it had another name then
        return replaced(
            step,
            {
                "source": "" if source is None else source.label,
                "at": row.at,
                "link": f"{transactions_of(asset)}&first={day}&last={day}",
                "children": tuple(
                    self._side(f"explain.match.{name}", one) for name, one in sides.items() if one is not None
                ),
            },
        )

    def _side(self, label: str, amount: Amount) -> Step:
        measure = Measure.MONEY if is_fiat(amount.asset) else Measure.QUANTITY
        return line(label, amount.quantity, measure, self._ledger.asset(amount.asset).symbol)
