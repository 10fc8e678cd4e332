"""Trade Republic, transaction export: amount, fee and tax are three columns, and the cash moves by their sum."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import AssetClass, AssetId
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of, has
from smartfolio_app.providers.csv.formats._securities import class_of

_TRADES = frozenset(
    {"BUY", "SELL", "SAVINGS_PLAN_EXECUTED", "TRADE_PERK", "REDEMPTION", "FINAL_MATURITY", "TILG"}
)
_Kinds = tuple[TransactionKind, TransactionKind]
_CASH: dict[str, _Kinds] = {
    **dict.fromkeys(
        (
            "CUSTOMER_INPAYMENT", "CUSTOMER_OUTBOUND_REQUEST", "CUSTOMER_INBOUND", "TRANSFER_IN", "TRANSFER_OUT",
            "TRANSFER_INSTANT_INBOUND", "TRANSFER_INSTANT_OUTBOUND", "TRANSFER_INBOUND", "TRANSFER_OUTBOUND",
            "TRANSFER_DIRECT_DEBIT_INBOUND", "PAYMENT_INBOUND", "PAYMENT_OUTBOUND", "CARD_ORDERING_REFUND",
        ),
        (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    ),
    **dict.fromkeys(
        ("CARD_TRANSACTION", "CARD_TRANSACTION_INTERNATIONAL", "CARD_ATM", "CARD_WITHDRAWAL", "CARD_REFUND"),
        (TransactionKind.DEPOSIT, TransactionKind.SPEND),
    ),
    "INTEREST_PAYMENT": (TransactionKind.INTEREST, TransactionKind.FEE),
    "INTEREST_PAYOUT": (TransactionKind.INTEREST, TransactionKind.FEE),
    "COUPON_PAYMENT": (TransactionKind.INTEREST, TransactionKind.FEE),
    "DIVIDEND": (TransactionKind.DIVIDEND, TransactionKind.TAX),
    "DISTRIBUTION": (TransactionKind.DIVIDEND, TransactionKind.TAX),
    "EARNINGS": (TransactionKind.DIVIDEND, TransactionKind.TAX),
    "TAX_OPTIMIZATION": (TransactionKind.INCOME, TransactionKind.TAX),
    "TAX_REFUND": (TransactionKind.INCOME, TransactionKind.TAX),
    "PRE_DETERMINED_TAX_BASE": (TransactionKind.INCOME, TransactionKind.TAX),
    "BENEFITS_SAVEBACK": (TransactionKind.REWARD, TransactionKind.FEE),
    "KINDERGELD_BONUS": (TransactionKind.REWARD, TransactionKind.FEE),
    "REFERRAL": (TransactionKind.REWARD, TransactionKind.FEE),
    "BONUS": (TransactionKind.REWARD, TransactionKind.FEE),
    "CARD_ORDERING_FEE": (TransactionKind.INCOME, TransactionKind.FEE),
    "FEE": (TransactionKind.INCOME, TransactionKind.FEE),
}  # fmt: skip
#: Shares that come without being paid for.
_SHARES: dict[str, _Kinds] = {
    "STOCKPERK": (TransactionKind.REWARD, TransactionKind.WITHDRAWAL),
    "GIFT": (TransactionKind.GIFT_IN, TransactionKind.GIFT_OUT),
    "FREE_RECEIPT": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "FREE_DELIVERY": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "SECURITY_TRANSFER": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "TRANSFER_IN": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "TRANSFER_OUT": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "SPLIT": (TransactionKind.SPIN_OFF, TransactionKind.LOST),
    "SPIN_OFF": (TransactionKind.SPIN_OFF, TransactionKind.LOST),
    "STOCK_DIVIDEND": (TransactionKind.SPIN_OFF, TransactionKind.LOST),
    "DELISTING": (TransactionKind.SPIN_OFF, TransactionKind.LOST),
}
_INTERNAL = frozenset({"MIGRATION", "ACCOUNT_TRANSFER"})


def _matches(table: Table) -> bool:
    return has(
        table,
        "datetime",
        "account type",
        "category",
        "type",
        "asset class",
        "shares",
        "amount",
        "fee",
        "transaction id",
    )


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._columns = Columns(table, book.options, decimal=".")

    def read(self, row: Row) -> None:
        """Write the row's transaction down."""
        record = self._columns.record(row)
        if self._book.repeated(row, record.text("transaction id")):
            return
        word = record.text("type").upper()
        shares = record.maybe("shares") or Decimal(0)
        money = record.maybe("amount") or Decimal(0)
        if word in _INTERNAL:
            self._book.skip(row, "import.skip.internal")
        elif word in _TRADES and shares and money:
            self._trade(record, shares, money)
        elif word in _SHARES and shares and not money:
            gain, loss = _SHARES[word]
            self._book.move(
                row,
                self._at(record),
                Amount(shares, self._instrument(record)),
                gain=gain,
                loss=loss,
                **_common(record),
            )
        elif word in _CASH:
            self._cash(record, _CASH[word], money)
        else:
            raise RowError("unknown_type", type=record.text("type")[:60])

    @staticmethod
    def _at(record: Record) -> datetime:
        return record.moment("datetime" if record.text("datetime") else "date")

    def _currency(self, record: Record) -> AssetId:
        return self._book.currency(record.text("currency"))

    def _instrument(self, record: Record) -> AssetId:
        word, symbol, name = record.text("asset class"), record.text("symbol"), record.text("name")
        kind = class_of(word)
        if kind is AssetClass.CRYPTO:
            return self._book.coin(symbol, name)
        # The symbol column holds the ISIN; the name is what a person knows the share by.
        return self._book.security(name or symbol, isin=symbol, name=name, kind=kind)

    def _costs(self, record: Record) -> Decimal:
        return (record.maybe("fee") or Decimal(0)) + (record.maybe("tax") or Decimal(0))

    def _trade(self, record: Record, shares: Decimal, money: Decimal) -> None:
        currency = self._currency(record)
        costs = self._costs(record)
        things, cash = amount(shares, self._instrument(record)), amount(money, currency)
        buys = money < 0
        self._book.add(
            record.row,
            self._at(record),
            TransactionKind.TRADE,
            received=things if buys else cash,
            sent=cash if buys else things,
            fee=fee_of(costs, currency) if costs < 0 else None,
            **_common(record),
        )
        if costs > 0:  # a tax given back with the trade
            self._book.add(
                record.row,
                self._at(record),
                TransactionKind.INCOME,
                received=Amount(costs, currency),
                **_common(record),
            )

    def _cash(self, record: Record, kinds: _Kinds, money: Decimal) -> None:
        currency, costs = self._currency(record), self._costs(record)
        about = self._instrument(record) if record.text("symbol") else ""
        if not money:
            money, costs = costs, Decimal(0)
        if costs > 0:
            money, costs = money + costs, Decimal(0)
        self._book.move(
            record.row,
            self._at(record),
            Amount(money, currency),
            gain=kinds[0],
            loss=kinds[1],
            fee=fee_of(costs, currency) if costs else None,
            about=about,
            **_common(record),
        )


def _common(record: Record) -> dict[str, Any]:
    return {
        "account": record.text("account type"),
        "external_id": record.text("transaction id"),
        "note": record.text("description"),
    }


def _read(table: Table, book: Book) -> None:
    book.each(_Reader(table, book).read)


FORMATS = (
    Format(
        FormatInfo(
            "traderepublic", "Trade Republic transactions", "Trade Republic", "stocks", "traderepublic_csv"
        ),
        _matches,
        _read,
    ),
)
