"""Trading 212, history export. The total is what the cash moved by: charges are in it.

Newer exports put notes and ID before the number of shares; rows in the new order are recognised and put right even
under the old headings.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.currencies import MINOR
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of, has

_CHARGES = (
    "currency conversion fee", "transaction fee", "stamp duty", "stamp duty reserve tax", "finra fee",
    "french transaction tax", "ptm levy", "charge amount", "deposit fee", "merchant fee",
)  # fmt: skip
_CASH: dict[str, tuple[TransactionKind, TransactionKind]] = {
    "deposit": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "withdrawal": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "interest on cash": (TransactionKind.INTEREST, TransactionKind.FEE),
    "lending interest": (TransactionKind.INTEREST, TransactionKind.FEE),
    "share lending interest": (TransactionKind.INTEREST, TransactionKind.FEE),
    "result adjustment": (TransactionKind.INCOME, TransactionKind.FEE),
    "card debit": (TransactionKind.DEPOSIT, TransactionKind.SPEND),
    "card credit": (TransactionKind.DEPOSIT, TransactionKind.SPEND),
    "spending cashback": (TransactionKind.REWARD, TransactionKind.FEE),
    "currency conversion": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
}
_ORDER_ID = re.compile(r"EO[A-Z]\d+")


def _matches(table: Table) -> bool:
    return has(
        table, "action", "time", "isin", "ticker", "no. of shares", "price / share", "exchange rate"
    ) and (has(table, "total") or any(header.casefold().startswith("total (") for header in table.headers))


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._columns = Columns(table, book.options, decimal=".")
        self._columns.zone = UTC
        self._total = self._columns.find("total") or self._columns.starting("total (")
        self._stated = self._total[7:10].upper() if self._total.startswith("total (") else ""
        self._splits: dict[str, list[Record]] = defaultdict(list)
        self._shares_at = self._columns.index("no. of shares")

    def read(self, row: Row) -> None:
        """Write the row's transaction down."""
        record = self._columns.record(self._in_order(row))
        word = record.text("action").casefold()
        if self._book.repeated(row, record.text("id")):
            return
        if word.endswith((" buy", " sell")):
            self._trade(record, buys=word.endswith(" buy"))
        elif word.startswith("dividend"):
            self._dividend(record)
        elif word.startswith("stock split"):
            self._splits[record.text("isin")].append(record)
        elif word in {"stock distribution", "stock dividend", "spin off", "custom stock distribution"}:
            self._shares(record, TransactionKind.SPIN_OFF, arrive=True)
        elif word == "transfer in":
            self._shares(record, TransactionKind.DEPOSIT, arrive=True)
        elif word == "transfer out":
            self._shares(record, TransactionKind.WITHDRAWAL, arrive=False)
        elif word in _CASH:
            gain, loss = _CASH[word]
            change = record.number(self._total)
            if word == "withdrawal":
                change = -abs(change)
            self._book.move(
                row,
                record.moment("time"),
                Amount(change, self._cash(record)),
                gain=gain,
                loss=loss,
                **_common(record),
            )
        else:
            raise RowError("unknown_type", type=record.text("action")[:60])

    def _in_order(self, row: Row) -> Row:
        """Return a row that is written in the newer order of columns in the order of this file's headings."""
        at = self._shares_at
        old = self._columns.index("price / share") == at + 1 and self._columns.index("notes") > at
        if not old or len(row.cells) <= at + 2 or not _ORDER_ID.fullmatch(row.cells[at + 1].strip()):
            return row
        notes, order, rest = row.cells[at], row.cells[at + 1], row.cells[at + 2 :]
        cells = [*row.cells[:at], *rest]
        cells += [""] * (len(row.cells) - len(cells))
        cells[self._columns.index("notes")], cells[self._columns.index("id")] = notes, order
        return Row(row.line, cells)

    def _cash(self, record: Record) -> AssetId:
        return self._book.currency(record.text("currency (total)") or self._stated)

    def _security(self, record: Record) -> AssetId:
        quoted = record.text("currency (price / share)")
        return self._book.security(
            record.text("ticker"),
            isin=record.text("isin"),
            name=record.text("name"),
            currency=MINOR.get(quoted, quoted),
        )

    def _trade(self, record: Record, *, buys: bool) -> None:
        cash = self._cash(record)
        total = abs(record.number(self._total))
        charges = sum(
            (abs(record.maybe(self._columns.starting(name)) or Decimal(0)) for name in _CHARGES), Decimal(0)
        )
        shares = amount(record.number("no. of shares"), self._security(record))
        money = Amount(total - charges if buys else total + charges, cash)
        self._book.add(
            record.row,
            record.moment("time"),
            TransactionKind.TRADE,
            received=shares if buys else money,
            sent=money if buys else shares,
            fee=fee_of(charges, cash),
            **_common(record),
        )

    def _dividend(self, record: Record) -> None:
        self._book.move(
            record.row,
            record.moment("time"),
            Amount(record.number(self._total), self._cash(record)),
            gain=TransactionKind.DIVIDEND,
            loss=TransactionKind.FEE,
            about=self._security(record),
            **_common(record),
        )

    def _shares(self, record: Record, kind: TransactionKind, *, arrive: bool) -> None:
        shares = amount(record.number("no. of shares"), self._security(record))
        self._book.add(
            record.row,
            record.moment("time"),
            kind,
            received=shares if arrive else None,
            sent=None if arrive else shares,
            **_common(record),
        )

    def settle(self) -> None:
        """Write the splits down: one row closes the old shares, one opens the new."""
        for records in self._splits.values():
            records.sort(key=lambda record: record.text("time"))
            for closing, opening in zip(records[::2], records[1::2], strict=False):
                with self._book.guard(closing.row, opening.row):
                    if "close" not in closing.text("action").casefold():
                        raise RowError("unpaired")
                    self._book.add(
                        opening.row,
                        opening.moment("time"),
                        TransactionKind.SPLIT,
                        received=amount(opening.number("no. of shares"), self._security(opening)),
                        sent=amount(closing.number("no. of shares"), self._security(closing)),
                        **_common(opening),
                    )
            if len(records) % 2:
                self._book.reject(records[-1].row, "import.reject.unpaired")


def _common(record: Record) -> dict[str, Any]:
    return {"external_id": record.text("id"), "note": record.text("notes")}


def _read(table: Table, book: Book) -> None:
    reader = _Reader(table, book)
    book.each(reader.read)
    reader.settle()


FORMATS = (
    Format(
        FormatInfo("trading212", "Trading 212 history", "Trading 212", "stocks", "trading212_csv"),
        _matches,
        _read,
    ),
)
