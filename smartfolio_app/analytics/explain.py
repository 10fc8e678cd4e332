"""Why this number? Every figure on screen by its formula, its inputs, and where and when each of these was found.

Figures: ``net_worth``, ``category:<category>``, ``change_today``, ``change_today:<asset id>`` and
``change_today:category:<category>``, ``coverage``, ``holding:<asset id>``,
``cost_basis:<asset id>``, ``unrealised:<asset id>``, ``realised:all`` and ``realised:<year>`` (and what may
follow: ``gain_reports``), ``match:<policy>:<match>`` and ``lot:<lot>`` (``ledger.match_names``),
``allocation:<kind>``, ``allocation:<kind>:<key>`` and
``allocation:<kind>:after-<count>`` (what the largest leave; kinds:
``group``, ``class``, ``category``, ``source``, ``location``, ``currency``), ``history:<day>``, and ``price:<asset id>``
with days or without (``explain_price``). An asset id may be followed by one part of it (``parts``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from smartfolio_app.analytics.allocation import (
    by_category,
    by_class,
    by_currency,
    by_group,
    by_location,
    by_source,
    exposure,
)
from smartfolio_app.analytics.clock import local_midnight
from smartfolio_app.analytics.explain_gains import explain_realised
from smartfolio_app.analytics.explain_lots import explain_cost
from smartfolio_app.analytics.explain_match import explain_lot, explain_match, match_asked
from smartfolio_app.analytics.explain_price import explain_price
from smartfolio_app.analytics.explain_steps import (
    holding_line,
    holding_lines,
    line,
    money,
    position_line,
    rate_line,
    transactions_of,
)
from smartfolio_app.analytics.explain_today import explain_change_in, explain_change_of
from smartfolio_app.analytics.gain_reports import GainFigure
from smartfolio_app.analytics.ledger_view import LedgerView
from smartfolio_app.analytics.parts import PLACES, chosen
from smartfolio_app.analytics.portfolio import build
from smartfolio_app.analytics.prices import PriceBook
from smartfolio_app.analytics.results import Explanation, Measure, Portfolio, Step
from smartfolio_app.analytics.scope import Category
from smartfolio_app.errors import NotFoundError
from smartfolio_app.ledger.assets import is_fiat, symbol_of
from smartfolio_app.ledger.gains import US_TERM
from smartfolio_app.ledger.match_names import LotName
from smartfolio_app.ledger.money import ZERO, divide, multiply, plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from smartfolio_app.analytics.results import Breakdown, Holding


#: What a part of an allocation is a part of.
ALL_OF = "explain.allocation.of"


class UnknownFigureError(NotFoundError):
    """There is no figure of that name, or nothing it could be about."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What figures are explained from: the portfolio on screen, and what it was made of."""

    portfolio: Portfolio
    ledger: LedgerView
    prices: PriceBook
    time_zone: str = "UTC"
    method: str = "fifo"
    rule: str = str(US_TERM)

    @property
    def labels(self) -> dict[str, str]:
        """Source key -> label."""
        return {view.key: view.label for view in self.ledger.sources.values()}


def explain(figure: str, subject: Subject) -> Explanation:
    """Return why ``figure`` is what it is.

    Raises:
        UnknownFigureError: there is no such figure, or nothing is held that it could be about.
    """
    name, _, about = figure.partition(":")
    known = FIGURES.get(name)
    if known is None:
        raise UnknownFigureError("explain.unknown_figure", figure=figure)
    found = known(subject, about)
    if found is None:
        raise UnknownFigureError("explain.unknown_figure", figure=figure)
    return replace(found, figure=figure)


def _explanation(
    name: str, amount: Decimal | None, steps: tuple[Step, ...], unit: str, **more: object
) -> Explanation:
    explanation = Explanation(
        figure="",
        title=f"explain.{name}.title",
        formula=f"explain.{name}.formula",
        result="" if amount is None else plain(amount),
        steps=steps,
        amount=amount,
        unit=unit,
    )
    return replace(explanation, **more)  # type: ignore[arg-type]


