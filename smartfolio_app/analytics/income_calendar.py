"""What was earned, by month and by what earned it: dividends, interest, staking and the like.

Each receipt counts at its market value when it came (``ledger.worth``), its fee included, as it does in the lots and in
the gains report. One whose value is not known is counted, never valued.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, tzinfo
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.instants import instant
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smartfolio_app.ledger.lot_book import LotBook


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt of income. ``of`` is what earned it (the share that paid a dividend), else what was received.

    ``value`` is in the calendar's currency, ``None`` when it is not known; ``day`` is the user's.
    """

    day: date
    kind: str
    of: AssetId
    asset: AssetId
    quantity: Decimal
    value: Decimal | None
    source: str  # source id
    transaction: str  # storage id


@dataclass(slots=True)
class IncomeTotal:
    """What came in: ``value`` of what is known, how often, and how many receipts have no known value."""

    value: Decimal = ZERO
    count: int = 0
    unknown: int = 0
    last: date | None = None
    kinds: set[str] = field(default_factory=set)

    def add(self, row: Receipt) -> None:
        """Take a receipt in."""
        self.count += 1
        self.kinds.add(row.kind)
        self.last = row.day if self.last is None else max(self.last, row.day)
        if row.value is None:
            self.unknown += 1
        else:
            self.value += row.value


@dataclass(frozen=True, slots=True)
class IncomeCalendar:
    """Everything earned, in ``currency``: the receipts by time, and their totals.

    ``months`` is by (year, month), ``assets`` by what earned it, ``kinds`` by the kind of transaction.
    """

    currency: str
    receipts: tuple[Receipt, ...]
    months: dict[tuple[int, int], IncomeTotal]
    years: dict[int, IncomeTotal]
    assets: dict[AssetId, IncomeTotal]
    kinds: dict[str, IncomeTotal]


def receipts(book: LotBook, zone: tzinfo, sources: Iterable[str] | None = None) -> list[Receipt]:
    """Return the receipts of a lot book, by time; ``sources`` (ids) limits them, ``None`` takes all."""
    wanted = None if sources is None else frozenset(sources)
    found = []
    for income in book.incomes:
        row = book.ordered[income.transaction]
        if wanted is None or row.source in wanted:
            day = instant(income.at).astimezone(zone).date()
            of = row.about or income.asset
            found.append(
                Receipt(
                    day, row.kind.value, of, income.asset, income.quantity, income.value, row.source, row.id
                )
            )
    return found


def income_calendar(rows: Iterable[Receipt], currency: str) -> IncomeCalendar:
    """Return the totals of receipts by month, year, asset and kind; the largest assets and kinds first."""
    months: dict[tuple[int, int], IncomeTotal] = {}
    years: dict[int, IncomeTotal] = {}
    assets: dict[AssetId, IncomeTotal] = {}
    kinds: dict[str, IncomeTotal] = {}
    kept = tuple(rows)
    with localcontext(MONEY_CONTEXT):
        for row in kept:
            months.setdefault((row.day.year, row.day.month), IncomeTotal()).add(row)
            years.setdefault(row.day.year, IncomeTotal()).add(row)
            assets.setdefault(row.of, IncomeTotal()).add(row)
            kinds.setdefault(row.kind, IncomeTotal()).add(row)
    return IncomeCalendar(
        currency,
        kept,
        dict(sorted(months.items())),
        dict(sorted(years.items())),
        dict(sorted(assets.items(), key=lambda item: (-item[1].value, item[0]))),
        dict(sorted(kinds.items(), key=lambda item: (-item[1].value, item[0]))),
    )


def dividends(calendar: IncomeCalendar) -> dict[AssetId, IncomeTotal]:
    """Return the dividends alone, by the asset that paid them, the largest first."""
    rows = [row for row in calendar.receipts if row.kind == "dividend"]
    return income_calendar(rows, calendar.currency).assets
