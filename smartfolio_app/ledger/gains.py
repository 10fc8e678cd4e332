"""The gains report: one row a lot match, totals by year, asset and source, and nothing unknown counted as zero."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.instants import instant
from smartfolio_app.ledger.lots import DisposalKind, Match
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO

if TYPE_CHECKING:
    from datetime import tzinfo

    from smartfolio_app.ledger.lot_book import LotBook

#: Held longer than this many days, a gain is long term (as rp2 has it for the United States).
LONG_AFTER_DAYS = 365


@dataclass(frozen=True, slots=True)
class GainRow:
    """One lot match, ready to be shown. Amounts are in the book's currency, ``None`` where not known.

    ``holding_days`` are whole days from acquisition to disposal (of a short position: from opening to closing).
    ``transaction`` and ``lot`` are storage ids of the two transactions, empty where there is none. ``realised`` is when
    the gain arose: at the disposal, for a short position when it was closed.
    """

    asset: AssetId
    kind: DisposalKind
    quantity: Decimal
    acquired: datetime | None
    disposed: datetime
    realised: datetime
    proceeds: Decimal | None
    cost: Decimal | None
    fees: Decimal
    gain: Decimal | None
    holding_days: int | None
    long_term: bool | None
    source: str
    account: str
    transaction: str
    lot: str


@dataclass(slots=True)
class GainTotal:
    """Sums over the rows whose gain is known; what is not known is counted apart, and never as zero.

    ``unknown`` counts the rows without a known gain, ``unknown_proceeds`` what they brought as far as that is known.
    """

    proceeds: Decimal = ZERO
    cost: Decimal = ZERO
    fees: Decimal = ZERO
    gain: Decimal = ZERO
    long_term: Decimal = ZERO
    short_term: Decimal = ZERO
    income: Decimal = ZERO
    unknown: int = 0
    unknown_proceeds: Decimal = ZERO
    unknown_income: int = 0

    def add(self, row: GainRow) -> None:
        """Take a row in."""
        if row.gain is None or row.proceeds is None or row.cost is None:
            self.unknown += 1
            self.unknown_proceeds += row.proceeds or ZERO
            return
        self.proceeds += row.proceeds
        self.cost += row.cost
        self.fees += row.fees
        self.gain += row.gain
        if row.long_term:
            self.long_term += row.gain
        else:
            self.short_term += row.gain

    def add_income(self, value: Decimal | None) -> None:
        """Take income in."""
        if value is None:
            self.unknown_income += 1
        else:
            self.income += value


@dataclass(frozen=True, slots=True)
class GainsReport:
    """Rows by the time they were realised, and their totals: in all, and per year, asset id and source id."""

    currency: str
    rows: tuple[GainRow, ...]
    total: GainTotal
    by_year: Mapping[int, GainTotal] = field(default_factory=dict)
    by_asset: Mapping[AssetId, GainTotal] = field(default_factory=dict)
    by_source: Mapping[str, GainTotal] = field(default_factory=dict)


def gains_report(
    book: LotBook,
    *,
    first: date | None = None,
    last: date | None = None,
    sources: Iterable[str] | None = None,
    zone: tzinfo = UTC,
    long_after: int = LONG_AFTER_DAYS,
) -> GainsReport:
    """Return what was realised and earned from ``first`` to ``last``, days of ``zone``, both included.

    ``sources`` limits the report to disposals and income in these sources (ids); the lots stay those of everything.
    """
    wanted = None if sources is None else frozenset(sources)
    total = GainTotal()
    by_year: dict[int, GainTotal] = {}
    by_asset: dict[AssetId, GainTotal] = {}
    by_source: dict[str, GainTotal] = {}
    rows: list[GainRow] = []
    with localcontext(MONEY_CONTEXT):
        for row in gain_rows(book, long_after=long_after):
            day = row.realised.astimezone(zone).date()
            if _outside(day, first, last) or (wanted is not None and row.source not in wanted):
                continue
            rows.append(row)
            total.add(row)
            by_year.setdefault(day.year, GainTotal()).add(row)
            by_asset.setdefault(row.asset, GainTotal()).add(row)
            by_source.setdefault(row.source, GainTotal()).add(row)
        for income in book.incomes:
            day = instant(income.at).astimezone(zone).date()
            source = book.ordered[income.transaction].source
            if _outside(day, first, last) or (wanted is not None and source not in wanted):
                continue
            total.add_income(income.value)
            by_year.setdefault(day.year, GainTotal()).add_income(income.value)
            by_asset.setdefault(income.asset, GainTotal()).add_income(income.value)
            by_source.setdefault(source, GainTotal()).add_income(income.value)
    return GainsReport(
        book.currency,
        tuple(rows),
        total,
        dict(sorted(by_year.items())),
        dict(sorted(by_asset.items())),
        dict(sorted(by_source.items())),
    )


def gain_rows(book: LotBook, *, long_after: int = LONG_AFTER_DAYS) -> Iterator[GainRow]:
    """Yield every lot match of the book, by the time it was realised."""
    for match in book.matches():
        yield _row(book, match, long_after)


def _row(book: LotBook, match: Match, long_after: int) -> GainRow:
    disposal = book.ordered[match.disposal]
    acquired = None if match.acquired is None else instant(match.acquired)
    disposed = instant(match.disposed)
    days = None if acquired is None else abs((disposed - acquired).days)
    short = match.kind is DisposalKind.SHORT
    return GainRow(
        asset=match.asset,
        kind=match.kind,
        quantity=match.quantity,
        acquired=acquired,
        disposed=disposed,
        realised=acquired if short and acquired is not None else disposed,
        proceeds=match.proceeds,
        cost=match.cost,
        fees=match.fee,
        gain=match.gain,
        holding_days=days,
        long_term=None if days is None else days > long_after,
        source=disposal.source,
        account=disposal.account,
        transaction=disposal.id,
        lot=book.ordered[match.lot].id if match.lot >= 0 else "",
    )


def _outside(day: date, first: date | None, last: date | None) -> bool:
    return (first is not None and day < first) or (last is not None and day > last)
