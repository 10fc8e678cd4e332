"""What changed since the anchor: the market apart from income, costs and flows.

Over the assets with a price at both ends, and by arithmetic alone::

    value now - value then = market + income - fees + flows

``value then`` is what was held at the anchor at the last prices before it. Every movement since is taken at what it was
worth when it happened (``ledger.worth``); the market's part is what holdings and movements gained or lost after that.
Both sides of a trade have one worth, so a trade adds nothing; a trade with an asset that is not covered is a flow.

A statement's correction is neither: it tells what was there all along, so it counts as held at the anchor already. And
a price that was too old at the anchor says nothing about the market since, so its asset is not covered; unless nobody
has quoted it since either: its worth then moved with its currency alone, as the total did.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.anchors import eve_of
from smartfolio_app.analytics.columns import Role
from smartfolio_app.analytics.results import Move
from smartfolio_app.analytics.scope import Category
from smartfolio_app.ledger.assets import AssetId, is_fiat
from smartfolio_app.ledger.instants import micros
from smartfolio_app.ledger.money import ZERO, divide, market_value
from smartfolio_app.ledger.worth import worth_of_exchange, worth_of_side

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.valuer import Valuer
    from smartfolio_app.ledger.transactions import Transaction

#: What a holding is known by: one asset in one category.
HoldingKey = tuple[AssetId, Category]


@dataclass(slots=True)
class Changes:
    """The change per covered holding; what was bought, at its worth; and the assets left out.

    ``carried`` are the covered ones that nobody has quoted since long before the anchor: they move with their currency
    alone, which says little about the day.
    """

    moves: dict[HoldingKey, Move] = field(default_factory=dict)
    purchases: Decimal = ZERO
    uncovered: set[AssetId] = field(default_factory=set)
    carried: set[AssetId] = field(default_factory=set)

    @property
    def covered_now(self) -> Decimal:
        """The worth now of all that was quoted lately and is not a debt."""
        return sum(
            (one.now for key, one in self.moves.items() if key[0] not in self.carried and one.now > 0), ZERO
        )


def changes_since(
    ledger: LedgerView,
    valuer: Valuer,
    keys: Sequence[HoldingKey | None],
    held: Mapping[HoldingKey, Decimal],
    span: tuple[datetime, datetime],
) -> Changes:
    """Return the change of everything but wealth items over ``span`` (anchor, now).

    ``keys`` tells the holding that each place belongs to, ``None`` outside of the scope; ``held`` is what is held now.
    Movements at the anchor's own instant count as after it.
    """
    since, now = span
    columns = ledger.columns
    moved = [
        (number, key)
        for number in columns.since(micros(since), micros(now))
        if columns.stream.transaction[number] >= 0 and (key := keys[columns.stream.place[number]]) is not None
    ]
    before = dict(held)
    for number, key in moved:
        before[key] = before.get(key, ZERO) - columns.stream.change(number)

    eve = eve_of(since)
    held_then = [asset for (asset, _), quantity in before.items() if quantity]
    old = set(held_then) - _freshly_priced(valuer, held_then, eve)
    carried = {asset for asset in old if _last_quoted(valuer, asset, eve) == _last_quoted(valuer, asset, now)}
    unknown = {asset for asset, _ in before if valuer.price(asset, now) is None}
    changes = Changes(uncovered=unknown | (old - carried), carried=carried - unknown)
    for key, quantity in before.items():
        price_now = valuer.price(key[0], now)
        if price_now is None or key[0] in changes.uncovered:
            continue
        price_then = valuer.price(key[0], eve) if quantity else None
        then = ZERO if price_then is None else market_value(quantity, price_then)
        changes.moves[key] = Move(then=then, now=market_value(held.get(key, ZERO), price_now))

    booking = _Booking(ledger, valuer, changes, now)
    booking.transfers(moved)
    for number, key in moved:
        booking.book(number, key)
    return changes


def _freshly_priced(valuer: Valuer, assets: list[AssetId], at: datetime) -> set[AssetId]:
    """Return the assets whose last price at ``at`` was not too old by the limits of a day's close."""
    ends = np.array([micros(at)], dtype=np.int64)
    fresh = valuer.prices.daily(assets, valuer.currency, ends).fresh[0]
    return {asset for asset, is_fresh in zip(assets, fresh, strict=True) if is_fresh}


