"""What the dashboard shows, made from the portfolio: plain functions, no state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from smartfolio_app.analytics.change_today import LEAST_COVERED
from smartfolio_app.analytics.explain_today import figure_of
from smartfolio_app.analytics.groups import GROUPS
from smartfolio_app.analytics.results import Breakdown, ChangeToday, Holding, Portfolio
from smartfolio_app.analytics.scope import Category
from smartfolio_app.ledger.assets import AssetClass
from smartfolio_app.ledger.money import ZERO, divide
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.gains_rows import asset_address
from smartfolio_app.state.holdings_rows import badge
from smartfolio_app.state.treemap import Box, squarify

TOP = 8
MOVERS = 4
SLICES = 11
CONCERNS = 12
CRUMB = Decimal("0.002")
#: More fields than this nobody tells apart.
FIELDS = 60
HUES = 11


@dataclass
class Tile:
    """One category. ``parts`` are ``(label, value)`` lines under it (assets and liabilities)."""

    key: str = ""
    label: str = ""
    value: str = ""
    share: str = ""
    change: str = ""
    change_pct: str = ""
    change_figure: str = ""
    direction: str = "none"
    detail: str = ""


@dataclass
class Line:
    """One line of "what changed": a sum with its reason."""

    key: str = ""
    label: str = ""
    value: str = ""
    direction: str = "none"


@dataclass
class Slice:
    """One slice of the ring and its line in the legend. ``dash`` and ``offset`` are in hundredths of the ring."""

    key: str = ""
    figure: str = ""
    label: str = ""
    value: str = ""
    share: str = ""
    hue: str = ""
    dash: str = ""
    offset: str = ""


@dataclass
class AssetRow:
    """A holding in a short list. ``width`` is its share as an SVG width."""

    id: str = ""
    figure: str = ""
    address: str = ""
    symbol: str = ""
    name: str = ""
    badge: str = ""
    value: str = ""
    share: str = ""
    width: str = "0%"
    price: str = ""
    change: str = ""
    change_figure: str = ""
    direction: str = "none"


@dataclass
class Field:
    """A holding on the map: a box as large as its share, toned by what it did today. Lengths are in pixels."""

    id: str = ""
    figure: str = ""
    symbol: str = ""
    label: str = ""
    change: str = ""
    tone: str = ""
    x: str = "0"
    y: str = "0"
    width: str = "0"
    height: str = "0"
    text_x: str = "0"
    text_y: str = "0"
    change_y: str = "0"
    size: str = "fits-none"


@dataclass
class Concern:
    """An asset whose figure is missing or old, and why."""

    symbol: str = ""
    name: str = ""
    reason: str = ""
    link: str = ""
    missing: bool = False


@dataclass
class Today:
    """What changed since the anchor."""

    total: str = ""
    pct: str = ""
    direction: str = "none"
    since: str = ""
    lines: list[Line] = field(default_factory=list)
    note: str = ""


def tiles(portfolio: Portfolio, figures: Figures) -> list[Tile]:
    """Return the three categories, largest idea first: what it is worth, its part, what it did today."""
    return [_tile(category, portfolio, figures) for category in Category]


def _tile(category: Category, portfolio: Portfolio, figures: Figures) -> Tile:
    mine = [one for one in portfolio.holdings if one.category is category]
    value = portfolio.by_category.get(category)
    moved = [one for one in mine if one.change_today is not None]
    owned = sum((one.value for one in mine if one.value is not None and one.value > 0), ZERO)
    owed = -sum((one.value for one in mine if one.value is not None and one.value < 0), ZERO)
    covered = sum((one.value for one in moved if one.value is not None and one.value > 0), ZERO)
    change = None  # the rule of the whole: a change of less than half of it says little about the day
    if moved and covered >= LEAST_COVERED * owned:
        change = sum((one.change_today for one in moved if one.change_today is not None), ZERO)
    pct = _ratio(change, value - change) if change is not None and value is not None else None
    detail = figures.say("dashboard.assets_count", count=len(mine))
    if owed:
        detail = figures.say("dashboard.owned_owed", owned=figures.money(owned), owed=figures.money(owed))
    return Tile(
        key=category.value,
        label=figures.say(f"dashboard.tile_{category.value}"),
        value=figures.money(value),
        share=figures.percent(_ratio(value, portfolio.total)),
        change=figures.money(change, sign=True),
        change_pct=figures.percent(pct, sign=True, decimals=2),
        change_figure="" if change is None else f"change_today:category:{category.value}",
        direction=figures.direction(change),
        detail=detail,
    )


def today(change: ChangeToday, figures: Figures) -> Today:
    """Return what changed, market moves apart from money that came or went."""
    moved: Sequence[tuple[str, Decimal | None]] = (
        ("market", change.market),
        ("income", change.income),
        ("fees", None if change.fees is None else -change.fees),
    )
    lines = [
        Line(
            key,
            figures.say(f"dashboard.today_{key}"),
            figures.money(value, sign=True),
            figures.direction(value),
        )
        for key, value in moved
        if value is not None and (value or key == "market")
    ]
    flows: Sequence[tuple[str, Decimal | None]] = (
        ("deposits", change.deposits),
        ("withdrawals", None if change.withdrawals is None else -change.withdrawals),
    )
    # Money that came or went is neither a gain nor a loss: no arrow, no colour.
    lines += [
        Line(key, figures.say(f"dashboard.today_{key}"), figures.money(value, sign=True), "flat")
        for key, value in flows
        if value
    ]
    if change.purchases:
        label = figures.say("dashboard.today_purchases")
        lines.append(Line("purchases", label, figures.money(change.purchases), "flat"))
    note = figures.say_or_text(change.reason) if change.reason else ""
    if change.uncovered and not note:
        note = figures.say("dashboard.today_uncovered", count=len(change.uncovered))
    return Today(
        total=figures.money(change.gain, sign=True),
        pct=figures.percent(change.pct, sign=True, decimals=2),
        direction=figures.direction(change.gain),
        since=figures.say("dashboard.since", time=figures.moment(change.since)) if change.since else "",
        lines=lines,
        note=note,
    )


def ring(breakdown: Iterable[Breakdown], kind: str, figures: Figures) -> tuple[list[Slice], str]:
    """Return the slices of the allocation ring, and their sum. What is owed has no slice: a ring shows what is there.

    More than eleven slices are closed by one that sums the rest.
    """
    positive = sorted((one for one in breakdown if one.value > 0), key=lambda one: -one.value)
    whole = sum((one.value for one in positive), ZERO)
    if not whole:
        return [], ""
    shown = positive if len(positive) <= SLICES else positive[: SLICES - 1]
    rows = [
        (one.key, figures.say_or_text(one.label), one.value, f"allocation:{kind}:{one.key}") for one in shown
    ]
    if len(shown) < len(positive):
        rest = sum((one.value for one in positive[len(shown) :]), ZERO)
        about = f"allocation:{kind}:after-{len(shown)}"
        rows.append(("rest", figures.say("dashboard.rest"), rest, about))
    slices, start = [], 0.0
    for index, (key, label, value, figure) in enumerate(rows):
        share = divide(value, whole)
        length = float(share) * 100
        gap = min(0.5, length / 3) if len(rows) > 1 else 0.0
        slices.append(
            Slice(
                key=key,
                figure=figure,
                label=label,
                value=figures.money(value),
                share=figures.percent(share),
                hue=f"hue-{GROUPS.index(key) if key in GROUPS else index % HUES}",
                dash=f"{max(length - gap, 0.05):.3f} 100",
                offset=f"{-start:.3f}",
            )
        )
        start += length
    return slices, figures.money(whole, decimals=0)


def top_holdings(portfolio: Portfolio, figures: Figures) -> list[AssetRow]:
    """Return the largest holdings by value."""
    priced = [one for one in portfolio.holdings if one.value is not None and one.value > 0]
    largest = priced[0].value if priced else None
    return [_asset_row(one, portfolio, figures, largest) for one in priced[:TOP]]


def heat_map(portfolio: Portfolio, figures: Figures, width: int, height: int) -> list[Field]:
    """Return what the markets move as a map of ``width`` by ``height`` pixels.

    Wealth items and cash have no market of their own and would only make the rest small; crumbs are left out.
    """
    still = {AssetClass.ITEM, AssetClass.FIAT}
    there = [one for one in portfolio.holdings if one.value is not None and one.value > 0]
    there = sorted(
        (one for one in there if one.asset.asset_class not in still), key=lambda one: -(one.value or ZERO)
    )
    whole = sum((one.value or ZERO for one in there), ZERO)
    there = [one for one in there if (one.value or ZERO) >= whole * CRUMB][:FIELDS]
    boxes = squarify([float(one.value or ZERO) for one in there], width, height)
    return [_field(one, box, portfolio, figures) for one, box in zip(there, boxes, strict=True)]


def _field(holding: Holding, box: Box, portfolio: Portfolio, figures: Figures) -> Field:
    asset, gap = holding.asset, 1.5
    change = figures.percent(holding.change_today_pct, sign=True, decimals=2)
    room = box.width / max(len(asset.symbol), 6)
    size = "large" if room > 20 and box.height > 80 else "small" if room > 8.5 and box.height > 40 else "none"
    middle = box.y + box.height / 2
    return Field(
        id=asset.id,
        figure=figure_of(portfolio, holding) if holding.move is not None else f"holding:{asset.id}",
        symbol=asset.symbol,
        label=figures.say(
            "dashboard.map_field",
            name=asset.name or asset.symbol,
            share=figures.percent(holding.share),
            change=change,
        ),
        change=change,
        tone=_tone(holding.change_today_pct),
        x=f"{box.x + gap / 2:.1f}",
        y=f"{box.y + gap / 2:.1f}",
        width=f"{max(box.width - gap, 0.5):.1f}",
        height=f"{max(box.height - gap, 0.5):.1f}",
        text_x=f"{box.x + box.width / 2:.1f}",
        text_y=f"{middle - (4 if size == 'large' else 2):.1f}",
        change_y=f"{middle + (20 if size == 'large' else 14):.1f}",
        size=f"fits-{size}",
    )


def _tone(ratio: Decimal | None) -> str:
    """Return how strong a day's move is drawn: ``up-3`` ... ``flat`` ... ``down-3``."""
    if ratio is None or abs(ratio) < Decimal("0.0005"):
        return "flat"
    strength = 1 if abs(ratio) < Decimal("0.01") else 2 if abs(ratio) < Decimal("0.03") else 3
    return f"{'up' if ratio > 0 else 'down'}-{strength}"


