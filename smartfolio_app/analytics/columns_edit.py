"""The columns of a ledger of which a few transactions changed, made from the columns of before.

They are the very columns that would be made from the beginning, in a fraction of the time: what did not change is
copied in slices. Wherever a statement could have a say in what changed, they are made from the beginning.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from decimal import localcontext
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from smartfolio_app.analytics.columns import (
    LedgerColumns,
    Ordered,
    Role,
    is_unusual,
    role_of_received,
    role_of_sent,
)
from smartfolio_app.ledger.instants import micros
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO
from smartfolio_app.ledger.movements import NO_TRANSACTION, Movements, Side
from smartfolio_app.ledger.ordering import simultaneous
from smartfolio_app.ledger.transactions import TransactionKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from decimal import Decimal

    from numpy.typing import NDArray

    from smartfolio_app.ledger.balances import Place
    from smartfolio_app.ledger.instants import Microseconds
    from smartfolio_app.ledger.transactions import Transaction

_Kind = TypeVar("_Kind", bound=np.generic)

_NEW = -1
#: Running balances in floats this far above zero (as a share of the largest) are above zero exactly.
_SURELY = 1e-9
_PIECE = 65_536
_TRAVELS = frozenset({TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL})


def edited_columns(
    old: LedgerColumns, gone: Sequence[Transaction], added: Sequence[Transaction], decided: Mapping[str, str]
) -> LedgerColumns | None:
    """Return the columns without the transactions ``gone`` (the very objects) and with those ``added``.

    ``decided`` is the user's word on own transfers by now. ``None`` when the columns have to be made from the
    beginning: a statement of a source concerned would say something else, or what happened at the same instant as an
    edit is read in another order now.
    """
    rows = [*gone, *added]
    if any(old.statements.get(row.source) for row in rows):
        return None
    plan = _planned(old, sorted(_index_of(old, row) for row in gone), added)
    if (np.diff(plan.before[plan.before != _NEW]) < 0).any():
        return None
    with localcontext(MONEY_CONTEXT):
        made = _Splice(old, plan).columns(decided)
    if made is None:
        return None
    travelled = any(row.kind in _TRAVELS for row in rows)
    if "transfers" in old.__dict__ and not travelled and dict(decided) == dict(old.decided):
        now = plan.now.tolist()
        made.__dict__["transfers"] = {now[left]: now[came] for left, came in old.transfers.items()}
    return made


def travelled_otherwise(before: LedgerColumns, after: LedgerColumns) -> list[Transaction]:
    """Return both ends of every own transfer that only one of two ledgers knows; one was made from the other."""
    then, now = _travels(before), _travels(after)
    return [row for pair in then.keys() ^ now.keys() for row in (then.get(pair) or now[pair])]


def _travels(columns: LedgerColumns) -> dict[tuple[int, int], tuple[Transaction, Transaction]]:
    """Return own transfers by the identity of both records: what an edit does not concern is the same object."""
    row = columns.ordered.__getitem__
    return {
        (id(row(left)), id(row(came))): (row(left), row(came)) for left, came in columns.transfers.items()
    }


class _Plan(NamedTuple):
    """The new order. ``before``: of each transaction, its index before (``_NEW``); ``now``: the other way round."""

    ordered: list[Transaction]
    instants: array[Microseconds]
    before: NDArray[np.int64]
    now: NDArray[np.int64]


def _index_of(columns: LedgerColumns, row: Transaction) -> int:
    at = micros(row.at)
    first, last = bisect_left(columns.instants, at), bisect_right(columns.instants, at)
    return next(index for index in range(first, last) if columns.ordered[index] is row)


def _planned(old: LedgerColumns, leaving: Sequence[int], added: Sequence[Transaction]) -> _Plan:
    ordered, instants = list(old.ordered), array("q", old.instants)
    before = array("q", np.arange(len(ordered), dtype=np.int64).tobytes())
    moments = {instants[index] for index in leaving} | {micros(row.at) for row in added}
    for index in reversed(leaving):
        del ordered[index], instants[index], before[index]
    for row in added:
        at = micros(row.at)
        index = bisect_right(instants, at)
        ordered.insert(index, row)
        instants.insert(index, at)
        before.insert(index, _NEW)
    for at in moments:
        first, last = bisect_left(instants, at), bisect_right(instants, at)
        if last - first > 1:
            group = ordered[first:last]
            index_of = {id(row): number for row, number in zip(group, before[first:last], strict=True)}
            ordered[first:last] = group = simultaneous(sorted(group, key=_stored))
            before[first:last] = array("q", [index_of[id(row)] for row in group])
    was = np.array(before, dtype=np.int64)
    now = np.full(len(old.ordered), _NEW, dtype=np.int64)
    kept = np.flatnonzero(was != _NEW)
    now[was[kept]] = kept
    return _Plan(ordered, instants, was, now)


def _stored(row: Transaction) -> tuple[int, str]:
    """Order by storage id, which is a number in writing."""
    return (len(row.id), row.id)


class _Splice:
    """Puts the movements of the transactions that stay and those of the new ones together.

    Movements are numbered through: first the old ones, then the new ones.
    """

    def __init__(self, old: LedgerColumns, plan: _Plan) -> None:
        self._old = old
        self._plan = plan
        self._places: list[Place] = list(old.places)
        self._number = {place: number for number, place in enumerate(self._places)}
        self._fresh = [
            movement
            for index in np.flatnonzero(plan.before == _NEW).tolist()
            for movement in self._movements_of(index)
        ]
        own = old.transaction != NO_TRANSACTION
        stays = ~own
        stays[own] = plan.now[old.transaction[own]] != _NEW
        self._stays = stays

    def columns(self, decided: Mapping[str, str]) -> LedgerColumns | None:
        """Return the new columns, ``None`` when places would be numbered in a way that cannot be told from here."""
        old, plan, fresh = self._old, self._plan, self._fresh
        transaction = self._joined(self._moved_transactions(), [row.transaction for row in fresh])
        order = self._order(transaction)
        stream = Movements(
            at=self._joined(old.at, [plan.instants[row.transaction] for row in fresh])[order],
            place=self._joined(old.place, [row.place for row in fresh])[order],
            amount=_taken(old.stream.amount, [row.amount for row in fresh], order),
            transaction=transaction[order],
            side=self._joined(old.side, [row.side for row in fresh])[order],
        )
        concerned = {row.place for row in fresh} | set(old.place[~self._stays].tolist())
        quantity = self._joined(old.quantity, [row.signed for row in fresh])[order]
        totals = stream.totals = [*old.stream.totals, *[ZERO] * (len(self._places) - len(old.places))]
        for number in np.flatnonzero(~self._stays).tolist():
            totals[old.place[number]] -= old.stream.change(number)
        for row in fresh:
            totals[row.place] += row.amount if row.side == Side.RECEIVED else -row.amount
        stream.negative = self._negative(stream, quantity, concerned)
        anchors = np.flatnonzero(old.side == Side.ANCHOR).tolist()
        moved = dict(zip(anchors, np.flatnonzero(stream.side == Side.ANCHOR).tolist(), strict=True))
        stream.lines = {moved[number]: line for number, line in old.stream.lines.items()}
        stream.places = self._places
        if not self._renumbered(stream):
            return None
        made = LedgerColumns((), old.statements, decided, made=Ordered(plan.ordered, plan.instants, stream))
        made.__dict__["quantity"] = quantity
        made.__dict__["role"] = self._joined(old.role, [row.role for row in fresh])[order]
        made.__dict__["unusual"] = self._unusual()
        return made

    def _movements_of(self, index: int) -> Iterable[_Movement]:
        row = self._plan.ordered[index]
        for amount, side, role in (
            (row.received, Side.RECEIVED, role_of_received(row)),
            (row.sent, Side.SENT, role_of_sent(row)),
            (row.fee, Side.FEE, int(Role.COST)),
        ):
            if amount is not None:
                place = (row.source, row.account, amount.asset)
                number = self._number.setdefault(place, len(self._places))
                if number == len(self._places):
                    self._places.append(place)
                value = float(amount.quantity)
                signed = value if side is Side.RECEIVED else -value
                yield _Movement(index, number, int(side), role, amount.quantity, signed)

    def _moved_transactions(self) -> NDArray[np.int32]:
        """Return the transaction of each old movement by its new index."""
        old = self._old.transaction
        now = np.append(self._plan.now, NO_TRANSACTION).astype(
            np.int32
        )  # an anchor's -1 finds itself at the end
        moved: NDArray[np.int32] = now[old]
        return moved

    def _order(self, transaction: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the numbers of the movements in the order of the new stream."""
        old, plan = self._old, self._plan
        side = self._joined(old.side, [row.side for row in self._fresh])
        key = transaction.astype(np.int64) * len(Side) + side
        anchors = np.flatnonzero(side == Side.ANCHOR)
        # After everything of its own instant, before what follows: the last key of the transaction before.
        key[anchors] = np.searchsorted(np.array(plan.instants), old.at[anchors], side="right") * len(Side) - 1
        # The old ones are in their order; the new ones go between them.
        staying, count = np.flatnonzero(self._stays), len(old.at)
        fresh = count + np.argsort(key[count:], kind="stable")
        return np.insert(staying, np.searchsorted(key[staying], key[fresh], side="right"), fresh)

    @staticmethod
    def _joined(old: NDArray[_Kind], new: Sequence[float]) -> NDArray[_Kind]:
        return np.concatenate((old, np.array(new, dtype=old.dtype)))

    def _negative(
        self, stream: Movements, quantity: NDArray[np.float64], concerned: Collection[int]
    ) -> dict[int, int]:
        """Return what first took each place below zero: looked up anew for the places concerned."""
        now = self._plan.now
        found = {
            place: int(now[index])
            for place, index in self._old.stream.negative.items()
            if place not in concerned
        }
        for place in concerned:
            numbers = np.flatnonzero(stream.place == place)
            running = np.cumsum(quantity[numbers])
            if len(running) and running.min() <= _SURELY * np.abs(running).max():
                first = _first_below_zero(stream, numbers.tolist())
                if first is not None:
                    found[place] = first
        # As they come up: by transaction, and of one transaction what it sent before what it paid.
        rank = {
            place: (index, _rank_of(self._plan.ordered[index], self._places[place]))
            for place, index in found.items()
        }
        return dict(sorted(found.items(), key=lambda item: rank[item[0]]))

    def _renumbered(self, stream: Movements) -> bool:
        """Number the places by their first movement, as when everything is read; tell whether that can be known.

        A statement gives a place its number whether it moves anything or not. So where there are any, nothing may have
        changed in when each place moved first.
        """
        count = len(self._places)
        first = _firsts(stream.place, count)
        moved = np.flatnonzero(first < len(stream.place))
        if any(self._old.statements.values()):
            before = _firsts(self._old.place, len(self._old.places))
            was = np.flatnonzero(before < len(self._old.place))
            return (
                count == len(self._old.places)
                and np.array_equal(moved, was)
                and np.array_equal(stream.at[first[moved]], self._old.at[before[was]])
                and np.array_equal(np.argsort(first[moved]), np.argsort(before[was]))
            )
        by_first = moved[np.argsort(first[moved])]
        number = np.full(count, -1, dtype=np.int32)
        number[by_first] = np.arange(len(by_first), dtype=np.int32)
        kept = by_first.tolist()
        stream.places = [self._places[place] for place in kept]
        stream.totals = [stream.totals[place] for place in kept]
        stream.place = number[stream.place]
        stream.negative = {int(number[place]): index for place, index in stream.negative.items()}
        return True

    def _unusual(self) -> list[int]:
        plan = self._plan
        found = [
            index for index in plan.now[np.array(self._old.unusual, dtype=np.int64)].tolist() if index >= 0
        ]
        new = np.flatnonzero(plan.before == _NEW).tolist()
        return sorted([*found, *(index for index in new if is_unusual(plan.ordered[index]))])


