"""The ledger's two records: what happened (``Transaction``) and what a source says is there (``Statement``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from smartfolio_app.ledger.assets import AssetId


class TransactionKind(StrEnum):
    """What a transaction was. Its quantities live in ``received``, ``sent`` and ``fee``; the kind tells the meaning."""

    # both sides
    TRADE = "trade"  # buy, sell and coin-to-coin alike: sent -> received
    SWAP = "swap"  # a migration or redenomination that keeps cost basis and acquisition dates (non taxable)
    MARGIN_TRADE = "margin_trade"
    # between the household and the outside, or between its own accounts
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    # in, at market value
    INCOME = "income"
    STAKING = "staking"
    MINING = "mining"
    INTEREST = "interest"
    DIVIDEND = "dividend"
    AIRDROP = "airdrop"
    REWARD = "reward"
    FORK = "fork"
    GIFT_IN = "gift_in"
    MARGIN_PROFIT = "margin_profit"
    # out
    SPEND = "spend"
    GIFT_OUT = "gift_out"
    DONATION = "donation"
    FEE = "fee"
    TAX = "tax"
    LOST = "lost"
    STOLEN = "stolen"
    MARGIN_LOSS = "margin_loss"
    # neither gained nor lost: the asset is expected back, or was lent
    LOAN_IN = "loan_in"  # borrowed, or collateral returned, or liquidity removed
    LOAN_OUT = "loan_out"  # repaid, or collateral sent, or liquidity provided
    # corporate actions
    SPLIT = "split"  # received = shares after, sent = shares before; same asset (ratio = received / sent)
    SPIN_OFF = "spin_off"


#: Kinds that put something into the household at market value and so are gains, not flows.
INCOME_KINDS = frozenset(
    {
        TransactionKind.INCOME,
        TransactionKind.STAKING,
        TransactionKind.MINING,
        TransactionKind.INTEREST,
        TransactionKind.DIVIDEND,
        TransactionKind.AIRDROP,
        TransactionKind.REWARD,
        TransactionKind.FORK,
        TransactionKind.MARGIN_PROFIT,
    }
)

#: Kinds that consume something: a loss or an expense of the household, not a flow to another pocket.
EXPENSE_KINDS = frozenset(
    {
        TransactionKind.FEE,
        TransactionKind.TAX,
        TransactionKind.LOST,
        TransactionKind.STOLEN,
        TransactionKind.MARGIN_LOSS,
    }
)

#: Kinds that move value across the household's border: they change wealth without being a gain or a loss.
FLOW_KINDS = frozenset(
    {
        TransactionKind.DEPOSIT,
        TransactionKind.WITHDRAWAL,
        TransactionKind.GIFT_IN,
        TransactionKind.GIFT_OUT,
        TransactionKind.DONATION,
        TransactionKind.SPEND,
        TransactionKind.LOAN_IN,
        TransactionKind.LOAN_OUT,
    }
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A non-negative quantity of one asset, exact."""

    quantity: Decimal
    asset: AssetId


@dataclass(frozen=True, slots=True)
class Transaction:
    """One event, as its source told it.

    At least one of ``received``, ``sent`` and ``fee`` is there. Quantities are never negative: the side tells the
    direction, and ``fee`` is always taken *in addition to* ``sent`` (a source that includes it is normalised by its
    adapter). ``about`` names the asset an event concerns without moving it (the share that paid a dividend).
    ``value`` is the worth of the transaction in one currency where the source states it (a total, not a unit price);
    it is evidence for prices and cost, never guessed. ``account`` is the place inside the source (exchange, wallet,
    depot). ``external_id`` is the source's own id, empty where it has none.
    """

    at: datetime
    kind: TransactionKind
    received: Amount | None = None
    sent: Amount | None = None
    fee: Amount | None = None
    account: str = ""
    about: AssetId = ""
    value: Amount | None = None
    group: str = ""
    note: str = ""
    external_id: str = ""
    row: int = 0  # 1-based line in the file it came from, 0 when it came from elsewhere
    raw: str = ""  # the source's own words, for "why this number?"
    id: str = ""  # storage id, empty until stored
    source: str = ""  # source id, empty until stored

    def movements(self) -> tuple[tuple[AssetId, Decimal], ...]:
        """Return the signed change of each side: received +, sent -, fee -. Assets may repeat."""
        # copy_negate, because the minus sign would round to the 28 digits of the default context.
        moves: list[tuple[AssetId, Decimal]] = []
        if self.received is not None:
            moves.append((self.received.asset, self.received.quantity))
        if self.sent is not None:
            moves.append((self.sent.asset, self.sent.quantity.copy_negate()))
        if self.fee is not None:
            moves.append((self.fee.asset, self.fee.quantity.copy_negate()))
        return tuple(moves)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One position that a source reports.

    ``quantity`` is signed (a short position or an overdrawn wallet is negative and kept). ``cost`` is the total cost
    basis where the source states it.
    """

    asset: AssetId
    quantity: Decimal
    account: str = ""
    cost: Amount | None = None
    row: int = 0
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """The complete content of a source (or of one account of it) at an instant, as the source reports it.

    It is an anchor: from ``as_of`` on, the source holds these lines plus what its later transactions change. A newer
    statement replaces an older one; it never adds to it.
    """

    as_of: datetime
    lines: tuple[StatementLine, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class PriceQuote:
    """One observed unit price: 1 ``asset`` = ``price`` ``currency`` (an ISO code or ``BTC``) at ``at``."""

    asset: AssetId
    currency: str
    price: Decimal
    at: datetime
    row: int = 0
