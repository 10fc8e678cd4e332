"""Revolut, trading account statement: amounts with their currency sign, totals net of fees."""

from __future__ import annotations

from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns
from smartfolio_app.providers.csv.formats._kinds import amount, has
from smartfolio_app.providers.csv.formats._splits import Splits

_CASH: dict[str, tuple[TransactionKind, TransactionKind]] = {
    "cash top-up": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "cash withdrawal": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "dividend": (TransactionKind.DIVIDEND, TransactionKind.TAX),
    "dividend tax (correction)": (TransactionKind.INCOME, TransactionKind.TAX),
    "custody fee": (TransactionKind.INCOME, TransactionKind.FEE),
    "custody fee reversal": (TransactionKind.INCOME, TransactionKind.FEE),
    "robo management fee": (TransactionKind.INCOME, TransactionKind.FEE),
    "interest": (TransactionKind.INTEREST, TransactionKind.FEE),
    "return of capital": (TransactionKind.DIVIDEND, TransactionKind.FEE),
    "merger - cash": (TransactionKind.INCOME, TransactionKind.FEE),
}


def _matches(table: Table) -> bool:
    return has(
        table, "date", "ticker", "type", "quantity", "price per share", "total amount", "currency", "fx rate"
    )


def _read(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    splits = Splits(book)

    def use(row: Row) -> None:
        record = columns.record(row)
        at, word = record.moment("date"), record.text("type").casefold()
        currency = book.currency(record.text("currency"))
        if word.startswith("transfer from revolut"):
            # Between two of Revolut's own companies; the owner stays the same.
            book.skip(row, "import.skip.internal")
        elif word.startswith(("buy", "sell")):
            asset = book.security(record.text("ticker"), currency=record.text("currency"))
            shares, money = (
                amount(record.number("quantity"), asset),
                amount(record.number("total amount"), currency),
            )
            buys = word.startswith("buy")
            book.add(
                row,
                at,
                TransactionKind.TRADE,
                received=shares if buys else money,
                sent=money if buys else shares,
            )
        elif word == "stock split":
            asset = book.security(record.text("ticker"), currency=record.text("currency"))
            splits.by_addition(row, at, asset, record.number("quantity"))
        elif word in _CASH:
            gain, loss = _CASH[word]
            change = record.number("total amount")
            if word in {"cash withdrawal", "custody fee", "robo management fee"}:
                change = -abs(change)
            about = book.security(record.text("ticker")) if record.text("ticker") else ""
            if not change:
                book.skip(row, "import.skip.no_movement")
                return
            book.move(row, at, Amount(change, currency), gain=gain, loss=loss, about=about)
        else:
            raise RowError("unknown_type", type=record.text("type")[:60])

    book.each(use)
    splits.settle()


FORMATS = (
    Format(
        FormatInfo("revolut_invest", "Revolut trading account", "Revolut", "stocks", "revolut_csv"),
        _matches,
        _read,
    ),
)
