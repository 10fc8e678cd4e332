"""Rabobank, investments (Dutch): the amount is what the account was booked, costs and dividend tax included."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import AssetClass, AssetId
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of, has
from smartfolio_app.providers.csv.formats._securities import class_of

_CASH: dict[str, tuple[TransactionKind, TransactionKind]] = {
    "storting / opname": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "storting": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "opname": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "tarieven en services": (TransactionKind.INCOME, TransactionKind.FEE),
    "rente beleggersrekening": (TransactionKind.INTEREST, TransactionKind.FEE),
    "contant dividend": (TransactionKind.DIVIDEND, TransactionKind.TAX),
    "dividendbelasting": (TransactionKind.INCOME, TransactionKind.TAX),
    "couponrente": (TransactionKind.INTEREST, TransactionKind.FEE),
}


def _matches(table: Table) -> bool:
    return has(
        table, "portefeuille", "naam", "datum", "type mutatie", "volume", "koers", "bedrag", "isin code"
    )


def _read(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=",", order="dmy")
    costs_column = columns.starting("valuta kosten", "kosten")
    currency_column = columns.find("valuta mutatie", "valuta")

    def security(record: Record) -> AssetId:
        kind = (
            AssetClass.FUND
            if "fonds" in record.text("naam").casefold()
            else class_of(record.text("type mutatie"))
        )
        return book.security(
            record.text("naam"), isin=record.text("isin code"), name=record.text("naam"), kind=kind
        )

    def use(row: Row) -> None:
        record = columns.record(row)
        word = record.text("type mutatie").casefold()
        cash = book.currency(record.text(currency_column))
        booked = record.number("bedrag")
        common: dict[str, Any] = {"account": record.text("portefeuille"), "note": record.text("type mutatie")}
        at = record.moment_of("datum", "tijd")
        if word.startswith(("koop", "verkoop")):
            buys = word.startswith("koop")
            costs = abs(record.maybe(costs_column) or Decimal(0))
            shares = amount(record.number("volume"), security(record))
            money = Amount(abs(booked) - costs if buys else abs(booked) + costs, cash)
            book.add(
                row,
                at,
                TransactionKind.TRADE,
                received=shares if buys else money,
                sent=money if buys else shares,
                fee=fee_of(costs, cash),
                **common,
            )
        elif word in _CASH:
            gain, loss = _CASH[word]
            about = security(record) if record.text("isin code") else ""
            book.move(row, at, Amount(booked, cash), gain=gain, loss=loss, about=about, **common)
        else:
            raise RowError("unknown_type", type=record.text("type mutatie")[:60])

    book.each(use)


FORMATS = (
    Format(
        FormatInfo(
            "rabobank", "Rabobank investments", "Rabobank", "stocks", "rabobank_csv", local_times=True
        ),
        _matches,
        _read,
    ),
)
