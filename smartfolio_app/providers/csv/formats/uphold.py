"""Uphold, transactions: the origin is what leaves, fee included; the destination is what arrives."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal

from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns
from smartfolio_app.providers.csv.formats._kinds import fee_of, has


def _matches(table: Table) -> bool:
    return has(
        table,
        "destination",
        "destination amount",
        "destination currency",
        "origin",
        "origin amount",
        "origin currency",
    )


def _read(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    columns.zone = UTC

    def use(row: Row) -> None:
        record = columns.record(row)
        status = record.text("status").casefold()
        if status not in {"", "completed"}:
            book.skip(row, "import.skip.not_completed", status=status[:30])
            return
        external_id = record.text("id")
        if book.repeated(row, external_id):
            return
        at, word = record.moment("date"), record.text("type").casefold()
        arrived = Amount(record.number("destination amount"), book.coin(record.text("destination currency")))
        left = Amount(record.number("origin amount"), book.coin(record.text("origin currency")))
        fee = record.maybe("fee amount") or Decimal(0)
        charged = (
            fee_of(fee, book.coin(record.text("fee currency") or record.text("origin currency")))
            if fee
            else None
        )
        if charged and charged.asset == left.asset and charged.quantity < left.quantity:
            left = Amount(left.quantity - charged.quantity, left.asset)
        elif charged and charged.asset == arrived.asset:
            arrived = Amount(arrived.quantity + charged.quantity, arrived.asset)
        if arrived.asset != left.asset:
            book.add(
                row,
                at,
                TransactionKind.TRADE,
                received=arrived,
                sent=left,
                fee=charged,
                external_id=external_id,
            )
        elif word == "in":
            inside = record.text("origin").casefold() == "uphold"
            kind = TransactionKind.INCOME if inside else TransactionKind.DEPOSIT
            book.add(row, at, kind, received=arrived, fee=charged, external_id=external_id)
        elif word == "out":
            book.add(row, at, TransactionKind.WITHDRAWAL, sent=left, fee=charged, external_id=external_id)
        elif word == "transfer":
            book.skip(row, "import.skip.internal")
        else:
            raise RowError("unknown_type", type=record.text("type")[:60])

    book.each(use)


FORMATS = (
    Format(FormatInfo("uphold", "Uphold transactions", "Uphold", "crypto", "uphold_csv"), _matches, _read),
)
