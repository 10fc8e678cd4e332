"""Interactive Brokers, two CSV reports: the transaction history (sections in one file) and a Flex query of trades.

The transaction history is told in the account's base currency throughout; its foreign-exchange rows are the small
differences that remain in that currency.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import AssetClass, AssetId
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book, is_isin
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of, has
from smartfolio_app.providers.csv.formats._securities import class_of
from smartfolio_app.providers.csv.headings import normalise

_Kinds = tuple[TransactionKind, TransactionKind]
_MOVES: dict[str, _Kinds] = {
    "deposit": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "withdrawal": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "cash transfer": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "dividend": (TransactionKind.DIVIDEND, TransactionKind.FEE),
    "payment in lieu": (TransactionKind.DIVIDEND, TransactionKind.FEE),
    "foreign tax withholding": (TransactionKind.INCOME, TransactionKind.TAX),
    "withholding tax": (TransactionKind.INCOME, TransactionKind.TAX),
    "sales tax": (TransactionKind.INCOME, TransactionKind.TAX),
    "investment interest received": (TransactionKind.INTEREST, TransactionKind.FEE),
    "investment interest paid": (TransactionKind.INTEREST, TransactionKind.FEE),
    "credit interest": (TransactionKind.INTEREST, TransactionKind.FEE),
    "debit interest": (TransactionKind.INTEREST, TransactionKind.FEE),
    "other fee": (TransactionKind.INCOME, TransactionKind.FEE),
    "commission adjustment": (TransactionKind.INCOME, TransactionKind.FEE),
    "adjustment": (TransactionKind.MARGIN_PROFIT, TransactionKind.MARGIN_LOSS),
    "forex trade component": (TransactionKind.MARGIN_PROFIT, TransactionKind.MARGIN_LOSS),
    "referral": (TransactionKind.REWARD, TransactionKind.FEE),
}
_BOND = re.compile(r"\d{2}/\d{2}/\d{2}$")
_ISIN_IN_TEXT = re.compile(r"\(([A-Z]{2}[A-Z0-9]{9}\d)\)")


def _matches_history(table: Table) -> bool:
    return has(
        table, "transaction history", "header", "date", "account", "transaction type", "symbol", "net amount"
    )


def _matches_trades(table: Table) -> bool:
    return has(table, "buy/sell", "tradedate", "quantity", "tradeprice", "trademoney", "currencyprimary")


def _read_history(table: Table, book: Book) -> None:
    base = next(
        (
            row.cells[3].strip()
            for row in table.records
            if row.cells[:1] == ["Summary"] and "Base Currency" in row.cells
        ),
        book.options.base_currency,
    )
    columns = Columns(table, book.options, decimal=".")
    book.rows_are(sum(1 for row in table.rows if row.cells[:2] == ["Transaction History", "Data"]))

    def use(row: Row) -> None:
        if row.cells[:2] != ["Transaction History", "Data"]:
            return
        record = columns.record(row)
        cash = book.currency(base)
        at, word = record.moment("date"), record.text("transaction type").casefold()
        common: dict[str, Any] = {
            "account": record.text("account"),
            "note": record.text("description"),
        }
        if word in {"buy", "sell"}:
            shares = amount(record.number("quantity"), _security(book, record))
            money = amount(record.number("gross amount"), cash)
            book.add(
                row,
                at,
                TransactionKind.TRADE,
                received=shares if word == "buy" else money,
                sent=money if word == "buy" else shares,
                fee=fee_of(record.maybe("commission"), cash),
                **common,
            )
            return
        if word not in _MOVES:
            raise RowError("unknown_type", type=record.text("transaction type")[:60])
        gain, loss = _MOVES[word]
        has_asset = record.text("symbol") not in {"", "-"} and word != "forex trade component"
        about = _security(book, record) if has_asset else ""
        book.move(
            row, at, Amount(record.number("net amount"), cash), gain=gain, loss=loss, about=about, **common
        )

    book.each(use)


def _security(book: Book, record: Record) -> AssetId:
    symbol = record.text("symbol")
    kind = AssetClass.BOND if _BOND.search(symbol) else AssetClass.STOCK
    # Only a dividend's text carries the ISIN; the symbol is what all rows of a share have in common.
    name = "" if _ISIN_IN_TEXT.search(record.text("description")) else record.text("description")
    return book.security(symbol, name=name if kind is AssetClass.STOCK else symbol, kind=kind)


def _read_trades(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    has_symbol = bool(columns.find("symbol"))
    time = columns.find("datetime", "tradedate")
    book.warn("import.warn.cash_not_in_file")

    def use(row: Row) -> None:
        record = columns.record(row)
        side = normalise(record.text("buy/sell"))
        if side not in {"buy", "sell"}:
            raise RowError("unknown_type", type=side[:60])
        isin, symbol = record.text("isin"), record.text("symbol") if has_symbol else ""
        currency = book.currency(record.text("currencyprimary"))
        base, _, quote = symbol.partition(".")
        if not is_isin(isin) and len(base) == len(quote) == 3:
            asset = book.currency(base)
        elif not is_isin(isin) and not symbol:
            raise RowError("instrument_missing")
        else:
            asset = book.security(symbol, isin=isin, kind=class_of(record.text("assetclass")))
        shares = amount(record.number("quantity"), asset)
        money = amount(record.number("trademoney"), currency)
        fee = record.maybe("ibcommission") or Decimal(0)
        fee_currency = book.currency(record.text("ibcommissioncurrency")) if fee else currency
        book.add(
            row,
            record.moment(time),
            TransactionKind.TRADE,
            received=shares if side == "buy" else money,
            sent=money if side == "buy" else shares,
            fee=fee_of(fee, fee_currency),
            account=record.text("clientaccountid"),
            external_id=record.text("tradeid") or record.text("transactionid"),
        )

    book.each(use)


FORMATS = (
    Format(
        FormatInfo(
            "ibkr_history",
            "Interactive Brokers transaction history",
            "Interactive Brokers",
            "stocks",
            "ibkr_csv",
        ),
        _matches_history,
        _read_history,
    ),
    Format(
        FormatInfo(
            "ibkr_trades", "Interactive Brokers Flex trades", "Interactive Brokers", "stocks", "ibkr_csv"
        ),
        _matches_trades,
        _read_trades,
    ),
)