# ----------------------------------------------------------------------------------------------- totals
def _net_worth(subject: Subject, _about: str) -> Explanation | None:
    whole, currency = subject.portfolio, subject.portfolio.currency
    steps = [
        money("explain.assets", whole.assets, currency),
        money("explain.liabilities", -whole.liabilities, currency),
    ]
    for category in Category:
        mine = [row for row in whole.holdings if row.category is category]
        if mine:
            lines = holding_lines(mine, currency)
            label = f"explain.category.{category.value}"
            steps.append(money(label, whole.by_category[category], currency, children=lines))
    return _explanation(
        "net_worth", whole.total, tuple(steps), currency, notes=_notes(whole), params=_counts(whole)
    )


def _category(subject: Subject, about: str) -> Explanation | None:
    whole = subject.portfolio
    if about not in {category.value for category in Category}:
        return None
    category = Category(about)
    mine = [row for row in whole.holdings if row.category is category]
    value = whole.by_category[category]
    in_short = _in_short(mine, value, whole, both=category is Category.WEALTH)
    steps = (*holding_lines(mine, whole.currency), *in_short)
    return replace(
        _explanation("category", value, steps, whole.currency),
        title=f"explain.category.{about}",
        notes=_notes(whole),
        params=_counts(whole),
    )


def _in_short(
    mine: list[Holding], value: Decimal | None, whole: Portfolio, *, both: bool
) -> tuple[Step, ...]:
    """What a tile says besides: how many there are, what part of the net worth, what is owed (``both`` sides in any
    case where these stand apart).
    """
    owed = -sum((row.value for row in mine if row.value is not None and row.value < 0), ZERO)
    owned = sum((row.value for row in mine if row.value is not None and row.value > 0), ZERO)
    of_all = divide(value, whole.total) if value is not None and whole.total and whole.total > 0 else None
    return (
        line("explain.category.count", _number(len(mine)), Measure.COUNT),
        line("explain.category.of_net_worth", of_all, Measure.SHARE),
        *(
            (
                money("explain.assets", owned, whole.currency),
                money("explain.liabilities", -owed, whole.currency),
            )
            if owed or both
            else ()
        ),
    )


def _coverage(subject: Subject, _about: str) -> Explanation | None:
    whole = subject.portfolio
    unpriced = [row for row in whole.holdings if row.price is None]
    stale = [row for row in whole.holdings if row.stale]
    steps = (
        line("explain.coverage.priced", _number(whole.coverage.priced), Measure.COUNT),
        line("explain.coverage.total", _number(whole.coverage.total), Measure.COUNT),
        line(
            "explain.coverage.unpriced",
            _number(len(unpriced)),
            Measure.COUNT,
            children=tuple(holding_line(row, whole.currency) for row in unpriced),
        ),
        line(
            "explain.coverage.stale",
            _number(len(stale)),
            Measure.COUNT,
            children=tuple(holding_line(row, whole.currency) for row in stale),
        ),
    )
    return _explanation("coverage", whole.coverage.share, steps, "", measure=Measure.SHARE)


def portfolio_then(subject: Subject, about: str) -> Portfolio | None:
    """Return the portfolio at the end of a day (now, if that is not over); ``None`` when it names no day."""
    try:
        day = date.fromisoformat(about)
        if day.year == date.min.year:  # "then" of a day begins the day before
            return None
        end = local_midnight(day + timedelta(days=1), ZoneInfo(subject.time_zone)) - timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None
    whole = subject.portfolio
    return build(
        subject.ledger,
        subject.prices,
        whole.scope,
        whole.currency,
        min(end, whole.at),
        time_zone=subject.time_zone,
        method=subject.method,
    )


