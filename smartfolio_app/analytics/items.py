"""Wealth items as the engine sees them: an asset of quantity +1 (or -1, a liability) whose price is its valuation.

A valuation holds from the start of its day, in the user's zone, until the next one. Items of ``BALANCE_KINDS`` change
because money moved, so a new valuation is a flow; any other item changes because the market did.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from smartfolio_app.analytics.clock import local_midnight
from smartfolio_app.analytics.quotes import PricePoint

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from smartfolio_app.analytics.ledger_view import WealthItemView

BALANCE_KINDS = frozenset(
    {"bank_account", "bank", "cash", "savings", "mortgage", "loan", "credit", "loan_credit"}
)
#: The user's own word, like a price typed in; but of an item nobody else has one.
ITEM_PROVIDER = "manual"


class Valuation(NamedTuple):
    """An item's worth from a day on, in its own currency; zero from the day it was closed."""

    day: date
    value: Decimal


def valuations(item: WealthItemView) -> list[Valuation]:
    """Return the item's valuations by day, ended by its closing."""
    known = {day: Valuation(day, value) for day, value in item.valuations}
    ordered = [known[day] for day in sorted(known)]
    if item.closed_on is not None:
        ordered = [row for row in ordered if row.day < item.closed_on]
        ordered.append(Valuation(item.closed_on, Decimal(0)))
    return ordered


def held_since(item: WealthItemView, on: date) -> date | None:
    """Return the day of the valuation that counts on day ``on``; ``None`` when the item is not owned then."""
    if item.closed_on is not None and on >= item.closed_on:
        return None
    days = [day for day, _ in item.valuations if day <= on]
    return max(days) if days else None


def is_balance(item: WealthItemView) -> bool:
    """Tell whether a change of the item's worth means that money moved."""
    return item.is_liability or item.kind in BALANCE_KINDS


def quantity(item: WealthItemView) -> Decimal:
    """Return +1 for something owned, -1 for something owed."""
    return Decimal(-1) if item.is_liability else Decimal(1)


def item_prices(items: Iterable[WealthItemView], zone: ZoneInfo) -> list[PricePoint]:
    """Return the valuations as prices of the items, from the start of their day in ``zone``."""
    return [
        PricePoint(item.asset.id, item.currency, row.value, valued_at(row.day, zone), ITEM_PROVIDER)
        for item in items
        for row in valuations(item)
    ]


def valued_at(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant from which a valuation of ``day`` holds."""
    return local_midnight(day, zone)
