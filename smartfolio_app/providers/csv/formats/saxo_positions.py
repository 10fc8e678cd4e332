"""Saxo Bank, positions export (French and English): what the depot holds, with two prices a line.

The unit price is in the instrument's currency, the value in the account's. Lines are grouped under section rows such as
``Actions (98)``; cells and headings may hold line breaks; numbers come in both styles within one file.
"""

from __future__ import annotations

import re
from decimal import Decimal

from smartfolio_app.ledger.assets import AssetClass, AssetId
from smartfolio_app.ledger.money import divide, multiply
from smartfolio_app.ledger.transactions import Amount
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._file_dates import date_in_name
from smartfolio_app.providers.csv.formats._securities import class_of, in_major
from smartfolio_app.providers.csv.headings import normalise

_NAMES = {
    "instrument": ("instruments", "instrument"),
    "status": ("statut", "status"),
    "side": ("sens", "l/s", "long/short", "long / short", "direction", "side"),
    "quantity": ("quantite", "quantity", "amount"),
    "price": ("prix actuel", "current price", "last price"),
    "entry": ("prix entree", "prix d'entree", "open price", "entry price"),
    "cost": ("prix revient", "prix de revient", "cost price", "cost basis price"),
    "account": ("compte", "account"),
    "symbol": ("symbole", "symbol"),
    "currency": ("devise", "currency"),
    "isin": ("isin",),
    "class": ("type d'actif", "asset type", "asset class"),
}
_VALUE = re.compile(r"(?:valeur actuelle|market value|current value) \(([a-z]{3})\)")
_SECTION = re.compile(r".*\(\d+\)\s*")
_SHORT = ("short", "vente", "court", "sell")
_CLOSED = ("ferme", "closed", "cloture")


def _matches(table: Table) -> bool:
    headers = {normalise(header) for header in table.headers}
    needed = ("instrument", "quantity", "price", "symbol", "isin", "currency")
    return all(any(name in headers for name in _NAMES[role]) for role in needed) and (
        any(name in headers for name in _NAMES["side"]) and any(name in headers for name in _NAMES["entry"])
    )


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._columns = Columns(table, book.options, decimal=".")
        self._at = {role: self._columns.find(*names) for role, names in _NAMES.items()}
        self._value, self._account_currency = "", ""
        for header in table.headers:
            if match := _VALUE.fullmatch(normalise(header)):
                self._value, self._account_currency = normalise(header), match[1].upper()
                break
        code = self._account_currency.casefold()
        self._exposure = self._columns.find(f"exposition ({code})", f"exposure ({code})")
        book.as_of = book.options.as_of or date_in_name(table.filename)
        self._instant = book.as_of or book.upload_instant()

    def read(self, row: Row) -> None:
        """Write the row's position down."""
        filled = [cell for cell in row.cells if cell.strip()]
        if len(filled) <= 1:
            self._book.skip(
                row, "import.skip.section" if _SECTION.fullmatch(filled[0]) else "import.skip.not_data"
            )
            return
        record = self._columns.record(row)
        if normalise(record.text(self._at["status"])).startswith(_CLOSED):
            self._book.skip(row, "import.skip.closed_position")
            return
        quantity = record.number(self._at["quantity"])
        if not quantity:
            self._book.skip(row, "import.skip.nothing_held")
            return
        if quantity > 0 and normalise(record.text(self._at["side"])).startswith(_SHORT):
            quantity = -quantity
        kind = class_of(record.text(self._at["class"]))
        asset = self._asset(record, kind)
        self._prices(record, asset, quantity, kind)
        self._book.line(
            row, asset, quantity, account=record.text(self._at["account"]), cost=self._cost(record, quantity)
        )

    def _asset(self, record: Record, kind: AssetClass) -> AssetId:
        symbol, _, mic = record.text(self._at["symbol"]).partition(":")
        name = record.text(self._at["instrument"])
        _, currency = in_major(Decimal(0), record.text(self._at["currency"]))
        if kind is AssetClass.CRYPTO:
            return self._book.coin(symbol, name)
        if kind is AssetClass.DERIVATIVE and "cfd" in normalise(record.text(self._at["class"])):
            # A contract on a share carries the share's ISIN and is not that share.
            return self._book.security(symbol, mic="CFD", name=name, kind=kind, currency=currency)
        isin = record.text(self._at["isin"])
        return self._book.security(symbol, mic=mic, isin=isin, name=name, kind=kind, currency=currency)

    def _prices(self, record: Record, asset: AssetId, quantity: Decimal, kind: AssetClass) -> None:
        row = record.row
        price = record.maybe(self._at["price"])
        currency = record.text(self._at["currency"])
        # The quote of a contract is its underlying's, not what the position is worth.
        if price is not None and currency and kind is not AssetClass.DERIVATIVE:
            price, currency = in_major(price, currency)
            self._book.currency(currency)
            self._book.price(row, asset, currency, price, self._instant)
        else:
            currency = ""
        value = self._worth(record)
        if value and self._account_currency != currency:
            self._book.currency(self._account_currency)
            self._book.price(row, asset, self._account_currency, divide(value, quantity), self._instant)

    def _worth(self, record: Record) -> Decimal | None:
        """Return the position's value in the account's currency: in full where the exposure is that value unrounded."""
        value = record.maybe(self._value) if self._value else None
        exposure = record.maybe(self._exposure) if self._exposure and value is not None else None
        if value is None or exposure is None:
            return value
        exponent = value.as_tuple().exponent
        assert isinstance(exponent, int)
        is_the_same = abs(abs(exposure) - abs(value)) <= Decimal(1).scaleb(exponent)
        return exposure.copy_sign(value) if is_the_same else value

    def _cost(self, record: Record, quantity: Decimal) -> Amount | None:
        unit = record.maybe(self._at["cost"])
        if unit is None:
            unit = record.maybe(self._at["entry"])
        currency = record.text(self._at["currency"])
        if unit is None or not currency:
            return None
        if unit < 0:
            raise RowError("not_a_number", value=str(unit))
        unit, currency = in_major(unit, currency)
        return Amount(abs(multiply(unit, quantity)), self._book.currency(currency))


def _read(table: Table, book: Book) -> None:
    book.each(_Reader(table, book).read)


FORMATS = (
    Format(
        FormatInfo("saxo_positions", "Saxo positions", "Saxo Bank", "stocks", "saxo_csv", "statement"),
        _matches,
        _read,
    ),
)
