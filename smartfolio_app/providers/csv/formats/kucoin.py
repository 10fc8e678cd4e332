"""KuCoin, filled orders: three generations of columns, the funds given exactly, the fee on top."""

from __future__ import annotations

import re
from datetime import UTC
from decimal import Decimal

from smartfolio_app.ledger.transactions import TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns
from smartfolio_app.providers.csv.dates import zone_named
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of, has
from smartfolio_app.providers.csv.headings import normalise

_OFFSET = re.compile(r"\(utc([+-]\d{1,2}):?(\d{2})?\)")


def _matches(table: Table) -> bool:
    return (
        has(table, "tradecreatedat", "symbol", "side", "price", "size", "funds", "fee", "feecurrency")
        or has(table, "time", "pair", "side", "filledprice", "amount", "volume", "fee", "feecoin")
        or has(table, "symbol", "side", "filled amount", "filled volume", "fee", "fee currency")
    )


def _read(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    columns.zone = UTC
    time = columns.find("tradecreatedat", "time") or columns.starting("filled time", "order time")
    offset = _OFFSET.search(normalise(time))
    if offset:
        hours = int(offset[1])
        columns.zone = zone_named(f"Etc/GMT{-hours:+d}") if hours else UTC
    pair = columns.find("symbol", "pair")
    size = columns.find("size", "filled amount", "amount")
    funds = columns.find("funds", "filled volume", "volume")
    fee_coin = columns.find("feecurrency", "feecoin", "fee currency")
    identity = columns.find("tradeid", "trade id", "order id", "orderid")
    book.warn("import.warn.cash_not_in_file")

    def use(row: Row) -> None:
        record = columns.record(row)
        base, _, quote = record.text(pair).replace("/", "-").partition("-")
        if not quote:
            raise RowError("unknown_pair", pair=record.text(pair)[:40])
        side = record.text("side").casefold()
        if side not in {"buy", "sell"}:
            raise RowError("unknown_type", type=side[:60])
        coins = amount(record.number(size), book.coin(base))
        money = amount(record.number(funds), book.coin(quote))
        fee = record.maybe("fee") or Decimal(0)
        book.add(
            row,
            record.moment(time),
            TransactionKind.TRADE,
            received=coins if side == "buy" else money,
            sent=money if side == "buy" else coins,
            fee=fee_of(fee, book.coin(record.text(fee_coin))) if fee else None,
            external_id=record.text(identity) if identity else "",
        )

    book.each(use)


FORMATS = (
    Format(FormatInfo("kucoin", "KuCoin filled orders", "KuCoin", "crypto", "kucoin_csv"), _matches, _read),
)
