"""Bitfinex: the ledger, one row a change told in words, and the trades report, one row a fill. Old and new columns."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of, has

_COINS = {
    "DSH": "DASH",
    "IOT": "IOTA",
    "QTM": "QTUM",
    "DAT": "DATA",
    "UST": "USDT",
    "UDC": "USDC",
    "EUT": "EURT",
}
#: The first words that occur in a description decide: kind when it adds, kind when it takes away.
_WORDS: tuple[tuple[tuple[str, ...], TransactionKind, TransactionKind], ...] = (
    (("trading fee", "fee for"), TransactionKind.REWARD, TransactionKind.FEE),
    (
        ("withdrawal fee", "deposit fee", "funding fee", "claiming fee"),
        TransactionKind.REWARD,
        TransactionKind.FEE,
    ),
    (("margin funding payment", "funding payment"), TransactionKind.INTEREST, TransactionKind.FEE),
    (
        ("settlement", "position", "funding event", "used margin"),
        TransactionKind.MARGIN_PROFIT,
        TransactionKind.MARGIN_LOSS,
    ),
    (("staking",), TransactionKind.STAKING, TransactionKind.FEE),
    (("airdrop", "distribution", "fork"), TransactionKind.AIRDROP, TransactionKind.WITHDRAWAL),
    (("rebate", "affiliate", "reward", "earned fees"), TransactionKind.REWARD, TransactionKind.FEE),
    (("deposit", "withdrawal"), TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
)
_EXCHANGE = ("exchange ", "trade ")
_TRANSFER = "transfer of"


def _coin(book: Book, code: str) -> str:
    return book.coin(_COINS.get(code.strip().upper(), code.strip()))


def _matches_ledger(table: Table) -> bool:
    return has(table, "currency", "description", "amount", "balance", "date") and len(table.headers) <= 8


def _matches_trades(table: Table) -> bool:
    return has(table, "#", "pair", "amount", "price", "fee", "date") and (
        has(table, "feecurrency") or has(table, "fee currency")
    )


def _read_ledger(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".", order="dmy")
    columns.zone = UTC
    exchanges: dict[tuple[datetime, str], list[Record]] = defaultdict(list)

    def gather(row: Row) -> None:
        record = columns.record(row)
        text = record.text("description").casefold()
        if text.startswith(_TRANSFER):
            book.skip(row, "import.skip.internal")
            return
        if text.startswith(_EXCHANGE):
            exchanges[record.moment("date"), record.text("description")].append(record)
            return
        kinds = next(
            ((gain, loss) for words, gain, loss in _WORDS if any(word in text for word in words)), None
        )
        if kinds is None:
            raise RowError("unknown_type", type=record.text("description")[:60])
        book.move(
            row,
            record.moment("date"),
            Amount(record.number("amount"), _coin(book, record.text("currency"))),
            gain=kinds[0],
            loss=kinds[1],
            account=record.text("wallet"),
            note=record.text("description"),
        )

    def exchange(at: datetime, records: list[Record]) -> None:
        gained = [record for record in records if record.number("amount") > 0]
        given = [record for record in records if record.number("amount") < 0]
        if len(gained) != len(given) or not gained:
            raise RowError("unpaired")
        for gain, loss in zip(gained, given, strict=True):
            book.add(
                gain.row,
                at,
                TransactionKind.TRADE,
                received=amount(gain.number("amount"), _coin(book, gain.text("currency"))),
                sent=amount(loss.number("amount"), _coin(book, loss.text("currency"))),
                account=gain.text("wallet"),
                note=gain.text("description"),
            )

    book.each(gather)
    for (at, _), records in exchanges.items():
        with book.guard(*(record.row for record in records)):
            exchange(at, records)


def _read_trades(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".", order="dmy")
    columns.zone = UTC
    fee_currency = columns.find("feecurrency", "fee currency")
    book.warn("import.warn.cash_not_in_file")

    def use(row: Row) -> None:
        record = columns.record(row)
        if book.repeated(row, record.text("#")):
            return
        base, _, quote = record.text("pair").partition("/")
        if not quote and len(base) == 6:
            base, quote = base[:3], base[3:]
        if not quote:
            raise RowError("unknown_pair", pair=record.text("pair")[:40])
        quantity, price = record.number("amount"), record.number("price")
        coins = amount(quantity, _coin(book, base))
        money = amount(quantity * price, _coin(book, quote))
        fee = record.maybe("fee")
        buys = quantity > 0
        margin = record.text("margin").casefold() in {"true", "1", "yes"}
        book.add(
            row,
            record.moment("date"),
            TransactionKind.MARGIN_TRADE if margin else TransactionKind.TRADE,
            received=coins if buys else money,
            sent=money if buys else coins,
            fee=fee_of(fee, _coin(book, record.text(fee_currency))) if fee else None,
            external_id=record.text("#"),
        )

    book.each(use)


FORMATS = (
    Format(
        FormatInfo("bitfinex_ledger", "Bitfinex ledger", "Bitfinex", "crypto", "bitfinex_csv"),
        _matches_ledger,
        _read_ledger,
    ),
    Format(
        FormatInfo("bitfinex_trades", "Bitfinex trades", "Bitfinex", "crypto", "bitfinex_csv"),
        _matches_trades,
        _read_trades,
    ),
)
