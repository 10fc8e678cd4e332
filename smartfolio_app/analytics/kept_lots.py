"""Lots as a ledger view keeps them, and how they are brought up to date when a few transactions change.

Quantity and cost pass from one asset's lots to another's by swaps, splits and spin-offs alone. So an edit concerns the
lots of the assets it moves and of those tied to them; they are replayed, and all others stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import ref

import numpy as np

from smartfolio_app.analytics.basis import MarketValues, lots_of
from smartfolio_app.analytics.lot_arrays import Changes, LotArrays, lot_arrays
from smartfolio_app.analytics.plain_money import plain_money
from smartfolio_app.ledger.assets import AssetId, is_fiat
from smartfolio_app.ledger.lot_book import Basis, Part
from smartfolio_app.ledger.lots import Policy
from smartfolio_app.ledger.transactions import TransactionKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from decimal import Decimal

    from smartfolio_app.analytics.columns import LedgerColumns
    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.ledger.lot_book import LotBook
    from smartfolio_app.ledger.transactions import Transaction

#: From so many transactions on, the lots are not kept as long as nobody asks for each of them.
LARGE = 300_000

_TIES = frozenset({TransactionKind.SWAP, TransactionKind.SPLIT, TransactionKind.SPIN_OFF})


class KeptLots:
    """The lots of a ledger in one currency by one policy. Book, costs and arrays are made when they are asked for."""

    def __init__(self, ledger: LedgerView, values: MarketValues, currency: str, policy: Policy) -> None:
        # The ledger keeps these lots: in a circle, nothing of a large one would be freed.
        self._view = ref(ledger)
        self._currency = currency
        self._policy = policy
        self._of_assets: dict[AssetId, LotBook] = {}  # the one asked for last
        self.values = values

    @property
    def _ledger(self) -> LedgerView:
        ledger = self._view()
        assert ledger is not None, "whoever asks for its lots has the ledger"
        return ledger

    @cached_property
    def book(self) -> LotBook:
        """All lots and gains."""
        return lots_of(self._ledger, self.values, self._currency, self._policy)

    @cached_property
    def bases(self) -> dict[AssetId, Basis]:
        """What the lots hold of each asset, and what it cost."""
        if self._is_too_large():
            self._sum_up()
            return self.bases
        return self.book.bases()

    @cached_property
    def arrays(self) -> LotArrays:
        """The book as arrays."""
        if self._is_too_large():
            self._sum_up()
            return self.arrays
        return self._arrays_of(self.book)

    def _arrays_of(self, book: LotBook) -> LotArrays:
        columns = self._ledger.columns
        plain = plain_money(columns, self._currency)
        return lot_arrays(book, columns.moments, settled_balances(columns), plain)

    def book_of(self, asset: AssetId) -> LotBook:
        """Return a book with all that concerns one asset: the whole one where it is there, else one that has no more.

        A method that changes with the year does so by the transactions of any asset, so then it is the whole one.
        """
        if "book" in self.__dict__ or self._policy.methods:
            return self.book
        made = self._of_assets.get(asset)
        if made is None:
            columns = self._ledger.columns
            part = _part(columns, tied(columns, frozenset({asset})))
            made = lots_of(self._ledger, self.values, self._currency, self._policy, only=part)
            self._of_assets = {asset: made}
        return made

    def _is_too_large(self) -> bool:
        """Tell whether the book would take much memory, and nobody has asked for it yet."""
        return len(self._ledger.columns.ordered) > LARGE and "book" not in self.__dict__

    def _sum_up(self) -> None:
        """Make what the pages ask for most of a book that is dropped again, and that leaves most matches out."""
        book = lots_of(self._ledger, self.values, self._currency, self._policy, brief=True)
        self.__dict__.update(
            bases=book.bases(), arrays=self._arrays_of(book)
        )  # where `cached_property` looks first

    def remains(self) -> LotRemains | None:
        """Return what stays of use when the ledger changes; ``None`` when nobody has asked what anything cost."""
        if "bases" not in self.__dict__:
            return None
        arrays = self.__dict__.get("arrays")
        return LotRemains(self.values, self._currency, self._policy, self.bases, arrays, frozenset())


@dataclass(frozen=True, slots=True)
class LotRemains:
    """What was known of the lots of a ledger that has changed since in what moves the ``concerned`` assets."""

    values: MarketValues
    currency: str
    policy: Policy
    bases: Mapping[AssetId, Basis]
    arrays: LotArrays | None
    concerned: frozenset[AssetId]

    def also(self, concerned: frozenset[AssetId]) -> LotRemains:
        """Return the remains after another change."""
        return replace(self, concerned=self.concerned | concerned)

    def brought_up_to(self, ledger: LedgerView, prices: PriceBook) -> KeptLots | None:
        """Return the lots of the ledger as it is now.

        ``None`` when all of them have to be made from the beginning: prices differ, or the method changes with the
        year, which the transactions of any asset bring about.
        """
        values = None if self.policy.methods else self.values.moved_to(prices)
        if values is None:
            return None
        made = KeptLots(ledger, values, self.currency, self.policy)
        assets = tied(ledger.columns, self.concerned)
        part = lots_of(ledger, values, self.currency, self.policy, only=_part(ledger.columns, assets))
        bases = {asset: basis for asset, basis in self.bases.items() if asset not in assets}
        bases |= {asset: basis for asset, basis in part.bases().items() if asset in assets}
        known: dict[str, object] = {"bases": dict(sorted(bases.items()))}
        if self.arrays is not None:
            held = settled_balances(ledger.columns)
            balances = {asset: total for asset, total in held.items() if asset in assets}
            arrays = lot_arrays(part, ledger.columns.moments, balances)
            others = frozenset(self.arrays.assets) - assets
            known["arrays"] = joined([(self.arrays, others), (arrays, assets)])
        made.__dict__.update(known)  # where `cached_property` looks first
        return made


def settled_balances(columns: LedgerColumns) -> dict[AssetId, Decimal]:
    """Return what is held of each asset, without those that travel: on its way, a transfer is in the lots alone."""
    balances = columns.totals()
    for left in columns.transfers:
        sent = columns.ordered[left].sent
        if sent is not None:
            balances.pop(sent.asset, None)
    return balances


def moved_assets(rows: Iterable[Transaction]) -> set[AssetId]:
    """Return the assets with lots that transactions move or are about."""
    moved = set()
    for row in rows:
        moved |= {side.asset for side in (row.received, row.sent, row.fee) if side is not None}
        moved |= {row.about} - {""}
    return {asset for asset in moved if not is_fiat(asset)}


def tied(columns: LedgerColumns, assets: frozenset[AssetId]) -> frozenset[AssetId]:
    """Return the assets and all whose lots are tied to theirs."""
    rows = map(columns.ordered.__getitem__, columns.unusual)
    ties = [moved_assets([row]) for row in rows if row.kind in _TIES]
    found, before = set(assets), -1
    while before != len(found):
        before = len(found)
        for tie in ties:
            if not found.isdisjoint(tie):
                found |= tie
    return frozenset(found)


def _part(columns: LedgerColumns, assets: frozenset[AssetId]) -> Part:
    wanted = np.array([asset in assets for asset in columns.assets], dtype=np.bool_)
    moving = columns.transaction[wanted[columns.asset]] if len(columns.asset) else columns.transaction
    concerned = np.zeros(len(columns.ordered) + 1, dtype=np.bool_)
    concerned[moving] = True
    return Part(assets, np.flatnonzero(concerned[:-1]).tolist())


def joined(parts: Sequence[tuple[LotArrays, frozenset[AssetId]]]) -> LotArrays:
    """Return arrays made of those of several books, of each what it tells of some assets (no asset twice)."""
    names = sorted(asset for arrays, assets in parts for asset in arrays.assets if asset in assets)
    number = {asset: index for index, asset in enumerate(names)}
    sources = list(dict.fromkeys(source for arrays, _ in parts for source in arrays.sources))
    place = {source: index for index, source in enumerate(sources)}
    renamed = [
        np.array([number[asset] if asset in assets else -1 for asset in arrays.assets], dtype=np.int64)
        for arrays, assets in parts
    ]

    def join(which: Callable[[LotArrays], Changes]) -> Changes:
        rows = [which(arrays) for arrays, _ in parts]
        chosen = [now[changes.asset] >= 0 for changes, now in zip(rows, renamed, strict=True)]
        return Changes(
            np.concatenate([changes.at[mine] for changes, mine in zip(rows, chosen, strict=True)]),
            np.concatenate(
                [now[changes.asset[mine]] for changes, now, mine in zip(rows, renamed, chosen, strict=True)]
            ),
            np.concatenate([changes.amount[mine] for changes, mine in zip(rows, chosen, strict=True)]),
        )

    source = [
        np.array([place[name] for name in arrays.sources], dtype=np.int64)[
            arrays.source[now[arrays.realised.asset] >= 0]
        ]
        for (arrays, _), now in zip(parts, renamed, strict=True)
    ]
    doubtful = [
        int(now[asset]) for (arrays, _), now in zip(parts, renamed, strict=True) for asset in arrays.doubtful
    ]
    return LotArrays(
        assets=names,
        sources=sources,
        cost=join(lambda arrays: arrays.cost),
        unknown=join(lambda arrays: arrays.unknown),
        quantity=join(lambda arrays: arrays.quantity),
        doubtful=sorted(asset for asset in doubtful if asset >= 0),
        realised=join(lambda arrays: arrays.realised),
        source=np.concatenate(source),
    )
