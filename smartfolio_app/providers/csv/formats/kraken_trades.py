"""Kraken, trades export: one row a fill; cost and fee in the pair's second currency, the fee on top."""

from __future__ import annotations

from datetime import UTC

from smartfolio_app.ledger.transactions import TransactionKind
from smartfolio_app.providers.csv import symbols
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of, has

#: Longest first: ``XXBTZEUR`` ends on ``ZEUR`` before it ends on ``EUR``.
_QUOTED_IN = """
ZEUR ZUSD ZGBP ZCAD ZJPY ZAUD XXBT XETH EUR USD GBP CAD JPY AUD CHF XBT BTC ETH USDT USDC DAI PYUSD
DOT
"""
_QUOTES = sorted(_QUOTED_IN.split(), key=len, reverse=True)


def split_pair(pair: str) -> tuple[str, str]:
    """Return the two tickers of a Kraken pair: ``XXBTZEUR`` and ``XBT/EUR`` -> ``("BTC", "EUR")``.

    Raises:
        RowError: it cannot be told where the first ends.
    """
    if "/" in pair:
        base, _, quote = pair.partition("/")
        return symbols.kraken(base), symbols.kraken(quote)
    for quote in _QUOTES:
        if pair.endswith(quote) and len(pair) > len(quote):
            return symbols.kraken(pair[: -len(quote)]), symbols.kraken(quote)
    raise RowError("unknown_pair", pair=pair[:40])


def _matches(table: Table) -> bool:
    return has(table, "txid", "ordertxid", "pair", "time", "type", "cost", "fee", "vol")


def _read(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    columns.zone = UTC
    book.warn("import.warn.cash_not_in_file")

    def use(row: Row) -> None:
        record = columns.record(row)
        if book.repeated(row, record.text("txid")):
            return
        base, quote = (book.coin(code) for code in split_pair(record.text("pair").upper()))
        side = record.text("type").casefold()
        if side not in {"buy", "sell"}:
            raise RowError("unknown_type", type=side[:60])
        coins, money = amount(record.number("vol"), base), amount(record.number("cost"), quote)
        margin = record.maybe("margin")
        book.add(
            row,
            record.moment("time"),
            TransactionKind.MARGIN_TRADE if margin else TransactionKind.TRADE,
            received=coins if side == "buy" else money,
            sent=money if side == "buy" else coins,
            fee=fee_of(record.maybe("fee"), quote),
            external_id=record.text("txid"),
        )

    book.each(use)


FORMATS = (
    Format(FormatInfo("kraken_trades", "Kraken trades", "Kraken", "crypto", "kraken_csv"), _matches, _read),
)
