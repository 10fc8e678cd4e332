"""Freetrade, activity feed: everything in the account's currency. Whether the total of an order has stamp duty and the
exchange fee in it is told by the order's own arithmetic."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.money import multiply
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of, has, without_fees
from smartfolio_app.providers.csv.formats._splits import Splits

_DOCUMENTS = frozenset({"MONTHLY_STATEMENT", "TAX_CERTIFICATE", "SHARE_LENDING_STATEMENT"})
_CASH: dict[str, tuple[TransactionKind, TransactionKind]] = {
    "TOP_UP": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "WITHDRAWAL": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "TRANSFER": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "INTERNAL_TRANSFER": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "INTEREST_FROM_CASH": (TransactionKind.INTEREST, TransactionKind.FEE),
    "SHARE_LENDING_INCOME": (TransactionKind.INTEREST, TransactionKind.FEE),
    "SUBSCRIPTION_FEE": (TransactionKind.INCOME, TransactionKind.FEE),
    "SIPP_TAX_RELIEF": (TransactionKind.INCOME, TransactionKind.TAX),
    "SIPP_ANNUAL_FEE": (TransactionKind.INCOME, TransactionKind.FEE),
}
_OUTGOING = frozenset({"WITHDRAWAL", "SUBSCRIPTION_FEE", "SIPP_ANNUAL_FEE"})


def _matches(table: Table) -> bool:
    return has(
        table, "title", "type", "timestamp", "account currency", "total amount", "buy / sell", "fx fee amount"
    )


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._columns = Columns(table, book.options, decimal=".")
        self.splits = Splits(book)
        self._ratio_to = self._columns.starting("stock split rate of share outturn to")
        self._ratio_from = self._columns.starting("stock split rate of share outturn from")

    def read(self, row: Row) -> None:
        """Write the row's transaction down."""
        record = self._columns.record(row)
        word = record.text("type").upper()
        if word in _DOCUMENTS:
            self._book.skip(row, "import.skip.no_movement")
        elif word in {"ORDER", "FREESHARE_ORDER"}:
            self._order(record, free=word == "FREESHARE_ORDER")
        elif word in {"DIVIDEND", "SPECIAL_DIVIDEND"}:
            cash = Amount(record.number("total amount"), self._cash(record))
            self._book.move(
                row,
                record.moment("timestamp"),
                cash,
                gain=TransactionKind.DIVIDEND,
                loss=TransactionKind.TAX,
                about=self._security(record),
            )
        elif word == "STOCK_SPLIT":
            ratio = record.number(self._ratio_to) / record.number(self._ratio_from)
            self.splits.by_ratio(row, record.moment("timestamp"), self._security(record), ratio)
        elif word in _CASH:
            gain, loss = _CASH[word]
            change = record.number("total amount")
            if word in _OUTGOING:
                change = -abs(change)
            self._book.move(
                row, record.moment("timestamp"), Amount(change, self._cash(record)), gain=gain, loss=loss
            )
        else:
            raise RowError("unknown_type", type=record.text("type")[:60])

    def _cash(self, record: Record) -> AssetId:
        return self._book.currency(record.text("account currency"))

    def _security(self, record: Record) -> AssetId:
        return self._book.security(
            record.text("ticker"),
            isin=record.text("isin"),
            name=record.text("title"),
            currency=record.text("instrument currency"),
        )

    def _order(self, record: Record, *, free: bool) -> None:
        side = record.text("buy / sell").upper()
        if side not in {"BUY", "SELL"}:
            raise RowError("unknown_type", type=side[:60])
        cash = self._cash(record)
        shares = amount(record.number("quantity"), self._security(record))
        common: dict[str, Any] = {"external_id": record.text("order id"), "note": record.text("order type")}
        if free:
            self._book.add(
                record.row, record.moment("timestamp"), TransactionKind.REWARD, received=shares, **common
            )
            return
        total = abs(record.number("total amount"))
        fees = abs(record.maybe("stamp duty") or Decimal(0)) + abs(
            record.maybe("fx fee amount") or Decimal(0)
        )
        unit = record.maybe("price per share in account currency")
        gross = multiply(shares.quantity, unit) if unit else None
        money = Amount(without_fees(total, fees, gross, buys=side == "BUY"), cash)
        self._book.add(
            record.row,
            record.moment("timestamp"),
            TransactionKind.TRADE,
            received=shares if side == "BUY" else money,
            sent=money if side == "BUY" else shares,
            fee=fee_of(fees, cash),
            **common,
        )


def _read(table: Table, book: Book) -> None:
    reader = _Reader(table, book)
    book.each(reader.read)
    reader.splits.settle()


FORMATS = (
    Format(
        FormatInfo("freetrade", "Freetrade activity", "Freetrade", "stocks", "freetrade_csv"), _matches, _read
    ),
)