def _history(subject: Subject, about: str) -> Explanation | None:
    then = portfolio_then(subject, about)
    if then is None:
        return None
    found = _net_worth(replace(subject, portfolio=then), "")
    if found is None:
        return None
    return replace(
        found,
        title="explain.history.title",
        formula="explain.history.formula",
        params={**found.params, "day": about},
    )


# ----------------------------------------------------------------------------------------------- change
def _change(subject: Subject, about: str) -> Explanation | None:
    whole = subject.portfolio
    if about:
        return _change_of(whole, about)
    change, currency = whole.change, whole.currency
    if change.total is None:
        return _explanation("change_today", None, (), currency, notes=(change.reason,))
    moved = sorted(
        (row for row in whole.holdings if row.change_today), key=lambda row: -abs(row.change_today or ZERO)
    )
    lines = tuple(
        money(
            row.asset.name or row.asset.symbol, row.change_today, currency, link=transactions_of(row.asset.id)
        )
        for row in moved[:12]
    )
    now = None if change.value_then is None else change.value_then + change.total
    steps = (
        money("explain.change_today.then", change.value_then, currency, at=change.since),
        money("explain.change_today.now", now, currency, at=whole.at),
        money("explain.change_today.market", change.market, currency, children=lines),
        money("explain.change_today.income", change.income, currency),
        money("explain.change_today.fees", -(change.fees or ZERO), currency),
        money("explain.change_today.deposits", change.deposits, currency),
        money("explain.change_today.withdrawals", -(change.withdrawals or ZERO), currency),
        money("explain.change_today.purchases", change.purchases, currency),
        line("explain.change_today.pct", change.pct, Measure.FINE_SHARE),
        *(
            [line("explain.change_today.left_out", _number(len(change.uncovered)), Measure.COUNT)]
            if change.uncovered
            else []
        ),
    )
    notes = [
        f"explain.anchor.{change.anchor}",
        *(["explain.change_today.uncovered"] if change.uncovered else []),
    ]
    params = {"assets": ", ".join(subject.ledger.asset(asset).symbol for asset in change.uncovered)}
    return _explanation("change_today", change.gain, steps, currency, notes=tuple(notes), params=params)


def _change_of(whole: Portfolio, about: str) -> Explanation | None:
    kind, _, name = about.partition(":")
    if kind == "category":
        known = {category.value: category for category in Category}
        found = explain_change_in(whole, known[name]) if name in known else None
        title = {"title": f"explain.category.{name}", "formula": "explain.change_of.formula"}
    else:
        found, title = explain_change_of(whole, about), {}
    if found is None:
        return None
    gain, steps, notes, params = found
    return _explanation("change_of", gain, steps, whole.currency, notes=notes, params=params, **title)


# ------------------------------------------------------------------------------------------- one holding
def _holding(subject: Subject, about: str) -> Explanation | None:
    whole = subject.portfolio
    mine = chosen(whole, about)
    if not mine:
        return None
    first = mine[0]
    held = sum((row.quantity for row in mine), ZERO)
    places = tuple(
        replace(position_line(place, subject.labels), children=_worth_of(place.quantity, row, held, whole))
        for row in mine
        for place in row.positions
    )
    steps = [line("explain.holding.quantity", held, Measure.QUANTITY, first.asset.symbol, children=places)]
    if first.price is not None:
        rates = tuple(rate_line(rate) for rate in first.price.path)
        at = first.price.at
        steps.append(
            line(
                "explain.holding.price",
                first.price.value,
                Measure.PRICE,
                whole.currency,
                at=at,
                children=rates,
            )
        )
    values = [row.value for row in mine if row.value is not None]
    shares = [row.share for row in mine if row.share is not None]
    if shares:
        steps.append(line("explain.holding.share", sum(shares, ZERO), Measure.SHARE))
    notes = [first.reason] if first.reason else []
    if first.stale:
        notes.append("explain.stale_price")
    return _explanation(
        "holding",
        sum(values, ZERO) if values else None,
        tuple(steps),
        whole.currency,
        notes=tuple(notes),
        params={"asset": first.asset.name or first.asset.symbol},
    )


