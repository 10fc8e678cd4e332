"""BlockFi, transactions: signed changes; a trade is two rows of one second; moves to and from the interest account stay
inside."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, has

_MOVES: dict[str, tuple[TransactionKind, TransactionKind]] = {
    **dict.fromkeys(
        (
            "deposit", "wire deposit", "ach deposit", "crypto transfer", "withdrawal", "wire withdrawal",
            "ach withdrawal", "withdrawal reversal",
        ),
        (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    ),
    "interest payment": (TransactionKind.INTEREST, TransactionKind.FEE),
    "bonus payment": (TransactionKind.REWARD, TransactionKind.FEE),
    "referral bonus": (TransactionKind.REWARD, TransactionKind.FEE),
    "cc rewards redemption": (TransactionKind.REWARD, TransactionKind.FEE),
    "cc trading rebate": (TransactionKind.REWARD, TransactionKind.FEE),
    "withdrawal fee": (TransactionKind.REWARD, TransactionKind.FEE),
}  # fmt: skip
_INTERNAL = frozenset({"bia deposit", "bia withdraw", "bia withdrawal", "wallet deposit", "wallet withdraw"})
_OUTGOING = frozenset({"withdrawal", "wire withdrawal", "ach withdrawal", "withdrawal fee"})


def _matches(table: Table) -> bool:
    return has(table, "cryptocurrency", "amount", "transaction type", "confirmed at")


def _read(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    columns.zone = UTC
    trades: dict[datetime, list[Record]] = defaultdict(list)

    def use(row: Row) -> None:
        record = columns.record(row)
        word = record.text("transaction type").casefold()
        if not record.text("confirmed at"):
            book.skip(row, "import.skip.pending")
        elif word in _INTERNAL:
            book.skip(row, "import.skip.internal")
        elif word == "trade":
            trades[record.moment("confirmed at")].append(record)
        elif word in _MOVES:
            gain, loss = _MOVES[word]
            change = record.number("amount")
            if word in _OUTGOING:
                change = -abs(change)
            book.move(
                row,
                record.moment("confirmed at"),
                Amount(change, book.coin(record.text("cryptocurrency"))),
                gain=gain,
                loss=loss,
            )
        else:
            raise RowError("unknown_type", type=record.text("transaction type")[:60])

    def trade(at: datetime, records: list[Record]) -> None:
        gained = [record for record in records if record.number("amount") > 0]
        given = [record for record in records if record.number("amount") < 0]
        if len(gained) != 1 or len(given) != 1:
            raise RowError("unpaired")
        book.add(
            records[0].row,
            at,
            TransactionKind.TRADE,
            received=amount(gained[0].number("amount"), book.coin(gained[0].text("cryptocurrency"))),
            sent=amount(given[0].number("amount"), book.coin(given[0].text("cryptocurrency"))),
        )

    book.each(use)
    for at, records in trades.items():
        with book.guard(*(record.row for record in records)):
            trade(at, records)


FORMATS = (
    Format(
        FormatInfo("blockfi", "BlockFi transactions", "BlockFi", "crypto", "blockfi_csv"), _matches, _read
    ),
)
