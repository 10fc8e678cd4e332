"""Binance, trade history (XLSX or CSV), old and new columns: one row a fill, the fee in a coin of its own, on top."""

from __future__ import annotations

import re
from datetime import UTC
from decimal import Decimal

from smartfolio_app.ledger.transactions import TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of, has

_QUOTED_IN = """
USDT BUSD USDC FDUSD TUSD USDP PAX USDS DAI BTC ETH BNB TRX XRP DOGE EUR GBP AUD TRY BRL RUB UAH NGN
BIDR IDRT ZAR PLN RON ARS JPY MXN CZK COP VAI BKRW BVND USD
"""
_QUOTES = sorted(_QUOTED_IN.split(), key=len, reverse=True)
_WITH_COIN = re.compile(r"\s*(-?[\d.,]*\d(?:[eE][+-]?\d+)?)\s*([A-Z0-9]+)\s*")


def split_pair(pair: str) -> tuple[str, str]:
    """Return the two tickers of a Binance market: ``LINKBTC`` -> ``("LINK", "BTC")``.

    Raises:
        RowError: it does not end on a coin that Binance quotes in.
    """
    for separator in "/-_":
        if separator in pair:
            base, _, quote = pair.partition(separator)
            return base, quote
    for quote in _QUOTES:
        if pair.endswith(quote) and len(pair) > len(quote):
            return pair[: -len(quote)], quote
    raise RowError("unknown_pair", pair=pair[:40])


def _matches_old(table: Table) -> bool:
    return has(table, "market", "type", "price", "amount", "total", "fee", "fee coin")


def _matches_new(table: Table) -> bool:
    return has(table, "pair", "side", "price", "executed", "amount", "fee") and (
        has(table, "date(utc)") or has(table, "date (utc)") or has(table, "time")
    )


def _read_old(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    columns.zone = UTC
    time = columns.find("date(utc)", "date (utc)", "date", "time")
    book.warn("import.warn.cash_not_in_file")

    def use(row: Row) -> None:
        record = columns.record(row)
        base, quote = (book.coin(code) for code in split_pair(record.text("market").upper()))
        side = record.text("type").casefold()
        if side not in {"buy", "sell"}:
            raise RowError("unknown_type", type=side[:60])
        coins, money = amount(record.number("amount"), base), amount(record.number("total"), quote)
        fee = record.maybe("fee")
        book.add(
            row,
            record.moment(time),
            TransactionKind.TRADE,
            received=coins if side == "buy" else money,
            sent=money if side == "buy" else coins,
            fee=fee_of(fee, book.coin(record.text("fee coin"))) if fee else None,
        )

    book.each(use)


def _with_coin(text: str) -> tuple[Decimal, str]:
    match = _WITH_COIN.fullmatch(text)
    if match is None:
        raise RowError("not_a_number", value=text[:40])
    return Decimal(match[1].replace(",", "")), match[2]


def _read_new(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    columns.zone = UTC
    time = columns.find("date(utc)", "date (utc)", "time")
    book.warn("import.warn.cash_not_in_file")

    def use(row: Row) -> None:
        record = columns.record(row)
        side = record.text("side").casefold()
        if side not in {"buy", "sell"}:
            raise RowError("unknown_type", type=side[:60])
        executed, base = _with_coin(record.text("executed"))
        total, quote = _with_coin(record.text("amount"))
        fee, fee_coin = _with_coin(record.text("fee"))
        coins, money = amount(executed, book.coin(base)), amount(total, book.coin(quote))
        book.add(
            row,
            record.moment(time),
            TransactionKind.TRADE,
            received=coins if side == "buy" else money,
            sent=money if side == "buy" else coins,
            fee=fee_of(fee, book.coin(fee_coin)),
        )

    book.each(use)


FORMATS = (
    Format(
        FormatInfo("binance_trades", "Binance trade history", "Binance", "crypto", "binance_csv"),
        _matches_old,
        _read_old,
    ),
    Format(
        FormatInfo("binance_spot_trades", "Binance spot trade history", "Binance", "crypto", "binance_csv"),
        _matches_new,
        _read_new,
    ),
)
