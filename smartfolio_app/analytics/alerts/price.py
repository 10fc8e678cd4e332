"""An asset's price goes above or below a level. An old price is not news: it neither opens nor closes an alert."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.analytics.alerts.base import Facts, Figure, Kind, Param, Verdict, Wanted, asset_link
from smartfolio_app.analytics.results import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The price is clearly back when it is a hundredth of the level on the other side.
BACK = Decimal("0.01")


def evaluate(wanted: Wanted, facts: Facts, opened: frozenset[str]) -> Sequence[Verdict]:
    """Judge the price of one asset."""
    asset, side, level = wanted.text("asset"), wanted.text("side"), wanted.number("level")
    price = facts.price(asset)
    if price is None or price.stale:
        return [Verdict(asset, None)]
    edge = level
    if asset in opened:
        edge = level * (1 - BACK if side == "above" else 1 + BACK)
    return [
        Verdict(
            asset,
            price.value >= edge if side == "above" else price.value <= edge,
            says=side,
            figures=(
                Figure("asset", text=facts.symbol(asset)),
                Figure("price", price.value, Measure.PRICE, facts.currency),
                Figure("level", level, Measure.PRICE, facts.currency),
            ),
            link=asset_link(asset),
        )
    ]


KIND = Kind(
    "price",
    (
        Param("asset", "asset"),
        Param("side", "choice", default="above", choices=("above", "below")),
        Param("level", "money", low=Decimal("1e-18")),
    ),
    evaluate,
    severity="info",
    icon="tag",
)
