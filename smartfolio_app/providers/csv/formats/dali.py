"""dali-rp2, the three manual files (in, out, intra), and the wallet export of old Trezor software it reads.

In the intra file a transfer may be told in halves and again as a whole, under one id: the whole counts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.money import multiply
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import fee_of, has, known

_IN: dict[str, TransactionKind] = {
    "buy": TransactionKind.TRADE, "airdrop": TransactionKind.AIRDROP, "donate": TransactionKind.GIFT_IN,
    "gift": TransactionKind.GIFT_IN, "hardfork": TransactionKind.FORK, "income": TransactionKind.INCOME,
    "interest": TransactionKind.INTEREST, "mining": TransactionKind.MINING, "staking": TransactionKind.STAKING,
    "wages": TransactionKind.INCOME,
}  # fmt: skip
_OUT: dict[str, TransactionKind] = {
    "sell": TransactionKind.TRADE, "donate": TransactionKind.DONATION, "gift": TransactionKind.GIFT_OUT,
    "fee": TransactionKind.FEE, "lost": TransactionKind.LOST, "staking": TransactionKind.LOAN_OUT,
}  # fmt: skip
_FIAT = "USD"
_BITCOIN_ADDRESS = re.compile(r"(?:bc1[02-9ac-hj-np-z]{11,71}|[13][1-9A-HJ-NP-Za-km-z]{25,34})")


def _matches_in(table: Table) -> bool:
    return has(
        table, "unique id", "timestamp", "asset", "holder", "transaction type", "crypto in", "crypto fee"
    )


def _matches_out(table: Table) -> bool:
    return has(table, "unique id", "timestamp", "asset", "holder", "transaction type", "crypto out no fee")


def _matches_intra(table: Table) -> bool:
    return has(
        table,
        "unique id",
        "timestamp",
        "asset",
        "from exchange",
        "to exchange",
        "crypto sent",
        "crypto received",
    )


def _matches_trezor(table: Table) -> bool:
    return has(table, "date & time", "type", "transaction id", "addresses", "fee", "total")


def _account(exchange: str, holder: str) -> str:
    return f"{exchange} ({holder})" if holder else exchange


def _common(record: Record) -> dict[str, Any]:
    return {
        "account": _account(record.text("exchange"), record.text("holder")),
        "external_id": record.text("unique id"),
        "note": record.text("notes"),
    }


def _paid(record: Record, quantity: Decimal, *columns: str) -> Decimal:
    """Return the money side without fee: as stated, else quantity times the stated spot price."""
    for column in columns:
        stated = record.maybe(column)
        if stated:
            return stated
    spot = record.maybe("spot price")
    if spot is None:
        raise RowError("number_missing", column="spot price")
    return multiply(quantity, spot)


def _read_in(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")

    def use(row: Row) -> None:
        record = columns.record(row)
        kind = known(_IN, record.text("transaction type"))
        coins = Amount(record.number("crypto in"), book.coin(record.text("asset")))
        cash = book.currency(_FIAT)
        fee = fee_of(record.maybe("usd fee"), cash) or fee_of(record.maybe("crypto fee"), coins.asset)
        sent = None
        if kind is TransactionKind.TRADE:
            sent = Amount(_paid(record, coins.quantity, "usd in no fee", "fiat in no fee"), cash)
        book.add(row, record.moment("timestamp"), kind, received=coins, sent=sent, fee=fee, **_common(record))

    book.each(use)


def _read_out(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")

    def use(row: Row) -> None:
        record = columns.record(row)
        kind = known(_OUT, record.text("transaction type"))
        coins = Amount(record.number("crypto out no fee"), book.coin(record.text("asset")))
        cash = book.currency(_FIAT)
        fee = fee_of(record.maybe("crypto fee"), coins.asset) or fee_of(record.maybe("fiat fee"), cash)
        received = None
        if kind is TransactionKind.TRADE:
            received = Amount(_paid(record, coins.quantity, "fiat out no fee", "usd out no fee"), cash)
        book.add(
            row, record.moment("timestamp"), kind, received=received, sent=coins, fee=fee, **_common(record)
        )

    book.each(use)


def _read_intra(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    transfers: dict[str, list[Record]] = defaultdict(list)

    def gather(row: Row) -> None:
        record = columns.record(row)
        transfers[record.text("unique id") or f"line {row.line}"].append(record)

    def is_whole(record: Record) -> bool:
        return bool(record.text("from exchange") and record.text("to exchange"))

    def write(record: Record) -> None:
        coin = book.coin(record.text("asset"))
        sent, received = record.maybe("crypto sent"), record.maybe("crypto received")
        common: dict[str, Any] = {"external_id": record.text("unique id"), "note": record.text("notes")}
        at = record.moment("timestamp")
        if sent:
            fee = sent - received if received is not None else Decimal(0)
            if fee < 0:
                raise RowError("more_received_than_sent")
            account = _account(record.text("from exchange"), record.text("from holder"))
            book.add(
                record.row, at, TransactionKind.WITHDRAWAL, sent=Amount(sent - fee, coin), fee=fee_of(fee, coin),
                account=account, **common,
            )  # fmt: skip
        if received:
            account = _account(record.text("to exchange"), record.text("to holder"))
            book.add(
                record.row,
                at,
                TransactionKind.DEPOSIT,
                received=Amount(received, coin),
                account=account,
                **common,
            )
        if not sent and not received:
            raise RowError("amount_missing")

    book.each(gather)
    for records in transfers.values():
        wholes = [record for record in records if is_whole(record)]
        for record in records:
            if wholes and not is_whole(record):
                book.skip(record.row, "import.skip.told_twice")
                continue
            with book.guard(record.row):
                write(record)


def _read_trezor(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".", order="mdy")

    def use(row: Row) -> None:
        record = columns.record(row)
        # The file does not name its coin; the addresses do.
        if not all(_BITCOIN_ADDRESS.fullmatch(part) for part in record.text("addresses").split()):
            raise RowError("coin_unknown")
        coin = book.coin("BTC")
        total, fee = record.number("total"), record.maybe("fee")
        word = record.text("type").upper()
        common: dict[str, Any] = {
            "external_id": record.text("transaction id"),
            "note": record.text("addresses"),
        }
        at = record.moment("date & time")
        if word == "RECV":  # the fee was the sender's
            book.add(row, at, TransactionKind.DEPOSIT, received=Amount(abs(total), coin), **common)
        elif word in {"SENT", "SEND"}:
            book.add(
                row,
                at,
                TransactionKind.WITHDRAWAL,
                sent=Amount(abs(total), coin),
                fee=fee_of(fee, coin),
                **common,
            )
        elif word == "SELF":
            book.add(row, at, TransactionKind.FEE, sent=Amount(abs(fee or Decimal(0)), coin), **common)
        else:
            raise RowError("unknown_type", type=word[:60])

    book.each(use)


def _info(name: str, label: str, institution: str = "dali-rp2", provider: str = "dali_csv") -> FormatInfo:
    return FormatInfo(name, label, institution, "crypto", provider)


FORMATS = (
    Format(_info("dali_in", "dali-rp2 in"), _matches_in, _read_in),
    Format(_info("dali_out", "dali-rp2 out"), _matches_out, _read_out),
    Format(_info("dali_intra", "dali-rp2 intra"), _matches_intra, _read_intra),
    Format(
        replace(_info("trezor_wallet", "Trezor wallet (old)", "Trezor", "trezor_csv"), local_times=True),
        _matches_trezor,
        _read_trezor,
    ),
)
