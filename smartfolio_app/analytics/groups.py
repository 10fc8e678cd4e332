"""The eleven asset groups of the allocation view, and which coin falls into which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartfolio_app.analytics.group_symbols import GROUP_OF, UNDERLYING
from smartfolio_app.ledger.assets import Asset, AssetClass, symbol_of

if TYPE_CHECKING:
    from collections.abc import Mapping

#: In the order in which they are shown.
GROUPS = ("BTC", "ETH", "STABLECOINS", "SOL", "L1", "L2", "DEFI", "AI", "GAMING", "MEME", "OTHERS")


def group_of(asset: Asset, overrides: Mapping[str, str] | None = None) -> str:
    """Return the group key of an asset.

    ``overrides`` is the user's own word, by asset id or by symbol; it wins. A coin falls into one of ``GROUPS``;
    anything else (a share, a currency, a house) into its asset class: ``stock``, ``fiat``, ``item``.
    """
    if overrides:
        chosen = overrides.get(asset.id) or overrides.get(asset.symbol)
        if chosen:
            return chosen
    if asset.asset_class is not AssetClass.CRYPTO:
        return asset.asset_class.value
    return _group_of_symbol(symbol_of(asset.id))


def underlying(symbol: str) -> str:
    """Return the coin a wrapped or staked form stands for; any other symbol as it is: ``WSTETH`` -> ``ETH``."""
    return UNDERLYING.get(symbol, symbol)


def _group_of_symbol(symbol: str) -> str:
    group = GROUP_OF.get(underlying(symbol))
    if group is None:
        # CoinTracking numbers coins that share a ticker (SOL2); exchanges mark staked ones (DOT.S, ETH2.S).
        plain = symbol.partition(".")[0].rstrip("0123456789")
        group = GROUP_OF.get(underlying(plain), "OTHERS") if plain else "OTHERS"
    return group
