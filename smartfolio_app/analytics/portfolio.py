"""The one answer to "what is it worth", for a scope, in a currency, at an instant. Every page shows this one."""

from __future__ import annotations

from collections import defaultdict
from decimal import localcontext
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from smartfolio_app.analytics.anchors import Anchor, anchor_instant
from smartfolio_app.analytics.change import Changes, HoldingKey, changes_since
from smartfolio_app.analytics.change_today import change_today
from smartfolio_app.analytics.cost_basis import cost_basis
from smartfolio_app.analytics.groups import group_of
from smartfolio_app.analytics.item_change import item_changes
from smartfolio_app.analytics.items import held_since, item_prices, quantity, valued_at
from smartfolio_app.analytics.ledger_view import LedgerView, SourceView, WealthItemView
from smartfolio_app.analytics.results import (
    Coverage,
    Holding,
    LedgerWarning,
    Portfolio,
    Position,
    UnitPrice,
)
from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.analytics.valuer import Valuer
from smartfolio_app.ledger.assets import AssetId, is_fiat
from smartfolio_app.ledger.instants import instant, micros
from smartfolio_app.ledger.lots import Method, Policy
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO, divide, market_value, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from decimal import Decimal

    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.ledger.instants import Microseconds

__all__ = ["LedgerView", "SourceView", "WealthItemView", "build"]


def build(
    ledger: LedgerView,
    prices: PriceBook,
    scope: Scope,
    currency: str,
    at: datetime,
    *,
    anchor: str = Anchor.MIDNIGHT,
    time_zone: str = "UTC",
    method: str = Method.FIFO,
    groups: Mapping[str, str] | None = None,
    snapshot_at: datetime | None = None,
) -> Portfolio:
    """Return the portfolio as of ``at``.

    ``currency`` is an ISO code or ``BTC``. ``anchor`` is an ``Anchor``; ``snapshot_at`` says when the last snapshot was
    taken. ``method`` is the cost-basis ``Policy`` as text. ``groups`` overrides the group of an asset (by id or
    symbol). Items are owned by days of ``time_zone``.

    Raises:
        UnknownSourceError: a transaction or a statement names a source that is not among ``ledger.sources``.
        ValueError: ``anchor`` is none of ``Anchor``, or ``method`` is no ``Policy``.
        zoneinfo.ZoneInfoNotFoundError: there is no such time zone.
    """
    zone = ZoneInfo(time_zone)
    with localcontext(MONEY_CONTEXT):
        items = [item for item in ledger.items if scope.includes(Category.WEALTH, item.source_key)]
        valuer = Valuer(prices.with_points(item_prices(items, zone)), currency)
        keys = _keys(ledger, scope)
        moment = micros(at)
        positions = _positions(ledger, keys, moment)
        quantities = {key: sum((row.quantity for row in rows), ZERO) for key, rows in positions.items()}
        since = anchor_instant(Anchor(anchor), at, zone, snapshot_at)
        changes = Changes()
        if since is not None:
            changes = changes_since(ledger, valuer, keys, quantities, (since, at))
            item_changes(changes, items, valuer, (since, at), zone)
        for key, position in _item_positions(items, at, zone):
            positions[key] = [position]
            quantities[key] = position.quantity
        worths = {key: _worth(valuer, key[0], held, at) for key, held in quantities.items() if held}
        known = [value for _, value in worths.values() if value is not None]
        assets = sum((value for value in known if value > 0), ZERO)
        liabilities = -sum((value for value in known if value < 0), ZERO)
        basis = cost_basis(ledger, prices, currency, Policy.parse(method), moment)
        costs = {key: basis.of(key[0], quantities[key]) for key in worths}
        holdings = [
            Holding(
                asset=positions[key][0].asset,
                category=key[1],
                group=group_of(positions[key][0].asset, groups),
                quantity=quantities[key],
                positions=tuple(positions[key]),
                price=price,
                value=value,
                share=divide(value, assets) if value is not None and value > 0 else None,
                cost_basis=costs[key],
                unrealised=_less(value, costs[key]),
                change_today=move.market if move is not None else None,
                change_today_pct=move.pct if move is not None else None,
                reason="" if price is not None else _reason(valuer.prices, key[0], at),
                move=move,
            )
            for key, (price, value) in worths.items()
            for move in (changes.moves.get(key),)
        ]
        holdings.sort(key=_largest_first)
        return Portfolio(
            at=at,
            currency=currency,
            scope=scope,
            holdings=tuple(holdings),
            total=None if holdings and not known else assets - liabilities,
            assets=assets,
            liabilities=liabilities,
            by_category={category: _category_total(holdings, category) for category in Category},
            coverage=_coverage(holdings),
            change=change_today(changes, Anchor(anchor), since, anything_held=bool(holdings), owned=assets),
            warnings=tuple(_negative_places(ledger, keys)),
        )


