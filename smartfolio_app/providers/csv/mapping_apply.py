"""Reading a table by a mapping."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.ledger.assets import AssetClass, AssetId, is_fiat
from smartfolio_app.ledger.money import MONEY_CONTEXT, multiply
from smartfolio_app.ledger.transactions import INCOME_KINDS, Amount, TransactionKind
from smartfolio_app.providers.csv import currencies, numbers, symbols
from smartfolio_app.providers.csv.base import (
    Category,
    FormatInfo,
    ParsedFile,
    Progress,
    ReadOptions,
    Row,
    RowError,
    Table,
    headings_text,
)
from smartfolio_app.providers.csv.book import Book, is_isin
from smartfolio_app.providers.csv.columns import Columns
from smartfolio_app.providers.csv.formats._file_dates import date_in_name
from smartfolio_app.providers.csv.formats._kinds import without_fees
from smartfolio_app.providers.csv.formats._securities import class_of, in_major
from smartfolio_app.providers.csv.formats._splits import Splits, ratio_of
from smartfolio_app.providers.csv.headings import normalise
from smartfolio_app.providers.csv.mapping import Mapping
from smartfolio_app.providers.csv.mapping_words import (
    BUY,
    IN,
    OUT,
    SELL,
    SPLIT,
    TRADE,
    is_day_first,
    meaning_of,
)

_PAIR = re.compile(r"([A-Za-z0-9]{2,10})[/\-_]([A-Za-z]{3,5})")
_OUTGOING = frozenset(
    {
        TransactionKind.WITHDRAWAL, TransactionKind.SPEND, TransactionKind.GIFT_OUT, TransactionKind.DONATION,
        TransactionKind.FEE, TransactionKind.TAX, TransactionKind.LOST, TransactionKind.STOLEN,
        TransactionKind.MARGIN_LOSS, TransactionKind.LOAN_OUT,
    }
)  # fmt: skip
_NUMERIC = (
    "quantity", "price", "total", "received_quantity", "sent_quantity", "debit", "credit", "fee",
)  # fmt: skip
_CANCELLED = ("cancel", "annul", "reject", "refus", "failed", "pending", "storn", "abgebrochen", "expired")
#: Kinds that come in money even where a row counts shares; a bank statement's own words may tell them too.
_PAID_IN_MONEY = frozenset(
    {TransactionKind.DIVIDEND, TransactionKind.INTEREST, TransactionKind.FEE, TransactionKind.TAX}
)
_LIABILITIES = (
    "credit card",
    "loan",
    "mortgage",
    "carte de credit",
    "pret",
    "kredit",
    "hypothek",
    "prestamo",
    "hipoteca",
)


def apply_mapping(
    table: Table, mapping: Mapping, options: ReadOptions, *, progress: Progress | None, guessed: bool
) -> ParsedFile:
    """Return what ``table`` says; see ``mapping.apply``."""
    _check(table, mapping)
    options = replace(
        mapping.read_options(options), base_currency=mapping.default_currency or options.base_currency
    )
    columns = Columns(table, options, decimal="." if table.delimiter in {",", "\t"} else None)
    category = _category(table, mapping)
    info = FormatInfo(
        "mapping", "Column mapping", "", category, "file_crypto" if category == "crypto" else "file_stocks",
        "statement" if mapping.shape == "positions" else "transactions",
    )  # fmt: skip
    book = Book(table, options, info, progress)
    if guessed:
        book.warn("import.warn.mapping_guessed")
    with localcontext(MONEY_CONTEXT):
        reader = _Reader(table, mapping, book, columns, category)
        book.each(reader.read)
        reader.splits.settle()
        return replace(book.close(), mapping=mapping, mapping_guessed=guessed)


def _check(table: Table, mapping: Mapping) -> None:
    if lacking := mapping.lacking():
        raise InvalidInputError("import.mapping_incomplete", role=lacking[0])
    width = max((len(row.cells) for row in table.rows[:1000]), default=len(table.headers))
    if any(
        position >= max(width, len(table.headers)) for found in mapping.columns.values() for position in found
    ):
        raise InvalidInputError("import.mapping_does_not_fit", headers=headings_text(table.headers))


def _category(table: Table, mapping: Mapping) -> Category:
    """Tell coins from securities by what most rows name."""
    if mapping.asset_class != "auto":
        return "crypto" if mapping.asset_class == "crypto" else "stocks"
    if mapping.columns.get("isin"):
        return "stocks"
    positions = [
        mapping.column(role)
        for role in ("asset", "received_asset", "sent_asset")
        if mapping.column(role) >= 0
    ]
    coins = others = 0
    for row in table.rows[:2000]:
        for position in positions:
            cell = row.cells[position].strip() if position < len(row.cells) else ""
            code = _PAIR.fullmatch(cell)[1] if _PAIR.fullmatch(cell) else cell  # type: ignore[index]
            if cell and code.upper() not in currencies.ISO:
                coins, others = (coins + 1, others) if symbols.looks_like_coin(code) else (coins, others + 1)
    return "crypto" if coins > others else "stocks"


class _Reader:
    def __init__(
        self, table: Table, mapping: Mapping, book: Book, columns: Columns, category: Category
    ) -> None:
        self._book = book
        self._mapping = mapping
        self._columns = columns
        self._category = category
        numeric = [position for role in _NUMERIC for position in mapping.columns.get(role, ())]
        proven = {columns.style(position) for position in numeric if columns.style(position).evident}
        if len(proven) == 1:  # one program wrote all the columns
            columns.set_style(numeric, next(iter(proven)))
        self._date_at = mapping.column("date")
        self._date = (
            columns.date_reader(self._date_at, day_first=is_day_first(table.headers))
            if self._date_at >= 0
            else None
        )
        self.splits = Splits(book)
        if mapping.shape == "positions":
            book.as_of = book.options.as_of or date_in_name(table.filename)
        self._read = {
            "trades": self._trade,
            "two_sided": self._two_sided,
            "cash": self._cash,
            "positions": self._position,
        }[mapping.shape]

    def read(self, row: Row) -> None:
        """Write down what the row says."""
        if sum(1 for cell in row.cells if cell.strip()) < 2:
            self._book.skip(row, "import.skip.not_data")
            return
        if any(word in normalise(self._text(row, "status")) for word in _CANCELLED):
            self._book.skip(row, "import.skip.not_completed", status=self._text(row, "status")[:30])
            return
        self._read(row)

    # ------------------------------------------------------------------- cells

    def _text(self, row: Row, role: str) -> str:
        position = self._mapping.column(role)
        return row.cells[position].strip() if 0 <= position < len(row.cells) else ""

    def _with_unit(self, row: Row, position: int) -> tuple[Decimal | None, str]:
        text = row.cells[position].strip() if 0 <= position < len(row.cells) else ""
        if numbers.is_empty(text):
            return None, ""
        return numbers.parse_with_unit(text, self._columns.style(position))

    def _number(self, row: Row, role: str) -> Decimal | None:
        return self._with_unit(row, self._mapping.column(role))[0]

    def _lacks(self, role: str) -> RowError:
        position = self._mapping.column(role)
        headers = self._book.table.headers
        if 0 <= position < len(headers) and headers[position].strip():
            return RowError("number_missing", column=headers[position].strip()[:40])
        return RowError("amount_missing")

    def _at(self, row: Row) -> datetime:
        if self._date is None:
            raise RowError("date_missing")
        return (
            self._date.combined(self._text(row, "date"), self._text(row, "time"))
            if self._text(row, "time")
            else self._date(self._text(row, "date"))
        )

    def _common(self, row: Row) -> dict[str, Any]:
        return {
            "account": self._text(row, "account") or self._mapping.account,
            "note": self._text(row, "note")
            or (self._text(row, "name") if self._mapping.shape != "positions" else ""),
            "external_id": self._text(row, "id"),
        }

    def _meaning(self, row: Row) -> str:
        text = self._text(row, "type")
        return meaning_of(text, self._mapping.words) if text else ""

    # ------------------------------------------------------------------ assets

    def _money(self, row: Row, unit: str = "") -> AssetId:
        code = self._text(row, "currency") or currencies.of_sign(unit) or self._book.options.base_currency
        if not code:
            raise RowError("currency_missing")
        if symbols.looks_like_coin(code) and self._category == "crypto":
            return self._book.coin(code)
        _, code = in_major(Decimal(0), code)
        return self._book.currency(code)

    def _asset(self, row: Row, role: str = "asset") -> AssetId:
        code = self._text(row, role) or (self._mapping.default_asset if role == "asset" else "")
        pair = _PAIR.fullmatch(code)
        if pair and (pair[2].upper() in currencies.TRADED or symbols.looks_like_coin(pair[2])):
            code = pair[1]
        isin = self._text(row, "isin") if role == "asset" else ""
        name = self._text(row, "name") if role == "asset" else ""
        if is_isin(code):
            isin, code = code, ""
        word = self._text(row, "class")
        if not isin and code.upper() in currencies.TRADED and not word:
            return self._book.currency(code)
        is_coin = self._category == "crypto" or (
            symbols.looks_like_coin(code) and self._mapping.asset_class == "auto"
        )
        if word:
            is_coin = class_of(word, AssetClass.CRYPTO if is_coin else AssetClass.STOCK) is AssetClass.CRYPTO
        if is_coin and not isin and code:
            return self._book.coin(symbols.caip(code), name)
        kind = class_of(word) if word else AssetClass.STOCK
        return self._book.security(code, isin=isin, name=name, kind=kind)

    def _fee(self, row: Row, money: AssetId | None) -> Amount | None:
        total, unit = Decimal(0), ""
        for position in self._mapping.columns.get("fee", ()):
            found, written = self._with_unit(row, position)
            if found and found < 0:
                self._book.count("import.warn.sign_dropped")
            total += abs(found or Decimal(0))
            unit = unit or written
        if not total:
            return None
        code = self._text(row, "fee_currency")
        if code:
            return Amount(total, self._book.coin(symbols.caip(code)))
        if money is not None and is_fiat(money):
            return Amount(total, money)
        return Amount(total, self._money(row, unit))

    # -------------------------------------------------------------------- rows

    def _trade(self, row: Row) -> None:
        meaning = self._meaning(row)
        quantity = self._number(row, "quantity")
        total, unit = self._with_unit(row, self._mapping.column("total"))
        price, price_unit = self._with_unit(row, self._mapping.column("price"))
        if meaning == SPLIT:
            self._split(row, quantity)
            return
        if meaning in {BUY, SELL, TRADE} or (not meaning and quantity):
            if not quantity:
                raise self._lacks("quantity")
            buys = meaning == BUY or (meaning != SELL and quantity > 0)
            self._deal(row, abs(quantity), total, price, unit or price_unit, buys=buys)
        else:
            if total is None and quantity and price is not None:
                total = multiply(quantity, price)
            self._event(row, meaning, quantity, total, unit or price_unit)

    def _deal(
        self,
        row: Row,
        quantity: Decimal,
        total: Decimal | None,
        price: Decimal | None,
        unit: str,
        *,
        buys: bool,
    ) -> None:
        money = self._money(row, unit)
        fee = self._fee(row, money)
        if price is not None:
            price, _ = in_major(price, self._text(row, "currency"))
        gross = multiply(quantity, abs(price)) if price is not None else None
        inside = fee.quantity if fee is not None and fee.asset == money else Decimal(0)
        if total:
            cash = without_fees(abs(total), inside, gross, buys=buys) if gross is not None else abs(total)
        elif gross is not None:
            cash = gross
        else:
            raise self._lacks("total")
        shares, paid = Amount(quantity, self._asset(row)), Amount(cash, money)
        self._book.add(
            row,
            self._at(row),
            TransactionKind.TRADE,
            received=shares if buys else paid,
            sent=paid if buys else shares,
            fee=fee,
            **self._common(row),
        )

    def _split(self, row: Row, quantity: Decimal | None) -> None:
        ratio, at, asset = self._text(row, "split_ratio"), self._at(row), self._asset(row)
        account = self._common(row)["account"]
        if ratio:
            self.splits.by_ratio(row, at, asset, ratio_of(ratio), account)
        elif quantity:
            self.splits.by_addition(row, at, asset, quantity, account)
        else:
            raise self._lacks("split_ratio")

    def _event(
        self, row: Row, meaning: str, quantity: Decimal | None, total: Decimal | None, unit: str
    ) -> None:
        """Write down what is no trade: shares or coins that come or go, or money that does."""
        kind = TransactionKind(meaning) if meaning in set(TransactionKind) else None
        named = bool(self._text(row, "asset") or self._text(row, "isin") or self._mapping.default_asset)
        common, at = self._common(row), self._at(row)
        if quantity and named and not (kind in _PAID_IN_MONEY and total):
            kind = kind or (TransactionKind.DEPOSIT if quantity > 0 else TransactionKind.WITHDRAWAL)
            self._one_sided(row, at, kind, Amount(quantity, self._asset(row)), common)
            return
        if not total:
            raise RowError("amount_missing")
        if kind is None and meaning not in {"", IN, OUT}:
            raise RowError("unknown_type", type=self._text(row, "type")[:60])
        change = -abs(total) if meaning == OUT else total
        kind = kind or (TransactionKind.DEPOSIT if change > 0 else TransactionKind.WITHDRAWAL)
        if named:
            common["about"] = self._asset(row)
        self._one_sided(row, at, kind, Amount(change, self._money(row, unit)), common)

    def _one_sided(
        self, row: Row, at: datetime, kind: TransactionKind, change: Amount, common: dict[str, Any]
    ) -> None:
        side = Amount(abs(change.quantity), change.asset)
        if change.quantity < 0 and kind not in _OUTGOING:
            # What was credited is taken back: the money leaves, whatever the row is called.
            kind = TransactionKind.FEE if kind in INCOME_KINDS else TransactionKind.WITHDRAWAL
        outgoing = kind in _OUTGOING
        fee = self._fee(row, change.asset if is_fiat(change.asset) else None)
        self._book.add(
            row,
            at,
            kind,
            received=None if outgoing else side,
            sent=side if outgoing else None,
            fee=fee,
            **common,
        )

    def _two_sided(self, row: Row) -> None:
        received = self._side(row, "received")
        sent = self._side(row, "sent")
        meaning = self._meaning(row)
        if received and sent:
            kind = TransactionKind.TRADE
        elif received is None and sent is None:
            raise RowError("nothing_moves")
        elif meaning in set(TransactionKind):
            kind = TransactionKind(meaning)
        elif self._text(row, "type") and meaning not in {IN, OUT, BUY, SELL, TRADE}:
            raise RowError("unknown_type", type=self._text(row, "type")[:60])
        elif meaning in {BUY, SELL, TRADE}:
            raise RowError("trade_side_missing")
        else:
            kind = TransactionKind.DEPOSIT if received else TransactionKind.WITHDRAWAL
        money = next(
            (side.asset for side in (sent, received) if side is not None and is_fiat(side.asset)), None
        )
        self._book.add(
            row,
            self._at(row),
            kind,
            received=received,
            sent=sent,
            fee=self._fee(row, money),
            **self._common(row),
        )

    def _side(self, row: Row, side: str) -> Amount | None:
        quantity = self._number(row, f"{side}_quantity")
        if quantity and quantity < 0 and side == "received":
            self._book.count("import.warn.sign_dropped")
        return Amount(abs(quantity), self._asset(row, f"{side}_asset")) if quantity else None

    def _cash(self, row: Row) -> None:
        change, unit = self._change(row)
        at, common = self._at(row), self._common(row)
        meaning = self._meaning(row) or meaning_of(common["note"].split(" ")[0] if common["note"] else "")
        kind = TransactionKind(meaning) if meaning in set(TransactionKind) else None
        # Only what a bank itself calls by its name; "deposit" and the like follow from the sign.
        if kind not in _PAID_IN_MONEY or (kind in _OUTGOING and change > 0):
            kind = TransactionKind.DEPOSIT if change > 0 else TransactionKind.WITHDRAWAL
        self._one_sided(row, at, kind, Amount(change, self._money(row, unit)), common)

    def _change(self, row: Row) -> tuple[Decimal, str]:
        """Return the signed change of the account."""
        total, unit = self._with_unit(row, self._mapping.column("total"))
        if self._mapping.columns.get("debit") or self._mapping.columns.get("credit"):
            debit, debit_unit = self._with_unit(row, self._mapping.column("debit"))
            credit, credit_unit = self._with_unit(row, self._mapping.column("credit"))
            total, unit = (
                abs(credit or Decimal(0)) - abs(debit or Decimal(0)),
                credit_unit or debit_unit or unit,
            )
        if not total:
            raise RowError("amount_missing")
        if self._mapping.unsigned:
            meaning = self._meaning(row)
            outgoing = meaning == OUT or (
                meaning in set(TransactionKind) and TransactionKind(meaning) in _OUTGOING
            )
            if not meaning:
                raise RowError("unknown_type", type=self._text(row, "type")[:60])
            return (-abs(total) if outgoing else abs(total)), unit
        return total, unit

    def _position(self, row: Row) -> None:
        quantity, unit = self._with_unit(row, self._mapping.column("quantity"))
        if quantity is None:
            raise self._lacks("quantity")
        named = self._text(row, "asset") or self._text(row, "isin") or self._text(row, "name")
        asset = self._asset(row) if named else self._money(row, unit)
        if any(word in normalise(self._text(row, "type")) for word in _LIABILITIES) and quantity > 0:
            self._book.count("import.warn.taken_as_debt")
            quantity = -quantity
        price = self._number(row, "price")
        if price and named:
            price, _ = in_major(price, self._text(row, "currency"))
            money = self._money(row)
            at = self._book.as_of or self._book.upload_instant()
            self._book.price(row, asset, money.partition(":")[2], price, at)
        self._book.line(row, asset, quantity, account=self._text(row, "account") or self._mapping.account)
