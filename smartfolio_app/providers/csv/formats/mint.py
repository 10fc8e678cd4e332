"""Mint, transactions of bank and card accounts: month first, US dollars, the direction told by a word."""

from __future__ import annotations

from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns
from smartfolio_app.providers.csv.formats._kinds import has


def _matches(table: Table) -> bool:
    return has(
        table, "date", "description", "original description", "amount", "transaction type", "account name"
    )


def _read(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".", order="mdy", fixed=True)

    def use(row: Row) -> None:
        record = columns.record(row)
        word = record.text("transaction type").casefold()
        if word not in {"debit", "credit"}:
            raise RowError("unknown_type", type=word[:60])
        # Some writers sign the amount as well; the word is what Mint itself goes by.
        side = Amount(abs(record.number("amount")), book.currency(book.options.base_currency or "USD"))
        category = record.text("category").casefold()
        if category == "interest income":
            gain, loss = TransactionKind.INTEREST, TransactionKind.FEE
        elif "transfer" in category or "payment" in category:
            gain, loss = TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL
        else:
            gain, loss = TransactionKind.INCOME, TransactionKind.SPEND
        book.add(
            row,
            record.moment("date"),
            gain if word == "credit" else loss,
            received=side if word == "credit" else None,
            sent=side if word == "debit" else None,
            account=record.text("account name"),
            group=record.text("category"),
            note=record.text("description"),
        )

    book.each(use)


FORMATS = (Format(FormatInfo("mint", "Mint transactions", "Mint", "stocks", "mint_csv"), _matches, _read),)
