"""rotki, generic files: trades (two generations of columns) and events. Assets may be named by their chain address."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv import symbols
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of, has, known

_EVENTS: dict[str, TransactionKind] = {
    "deposit": TransactionKind.DEPOSIT,
    "withdrawal": TransactionKind.WITHDRAWAL,
    "income": TransactionKind.INCOME,
    "loss": TransactionKind.LOST,
    "spend": TransactionKind.SPEND,
    "staking": TransactionKind.STAKING,
}
_OUTGOING = frozenset({TransactionKind.WITHDRAWAL, TransactionKind.LOST, TransactionKind.SPEND})


def _matches_trades(table: Table) -> bool:
    return has(
        table, "location", "spend currency", "receive currency", "receive amount", "spend amount", "timestamp"
    ) or has(table, "location", "base currency", "quote currency", "buy amount", "sell amount", "timestamp")


def _matches_events(table: Table) -> bool:
    return has(
        table, "type", "location", "currency", "amount", "fee", "fee currency", "description", "timestamp"
    )


def _coin(book: Book, code: str) -> AssetId:
    return book.coin(symbols.caip(code))


def _fee(book: Book, record: Record) -> Amount | None:
    fee = record.maybe("fee")
    return fee_of(fee, _coin(book, record.text("fee currency"))) if fee else None


def _read_trades(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    columns.zone = UTC
    bought = columns.find("receive amount", "buy amount"), columns.find("receive currency", "base currency")
    sold = columns.find("spend amount", "sell amount"), columns.find("spend currency", "quote currency")

    def use(row: Row) -> None:
        record = columns.record(row)
        received, sent = record.maybe(bought[0]) or Decimal(0), record.maybe(sold[0]) or Decimal(0)
        if not received or not sent:
            raise RowError("trade_side_missing")
        book.add(
            row,
            record.moment("timestamp"),
            TransactionKind.TRADE,
            received=amount(received, _coin(book, record.text(bought[1]))),
            sent=amount(sent, _coin(book, record.text(sold[1]))),
            fee=_fee(book, record),
            account=record.text("location"),
            note=record.text("description"),
        )

    book.each(use)


def _read_events(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    columns.zone = UTC

    def use(row: Row) -> None:
        record = columns.record(row)
        kind = known(_EVENTS, record.text("type"))
        side = amount(record.number("amount"), _coin(book, record.text("currency")))
        book.add(
            row,
            record.moment("timestamp"),
            kind,
            received=None if kind in _OUTGOING else side,
            sent=side if kind in _OUTGOING else None,
            fee=_fee(book, record),
            account=record.text("location"),
            note=record.text("description"),
        )

    book.each(use)


FORMATS = (
    Format(
        FormatInfo("rotki_trades", "rotki generic trades", "rotki", "crypto", "rotki_csv"),
        _matches_trades,
        _read_trades,
    ),
    Format(
        FormatInfo("rotki_events", "rotki generic events", "rotki", "crypto", "rotki_csv"),
        _matches_events,
        _read_events,
    ),
)
