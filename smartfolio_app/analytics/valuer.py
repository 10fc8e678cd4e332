"""Prices of one currency around one question, each looked up once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.analytics.results import UnitPrice
    from smartfolio_app.ledger.assets import AssetId


class Valuer:
    """Remembers the answers of a price book in one currency."""

    def __init__(self, prices: PriceBook, currency: str) -> None:
        self.prices = prices
        self.currency = currency
        self._known: dict[tuple[AssetId, datetime], UnitPrice | None] = {}

    def unit(self, asset: AssetId, at: datetime) -> UnitPrice | None:
        """Return the unit price with its path."""
        key = (asset, at)
        if key not in self._known:
            self._known[key] = self.prices.unit_price(asset, self.currency, at)
        return self._known[key]

    def price(self, asset: AssetId, at: datetime) -> Decimal | None:
        """Return the unit price alone: a ``ledger.worth.PriceOf``."""
        found = self.unit(asset, at)
        return None if found is None else found.value
