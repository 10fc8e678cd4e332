"""Ghostfolio, activities: the import file as CSV, the export as JSON. Rows may each write the date their own way."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from smartfolio_app.ledger.assets import AssetClass, AssetId
from smartfolio_app.ledger.money import multiply
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv import currencies, dates, numbers, symbols
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book, is_isin
from smartfolio_app.providers.csv.columns import Columns
from smartfolio_app.providers.csv.formats._kinds import fee_of
from smartfolio_app.providers.csv.formats._securities import in_major
from smartfolio_app.providers.csv.headings import normalise

_NAMES = {
    "date": ("date", "datum", "tradedate"),
    "symbol": ("code", "symbol", "ticker"),
    "currency": ("currency", "ccy", "currencyprimary"),
    "price": ("price", "tradeprice", "unitprice", "value"),
    "quantity": ("quantity", "qty", "shares", "units"),
    "action": ("action", "buy/sell"),
    "fee": ("fee", "ibcommission", "commission"),
    "note": ("note", "comment"),
    "account": ("account", "accountid"),
}
_CASH = {"dividend": TransactionKind.DIVIDEND, "interest": TransactionKind.INTEREST}


def _matches_csv(table: Table) -> bool:
    headers = {normalise(header) for header in table.headers}
    found = all(
        any(name in headers for name in _NAMES[role])
        for role in ("date", "symbol", "currency", "price", "quantity", "action", "fee")
    )
    # "Code" is Ghostfolio's word; other exports of the same shape have their own.
    return table.kind not in {"json", "xml"} and found and "code" in headers


def _matches_json(table: Table) -> bool:
    document = table.document
    if table.kind != "json" or not isinstance(document, dict):
        return False
    activities = document.get("activities")
    return isinstance(activities, list) and all(isinstance(entry, dict) for entry in activities)


class _Activity:
    """One activity, its fields as text; both kinds of file come down to it."""

    def __init__(self, row: Row, book: Book, fields: dict[str, str]) -> None:
        self.row = row
        self._book = book
        self._fields = fields
        self._style = numbers.Style(book.options.decimal or ".", evident=True)

    def text(self, name: str) -> str:
        return self._fields.get(name, "").strip()

    def number(self, name: str) -> Decimal:
        text = self.text(name)
        return Decimal(0) if not text else numbers.parse(text, self._style)

    def asset(self, currency: str) -> AssetId:
        """Return what the activity is about: a coin (``BTCUSD``, ``bitcoin`` of CoinGecko) or a security."""
        symbol = self.text("symbol")
        base = symbol.upper().removesuffix(currency).rstrip("-")
        if base != symbol.upper() and symbols.looks_like_coin(base):
            return self._book.coin(base)
        if symbols.looks_like_coin(symbol):
            return self._book.coin(symbol)
        name = self.text("name")
        return self._book.security(
            name if name and self.text("source") == "MANUAL" else symbol,
            isin=symbol if is_isin(symbol) else "",
            name=name,
            currency=currency,
            kind=AssetClass.STOCK,
        )

    def write(self, at: datetime) -> None:
        """Write the activity down."""
        word = self.text("action").casefold()
        price, code = in_major(self.number("price"), self.text("currency"))
        if code not in currencies.ISO:
            raise RowError("unknown_currency", value=self.text("currency")[:20])
        cash = self._book.currency(code)
        quantity, fee = self.number("quantity"), self.number("fee")
        common = {"account": self.text("account"), "note": self.text("note")}
        money = Amount(multiply(abs(quantity), abs(price)), cash)
        if word in {"buy", "sell"}:
            if not quantity:
                self._book.skip(self.row, "import.skip.no_movement")
                return
            shares = Amount(abs(quantity), self.asset(code))
            self._book.add(
                self.row,
                at,
                TransactionKind.TRADE,
                received=shares if word == "buy" else money,
                sent=money if word == "buy" else shares,
                fee=fee_of(fee, cash),
                account=common["account"],
                note=common["note"],
            )
        elif word in _CASH:
            about = self.asset(code) if self.text("symbol") and word == "dividend" else ""
            self._book.add(
                self.row, at, _CASH[word], received=money, fee=fee_of(fee, cash), about=about,
                account=common["account"], note=common["note"],
            )  # fmt: skip
        elif word == "fee":
            charge = Amount(abs(fee) + money.quantity, cash)
            self._book.add(
                self.row,
                at,
                TransactionKind.FEE,
                sent=charge,
                account=common["account"],
                note=common["note"] or self.text("name"),
            )
        elif word in {"item", "liability"}:
            raise RowError("belongs_to_items", name=(self.text("name") or self.text("symbol"))[:60])
        else:
            raise RowError("unknown_type", type=self.text("action")[:60])


def _read_csv(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".", order="dmy")
    at = {role: columns.find(*names) for role, names in _NAMES.items()}
    book.warn("import.warn.cash_not_in_file")

    def use(row: Row) -> None:
        record = columns.record(row)
        fields = {role: record.text(name) for role, name in at.items() if name}
        fields["source"] = record.text("datasource")
        fields["name"] = fields["symbol"] if fields["source"] == "MANUAL" else ""
        _Activity(row, book, fields).write(record.moment(at["date"]))

    book.each(use)


def _read_json(table: Table, book: Book) -> None:
    document = table.document
    assert isinstance(document, dict)
    activities = document["activities"]
    names = {
        str(profile.get("symbol", "")): str(profile.get("name") or "")
        for profile in _dicts(document.get("assetProfiles"))
    }
    accounts = {
        str(account.get("id", "")): str(account.get("name") or "")
        for account in _dicts(document.get("accounts"))
    }
    reader = dates.DateReader("", dates.zone_named(book.options.time_zone))
    book.rows_are(len(activities))
    book.warn("import.warn.cash_not_in_file")
    for number, entry in enumerate(activities, start=1):
        row = Row(number, [f"{key}={value}" for key, value in entry.items() if value not in (None, "", [])])
        with book.guard(row):
            fields = {
                "symbol": str(entry.get("symbol") or ""),
                "currency": str(entry.get("currency") or ""),
                "price": str(entry.get("unitPrice") or ""),
                "quantity": str(entry.get("quantity") or ""),
                "action": str(entry.get("type") or ""),
                "fee": str(entry.get("fee") or ""),
                "note": str(entry.get("comment") or ""),
                "source": str(entry.get("dataSource") or ""),
            }
            fields["name"] = names.get(fields["symbol"], "")
            fields["account"] = accounts.get(str(entry.get("accountId") or ""), "")
            _Activity(row, book, fields).write(reader(str(entry.get("date") or "")))


def _dicts(value: object) -> list[dict[str, object]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


FORMATS = (
    Format(
        FormatInfo("ghostfolio_csv", "Ghostfolio activities (CSV)", "Ghostfolio", "stocks", "ghostfolio_csv"),
        _matches_csv,
        _read_csv,
    ),
    Format(
        FormatInfo(
            "ghostfolio_json", "Ghostfolio activities (JSON)", "Ghostfolio", "stocks", "ghostfolio_csv"
        ),
        _matches_json,
        _read_json,
    ),
)
