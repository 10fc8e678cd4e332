"""Wealth items as a person reads them: a line each, and one item with its whole history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from smartfolio_app.analytics.drawn_line import Point
from smartfolio_app.ledger.assets import AssetClass
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.reading import write_number
from smartfolio_app.state.timeline import Timeline, build

if TYPE_CHECKING:
    from smartfolio_app.services.items import Item, Valuation

#: The sparkline's own units; the page scales it.
SPARK_WIDTH, SPARK_HEIGHT = 100, 28


@dataclass
class ItemRow:
    """One item in the list. ``base`` is its worth in the view's currency where that is another one; ``figure`` names
    what explains both.
    """

    id: str = ""
    name: str = ""
    kind: str = ""
    kind_text: str = ""
    value: str = ""
    base: str = ""
    as_of: str = ""
    problem: str = ""
    spark: str = ""
    figure: str = ""
    closed: bool = False


@dataclass
class ValuationRow:
    """One dated value; ``day`` and ``amount`` as the form takes them, ``date`` and ``value`` as people read them."""

    day: str = ""
    date: str = ""
    amount: str = ""
    value: str = ""
    figure: str = ""
    note: str = ""


@dataclass
class ItemDetail:
    """One item, opened."""

    id: str = ""
    name: str = ""
    kind: str = ""
    kind_text: str = ""
    currency: str = ""
    value: str = ""
    figure: str = ""
    as_of: str = ""
    note: str = ""
    closed: str = ""
    is_liability: bool = False
    line: Timeline = field(default_factory=Timeline)
    valuations: list[ValuationRow] = field(default_factory=list)


def item_row(item: Item, worth: Mapping[str, Decimal | None], figures: Figures) -> ItemRow:
    """Return an item's line. ``worth`` holds what the portfolio counts, by item id, in the view's currency."""
    current = item.current
    counted = worth.get(item.id)
    foreign = item.currency != figures.currency and current is not None and item.closed_on is None
    return ItemRow(
        id=item.id,
        name=item.name,
        kind=item.kind,
        kind_text=figures.say(f"items_kinds.{item.kind}"),
        value=figures.money(current.value if current else None, item.currency),
        base=figures.money(abs(counted)) if foreign and counted is not None else "",
        as_of=_as_of(item, figures),
        problem=figures.say("items.not_converted", currency=figures.currency)
        if foreign and item.id in worth and counted is None
        else "",
        spark=spark(item.valuations),
        figure=_figure(item, counted is not None),
        closed=item.closed_on is not None,
    )


def item_detail(item: Item, figures: Figures) -> ItemDetail:
    """Return an item with its history, newest value first."""
    current = item.current
    return ItemDetail(
        id=item.id,
        name=item.name,
        kind=item.kind,
        kind_text=figures.say(f"items_kinds.{item.kind}"),
        currency=item.currency,
        value=figures.money(current.value if current else None, item.currency),
        figure=_figure(item, counts=False),
        as_of=_as_of(item, figures),
        note=item.note,
        closed=figures.day(item.closed_on) if item.closed_on else "",
        is_liability=item.is_liability,
        line=_line(item, figures),
        valuations=[_valuation_row(one, item, figures) for one in reversed(item.valuations)],
    )


def spark(valuations: Sequence[Valuation]) -> str:
    """Return the points of a small line, a step at each valuation; empty with fewer than two of them."""
    if len(valuations) < 2:
        return ""
    first, last = valuations[0].day.toordinal(), valuations[-1].day.toordinal()
    values = [one.value for one in valuations]
    low, high = min(values), max(values)
    height = high - low or Decimal(1)
    points: list[tuple[float, float]] = []
    for one in valuations:
        x = (one.day.toordinal() - first) / (last - first) * SPARK_WIDTH
        y = SPARK_HEIGHT / 2 if high == low else float((high - one.value) / height) * SPARK_HEIGHT
        if points:
            points.append((x, points[-1][1]))
        points.append((x, y))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def subtotal(
    items: Sequence[Item], worth: Mapping[str, Decimal | None], *, liabilities: bool
) -> Decimal | None:
    """Return the sum of what the portfolio counts of the assets, or of the debts, as a positive number; ``None`` where
    there are some and nothing is known of any.
    """
    counted = [worth[item.id] for item in items if item.is_liability is liabilities and item.id in worth]
    known = [value for value in counted if value is not None]
    return abs(sum(known, ZERO)) if known or not counted else None


def _figure(item: Item, counts: bool) -> str:
    """Name what explains an item's worth: its holding where that counts with one, else what its owner said."""
    if counts:
        return f"holding:{AssetClass.ITEM.value}:{item.id}"
    return f"item:{item.id}" if item.current is not None else ""


def _line(item: Item, figures: Figures) -> Timeline:
    points = list(_carried(item, figures))
    if len(points) < 2:
        return Timeline()
    line = build(points, None, replace(figures, currency=item.currency))
    return replace(line, figure_of_day=f"item:{item.id}:")


def _valuation_row(one: Valuation, item: Item, figures: Figures) -> ValuationRow:
    return ValuationRow(
        day=one.day.isoformat(),
        date=figures.day(one.day),
        amount="" if figures.privacy else write_number(one.value, figures),
        value=figures.money(one.value, item.currency),
        figure=f"item:{item.id}:{one.day.isoformat()}",
        note=one.note,
    )


def _as_of(item: Item, figures: Figures) -> str:
    if item.closed_on is not None:
        return figures.say("items.closed", date=figures.day(item.closed_on))
    if item.current is None:
        return figures.say("items.history_none")
    return figures.say("items.as_of", date=figures.day(item.current.day))


def _carried(item: Item, figures: Figures) -> Iterator[Point]:
    """Give the item's worth day by day, from its first value until today or its closing: each holds until the next."""
    until = item.closed_on or figures.moment_now().astimezone(ZoneInfo(figures.time_zone)).date()
    for one, following in zip_longest(item.valuations, item.valuations[1:]):
        end = following.day if following is not None else max(until, one.day) + timedelta(days=1)
        for number in range((end - one.day).days):
            day = one.day + timedelta(days=number)
            yield Point(int(datetime.combine(day, time(), UTC).timestamp()), float(one.value), day)
