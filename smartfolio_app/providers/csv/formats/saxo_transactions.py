"""Saxo Bank, transactions export (French and English, two generations of columns).

A trade's quantity and price stand in its event text (``Buy 3 @ 190.00 USD``, ``Acheter 3 @ 190,00 USD``); the booked
amount is what the account was charged, in the account's currency, costs included.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import AssetClass, AssetId
from smartfolio_app.ledger.money import multiply
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv import currencies, numbers
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount
from smartfolio_app.providers.csv.formats._securities import class_of, in_major
from smartfolio_app.providers.csv.headings import normalise

_NAMES = {
    "date": ("trade date", "date d'operation", "date de transaction"),
    "event": ("event", "evenement"),
    "booked": ("booked amount", "montant comptabilise", "amount", "montant"),
    "type": ("transaction type", "type de transaction"),
    "kind": ("type",),
    "currency": ("currency", "devise du compte", "account currency", "devise"),
    "rate": ("conversion rate", "taux de change", "taux de conversion"),
    "cost": ("total cost", "cout total"),
    "instrument": ("instrument",),
    "symbol": ("instrument symbol", "symbole", "symbole de l'instrument", "symbol"),
    "isin": ("instrument isin", "code isin de l'instrument", "isin de l'instrument", "isin"),
    "instrument currency": ("instrument currency", "devise de l'instrument"),
    "account": ("account id", "compte id", "id du compte", "identifiant de compte"),
    "booking": ("booking id", "bk record id", "id de reservation", "trade id"),
}
_TRADE = re.compile(
    r"(?P<word>buy|sell|acheter|achat|vendre|vente|ceder|bought|sold|transfer in|transfer out|transfert entrant|"
    r"transfert sortant)\s+(?P<quantity>[-+]?[\d.,'\s\u00a0\u202f]*\d)\s*@\s*(?P<price>[\d.,'\s\u00a0\u202f]*\d)"
    r"\s*(?P<currency>[A-Za-z]{3})?\b.*",
    re.IGNORECASE | re.DOTALL,
)
_BUY = ("buy", "bought", "acheter", "achat", "transfer in", "transfert entrant")
_TRANSFER = ("transfer", "transfert")
#: A word in the event -> the kind when money comes in, and when it goes out. The first that occurs decides.
EVENTS: tuple[tuple[tuple[str, ...], TransactionKind, TransactionKind], ...] = (
    (("dividend", "dividende", "distribution"), TransactionKind.DIVIDEND, TransactionKind.TAX),
    (
        ("tax", "taxe", "impot", "retenue", "withholding", "vat", "tva"),
        TransactionKind.INCOME,
        TransactionKind.TAX,
    ),
    (("interest", "interet", "coupon"), TransactionKind.INTEREST, TransactionKind.FEE),
    (
        ("fee", "frais", "commission", "droits de garde", "custody"),
        TransactionKind.INCOME,
        TransactionKind.FEE,
    ),
    (
        ("deposit", "depot", "withdrawal", "retrait", "transfer", "transfert", "virement", "versement"),
        TransactionKind.DEPOSIT,
        TransactionKind.WITHDRAWAL,
    ),
    (("bonus", "rebate", "remise", "prime"), TransactionKind.REWARD, TransactionKind.FEE),
)


def _matches(table: Table) -> bool:
    headers = {normalise(header) for header in table.headers}
    needed = ("date", "event", "booked", "instrument", "symbol", "isin", "instrument currency")
    return all(any(name in headers for name in _NAMES[role]) for role in needed)


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._columns = Columns(table, book.options, decimal=".", order="dmy")
        self._at = {role: self._columns.find(*names) for role, names in _NAMES.items()}
        if self._at["type"] == "":  # the older generation has one column called Type, the event's
            self._at["type"], self._at["kind"] = self._at["kind"], ""
        self._events = numbers.detect(self._columns.values(self._columns.index(self._at["event"])))
        if not self._events.evident:
            self._events = numbers.Style(".")
        self._account_currency = self._find_account_currency(table)

    def _find_account_currency(self, table: Table) -> str:
        """Return the account's currency where no column states it: that of instruments that needed no conversion."""
        if self._at["currency"]:
            return ""
        unconverted: Counter[str] = Counter()
        for row in table.rows:
            record = self._columns.record(row)
            if record.text(self._at["rate"]) in {"1", "1.0", "1.00", "1,00", "1,0"}:
                unconverted[record.text(self._at["instrument currency"]).upper()] += 1
        unconverted.pop("", None)
        if len(unconverted) == 1:
            return next(iter(unconverted))
        return self._book.options.base_currency.upper()

    def read(self, row: Row) -> None:
        """Write the row's transaction down."""
        record = self._columns.record(row)
        external_id = record.text(self._at["booking"])
        if self._book.repeated(row, external_id):
            return
        event = record.text(self._at["event"])
        booked = record.maybe(self._at["booked"]) or Decimal(0)
        if match := _TRADE.fullmatch(event):
            self._trade(record, match, booked, external_id)
        elif booked:
            self._cash(record, event, booked, external_id)
        elif event:
            raise RowError("corporate_action", event=event[:80])
        else:
            self._book.skip(row, "import.skip.no_movement")

    def _cash_asset(self, record: Record) -> AssetId:
        code = record.text(self._at["currency"]).upper() if self._at["currency"] else self._account_currency
        if not code:
            raise RowError("account_currency_unknown")
        return self._book.currency(code)

    def _instrument(self, record: Record) -> AssetId:
        symbol, _, mic = record.text(self._at["symbol"]).partition(":")
        if symbol == "-":
            symbol = ""
        name = record.text(self._at["instrument"])
        word = record.text(self._at["kind"])
        kind = class_of(word)
        _, currency = in_major(Decimal(0), record.text(self._at["instrument currency"]))
        if currency not in currencies.ISO:
            currency = ""
        if kind is AssetClass.CRYPTO:
            return self._book.coin(symbol, name)
        if kind is AssetClass.DERIVATIVE and "cfd" in normalise(word):
            return self._book.security(symbol, mic="CFD", name=name, kind=kind, currency=currency)
        return self._book.security(
            symbol, mic=mic, isin=record.text(self._at["isin"]), name=name, kind=kind, currency=currency
        )

    def _trade(self, record: Record, match: re.Match[str], booked: Decimal, external_id: str) -> None:
        word = normalise(match["word"])
        quantity = abs(numbers.parse(match["quantity"], self._events))
        price = numbers.parse(match["price"], self._events)
        asset = self._instrument(record)
        at = record.moment(self._at["date"])
        stated = match["currency"] or record.text(self._at["instrument currency"])
        price, currency = in_major(price, stated)
        if currency in currencies.ISO:
            self._book.currency(currency)
            self._book.price(record.row, asset, currency, price, at)
        common: dict[str, Any] = {
            "account": record.text(self._at["account"]),
            "external_id": external_id,
            "note": record.text(self._at["event"]),
        }
        shares = Amount(quantity, asset)
        buys = word.startswith(_BUY)
        if word.startswith(_TRANSFER):
            kind = TransactionKind.DEPOSIT if buys else TransactionKind.WITHDRAWAL
            received, sent = (shares, None) if buys else (None, shares)
            self._book.add(record.row, at, kind, received=received, sent=sent, **common)
            return
        if not booked or (booked < 0) is not buys:
            raise RowError("trade_side_missing")
        cash, fee = self._split(record, booked, quantity, price)
        money = amount(cash, self._cash_asset(record))
        self._book.add(
            record.row,
            at,
            TransactionKind.TRADE,
            received=shares if buys else money,
            sent=money if buys else shares,
            fee=amount(fee, money.asset) if fee else None,
            **common,
        )

    def _split(
        self, record: Record, booked: Decimal, quantity: Decimal, price: Decimal
    ) -> tuple[Decimal, Decimal]:
        """Return the booked amount less its costs, and these; only where the row's own arithmetic proves them in it."""
        cost = abs(record.maybe(self._at["cost"]) or Decimal(0))
        rate = record.maybe(self._at["rate"]) or Decimal(1)
        gross = multiply(multiply(quantity, price), rate)
        sign = 1 if booked < 0 else -1
        if cost and abs(abs(booked) - sign * cost - gross) <= max(cost / 10, gross / 2000):
            return abs(booked) - sign * cost, cost
        return abs(booked), Decimal(0)

    def _cash(self, record: Record, event: str, booked: Decimal, external_id: str) -> None:
        text = f"{normalise(event)} {normalise(record.text(self._at['type']))}"
        gain, loss = TransactionKind.INCOME, TransactionKind.FEE
        for keys, inflow, outflow in EVENTS:
            if any(key in text for key in keys):
                gain, loss = inflow, outflow
                break
        about = ""
        if record.text(self._at["isin"]) not in {"", "-"} or record.text(self._at["symbol"]) not in {"", "-"}:
            about = self._instrument(record)
        self._book.move(
            record.row,
            record.moment(self._at["date"]),
            Amount(booked, self._cash_asset(record)),
            gain=gain,
            loss=loss,
            about=about,
            account=record.text(self._at["account"]),
            external_id=external_id,
            note=event,
        )


def _read(table: Table, book: Book) -> None:
    book.each(_Reader(table, book).read)


FORMATS = (
    Format(
        FormatInfo("saxo_transactions", "Saxo transactions", "Saxo Bank", "stocks", "saxo_csv"),
        _matches,
        _read,
    ),
)
