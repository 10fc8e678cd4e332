"""Charles Schwab, transactions: US dollars, month first; the amount has the fees in it; options close for nothing when
they expire or are assigned."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from smartfolio_app.ledger.assets import AssetClass, AssetId
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of, has
from smartfolio_app.providers.csv.formats._splits import Splits

_BUYS = frozenset({"buy", "buy to open", "buy to close", "reinvest shares", "buy to cover"})
_SELLS = frozenset({"sell", "sell to open", "sell to close", "sell short"})
_CLOSED = frozenset({"expired", "assigned", "exercised", "options frwd split"})
_Kinds = tuple[TransactionKind, TransactionKind]
_DIVIDEND: _Kinds = (TransactionKind.DIVIDEND, TransactionKind.FEE)
_MOVE: _Kinds = (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL)
_INTEREST: _Kinds = (TransactionKind.INTEREST, TransactionKind.FEE)
_CASH: dict[str, _Kinds] = {
    **dict.fromkeys(
        (
            "dividend", "qualified dividend", "cash dividend", "non-qualified div", "special qual div",
            "special dividend", "special non qual div", "reinvest dividend", "qual div reinvest",
            "pr yr cash div", "pr yr special div",
            "long term cap gain", "short term cap gain", "long term cap gain reinvest", "short term cap gain reinvest",
            "cash in lieu", "return of capital", "div adjustment", "pr yr div reinvest", "substitute dividend",
        ),
        _DIVIDEND,
    ),
    **dict.fromkeys(
        (
            "moneylink transfer", "moneylink deposit", "wire funds", "wire sent", "wire received", "funds received",
            "wire funds received", "journal", "journaled shares", "cash distribution", "security transfer",
            "check paid",
            "atm withdrawal", "visa purchase", "mobile deposit", "moneylink adj", "internal transfer",
        ),
        _MOVE,
    ),
    **dict.fromkeys(("credit interest", "bank interest", "bond interest", "cd interest", "margin interest"), _INTEREST),
    "nra tax adj": (TransactionKind.INCOME, TransactionKind.TAX),
    "foreign tax paid": (TransactionKind.INCOME, TransactionKind.TAX),
    "tax withholding": (TransactionKind.INCOME, TransactionKind.TAX),
    "adr mgmt fee": (TransactionKind.INCOME, TransactionKind.FEE),
    "service fee": (TransactionKind.INCOME, TransactionKind.FEE),
    "foreign tax": (TransactionKind.INCOME, TransactionKind.TAX),
    "misc credits": (TransactionKind.INCOME, TransactionKind.FEE),
    "misc cash entry": (TransactionKind.INCOME, TransactionKind.FEE),
    "promotional award": (TransactionKind.REWARD, TransactionKind.FEE),
}  # fmt: skip
_AS_OF = re.compile(r"(?:.* as of )?(\d{1,2}/\d{1,2}/\d{4})")
_OPTION = re.compile(r"\S+ \d{2}/\d{2}/\d{4} [\d.]+ [CP]")


def _matches(table: Table) -> bool:
    return has(table, "date", "action", "symbol", "description", "quantity", "price", "fees & comm", "amount")


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._columns = Columns(table, book.options, decimal=".", order="mdy", fixed=True)
        self._day = self._columns.date_reader(self._columns.index("date"))
        self.splits = Splits(book)

    def read(self, row: Row) -> None:
        """Write the row's transaction down."""
        record = self._columns.record(row)
        word = record.text("action").casefold()
        if not word or record.text("date").casefold().startswith("transactions total"):
            self._book.skip(row, "import.skip.totals")
        elif word in _BUYS or word in _SELLS:
            self._trade(record, buys=word in _BUYS)
        elif word in _CLOSED:
            self._close(record)
        elif word in {"stock split", "reverse split"}:
            self.splits.by_addition(
                row, self._moment(record), self._security(record), record.number("quantity")
            )
        elif word in {"stock plan activity", "spin-off"} or (
            word == "journaled shares" and record.text("quantity")
        ):
            kind = TransactionKind.SPIN_OFF if word == "spin-off" else TransactionKind.DEPOSIT
            shares = Amount(record.number("quantity"), self._security(record))
            self._book.move(row, self._moment(record), shares, gain=kind, loss=TransactionKind.WITHDRAWAL)
        elif word in _CASH:
            gain, loss = _CASH[word]
            about = self._security(record) if record.text("symbol") else ""
            self._book.move(
                row,
                self._moment(record),
                Amount(record.number("amount"), self._book.currency("USD")),
                gain=gain,
                loss=loss,
                about=about,
                note=record.text("description"),
            )
        else:
            raise RowError("unknown_type", type=record.text("action")[:60])

    def _moment(self, record: Record) -> datetime:
        """Return the day it took effect: ``08/25/2025 as of 08/22/2025`` was booked on the first."""
        match = _AS_OF.fullmatch(record.text("date"))
        if match is None:
            raise RowError("not_a_date", value=record.text("date")[:40])
        return self._day(match[1])

    def _security(self, record: Record) -> AssetId:
        symbol = record.text("symbol")
        kind = AssetClass.DERIVATIVE if _OPTION.fullmatch(symbol) else AssetClass.STOCK
        return self._book.security(symbol, name=record.text("description"), kind=kind, currency="USD")

    def _trade(self, record: Record, *, buys: bool) -> None:
        cash = self._book.currency("USD")
        fees = abs(record.maybe("fees & comm") or Decimal(0))
        total = abs(record.number("amount"))
        shares = amount(record.number("quantity"), self._security(record))
        money = Amount(total - fees if buys else total + fees, cash)
        self._book.add(
            record.row,
            self._moment(record),
            TransactionKind.TRADE,
            received=shares if buys else money,
            sent=money if buys else shares,
            fee=fee_of(fees, cash),
            note=record.text("description"),
        )

    def _close(self, record: Record) -> None:
        """A position that ends for nothing: the sign of the quantity says whether it was short or long."""
        change = record.number("quantity")
        contracts, nothing = (
            amount(change, self._security(record)),
            Amount(Decimal(0), self._book.currency("USD")),
        )
        self._book.add(
            record.row,
            self._moment(record),
            TransactionKind.TRADE,
            received=contracts if change > 0 else nothing,
            sent=nothing if change > 0 else contracts,
            note=record.text("action"),
        )


def _read(table: Table, book: Book) -> None:
    reader = _Reader(table, book)
    book.each(reader.read)
    reader.splits.settle()


FORMATS = (
    Format(
        FormatInfo("schwab", "Schwab transactions", "Charles Schwab", "stocks", "schwab_csv"), _matches, _read
    ),
)
