"""The shapes in which the pure rooms answer. Everything on screen and in the REST answers is made of these.

Amounts are ``Decimal`` in the portfolio's ``currency`` unless a field says otherwise. ``None`` means *not known*: never
zero, never a guess; the neighbouring ``reason`` or ``unpriced`` list says why. Time series are ``float`` arrays (they
are drawn, not booked) with ``nan`` where nothing is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.ledger.assets import Asset
from smartfolio_app.ledger.money import ZERO

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rate:
    """One observed price or exchange rate on the way to a value: 1 ``base`` = ``value`` ``quote`` at ``at``."""

    base: str
    quote: str
    value: Decimal
    at: datetime
    provider: str  # registry id ("coingecko", "ecb"), "file", "manual", "trade" or "demo"


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What one unit was worth in the wanted currency, and by which rates that was found (1 to 3 of them).

    ``at`` is the oldest time on the path; ``stale`` says it is older than the staleness limit of its kind.
    """

    value: Decimal
    currency: str
    at: datetime
    path: tuple[Rate, ...]
    stale: bool = False

    @property
    def quoted_at(self) -> datetime:
        """When the asset itself was quoted; the exchange rate on the way may be older (it has its own calendar)."""
        return self.path[0].at if self.path else self.at


@dataclass(frozen=True, slots=True)
class Position:
    """A quantity of one asset in one place. ``origin`` is ``ledger``, ``statement`` or ``item``."""

    asset: Asset
    quantity: Decimal
    source_key: str
    category: Category
    account: str = ""
    origin: str = "ledger"
    as_of: datetime | None = None


@dataclass(slots=True)
class Move:
    """One holding's part of the change, all amounts in the portfolio's currency and not negative but ``then``, ``now``.

    ``bought`` and ``sold`` are the sides of trades and of transfers between the household's own places.
    """

    then: Decimal = ZERO
    now: Decimal = ZERO
    income: Decimal = ZERO
    fees: Decimal = ZERO
    deposits: Decimal = ZERO
    withdrawals: Decimal = ZERO
    bought: Decimal = ZERO
    sold: Decimal = ZERO

    @property
    def market(self) -> Decimal:
        """What the market added."""
        put_in = self.income - self.fees + self.deposits - self.withdrawals + self.bought - self.sold
        return self.now - self.then - put_in

    @property
    def pct(self) -> Decimal | None:
        """The market's part on the worth then plus what came in since; ``None`` when that is not positive."""
        base = self.then + self.income + self.deposits + self.bought
        return self.market / base if base > 0 else None


@dataclass(frozen=True, slots=True)
class Holding:
    """One asset over all places in scope, with its worth.

    ``price`` and ``value`` are ``None`` when the asset is not priced, and ``reason`` then is a message key
    (``holding.no_price``, ``holding.no_rate``). ``cost_basis`` and ``unrealised`` are ``None`` when any part of the
    quantity has no known cost. ``change_today`` is the market move of today's holding, flows excluded.
    """

    asset: Asset
    category: Category
    group: str
    quantity: Decimal
    positions: tuple[Position, ...]
    price: UnitPrice | None = None
    value: Decimal | None = None
    share: Decimal | None = None  # of the sum of positive values, 0..1
    cost_basis: Decimal | None = None
    unrealised: Decimal | None = None
    change_today: Decimal | None = None
    change_today_pct: Decimal | None = None
    reason: str = ""
    move: Move | None = field(default=None, compare=False, repr=False)  # what the change of today is made of

    @property
    def stale(self) -> bool:
        """Tell whether the price is older than it should be."""
        return self.price is not None and self.price.stale


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a total is really known: counts of holdings, and the age of the oldest price in it."""

    priced: int
    total: int
    stale: int
    oldest: datetime | None = None

    @property
    def share(self) -> Decimal | None:
        """Priced share of the holdings, 0..1; ``None`` when there are none."""
        return None if self.total == 0 else Decimal(self.priced) / Decimal(self.total)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One slice of a total: an asset group, a class, a source, a currency, a category."""

    key: str
    label: str
    value: Decimal
    share: Decimal | None
    count: int = 0


