"""What wealth items changed by since the anchor: balances by flows, everything else by the market."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartfolio_app.analytics.anchors import eve_of
from smartfolio_app.analytics.items import is_balance, quantity, valuations, valued_at
from smartfolio_app.analytics.results import Move
from smartfolio_app.analytics.scope import Category
from smartfolio_app.ledger.money import ZERO, market_value

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from decimal import Decimal
    from zoneinfo import ZoneInfo

    from smartfolio_app.analytics.change import Changes
    from smartfolio_app.analytics.ledger_view import WealthItemView
    from smartfolio_app.analytics.valuer import Valuer


def item_changes(
    changes: Changes,
    items: Iterable[WealthItemView],
    valuer: Valuer,
    span: tuple[datetime, datetime],
    zone: ZoneInfo,
) -> None:
    """Add the items to ``changes``. The first valuation of an item and its closing are flows, whatever its kind."""
    since, now = span
    today = now.astimezone(zone).date()
    for item in items:
        known = [row for row in valuations(item) if row.day <= today]
        if not known:
            continue
        then = [row for row in known if valued_at(row.day, zone) < since]
        first_rate = _rate(valuer, item.currency, eve_of(since))
        last_rate = _rate(valuer, item.currency, now)
        if last_rate is None or (first_rate is None and then):
            changes.uncovered.add(item.asset.id)
            continue
        sign = quantity(item)
        move = Move(now=sign * market_value(known[-1].value, last_rate))
        value_before = ZERO
        if then and first_rate is not None:
            value_before = then[-1].value
            move.then = sign * market_value(value_before, first_rate)
        for row in known[len(then) :]:
            opened, closed = row is known[0], row.day == item.closed_on
            if opened or closed or is_balance(item):
                _flow(
                    move,
                    sign
                    * _worth(valuer, item.currency, row.day, row.value - value_before, (zone, last_rate)),
                )
            value_before = row.value
        changes.moves[item.asset.id, Category.WEALTH] = move


def _rate(valuer: Valuer, currency: str, at: datetime) -> Decimal | None:
    found = valuer.prices.convert(currency, valuer.currency, at)
    return None if found is None else found.value


def _worth(
    valuer: Valuer, currency: str, day: date, amount: Decimal, fallback: tuple[ZoneInfo, Decimal]
) -> Decimal:
    zone, present = fallback
    rate = _rate(valuer, currency, valued_at(day, zone))
    return market_value(amount, present if rate is None else rate)


def _flow(move: Move, value: Decimal) -> None:
    if value > 0:
        move.deposits += value
    else:
        move.withdrawals -= value
