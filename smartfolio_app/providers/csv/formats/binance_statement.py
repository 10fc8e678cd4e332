"""Binance, "Generate all statements": every change of every balance; a trade is two to hundreds of rows of one second.

The change of a coin is exact in every row, so balances are always right. Which bought row belongs to which sold row is
not told; rows are paired by size, or added up to one trade when only two coins are involved.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.money import divide
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import has

_TRADES = frozenset(
    {
        "buy", "sell", "transaction related", "transaction buy", "transaction spend", "transaction sold",
        "transaction revenue", "small assets exchange bnb", "binance convert", "asset conversion transfer",
        "eth 2.0 staking", "large otc trading", "otc trading", "convert", "strategy trade", "auto-invest transaction",
        "bnb smart chain swap", "token swap - redenomination/rebranding", "token swap - distribution",
        "stablecoins auto-conversion", "p2p trading",
    }
)  # fmt: skip
_FEES = frozenset({"fee", "transaction fee"})
_INTERNAL_STARTS = (
    "transfer between", "pos savings purchase", "pos savings redemption", "simple earn flexible subscription",
    "simple earn flexible redemption", "simple earn locked subscription", "simple earn locked redemption",
    "staking purchase", "staking redemption", "savings purchase", "savings principal redemption", "main and funding",
    "launchpool subscription", "launchpool redemption", "isolatedmargin", "bnb vault subscription", "locked staking -",
    "internal transfer", "sub-account transfer", "eth 2.0 staking withdrawals", "dual investment subscription",
)  # fmt: skip
_INTEREST = frozenset(
    {
        "pos savings interest", "simple earn flexible interest", "savings interest", "launchpool interest",
        "eth 2.0 staking rewards", "staking rewards", "simple earn locked rewards", "bnb vault rewards",
        "liquid swap rewards", "swap farming rewards", "launchpool earnings withdrawal", "simple earn flexible airdrop",
    }
)  # fmt: skip
_REWARDS = frozenset(
    {
        "cash voucher distribution", "mission reward distribution", "commission history", "commission rebate",
        "referral commission", "referral kickback", "commission fee shared with you", "cash voucher",
        "trading competition rewards", "crypto box", "megadrop rewards", "bnb deducts fee rebate",
    }
)  # fmt: skip
_MOVES: dict[str, tuple[TransactionKind, TransactionKind]] = {
    "deposit": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "fiat deposit": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "buy crypto": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "buy crypto with fiat": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "withdraw": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "fiat withdraw": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "fiat withdrawal": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "send": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "receive": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "binance pay": (TransactionKind.DEPOSIT, TransactionKind.SPEND),
    "funding fee": (TransactionKind.MARGIN_PROFIT, TransactionKind.FEE),
    "realized profit and loss": (TransactionKind.MARGIN_PROFIT, TransactionKind.MARGIN_LOSS),
    "realize profit and loss": (TransactionKind.MARGIN_PROFIT, TransactionKind.MARGIN_LOSS),
    "insurance fund compensation": (TransactionKind.REWARD, TransactionKind.MARGIN_LOSS),
    "distribution": (TransactionKind.AIRDROP, TransactionKind.WITHDRAWAL),
    "airdrop assets": (TransactionKind.AIRDROP, TransactionKind.WITHDRAWAL),
    "binance card spending": (TransactionKind.DEPOSIT, TransactionKind.SPEND),
    "binance card cashback": (TransactionKind.REWARD, TransactionKind.SPEND),
    "isolated margin loan": (TransactionKind.LOAN_IN, TransactionKind.LOAN_OUT),
    "isolated margin repayment": (TransactionKind.LOAN_IN, TransactionKind.LOAN_OUT),
    "margin loan": (TransactionKind.LOAN_IN, TransactionKind.LOAN_OUT),
    "margin repayment": (TransactionKind.LOAN_IN, TransactionKind.LOAN_OUT),
    "crypto loan": (TransactionKind.LOAN_IN, TransactionKind.LOAN_OUT),
}
#: Above this many rows the pairing of several coins in one second is no longer tried out.
_TRIED = 7


def _matches(table: Table) -> bool:
    return has(table, "account", "operation", "coin", "change") and (
        has(table, "utc time") or has(table, "time")
    )


class _Change:
    """One row's change, its cells already read."""

    __slots__ = ("asset", "quantity", "row")

    def __init__(self, row: Row, asset: AssetId, quantity: Decimal) -> None:
        self.row, self.asset, self.quantity = row, asset, quantity


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._columns = Columns(table, book.options, decimal=".")
        self._columns.zone = UTC
        self._time = self._columns.find("utc time", "time")
        self._trades: dict[datetime, list[_Change]] = defaultdict(list)
        self._fees: dict[datetime, list[_Change]] = defaultdict(list)

    def gather(self, row: Row) -> None:
        """Write single-row events down; keep the rows of trades for later."""
        record = self._columns.record(row)
        at = record.moment(self._time)
        operation = record.text("operation").casefold()
        change = _Change(row, self._book.coin(record.text("coin")), record.number("change"))
        if operation in _TRADES:
            self._trades[at].append(change)
        elif operation in _FEES and not record.text("account").casefold().endswith("futures"):
            self._fees[at].append(change)
        elif operation in _FEES:
            self._fee(at, change)
        elif operation.startswith(_INTERNAL_STARTS):
            self._book.skip(row, "import.skip.internal")
        else:
            self._single(record, at, operation, change)

    def _single(self, record: Record, at: datetime, operation: str, change: _Change) -> None:
        if operation in _INTEREST:
            staking = "staking" in operation or "vault" in operation or "launchpool" in operation
            gain = TransactionKind.STAKING if staking else TransactionKind.INTEREST
            kinds = (gain, TransactionKind.FEE)
        elif operation in _REWARDS:
            kinds = (TransactionKind.REWARD, TransactionKind.FEE)
        elif operation in _MOVES:
            kinds = _MOVES[operation]
        else:
            raise RowError("unknown_type", type=record.text("operation")[:60])
        quantity = change.quantity
        if operation in {"withdraw", "fiat withdraw", "fiat withdrawal"} and quantity > 0:
            # A withdrawal is a withdrawal: some statements leave its minus out.
            self._book.count("import.warn.sign_dropped")
            quantity = -quantity
        self._book.move(
            record.row,
            at,
            Amount(quantity, change.asset),
            gain=kinds[0],
            loss=kinds[1],
            note=" · ".join(filter(None, (record.text("operation"), record.text("remark")))),
        )

    def settle(self) -> None:
        """Write the trades down, second by second."""
        for at, changes in self._trades.items():
            fees = self._fees.pop(at, [])
            with self._book.guard(*(change.row for change in (*changes, *fees))):
                self._second(at, changes, fees)
        for at, fees in self._fees.items():
            for fee in fees:
                with self._book.guard(fee.row):
                    self._fee(at, fee)

    def _second(self, at: datetime, changes: list[_Change], fees: list[_Change]) -> None:
        gained = sorted((c for c in changes if c.quantity > 0), key=lambda c: c.quantity, reverse=True)
        given = sorted((c for c in changes if c.quantity < 0), key=lambda c: c.quantity)
        if not gained or not given:
            raise RowError("unpaired")
        coins_in, coins_out = {c.asset for c in gained}, {c.asset for c in given}
        if len(gained) == len(given) and (len(coins_in) > 1 or len(coins_out) > 1):
            pairs = _best_pairs(gained, given)
        elif len(coins_in) > 1 or len(coins_out) > 1:
            raise RowError("unclear_group", count=len(changes))
        elif len(gained) == len(given) and len(gained) <= 2:
            pairs = list(zip(gained, given, strict=True))
        else:
            pairs = [(_total(gained), _total(given))]
        self._write(at, pairs, fees)

    def _write(self, at: datetime, pairs: list[tuple[_Change, _Change]], fees: list[_Change]) -> None:
        """Write the pairs down, each with a fee: fees in a traded coin first, the larger to the larger trade."""
        if len(pairs) == 1:
            fees = [_total([fee for fee in fees if fee.asset == asset]) for asset in _distinct(fees)]
        traded = {change.asset for pair in pairs for change in pair}
        ordered = sorted(fees, key=lambda fee: (fee.asset not in traded, fee.quantity))
        for index, (gain, loss) in enumerate(pairs):
            fee = ordered[index] if index < len(ordered) else None
            self._book.add(
                gain.row,
                at,
                TransactionKind.TRADE,
                received=Amount(gain.quantity, gain.asset),
                sent=Amount(-loss.quantity, loss.asset),
                fee=Amount(abs(fee.quantity), fee.asset) if fee else None,
            )
        for fee in ordered[len(pairs) :]:
            self._fee(at, fee)

    def _fee(self, at: datetime, fee: _Change) -> None:
        self._book.move(
            fee.row,
            at,
            Amount(fee.quantity, fee.asset),
            gain=TransactionKind.REWARD,
            loss=TransactionKind.FEE,
        )