def _keys(ledger: LedgerView, scope: Scope) -> list[HoldingKey | None]:
    """Return which holding each place belongs to, ``None`` for the places outside of the scope."""
    keys: list[HoldingKey | None] = []
    for source, _, asset in ledger.columns.places:
        view = ledger.sources[source]
        keys.append((asset, view.category) if scope.includes(view.category, view.key) else None)
    return keys


def _positions(
    ledger: LedgerView, keys: list[HoldingKey | None], moment: Microseconds
) -> dict[HoldingKey, list[Position]]:
    columns = ledger.columns
    positions: defaultdict[HoldingKey, list[Position]] = defaultdict(list)
    for (source, account, asset), key, held in zip(
        columns.places, keys, columns.balances(moment), strict=True
    ):
        if key is None or not held:
            continue
        anchored = columns.anchored_since(source, moment)
        positions[key].append(
            Position(
                asset=ledger.asset(asset),
                quantity=held,
                source_key=ledger.sources[source].key,
                category=key[1],
                account=account,
                origin="ledger" if anchored is None else "statement",
                as_of=None if anchored is None else instant(anchored),
            )
        )
    return positions


def _item_positions(
    items: list[WealthItemView], at: datetime, zone: ZoneInfo
) -> Iterator[tuple[HoldingKey, Position]]:
    today = at.astimezone(zone).date()
    for item in items:
        day = held_since(item, today)
        if day is not None:
            asset, category = item.asset, Category.WEALTH
            as_of = valued_at(day, zone)
            held = quantity(item)
            yield (asset.id, category), Position(asset, held, item.source_key, category, "", "item", as_of)


def _worth(
    valuer: Valuer, asset: AssetId, held: Decimal, at: datetime
) -> tuple[UnitPrice | None, Decimal | None]:
    price = valuer.unit(asset, at)
    return price, None if price is None else market_value(held, price.value)


def _less(value: Decimal | None, cost: Decimal | None) -> Decimal | None:
    return None if value is None or cost is None else value - cost


def _reason(prices: PriceBook, asset: AssetId, at: datetime) -> str:
    return "holding.no_rate" if prices.quoted(asset, at) else "holding.no_price"


def _largest_first(holding: Holding) -> tuple[bool, Decimal, str]:
    return (holding.value is None, -(holding.value or ZERO), holding.asset.id)


def _category_total(holdings: list[Holding], category: Category) -> Decimal | None:
    """Return the sum of a category: zero when nothing is held there, ``None`` when nothing held there is priced."""
    values = [holding.value for holding in holdings if holding.category is category]
    known = [value for value in values if value is not None]
    return None if values and not known else sum(known, ZERO)


def _coverage(holdings: list[Holding]) -> Coverage:
    prices = [holding.price for holding in holdings if holding.price is not None]
    return Coverage(
        priced=len(prices),
        total=len(holdings),
        stale=sum(price.stale for price in prices),
        oldest=min((price.at for price in prices if price.path), default=None),
    )


def _negative_places(ledger: LedgerView, keys: list[HoldingKey | None]) -> Iterator[LedgerWarning]:
    columns = ledger.columns
    for number, index in columns.stream.negative.items():
        if keys[number] is None:
            continue
        source, account, asset = columns.places[number]
        cause = columns.ordered[index]
        yield LedgerWarning(
            "ledger.negative_cash" if is_fiat(asset) else "ledger.negative_balance",
            {
                "asset": ledger.asset(asset).symbol,
                "source": ledger.sources[source].label,
                "account": account,
                "date": cause.at.date().isoformat(),
                "quantity": plain(columns.stream.totals[number]),
            },
            cause.id,
        )
