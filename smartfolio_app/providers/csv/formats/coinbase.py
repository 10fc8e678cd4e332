"""Coinbase, transaction history: four generations of columns, told apart by their headings alone.

Old files name the currency inside the headings (``EUR Spot Price at Transaction``), newer ones in a column, the newest
start with an ID and sign their quantities. The other side of a conversion stands only in the notes.
"""

from __future__ import annotations

import re
from datetime import UTC
from decimal import Decimal

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv import numbers
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, has
from smartfolio_app.providers.csv.headings import normalise

_CONVERTED = re.compile(r"converted\s+([\d.,]+)\s+(\S+)\s+to\s+([\d.,]+)\s+(\S+)", re.IGNORECASE)
_TRADED = re.compile(r"(?:bought|sold)\s+[\d.,]+\s+\S+\s+for\s+([\d.,]+)\s+([A-Z0-9]+)", re.IGNORECASE)
_OLD_CURRENCY = re.compile(r"([a-z]{3}) (?:spot price at transaction|subtotal|total|fees)\b")

_BUYS = frozenset({"buy", "advanced trade buy", "advance trade buy", "recurring buy"})
_SELLS = frozenset({"sell", "advanced trade sell", "advance trade sell"})
_INTERNAL = frozenset(
    {
        "retail staking transfer",
        "retail unstaking transfer",
        "staking transfer",
        "unstaking transfer",
        "vault transfer",
    }
)
_Kinds = tuple[TransactionKind, TransactionKind]
_IN_OUT: _Kinds = (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL)
#: Type -> kind when it adds, kind when it takes away.
MOVES: dict[str, _Kinds] = {
    "send": _IN_OUT, "receive": _IN_OUT, "deposit": _IN_OUT, "withdrawal": _IN_OUT, "fiat deposit": _IN_OUT,
    "fiat withdrawal": _IN_OUT, "pro deposit": _IN_OUT, "pro withdrawal": _IN_OUT, "exchange deposit": _IN_OUT,
    "exchange withdrawal": _IN_OUT, "prime withdrawal": _IN_OUT, "prime deposit": _IN_OUT, "wallet transfer": _IN_OUT,
    "staking income": (TransactionKind.STAKING, TransactionKind.FEE),
    "inflation reward": (TransactionKind.STAKING, TransactionKind.FEE),
    "rewards income": (TransactionKind.INTEREST, TransactionKind.FEE),
    "reward income": (TransactionKind.INTEREST, TransactionKind.FEE),
    "interest payout": (TransactionKind.INTEREST, TransactionKind.FEE),
    "usdc rewards": (TransactionKind.INTEREST, TransactionKind.FEE),
    "coinbase earn": (TransactionKind.REWARD, TransactionKind.FEE),
    "learning reward": (TransactionKind.REWARD, TransactionKind.FEE),
    "incentives rewards payout": (TransactionKind.REWARD, TransactionKind.FEE),
    "subscription rebate": (TransactionKind.REWARD, TransactionKind.FEE),
    "subscription rebates (24 hours)": (TransactionKind.REWARD, TransactionKind.FEE),
    "referral reward": (TransactionKind.REWARD, TransactionKind.FEE),
    "airdrop": (TransactionKind.AIRDROP, TransactionKind.FEE),
    "card spend": (TransactionKind.DEPOSIT, TransactionKind.SPEND),
    "paid for an order": (TransactionKind.DEPOSIT, TransactionKind.SPEND),
    "card buy back": (TransactionKind.REWARD, TransactionKind.SPEND),
    "subscription": (TransactionKind.REWARD, TransactionKind.FEE),
    "admin debit": (TransactionKind.INCOME, TransactionKind.FEE),
    "admin credit": (TransactionKind.INCOME, TransactionKind.FEE),
    "gift": (TransactionKind.GIFT_IN, TransactionKind.GIFT_OUT),
}  # fmt: skip
#: Old files do not sign: these take away.
_OUTGOING = frozenset(
    {
        "send", "withdrawal", "fiat withdrawal", "pro deposit", "exchange deposit", "prime deposit", "card spend",
        "paid for an order", "admin debit", "subscription",
    }
)  # fmt: skip


