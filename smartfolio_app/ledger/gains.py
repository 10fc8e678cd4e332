"""The gains report: one row a lot match, totals by year, asset and source, and nothing unknown counted as zero."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, localcontext
from heapq import nlargest
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.instants import DAY_US, Microseconds, instant, micros
from smartfolio_app.ledger.lots import DisposalKind
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO

if TYPE_CHECKING:
    from datetime import tzinfo

    from smartfolio_app.ledger.lot_book import LotBook


@dataclass(frozen=True, slots=True)
class TermRule:
    """From when on a gain is long term: held for more than so many ``days``, or past its ``years``-th anniversary.

    With neither there is no such thing. As text (``str`` and ``parse``): ``365d``, ``1y``, ``none``. The default is
    more than 365 days, as rp2 has it for the United States; Germany's is ``1y``.
    """

    days: int = 0
    years: int = 0

    @classmethod
    def parse(cls, text: str) -> TermRule:
        """Return the rule that a text names (a bare number counts days); raise ``ValueError`` when it names none."""
        wanted = text.strip().lower()
        if wanted == "none":
            return cls()
        number, unit = (wanted[:-1], wanted[-1]) if wanted[-1:] in ("d", "y") else (wanted, "d")
        if not (number.isascii() and number.isdecimal()) or not 0 < int(number) <= _LONGEST[unit]:
            raise ValueError(f"no such rule: {text!r}")
        return cls(days=int(number)) if unit == "d" else cls(years=int(number))

    def __str__(self) -> str:
        if self.years:
            return f"{self.years}y"
        return f"{self.days}d" if self.days else "none"

    def is_long(self, acquired: datetime | None, disposed: datetime) -> bool | None:
        """Tell whether a holding was long; ``None`` when its start is not known, or the rule makes no difference."""
        if acquired is None or not (self.days or self.years):
            return None
        first, last = min(acquired, disposed), max(acquired, disposed)
        if self.days:
            return (last - first).days > self.days
        return last.date() > _anniversary(first.date(), self.years)


_FOREVER = 2**62
_LONGEST = {"d": 36_600, "y": 100}
US_TERM = TermRule(days=365)


def _anniversary(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year + years, month=3, day=1)


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
    ``long_term`` and ``short_term`` add up to ``gain`` where the rule tells them apart.
    """

    proceeds: Decimal = ZERO
    cost: Decimal = ZERO
    fees: Decimal = ZERO
    gain: Decimal = ZERO
    long_term: Decimal = ZERO
    short_term: Decimal = ZERO
    income: Decimal = ZERO
    count: int = 0
    unknown: int = 0
    unknown_proceeds: Decimal = ZERO
    unknown_income: int = 0

    def add(self, other: GainTotal) -> None:
        """Take the sums of other rows in."""
        self.proceeds += other.proceeds
        self.cost += other.cost
        self.fees += other.fees
        self.gain += other.gain
        self.long_term += other.long_term
        self.short_term += other.short_term
        self.income += other.income
        self.count += other.count
        self.unknown += other.unknown
        self.unknown_proceeds += other.unknown_proceeds
        self.unknown_income += other.unknown_income


