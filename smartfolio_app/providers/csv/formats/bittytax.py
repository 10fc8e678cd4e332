"""BittyTax, transaction records: bought, sold and fee side by side, the fee on top."""

from __future__ import annotations

from datetime import UTC

from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, has, known

_KINDS: dict[str, TransactionKind] = {
    "trade": TransactionKind.TRADE, "swap": TransactionKind.SWAP,
    "deposit": TransactionKind.DEPOSIT, "unstake": TransactionKind.LOAN_IN, "loan": TransactionKind.LOAN_IN,
    "mining": TransactionKind.MINING, "staking": TransactionKind.STAKING, "staking-reward": TransactionKind.STAKING,
    "interest": TransactionKind.INTEREST, "dividend": TransactionKind.DIVIDEND, "income": TransactionKind.INCOME,
    "gift-received": TransactionKind.GIFT_IN, "fork": TransactionKind.FORK, "airdrop": TransactionKind.AIRDROP,
    "referral": TransactionKind.REWARD, "cashback": TransactionKind.REWARD, "fee-rebate": TransactionKind.REWARD,
    "margin-gain": TransactionKind.MARGIN_PROFIT, "margin-fee-rebate": TransactionKind.MARGIN_PROFIT,
    "withdrawal": TransactionKind.WITHDRAWAL, "stake": TransactionKind.LOAN_OUT, "spend": TransactionKind.SPEND,
    "loan-repayment": TransactionKind.LOAN_OUT, "loan-interest": TransactionKind.FEE, "fee": TransactionKind.FEE,
    "gift-sent": TransactionKind.GIFT_OUT, "gift-spouse": TransactionKind.GIFT_OUT,
    "charity-sent": TransactionKind.DONATION, "lost": TransactionKind.LOST, "stolen": TransactionKind.STOLEN,
    "margin-loss": TransactionKind.MARGIN_LOSS, "margin-fee": TransactionKind.FEE,
}  # fmt: skip
_TWO_SIDED = frozenset({TransactionKind.TRADE, TransactionKind.SWAP})


def _matches(table: Table) -> bool:
    return has(
        table,
        "type",
        "buy quantity",
        "buy asset",
        "sell quantity",
        "sell asset",
        "fee quantity",
        "fee asset",
        "wallet",
    )


def _read(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    columns.zone = UTC
    values = {
        side: (name, name.rpartition(" ")[2].upper())
        for side in ("buy", "sell")
        if (name := columns.starting(f"{side} value in "))
    }

    def side(record: Record, name: str) -> Amount | None:
        quantity = record.maybe(f"{name} quantity")
        return amount(quantity, book.coin(record.text(f"{name} asset"))) if quantity else None

    def value(record: Record) -> Amount | None:
        for name, currency in values.values():
            worth = record.maybe(name)
            if worth:
                return amount(worth, book.currency(currency))
        return None

    def use(row: Row) -> None:
        record = columns.record(row)
        kind = known(_KINDS, record.text("type"))
        received, sent = side(record, "buy"), side(record, "sell")
        if kind in _TWO_SIDED and (received is None or sent is None):
            raise RowError("trade_side_missing")
        book.add(
            row,
            record.moment("timestamp"),
            kind,
            received=received,
            sent=sent,
            fee=side(record, "fee"),
            value=value(record),
            account=record.text("wallet"),
            note=record.text("note"),
            external_id=record.text("tx hash"),
        )

    book.each(use)


FORMATS = (
    Format(FormatInfo("bittytax", "BittyTax records", "BittyTax", "crypto", "bittytax_csv"), _matches, _read),
)
