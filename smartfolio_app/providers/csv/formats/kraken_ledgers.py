"""Kraken, ledgers export: every change of every balance, with its own fee, which is always taken on top.

The rows of one event share a ``refid``. Moves between a user's own wallets (spot, staking, futures, earn) are two rows
of the same coin and bring nothing.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal

from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv import symbols
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of, has

_EXCHANGED = frozenset({"trade", "spend", "receive", "sale", "conversion", "nfttrade", "dustsweep"})
_INTERNAL = frozenset(
    {
        "spottostaking", "stakingfromspot", "stakingtospot", "spotfromstaking", "spottofutures", "spotfromfutures",
        "allocation", "deallocation", "autoallocation", "autoallocate", "migration", "bonding", "unbonding",
    }
)  # fmt: skip
_ONE_SIDED: dict[str, tuple[TransactionKind, TransactionKind]] = {
    "deposit": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "withdrawal": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "transfer": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "custodytransfer": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "staking": (TransactionKind.STAKING, TransactionKind.WITHDRAWAL),
    "earn": (TransactionKind.STAKING, TransactionKind.WITHDRAWAL),
    "reward": (TransactionKind.REWARD, TransactionKind.FEE),
    "dividend": (TransactionKind.DIVIDEND, TransactionKind.FEE),
    "airdrop": (TransactionKind.AIRDROP, TransactionKind.WITHDRAWAL),
    "invite bonus": (TransactionKind.REWARD, TransactionKind.FEE),
    "credit": (TransactionKind.REWARD, TransactionKind.FEE),
    "creditline": (TransactionKind.LOAN_IN, TransactionKind.LOAN_OUT),
    "margin": (TransactionKind.MARGIN_PROFIT, TransactionKind.MARGIN_LOSS),
    "settled": (TransactionKind.MARGIN_PROFIT, TransactionKind.MARGIN_LOSS),
    "margin settle": (TransactionKind.MARGIN_PROFIT, TransactionKind.MARGIN_LOSS),
    "margin conversion": (TransactionKind.MARGIN_PROFIT, TransactionKind.MARGIN_LOSS),
    "rollover": (TransactionKind.INCOME, TransactionKind.FEE),
    "adjustment": (TransactionKind.INCOME, TransactionKind.FEE),
}


def _matches(table: Table) -> bool:
    return has(table, "txid", "refid", "time", "type", "asset", "amount", "fee", "balance")


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._columns = Columns(table, book.options, decimal=".")
        self._columns.zone = UTC
        self._groups: dict[str, list[Record]] = defaultdict(list)

    def gather(self, row: Row) -> None:
        """Put the row with those of the same event."""
        record = self._columns.record(row)
        if not record.text("txid"):
            # Kraken writes a movement down once more while it is pending, without an id of its own.
            self._book.skip(row, "import.skip.pending")
            return
        if self._book.repeated(row, record.text("txid")):
            return
        self._groups[record.text("refid") or record.text("txid")].append(record)

    def settle(self) -> None:
        """Write every event down."""
        for refid, records in self._groups.items():
            with self._book.guard(*(record.row for record in records)):
                self._event(refid, records)

    def _event(self, refid: str, records: list[Record]) -> None:
        kinds = {record.text("type").casefold() for record in records}
        if kinds <= _EXCHANGED and len(records) > 1:
            self._exchange(refid, records)
            return
        if self._is_internal(records):
            for record in records:
                self._book.skip(record.row, "import.skip.internal")
            return
        for record in records:
            self._single(record)

    @staticmethod
    def _is_internal(records: list[Record]) -> bool:
        if all(record.text("subtype").casefold() in _INTERNAL for record in records):
            return True
        if len(records) != 2 or len({symbols.kraken(record.text("asset")) for record in records}) != 1:
            return False
        return records[0].number("amount") + records[1].number("amount") == 0

    def _exchange(self, refid: str, records: list[Record]) -> None:
        """Write a trade down: one coin out, one in. A second fee, in the other coin, is an event of its own."""
        gained: dict[str, Decimal] = defaultdict(Decimal)
        given: dict[str, Decimal] = defaultdict(Decimal)
        fees: dict[str, Decimal] = defaultdict(Decimal)
        for record in records:
            asset = self._book.coin(symbols.kraken(record.text("asset")))
            change = record.number("amount")
            (gained if change > 0 else given)[asset] += abs(change)
            fees[asset] += record.maybe("fee") or Decimal(0)
        gained = {asset: quantity for asset, quantity in gained.items() if quantity}
        given = {asset: quantity for asset, quantity in given.items() if quantity}
        if len(gained) != 1 or len(given) != 1:
            raise RowError("unclear_group", count=len(records))
        (bought, received), (sold, sent) = next(iter(gained.items())), next(iter(given.items()))
        charged = sorted((asset for asset, fee in fees.items() if fee), key=lambda asset: asset != sold)
        first, at = records[0], self._at(records[0])
        fee = fee_of(fees[charged[0]], charged[0]) if charged else None
        self._book.add(
            first.row,
            at,
            TransactionKind.TRADE,
            received=Amount(received, bought),
            sent=Amount(sent, sold),
            fee=fee,
            external_id=refid,
        )
        for asset in charged[1:]:
            self._book.add(
                records[-1].row,
                at,
                TransactionKind.FEE,
                sent=Amount(abs(fees[asset]), asset),
                external_id=f"{refid}:fee",
            )

    def _single(self, record: Record) -> None:
        word = record.text("type").casefold()
        if word in _EXCHANGED:
            raise RowError("unpaired")
        if word not in _ONE_SIDED:
            raise RowError("unknown_type", type=word[:60])
        gain, loss = _ONE_SIDED[word]
        asset = self._book.coin(symbols.kraken(record.text("asset")))
        change, fee = record.number("amount"), record.maybe("fee") or Decimal(0)
        external_id = record.text("txid")
        if not change and fee:
            self._book.add(
                record.row,
                self._at(record),
                TransactionKind.FEE,
                sent=amount(fee, asset),
                external_id=external_id,
            )
        elif not change:
            self._book.skip(record.row, "import.skip.no_movement")
        else:
            self._book.move(
                record.row,
                self._at(record),
                Amount(change, asset),
                gain=gain,
                loss=loss,
                fee=fee_of(fee, asset),
                external_id=external_id,
                note=record.text("subtype"),
            )

    @staticmethod
    def _at(record: Record) -> datetime:
        return record.moment("time")


def _read(table: Table, book: Book) -> None:
    reader = _Reader(table, book)
    book.each(reader.gather)
    reader.settle()


FORMATS = (
    Format(FormatInfo("kraken_ledgers", "Kraken ledgers", "Kraken", "crypto", "kraken_csv"), _matches, _read),
)
