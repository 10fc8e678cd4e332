"""Why a price is what it is: who quoted it and when, and the exchange rates that lead from there to the currency.

Figures: ``price:<asset id>`` (now), ``price:<asset id>:<day>`` (as that day ended in UTC, as the asset's line has it)
and ``price:<asset id>:<first>..<last>`` (what it moved by between two such days).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import localcontext
from typing import TYPE_CHECKING

from smartfolio_app.analytics.explain_steps import explained, line, rate_line
from smartfolio_app.analytics.results import Explanation, Measure, Step, UnitPrice
from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.money import MONEY_CONTEXT, divide

if TYPE_CHECKING:
    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.analytics.results import Portfolio

_DAYS = ".."


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices a figure is about, the earlier one first; ``days`` are those of its name."""

    asset: AssetId
    days: tuple[date, ...]
    found: tuple[UnitPrice, ...]


def prices_of(about: str, whole: Portfolio, book: PriceBook) -> Prices | None:
    """Return the prices that ``price:<about>`` is about, ``None`` when it names no day or one is not known.

    The price of now is the one the portfolio counts with, if it holds the asset.
    """
    asset, days = _read(about)
    now = book.unit_price(asset, whole.currency, whole.at)
    held = next((row.price for row in whole.holdings if row.asset.id == asset), now)
    found = [
        held if day >= whole.at.date() else book.unit_price(asset, whole.currency, _end_of(day))
        for day in days or (whole.at.date(),)
    ]
    known = tuple(price for price in found if price is not None)
    return Prices(asset, days, known) if len(known) == len(found) else None


def explain_price(about: str, whole: Portfolio, book: PriceBook, ledger: LedgerView) -> Explanation | None:
    """Return why a price, or its move between two days, is what it is; ``None`` when it is not known."""
    prices = prices_of(about, whole, book)
    if prices is None:
        return None
    asset, currency, last = ledger.asset(prices.asset), whole.currency, prices.found[-1]
    params = {"asset": asset.name or asset.symbol, "currency": currency} | {
        name: day.isoformat() for name, day in zip(("first", "last"), prices.days, strict=False)
    }
    notes = ("explain.stale_price",) if last.stale else ()
    if len(prices.found) == 1:
        name = "price_then" if prices.days else "price"
        steps = tuple(rate_line(rate) for rate in last.path)
        return explained(
            "explain.{name}.{what}",
            name,
            last.value,
            Measure.PRICE,
            steps,
            params,
            unit=currency,
            notes=notes,
        )
    first = prices.found[0]
    with localcontext(MONEY_CONTEXT):
        moved = last.value - first.value
    steps = (
        _priced("explain.price_moved.first", first, currency),
        _priced("explain.price_moved.last", last, currency),
        line("explain.price_moved.rate", divide(moved, first.value) if first.value else None, Measure.SHARE),
    )
    return explained(
        "explain.{name}.{what}",
        "price_moved",
        moved,
        Measure.PRICE,
        steps,
        params,
        unit=currency,
        notes=notes,
    )


def _priced(label: str, price: UnitPrice, currency: str) -> Step:
    rates = tuple(rate_line(rate) for rate in price.path)
    return line(label, price.value, Measure.PRICE, currency, at=price.at, children=rates)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, UTC)


def _read(about: str) -> tuple[AssetId, tuple[date, ...]]:
    """Take the days off the end of a name, where there are any."""
    asset, _, tail = about.rpartition(":")
    parts = tail.split(_DAYS)
    try:
        days = tuple(date.fromisoformat(part) for part in parts)
    except ValueError:
        return about, ()
    return (asset, days) if len(days) <= 2 and days == tuple(sorted(days)) else (about, ())
