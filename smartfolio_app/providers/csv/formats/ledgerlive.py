"""Ledger Live, operations: the amount of what goes out has the network fee in it; what comes in is net."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of, has

_REWARDS = frozenset({"REWARD", "REWARD_PAYOUT", "STAKE_REWARD", "CLAIM_REWARDS", "SUPERNODE_REWARD"})
#: Operations that only cost their fee: the coins stay in the account.
_FEE_ONLY = frozenset(
    {
        "FEES", "DELEGATE", "UNDELEGATE", "REDELEGATE", "STAKE", "UNSTAKE", "BOND", "UNBOND", "NOMINATE", "CHILL",
        "WITHDRAW_UNBONDED", "SET_CONTROLLER", "OPT_IN", "OPT_OUT", "REVEAL", "CREATE", "APPROVE", "FREEZE", "UNFREEZE",
        "VOTE", "CLOSE_ACCOUNT", "LOCK", "UNLOCK", "REVOKE", "ACTIVATE", "NONE", "NFT_IN", "NFT_OUT", "CONTRACT_CALL",
    }
)  # fmt: skip


def _matches(table: Table) -> bool:
    return has(
        table, "operation date", "currency ticker", "operation type", "operation amount", "operation fees"
    )


def _read(table: Table, book: Book) -> None:
    columns = Columns(table, book.options, decimal=".")
    columns.zone = UTC
    counter = columns.find("countervalue at operation date")

    def use(row: Row) -> None:
        record = columns.record(row)
        status = record.text("status").casefold()
        if status and status != "confirmed":
            book.skip(row, "import.skip.not_completed", status=status[:30])
            return
        coin = book.coin(record.text("currency ticker"))
        total, fee = abs(record.number("operation amount")), abs(record.maybe("operation fees") or Decimal(0))
        word = record.text("operation type").upper()
        worth = record.maybe(counter) if counter else None
        value = amount(worth, book.coin(record.text("countervalue ticker"))) if worth else None
        common: dict[str, Any] = {
            "account": record.text("account name"),
            "external_id": record.text("operation hash"),
            "value": value,
        }
        at = record.moment("operation date")
        if word == "IN" or word in _REWARDS:
            kind = TransactionKind.STAKING if word in _REWARDS else TransactionKind.DEPOSIT
            book.add(row, at, kind, received=Amount(total, coin), **common)
        elif word == "OUT":
            charged = fee if fee <= total else Decimal(0)
            book.add(
                row,
                at,
                TransactionKind.WITHDRAWAL,
                sent=Amount(total - charged, coin),
                fee=fee_of(charged, coin),
                **common,
            )
        elif word in _FEE_ONLY:
            cost = fee or (total if word == "FEES" else Decimal(0))
            if not cost:
                book.skip(row, "import.skip.no_movement")
                return
            book.add(row, at, TransactionKind.FEE, sent=Amount(cost, coin), **common)
        else:
            raise RowError("unknown_type", type=word[:60])

    book.each(use)


FORMATS = (
    Format(
        FormatInfo("ledgerlive", "Ledger Live operations", "Ledger Live", "crypto", "ledgerlive_csv"),
        _matches,
        _read,
    ),
)
