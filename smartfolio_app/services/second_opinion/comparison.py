"""Ours beside theirs: equal to the cent, or the first difference, and what was not compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, localcontext
from enum import StrEnum

from smartfolio_app.ledger.assets import AssetId, is_fiat
from smartfolio_app.ledger.lot_book import LotBook
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO
from smartfolio_app.services.second_opinion.engine import SMALLEST, EngineRefusedError, TheirMatch
from smartfolio_app.services.second_opinion.events import Cut, Event, Limit, Told, Way

#: Half a cent: what is closer than that is the same amount of money.
HALF_A_CENT = Decimal("0.005")
#: Parts of rounding to 18 and to 13 decimals; nothing that could be sold.
_DUST = SMALLEST * 10


class What(StrEnum):
    """What differs."""

    LOT = "lot"  # another lot, or another quantity of it
    PROCEEDS = "proceeds"
    COST = "cost"
    INCOME = "income"


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the two first disagree: a lot match (``lot`` may be -1: from nowhere) or an income, with both figures.

    ``None`` is not known: a figure that only one side knows is a difference too.
    """

    what: What
    asset: AssetId
    disposal: int
    lot: int
    quantity: Decimal
    ours: Decimal | None
    theirs: Decimal | None
    disposed: datetime | None = None
    acquired: datetime | None = None
    disposal_id: str = ""
    lot_id: str = ""


@dataclass(slots=True)
class Sums:
    """What was compared, and came to what on either side. Amounts are those that both know."""

    matches: int = 0
    incomes: int = 0
    unknown: int = 0  # compared by lot and quantity alone: cost or proceeds are not known
    differing: int = 0
    gain_ours: Decimal = ZERO
    gain_theirs: Decimal = ZERO
    income_ours: Decimal = ZERO
    income_theirs: Decimal = ZERO

    def add(self, other: Sums) -> None:
        """Take another asset's in."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An asset that is not compared from an event on: why, how many of our matches and incomes that leaves out."""

    asset: AssetId
    limit: Limit
    reason: str
    transaction: int
    matches: int
    since: datetime | None = None


@dataclass(slots=True)
class Compared:
    """The outcome: sums by asset, the first difference, what was left out."""

    by_asset: dict[AssetId, Sums] = field(default_factory=dict)
    first: Difference | None = None
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def total(self) -> Sums:
        """Everything together."""
        total = Sums()
        for one in self.by_asset.values():
            total.add(one)
        return total


@dataclass(slots=True)
class _Part:
    """What one engine says of one lot match. ``None`` is not known; ``beyond`` what rp2 has no way to be told."""

    quantity: Decimal = ZERO
    proceeds: Decimal | None = ZERO
    cost: Decimal | None = ZERO
    beyond: bool = False

    def add(self, quantity: Decimal, proceeds: Decimal | None, cost: Decimal | None) -> None:
        self.quantity += quantity
        self.proceeds = _sum(self.proceeds, proceeds)
        self.cost = _sum(self.cost, cost)


@dataclass(slots=True)
class _Side:
    """One engine's account of one asset: matches by (disposal, lot) and incomes, both by transaction."""

    matches: dict[tuple[int, int], _Part] = field(default_factory=dict)
    incomes: dict[int, _Part] = field(default_factory=dict)


def compare(
    book: LotBook,
    told: Told,
    theirs: Mapping[AssetId, Sequence[TheirMatch] | EngineRefusedError],
    within: tuple[datetime | None, datetime | None] = (None, None),
) -> Compared:
    """Return how our book and their matches agree on what was realised ``within`` (from, until)."""
    found = Compared()
    firsts: list[Difference] = []
    wanted = _wanted(book, within)
    with localcontext(MONEY_CONTEXT):
        ours = _ours(book)
        for asset in sorted({*ours, *told.events, *told.cuts}):
            answer, mine = theirs.get(asset, ()), ours.get(asset, _Side())
            cut = told.cuts.get(asset)
            if isinstance(answer, EngineRefusedError):
                cut, answer = Cut(Limit.REFUSED, 0, str(answer.params["reason"])), ()
            until = len(book.ordered) if cut is None else cut.transaction
            other = _theirs(told.events.get(asset, []), answer)
            sums, first = _compare(asset, mine, other, [one and at < until for at, one in enumerate(wanted)])
            if sums.matches or sums.incomes:
                found.by_asset[asset] = sums
            if first is not None:
                firsts.append(first)
            if cut is not None:
                rest = [*(pair[0] for pair in mine.matches), *mine.incomes]
                left = sum(at >= until and wanted[at] for at in rest)
                found.left_out.append(LeftOut(asset, cut.limit, cut.reason, until, left))
    if firsts:
        found.first = _dated(min(firsts, key=lambda one: (one.disposal, one.asset, one.lot)), book)
    found.left_out = [
        replace(one, since=book.ordered[one.transaction].at) if one.transaction < len(book.ordered) else one
        for one in found.left_out
    ]
    return found


