"""What was paid for what is held, and what was gained on what is gone: the words of the cost-basis engine.

The policies, each in one place:

* **Methods.** FIFO, LIFO, HIFO (highest unit cost first), LOFO (lowest first); moving average (the cost of a disposal
  is the average of what is held at that moment; its dates follow FIFO); total average (the average of the opening stock
  and everything acquired in the same year). Another method may apply from year to year.
* **Cost and proceeds.** The fee of a purchase adds to its cost; the fee of a sale lowers its proceeds. Of a
  coin-for-coin trade both sides are worth the same (``worth``), and the fee lowers the proceeds of the side given. A
  fee paid in the asset that is given is part of what is disposed of (same proceeds, more quantity); a fee paid in the
  asset received makes for less of it at the same cost; a fee in a third asset is a disposal of that asset at market
  value besides.
* **Income** is acquired at market value plus fee, and reported as income of that amount.
* **Swaps** (migrations, redenominations), splits and matched transfers keep cost and acquisition dates. A spin-off
  takes its share of the parent's cost by market value.
* **Losses and theft** realise the whole cost as a loss. Fees, taxes, spending, and (unless told otherwise) gifts and
  donations are disposals at market value.
* **Nothing is assumed.** What arrives without a known origin has an unknown cost; a sale of more than is known to be
  held has an unknown cost for the rest (of a security: opens a short position). Both are reported, and their gain is
  unknown.
* Money itself (``fiat:``) is measured by exchange rates and not by lots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.instants import Microseconds
from smartfolio_app.ledger.transactions import Amount


class Method(StrEnum):
    """Which lots a disposal takes, or at what cost."""

    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"
    LOFO = "lofo"
    AVERAGE = "average"
    TOTAL_AVERAGE = "total_average"


class Pooling(StrEnum):
    """Within what lots are sought: everywhere, in the source, or in the account of the disposal."""

    GLOBAL = "global"
    SOURCE = "source"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Policy:
    """How gains are computed. ``methods`` gives the method of single calendar years (UTC) where it differs.

    As text (``str`` and ``parse``): the method, ``@`` and the pooling unless it is global, and the years that differ:
    ``fifo``, ``hifo@source``, ``fifo@source;2023=lifo;2024=hifo``.
    """

    method: Method = Method.FIFO
    pooling: Pooling = Pooling.GLOBAL
    methods: Mapping[int, Method] = field(default_factory=dict, hash=False)
    gifts_realise: bool = True

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Return the policy that a text names; raise ``ValueError`` when it names none."""
        head, *years = text.split(";")
        method, _, pooling = head.partition("@")
        differing: dict[int, Method] = {}
        for year in years:
            number, _, other = year.partition("=")
            differing[int(number)] = Method(other)
        return cls(Method(method), Pooling(pooling or Pooling.GLOBAL), differing)

    def __str__(self) -> str:
        pooling = "" if self.pooling is Pooling.GLOBAL else f"@{self.pooling}"
        years = "".join(f";{year}={method}" for year, method in sorted(self.methods.items()))
        return f"{self.method}{pooling}{years}"

    def method_of(self, year: int) -> Method:
        """Return the method that applies in ``year``."""
        return self.methods.get(year, self.method)


@dataclass(frozen=True, slots=True)
class Correction:
    """A statement's difference to what the transactions say: lots appear (``change`` > 0) or vanish unexplained.

    ``cost`` is the total cost of the quantity that the statement reports (``reported``), where it tells one.
    """

    at: Microseconds
    source: str
    account: str
    asset: AssetId
    change: Decimal
    reported: Decimal
    cost: Amount | None = None


class DisposalKind(StrEnum):
    """Why something was disposed of."""

    SALE = "sale"
    FEE = "fee"
    SPENT = "spent"
    GIVEN = "given"
    LOST = "lost"
    SHORT = "short"  # a short position closed
    REPAID = "repaid"  # what was borrowed, given back


@dataclass(frozen=True, slots=True)
class Match:
    """One disposal (or part of it) against one lot (or part of it), in the report's currency.

    ``cost`` and so ``gain`` are ``None`` when the acquisition is not known, ``proceeds`` when the market value is not.
    ``fee`` is this part's share of the disposal's fee; proceeds are net of it. ``lot`` and ``disposal`` are indices
    into the ordered transactions, -1 where none stands behind it. ``acquired`` is ``None`` if that is not known.
    """

    asset: AssetId
    kind: DisposalKind
    quantity: Decimal
    acquired: Microseconds | None
    disposed: Microseconds
    proceeds: Decimal | None
    cost: Decimal | None
    fee: Decimal
    lot: int
    disposal: int

    @property
    def gain(self) -> Decimal | None:
        """Proceeds less cost."""
        return None if self.proceeds is None or self.cost is None else self.proceeds - self.cost


@dataclass(frozen=True, slots=True)
class Lot:
    """What is left of one acquisition. ``cost`` is that of the ``quantity`` left, ``None`` when it was never known.

    A short position is a lot of negative quantity and negative cost (what was received for it).
    """

    asset: AssetId
    quantity: Decimal
    cost: Decimal | None
    acquired: Microseconds
    transaction: int
    source: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Income:
    """One receipt of income at market value (fee included), ``None`` when that is not known."""

    asset: AssetId
    quantity: Decimal
    at: Microseconds
    value: Decimal | None
    transaction: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the engine could not know: message key, asset and quantity concerned, transaction (or -1).

    ``lots.unknown_acquisition`` (sold without having been acquired), ``lots.unknown_deposit`` (arrived from nowhere),
    ``lots.unmatched_withdrawal`` (left for nowhere), ``lots.no_value`` (no market value known), ``lots.corrected`` (a
    statement reports less than there should be), ``lots.statement_without_cost`` (it reports more, and not what that
    cost), ``lots.spin_off_unpriced``.
    """

    code: str
    asset: AssetId
    quantity: Decimal
    transaction: int
