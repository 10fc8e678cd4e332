"""How the worth is spread. Shares are of the sum of the positive slices, so that a debt does not swell the rest.

A slice's label is a message key for groups, classes and categories, and plain text for sources and currencies.
"""

from __future__ import annotations

from decimal import localcontext
from typing import TYPE_CHECKING

from smartfolio_app.analytics.groups import GROUPS
from smartfolio_app.analytics.parts import PLACES
from smartfolio_app.analytics.results import Breakdown, Holding, Portfolio
from smartfolio_app.ledger.assets import AssetClass
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO, divide, market_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from decimal import Decimal


def by_group(portfolio: Portfolio) -> list[Breakdown]:
    """Return the coins by asset group, in the order of ``GROUPS``; shares are of the coins alone."""
    coins = [row for row in portfolio.holdings if row.group in GROUPS]
    slices = _slices(((row.group, row.value) for row in coins), lambda key: f"explain.group.{key}")
    return sorted(slices, key=lambda part: GROUPS.index(part.key))


def by_class(portfolio: Portfolio) -> list[Breakdown]:
    """Return everything by asset class, largest first."""
    return _slices(
        ((row.asset.asset_class.value, row.value) for row in portfolio.holdings),
        lambda key: f"explain.class.{key}",
    )


def by_category(portfolio: Portfolio) -> list[Breakdown]:
    """Return everything by category (crypto, stocks, wealth), largest first."""
    return _slices(
        ((row.category.value, row.value) for row in portfolio.holdings),
        lambda key: f"explain.category.{key}",
    )


def by_source(portfolio: Portfolio, labels: Mapping[str, str] | None = None) -> list[Breakdown]:
    """Return everything by source key, largest first; ``labels`` names the sources."""
    names = labels or {}
    return _by_place(portfolio, "source", lambda key: names.get(key, key))


def by_location(portfolio: Portfolio) -> list[Breakdown]:
    """Return everything by account, whatever source tells of it, largest first; what is in none has no name."""
    return _by_place(portfolio, "location", lambda key: key)


def _by_place(portfolio: Portfolio, kind: str, label: Callable[[str], str]) -> list[Breakdown]:
    with localcontext(MONEY_CONTEXT):
        return _slices(
            (
                (
                    getattr(position, PLACES[kind]),
                    None if row.price is None else market_value(position.quantity, row.price.value),
                )
                for row in portfolio.holdings
                for position in row.positions
            ),
            label,
        )


def by_currency(portfolio: Portfolio) -> list[Breakdown]:
    """Return everything by the currency it is exposed to, largest first.

    Cash counts by its own currency, a share or an item by the one it is quoted in; coins are one slice, ``crypto``,
    because no currency decides what they are worth.
    """
    return _slices(
        ((exposure(row), row.value) for row in portfolio.holdings),
        lambda key: f"explain.class.{key}" if key == AssetClass.CRYPTO.value else key,
    )


def exposure(holding: Holding) -> str:
    """Return the currency a holding is exposed to, ``crypto`` for a coin, ``""`` if that is not known."""
    asset = holding.asset
    if asset.asset_class is AssetClass.CRYPTO:
        return asset.asset_class.value
    if asset.asset_class is AssetClass.FIAT:
        return asset.symbol
    if asset.quote_currency:
        return asset.quote_currency
    return holding.price.path[0].quote if holding.price is not None and holding.price.path else ""


def _slices(values: Iterable[tuple[str, Decimal | None]], label: Callable[[str], str]) -> list[Breakdown]:
    totals: dict[str, Decimal] = {}
    counts: dict[str, int] = {}
    positive = ZERO
    with localcontext(MONEY_CONTEXT):
        for key, value in values:
            if value is None:
                continue
            totals[key] = totals.get(key, ZERO) + value
            counts[key] = counts.get(key, 0) + 1
        positive = sum((total for total in totals.values() if total > 0), ZERO)
    slices = [
        Breakdown(key, label(key), total, divide(total, positive) if total > 0 else None, counts[key])
        for key, total in totals.items()
    ]
    return sorted(slices, key=lambda part: (-part.value, part.key))