def _wanted(book: LotBook, within: tuple[datetime | None, datetime | None]) -> list[bool]:
    """Tell of each transaction whether it lies within."""
    begin, end = within
    return [(begin is None or begin <= row.at) and (end is None or row.at < end) for row in book.ordered]


def _dated(found: Difference, book: LotBook) -> Difference:
    """Return a difference with the two transactions behind it."""
    rows = book.ordered
    bought = rows[found.lot] if found.lot >= 0 else None
    return replace(
        found,
        disposed=rows[found.disposal].at,
        disposal_id=rows[found.disposal].id,
        acquired=None if bought is None else bought.at,
        lot_id="" if bought is None else bought.id,
    )


def _ours(book: LotBook) -> dict[AssetId, _Side]:
    sides: dict[AssetId, _Side] = {}
    for match in book.matches():
        side = sides.setdefault(match.asset, _Side())
        part = side.matches.setdefault((match.disposal, match.lot), _Part())
        part.add(match.quantity, match.proceeds, match.cost)
    for income in book.incomes:
        if not is_fiat(income.asset):
            side = sides.setdefault(income.asset, _Side())
            side.incomes.setdefault(income.transaction, _Part()).add(income.quantity, income.value, ZERO)
    return sides


def _theirs(events: Sequence[Event], matches: Iterable[TheirMatch]) -> _Side:
    side = _Side()
    for match in matches:
        event = events[match.disposal]
        if event.way is Way.REMOVED:  # they take it for a gift; it is none
            continue
        proceeds = None if event.money is None else match.proceeds
        if match.lot is None:
            part = side.incomes.setdefault(event.transaction, _Part())
            part.add(match.quantity, proceeds, ZERO)
        else:
            lot = events[match.lot]
            part = side.matches.setdefault((event.transaction, lot.transaction), _Part())
            part.add(match.quantity, proceeds, None if lot.money is None else match.cost)
            part.beyond |= lot.money is not None and lot.money < 0
        part.beyond |= event.money is not None and event.money < 0
    return side


def _compare(
    asset: AssetId, ours: _Side, theirs: _Side, counts: list[bool]
) -> tuple[Sums, Difference | None]:
    sums = Sums()
    differing: list[Difference] = []
    for pair in sorted({*ours.matches, *theirs.matches}):
        if not counts[pair[0]]:
            continue
        sums.matches += 1
        mine, other = ours.matches.get(pair, _Part()), theirs.matches.get(pair, _Part())
        if other.beyond or _gain(mine) is None or _gain(other) is None:
            sums.unknown += 1
        else:
            sums.gain_ours += _gain(mine) or ZERO
            sums.gain_theirs += _gain(other) or ZERO
        differing += [
            Difference(what, asset, *pair, mine.quantity or other.quantity, own, their)
            for what, own, their in _differences(mine, other)
        ][:1]
    for transaction in sorted({*ours.incomes, *theirs.incomes}):
        if not counts[transaction]:
            continue
        sums.incomes += 1
        mine, other = ours.incomes.get(transaction, _Part()), theirs.incomes.get(transaction, _Part())
        if other.beyond or mine.proceeds is None or other.proceeds is None:
            sums.unknown += 1
        else:
            sums.income_ours += mine.proceeds
            sums.income_theirs += other.proceeds
        if not other.beyond and _apart(mine.proceeds, other.proceeds):
            differing.append(
                Difference(
                    What.INCOME,
                    asset,
                    transaction,
                    transaction,
                    mine.quantity or other.quantity,
                    mine.proceeds,
                    other.proceeds,
                )
            )
    sums.differing = len(differing)
    return sums, min(differing, key=lambda one: (one.disposal, one.lot), default=None)


def _differences(mine: _Part, other: _Part) -> Iterator[tuple[What, Decimal | None, Decimal | None]]:
    if abs(mine.quantity - other.quantity) > _DUST * max(Decimal(1), abs(mine.quantity)):
        yield What.LOT, mine.quantity, other.quantity
    if other.beyond:
        return
    if _apart(mine.proceeds, other.proceeds):
        yield What.PROCEEDS, mine.proceeds, other.proceeds
    if _apart(mine.cost, other.cost):
        yield What.COST, mine.cost, other.cost


def _apart(mine: Decimal | None, other: Decimal | None) -> bool:
    """Tell whether two amounts differ by half a cent or more; one that only one side knows differs."""
    if mine is None or other is None:
        return mine is not other
    return abs(mine - other) >= HALF_A_CENT


def _gain(part: _Part) -> Decimal | None:
    return None if part.proceeds is None or part.cost is None else part.proceeds - part.cost


def _sum(total: Decimal | None, more: Decimal | None) -> Decimal | None:
    return None if total is None or more is None else total + more
