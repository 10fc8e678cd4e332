"""Koinly: the universal layout (sent, received and fee side by side), and the short list of buys and sells."""

from __future__ import annotations

from datetime import UTC

from smartfolio_app.ledger.money import multiply
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, has

_IN = {
    "reward": TransactionKind.REWARD, "staking": TransactionKind.STAKING, "airdrop": TransactionKind.AIRDROP,
    "mining": TransactionKind.MINING, "fork": TransactionKind.FORK, "loan interest": TransactionKind.INTEREST,
    "lending interest": TransactionKind.INTEREST, "interest": TransactionKind.INTEREST,
    "cashback": TransactionKind.REWARD, "fee refund": TransactionKind.REWARD, "salary": TransactionKind.INCOME,
    "income": TransactionKind.INCOME, "other income": TransactionKind.INCOME, "gift": TransactionKind.GIFT_IN,
    "realized gain": TransactionKind.MARGIN_PROFIT, "loan": TransactionKind.LOAN_IN,
    "liquidity out": TransactionKind.LOAN_IN, "unstake": TransactionKind.LOAN_IN, "dividend": TransactionKind.DIVIDEND,
    "": TransactionKind.DEPOSIT, "from pool": TransactionKind.LOAN_IN,
}  # fmt: skip
_OUT = {
    "gift": TransactionKind.GIFT_OUT, "lost": TransactionKind.LOST, "stolen": TransactionKind.STOLEN,
    "cost": TransactionKind.SPEND, "donation": TransactionKind.DONATION, "margin fee": TransactionKind.FEE,
    "loan fee": TransactionKind.FEE, "fee": TransactionKind.FEE, "realized gain": TransactionKind.MARGIN_LOSS,
    "loan repayment": TransactionKind.LOAN_OUT, "liquidity in": TransactionKind.LOAN_OUT, "tax": TransactionKind.TAX,
    "stake": TransactionKind.LOAN_OUT, "to pool": TransactionKind.LOAN_OUT, "payment": TransactionKind.SPEND,
    "interest payment": TransactionKind.FEE, "": TransactionKind.WITHDRAWAL,
}  # fmt: skip
_BOTH = {
    "swap": TransactionKind.SWAP,
    "": TransactionKind.TRADE,
    "trade": TransactionKind.TRADE,
    "exchange": TransactionKind.TRADE,
}


def _matches(table: Table) -> bool:
    return has(
        table, "sent amount", "sent currency", "received amount", "received currency", "fee amount"
    ) and (has(table, "label") or has(table, "net worth amount") or has(table, "tag"))


def _matches_list(table: Table) -> bool:
    return has(table, "date", "transaction", "currency", "quantity", "spot rate")


def _side(book: Book, record: Record, quantity: str, currency: str) -> Amount | None:
    number = record.maybe(quantity)
    return amount(number, book.coin(record.text(currency).partition(";")[0])) if number else None


def _read(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    columns.zone = UTC
    time = columns.find("date", "koinly date", "date (utc)")
    label_column = columns.find("label", "tag")

    def use(row: Row) -> None:
        record = columns.record(row)
        sent = _side(book, record, "sent amount", "sent currency")
        received = _side(book, record, "received amount", "received currency")
        fee = _side(book, record, "fee amount", "fee currency")
        if sent is None and received is None and fee is None:
            raise RowError("nothing_moves")
        label = record.text(label_column).casefold().replace("_", " ")
        kinds = _BOTH if sent and received else _IN if received else _OUT
        kind = kinds.get(label)
        if kind is None:
            raise RowError("unknown_type", type=record.text(label_column)[:60])
        if sent is None and received is None:
            kind, sent, fee = TransactionKind.FEE, fee, None
        book.add(
            row,
            record.moment(time),
            kind,
            received=received,
            sent=sent,
            fee=fee,
            value=_side(book, record, "net worth amount", "net worth currency"),
            external_id=record.text("txhash") or record.text("id"),
            note=record.text("description"),
        )

    book.each(use)


def _read_list(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    book.warn("import.warn.cash_not_in_file")

    def use(row: Row) -> None:
        record = columns.record(row)
        word = record.text("transaction").casefold()
        if word not in {"buy", "sell"}:
            raise RowError("unknown_type", type=word[:60])
        if not book.options.base_currency:
            raise RowError("currency_missing")
        coins = amount(record.number("quantity"), book.coin(record.text("currency")))
        money = Amount(
            multiply(coins.quantity, record.number("spot rate")), book.currency(book.options.base_currency)
        )
        book.add(
            row,
            record.moment("date"),
            TransactionKind.TRADE,
            received=coins if word == "buy" else money,
            sent=money if word == "buy" else coins,
        )

    book.each(use)


FORMATS = (
    Format(FormatInfo("koinly", "Koinly universal", "Koinly", "crypto", "koinly_csv"), _matches, _read),
    Format(
        FormatInfo("koinly_list", "Koinly buys and sells", "Koinly", "crypto", "koinly_csv"),
        _matches_list,
        _read_list,
    ),
)