def asset_rows(holdings: Iterable[Holding], portfolio: Portfolio, figures: Figures) -> list[AssetRow]:
    """Return holdings as lines of a short list."""
    return [_asset_row(one, portfolio, figures, None) for one in holdings]


def concerns(portfolio: Portfolio, figures: Figures) -> list[Concern]:
    """Return what is not priced, what the ledger cannot explain, and what is priced by something old."""
    missing = [
        Concern(
            symbol=one.asset.symbol,
            name=one.asset.name,
            reason=figures.say_or_text(one.reason) if one.reason else figures.say("holding.no_price"),
            link=asset_address(one.asset.id),
            missing=True,
        )
        for one in portfolio.holdings
        if one.value is None
    ]
    old = [
        Concern(
            symbol=one.asset.symbol,
            name=one.asset.name,
            reason=figures.say("dashboard.price_from", age=figures.ago(one.price.quoted_at)),
            link=asset_address(one.asset.id),
        )
        for one in portfolio.holdings
        if one.price is not None and one.price.stale
    ]
    doubtful = [
        Concern(
            symbol=one.params.get("asset", ""),
            reason=figures.say_or_text(one.code, **one.params),
            link=f"/transactions?search={one.params.get('asset', '')}",
        )
        for one in portfolio.warnings
    ]
    return missing + doubtful + old