def _distinct(changes: list[_Change]) -> list[AssetId]:
    return list(dict.fromkeys(change.asset for change in changes))


def _total(changes: list[_Change]) -> _Change:
    return _Change(changes[0].row, changes[0].asset, sum((c.quantity for c in changes), Decimal(0)))


def _best_pairs(gained: list[_Change], given: list[_Change]) -> list[tuple[_Change, _Change]]:
    """Return the pairing under which each two coins trade at the most even price: fills of one second hardly differ."""
    if len(gained) > _TRIED:
        raise RowError("unclear_group", count=len(gained) + len(given))
    best = min(permutations(given), key=lambda order: _spread(list(zip(gained, order, strict=True))))
    return list(zip(gained, best, strict=True))


def _spread(pairs: list[tuple[_Change, _Change]]) -> Decimal:
    prices: dict[tuple[AssetId, AssetId], list[Decimal]] = defaultdict(list)
    for gain, loss in pairs:
        prices[gain.asset, loss.asset].append(divide(-loss.quantity, gain.quantity))
    return max(divide(max(found), min(found)) for found in prices.values()) + len(prices)


def _read(table: Table, book: Book) -> None:
    reader = _Reader(table, book)
    # Some rows end without the remark's delimiter, none has more cells than headings.
    book.each(reader.gather)
    reader.settle()


FORMATS = (
    Format(
        FormatInfo("binance_statement", "Binance statement", "Binance", "crypto", "binance_csv"),
        _matches,
        _read,
    ),
)
