"""Bitvavo, full history: amounts are what the balance changed by, fees included; each row names its time zone."""

from __future__ import annotations

from decimal import Decimal

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.dates import zone_named
from smartfolio_app.providers.csv.formats._kinds import fee_of, has

_DONE = frozenset({"completed", "distributed", ""})
_GAINS = {
    "staking": TransactionKind.STAKING,
    "fixed_staking": TransactionKind.STAKING,
    "lending": TransactionKind.INTEREST,
    "affiliate": TransactionKind.REWARD,
    "rebate": TransactionKind.REWARD,
    "campaign_new_user_incentive": TransactionKind.REWARD,
    "manually_assigned": TransactionKind.REWARD,
    "deposit": TransactionKind.DEPOSIT,
    "internal_transfer": TransactionKind.DEPOSIT,
}


def _matches(table: Table) -> bool:
    return has(
        table,
        "timezone",
        "date",
        "time",
        "type",
        "currency",
        "amount",
        "fee currency",
        "fee amount",
        "transaction id",
    )


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._columns = Columns(table, book.options, decimal=".")
        self._paid = self._columns.find("received / paid amount")
        self._paid_currency = self._columns.find("received / paid currency")

    def read(self, row: Row) -> None:
        """Write the row's transaction down."""
        record = self._columns.record(row)
        if record.text("status").casefold() not in _DONE:
            self._book.skip(row, "import.skip.not_completed", status=record.text("status")[:30])
            return
        if self._book.repeated(row, record.text("transaction id")):
            return
        word = record.text("type").casefold()
        coin = self._book.coin(record.text("currency"))
        change = record.number("amount")
        fee = abs(record.maybe("fee amount") or Decimal(0))
        charged = fee_of(fee, self._book.coin(record.text("fee currency"))) if fee else None
        if word in {"buy", "sell"}:
            self._trade(record, Amount(change, coin), charged)
        elif word == "withdrawal" or change < 0:
            self._withdraw(record, Amount(change, coin), charged)
        elif word in _GAINS:
            self._add(record, _GAINS[word], received=Amount(change, coin), fee=None)
        else:
            raise RowError("unknown_type", type=record.text("type")[:60])

    def _trade(self, record: Record, coins: Amount, fee: Amount | None) -> None:
        money: AssetId = self._book.coin(record.text(self._paid_currency))
        paid = abs(record.number(self._paid))
        buys = coins.quantity > 0
        if fee and fee.asset == money:  # the amount has the fee in it
            paid += -fee.quantity if buys else fee.quantity
        cash, shares = Amount(paid, money), Amount(abs(coins.quantity), coins.asset)
        self._add(
            record,
            TransactionKind.TRADE,
            received=shares if buys else cash,
            sent=cash if buys else shares,
            fee=fee,
        )

    def _withdraw(self, record: Record, coins: Amount, fee: Amount | None) -> None:
        total = abs(coins.quantity)
        if fee and fee.asset == coins.asset:
            if fee.quantity < total:
                total -= fee.quantity
            else:
                # No fee can be more than what it was taken from; the balance moved by the amount.
                self._book.count("import.warn.fee_above_amount")
                fee = None
        self._add(record, TransactionKind.WITHDRAWAL, sent=Amount(total, coins.asset), fee=fee)

    def _add(
        self,
        record: Record,
        kind: TransactionKind,
        *,
        received: Amount | None = None,
        sent: Amount | None = None,
        fee: Amount | None,
    ) -> None:
        zone = zone_named(record.text("timezone")) if record.text("timezone") else None
        self._book.add(
            record.row,
            record.moment_of("date", "time", zone),
            kind,
            received=received,
            sent=sent,
            fee=fee,
            external_id=record.text("transaction id"),
            note=record.text("address"),
        )


def _read(table: Table, book: Book) -> None:
    book.each(_Reader(table, book).read)


FORMATS = (
    Format(
        FormatInfo("bitvavo", "Bitvavo transactions", "Bitvavo", "crypto", "bitvavo_csv"), _matches, _read
    ),
)
