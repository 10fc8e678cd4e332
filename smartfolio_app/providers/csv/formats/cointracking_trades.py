"""CoinTracking, "Trade Table" export: one row an event, bought and sold side by side, the fee on top of both.

Its headings are translated but their order is not, and the three ``Cur.`` are the same in every language, so the
table is known by these. Newer exports append LPN, Tx-ID, addresses and hashes.
"""

from __future__ import annotations

from decimal import Decimal

from smartfolio_app.ledger.assets import AssetClass, AssetId
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from smartfolio_app.providers.csv import currencies, numbers
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns
from smartfolio_app.providers.csv.formats._cointracking_types import KINDS, OUTGOING, TWO_SIDED
from smartfolio_app.providers.csv.headings import normalise
from smartfolio_app.providers.csv.symbols import CoinTrackingTickers

_TYPE, _BUY, _BUY_CUR, _SELL, _SELL_CUR, _FEE, _FEE_CUR, _EXCHANGE, _GROUP, _COMMENT, _DATE = range(11)
_GIFTS = frozenset({TransactionKind.GIFT_IN, TransactionKind.GIFT_OUT})
_IDS = ("tx-id", "tx id", "tx hash", "trade id")


def _matches(table: Table) -> bool:
    headers = [normalise(header) for header in table.headers]
    return len(headers) >= 11 and all(headers[at] == "cur" for at in (_BUY_CUR, _SELL_CUR, _FEE_CUR))


class _Reader:
    """Reads rows by position: this format is the one that comes with a hundred thousand of them."""

    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        columns = Columns(table, book.options, decimal=".")
        amounts = (_BUY, _SELL, _FEE)
        proven = {columns.style(at) for at in amounts if columns.style(at).evident}
        if len(proven) == 1:
            columns.set_style(amounts, next(iter(proven)))
        self._styles = {at: columns.style(at) for at in amounts}
        self._date = columns.date_reader(_DATE)
        self._ids = [columns.index(name) for name in _IDS if columns.index(name) >= 0]
        codes = {cell for at in (_BUY_CUR, _SELL_CUR, _FEE_CUR) for cell in columns.values(at)}
        self._tickers = CoinTrackingTickers(codes)
        self._assets: dict[str, AssetId] = {}

    def read(self, row: Row) -> None:
        """Write the row's transaction down."""
        cells = row.cells
        if len(cells) <= _DATE:
            raise RowError("column_count", found=len(cells), expected=_DATE + 1)
        word = cells[_TYPE].strip()
        kind = KINDS.get(word.casefold())
        if kind is None:
            raise RowError("unknown_type", type=word[:60])
        received = self._side(cells, _BUY, _BUY_CUR)
        sent = self._side(cells, _SELL, _SELL_CUR)
        fee = self._side(cells, _FEE, _FEE_CUR)
        if kind in _GIFTS and (received is None) is not (sent is None):
            # Some languages have one word for both; the filled side tells who gave.
            kind = TransactionKind.GIFT_IN if sent is None else TransactionKind.GIFT_OUT
        if kind in TWO_SIDED:
            if received is None or sent is None:
                raise RowError("trade_side_missing")
        elif (sent is None) if kind in OUTGOING else (received is None):
            raise RowError("amount_missing")
        at = self._date(cells[_DATE])
        self._book.transactions.append(
            Transaction(
                at,
                kind,
                received,
                sent,
                fee,
                cells[_EXCHANGE].strip()[:120],
                "",
                None,
                cells[_GROUP].strip()[:200],
                cells[_COMMENT].strip()[:1000],
                self._external_id(cells),
                row.line,
                self._book.raw(row),
            )
        )

    def _side(self, cells: list[str], at: int, currency_at: int) -> Amount | None:
        text = cells[at].strip()
        if not text or (not text[0].isdigit() and numbers.is_empty(text)):
            return None
        number: Decimal = numbers.parse(text, self._styles[at])
        if not number:
            return None
        code = cells[currency_at].strip()
        asset = self._assets.get(code) or self._asset(code)
        if number < 0:
            # The column says which way it goes; a sign on top of that is an exporter's habit, not a reversal.
            self._book.count("import.warn.sign_dropped")
            number = -number
        return Amount(number, asset)

    def _asset(self, code: str) -> AssetId:
        if not code or code == "-":
            raise RowError("asset_missing")
        if code.upper() in currencies.TRADED:
            found = self._book.currency(code)
        else:
            found, symbol, name = self._tickers.resolve(code)
            found = self._book.asset(AssetClass.CRYPTO, found.partition(":")[2], symbol=symbol, name=name)
        self._assets[code] = found
        return found

    def _external_id(self, cells: list[str]) -> str:
        for at in self._ids:
            if at < len(cells) and (text := cells[at].strip()) and text != "-":
                return text[:200]
        return ""


def _read(table: Table, book: Book) -> None:
    book.each(_Reader(table, book).read)


FORMATS = (
    Format(
        FormatInfo(
            "cointracking_trades",
            "CoinTracking trade table",
            "CoinTracking",
            "crypto",
            "cointracking_csv",
            local_times=True,
        ),
        _matches,
        _read,
    ),
)