def _worth_of(quantity: Decimal, row: Holding, held: Decimal, whole: Portfolio) -> tuple[Step, ...]:
    """What lies in one of several places is worth, and which part of the asset it is."""
    if row.price is None or quantity == held:
        return ()
    return (
        money("explain.holding.worth", multiply(quantity, row.price.value), whole.currency),
        line("explain.holding.part", divide(quantity, held) if held else None, Measure.SHARE),
    )


def _price(subject: Subject, about: str) -> Explanation | None:
    return explain_price(about, subject.portfolio, subject.prices, subject.ledger)


def _cost_basis(subject: Subject, about: str) -> Explanation | None:
    mine = chosen(subject.portfolio, about)
    if not mine:
        return None
    asset = mine[0].asset.id
    costs = [row.cost_basis for row in mine]
    total = None if None in costs else sum((cost for cost in costs if cost is not None), ZERO)
    if is_fiat(asset):
        lines, notes = _money_held(subject, asset, mine)
    else:
        lines, notes = explain_cost(subject.ledger, subject.prices, subject.portfolio, asset, subject.method)
    held = sum((row.quantity for row in mine), ZERO)
    if total is not None and held and not is_fiat(asset):
        average = line(
            "explain.cost_basis.average", divide(total, held), Measure.PRICE, subject.portfolio.currency
        )
        lines = (average, *lines)
    return _explanation(
        "cost_basis",
        total,
        lines,
        subject.portfolio.currency,
        notes=notes,
        params={"asset": mine[0].asset.name or mine[0].asset.symbol},
    )


