"""Gains as a person reads them: lot matches, totals, methods, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from smartfolio_app.analytics.explain_match import lot_figure, match_figure
from smartfolio_app.analytics.gain_reports import realised_figure
from smartfolio_app.i18n import known
from smartfolio_app.ledger.assets import Asset, AssetId
from smartfolio_app.ledger.match_names import name_of
from smartfolio_app.state.figures import UNKNOWN, Figures
from smartfolio_app.state.holdings_rows import badge

if TYPE_CHECKING:
    from smartfolio_app.ledger.gains import GainRows, GainTotal
    from smartfolio_app.services.gains import Gains, OpenLot, Side, Unknown


@dataclass
class MatchRow:
    """One lot match."""

    id: str = ""
    badge: str = ""
    symbol: str = ""
    kind: str = ""
    place: str = ""
    quantity: str = ""
    acquired: str = ""
    disposed: str = ""
    held: str = ""
    term: str = ""
    proceeds: str = ""
    cost: str = ""
    fees: str = ""
    gain: str = ""
    gain_direction: str = "none"
    asset_address: str = ""
    figure: str = ""


@dataclass
class TotalRow:
    """The total of a year, an asset or a source."""

    key: str = ""
    label: str = ""
    gain: str = ""
    gain_direction: str = "none"
    income: str = ""
    count: str = ""
    unknown: str = ""
    address: str = ""
    figure: str = ""


@dataclass
class SideRow:
    """One method beside the others."""

    method: str = ""
    label: str = ""
    gain: str = ""
    gain_direction: str = "none"
    long_term: str = ""
    short_term: str = ""
    difference: str = ""
    difference_direction: str = "none"
    current: bool = False
    figure: str = ""


@dataclass
class UnknownRow:
    """Something that is not known, and where it comes from."""

    id: str = ""
    symbol: str = ""
    quantity: str = ""
    when: str = ""
    place: str = ""
    reason: str = ""
    address: str = ""


@dataclass
class LotRow:
    """An open lot."""

    number: int = 0
    acquired: str = ""
    held: str = ""
    term: str = ""
    quantity: str = ""
    cost: str = ""
    value: str = ""
    gain: str = ""
    gain_direction: str = "none"
    place: str = ""
    field: str = ""
    picked: str = ""
    figure: str = ""


def asset_address(asset: AssetId) -> str:
    """Return the address of an asset's page."""
    return f"/assets/{quote(asset, safe=':')}"


def transactions_address(asset: AssetId) -> str:
    """Return the address of an asset's transactions."""
    return f"/transactions?{urlencode({'asset': asset})}"


def match_row(number: int, rows: GainRows, gains: Gains, figures: Figures) -> MatchRow:
    """Return the line of one of some lot matches."""
    row = rows[number]
    asset = gains.assets[row.asset]
    return MatchRow(
        id=f"{number}",
        badge=badge(asset),
        symbol=asset.symbol,
        kind=figures.say(f"gains.kind_{row.kind.value}"),
        place=_place(row.source, row.account, gains.sources),
        quantity=figures.quantity(row.quantity),
        acquired=day(row.acquired, figures) if row.acquired else figures.say("gains.not_known"),
        disposed=day(row.disposed, figures),
        held=held(row.holding_days, figures),
        term=term(row.long_term, figures),
        proceeds=figures.money(row.proceeds),
        cost=figures.money(row.cost),
        fees=figures.money(row.fees) if row.fees else "",
        gain=figures.money(row.gain, sign=True),
        gain_direction=figures.direction(row.gain),
        asset_address=asset_address(row.asset),
        figure=match_figure(gains.policy, name_of(rows, number)),
    )


def total_row(
    key: str, label: str, total: GainTotal, figures: Figures, *, figure: str, address: str = ""
) -> TotalRow:
    """Return one total's line; ``figure`` is the name of its gain."""
    known = total.count > total.unknown
    return TotalRow(
        key=key,
        label=label,
        gain=figures.money(total.gain, sign=True) if known else UNKNOWN,
        gain_direction=figures.direction(total.gain) if known else "none",
        income=figures.money(total.income) if total.income else "",
        count=figures.count(total.count),
        unknown=figures.count(total.unknown) if total.unknown else "",
        address=address,
        figure=figure if total.count else "",
    )


def side_row(side: Side, current: str, chosen: tuple[str, str], figures: Figures) -> SideRow:
    """Return one method's line; ``chosen`` are the year (empty for all) and the rule that are looked at."""
    mine, (year, rule) = side.method.value == current, chosen
    total = side.total
    known, terms = total.count > total.unknown or not total.count, rule != "none"
    more = () if mine else ("against", str(side.own))
    return SideRow(
        method=side.method.value,
        label=figures.say(f"settings.method_{side.method.value}"),
        gain=figures.money(total.gain, sign=True) if known else UNKNOWN,
        gain_direction=figures.direction(total.gain) if known else "none",
        long_term=figures.money(total.long_term, sign=True) if terms else "",
        short_term=figures.money(total.short_term, sign=True) if terms else "",
        difference="" if mine else figures.money(side.difference, sign=True),
        difference_direction="none" if mine else figures.direction(side.difference),
        current=mine,
        figure=realised_figure(year, side.policy, rule, *more),
    )


def unknown_row(number: int, one: Unknown, gains: Gains, figures: Figures) -> UnknownRow:
    """Return what is not known, in a sentence."""
    return UnknownRow(
        id=f"{number}",
        symbol=gains.assets[one.asset].symbol,
        quantity=figures.quantity(one.quantity),
        when="" if one.at is None else day(one.at, figures),
        place=_place(one.source, "", gains.sources),
        reason=figures.say(one.code) if known(one.code) else one.code,
        address=transactions_address(one.asset),
    )


def lot_row(one: OpenLot, figures: Figures, picked: Mapping[int, str] | None = None) -> LotRow:
    """Return an open lot's line."""
    return LotRow(
        number=one.number,
        acquired=day(one.acquired, figures),
        held=held(one.days, figures),
        term=term(one.long_term, figures),
        quantity=figures.quantity(one.lot.quantity),
        cost=figures.money(one.lot.cost) if one.lot.cost is not None else figures.say("gains.not_known"),
        value=figures.money(one.value),
        gain=figures.money(one.gain, sign=True),
        gain_direction=figures.direction(one.gain),
        place=one.source,
        field=f"lot_{one.number}",
        picked=(picked or {}).get(one.number, ""),
        figure=lot_figure(one.name),
    )


def day(at: datetime, figures: Figures) -> str:
    """Return the day of an instant in the viewer's zone."""
    return figures.day(at.astimezone(ZoneInfo(figures.time_zone)).date())


def held(days: int | None, figures: Figures) -> str:
    """Return a holding period in days."""
    return UNKNOWN if days is None else figures.say("gains.days", count=days, number=figures.count(days))


def term(long: bool | None, figures: Figures) -> str:
    """Return whether a holding was long or short term; nothing where the rule makes no difference."""
    return "" if long is None else figures.say("gains.long" if long else "gains.short")


def label_of(asset: Asset) -> str:
    """Return how an asset is offered in a list."""
    return f"{asset.symbol} · {asset.name}" if asset.name and asset.name != asset.symbol else asset.symbol


def money_or_nothing(value: Decimal, figures: Figures) -> str:
    """Return an amount, or nothing when there is none."""
    return figures.money(value) if value else ""


def _place(source: str, account: str, sources: Mapping[str, tuple[str, str]]) -> str:
    label = sources.get(source, ("", ""))[1]
    return " · ".join(part for part in (label, account if account != label else "") if part)