class _Movement(NamedTuple):
    """One movement of a new transaction; ``signed`` is the quantity as a float."""

    transaction: int
    place: int
    side: int
    role: int
    amount: Decimal
    signed: float


def _firsts(place: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """Return the number of the first movement of each place, that of all movements for one without any."""
    first = np.full(count, len(place), dtype=np.int64)
    first[place[::-1]] = np.arange(len(place) - 1, -1, -1)  # of several that write, the last one stays
    return first


def _taken(amounts: Sequence[Decimal], fresh: Sequence[Decimal], order: NDArray[np.int64]) -> list[Decimal]:
    """Return the amounts and the fresh ones, numbered on, in an order that consists of a few long stretches."""
    edges = [0, *(np.flatnonzero(np.diff(order) != 1) + 1).tolist(), len(order)]
    taken: list[Decimal] = []
    for first, last in pairwise(edges):
        if last > first:
            begin, end = int(order[first]), int(order[first]) + last - first
            # In pieces, so that no other thread waits for all of them.
            for at in range(begin, min(end, len(amounts)), _PIECE):
                taken += amounts[at : min(at + _PIECE, end)]
            taken += fresh[max(begin - len(amounts), 0) : max(end - len(amounts), 0)]
    return taken


def _first_below_zero(stream: Movements, numbers: Iterable[int]) -> int | None:
    total = ZERO
    for number in numbers:
        total += stream.change(number)
        if total < ZERO and stream.side[number] in (Side.SENT, Side.FEE):
            return int(stream.transaction[number])
    return None


def _rank_of(row: Transaction, place: Place) -> int:
    return int(row.sent is None or row.sent.asset != place[2])
