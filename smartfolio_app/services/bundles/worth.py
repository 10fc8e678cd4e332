"""Bundles of what is held: quantities, places, and the rates by which each price was found."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from zoneinfo import ZoneInfo

from smartfolio_app.analytics import explain as figures
from smartfolio_app.analytics.bundles.records import Json, rates_out
from smartfolio_app.analytics.explain_price import prices_of
from smartfolio_app.analytics.explain_today import parts_of
from smartfolio_app.analytics.items import ITEM_PROVIDER, valued_at
from smartfolio_app.analytics.parts import PLACES, chosen
from smartfolio_app.analytics.results import Holding, Measure, Step
from smartfolio_app.ledger.money import plain
from smartfolio_app.services import explain, explain_item, explain_line
from smartfolio_app.services.bundles.asked import Asked, Made, Maker


def _net_worth(asked: Asked, _about: str) -> Made:
    return "worth", holdings_out(asked.whole.holdings)


def _history(asked: Asked, about: str) -> Made:
    known, view = asked.known, asked.view
    subject = figures.Subject(asked.whole, known.ledger, known.prices, view.time_zone, view.method)
    then = figures.portfolio_then(subject, about)
    assert then is not None  # it was explained
    return "worth", holdings_out(then.holdings)


def _category(asked: Asked, about: str) -> Made:
    return "worth", holdings_out(row for row in asked.whole.holdings if row.category.value == about)


def holding(asked: Asked, about: str) -> Made:
    return "worth", holdings_out(chosen(asked.whole, about))


def _allocation(asked: Asked, about: str) -> Made:
    kind, _, key = about.partition(":")
    rows = asked.whole.holdings
    named = key if figures.rest_of(key) is None else ""
    if named and kind in PLACES:
        return "worth", {
            "holdings": [
                _held(row, place.quantity)
                for row in rows
                for place in row.positions
                if getattr(place, PLACES[kind]) == key
            ]
        }
    if named:
        return "worth", holdings_out(row for row in rows if figures.belongs(row, kind, key))
    found = explain.explain(asked.db, asked.view, f"allocation:{about}")
    parts = [step for step in found.steps if step.measure is Measure.MONEY and step.label != figures.ALL_OF]
    return "sum", {"parts": [_part(step) for step in parts if step.amount is not None and step.amount > 0]}


def _line(asked: Asked, about: str) -> Made:
    found = explain_line.moved(asked.db, asked.view, about)
    assert found is not None  # it was explained
    _, _, told = found
    parts = (("last", told.last), ("first", -told.first), ("paid_in", -(told.paid_in or Decimal(0))))
    return "sum", {"parts": [{"label": label, "amount": plain(amount)} for label, amount in parts]}


def _coverage(asked: Asked, _about: str) -> Made:
    found = asked.whole.coverage
    return "share", {
        "count": str(found.priced),
        "of": str(found.total),
        **holdings_out(asked.whole.holdings),
    }


def _change(asked: Asked, about: str) -> Made:
    found = asked.whole.change
    if about:
        kind, _, name = about.partition(":")
        rows = chosen(asked.whole, about)
        if kind == "category":
            rows = [row for row in asked.whole.holdings if row.category.value == name]
        named = parts_of([row.move for row in rows if row.move is not None])
        return "sum", {
            "anchor": found.anchor,
            "since": found.since.isoformat() if found.since else "",
            "parts": [{"label": label, "amount": plain(amount)} for label, amount in named.items()],
            **holdings_out(rows),
        }
    parts = (("market", found.market), ("income", found.income), ("fees", -(found.fees or Decimal(0))))
    return "sum", {
        "anchor": found.anchor,
        "since": found.since.isoformat() if found.since else "",
        "parts": [{"label": label, "amount": plain(amount or Decimal(0))} for label, amount in parts],
    }


def holdings_out(rows: Iterable[Holding]) -> Json:
    return {"holdings": [_held(row, row.quantity) for row in rows]}


def _held(row: Holding, quantity: Decimal) -> Json:
    """Write a holding: where it lies, and by which rates of whom its price was found."""
    return {
        "asset": row.asset.id,
        "name": row.asset.name,
        "quantity": plain(quantity),
        "places": [
            {
                "source": place.source_key,
                "account": place.account,
                "quantity": plain(place.quantity),
                "known_from": place.origin,
                "as_of": place.as_of.isoformat() if place.as_of else "",
            }
            for place in row.positions
        ],
        "price": None if row.price is None else plain(row.price.value),
        "rates": [] if row.price is None else rates_out(row.price),
    }


def _part(step: Step) -> Json:
    return {"label": step.label, "amount": "" if step.amount is None else plain(step.amount)}


def _price(asked: Asked, about: str) -> Made:
    """A price with the rates it was found by; of a move, the first one taken from the last."""
    prices = prices_of(about, asked.whole, asked.known.prices)
    assert prices is not None  # it was explained
    *before, last = prices.found
    parts = [*((price, price.value.copy_negate()) for price in before), (last, last.value)]
    return "sum", {
        "parts": [
            {"label": prices.asset, "amount": plain(amount), "rates": rates_out(price)}
            for price, amount in parts
        ]
    }


def _item(asked: Asked, about: str) -> Made:
    found = explain_item.counted(asked.db, asked.view, about)
    assert found is not None  # it was explained
    one = found.valuation
    since = valued_at(one.day, ZoneInfo(asked.view.time_zone))
    return "told", {"value": plain(one.value), "source": ITEM_PROVIDER, "at": since.isoformat()}


KINDS: dict[str, Maker] = {
    "net_worth": _net_worth,
    "history": _history,
    "category": _category,
    "holding": holding,
    "item": _item,
    "price": _price,
    "allocation": _allocation,
    "coverage": _coverage,
    "change_today": _change,
    "line": _line,
}
