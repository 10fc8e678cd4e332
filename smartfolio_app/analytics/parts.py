"""A part of what is held of an asset: that in one category, in one source or in one account.

A figure's name may end in it: ``holding:crypto:BTC@stocks``, ``…@source-3f2a`` (a source's key), ``…@location-Vault``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from smartfolio_app.ledger.money import ZERO, divide, market_value, multiply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from smartfolio_app.analytics.results import Holding, Portfolio, Position
    from smartfolio_app.ledger.assets import AssetId

#: What a place is called in a figure's name -> the field of a position that it is.
PLACES = {"source": "source_key", "location": "account"}


def part_of(holding: Holding, positions: Sequence[Position]) -> Holding:
    """Return the part of a holding that lies in some of its positions; its cost and change are then not known."""
    if len(positions) == len(holding.positions):
        return holding
    quantity = sum((one.quantity for one in positions), ZERO)
    part = divide(quantity, holding.quantity) if holding.quantity else None

    def of(amount: Decimal | None) -> Decimal | None:
        return None if amount is None or part is None else multiply(amount, part)

    return replace(
        holding,
        quantity=quantity,
        positions=tuple(positions),
        value=None if holding.price is None else market_value(quantity, holding.price.value),
        share=of(holding.share),
        cost_basis=None,
        unrealised=None,
        change_today=None,
        change_today_pct=None,
        move=None,
    )


def chosen(whole: Portfolio, about: str) -> list[Holding]:
    """Return the holdings that ``about`` names: an asset's id, or one part of it as ``<id>@<part>``."""
    asset, _, part = about.partition("@")
    mine = [row for row in whole.holdings if row.asset.id == asset]
    kind, is_place, key = part.partition("-")
    if kind in PLACES and is_place:
        kept = [(row, [one for one in row.positions if getattr(one, PLACES[kind]) == key]) for row in mine]
        return [part_of(row, positions) for row, positions in kept if positions]
    return [row for row in mine if not part or row.category.value == part]


def named(row: Holding, times: Mapping[AssetId, int]) -> str:
    """Return how figures call a holding: its asset, and its category where the asset is held in several.

    ``times`` tells how many holdings there are of each asset.
    """
    return row.asset.id if times[row.asset.id] == 1 else f"{row.asset.id}@{row.category.value}"
