"""DEGIRO, transactions: one row an order. Currencies stand in unnamed columns beside their values, left or right."""

from __future__ import annotations

import re
from decimal import Decimal

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv import numbers
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.currencies import ISO
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of
from smartfolio_app.providers.csv.formats._securities import in_major
from smartfolio_app.providers.csv.headings import normalise

_DAY = ("date", "datum", "fecha", "data")
_TIME = ("time", "tijd", "uhrzeit", "heure", "hora", "ora")
_PRODUCT = ("product", "produkt", "produit", "producto", "prodotto", "produto")
_QUANTITY = ("quantity", "aantal", "anzahl", "quantite", "numero", "cantidad", "quantita", "quantidade")
_PRICE = ("price", "koers", "kurs", "cours", "precio", "prezzo", "quotazione", "preco")
_VALUE = ("value", "waarde", "wert", "montant", "valor", "valore", "value eur", "waarde eur", "wert eur", "montant eur",
          "valor eur", "valore eur")  # fmt: skip
_FEES = ("transaction", "transactie", "transaktion", "frais de courtage", "costes de transac", "costi di transazione",
         "custos de transac", "frais de transac")  # fmt: skip
_TOTAL = ("total", "totaal", "gesamt", "totale")
_ORDER = ("order id", "order-id", "id de ordre", "id ordre", "id de orden", "id ordine", "id da ordem")
_CURRENCY_IN_HEADING = re.compile(r"\b(" + "|".join(sorted(ISO)) + r")\b", re.IGNORECASE)


def _find(headers: list[str], names: tuple[str, ...], *, prefix: bool = False) -> int:
    for position, header in enumerate(headers):
        if header in names or (prefix and header.startswith(names)):
            return position
    return -1


def _matches(table: Table) -> bool:
    headers = [normalise(header) for header in table.headers]
    needed = (_DAY, _TIME, _PRODUCT, _QUANTITY, _PRICE, _VALUE)
    return (
        table.kind not in {"json", "xml"}
        and "isin" in headers
        and all(_find(headers, names) >= 0 for names in needed)
        and _find(headers, _FEES, prefix=True) >= 0
    )


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._table = table
        self._headers = [normalise(header) for header in table.headers]
        self._columns = Columns(table, book.options, decimal=".", order="dmy")
        self._at = {
            "day": _find(self._headers, _DAY),
            "time": _find(self._headers, _TIME),
            "product": _find(self._headers, _PRODUCT),
            "quantity": _find(self._headers, _QUANTITY),
            "price": _find(self._headers, _PRICE),
            "value": _find(self._headers, _VALUE),
            "fee": _find(self._headers, _FEES, prefix=True),
            "total": _find(self._headers, _TOTAL, prefix=True),
            "autofx": _find(self._headers, ("autofx",), prefix=True),
            "order": _find(self._headers, _ORDER),
        }
        self._currencies = {role: self._currency_of(self._at[role]) for role in ("price", "value", "fee")}
        if self._at["order"] < 0:  # a spreadsheet program renames the last column; it still holds the id
            self._at["order"] = len(self._headers) - 1
        book.warn("import.warn.cash_not_in_file")

    def _currency_of(self, position: int) -> tuple[int, str]:
        """Return where the currency of a column is: a neighbouring unnamed column, or its own heading."""
        if position < 0:
            return -1, ""
        if match := _CURRENCY_IN_HEADING.search(self._table.headers[position]):
            return -1, match[1].upper()
        for neighbour in (position + 1, position - 1):
            unnamed = 0 <= neighbour < len(self._headers) and (
                not self._headers[neighbour] or self._headers[neighbour].startswith("unnamed")
            )
            if unnamed:
                cells = {cell.strip() for cell in self._columns.values(neighbour)} - {""}
                if cells and all(len(cell) == 3 and cell.isalpha() for cell in cells):
                    return neighbour, ""
        return -1, ""

    def _cell(self, record: Record, role: str) -> str:
        position = self._at[role]
        return record.cells[position].strip() if 0 <= position < len(record.cells) else ""

    def _number(self, record: Record, role: str) -> Decimal | None:
        text = self._cell(record, role)
        return None if numbers.is_empty(text) else numbers.parse(text, self._columns.style(self._at[role]))

    def _currency(self, record: Record, role: str) -> str:
        position, stated = self._currencies[role]
        return stated or (record.cells[position].strip() if 0 <= position < len(record.cells) else "")

    def read(self, row: Row) -> None:
        """Write the row's order down."""
        record = self._columns.record(row)
        order = self._cell(record, "order")
        quantity, value = self._number(record, "quantity"), self._number(record, "value")
        if not quantity or value is None:
            raise RowError("amount_missing")
        name, isin = self._cell(record, "product"), record.text("isin")
        at = self._columns.date_reader(self._at["day"]).combined(
            self._cell(record, "day"), self._cell(record, "time")
        )
        unit, currency = self._number(record, "price"), self._currency(record, "price")
        if unit is not None and currency:
            unit, currency = in_major(unit, currency)
        asset = self._book.security(name, isin=isin, name=name, currency=currency if currency in ISO else "")
        if unit and currency in ISO:
            self._book.currency(currency)
            self._book.price(row, asset, currency, unit, at)
        cash: AssetId = self._book.currency(self._currency(record, "value"))
        fees = abs(self._number(record, "fee") or Decimal(0)) + abs(
            self._number(record, "autofx") or Decimal(0)
        )
        shares, money = amount(quantity, asset), Amount(abs(value), cash)
        self._book.add(
            row,
            at,
            TransactionKind.TRADE,
            received=shares if quantity > 0 else money,
            sent=money if quantity > 0 else shares,
            fee=fee_of(fees, self._book.currency(self._currency(record, "fee"))) if fees else None,
            external_id=order,
        )


def _read(table: Table, book: Book) -> None:
    book.each(_Reader(table, book).read)


FORMATS = (
    Format(
        FormatInfo(
            "degiro_transactions", "DEGIRO transactions", "DEGIRO", "stocks", "degiro_csv", local_times=True
        ),
        _matches,
        _read,
    ),
)
