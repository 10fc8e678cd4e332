"""How each kind of figure is computed from a bundle's inputs alone: no database, no prices but those inside.

A recipe is the product's own formula, called with what the bundle holds: the cost-basis engine, the formulas of return,
quantity times price. It returns the figure, ``None`` where nothing is known.
"""

from __future__ import annotations

import itertools
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from smartfolio_app.analytics.benchmark import same_money
from smartfolio_app.analytics.bundles import futures, judged, moods, plans, statistics
from smartfolio_app.analytics.bundles.book import book_of
from smartfolio_app.analytics.bundles.records import (
    BundleError,
    Json,
    day,
    floats,
    known,
    moment,
    number,
    part,
)
from smartfolio_app.analytics.cost_basis import CostBasis
from smartfolio_app.analytics.currency_effect import Exposures
from smartfolio_app.analytics.explain_performance import MEASURES, exact, within
from smartfolio_app.analytics.income_calendar import receipts
from smartfolio_app.analytics.money_returns import daily_returns
from smartfolio_app.analytics.performance import PerformanceSeries
from smartfolio_app.ledger.gains import gains_report
from smartfolio_app.ledger.lots import Method
from smartfolio_app.ledger.match_names import LotName, MatchName
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO, market_value
from smartfolio_app.ledger.what_if import Sale, what_if_picked, what_if_sold

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from smartfolio_app.analytics.results import FloatArray


# ------------------------------------------------------------------------------------------------------ the lots
def _realised(inputs: Json) -> Decimal | None:
    """Proceeds less cost of every lot match of the assets asked about, where both are known."""
    first, last = inputs.get("first"), inputs.get("last")
    report = gains_report(
        book_of(inputs),
        first=None if first is None else day(first),
        last=None if last is None else day(last),
        sources=inputs.get("sources"),
        zone=_zone(inputs),
    )
    wanted = [total for asset, total in report.by_asset.items() if asset in part(inputs, "assets", list)]
    count, unknown = sum(one.count for one in wanted), sum(one.unknown for one in wanted)
    with localcontext(MONEY_CONTEXT):
        return sum((one.gain for one in wanted), ZERO) if count > unknown or not count else None


def _match(inputs: Json) -> Decimal | None:
    """Proceeds less cost of one lot match, known by its two transactions."""
    name = MatchName.parse(part(inputs, "match", str))
    found = None if name is None else name.find(book_of(inputs))
    if found is None:
        raise BundleError("bundle.broken", where="match")
    with localcontext(MONEY_CONTEXT):
        return found.gain


def _lot(inputs: Json) -> Decimal | None:
    """Quantity times present price of one open lot, less its cost."""
    name, price = LotName.parse(part(inputs, "lot", str)), number(inputs.get("price"))
    found = None if name is None else name.find(book_of(inputs))
    if found is None:
        raise BundleError("bundle.broken", where="lot")
    with localcontext(MONEY_CONTEXT):
        return None if found.cost is None else market_value(found.quantity, price) - found.cost


def _sale(inputs: Json) -> Decimal | None:
    """Proceeds less cost of a sale that was not made: by a method, or of the lots that were picked."""
    sale = Sale(
        part(inputs, "asset", str),
        number(inputs.get("quantity")),
        number(inputs.get("price")),
        moment(inputs.get("sold_at")),
        number(inputs.get("fee")),
    )
    book = book_of(inputs)
    picked = [(int(lot), number(quantity)) for lot, quantity in part(inputs, "picked", list)]
    if picked:
        return what_if_picked(book, sale, picked).gain
    return what_if_sold(book, sale, Method(part(inputs, "by", str))).gain


def _income(inputs: Json) -> Decimal:
    """The market value of each receipt on its day, its fee included."""
    rows = receipts(book_of(inputs), _zone(inputs), inputs.get("sources"))
    values = [row.value for row in rows if within(row, part(inputs, "what", str)) and row.value is not None]
    with localcontext(MONEY_CONTEXT):
        return sum(values, ZERO)


def _cost(inputs: Json) -> Decimal | None:
    """What the open lots cost: of a part of them, its share."""
    asset = part(inputs, "asset", str)
    book = book_of(inputs)
    basis = CostBasis(book.currency, book.bases(), {asset: number(inputs.get("balance"))})
    costs = [basis.of(asset, number(held)) for held in part(inputs, "held", list)]
    with localcontext(MONEY_CONTEXT):
        return None if None in costs else sum((cost for cost in costs if cost is not None), ZERO)


# ------------------------------------------------------------------------------------------------ worth of things
def _worth(inputs: Json) -> Decimal | None:
    """The sum of quantity times price; what has no price is not counted."""
    found = []
    for row in part(inputs, "holdings", list):
        price = known(row.get("price") if isinstance(row, dict) else row)
        if price is not None:
            found.append(market_value(number(row.get("quantity")), price))
    with localcontext(MONEY_CONTEXT):
        return sum(found, ZERO) if found or not inputs["holdings"] else None


def _unrealised(inputs: Json) -> Decimal | None:
    """Present value less cost."""
    value, cost = _worth(part(inputs, "value", dict)), _cost(part(inputs, "cost", dict))
    with localcontext(MONEY_CONTEXT):
        return None if value is None or cost is None else value - cost


