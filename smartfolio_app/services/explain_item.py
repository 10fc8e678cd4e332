"""What a wealth item was said to be worth: ``item:<id>`` (its last value) and ``item:<id>:<day>`` (as of that day).

In the item's own currency, as the Items page has it; what an item adds to the net worth is ``holding:item:<id>``.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlmodel import Session

from smartfolio_app.analytics.clock import local_midnight
from smartfolio_app.analytics.explain_steps import explained, money, rate_line
from smartfolio_app.analytics.results import Explanation, Measure, Step
from smartfolio_app.ledger.money import market_value
from smartfolio_app.services import items
from smartfolio_app.services.items import Item, Valuation
from smartfolio_app.services.views import View, basis


class Counted(NamedTuple):
    """The valuation of an item that a figure is about, the one before, and the day asked about (``None``: now)."""

    item: Item
    valuation: Valuation
    before: Valuation | None
    day: date | None


def explain(db: Session, view: View, about: str) -> Explanation | None:
    """Return which value an item has and who said so when, and what that is in the view's currency.

    Raises:
        NotFoundError: The viewer has no such item.
    """
    found = counted(db, view, about)
    if found is None:
        return None
    item, given = found.item, found.valuation
    steps = [_said("explain.item.given", given, item.currency)]
    if found.before is not None:
        steps.append(_said("explain.item.before", found.before, item.currency))
        changed = given.value - found.before.value
        steps.append(money("explain.item.changed", changed, item.currency))
    return explained(
        "explain.{name}.{what}",
        "item" if found.day is None else "item_then",
        given.value,
        Measure.MONEY,
        (*steps, *_converted(db, view, found)),
        {"item": item.name, "day": _iso(found.day), "closed": _iso(item.closed_on)},
        unit=item.currency,
        notes=("explain.item.closed",) if found.day is None and item.closed_on is not None else (),
    )


def counted(db: Session, view: View, about: str) -> Counted | None:
    """Return the valuation that ``item:<about>`` is about; ``None`` when it names no day, or nothing counted then."""
    name, _, text = about.partition(":")
    item = items.get(db, view.user_id, name)
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    if day is not None and day > datetime.now(ZoneInfo(view.time_zone)).date():
        return None
    known = [one for one in item.valuations if day is None or one.day <= day]
    if not known:
        return None
    if day not in (None, known[-1].day) and item.closed_on is not None and day >= item.closed_on:
        return None  # it counted for nothing then
    return Counted(item, known[-1], known[-2] if len(known) > 1 else None, day)


def _iso(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _said(label: str, one: Valuation, currency: str) -> Step:
    return money(
        label, one.value, currency, source="explain.provider.manual", params={"day": one.day.isoformat()}
    )


def _converted(db: Session, view: View, found: Counted) -> list[Step]:
    """Return what the value is in the currency of the view, with the rates of the time, where that is another one."""
    item = found.item
    known = basis(db, view.user_id).prices
    if item.currency == view.currency:
        return []
    at = datetime.now(ZoneInfo(view.time_zone))
    if found.day is not None:
        over = local_midnight(found.day + timedelta(days=1), ZoneInfo(view.time_zone))
        at = min(at, over - timedelta(microseconds=1))
    rate = known.convert(item.currency, view.currency, at)
    if rate is None:
        return []
    worth: Decimal = market_value(found.valuation.value, rate.value)
    rates = tuple(rate_line(one) for one in rate.path)
    return [money("explain.item.converted", worth, view.currency, at=rate.at, children=rates)]