def _money_held(
    subject: Subject, about: str, mine: list[Holding]
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """Return where the money is, at which rate it counts, and a note: money has no lots."""
    held = sum((row.quantity for row in mine), ZERO)
    places = tuple(position_line(place, subject.labels) for row in mine for place in row.positions)
    steps = [line("explain.holding.quantity", held, Measure.MONEY, symbol_of(about), children=places)]
    if mine[0].price is not None:
        steps += [rate_line(rate) for rate in mine[0].price.path]
    own = symbol_of(about) == subject.portfolio.currency
    return tuple(steps), ("explain.cost_basis.own_money" if own else "explain.cost_basis.other_money",)


def _realised(subject: Subject, about: str) -> Explanation | None:
    asked = GainFigure.parse(about, subject.method, subject.rule)
    view = (subject.portfolio.currency, subject.portfolio.scope, ZoneInfo(subject.time_zone))
    return None if asked is None else explain_realised(subject.ledger, subject.prices, view, asked)


def _match(subject: Subject, about: str) -> Explanation | None:
    asked, zone = match_asked(about, subject.method), ZoneInfo(subject.time_zone)
    if asked is None:
        return None
    return explain_match(subject.ledger, subject.prices, asked, subject.portfolio.currency, zone)


def _lot(subject: Subject, about: str) -> Explanation | None:
    name = LotName.parse(about)
    if name is None:
        return None
    whole, zone = subject.portfolio, ZoneInfo(subject.time_zone)
    view = (whole.currency, zone)
    return explain_lot(subject.ledger, subject.prices, name, subject.method, view, whole.at)


def _unrealised(subject: Subject, about: str) -> Explanation | None:
    cost, value = _cost_basis(subject, about), _holding(subject, about)
    if cost is None or value is None:
        return None
    currency = subject.portfolio.currency
    gain = None if cost.amount is None or value.amount is None else value.amount - cost.amount
    rate = None if gain is None or not cost.amount else divide(gain, cost.amount)
    steps = (
        money("explain.unrealised.value", value.amount, currency, children=value.steps),
        money("explain.unrealised.cost", cost.amount, currency, children=cost.steps),
        line("explain.unrealised.rate", rate, Measure.SHARE),
    )
    return _explanation(
        "unrealised", gain, steps, currency, notes=(*value.notes, *cost.notes), params=cost.params
    )


# -------------------------------------------------------------------------------------------- allocation
def _allocation(subject: Subject, about: str) -> Explanation | None:
    kind, _, key = about.partition(":")
    whole = subject.portfolio
    slices: dict[str, Callable[[], list[Breakdown]]] = {
        "group": lambda: by_group(whole),
        "class": lambda: by_class(whole),
        "category": lambda: by_category(whole),
        "source": lambda: by_source(whole, subject.labels),
        "location": lambda: by_location(whole),
        "currency": lambda: by_currency(whole),
    }
    if kind not in slices:
        return None
    parts = slices[kind]()
    total = sum((part.value for part in parts if part.value > 0), ZERO)
    params = {"kind": kind}
    if not key:
        steps = tuple(money(part.label, part.value, whole.currency) for part in parts)
        return _explanation("allocation", total, steps, whole.currency, params=params)
    after = rest_of(key)
    if after is not None:
        return _rest(parts, after, total, whole.currency, params)
    part = next((part for part in parts if part.key == key), None)
    if part is None:
        return None
    mine = holding_lines([row for row in whole.holdings if belongs(row, kind, key)], whole.currency)
    share = line("explain.allocation.share", divide(part.value, total) if total else None, Measure.SHARE)
    steps = (
        money(part.label, part.value, whole.currency, children=mine),
        money(ALL_OF, total, whole.currency),
        share,
    )
    return replace(
        _explanation("allocation", part.value, steps, whole.currency, params=params), title=part.label
    )


def rest_of(key: str) -> int | None:
    """Return after how many of the largest parts the rest of an allocation begins, ``None`` for any other key."""
    name, _, count = key.partition("-")
    return (
        int(count) if name == "after" and count.isascii() and count.isdecimal() and len(count) < 4 else None
    )


def _rest(
    parts: list[Breakdown], after: int, total: Decimal, currency: str, params: dict[str, str]
) -> Explanation | None:
    """Return why the parts after the largest ones come to what they do together."""
    ordered = sorted((part for part in parts if part.value > 0), key=lambda part: -part.value)
    rest = ordered[after:]
    if not rest:
        return None
    worth = sum((part.value for part in rest), ZERO)
    steps = (
        *(money(part.label, part.value, currency) for part in rest),
        money(ALL_OF, total, currency),
        line("explain.allocation.share", divide(worth, total), Measure.SHARE),
    )
    return _explanation("allocation_rest", worth, steps, currency, params=params)


def belongs(holding: Holding, kind: str, key: str) -> bool:
    """Tell whether a holding is in a slice of an allocation."""
    if kind in PLACES:
        return any(getattr(place, PLACES[kind]) == key for place in holding.positions)
    own = {
        "group": holding.group,
        "class": holding.asset.asset_class.value,
        "category": holding.category.value,
        "currency": exposure(holding),
    }
    return own[kind] == key


# ------------------------------------------------------------------------------------------------ helpers
def _counts(whole: Portfolio) -> dict[str, str]:
    coverage = whole.coverage
    return {"unpriced": str(coverage.total - coverage.priced), "stale": str(coverage.stale)}


def _notes(whole: Portfolio) -> tuple[str, ...]:
    coverage = whole.coverage
    notes = []
    if coverage.priced < coverage.total:
        notes.append("explain.note.unpriced")
    if coverage.stale:
        notes.append("explain.note.stale")
    return tuple(notes)


def _number(count: int) -> Decimal:
    return ZERO + count


FIGURES: dict[str, Callable[[Subject, str], Explanation | None]] = {
    "net_worth": _net_worth,
    "category": _category,
    "coverage": _coverage,
    "history": _history,
    "change_today": _change,
    "holding": _holding,
    "price": _price,
    "cost_basis": _cost_basis,
    "unrealised": _unrealised,
    "realised": _realised,
    "match": _match,
    "lot": _lot,
    "allocation": _allocation,
}