class GainRows(Sequence[GainRow]):
    """The lot matches of a report, made into rows when they are looked at: a long ledger has a hundred thousand.

    Kept are their numbers alone, because the garbage collector would walk over every record of a match again and again,
    and hold up everybody else meanwhile.
    """

    def __init__(self, book: LotBook, numbers: Sequence[int], rule: TermRule) -> None:
        self._book = book
        self._numbers = numbers
        self._rule = rule
        self._shared: tuple[int, list[_Part]] = (-1, [])  # those of the disposal that was looked at last

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, number: int) -> GainRow: ...

    @overload
    def __getitem__(self, number: slice) -> GainRows: ...

    def __getitem__(self, number: int | slice) -> GainRow | GainRows:
        if isinstance(number, slice):
            return GainRows(self._book, self._numbers[number], self._rule)
        return _row(self._book, self._part(self._numbers[number]), self._rule)

    def of(self, book: LotBook | None) -> GainRows:
        """Return the same rows of a book; of ``None``, to keep them without holding the book (they cannot be read)."""
        return GainRows(book, self._numbers, self._rule)  # type: ignore[arg-type]

    def place(self, number: int) -> int:
        """Return how many matches of a row's asset come before it in the transaction that realised it."""
        disposal, place = divmod(self._numbers[number], _PLACES)
        engine = self._book.engine
        sold, earlier = engine.disposals, disposal
        while earlier and sold.transaction[earlier - 1] == sold.transaction[disposal]:
            earlier -= 1
            if sold.asset[earlier] == sold.asset[disposal]:
                place += sold.first[earlier + 1] - sold.first[earlier]
        return place

    def of_asset(self, asset: AssetId) -> GainRows:
        """Return those of one asset."""
        sold = self._book.engine.disposals.asset
        mine = array("q", (number for number in self._numbers if sold[number // _PLACES] == asset))
        return GainRows(self._book, mine, self._rule)

    def unknown(self) -> GainRows:
        """Return those without a known gain."""
        missing = array("q")
        for number in self._numbers:
            part = self._part(number)
            if part.cost is None or part.proceeds is None:
                missing.append(number)
        return GainRows(self._book, missing, self._rule)

    def ordered(self, by: str, *, descending: bool) -> GainRows:
        """Return them by ``realised``, ``gain``, ``proceeds`` or ``quantity``; what is not known comes last."""
        key = _ORDERS[by]
        values = [(key(self._part(number)), number) for number in self._numbers]
        known = [pair for pair in values if pair[0] is not None]
        known.sort(key=itemgetter(0), reverse=descending)
        missing = [number for value, number in values if value is None]
        return GainRows(self._book, array("q", [*(number for _, number in known), *missing]), self._rule)

    def largest(self, count: int) -> GainRows:
        """Return those that gained or lost most, at most ``count``; those without a known gain are left out."""
        with localcontext(MONEY_CONTEXT):
            gains = ((_ORDERS["gain"](self._part(number)), number) for number in self._numbers)
            sizes = [(abs(gain), number) for gain, number in gains if gain is not None]
        chosen = nlargest(count, sizes, key=itemgetter(0))
        return GainRows(self._book, array("q", [number for _, number in chosen]), self._rule)

    def _part(self, number: int) -> _Part:
        disposal, place = divmod(number, _PLACES)
        if _is_simple(self._book, disposal):
            return _whole(self._book, disposal)
        kept, parts = self._shared
        if kept != disposal:
            parts = _shared_out(self._book, disposal)
            self._shared = (disposal, parts)
        return parts[place]


@dataclass(frozen=True, slots=True)
class GainsReport:
    """Rows by the time they were realised, and their totals: in all, and per year, asset id and source id."""

    currency: str
    rows: GainRows
    total: GainTotal
    by_year: Mapping[int, GainTotal] = field(default_factory=dict)
    by_asset: Mapping[AssetId, GainTotal] = field(default_factory=dict)
    by_source: Mapping[str, GainTotal] = field(default_factory=dict)


#: A lot match is known by the number of its disposal, times this, and its place among the disposal's matches.
_PLACES = 1 << 24


class _Part(NamedTuple):
    """One lot match in numbers: instants in µs, ``bought`` and ``sold`` the indices of the transactions behind it."""

    asset: AssetId
    kind: DisposalKind
    quantity: Decimal
    proceeds: Decimal | None
    cost: Decimal | None
    fee: Decimal
    acquired: Microseconds | None
    disposed: Microseconds
    realised: Microseconds
    bought: int
    sold: int


_ORDERS: dict[str, Callable[[_Part], Any]] = {
    "realised": lambda part: part.realised,
    "gain": lambda part: None if part.proceeds is None or part.cost is None else part.proceeds - part.cost,
    "proceeds": lambda part: part.proceeds,
    "quantity": lambda part: part.quantity,
}


def gains_report(
    book: LotBook,
    *,
    first: date | None = None,
    last: date | None = None,
    sources: Iterable[str] | None = None,
    zone: tzinfo = UTC,
    rule: TermRule = US_TERM,
) -> GainsReport:
    """Return what was realised and earned from ``first`` to ``last``, days of ``zone``, both included.

    ``sources`` limits the report to disposals and income in these sources (ids); the lots stay those of everything.
    """
    wanted = None if sources is None else frozenset(sources)
    begin = -_FOREVER if first is None else micros(_midnight(first, zone))
    end = _FOREVER if last is None else micros(_midnight(last + timedelta(days=1), zone))
    years = _Years(zone)
    leaves: dict[tuple[int, AssetId, str], GainTotal] = {}
    numbers = array("q")
    ordered = book.ordered
    with localcontext(MONEY_CONTEXT):
        for number, part in _parts(book):
            source = ordered[part.sold].source
            if not begin <= part.realised < end or (wanted is not None and source not in wanted):
                continue
            numbers.append(number)
            key = (years.of(part.realised), part.asset, source)
            leaf = leaves.get(key)
            if leaf is None:
                leaf = leaves[key] = GainTotal()
            _count(leaf, part, rule)
        for income in book.incomes:
            source = ordered[income.transaction].source
            if not begin <= income.at < end or (wanted is not None and source not in wanted):
                continue
            leaf = leaves.setdefault((years.of(income.at), income.asset, source), GainTotal())
            if income.value is None:
                leaf.unknown_income += 1
            else:
                leaf.income += income.value
        return _summed_up(book, GainRows(book, numbers, rule), leaves)


def _summed_up(
    book: LotBook, rows: GainRows, leaves: Mapping[tuple[int, AssetId, str], GainTotal]
) -> GainsReport:
    total = GainTotal()
    by_year: dict[int, GainTotal] = {}
    by_asset: dict[AssetId, GainTotal] = {}
    by_source: dict[str, GainTotal] = {}
    for (year, asset, source), leaf in leaves.items():
        leaf.gain = leaf.proceeds - leaf.cost
        for one in (
            total,
            by_year.setdefault(year, GainTotal()),
            by_asset.setdefault(asset, GainTotal()),
            by_source.setdefault(source, GainTotal()),
        ):
            one.add(leaf)
    return GainsReport(
        book.currency,
        rows,
        total,
        dict(sorted(by_year.items())),
        dict(sorted(by_asset.items())),
        dict(sorted(by_source.items())),
    )


def _count(leaf: GainTotal, part: _Part, rule: TermRule) -> None:
    leaf.count += 1
    proceeds, cost = part.proceeds, part.cost
    if proceeds is None or cost is None:
        leaf.unknown += 1
        leaf.unknown_proceeds += proceeds or ZERO
        return
    leaf.proceeds += proceeds
    leaf.cost += cost
    leaf.fees += part.fee
    long = _is_long(part, rule)
    if long:
        leaf.long_term += proceeds - cost
    elif long is False:
        leaf.short_term += proceeds - cost


def _is_long(part: _Part, rule: TermRule) -> bool | None:
    if part.acquired is None:
        return None
    if rule.days:  # by far the most usual rule, without making dates
        return abs(part.disposed - part.acquired) // DAY_US > rule.days
    return rule.is_long(instant(part.acquired), instant(part.disposed))


def gain_rows(book: LotBook, *, rule: TermRule = US_TERM) -> Iterator[GainRow]:
    """Yield every lot match of the book, by the time it was realised."""
    with localcontext(MONEY_CONTEXT):
        yield from (_row(book, part, rule) for _, part in _parts(book))


def _parts(book: LotBook) -> Iterator[tuple[int, _Part]]:
    """Yield the lot matches with their numbers, as ``LotBook.matches`` does, without making dates of them."""
    for disposal in range(len(book.engine.disposals)):
        number = disposal * _PLACES
        if _is_simple(book, disposal):
            yield number, _whole(book, disposal)
        else:
            yield from enumerate(_shared_out(book, disposal), number)


def _is_simple(book: LotBook, disposal: int) -> bool:
    """Tell whether a disposal took from one lot alone."""
    sold, after = book.engine.disposals, disposal + 1
    end = sold.first[after] if after < len(sold) else len(book.engine.matches.lot)
    return end - sold.first[disposal] == 1 and disposal not in sold.short


def _whole(book: LotBook, disposal: int) -> _Part:
    """Return the one match of a simple disposal."""
    engine = book.engine
    columns, lots, sold = engine.matches, engine.lots, engine.disposals
    match = sold.first[disposal]
    lot, transaction = columns.lot[match], sold.transaction[disposal]
    at = micros(book.ordered[transaction].at)
    return _Part(
        sold.asset[disposal],
        sold.kind[disposal],
        sold.quantity[disposal],
        sold.proceeds[disposal],
        columns.cost[match],
        sold.fee[disposal],
        lots.acquired[lot] if lot >= 0 else None,
        at,
        at,
        lots.origin[lot] if lot >= 0 else -1,
        transaction,
    )


def _shared_out(book: LotBook, disposal: int) -> list[_Part]:
    """Return the matches of a disposal that took from several lots, or closed a short position."""
    return [
        _Part(
            match.asset,
            match.kind,
            match.quantity,
            match.proceeds,
            match.cost,
            match.fee,
            match.acquired,
            match.disposed,
            match.acquired
            if match.kind is DisposalKind.SHORT and match.acquired is not None
            else match.disposed,
            match.lot,
            match.disposal,
        )
        for match in book.matches([book.engine.disposals[disposal]])
    ]


def _row(book: LotBook, part: _Part, rule: TermRule) -> GainRow:
    disposal = book.ordered[part.sold]
    acquired = None if part.acquired is None else instant(part.acquired)
    disposed = instant(part.disposed)
    with localcontext(MONEY_CONTEXT):
        gain = None if part.proceeds is None or part.cost is None else part.proceeds - part.cost
    return GainRow(
        asset=part.asset,
        kind=part.kind,
        quantity=part.quantity,
        acquired=acquired,
        disposed=disposed,
        realised=instant(part.realised),
        proceeds=part.proceeds,
        cost=part.cost,
        fees=part.fee,
        gain=gain,
        holding_days=None if acquired is None else abs((disposed - acquired).days),
        long_term=rule.is_long(acquired, disposed),
        source=disposal.source,
        account=disposal.account,
        transaction=disposal.id,
        lot=book.ordered[part.bought].id if part.bought >= 0 else "",
    )


class _Years:
    """Which year of a zone an instant lies in; years begin at the zone's own midnight."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._begin, self._end, self._year = 0, 0, 0

    def of(self, at: Microseconds) -> int:
        """Return the year; cheap for instants in ascending order."""
        if not self._begin <= at < self._end:
            self._year = instant(at).astimezone(self._zone).year
            self._begin = micros(_midnight(date(self._year, 1, 1), self._zone))
            self._end = micros(_midnight(date(self._year + 1, 1, 1), self._zone))
        return self._year


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)