def _sum(inputs: Json) -> Decimal:
    """The sum of the parts."""
    with localcontext(MONEY_CONTEXT):
        return sum((number(row.get("amount")) for row in part(inputs, "parts", list)), ZERO)


def _share(inputs: Json) -> Decimal | None:
    """One count out of another."""
    whole = number(inputs.get("of"))
    return number(inputs.get("count")) / whole if whole else None


def _portion(inputs: Json) -> Decimal | None:
    """The worth of some things, of that of all."""
    chosen, whole = _worth(part(inputs, "part", dict)), _worth(part(inputs, "of", dict))
    return None if chosen is None or not whole else chosen / whole


# -------------------------------------------------------------------------------------------- how well it went
def series_of(inputs: Json) -> PerformanceSeries:
    """Return the bundle's days as a performance series; the first of them is the eve."""
    rows = part(inputs, "days", list)
    days = tuple(day(one) for one in rows)
    value, flows, income, fees = (
        _series(inputs, name, len(days)) for name in ("value", "flows", "income", "fees")
    )
    returns = daily_returns(value, flows)
    foreign = part(inputs, "foreign", dict)
    names = tuple(sorted(foreign))
    shape = (len(days), len(names))
    held, rates = np.zeros(shape), np.zeros(shape)
    for number_, name in enumerate(names):
        held[:, number_] = _series(foreign[name], "value", len(days))
        rates[:, number_] = _series(foreign[name], "rate", len(days))
    if not days or any((after - before).days != 1 for before, after in itertools.pairwise(days)):
        raise BundleError("bundle.broken", where="days")
    return PerformanceSeries(
        days=days,
        currency=part(inputs, "currency", str),
        value=value,
        flows=flows,
        income=income,
        fees=fees,
        returns=returns,
        index=np.concatenate([[1.0], np.cumprod(1.0 + returns)]),
        below=np.zeros(len(days)),
        assets=(),
        gains=np.zeros((len(days), 0)),
        known=np.ones(len(days)),
        exposures=Exposures(names, held, rates),
    )


def _return(inputs: Json) -> Decimal | None:
    """One figure of a period, from its daily values, payments, income, fees and rates."""
    series, measure = series_of(inputs), part(inputs, "measure", str)
    if measure not in MEASURES:
        raise BundleError("bundle.broken", where="measure")
    return exact(getattr(series.between(series.days[0], series.days[-1]), measure))


def _drawdown(inputs: Json) -> Decimal | None:
    """How far the chained daily returns were below their own peak, at the deepest."""
    series = series_of(inputs)
    found = series.drawdowns(series.days[0], series.days[-1])
    return exact(found[0].depth if found else 0.0)


def _contribution(inputs: Json) -> Decimal | None:
    """The sum of an asset's gains of each day."""
    gains = floats(part(inputs, "gains", list))
    return exact(float(gains.sum()))


def _against(inputs: Json) -> Decimal | None:
    """What the same payments become at another asset's prices."""
    days: tuple[date, ...] = tuple(day(one) for one in part(inputs, "days", list))
    money, price = (_series(inputs, name, len(days)) for name in ("money", "price"))
    if not (price > 0).any():
        raise BundleError("bundle.broken", where="price")
    found = same_money(part(inputs, "asset", str), days, money, price)
    values = {"twr": found.rate, "xirr": found.xirr, "end": float(found.value[-1])}
    measure = part(inputs, "measure", str)
    if measure not in values:
        raise BundleError("bundle.broken", where="measure")
    return exact(values[measure])


def _series(inputs: Any, name: str, count: int) -> FloatArray:
    found = floats(part(inputs, name, list))
    if len(found) != count:
        raise BundleError("bundle.broken", where=name)
    return found


def _zone(inputs: Json) -> ZoneInfo:
    try:
        return ZoneInfo(part(inputs, "zone", str))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BundleError("bundle.broken", where="zone") from error


#: Every recipe by its name. One of floats is the same figure when it agrees to nine digits.
RECIPES: dict[str, Callable[[Json], Decimal | None]] = {
    "realised": _realised,
    "match": _match,
    "lot": _lot,
    "sale": _sale,
    "income": _income,
    "cost": _cost,
    "worth": _worth,
    "unrealised": _unrealised,
    "sum": _sum,
    "share": _share,
    "portion": _portion,
    "return": _return,
    "drawdown": _drawdown,
    "contribution": _contribution,
    "against": _against,
    **statistics.RECIPES,
    **plans.RECIPES,
    **futures.RECIPES,
    **moods.RECIPES,
    **judged.RECIPES,
}
FLOATING = frozenset(
    {
        *("portion", "return", "drawdown", "contribution", "against"),
        *statistics.FLOATING,
        *plans.FLOATING,
        *futures.RECIPES,
        *moods.RECIPES,
    }
)
#: What a fit or single precision may make of them on another machine: (absolute, relative).
COARSE = {
    "simulation": (Decimal("0.00015"), Decimal("1e-6")),
    "mood": (Decimal("1e-6"), Decimal("1e-6")),
    "idea": (Decimal("1e-6"), Decimal("1e-6")),
}
#: What takes a second or more, or loads what fits models.
LONG = frozenset(COARSE)