def _matches(table: Table) -> bool:
    return has(table, "timestamp", "transaction type", "asset", "quantity transacted", "notes")


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._columns = Columns(table, book.options, decimal=".")
        self._columns.zone = UTC
        self._currency = self._columns.find("price currency", "spot price currency")
        self._subtotal = self._columns.find("subtotal") or self._find("subtotal")
        self._total = self._columns.starting("total (") or self._find("total")
        self._fees = self._columns.starting("fees") or self._find("fees")
        self._stated = ""
        for header in table.headers:
            if match := _OLD_CURRENCY.match(normalise(header)):
                self._stated = match[1].upper()
        self._newest = bool(self._columns.find("id"))

    def _find(self, word: str) -> str:
        return next(
            (
                name
                for name in (normalise(h) for h in self._book.table.headers)
                if name[3:].startswith(f" {word}")
            ),
            "",
        )

    def read(self, row: Row) -> None:
        """Write the row's transaction down."""
        record = self._columns.record(row)
        word = record.text("transaction type").casefold()
        if word in _INTERNAL:
            self._book.skip(row, "import.skip.internal")
        elif word == "convert" or (word == "trade" and _CONVERTED.search(record.text("notes"))):
            self._convert(record)
        elif word in _BUYS | _SELLS:
            self._trade(record, buys=word in _BUYS)
        elif word in MOVES:
            self._move(record, word)
        else:
            raise RowError("unknown_type", type=record.text("transaction type")[:60])

    def _coin(self, code: str) -> AssetId:
        """Return the asset of a coin; Coinbase called staked ether ETH2, which is ether all the same."""
        return self._book.coin("ETH" if code.upper() == "ETH2" else code)

    def _money(self, record: Record) -> AssetId:
        code = record.text(self._currency) if self._currency else self._stated
        return self._book.coin(code) if code else self._book.currency("")

    def _value(self, record: Record) -> Amount | None:
        worth = record.maybe(self._subtotal) if self._subtotal else None
        return amount(worth, self._money(record)) if worth else None

    def _trade(self, record: Record, *, buys: bool) -> None:
        money = self._money(record)
        coins = amount(record.number("quantity transacted"), self._coin(record.text("asset")))
        fee = abs(record.maybe(self._fees) or Decimal(0)) if self._fees else Decimal(0)
        total = abs(record.number(self._total))
        # The total is what was paid or received: with the fee in a purchase, without it in a sale.
        cash = total - fee if buys else total + fee
        if match := _TRADED.search(record.text("notes")):
            traded = self._coin(match[2])
            if traded != money and match[2].upper() != record.text("asset").upper():
                money, cash = traded, numbers.parse(match[1], numbers.Style("."))
                fee = Decimal(0)
        paid = Amount(cash, money)
        self._book.add(
            record.row,
            record.moment("timestamp"),
            TransactionKind.TRADE,
            received=coins if buys else paid,
            sent=paid if buys else coins,
            fee=Amount(fee, money) if fee else None,
            external_id=record.text("id"),
            note=record.text("notes"),
        )

    def _convert(self, record: Record) -> None:
        match = _CONVERTED.search(record.text("notes"))
        if match is None:
            raise RowError("conversion_target_missing")
        style = numbers.Style(".")
        sent = Amount(numbers.parse(match[1], style), self._coin(match[2]))
        received = Amount(numbers.parse(match[3], style), self._coin(match[4].rstrip(".,")))
        if (
            self._newest
            and record.number("quantity transacted") > 0
            and match[2].upper() != record.text("asset").upper()
        ):
            # The newest files write both legs; this is the one that came in, told by the other one's notes.
            self._book.skip(record.row, "import.skip.other_side")
            return
        if sent.asset == received.asset:
            self._book.skip(record.row, "import.skip.internal")
            return
        self._book.add(
            record.row,
            record.moment("timestamp"),
            TransactionKind.TRADE,
            received=received,
            sent=sent,
            value=self._value(record),
            external_id=record.text("id"),
            note=record.text("notes"),
        )

    def _move(self, record: Record, word: str) -> None:
        gain, loss = MOVES[word]
        quantity = record.number("quantity transacted")
        if quantity > 0 and word in _OUTGOING:
            quantity = -quantity
        self._book.move(
            record.row,
            record.moment("timestamp"),
            Amount(quantity, self._coin(record.text("asset"))),
            gain=gain,
            loss=loss,
            value=self._value(record),
            external_id=record.text("id"),
            note=record.text("notes"),
        )


def _read(table: Table, book: Book) -> None:
    book.each(_Reader(table, book).read)


FORMATS = (
    Format(
        FormatInfo("coinbase", "Coinbase transactions", "Coinbase", "crypto", "coinbase_csv"), _matches, _read
    ),
)
