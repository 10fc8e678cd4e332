"""Gemini, transaction history: three columns a coin (amount, fee, balance), filled in for the coins a row moves."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, has
from smartfolio_app.providers.csv.headings import normalise

_AMOUNT = re.compile(r"(\w+) amount \1")
_FEE = re.compile(r"fee \((\w+)\) \1")
_REWARDS = ("administrative credit", "reward", "credit card", "referral", "bonus")
_INTEREST = ("interest", "earn")


def _matches(table: Table) -> bool:
    if not has(table, "type", "symbol", "specification"):
        return False
    return any(_AMOUNT.fullmatch(normalise(header)) for header in table.headers)


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._columns = Columns(table, book.options, decimal=".")
        self._columns.zone = UTC
        self._amounts: dict[str, str] = {}
        self._charges: dict[str, str] = {}
        for header in table.headers:
            name = normalise(header)
            if match := _AMOUNT.fullmatch(name):
                self._amounts[match[1].upper()] = name
            elif match := _FEE.fullmatch(name):
                self._charges[match[1].upper()] = name
        self._time = self._columns.starting("time")

    def read(self, row: Row) -> None:
        """Write the row's transaction down."""
        record = self._columns.record(row)
        word = record.text("type").casefold()
        if not word:
            self._book.skip(row, "import.skip.totals")
            return
        changes = {coin: change for coin, name in self._amounts.items() if (change := record.maybe(name))}
        charges = {coin: change for coin, name in self._charges.items() if (change := record.maybe(name))}
        if word in {"buy", "sell"}:
            self._trade(record, changes, charges)
        elif word in {"credit", "debit"}:
            self._move(record, word, changes, charges)
        else:
            raise RowError("unknown_type", type=record.text("type")[:60])

    def _moment(self, record: Record) -> datetime:
        if self._time and ":" not in record.text("date"):
            return record.moment_of("date", self._time)
        return record.moment("date")

    def _fee(self, charges: dict[str, Decimal]) -> Amount | None:
        """Return the fee. Gemini writes what it charges with a minus; a plus is told once, and charged all the same."""
        if len(charges) > 1:
            raise RowError("unclear_group", count=len(charges))
        for coin, charge in charges.items():
            if charge > 0:
                self._book.count("import.warn.sign_dropped")
            return amount(charge, self._book.coin(coin))
        return None

    def _trade(self, record: Record, changes: dict[str, Decimal], charges: dict[str, Decimal]) -> None:
        gained: list[tuple[AssetId, Decimal]] = []
        given: list[tuple[AssetId, Decimal]] = []
        for coin, change in changes.items():
            (gained if change > 0 else given).append((self._book.coin(coin), change))
        if len(gained) != 1 or len(given) != 1:
            raise RowError("trade_side_missing")
        self._book.add(
            record.row,
            self._moment(record),
            TransactionKind.TRADE,
            received=amount(gained[0][1], gained[0][0]),
            sent=amount(given[0][1], given[0][0]),
            fee=self._fee(charges),
            external_id=record.text("trade id"),
        )

    def _move(
        self, record: Record, word: str, changes: dict[str, Decimal], charges: dict[str, Decimal]
    ) -> None:
        if len(changes) != 1:
            raise RowError("amount_missing")
        ((coin, change),) = changes.items()
        text = record.text("specification").casefold()
        gain = TransactionKind.DEPOSIT
        if any(key in text for key in _REWARDS):
            gain = TransactionKind.REWARD
        elif any(key in text for key in _INTEREST):
            gain = TransactionKind.INTEREST
        change = abs(change) if word == "credit" else -abs(change)
        self._book.move(
            record.row,
            self._moment(record),
            Amount(change, self._book.coin(coin)),
            gain=gain,
            loss=TransactionKind.WITHDRAWAL,
            fee=self._fee(charges),
            note=record.text("specification"),
        )


def _read(table: Table, book: Book) -> None:
    book.each(_Reader(table, book).read)


FORMATS = (
    Format(
        FormatInfo("gemini", "Gemini transaction history", "Gemini", "crypto", "gemini_csv"), _matches, _read
    ),
)
