"""Why a sale that has not been made would realise what it would.

``sale:<method>:<quantity>:<price>:<fee>:<picked>:<asset id>``: what was typed is part of the name, so that the figure
can be explained, and taken along, without anything being stored. An empty price is the present one. ``picked`` are
numbers of open lots with what is taken of each (``0=0.5,2=1``); where it is not empty, method and quantity are.
"""

from __future__ import annotations

from decimal import Decimal

from sqlmodel import Session

from smartfolio_app.analytics.explain_steps import LISTED, explained, line, money, rate_line
from smartfolio_app.analytics.results import Explanation, Measure, Step
from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.ledger.instants import instant
from smartfolio_app.ledger.lots import Lot, Match
from smartfolio_app.ledger.money import ZERO, exact, plain
from smartfolio_app.services import what_if
from smartfolio_app.services.views import View

#: A name is to fit an address; a sale of more picked lots than that is told by the lines beside it alone.
LONGEST = 500


def sale_figure(question: what_if.Question, method: str) -> str:
    """Return the name of the gain of a sale that was tried, empty when it would be too long for one."""
    picked = ",".join(f"{number}={plain(quantity)}" for number, quantity in question.picked)
    whole = ("", "") if picked else (method, plain(question.quantity))
    price = "" if question.price is None else plain(question.price)
    name = ":".join(["sale", *whole, price, plain(question.fee), picked, question.asset])
    return name if len(name) <= LONGEST else ""


def question_of(about: str) -> what_if.Question | None:
    """Read what follows ``sale:``, ``None`` if it is no such name."""
    method, quantity, price, fee, picked, asset = (about.split(":", 5) + [""] * 5)[:6]
    if not asset or bool(picked) == bool(method):
        return None
    try:
        return what_if.Question(
            asset=asset,
            quantity=_number(quantity) if quantity else ZERO,
            price=_number(price) if price else None,
            fee=_number(fee or "0"),
            method=method,
            picked=tuple(_pick(one) for one in picked.split(",")) if picked else (),
        )
    except ValueError:
        return None


def _pick(text: str) -> tuple[int, Decimal]:
    number, _, quantity = text.partition("=")
    return int(number), _number(quantity)


def _number(text: str) -> Decimal:
    """Read a number as names have it: with an exponent it could be one of a million digits."""
    if not set(text) <= set("0123456789."):
        raise ValueError(text)
    return exact(text)


def explain(db: Session, view: View, about: str) -> Explanation | None:
    """Return why the sale would gain what it would; ``None`` when there is no such sale to be made."""
    question = question_of(about)
    if question is None:
        return None
    try:
        found = what_if.ask(db, view, question, compared=False)
    except (InvalidInputError, NotFoundError):
        return None
    return _told(found, question)


def _told(found: what_if.Reply, question: what_if.Question) -> Explanation:
    outcome, currency, symbol = found.outcome, found.currency, found.asset.symbol
    sold = sum((one.quantity for one in outcome.matches), ZERO)
    rates = () if found.found is None else tuple(rate_line(rate) for rate in found.found.path)
    at = None if found.found is None else found.found.at
    parts = (
        line("explain.holding.quantity", sold, Measure.QUANTITY, symbol),
        line("explain.holding.price", found.price, Measure.PRICE, currency, at=at, children=rates),
        money("explain.sale.fee", -question.fee, currency),
    )
    steps = (
        money("explain.sale.proceeds", outcome.proceeds, currency, children=parts),
        money(
            "explain.sale.cost", outcome.cost, currency, children=_taken(outcome.matches, currency, symbol)
        ),
        money("explain.realised.long_term", found.long_term, currency),
        money("explain.realised.short_term", found.short_term, currency),
        line("explain.sale.taken", ZERO + len(outcome.matches), Measure.COUNT),
        line(
            "explain.sale.left",
            ZERO + len(outcome.remaining),
            Measure.COUNT,
            children=_left(outcome.remaining, currency, symbol),
        ),
    )
    notes = [] if question.picked else [f"explain.method.{found.method.value}"]
    if outcome.cost is None:
        notes.append("explain.match.no_cost")
    return explained(
        "explain.sale.{what}",
        "",
        outcome.gain,
        Measure.MONEY,
        steps,
        {"asset": symbol},
        unit=currency,
        notes=tuple(notes),
    )


def _taken(matches: tuple[Match, ...], currency: str, symbol: str) -> tuple[Step, ...]:
    """Return the lots that the sale takes, and of many the last in one line."""
    shown, rest = matches[:LISTED], matches[LISTED:]
    lines = [
        money(
            "explain.cost_basis.lot",
            one.cost,
            currency,
            at=None if one.acquired is None else instant(one.acquired),
            children=(line("explain.holding.quantity", one.quantity, Measure.QUANTITY, symbol),),
        )
        for one in shown
    ]
    if rest:
        cost = _sum([one.cost for one in rest])
        lines.append(money("explain.rest", cost, currency, params={"count": str(len(rest))}))
    return tuple(lines)


def _left(lots: tuple[Lot, ...], currency: str, symbol: str) -> tuple[Step, ...]:
    held = sum((one.quantity for one in lots), ZERO)
    return (
        line("explain.holding.quantity", held, Measure.QUANTITY, symbol),
        money("explain.sale.cost_left", _sum([one.cost for one in lots]), currency),
    )


def _sum(costs: list[Decimal | None]) -> Decimal | None:
    return None if None in costs else sum((one for one in costs if one is not None), ZERO)
