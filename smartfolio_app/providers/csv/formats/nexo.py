"""Nexo, transactions. Its own tokens ``EURX``, ``GBPX``, ``USDX`` stand one to one for the currency.

Much of the file is bookkeeping between Nexo's wallets or against the credit line and moves nothing the user owns. What
the credit line lends and takes back is kept apart from gains and losses.
"""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.transactions import TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, has

_INTERNAL = frozenset(
    {
        "exchange to withdraw", "deposit to exchange", "locking term deposit", "unlocking term deposit", "transfer in",
        "transfer out", "transfer from pro wallet", "transfer to pro wallet",
        "transfer to exchange", "transfer from exchange",
    }
)  # fmt: skip
#: Against the credit line: what is owed changes, what is owned does not.
_CREDIT = frozenset(
    {"credit card status", "nexo card purchase", "repayment", "manual repayment", "exchange credit"}
)
_KINDS: dict[str, TransactionKind] = {
    "deposit": TransactionKind.DEPOSIT,
    "exchange deposited on": TransactionKind.DEPOSIT,
    "top up crypto": TransactionKind.DEPOSIT,
    "withdrawal": TransactionKind.WITHDRAWAL,
    "withdraw exchanged": TransactionKind.WITHDRAWAL,
    "withdrawal fee": TransactionKind.FEE,
    "interest": TransactionKind.INTEREST,
    "fixed term interest": TransactionKind.INTEREST,
    "dividend": TransactionKind.DIVIDEND,
    "bonus": TransactionKind.REWARD,
    "cashback": TransactionKind.REWARD,
    "exchange cashback": TransactionKind.REWARD,
    "referral bonus": TransactionKind.REWARD,
    "liquidation": TransactionKind.LOAN_OUT,
    "exchange liquidation": TransactionKind.LOAN_OUT,
    "manual sell order": TransactionKind.LOAN_OUT,
    "withdrawcredit": TransactionKind.LOAN_IN,
    "loan withdrawal": TransactionKind.LOAN_IN,
    "credit card fiatx exchange to withdraw": TransactionKind.LOAN_IN,
}
_OUTGOING = frozenset({TransactionKind.WITHDRAWAL, TransactionKind.FEE, TransactionKind.LOAN_OUT})
_STABLE = {
    "EURX": "EUR",
    "GBPX": "GBP",
    "USDX": "USD",
    "XUSD": "USD",
    "XEUR": "EUR",
    "XGBP": "GBP",
    "NEXONEXO": "NEXO",
}


def _matches(table: Table) -> bool:
    return has(table, "transaction", "type", "input currency", "output currency", "output amount", "details")


def _read(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    columns.zone = UTC
    time = columns.find("date / time (utc)", "date / time")

    def coin(code: str) -> AssetId:
        return book.coin(_STABLE.get(code.strip().upper(), code))

    def use(row: Row) -> None:
        record = columns.record(row)
        word = record.text("type").casefold()
        details = record.text("details").casefold()
        if not details.startswith("approved") and details:
            book.skip(row, "import.skip.not_completed", status=details.partition("/")[0].strip()[:30])
        elif word in _INTERNAL:
            book.skip(row, "import.skip.internal")
        elif word in _CREDIT:
            book.skip(row, "import.skip.credit_line")
        elif not book.repeated(row, record.text("transaction")):
            event(record, word)

    def event(record: Record, word: str) -> None:
        common: dict[str, Any] = {"external_id": record.text("transaction"), "note": record.text("details")}
        at = record.moment(time)
        given, gained = record.number("input amount"), record.maybe("output amount") or Decimal(0)
        if word == "exchange":
            book.add(
                record.row,
                at,
                TransactionKind.TRADE,
                received=amount(gained, coin(record.text("output currency"))),
                sent=amount(given, coin(record.text("input currency"))),
                **common,
            )
            return
        kind = _KINDS.get(word)
        if kind is None:
            raise RowError("unknown_type", type=record.text("type")[:60])
        if kind in _OUTGOING:
            book.add(record.row, at, kind, sent=amount(given, coin(record.text("input currency"))), **common)
            return
        if given < 0 and kind is TransactionKind.INTEREST:
            book.skip(record.row, "import.skip.credit_line")
            return
        code = record.text("output currency") if gained else record.text("input currency")
        book.add(record.row, at, kind, received=amount(gained or given, coin(code)), **common)

    book.each(use)


FORMATS = (Format(FormatInfo("nexo", "Nexo transactions", "Nexo", "crypto", "nexo_csv"), _matches, _read),)
