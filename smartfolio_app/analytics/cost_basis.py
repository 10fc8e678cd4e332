"""What today's holdings cost, as far as it is known."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.analytics.basis import MarketValues, lots_of
from smartfolio_app.ledger.assets import AssetId, is_fiat, symbol_of
from smartfolio_app.ledger.money import ZERO, divide, multiply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.ledger.instants import Microseconds
    from smartfolio_app.ledger.lot_book import Basis
    from smartfolio_app.ledger.lots import Policy

#: Lots and balances agree when they differ by less than this share: a rounding of the source's, not a missing record.
_AGREEMENT = Decimal("1e-9")


class CostBasis:
    """Answers what a quantity of an asset cost.

    Lots are kept for everything owned, not for one scope: a part of an asset costs its share of what all of it cost.
    Where the lots do not account for exactly what is held, some acquisition is missing and the cost is not known.
    """

    def __init__(
        self, currency: str, bases: Mapping[AssetId, Basis], balances: Mapping[AssetId, Decimal]
    ) -> None:
        self._currency = currency
        self._bases = bases
        self._balances = balances

    def of(self, asset: AssetId, quantity: Decimal) -> Decimal | None:
        """Return the cost of ``quantity`` of the asset in the currency asked for, ``None`` if not known.

        Money in that currency costs what it is; what other money cost is not kept.
        """
        if is_fiat(asset):
            return quantity if symbol_of(asset) == self._currency else None
        basis, held = self._bases.get(asset), self._balances.get(asset, ZERO)
        if basis is None or basis.cost is None or not held:
            return None
        if abs(basis.quantity - held) > _AGREEMENT * abs(held):
            return None
        return basis.cost if quantity == held else divide(multiply(basis.cost, quantity), held)


def cost_basis(
    ledger: LedgerView, prices: PriceBook, currency: str, policy: Policy, moment: Microseconds
) -> CostBasis:
    """Return the cost basis as of ``moment``."""
    columns = ledger.columns
    if columns.transactions_until(moment) == len(columns.ordered) and not columns.anchored_after(moment):
        bases = ledger.bases(prices, currency, policy)
    else:
        bases = lots_of(ledger, MarketValues(prices, currency), currency, policy, moment).bases()
    balances: dict[AssetId, Decimal] = {}
    for (_, _, asset), held in zip(columns.places, columns.balances(moment), strict=True):
        balances[asset] = balances.get(asset, ZERO) + held
    return CostBasis(currency, bases, balances)
