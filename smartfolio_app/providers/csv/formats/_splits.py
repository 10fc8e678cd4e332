"""Share splits in files that tell a ratio or the shares added, but not how many were held before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.money import multiply
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from smartfolio_app.providers.csv.base import Row, RowError
from smartfolio_app.providers.csv.book import Book


class Splits:
    """Holds splits back until all rows are read; then the position before each is what the file itself adds up to."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._waiting: list[tuple[datetime, int, Row, AssetId, Callable[[Decimal], Decimal], str]] = []

    def by_ratio(self, row: Row, at: datetime, asset: AssetId, ratio: Decimal, account: str = "") -> None:
        """Note a split after which there are ``ratio`` shares for each one."""
        if ratio <= 0:
            raise RowError("not_a_number", value=str(ratio))
        self._waiting.append((at, row.line, row, asset, lambda held: multiply(held, ratio), account))

    def by_addition(self, row: Row, at: datetime, asset: AssetId, added: Decimal, account: str = "") -> None:
        """Note a split that added ``added`` shares (took them away, when negative)."""
        self._waiting.append((at, row.line, row, asset, lambda held: held + added, account))

    def settle(self) -> None:
        """Write the splits down, the earliest first; one of shares that the file does not know of is rejected."""
        for at, _, row, asset, after, account in sorted(self._waiting, key=lambda entry: entry[:2]):
            with self._book.guard(row):
                held = _held(self._book.transactions, asset, at)
                if held <= 0:
                    raise RowError("split_without_position", asset=asset.partition(":")[2])
                self._book.add(
                    row,
                    at,
                    TransactionKind.SPLIT,
                    received=Amount(after(held), asset),
                    sent=Amount(held, asset),
                    account=account,
                )


def _held(transactions: Iterable[Transaction], asset: AssetId, at: datetime) -> Decimal:
    totals: dict[AssetId, Decimal] = defaultdict(Decimal)
    for transaction in transactions:
        if transaction.at <= at:
            for moved, change in transaction.movements():
                totals[moved] += change
    return totals[asset]


def ratio_of(text: str) -> Decimal:
    """Return the ratio in ``4:1``, ``3-for-1`` or ``4``: shares after for each share before.

    Raises:
        RowError: it is none of these.
    """
    cleaned = text.strip().casefold().replace("for", ":").replace("-", "").replace("/", ":").replace(" ", "")
    after, _, before = cleaned.partition(":")
    try:
        return Decimal(after) / Decimal(before or "1")
    except (ArithmeticError, ValueError) as error:
        raise RowError("not_a_number", value=text[:40]) from error
