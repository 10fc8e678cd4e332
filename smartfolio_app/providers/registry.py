"""Every provider SmartFolio knows, declared once. The WealthBar, the Sources page and the REST API read this list.

A provider is where data comes from: typed in by hand, a file of an institution, or an address on the network. File
providers are not listed one by one: each format in ``providers/csv`` names its provider, so that adding a format is
adding one file; nor are live ones: each module in ``providers/connectors`` declares its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from smartfolio_app.errors import NotFoundError
from smartfolio_app.providers import binance, binance_futures, coingecko, ecb, fear_greed, yahoo
from smartfolio_app.providers.csv.base import FormatInfo
from smartfolio_app.providers.declared import Field, Provider

MANUAL_CRYPTO = "manual_crypto"
MANUAL_STOCKS = "manual_stocks"
WEALTH_ITEMS = "wealth_items"
FILE_CRYPTO = "file_crypto"
FILE_STOCKS = "file_stocks"

__all__ = [
    "BUILT_IN",
    "WELL_KNOWN",
    "Field",
    "Provider",
    "family",
    "is_live",
    "label_of",
    "provider",
    "providers",
]

#: Shown to a new user before anything is set up, in this order; the rest is found by searching.
WELL_KNOWN = ("cointracking_api", "cointracking_csv", FILE_CRYPTO, "saxo_api", "saxo_csv", FILE_STOCKS)


_BUILT_IN = (
    Provider(MANUAL_CRYPTO, "sources_status.provider.manual_crypto", "crypto", "manual", ("transactions",)),
    Provider(MANUAL_STOCKS, "sources_status.provider.manual_stocks", "stocks", "manual", ("transactions",)),
    Provider(WEALTH_ITEMS, "sources_status.provider.wealth_items", "wealth", "manual", ("items",)),
)
_ANY_FILE = (
    Provider(
        FILE_CRYPTO,
        "sources_status.provider.file_crypto",
        "crypto",
        "csv",
        ("transactions", "balances", "prices"),
    ),
    Provider(
        FILE_STOCKS,
        "sources_status.provider.file_stocks",
        "stocks",
        "csv",
        ("transactions", "balances", "prices"),
    ),
)
_MARKET = (
    Provider(
        coingecko.ID,
        "CoinGecko",
        "",
        "market",
        ("prices",),
        budget=coingecko.KEYLESS_BUDGET,
        base_url_setting="coingecko_url",
    ),
    Provider(ecb.ID, "ECB", "", "market", ("rates",), budget=ecb.BUDGET, base_url_setting="ecb_url"),
    Provider(
        binance.ID,
        "Binance",
        "",
        "market",
        ("prices",),
        budget=binance.BUDGET,
        base_url_setting="binance_url",
    ),
    Provider(
        yahoo.ID,
        "Yahoo",
        "",
        "market",
        ("prices", "rates"),
        budget=yahoo.BUDGET,
        base_url_setting="yahoo_url",
    ),
    Provider(
        binance_futures.ID,
        "Binance Futures",
        "",
        "market",
        ("signals",),
        budget=binance_futures.BUDGET,
        base_url_setting="binance_futures_url",
    ),
    Provider(
        fear_greed.ID,
        "Fear & Greed",
        "",
        "market",
        ("signals",),
        budget=fear_greed.BUDGET,
        base_url_setting="fear_greed_url",
    ),
)

_ALWAYS = {provider.id: provider for provider in (*_BUILT_IN, *_ANY_FILE)}

#: The sources every user has from the start.
BUILT_IN = tuple(provider.id for provider in _BUILT_IN)


@cache
def providers() -> Mapping[str, Provider]:
    """Return every provider by id: by hand, files (any, then institutions by name), live ones, prices."""
    from smartfolio_app.providers.connectors.registry import all_connectors

    known = dict(_ALWAYS)
    for provider in sorted(_institutions(), key=lambda provider: provider.label.lower()):
        known.setdefault(provider.id, provider)
    known |= {one.provider.id: one.provider for one in all_connectors().values()}
    known |= {provider.id: provider for provider in _MARKET}
    return MappingProxyType(known)


def provider(provider_id: str) -> Provider:
    """Return one provider; raise ``NotFoundError`` for an id that no longer (or never) existed."""
    found = _ALWAYS.get(provider_id) or providers().get(provider_id)
    if found is None:
        raise NotFoundError("source.unknown_provider", provider=provider_id)
    return found


def label_of(provider_id: str) -> str:
    """Return what a provider is called: a message key or its own name; the id of one that is not known."""
    found = providers().get(provider_id)
    return found.label if found is not None else provider_id


def family(provider_id: str) -> tuple[str, ...]:
    """Return the ids of the providers that tell of the same account, itself first: its files, its network address."""
    asked = providers().get(provider_id)
    files = asked.files_of if asked is not None and asked.files_of else provider_id
    related = [files, *(one.id for one in providers().values() if one.files_of == files)]
    return (provider_id, *(one for one in related if one != provider_id and one in providers()))


def is_live(provider_id: str) -> bool:
    """Tell whether a provider is read over the network."""
    found = providers().get(provider_id)
    return found is not None and found.kind == "api"


def is_told_twice(provider_id: str) -> bool:
    """Tell whether a provider's account may be told by files and by the network."""
    return any(is_live(one) for one in family(provider_id))


def _institutions() -> list[Provider]:
    """Return one provider for each that the file formats name."""
    from smartfolio_app.providers.csv.registry import formats

    by_provider: dict[str, list[FormatInfo]] = {}
    for info in formats():
        by_provider.setdefault(info.provider, []).append(info)
    return [
        Provider(
            id=provider_id,
            label=infos[0].institution,
            category=infos[0].category,
            kind="csv",
            yields=tuple(
                what
                for kind, what in (("transactions", "transactions"), ("statement", "balances"))
                if any(info.kind == kind for info in infos)
            ),
            formats=tuple(info.id for info in infos),
        )
        for provider_id, infos in by_provider.items()
    ]
