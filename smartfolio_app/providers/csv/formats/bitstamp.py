"""Bitstamp, transactions: amounts with their unit in the cell (``2214.01 EUR``) or, in newer files, next to it."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv import numbers
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import fee_of, has

_MOVES: dict[str, TransactionKind] = {
    "deposit": TransactionKind.DEPOSIT,
    "ripple deposit": TransactionKind.DEPOSIT,
    "card deposit": TransactionKind.DEPOSIT,
    "withdrawal": TransactionKind.WITHDRAWAL,
    "ripple payment": TransactionKind.WITHDRAWAL,
    "staking reward": TransactionKind.STAKING,
    "earn reward": TransactionKind.STAKING,
    "crypto currency airdrop": TransactionKind.AIRDROP,
    "airdrop": TransactionKind.AIRDROP,
    "referral reward": TransactionKind.REWARD,
    "lending interest": TransactionKind.INTEREST,
}
_INTERNAL = (
    "sub account transfer",
    "sub-account transfer",
    "internal transfer",
    "staked assets",
    "unstaked",
    "started",
)


def _matches(table: Table) -> bool:
    return has(table, "type", "datetime", "account", "amount", "value", "rate", "fee") and (
        has(table, "sub type") or has(table, "subtype")
    )


def _read(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    columns.zone = UTC
    side_column = columns.find("sub type", "subtype")

    def valued(record: Record, name: str) -> Amount | None:
        if numbers.is_empty(record.text(name)):
            return None
        quantity, unit = record.with_unit(name)
        unit = unit or record.text(f"{name} currency")
        return Amount(abs(quantity), book.coin(unit))

    def use(row: Row) -> None:
        record = columns.record(row)
        external_id = record.text("id")
        if book.repeated(row, external_id):
            return
        word = record.text("type").casefold()
        if word.startswith(_INTERNAL):
            book.skip(row, "import.skip.internal")
            return
        moved, fee = valued(record, "amount"), valued(record, "fee")
        if moved is None:
            raise RowError("amount_missing")
        common: dict[str, Any] = {
            "account": record.text("account"),
            "external_id": external_id,
        }
        at = record.moment("datetime")
        if word == "market":
            paid, side = valued(record, "value"), record.text(side_column).casefold()
            if paid is None:
                raise RowError("trade_side_missing")
            if side not in {"buy", "sell"}:
                raise RowError("unknown_type", type=side[:60])
            received, sent = (moved, paid) if side == "buy" else (paid, moved)
            book.add(row, at, TransactionKind.TRADE, received=received, sent=sent, fee=fee, **common)
            return
        kind = _MOVES.get(word)
        if kind is None:
            raise RowError("unknown_type", type=record.text("type")[:60])
        charged = fee_of(fee.quantity if fee else Decimal(0), fee.asset if fee else moved.asset)
        if kind is TransactionKind.WITHDRAWAL:
            book.add(row, at, kind, sent=moved, fee=charged, **common)
        else:
            book.add(row, at, kind, received=moved, fee=charged, **common)

    book.each(use)


FORMATS = (
    Format(
        FormatInfo("bitstamp", "Bitstamp transactions", "Bitstamp", "crypto", "bitstamp_csv"), _matches, _read
    ),
)