def _last_quoted(valuer: Valuer, asset: AssetId, at: datetime) -> datetime | None:
    found = valuer.unit(asset, at)
    return None if found is None else found.quoted_at


class _Booking:
    """Takes movements into account one by one."""

    def __init__(self, ledger: LedgerView, valuer: Valuer, changes: Changes, now: datetime) -> None:
        self._columns = ledger.columns
        self._valuer = valuer
        self._changes = changes
        self._now = now
        self._travelled: dict[int, tuple[Decimal, Decimal]] = {}

    def transfers(self, moved: Sequence[tuple[int, HoldingKey]]) -> None:
        """Find the own transfers of which both ends are covered: what went on its way, and what was lost on it.

        Such a transfer is no flow. Both ends get the worth of what arrived; what did not is a fee.
        """
        columns = self._columns
        covered = {columns.stream.transaction[number] for number, key in moved if key in self._changes.moves}
        for left, arrived in columns.transfers.items() if covered else ():
            if left not in covered or arrived not in covered:
                continue
            sent, received = columns.ordered[left].sent, columns.ordered[arrived].received
            assert sent is not None
            assert received is not None
            whole = self._side(columns.ordered[left], sent.asset, sent.quantity.copy_negate())
            if received.quantity > sent.quantity or not sent.quantity:
                continue
            worth = market_value(received.quantity, divide(whole, sent.quantity))
            self._travelled[left] = (worth, whole - worth)
            self._travelled[arrived] = (worth, ZERO)

    def book(self, number: int, key: HoldingKey) -> None:
        """Add one movement to its holding's part; one of an asset that is not covered changes nothing."""
        move = self._changes.moves.get(key)
        if move is None:
            return
        columns = self._columns
        role, quantity = columns.role[number], columns.stream.change(number)
        index = columns.stream.transaction[number]
        transaction = columns.ordered[index]
        if role == Role.EXCHANGE:
            self._exchange(move, key, transaction, quantity)
        elif role == Role.CORPORATE:
            pass  # one asset gives what the other takes: the market's business
        elif role == Role.COST:
            move.fees += self._price(key[0], transaction.at, quantity)
        elif role == Role.INCOME:
            move.income += self._side(transaction, key[0], quantity)
        elif index in self._travelled:
            self._travel(move, quantity, *self._travelled[index])
        else:
            self._flow(move, quantity, self._side(transaction, key[0], quantity))

    def _travel(self, move: Move, quantity: Decimal, worth: Decimal, lost: Decimal) -> None:
        if quantity > 0:
            move.bought += worth
        else:
            move.sold += worth
            move.fees += lost

    def _exchange(self, move: Move, key: HoldingKey, transaction: Transaction, quantity: Decimal) -> None:
        value = worth_of_exchange(transaction, self._valuer.price)
        received, sent = transaction.received, transaction.sent
        assert received is not None
        assert sent is not None
        covered = [amount for amount in (received, sent) if (amount.asset, key[1]) in self._changes.moves]
        if value is None:
            value = self._at_present(covered[0].asset, covered[0].quantity)
        if len(covered) == 1:
            self._flow(move, quantity, value)
        elif quantity > 0:
            move.bought += value
        else:
            move.sold += value
        if quantity > 0 and not is_fiat(key[0]):
            self._changes.purchases += value

    def _flow(self, move: Move, quantity: Decimal, value: Decimal) -> None:
        if quantity > 0:
            move.deposits += value
        else:
            move.withdrawals += value

    def _side(self, transaction: Transaction, asset: AssetId, quantity: Decimal) -> Decimal:
        amount = transaction.received if quantity > 0 else transaction.sent
        if amount is not None:
            value = worth_of_side(transaction, amount, self._valuer.price)
            if value is not None:
                return value
        return self._at_present(asset, quantity)

    def _price(self, asset: AssetId, at: datetime, quantity: Decimal) -> Decimal:
        price = self._valuer.price(asset, at)
        return (
            self._at_present(asset, quantity) if price is None else market_value(quantity.copy_abs(), price)
        )

    def _at_present(self, asset: AssetId, quantity: Decimal) -> Decimal:
        """Take a movement that has no price of its own time at the price of now: it gained nothing since."""
        price = self._valuer.price(asset, self._now)
        assert price is not None
        return market_value(quantity.copy_abs(), price)
