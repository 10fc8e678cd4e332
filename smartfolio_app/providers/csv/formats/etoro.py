"""eToro, account activity: US dollars throughout, day first, numbers in either style.

A fee whose row leaves the realised equity as it was is part of the withdrawal it came with.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import AssetClass, AssetId
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, has
from smartfolio_app.providers.csv.formats._securities import class_of

_Kinds = tuple[TransactionKind, TransactionKind]
_MOVE: _Kinds = (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL)
_COST: _Kinds = (TransactionKind.INCOME, TransactionKind.FEE)
#: The first that the type starts with decides.
_CASH: tuple[tuple[str, _Kinds], ...] = (
    ("deposit conversion fee", _COST),
    ("deposit", _MOVE),
    ("withdrawal conversion fee", _COST),
    ("withdraw fee", _COST),
    ("withdraw", _MOVE),
    ("dividend", (TransactionKind.DIVIDEND, TransactionKind.TAX)),
    ("interest", (TransactionKind.INTEREST, TransactionKind.FEE)),
    ("overnight", _COST),
    ("sdrt", (TransactionKind.INCOME, TransactionKind.TAX)),
    ("stamp duty", (TransactionKind.INCOME, TransactionKind.TAX)),
    ("rollover", _COST),
    ("conversion fee", _COST),
    ("commission", _COST),
    ("adjustment", _COST),
    ("bonus", (TransactionKind.REWARD, TransactionKind.FEE)),
    ("staking", (TransactionKind.STAKING, TransactionKind.FEE)),
    ("cashback", (TransactionKind.REWARD, TransactionKind.FEE)),
)


def _matches(table: Table) -> bool:
    return has(
        table, "date", "type", "details", "amount", "realized equity change", "realized equity", "balance"
    ) and (has(table, "units") or has(table, "units / contracts"))


def _read(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, order="dmy")
    units = columns.find("units", "units / contracts")
    money = book.currency("USD")

    def instrument(record: Record) -> AssetId:
        symbol = record.text("details").partition("/")[0].strip()
        word = record.text("asset type")
        kind = class_of(word)
        if kind is AssetClass.CRYPTO:
            return book.coin(symbol)
        # A contract for difference on a share is not that share.
        return book.security(symbol, mic="CFD" if kind is AssetClass.DERIVATIVE else "", kind=kind)

    def use(row: Row) -> None:
        record = columns.record(row)
        word = record.text("type").casefold()
        change = record.number("amount")
        common: dict[str, Any] = {"note": record.text("type")}
        at = record.moment("date")
        if word in {"open position", "position closed"}:
            opened = word == "open position"
            shares, cash = amount(record.number(units), instrument(record)), amount(change, money)
            book.add(
                row,
                at,
                TransactionKind.TRADE,
                received=shares if opened else cash,
                sent=cash if opened else shares,
                external_id=f"{record.text('position id')}:{'open' if opened else 'close'}",
                **common,
            )
            return
        kinds = next((kinds for start, kinds in _CASH if word.startswith(start)), None)
        if kinds is None:
            raise RowError("unknown_type", type=record.text("type")[:60])
        equity = record.maybe("realized equity change") or Decimal(0)
        if not change or (kinds == _COST and word.startswith(("withdraw", "deposit")) and not equity):
            book.skip(row, "import.skip.included_elsewhere")
            return
        about = instrument(record) if word.startswith("dividend") else ""
        book.move(row, at, Amount(change, money), gain=kinds[0], loss=kinds[1], about=about, **common)

    book.each(use)


FORMATS = (
    Format(
        FormatInfo("etoro", "eToro account activity", "eToro", "stocks", "etoro_csv", local_times=True),
        _matches,
        _read,
    ),
)
