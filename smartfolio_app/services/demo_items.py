"""The sample household's wealth items: a flat and its mortgage, accounts, a car, a pension, some gold, a loan."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from smartfolio_app.services.demo_market import SEED, DemoMarket

GOLD = "stock:IE00B4ND3602"


@dataclass(frozen=True, slots=True)
class DemoItem:
    """A wealth item with its dated valuations (never negative: the kind says asset or liability)."""

    kind: str
    name: str
    currency: str
    valuations: tuple[tuple[date, Decimal], ...]
    note: str = ""
    closed_on: date | None = None


def items(market: DemoMarket, first: date, today: date) -> list[DemoItem]:
    """Return the items as valued from ``first`` to ``today``."""
    months = list(_months(first, today))
    years = [day for index, day in enumerate(months) if index % 12 == 0]
    quarters = [day for index, day in enumerate(months) if index % 3 == 0]
    return [
        DemoItem(
            "real_estate",
            "Flat, Lindenstrasse 8",
            "EUR",
            tuple((day, _round(382_000 * 1.021**year, 1000)) for year, day in enumerate(years)),
            "Valued once a year from sales nearby",
        ),
        DemoItem("mortgage", "Mortgage, fixed to 2034", "EUR", tuple(_mortgage(months))),
        DemoItem("bank_account", "Current account", "EUR", tuple(_current_account(months))),
        DemoItem(
            "savings",
            "Savings account",
            "EUR",
            tuple((day, _round(9_500 + 185 * index + 4.1 * index, 1)) for index, day in enumerate(months)),
        ),
        DemoItem(
            "vehicle",
            "Car",
            "EUR",
            tuple((day, _round(23_800 * 0.955**index, 50)) for index, day in enumerate(quarters)),
        ),
        DemoItem(
            "pension",
            "Pension plan",
            "EUR",
            tuple(
                (day, _round(31_000 * 1.0115**index + 620 * index, 10)) for index, day in enumerate(quarters)
            ),
        ),
        DemoItem(
            "precious_metal",
            "Gold coins, 4 oz",
            "EUR",
            tuple((day, (market.price(GOLD, day) * 4 * 32).quantize(Decimal(1))) for day in months),
        ),
        _kitchen_loan(months),
        DemoItem("cash", "Travel money", "CHF", ((months[-1], Decimal(640)),)),
    ]


def _mortgage(months: list[date]) -> Iterator[tuple[date, Decimal]]:
    """An annuity: 2.1 % a year, 1,180 EUR a month."""
    owed = Decimal(246_300)
    for day in months:
        yield day, owed.quantize(Decimal("0.01"))
        owed = owed * (1 + Decimal("0.021") / 12) - 1180


def _kitchen_loan(months: list[date]) -> DemoItem:
    """300 EUR a month until nothing is owed; then it is closed."""
    owed = [(day, Decimal(9_600 - 300 * index)) for index, day in enumerate(months) if index <= 32]
    paid_off = next((day for day, value in owed if value == 0), None)
    left = tuple((day, value) for day, value in owed if value)
    return DemoItem("loan", "Kitchen loan", "EUR", left, closed_on=paid_off)


def _current_account(months: list[date]) -> Iterator[tuple[date, Decimal]]:
    for day in months:
        luck = random.Random(f"{SEED}:account:{day}")
        yield day, Decimal(f"{3900 + luck.gauss(0, 650):.2f}")


def _months(first: date, today: date) -> Iterator[date]:
    day = first
    while day <= today:
        yield day
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _round(value: float, step: int) -> Decimal:
    return Decimal(round(value / step) * step)
