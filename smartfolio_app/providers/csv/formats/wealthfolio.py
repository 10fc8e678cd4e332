"""Wealthfolio: activities (either spelling of the headings) and holdings by day, cash as ``$CASH`` or
``$CASH-USD``."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import AssetClass, AssetId
from smartfolio_app.ledger.money import multiply
from smartfolio_app.ledger.transactions import Amount, Statement, StatementLine, TransactionKind
from smartfolio_app.providers.csv import symbols
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import fee_of, has
from smartfolio_app.providers.csv.formats._securities import class_of, in_major
from smartfolio_app.providers.csv.formats._splits import Splits
from smartfolio_app.providers.csv.headings import normalise

_CASH_SYMBOL = "$CASH"
_HOLDING_HEADINGS = frozenset(
    {"", "date", "symbol", "quantity", "price", "currency", "avgcost", "avg_cost", "average cost", "name"}
)
_CASH: dict[str, TransactionKind] = {
    "DIVIDEND": TransactionKind.DIVIDEND,
    "INTEREST": TransactionKind.INTEREST,
    "DEPOSIT": TransactionKind.DEPOSIT,
    "CREDIT": TransactionKind.REWARD,
    "WITHDRAWAL": TransactionKind.WITHDRAWAL,
    "FEE": TransactionKind.FEE,
    "TAX": TransactionKind.TAX,
}
_OUTGOING = frozenset({TransactionKind.WITHDRAWAL, TransactionKind.FEE, TransactionKind.TAX})
_TRANSFERS = {
    "TRANSFER_IN": TransactionKind.DEPOSIT,
    "ADD_HOLDING": TransactionKind.DEPOSIT,
    "TRANSFER_OUT": TransactionKind.WITHDRAWAL,
    "REMOVE_HOLDING": TransactionKind.WITHDRAWAL,
}


def _matches_activities(table: Table) -> bool:
    return (
        has(table, "date", "symbol", "quantity", "currency", "fee", "amount")
        and (has(table, "activitytype") or has(table, "type", "instrumenttype"))
        and (has(table, "unitprice") or has(table, "unit price"))
    )


def _matches_holdings(table: Table) -> bool:
    # A list of trades has these headings too, but then one more that tells buying from selling.
    return has(table, "date", "symbol", "quantity", "price", "currency") and all(
        normalise(header) in _HOLDING_HEADINGS for header in table.headers
    )


def _is_cash(record: Record) -> bool:
    """Tell whether a row is about money and not about a security."""
    symbol = record.text("symbol").upper()
    return not symbol or symbol.partition("-")[0] == _CASH_SYMBOL


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._columns = Columns(table, book.options, decimal=".")
        self._type = self._columns.find("activitytype", "type")
        self._price = self._columns.find("unitprice", "unit price")
        self._note = self._columns.find("comment", "notes", "note")
        self.splits = Splits(book)

    def read(self, row: Row) -> None:
        """Write the row's activity down."""
        record = self._columns.record(row)
        word = record.text(self._type).upper()
        at = record.moment("date")
        common: dict[str, Any] = {"note": record.text(self._note) if self._note else ""}
        if word in {"BUY", "SELL"}:
            self._trade(record, at, buys=word == "BUY", **common)
        elif word == "SPLIT":
            ratio = record.maybe("amount") or record.number("quantity")
            self.splits.by_ratio(row, at, self._asset(record), ratio)
        elif word in _TRANSFERS and not _is_cash(record):
            shares = Amount(abs(record.number("quantity")), self._asset(record))
            unit = record.maybe(self._price)
            value = Amount(multiply(shares.quantity, unit), self._cash(record)) if unit else None
            kind = _TRANSFERS[word]
            arrives = kind is TransactionKind.DEPOSIT
            self._book.add(
                row,
                at,
                kind,
                received=shares if arrives else None,
                sent=None if arrives else shares,
                value=value,
                **common,
            )
        elif word in _CASH or word in _TRANSFERS:
            self._money(record, at, _CASH.get(word) or _TRANSFERS[word], **common)
        else:
            raise RowError("unknown_type", type=record.text(self._type)[:60])

    def _cash(self, record: Record) -> AssetId:
        _, code = in_major(Decimal(0), record.text("currency"))
        return self._book.currency(code)

    def _asset(self, record: Record) -> AssetId:
        symbol = record.text("symbol")
        kind = class_of(record.text("instrumenttype"))
        base = symbol.upper().removesuffix(f"-{record.text('currency').upper()}")
        if kind is AssetClass.CRYPTO or (base != symbol.upper() and symbols.looks_like_coin(base)):
            return self._book.coin(base)
        _, currency = in_major(Decimal(0), record.text("currency"))
        return self._book.security(symbol, kind=kind, currency=currency)

    def _trade(self, record: Record, at: datetime, *, buys: bool, **common: Any) -> None:
        price, _ = in_major(record.number(self._price), record.text("currency"))
        cash = self._cash(record)
        shares = Amount(abs(record.number("quantity")), self._asset(record))
        money = Amount(multiply(shares.quantity, price), cash)
        self._book.add(
            record.row,
            at,
            TransactionKind.TRADE,
            received=shares if buys else money,
            sent=money if buys else shares,
            fee=fee_of(record.maybe("fee"), cash),
            **common,
        )

    def _money(self, record: Record, at: datetime, kind: TransactionKind, **common: Any) -> None:
        total = record.maybe("amount")
        if total is None:
            total = multiply(record.number("quantity"), record.number(self._price))
        total, _ = in_major(total, record.text("currency"))
        side = Amount(abs(total), self._cash(record))
        outgoing = kind in _OUTGOING
        self._book.add(
            record.row,
            at,
            kind,
            received=None if outgoing else side,
            sent=side if outgoing else None,
            fee=fee_of(record.maybe("fee"), side.asset),
            about="" if _is_cash(record) else self._asset(record),
            **common,
        )


def _read_activities(table: Table, book: Book) -> None:
    reader = _Reader(table, book)
    book.each(reader.read)
    reader.splits.settle()


def _read_holdings(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    days: dict[datetime, list[StatementLine]] = defaultdict(list)

    def use(row: Row) -> None:
        record = columns.record(row)
        at = record.moment("date").replace(hour=23, minute=59, second=59)
        quantity = record.number("quantity")
        price, code = in_major(record.maybe("price") or Decimal(0), record.text("currency"))
        cash = book.currency(code)
        if _is_cash(record):
            asset = cash
        else:
            asset = book.security(record.text("symbol"), currency=code)
            book.price(row, asset, code, price, at)
        days[at].append(StatementLine(asset, quantity, row=row.line, raw=book.raw(row)))

    book.each(use)
    if not days:
        return
    newest = max(days)
    book.as_of, book.lines = newest, days.pop(newest)
    book.earlier = [Statement(at, tuple(lines)) for at, lines in sorted(days.items())]


FORMATS = (
    Format(
        FormatInfo(
            "wealthfolio_activities", "Wealthfolio activities", "Wealthfolio", "stocks", "wealthfolio_csv"
        ),
        _matches_activities,
        _read_activities,
    ),
    Format(
        FormatInfo(
            "wealthfolio_holdings",
            "Wealthfolio holdings",
            "Wealthfolio",
            "stocks",
            "wealthfolio_csv",
            "statement",
        ),
        _matches_holdings,
        _read_holdings,
    ),
)
