"""An asset that matters is valued by an old price."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.analytics.alerts.base import Facts, Figure, Kind, Param, Verdict, Wanted, asset_link
from smartfolio_app.analytics.results import Measure
from smartfolio_app.ledger.assets import AssetClass

if TYPE_CHECKING:
    from collections.abc import Sequence


def evaluate(wanted: Wanted, facts: Facts, opened: frozenset[str]) -> Sequence[Verdict]:
    """Judge every holding of at least the given share; without ``hours`` by the limit of its own kind of price."""
    hours, least = wanted.maybe("hours"), wanted.number("share")
    found: dict[str, Verdict] = {}
    for row in facts.holdings:
        price, asset = row.price, row.asset
        if price is None or asset.asset_class in (AssetClass.ITEM, AssetClass.FIAT):
            continue
        if asset.id not in opened and (row.share is None or row.share < least):
            continue
        age = facts.now - price.quoted_at
        old = price.stale if hours is None else age > timedelta(hours=int(hours))
        found[asset.id] = Verdict(
            asset.id,
            old,
            figures=(
                Figure("asset", text=asset.symbol),
                Figure("since", text=price.quoted_at.isoformat(), shape="moment"),
                Figure("count", Decimal(int(age.total_seconds() // 3600)), Measure.COUNT),
                Figure("share", row.share, Measure.SHARE),
            ),
            link=asset_link(asset.id),
        )
    return list(found.values())


KIND = Kind(
    "stale_price",
    (
        Param("hours", "hours", optional=True, low=Decimal(1), high=Decimal(8760)),
        Param("share", "share", default="0.01", high=Decimal(1)),
    ),
    evaluate,
    icon="clock",
)
