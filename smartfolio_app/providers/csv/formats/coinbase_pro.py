"""Coinbase Pro (GDAX): the account statement, three rows a trade, and the fills report, one row a trade."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC
from decimal import Decimal

from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of, has


def _matches_account(table: Table) -> bool:
    return has(table, "type", "balance", "amount/balance unit", "transfer id", "trade id", "order id")


def _matches_fills(table: Table) -> bool:
    return has(
        table, "trade id", "product", "side", "created at", "size", "fee", "total", "price/fee/total unit"
    )


def _read_account(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    columns.zone = UTC
    time = columns.find("timestamp", "time")
    groups: dict[tuple[str, str], list[Record]] = defaultdict(list)

    def gather(row: Row) -> None:
        record = columns.record(row)
        word = record.text("type").casefold()
        if word in {"match", "fee", "conversion", "rebate"}:
            key = record.text("trade id") or record.text("transfer id") or record.text(time)
            groups[record.text("portfolio"), key].append(record)
            return
        if word not in {"deposit", "withdrawal"}:
            raise RowError("unknown_type", type=record.text("type")[:60])
        external_id = record.text("transfer id")
        if book.repeated(row, external_id):
            return
        book.move(
            row,
            record.moment(time),
            Amount(record.number("amount"), book.coin(record.text("amount/balance unit"))),
            gain=TransactionKind.DEPOSIT,
            loss=TransactionKind.WITHDRAWAL,
            account=record.text("portfolio"),
            external_id=external_id,
        )

    def trade(portfolio: str, trade_id: str, records: list[Record]) -> None:
        changes: dict[str, Decimal] = defaultdict(Decimal)
        fees: dict[str, Decimal] = defaultdict(Decimal)
        for record in records:
            asset = book.coin(record.text("amount/balance unit"))
            target = changes if record.text("type").casefold() in {"match", "conversion"} else fees
            target[asset] += record.number("amount")
        gained = [(asset, quantity) for asset, quantity in changes.items() if quantity > 0]
        given = [(asset, quantity) for asset, quantity in changes.items() if quantity < 0]
        charged = [(asset, quantity) for asset, quantity in fees.items() if quantity]
        if len(gained) != 1 or len(given) != 1 or len(charged) > 1:
            raise RowError("unclear_group", count=len(records))
        (bought, received), (sold, sent) = gained[0], given[0]
        book.add(
            records[0].row,
            records[0].moment(time),
            TransactionKind.TRADE,
            received=amount(received, bought),
            sent=amount(sent, sold),
            fee=fee_of(charged[0][1], charged[0][0]) if charged else None,
            account=portfolio,
            external_id=trade_id,
        )

    book.each(gather)
    for (portfolio, trade_id), records in groups.items():
        with book.guard(*(record.row for record in records)):
            trade(portfolio, trade_id, records)


def _read_fills(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    columns.zone = UTC
    book.warn("import.warn.cash_not_in_file")

    def use(row: Row) -> None:
        record = columns.record(row)
        if book.repeated(row, record.text("trade id")):
            return
        side = record.text("side").casefold()
        if side not in {"buy", "sell"}:
            raise RowError("unknown_type", type=side[:60])
        coin = book.coin(record.text("size unit") or record.text("product").partition("-")[0])
        money = book.coin(record.text("price/fee/total unit"))
        total, fee = abs(record.number("total")), abs(record.maybe("fee") or Decimal(0))
        # The total has the fee in it: added to a purchase, taken off a sale.
        coins = amount(record.number("size"), coin)
        paid = Amount(total - fee if side == "buy" else total + fee, money)
        book.add(
            row,
            record.moment("created at"),
            TransactionKind.TRADE,
            received=coins if side == "buy" else paid,
            sent=paid if side == "buy" else coins,
            fee=fee_of(fee, money),
            account=record.text("portfolio"),
            external_id=record.text("trade id"),
        )

    book.each(use)


FORMATS = (
    Format(
        FormatInfo(
            "coinbasepro_account", "Coinbase Pro account", "Coinbase Pro", "crypto", "coinbasepro_csv"
        ),
        _matches_account,
        _read_account,
    ),
    Format(
        FormatInfo("coinbasepro_fills", "Coinbase Pro fills", "Coinbase Pro", "crypto", "coinbasepro_csv"),
        _matches_fills,
        _read_fills,
    ),
)
