"""One person's ledger as the engine sees it, at one revision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from smartfolio_app.analytics.basis import MarketValues, lots_of
from smartfolio_app.analytics.columns import LedgerColumns
from smartfolio_app.analytics.lot_arrays import lot_arrays
from smartfolio_app.analytics.scope import Category
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.ledger.assets import Asset, AssetClass, AssetId, is_fiat, symbol_of
from smartfolio_app.ledger.lots import Policy
from smartfolio_app.ledger.transactions import Statement, Transaction

if TYPE_CHECKING:
    from smartfolio_app.analytics.lot_arrays import LotArrays
    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.ledger.lot_book import LotBook


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

    Raises:
        UnknownSourceError: from ``columns``, when a transaction or statement names a source that is not in ``sources``.
    """

    transactions: Sequence[Transaction] = ()
    statements: Mapping[str, Sequence[Statement]] = field(default_factory=dict)
    items: Sequence[WealthItemView] = ()
    sources: Mapping[str, SourceView] = field(default_factory=dict)
    assets: Mapping[AssetId, Asset] = field(default_factory=dict)
    transfers: Mapping[str, str] = field(default_factory=dict)
    _books: dict[object, _KeptLots] = field(default_factory=dict, repr=False, compare=False)

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

    def lots(self, prices: PriceBook, currency: str, policy: Policy | None = None) -> LotBook:
        """Return lots and gains over everything that happened, in ``currency``.

        Kept per currency and policy, and computed anew only when ``prices`` gives another answer to a price it used.
        """
        return self._kept_lots(prices, currency, policy or Policy()).book

    def lot_arrays(self, prices: PriceBook, currency: str, policy: Policy | None = None) -> LotArrays:
        """Return the arrays of ``lots``, kept as long as it is."""
        return self._kept_lots(prices, currency, policy or Policy()).arrays

    def _kept_lots(self, prices: PriceBook, currency: str, policy: Policy) -> _KeptLots:
        key = (
            currency,
            policy.method,
            policy.pooling,
            tuple(sorted(policy.methods.items())),
            policy.gifts_realise,
        )
        known = self._books.get(key)
        if known is None or not known.values.agrees_with(prices):
            values = MarketValues(prices, currency)
            known = self._books[key] = _KeptLots(self, values, lots_of(self, values, currency, policy))
        return known


class _KeptLots:
    """A lot book with the market values it was made from, and its arrays once somebody wants them."""

    def __init__(self, ledger: LedgerView, values: MarketValues, book: LotBook) -> None:
        self._columns = ledger.columns
        self.values = values
        self.book = book

    @cached_property
    def arrays(self) -> LotArrays:
        balances = self._columns.totals()
        for left in self._columns.transfers:  # on its way, a transfer is in the lots and in no balance
            sent = self._columns.ordered[left].sent
            if sent is not None:
                balances.pop(sent.asset, None)
        return lot_arrays(self.book, self._columns.instants, balances)
