"""Crypto.com App, transactions: told apart by ``Transaction Kind``; conversions of dust and swaps are several rows.

Coins locked, staked or lent inside the app stay the user's, so those rows bring nothing. Transfers to the same user's
Crypto.com Exchange leave this account and are withdrawals of it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC
from decimal import Decimal

from smartfolio_app.ledger.money import divide, multiply
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, has

_TRADES = frozenset(
    {
        "crypto_exchange",
        "viban_purchase",
        "crypto_viban_exchange",
        "recurring_buy_order",
        "crypto_to_van_sell_order",
    }
)
_PURCHASES = frozenset({"crypto_purchase", "van_purchase"})
_INTERNAL = frozenset(
    {
        "crypto_earn_program_created", "crypto_earn_program_withdrawn", "lockup_lock", "lockup_unlock",
        "lockup_upgrade", "lockup_swap_rebate", "dynamic_coin_swap_bonus_exchange_deposit", "supercharger_deposit",
        "supercharger_withdrawal", "airdrop_locked", "council_node_deposit_created", "invest_deposit",
        "invest_withdrawal", "finance.lockup.dpos_lock.crypto_wallet", "finance.dpos.lock.crypto_wallet",
        "staking_unstake", "staking_stake",
    }
)  # fmt: skip
#: Parts of an overall swap that the file tells a second time as ``dynamic_coin_swap``.
_SWAP_PARTS = frozenset(
    {
        "lockup_swap_debited",
        "lockup_swap_credited",
        "crypto_wallet_swap_debited",
        "crypto_wallet_swap_credited",
    }
)
_GROUPED = ("dynamic_coin_swap", "dust_conversion", "interest_swap")
_Kinds = tuple[TransactionKind, TransactionKind]
_IN_OUT: _Kinds = (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL)
_REWARD: _Kinds = (TransactionKind.REWARD, TransactionKind.SPEND)
_MOVES: dict[str, _Kinds] = {
    **dict.fromkeys(
        (
            "crypto_deposit", "crypto_withdrawal", "viban_deposit", "viban_withdrawal", "viban_card_top_up",
            "crypto_to_exchange_transfer", "exchange_to_crypto_transfer", "viban_deposit_precredit",
            "crypto_to_exchange_viban_transfer", "crypto_withdrawal_refund", "crypto_payment_refund",
        ),
        _IN_OUT,
    ),
    **dict.fromkeys(
        (
            "reimbursement", "reimbursement_reverted", "card_cashback_reverted", "referral_card_cashback",
            "referral_bonus", "referral_gift", "pay_checkout_reward", "transfer_cashback", "admin_wallet_credited",
            "rewards_platform_deposit_credited", "supercharger_reward_to_app_credited", "campaign_reward",
            "gift_card_reward", "staking_reward_campaign", "reward.loyalty_program.trading_rebate.crypto_wallet",
        ),
        _REWARD,
    ),
    "crypto_earn_interest_paid": (TransactionKind.INTEREST, TransactionKind.FEE),
    "crypto_earn_extra_interest_paid": (TransactionKind.INTEREST, TransactionKind.FEE),
    "mco_stake_reward": (TransactionKind.STAKING, TransactionKind.FEE),
    "staking_reward": (TransactionKind.STAKING, TransactionKind.FEE),
    "finance.dpos.compound_interest.crypto_wallet": (TransactionKind.STAKING, TransactionKind.FEE),
    "finance.dpos.non_compound_interest.crypto_wallet": (TransactionKind.STAKING, TransactionKind.FEE),
    "airdrop_to_exchange_transfer": (TransactionKind.AIRDROP, TransactionKind.FEE),
    "crypto_payment": (TransactionKind.DEPOSIT, TransactionKind.SPEND),
    "crypto_transfer": (TransactionKind.GIFT_IN, TransactionKind.GIFT_OUT),
    "crypto_credit_loan_credited": (TransactionKind.LOAN_IN, TransactionKind.LOAN_OUT),
    "crypto_credit_repayment_created": (TransactionKind.LOAN_IN, TransactionKind.LOAN_OUT),
    "crypto_credit_collateral_deposit": (TransactionKind.LOAN_IN, TransactionKind.LOAN_OUT),
}  # fmt: skip


def _matches(table: Table) -> bool:
    return has(
        table,
        "timestamp (utc)",
        "transaction description",
        "currency",
        "amount",
        "native amount",
        "transaction kind",
    )


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._columns = Columns(table, book.options, decimal=".")
        self._columns.zone = UTC
        self._groups: dict[tuple[str, str], list[Record]] = defaultdict(list)
        kinds = self._columns.values(self._columns.index("transaction kind"))
        self._has_overall_swap = any(kind.startswith("dynamic_coin_swap") for kind in kinds)

    def read(self, row: Row) -> None:
        """Write single-row events down; keep the rows of conversions for later."""
        record = self._columns.record(row)
        word = record.text("transaction kind").casefold()
        family, _, leg = word.rpartition("_")
        if word in _INTERNAL or word.endswith(("_lock", "_unlock")):
            self._book.skip(row, "import.skip.internal")
        elif word in _SWAP_PARTS:
            if self._has_overall_swap:
                self._book.skip(row, "import.skip.told_twice")
            else:
                self._groups[family, record.text("timestamp (utc)")].append(record)
        elif family in _GROUPED and leg in {"credited", "debited"}:
            self._groups[family, record.text("timestamp (utc)")].append(record)
        elif word in _TRADES or word.endswith("_commit"):
            self._trade(record)
        elif word in _PURCHASES or word == "card_top_up":
            self._purchase(record, sells=word == "card_top_up")
        elif word in _MOVES:
            gain, loss = _MOVES[word]
            change = Amount(record.number("amount"), self._book.coin(record.text("currency")))
            self._book.move(
                row, record.moment("timestamp (utc)"), change, gain=gain, loss=loss, value=self._value(record),
                note=record.text("transaction description"), external_id=record.text("transaction hash"),
            )  # fmt: skip
        else:
            raise RowError("unknown_type", type=record.text("transaction kind")[:60])

    def _value(self, record: Record) -> Amount | None:
        worth = record.maybe("native amount")
        return amount(worth, self._book.coin(record.text("native currency"))) if worth else None

    def _trade(self, record: Record) -> None:
        self._book.add(
            record.row,
            record.moment("timestamp (utc)"),
            TransactionKind.TRADE,
            received=amount(record.number("to amount"), self._book.coin(record.text("to currency"))),
            sent=amount(record.number("amount"), self._book.coin(record.text("currency"))),
            value=self._value(record),
            note=record.text("transaction description"),
        )

    def _purchase(self, record: Record, *, sells: bool) -> None:
        """A purchase by card: the native amount is what was paid. A card top-up is the reverse."""
        coins = amount(record.number("amount"), self._book.coin(record.text("currency")))
        money = amount(record.number("native amount"), self._book.coin(record.text("native currency")))
        self._book.warn("import.warn.cash_not_in_file")
        self._book.add(
            record.row,
            record.moment("timestamp (utc)"),
            TransactionKind.TRADE,
            received=money if sells else coins,
            sent=coins if sells else money,
            note=record.text("transaction description"),
        )

    def settle(self) -> None:
        """Write the conversions down: several coins given for one."""
        for records in self._groups.values():
            with self._book.guard(*(record.row for record in records)):
                self._conversion(records)

    def _conversion(self, records: list[Record]) -> None:
        gained = [record for record in records if record.number("amount") > 0]
        given = [record for record in records if record.number("amount") < 0]
        if len(gained) != 1 or not given:
            raise RowError("unpaired")
        received = Amount(gained[0].number("amount"), self._book.coin(gained[0].text("currency")))
        shares = _shares(
            received.quantity, [abs(record.maybe("native amount") or Decimal(0)) for record in given]
        )
        for record, share in zip(given, shares, strict=True):
            self._book.add(
                record.row,
                record.moment("timestamp (utc)"),
                TransactionKind.TRADE,
                received=Amount(share, received.asset),
                sent=amount(record.number("amount"), self._book.coin(record.text("currency"))),
                value=self._value(record),
                note=record.text("transaction description"),
            )


def _shares(total: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """Return ``total`` split by what each part was worth; the last part takes what rounding leaves."""
    sum_of_weights = sum(weights, Decimal(0))
    if len(weights) > 1 and not sum_of_weights:
        raise RowError("unclear_group", count=len(weights) + 1)
    shares: list[Decimal] = []
    for weight in weights[:-1]:
        exact = divide(multiply(total, weight), sum_of_weights)
        shares.append(exact.quantize(Decimal(1).scaleb(-18)))
    shares.append(total - sum(shares, Decimal(0)))
    return shares


def _read(table: Table, book: Book) -> None:
    reader = _Reader(table, book)
    book.each(reader.read)
    reader.settle()


FORMATS = (
    Format(
        FormatInfo("cryptocom_app", "Crypto.com App", "Crypto.com", "crypto", "cryptocom_csv"),
        _matches,
        _read,
    ),
)
