"""What can be connected, what it must be told, and what a key may do, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smartfolio_app.providers import csv, registry
from smartfolio_app.state.figures import Figures

if TYPE_CHECKING:
    from smartfolio_app.providers.connectors import KeyCheck
    from smartfolio_app.providers.registry import Field, Provider

#: Shown first among what is read over the network; the rest follows by name.
FIRST = (
    "cointracking_api",
    "binance_api",
    "kraken_api",
    "coinbase_api",
    "bitstamp_api",
    "kucoin_api",
    "saxo_api",
    "saxo_sim_api",
)
#: So many of a group are shown while nothing narrows it.
SHORT = 9
KINDS = ("all", "api", "csv", "manual")
CATEGORIES = ("all", "crypto", "stocks", "wealth")


@dataclass
class OfferRow:
    """One thing that can be added. With an ``address`` it is set up on a page of its own."""

    provider: str = ""
    label: str = ""
    detail: str = ""
    category: str = ""
    kind: str = ""
    address: str = ""
    there: bool = False


@dataclass
class FieldRow:
    """One thing a provider must be told."""

    name: str = ""
    label: str = ""
    secret: bool = False
    required: bool = False
    choices: list[str] | None = None


@dataclass
class RightRow:
    """One thing a key may or may not do."""

    text: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the catalogue is narrowed to: part of a name, a kind, a category (``all``: none)."""

    search: str = ""
    kind: str = "all"
    category: str = "all"

    def fits(self, row: OfferRow) -> bool:
        """Tell whether an offer is among them."""
        return (
            self.kind in ("all", row.kind)
            and self.category in ("all", row.category)
            and self.search.strip().casefold() in f"{row.label} {row.detail} {row.provider}".casefold()
        )

    @property
    def is_all(self) -> bool:
        """Tell whether nothing is narrowed, so that groups are shown short."""
        return self.kind == "all" and not self.search.strip()


def offer_rows(providers: Iterable[Provider], there: set[str], figures: Figures) -> list[OfferRow]:
    """Return everything that can be added; ``there`` are the providers the user has a source of."""
    formats = {info.id: info.label for info in csv.formats()}
    rows = []
    for provider in providers:
        if not provider.is_source:
            continue
        category = figures.say(f"sources.{provider.category}")
        detail = category
        if provider.kind == "csv" and provider.formats:
            detail = ", ".join(formats[one] for one in provider.formats if one in formats)
        elif provider.kind == "api":
            way = "sign_in" if provider.sign_in else "key"
            detail = f"{category} · {figures.say(f'connection.by_{way}')}"
        address = f"/sources/sign-in?provider={provider.id}" if provider.sign_in else ""
        rows.append(
            OfferRow(
                provider=provider.id,
                label=figures.say_or_text(provider.label),
                detail=detail,
                category=provider.category,
                kind=provider.kind,
                address="/items" if provider.id == registry.WEALTH_ITEMS else address,
                there=provider.id in there,
            )
        )
    return sorted(rows, key=_order)


def _order(row: OfferRow) -> tuple[int, str]:
    return (FIRST.index(row.provider) if row.provider in FIRST else len(FIRST), row.label.casefold())


def field_rows(fields: Iterable[Field], figures: Figures) -> list[FieldRow]:
    """Return the fields of a form."""
    return [
        FieldRow(
            name=one.name,
            label=figures.say_or_text(one.label),
            secret=one.secret,
            required=one.required,
            choices=list(one.choices),
        )
        for one in fields
    ]


def right_rows(may_trade: bool | None, may_withdraw: bool | None, figures: Figures) -> list[RightRow]:
    """Return what a key may do; what its provider does not tell is said as such."""
    rows = [RightRow(figures.say("connection.may_read"), "good")]
    for name, may in (("trade", may_trade), ("withdraw", may_withdraw)):
        answer = "untold" if may is None else "yes" if may else "no"
        rows.append(
            RightRow(figures.say(f"connection.{name}_{answer}"), {"yes": "bad", "no": "good"}.get(answer, ""))
        )
    return rows


def check_words(found: KeyCheck, figures: Figures) -> list[str]:
    """Return the remarks of a check."""
    return [figures.say_or_text(one.code, **one.params) for one in found.warnings]
