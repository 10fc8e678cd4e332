"""CoinTracking's three balance exports: what is held, in all or place by place, with CoinTracking's own prices.

"Current Balance" states unit prices. The two exports by exchange state rounded values only; a unit price is taken from
the largest holding of a coin, and only where the rounding can be off by no more than five per cent.
"""

from __future__ import annotations

import re
from decimal import Decimal

from smartfolio_app.ledger.assets import AssetClass, AssetId
from smartfolio_app.ledger.money import divide
from smartfolio_app.providers.csv import currencies, numbers
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns
from smartfolio_app.providers.csv.formats._file_dates import date_in_name
from smartfolio_app.providers.csv.headings import normalise
from smartfolio_app.providers.csv.symbols import CoinTrackingTickers

_TICKER = ("ticker", "kurzel", "symbole", "simbolo")
_NAME = ("name", "nom", "nombre", "nome")
_KIND = ("type", "typ", "tipo")
_AMOUNT = (
    "amount",
    "menge",
    "anzahl",
    "betrag",
    "montant",
    "quantite",
    "cantidad",
    "importe",
    "monto",
    "quantita",
)
_CURRENCY = ("currency", "wahrung", "devise", "monnaie", "moneda", "divisa", "coin")
_EXCHANGE = (
    "exchange",
    "borse",
    "bourse",
    "plateforme",
    "echange",
    "intercambio",
    "exchange / wallet",
    "plataforma",
)
_PRICE = re.compile(r"(?:price|preis|kurs|prix|precio|prezzo) (?:in|en) (\w{3,5})")
_VALUE = re.compile(
    r"(?:current value|value|aktueller wert|wert|valeur actuelle|valeur|valor actual|valor|valore) (?:in|en) (\w{3,5})"
)
_CURRENCY_KINDS = frozenset({"currency", "wahrung", "devise", "moneda", "fiat", "monnaie", "divisa"})
#: "SOL2 (Solana) by Exchange": the coin is told in a column of its own, in words.
_COIN_TITLE = re.compile(r"\s*([^\s(]+)(?:\s*\((.*)\))?\s+(?:by|nach|par|por|per)\s+\S+.*", re.IGNORECASE)


def _present(table: Table, names: tuple[str, ...]) -> bool:
    headers = {normalise(header) for header in table.headers}
    return any(name in headers for name in names)


def _valued_in(table: Table, pattern: re.Pattern[str]) -> dict[str, int]:
    """Return the columns that quote something in a currency: its code -> position."""
    found: dict[str, int] = {}
    for position, header in enumerate(table.headers):
        if match := pattern.fullmatch(normalise(header)):
            found.setdefault(match[1].upper(), position)
    return found


def _is_current_balance(table: Table) -> bool:
    return (
        table.kind != "json"
        and _present(table, _TICKER)
        and _present(table, _AMOUNT)
        and len(_valued_in(table, _PRICE)) >= 1
        and len(_valued_in(table, _VALUE)) >= 1
    )


def _is_by_exchange(table: Table) -> bool:
    return (
        len(table.headers) <= 8
        and _present(table, _AMOUNT)
        and _present(table, _EXCHANGE)
        and "BTC" in _valued_in(table, _VALUE)
        and len(_valued_in(table, _VALUE)) >= 2
    )


def _coin_column(table: Table) -> int:
    """Return the column whose cells read ``BTC (Bitcoin) by Exchange``, -1 for none."""
    for position in range(len(table.headers)):
        cells = [row.cells[position] for row in table.rows[:20] if position < len(row.cells)]
        if cells and all(_COIN_TITLE.fullmatch(cell) for cell in cells):
            return position
    return -1


def _is_balance_by_exchange(table: Table) -> bool:
    return _is_by_exchange(table) and _present(table, _CURRENCY) and _coin_column(table) < 0


def _is_coins_by_exchange(table: Table) -> bool:
    return _is_by_exchange(table) and _coin_column(table) >= 0


