"""What an asset is, and how it is named.

An asset id is ``<class>:<code>``: ``crypto:BTC``, ``fiat:EUR``, ``stock:US0378331005`` (ISIN where known, else
``SYMBOL`` or ``SYMBOL.MIC``), ``item:<uuid>`` for a wealth item. The class prefix keeps the coin ``MKR`` and the share
``MKR`` apart for ever; the code is upper case and never contains ``:``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

AssetId = str


class AssetClass(StrEnum):
    """The family an asset belongs to; decides its namespace, its price sources and its trading calendar."""

    CRYPTO = "crypto"
    FIAT = "fiat"
    STOCK = "stock"
    ETF = "etf"
    FUND = "fund"
    BOND = "bond"
    COMMODITY = "commodity"
    DERIVATIVE = "derivative"
    ITEM = "item"


#: Exchange-traded things share one namespace: a file often cannot tell a share from an ETF, and the answer may change.
SECURITY_CLASSES = frozenset(
    {
        AssetClass.STOCK,
        AssetClass.ETF,
        AssetClass.FUND,
        AssetClass.BOND,
        AssetClass.COMMODITY,
        AssetClass.DERIVATIVE,
    }
)


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset as a source names it.

    ``symbol`` is what the user reads (``BTC``, ``AAPL``); ``quote_currency`` the currency its market prices come in
    (ISO code), unknown for coins; ``isin`` and ``name`` where the source tells them.
    """

    id: AssetId
    asset_class: AssetClass
    symbol: str
    name: str = ""
    isin: str = ""
    quote_currency: str = ""


def asset_id(asset_class: AssetClass, code: str) -> AssetId:
    """Return the id for ``code`` in the namespace of ``asset_class``; raise ``ValueError`` for an empty code."""
    cleaned = code.strip().upper().replace(":", ".")
    if not cleaned:
        raise ValueError("an asset needs a code")
    namespace = AssetClass.STOCK if asset_class in SECURITY_CLASSES else asset_class
    return f"{namespace.value}:{cleaned}"


def symbol_of(asset: AssetId) -> str:
    """Return the readable code of an asset id: ``crypto:BTC`` -> ``BTC``."""
    return asset.partition(":")[2]


@lru_cache(maxsize=1024)
def fiat(code: str) -> AssetId:
    """Return the asset id of a currency: ``EUR`` -> ``fiat:EUR``."""
    return asset_id(AssetClass.FIAT, code)


@lru_cache(maxsize=16_384)  # asked for with the same few codes for every price that is looked up
def crypto(code: str) -> AssetId:
    """Return the asset id of a coin or token: ``btc`` -> ``crypto:BTC``."""
    return asset_id(AssetClass.CRYPTO, code)


def is_fiat(asset: AssetId) -> bool:
    """Tell whether the asset is a currency, whose value needs an FX rate and not a price."""
    return asset.startswith("fiat:")