def _asset_row(holding: Holding, portfolio: Portfolio, figures: Figures, largest: Decimal | None) -> AssetRow:
    asset = holding.asset
    width = _ratio(holding.value, largest) if largest else None
    return AssetRow(
        id=asset.id,
        figure=f"holding:{asset.id}",
        address=asset_address(asset.id),
        symbol=asset.symbol,
        name=asset.name if asset.name != asset.symbol else "",
        badge=badge(asset),
        value=figures.money(holding.value),
        share=figures.percent(holding.share),
        width=f"{float(width) * 100:.2f}%" if width is not None else "0%",
        price=_price(holding, figures),
        change=figures.percent(holding.change_today_pct, sign=True, decimals=2),
        change_figure=figure_of(portfolio, holding) if holding.move is not None else "",
        direction=figures.rate_direction(holding.change_today_pct, decimals=2),
    )


def _price(holding: Holding, figures: Figures) -> str:
    """Return the unit price; of a wealth item that is what it is worth, so privacy hides it."""
    if holding.price is None:
        return figures.price(None)
    if holding.asset.asset_class is AssetClass.ITEM:
        return figures.money(holding.price.value)
    return figures.price(holding.price.value)


def _ratio(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    if part is None or whole is None or whole <= 0:
        return None
    return divide(part, whole)