class _Holdings:
    """What the three readers share: tickers, quantities, and prices told or implied."""

    def __init__(self, table: Table, book: Book, ticker_at: int, *, titled: bool = False) -> None:
        self.book = book
        self.columns = Columns(table, book.options, decimal=".")
        self.amount_at = self.columns.index(self.columns.find(*_AMOUNT))
        book.as_of = book.options.as_of or date_in_name(table.filename)
        self.at = book.as_of or book.upload_instant()
        self._titled = titled
        self._ticker_at = ticker_at
        self._tickers = CoinTrackingTickers(self._ticker(cell)[0] for cell in self.columns.values(ticker_at))
        self._largest: dict[tuple[AssetId, str], tuple[Decimal, Row, Decimal]] = {}

    def _ticker(self, cell: str) -> tuple[str, str]:
        if self._titled and (match := _COIN_TITLE.fullmatch(cell)):
            return match[1], (match[2] or "").strip()
        return cell.strip(), ""

    def asset(self, row: Row, name: str = "", *, is_currency: bool | None = None) -> AssetId:
        """Return the asset a row is about. Where the file does not tell coin from currency, a code decides."""
        ticker, titled = self._ticker(row.cells[self._ticker_at])
        if not ticker:
            raise RowError("asset_missing")
        if is_currency is None:
            is_currency = ticker.upper() in currencies.TRADED
        if is_currency and ticker.upper() in currencies.ISO:
            return self.book.currency(ticker)
        found, symbol, usual = self._tickers.resolve(ticker)
        return self.book.asset(
            AssetClass.CRYPTO, found.partition(":")[2], symbol=symbol, name=usual or name or titled
        )

    def number(self, row: Row, position: int) -> Decimal:
        """Return the number in a cell."""
        text = row.cells[position].strip() if position < len(row.cells) else ""
        if numbers.is_empty(text):
            raise RowError("number_missing", column=self.book.table.headers[position])
        return numbers.parse(text, self.columns.style(position))

    def remember(self, row: Row, asset: AssetId, quantity: Decimal, currency: str, value: Decimal) -> None:
        """Keep the largest holding of each asset, as evidence for its price."""
        best = self._largest.get((asset, currency))
        if best is None or abs(value) > abs(best[2]):
            self._largest[asset, currency] = (quantity, row, value)

    def imply_prices(self) -> None:
        """Write down the unit prices that the largest holdings imply, where rounding leaves them usable."""
        for (asset, currency), (quantity, row, value) in self._largest.items():
            exponent = value.as_tuple().exponent
            assert isinstance(exponent, int)
            rounding = Decimal(5).scaleb(exponent - 1)
            if quantity and value / quantity > 0 and rounding * 20 <= abs(value):
                self.book.price(row, asset, currency, divide(value, quantity).normalize(), self.at)


def _read_current_balance(table: Table, book: Book) -> None:
    columns = Columns(table, book.options)
    holdings = _Holdings(table, book, columns.index(columns.find(*_TICKER)))
    name_at = columns.index(columns.find(*_NAME))
    kind_at = columns.index(columns.find(*_KIND))
    prices = _valued_in(table, _PRICE)
    quoted: dict[tuple[AssetId, str], Decimal] = {}

    def use(row: Row) -> None:
        kind = normalise(row.cells[kind_at]) if 0 <= kind_at < len(row.cells) else ""
        name = row.cells[name_at].strip() if 0 <= name_at < len(row.cells) else ""
        asset = holdings.asset(row, name, is_currency=kind in _CURRENCY_KINDS if kind else None)
        quantity = holdings.number(row, holdings.amount_at)
        found = {currency: holdings.number(row, position) for currency, position in prices.items()}
        if quantity:
            book.line(row, asset, quantity)
        else:
            book.skip(row, "import.skip.nothing_held")
        for currency, price in found.items():
            # Two of CoinTracking's tickers can be one coin of ours; the larger holding's price speaks for it.
            if abs(quantity) >= quoted.get((asset, currency), Decimal(-1)):
                if (asset, currency) in quoted:
                    book.prices = [q for q in book.prices if (q.asset, q.currency) != (asset, currency)]
                quoted[asset, currency] = abs(quantity)
                book.price(row, asset, currency, price, holdings.at)

    book.each(use)


def _read_by_exchange(table: Table, book: Book, *, titled: bool) -> None:
    columns = Columns(table, book.options)
    coin_at = _coin_column(table) if titled else columns.index(columns.find(*_CURRENCY))
    holdings = _Holdings(table, book, coin_at, titled=titled)
    exchange_at = columns.index(columns.find(*_EXCHANGE))
    values = _valued_in(table, _VALUE)

    def use(row: Row) -> None:
        if max(coin_at, exchange_at) >= len(row.cells):
            raise RowError("column_count", found=len(row.cells), expected=len(table.headers))
        asset = holdings.asset(row)
        quantity = holdings.number(row, holdings.amount_at)
        worth = {currency: holdings.number(row, position) for currency, position in values.items()}
        if not quantity:
            book.skip(row, "import.skip.nothing_held")
            return
        book.line(row, asset, quantity, account=row.cells[exchange_at].strip())
        for currency, value in worth.items():
            holdings.remember(row, asset, quantity, currency, value)

    book.each(use)
    holdings.imply_prices()


def _read_balance_by_exchange(table: Table, book: Book) -> None:
    _read_by_exchange(table, book, titled=False)


def _read_coins_by_exchange(table: Table, book: Book) -> None:
    _read_by_exchange(table, book, titled=True)


def _info(name: str, label: str) -> FormatInfo:
    return FormatInfo(name, label, "CoinTracking", "crypto", "cointracking_csv", "statement")


FORMATS = (
    Format(
        _info("cointracking_current_balance", "CoinTracking Current Balance"),
        _is_current_balance,
        _read_current_balance,
    ),
    Format(
        _info("cointracking_balance_by_exchange", "CoinTracking Balance by Exchange"),
        _is_balance_by_exchange,
        _read_balance_by_exchange,
    ),
    Format(
        _info("cointracking_coins_by_exchange", "CoinTracking Coins by Exchange"),
        _is_coins_by_exchange,
        _read_coins_by_exchange,
    ),
)