@dataclass(frozen=True, slots=True)
class ChangeToday:
    """What changed since the anchor, and why.

    ``market`` + ``income`` - ``fees`` + ``flows`` = ``total`` = value now - value at the anchor, over the holdings
    priced at both ends. ``pct`` is ``gain`` on the value at the anchor. All are
    ``None`` when no holding has a price at both ends; ``reason`` says why. ``uncovered`` lists the assets left out.
    """

    anchor: str  # midnight, snapshot, close
    since: datetime | None
    value_then: Decimal | None = None
    total: Decimal | None = None
    market: Decimal | None = None
    flows: Decimal | None = None
    deposits: Decimal | None = None
    withdrawals: Decimal | None = None
    purchases: Decimal | None = (
        None  # market value of what was bought since the anchor (inside the portfolio)
    )
    income: Decimal | None = None
    fees: Decimal | None = None
    pct: Decimal | None = None
    uncovered: tuple[str, ...] = ()
    reason: str = ""

    @property
    def gain(self) -> Decimal | None:
        """What was gained or lost: market + income - fees. Money that came or went is no part of it."""
        if self.market is None:
            return None
        return self.market + (self.income or Decimal(0)) - (self.fees or Decimal(0))


@dataclass(frozen=True, slots=True)
class LedgerWarning:
    """Something the ledger cannot explain: a message key, its values, and the first transaction that causes it."""

    code: str
    params: dict[str, str] = field(default_factory=dict)
    transaction_id: str = ""


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The one truth of "what is it worth at ``at``", for one scope and one currency."""

    at: datetime
    currency: str
    scope: Scope
    holdings: tuple[Holding, ...]  # by value, largest first; not priced last
    total: Decimal | None  # None when there are holdings and none of them is priced
    assets: Decimal
    liabilities: Decimal  # positive number
    by_category: dict[Category, Decimal | None]
    coverage: Coverage
    change: ChangeToday
    warnings: tuple[LedgerWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DailySeries:
    """Daily series of one thing, at the end of each of the user's days; shape (days,) each.

    ``value`` carries the last known price over days without one; ``coverage`` is the share of held assets (0..1) that
    had a price not older than the staleness limit on that day; ``known`` is the same by worth, where what never had a
    price weighs nothing (``reliable.known_share``). ``flows`` is what was put in (+) or taken out (-) on the
    day: over the border of the scope, and of a part (one asset, one source) by trades with the other parts too;
    ``invested`` is its running sum. ``income``, ``fees``, ``realised`` gains and ``fx`` (what exchange rates did) are
    those of the day, ``unrealised`` is that at its end, of the coins and securities whose cost is known.
    """

    value: FloatArray
    invested: FloatArray
    flows: FloatArray
    income: FloatArray
    fees: FloatArray
    realised: FloatArray
    unrealised: FloatArray
    fx: FloatArray
    coverage: FloatArray
    known: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class History(DailySeries):
    """The series of everything in scope, in ``currency``, one point for each of ``days``.

    ``parts`` has the series per key, when a breakdown was asked for.
    """

    days: tuple[date, ...]
    currency: str
    parts: dict[str, DailySeries] = field(default_factory=dict)

    @property
    def by(self) -> dict[str, FloatArray]:
        """The value of each part."""
        return {key: part.value for key, part in self.parts.items()}


class Measure(StrEnum):
    """What an explained amount is, so that the screen can write it in the reader's way (and hide it)."""

    MONEY = "money"  # ``unit`` is the currency
    PRICE = "price"  # of one unit; ``unit`` is the currency
    QUANTITY = "quantity"  # ``unit`` is the symbol
    SHARE = "share"  # 0..1
    FINE_SHARE = "fine_share"  # 0..1, small: written with two decimals
    FINEST_SHARE = "finest_share"  # 0..1, of some hours: written with four decimals
    RATIO = "ratio"  # a plain number with two decimals
    COUNT = "count"
    TEXT = "text"  # ``value`` alone


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an explanation: a label (message key or plain text), an amount, where it came from, when.

    ``value`` is the amount as plain text, empty where it is not known; ``amount``, ``measure`` and ``unit`` are the
    same for a screen that writes it by locale. ``source`` is a message key or plain text.
    """

    label: str
    value: str
    source: str = ""
    at: datetime | None = None
    link: str = ""  # in-app address: /transactions?asset=crypto:BTC
    children: tuple[Step, ...] = ()
    params: dict[str, str] = field(default_factory=dict)
    amount: Decimal | None = None
    measure: Measure = Measure.TEXT
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a number is what it is: title, formula in words (message keys), the result, and the steps to it.

    ``result`` is plain text, empty where the figure is not known; ``amount``, ``measure`` and ``unit`` are the same for
    a screen. Notes are message keys; ``params`` fill title, formula and notes.
    """

    figure: str
    title: str
    formula: str
    result: str
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()
    params: dict[str, str] = field(default_factory=dict)
    amount: Decimal | None = None
    measure: Measure = Measure.MONEY
    unit: str = ""
