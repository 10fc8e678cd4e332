"""One person's ledger as the engine sees it, at one revision."""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from itertools import compress, count
from operator import attrgetter
from typing import TYPE_CHECKING

from smartfolio_app.analytics.basis import MarketValues
from smartfolio_app.analytics.columns import LedgerColumns
from smartfolio_app.analytics.columns_edit import edited_columns, travelled_otherwise
from smartfolio_app.analytics.kept_lots import KeptLots, LotRemains, moved_assets
from smartfolio_app.analytics.scope import Category
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.ledger.assets import Asset, AssetClass, AssetId, is_fiat, symbol_of
from smartfolio_app.ledger.instants import micros
from smartfolio_app.ledger.lots import Policy
from smartfolio_app.ledger.transactions import Statement, Transaction

if TYPE_CHECKING:
    # A circle otherwise, and nobody evaluates a view's annotations.
    from smartfolio_app.analytics.kept_series import KeptSeries  # noqa: TC004
    from smartfolio_app.analytics.lot_arrays import LotArrays
    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.ledger.lot_book import Basis, LotBook


class UnknownSourceError(SmartFolioError):
    """A transaction or a statement belongs to a source that the view does not list."""

    status = 500


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source: its readable key (the one scopes use), its label, its category."""

    key: str
    label: str
    category: Category


@dataclass(frozen=True, slots=True)
class WealthItemView:
    """A wealth item with its valuations (day, worth in ``currency``, never negative), in any order.

    ``closed_on`` is the first day on which it is no longer owned.
    """

    id: str
    name: str
    kind: str
    currency: str
    is_liability: bool
    valuations: Sequence[tuple[date, Decimal]]
    source_key: str = "wealth_items"
    closed_on: date | None = None

    @property
    def asset(self) -> Asset:
        """The item as an asset, so that it can stand among the holdings."""
        return Asset(f"item:{self.id}", AssetClass.ITEM, self.name, self.name, quote_currency=self.currency)


@dataclass(frozen=True)
class LedgerView:
    """Everything one person owns, as told: transactions and statements (both by source id), wealth items, names.

    Made once per revision and kept: ``columns`` is computed on first use and serves every scope and currency.
    ``transfers`` is the user's word on own transfers: a withdrawal's id to its deposit's, or to ``""`` for none.
    ``kept_series`` are the daily series that were asked for, each with from when on this ledger tells something else.

    Raises:
        UnknownSourceError: from ``columns``, when a transaction or statement names a source that is not in ``sources``.
    """

    transactions: Sequence[Transaction] = ()
    statements: Mapping[str, Sequence[Statement]] = field(default_factory=dict)
    items: Sequence[WealthItemView] = ()
    sources: Mapping[str, SourceView] = field(default_factory=dict)
    assets: Mapping[AssetId, Asset] = field(default_factory=dict)
    transfers: Mapping[str, str] = field(default_factory=dict)
    _books: dict[object, KeptLots] = field(default_factory=dict, repr=False, compare=False)
    _remains: dict[object, LotRemains] = field(default_factory=dict, repr=False, compare=False)
    kept_series: dict[object, KeptSeries] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def columns(self) -> LedgerColumns:
        """The ledger as arrays."""
        by_key = {view.key: source for source, view in self.sources.items()}
        statements = {
            source if source in self.sources else by_key.get(source, source): rows
            for source, rows in self.statements.items()
        }
        columns = LedgerColumns(self.transactions, statements, self.transfers)
        for source in columns.sources:
            if source not in self.sources:
                raise UnknownSourceError("ledger.unknown_source", source=source)
        return columns

    def asset(self, asset: AssetId) -> Asset:
        """Return what is known of the asset; one nobody described is what its id says."""
        known = self.assets.get(asset)
        if known is not None:
            return known
        namespace = AssetClass(asset.partition(":")[0])
        currency = symbol_of(asset) if is_fiat(asset) else ""
        return Asset(asset, namespace, symbol_of(asset), quote_currency=currency)

    def edited(
        self,
        gone: Collection[str],
        added: Sequence[Transaction],
        *,
        statements: Mapping[str, Sequence[Statement]] | None = None,
        items: Sequence[WealthItemView] | None = None,
        assets: Mapping[AssetId, Asset] | None = None,
        transfers: Mapping[str, str] | None = None,
        sources: Mapping[str, SourceView] | None = None,
    ) -> LedgerView:
        """Return the view without the transactions of the ids ``gone`` and with those ``added``; the rest as given.

        It is the same as one made from the beginning. What was worked out from this one is taken over where the change
        plays no part: columns, the lots of all assets that it does not concern, and the daily series before its day.
        """
        transactions = list(self.transactions)
        leaving = _places_of(gone, transactions)
        left = [transactions.pop(index) for index in reversed(leaving)]
        for row in added:
            insort(transactions, row, key=_stored)
        view = LedgerView(
            transactions=transactions,
            statements=self.statements if statements is None else statements,
            items=self.items if items is None else items,
            sources=self.sources if sources is None else sources,
            assets=self.assets if assets is None else assets,
            transfers=self.transfers if transfers is None else transfers,
        )
        known = self.__dict__.get("columns")
        if known is None or view.statements != self.statements or view.sources.keys() != self.sources.keys():
            return view
        made = edited_columns(known, left, added, view.transfers)
        if made is not None and view.sources.keys() >= set(made.sources):
            view.__dict__["columns"] = made  # where `cached_property` looks first
            if self._books or self._remains or self.kept_series:
                changed = [*left, *added, *travelled_otherwise(self.columns, view.columns)]
                self._leave_lots(view, changed)
                self._leave_series(view, changed)
        return view

    def _leave_series(self, view: LedgerView, changed: Iterable[Transaction]) -> None:
        if view.sources == self.sources and list(view.items) == list(self.items):
            kept = list(self.kept_series.items())
            if moments := [micros(row.at) for row in changed]:
                kept = [(key, one.also(min(moments))) for key, one in kept]
            view.kept_series.update(kept)

    def _leave_lots(self, view: LedgerView, changed: Iterable[Transaction]) -> None:
        concerned = frozenset(moved_assets(changed))
        remains = {key: left.also(concerned) for key, left in self._remains.items()}
        for key, kept in list(self._books.items()):
            left = kept.remains()
            if left is not None:
                remains[key] = left.also(concerned)
        view._remains.update(remains)

    def bases(self, prices: PriceBook, currency: str, policy: Policy | None = None) -> dict[AssetId, Basis]:
        """Return what the lots hold of each asset and what it cost, as ``lots(...).bases()``, without all the lots."""
        return self._kept_lots(prices, currency, policy or Policy()).bases

    def lots(self, prices: PriceBook, currency: str, policy: Policy | None = None) -> LotBook:
        """Return lots and gains over everything that happened, in ``currency``.

        Kept per currency and policy, and computed anew only when ``prices`` gives another answer to a price it used.
        """
        return self._kept_lots(prices, currency, policy or Policy()).book

    def lots_of_asset(
        self, prices: PriceBook, currency: str, asset: AssetId, policy: Policy | None = None
    ) -> LotBook:
        """Return ``lots``, or where that is sooner made a book that tells open lots and gains of one asset alone."""
        return self._kept_lots(prices, currency, policy or Policy()).book_of(asset)

    def lot_arrays(self, prices: PriceBook, currency: str, policy: Policy | None = None) -> LotArrays:
        """Return the arrays of ``lots``, kept as long as it is."""
        return self._kept_lots(prices, currency, policy or Policy()).arrays

    def _kept_lots(self, prices: PriceBook, currency: str, policy: Policy) -> KeptLots:
        key = (
            currency,
            policy.method,
            policy.pooling,
            tuple(sorted(policy.methods.items())),
            policy.gifts_realise,
        )
        known = self._books.get(key)
        if known is None or not known.values.agrees_with(prices):
            left = self._remains.pop(key, None)
            known = None if left is None else left.brought_up_to(self, prices)
            if known is None:
                known = KeptLots(self, MarketValues(prices, currency), currency, policy)
            self._books[key] = known
        return known


_ID = attrgetter("id")
_PIECE = 4_096


def _places_of(ids: Collection[str], transactions: Sequence[Transaction]) -> list[int]:
    """Return where the transactions of some ids stand.

    In C, so that who corrects one row of a hundred thousand does not wait for the others; and a few thousand at a time,
    so that nobody else waits for that.
    """
    found: list[int] = []
    if ids:
        for first in range(0, len(transactions), _PIECE):
            there = map(ids.__contains__, map(_ID, transactions[first : first + _PIECE]))
            found += compress(count(first), there)
    return found


def _stored(row: Transaction) -> tuple[datetime, int, str]:
    """As the database gives them: by time, then by storage id, which is a number in writing."""
    return (row.at, len(row.id), row.id)
