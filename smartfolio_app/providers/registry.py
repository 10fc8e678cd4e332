"""Every provider SmartFolio knows, declared once. The WealthBar, the Sources page and the REST API read this list.

A provider is where data comes from: typed in by hand, a file of an institution, or an address on the network. File
providers are not listed one by one: each format in ``providers/csv`` names its provider, so that adding a format is
adding one file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from smartfolio_app.errors import NotFoundError
from smartfolio_app.providers import coingecko, ecb
from smartfolio_app.providers.csv.base import FormatInfo
from smartfolio_app.providers.limits import Budget

MANUAL_CRYPTO = "manual_crypto"
MANUAL_STOCKS = "manual_stocks"
WEALTH_ITEMS = "wealth_items"
FILE_CRYPTO = "file_crypto"
FILE_STOCKS = "file_stocks"

#: Shown to a new user before anything is set up, in this order; the rest is found by searching.
WELL_KNOWN = ("cointracking_csv", FILE_CRYPTO, "saxo_csv", FILE_STOCKS)


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a provider must be told. A ``secret`` one is a credential and lives in the vault alone."""

    name: str
    label: str  # message key
    secret: bool = False
    required: bool = True


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider.

    ``label`` is a message key or an institution's own name. ``category`` is ``crypto``, ``stocks`` or ``wealth``, and
    empty for a provider of prices, which is no source of wealth. ``kind`` is ``manual``, ``csv``, ``api`` or
    ``market``; ``yields`` says what it brings: ``transactions``, ``balances``, ``items``, ``prices``, ``rates``.
    ``base_url_setting`` names the field of ``Settings`` that overrides its address.
    """

    id: str
    label: str
    category: str
    kind: str
    yields: tuple[str, ...]
    credential_fields: tuple[Field, ...] = ()
    config_fields: tuple[Field, ...] = ()
    budget: Budget | None = None
    base_url_setting: str = ""
    formats: tuple[str, ...] = ()

    @property
    def is_source(self) -> bool:
        """Tell whether a user's wealth can come from it."""
        return bool(self.category)


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
)

_ALWAYS = {provider.id: provider for provider in (*_BUILT_IN, *_ANY_FILE)}

#: The sources every user has from the start.
BUILT_IN = tuple(provider.id for provider in _BUILT_IN)


@cache
def providers() -> Mapping[str, Provider]:
    """Return every provider by id: by hand, files (any, then institutions by name), prices."""
    known = dict(_ALWAYS)
    for provider in sorted(_institutions(), key=lambda provider: provider.label.lower()):
        known.setdefault(provider.id, provider)
    known |= {provider.id: provider for provider in _MARKET}
    return MappingProxyType(known)


def provider(provider_id: str) -> Provider:
    """Return one provider; raise ``NotFoundError`` for an id that no longer (or never) existed."""
    found = _ALWAYS.get(provider_id) or providers().get(provider_id)
    if found is None:
        raise NotFoundError("source.unknown_provider", provider=provider_id)
    return found


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
