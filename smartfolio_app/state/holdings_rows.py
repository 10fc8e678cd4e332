"""Holdings as a person reads them: headings of groups, a line for each asset, the places of an opened one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from smartfolio_app.analytics.groups import GROUPS
from smartfolio_app.i18n import known
from smartfolio_app.ledger.assets import Asset, AssetClass, fiat, is_fiat
from smartfolio_app.ledger.money import divide, multiply
from smartfolio_app.state.figures import Figures

if TYPE_CHECKING:
    from smartfolio_app.analytics.results import Holding, Position
    from smartfolio_app.services.holdings import Row, Section, Table


@dataclass
class HoldingRow:
    """One line: an asset, or (``is_group``) the heading of those that follow. ``id`` tells lines apart."""

    id: str = ""
    is_group: bool = False
    badge: str = ""
    symbol: str = ""
    name: str = ""
    brief: str = ""
    quantity: str = ""
    price: str = ""
    age: str = ""
    stale: bool = False
    value: str = ""
    share: float = 0.0
    share_text: str = ""
    cost: str = ""
    gain: str = ""
    gain_share: str = ""
    gain_direction: str = "none"
    today: str = ""
    today_share: str = ""
    today_direction: str = "none"
    figure: str = ""
    today_figure: str = ""
    cost_figure: str = ""
    gain_figure: str = ""
    transactions_address: str = ""
    asset_address: str = ""


@dataclass
class PlaceRow:
    """Where a part of an asset is."""

    source: str = ""
    account: str = ""
    origin: str = ""
    quantity: str = ""
    value: str = ""
    figure: str = ""


@dataclass
class UnpricedRow:
    """An asset without a price, and why."""

    id: str = ""
    symbol: str = ""
    name: str = ""
    quantity: str = ""
    figure: str = ""
    reason: str = ""


def holding_rows(
    table: Table, sources: Mapping[str, str], group_by: str, figures: Figures, *, searched: bool = False
) -> list[HoldingRow]:
    """Return the lines of a page, with a heading wherever a section begins. ``searched``: not all lines are there."""
    rows = list(_lines(table, sources, group_by, figures))
    if searched or table.hidden:  # a heading then sums up the lines under it, not a part of the allocation
        rows = [replace(row, figure="") if row.is_group else row for row in rows]
    return rows


def _lines(table: Table, sources: Mapping[str, str], group_by: str, figures: Figures) -> Iterator[HoldingRow]:
    sections = {section.key: section for section in table.sections}
    current: str | None = None
    for row in table.rows:
        if sections and row.section != current:
            current = row.section
            yield _heading(sections[current], sources, group_by, figures)
        yield _line(row, figures)


def _heading(section: Section, sources: Mapping[str, str], group_by: str, figures: Figures) -> HoldingRow:
    # What is no coin has no group of coins: its class stands in its place.
    kind = "class" if group_by == "group" and section.key not in GROUPS else group_by
    return HoldingRow(
        id=f"section:{section.key}",
        is_group=True,
        name=_section_name(section.key, sources, group_by, figures),
        value=figures.money(section.value),
        figure=f"allocation:{kind}:{section.key}" if section.key and section.value is not None else "",
        share_text=figures.say("holdings.count", count=section.count, number=figures.count(section.count)),
    )


def _section_name(key: str, sources: Mapping[str, str], group_by: str, figures: Figures) -> str:
    if group_by == "source":
        return sources.get(key, key)
    if group_by == "location":
        return key or figures.say("holdings.no_account")
    for words in (f"explain.group.{key}", f"explain.class.{key}"):
        if known(words):
            return figures.say(words)
    return key


def _line(row: Row, figures: Figures) -> HoldingRow:
    price, asset = row.price, row.asset
    plain = asset.asset_class is AssetClass.ITEM or asset.id == fiat(figures.currency)
    quantity = "" if asset.asset_class is AssetClass.ITEM else figures.quantity(row.quantity)
    price_text = "" if plain else figures.price(price.value if price else None)
    gained = divide(row.unrealised, row.cost_basis) if row.unrealised is not None and row.cost_basis else None
    return HoldingRow(
        id=f"{row.section}|{asset.id}",
        badge=badge(asset),
        symbol=asset.symbol,
        name=asset.name
        if asset.name != asset.symbol
        else figures.say(f"explain.class.{asset.asset_class.value}"),
        brief=" × ".join(part for part in (quantity, price_text) if part),
        quantity=quantity,
        price=price_text,
        age=figures.clock_or_day(price.quoted_at) if price and not is_fiat(asset.id) else "",
        stale=price is not None and price.stale,
        value=figures.money(row.value),
        share=float(round(row.share * 100, 3)) if row.share is not None else 0.0,
        share_text=figures.percent(row.share) if row.share is not None else "",
        cost=figures.money(row.cost_basis) if row.cost_basis is not None else "",
        gain=figures.money(row.unrealised, sign=True),
        gain_share=figures.percent(gained, sign=True) if gained is not None else "",
        gain_direction=figures.direction(row.unrealised),
        today=figures.money(row.change_today, sign=True),
        today_share=_percent_today(row, figures),
        today_direction=figures.direction(row.change_today),
        figure=f"holding:{row.about}",
        today_figure=f"{'holding' if row.change_today is None else 'change_today'}:{row.about}",
        cost_figure=f"cost_basis:{row.about}",
        gain_figure=f"unrealised:{row.about}",
        transactions_address=f"/transactions?{urlencode({'asset': asset.id})}",
        asset_address=f"/assets/{quote(asset.id, safe=':')}",
    )


def _percent_today(row: Row, figures: Figures) -> str:
    moved = row.change_today_pct
    return "" if not moved else figures.percent(moved, sign=True, decimals=2)


def place_row(place: Position, holding: Row, sources: Mapping[str, str], figures: Figures) -> PlaceRow:
    """Return where a part of a holding is, and since when that is known."""
    origin = figures.say("holdings.origin_ledger")
    if place.origin == "statement" and place.as_of is not None:
        origin = figures.say("holdings.origin_statement", date=figures.moment(place.as_of))
    elif place.origin == "item":
        origin = figures.say("holdings.origin_item")
    price = holding.price
    return PlaceRow(
        source=sources.get(place.source_key, place.source_key),
        account=place.account if place.account != sources.get(place.source_key) else "",
        origin=origin,
        quantity=figures.quantity(place.quantity),
        value=figures.money(multiply(place.quantity, price.value) if price is not None else None),
        figure=f"holding:{holding.about}",
    )


def unpriced_row(holding: Holding, figures: Figures) -> UnpricedRow:
    """Return an asset without a price, and why it has none."""
    return UnpricedRow(
        id=holding.asset.id,
        symbol=holding.asset.symbol,
        name=holding.asset.name,
        quantity=figures.quantity(holding.quantity),
        figure=f"holding:{holding.asset.id}",
        reason=figures.say_or_text(holding.reason),
    )


def badge(asset: Asset) -> str:
    """Return the letters that stand for an asset: its ticker, or the initials of a wealth item."""
    if asset.asset_class is AssetClass.ITEM:
        return "".join(word[0] for word in asset.symbol.split()[:2]).upper()
    letters = "".join(character for character in asset.symbol if character.isalnum())
    return (letters or asset.symbol)[:4].upper()
