"""The sample household: some three years of saving, trading, staking and moving coins about, ending today.

Habits (a savings plan, a trader's moods, a broker account) are played through day by day against the sample
market. What happens on a day depends on the date alone, and every quantity that leaves an account was there before,
so the ledger needs no excuse.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal

from smartfolio_app.ledger.assets import Asset, AssetClass, AssetId, crypto, fiat
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from smartfolio_app.services.demo_market import INSTRUMENTS, SEED, DemoMarket

YEARS = 3
EUR = fiat("EUR")
BTC, ETH, SOL, DOT, USDT, USDC = (crypto(code) for code in ("BTC", "ETH", "SOL", "DOT", "USDT", "USDC"))

#: Received once and quoted nowhere: what nobody prices is listed as such.
UNPRICED = Asset(crypto("MOONBIT"), AssetClass.CRYPTO, "MOONBIT", "Moonbit")


@dataclass(frozen=True, slots=True)
class DemoSource:
    """A source of the household: ``key``, ``provider`` and ``category`` as in the source table."""

    key: str
    provider: str
    label: str
    category: str


KRAKEN = DemoSource("kraken", "file_crypto", "Kraken", "crypto")
BINANCE = DemoSource("binance", "file_crypto", "Binance", "crypto")
LEDGER = DemoSource("ledger", "file_crypto", "Ledger", "crypto")
BROKER = DemoSource("broker", "file_stocks", "Saxo", "stocks")
SOURCES = (KRAKEN, BINANCE, LEDGER, BROKER)

#: What the trader at Binance turns over, by how fond they are of it.
_FANCIES = {
    **dict.fromkeys(("BNB", "ADA", "AVAX", "AAVE", "LINK", "FET", "TAO"), 3),
    **dict.fromkeys(("XRP", "DOT", "ARB", "OP", "UNI", "SAND", "DOGE", "GMX", "QNT"), 2),
    **dict.fromkeys(("POL", "AXS", "PEPE"), 1),
}

#: The savings plan at the broker, EUR a month.
_MONTHLY = {"stock:IE00B4L5Y983": 1150, "stock:IE00BKM4GZ66": 250, "stock:IE00B3F81R35": 180}
#: Single purchases: months after the start -> EUR, asset.
_SINGLE = {
    1: (4800, "stock:NL0010273215"),
    2: (5200, "stock:US0378331005"),
    4: (4400, "stock:US5949181045"),
    6: (3800, "stock:CH0038863350"),
    9: (5000, "stock:NL0000235190"),
    13: (6400, "stock:IE00B4ND3602"),
    19: (3400, "stock:US0378331005"),
    24: (4200, "stock:NL0010273215"),
    30: (3600, "stock:US5949181045"),
}
#: What a share pays each time (as a part of its price), and in which months.
_DIVIDENDS = {
    "stock:US0378331005": (Decimal("0.0012"), (2, 5, 8, 11)),
    "stock:US5949181045": (Decimal("0.0019"), (3, 6, 9, 12)),
    "stock:NL0010273215": (Decimal("0.0031"), (5, 11)),
    "stock:CH0038863350": (Decimal("0.0310"), (4,)),
    "stock:NL0000235190": (Decimal("0.0140"), (4,)),
}
_STAKING = {ETH: Decimal("0.032"), SOL: Decimal("0.062"), DOT: Decimal("0.118")}  # a year
_QUOTED_IN = {instrument.asset.id: instrument.asset.quote_currency or "USD" for instrument in INSTRUMENTS}
_ONE, _CENT, _PART, _SATOSHI = Decimal(1), Decimal("0.01"), Decimal("0.0001"), Decimal("0.00000001")


@dataclass(slots=True)
class Plan:
    """The state of the play: what each account holds, and what was written down (by source key)."""

    market: DemoMarket
    first: date
    now: datetime
    transactions: dict[str, list[Transaction]] = field(default_factory=lambda: {s.key: [] for s in SOURCES})
    held: defaultdict[tuple[str, AssetId], Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def balance(self, source: DemoSource, asset: AssetId) -> Decimal:
        """Return what an account holds."""
        return self.held[source.key, asset]

    def record(
        self,
        source: DemoSource,
        at: datetime,
        kind: TransactionKind,
        *,
        received: tuple[Decimal, AssetId] | None = None,
        sent: tuple[Decimal, AssetId] | None = None,
        fee: tuple[Decimal, AssetId] | None = None,
        about: str = "",
        note: str = "",
    ) -> None:
        """Write a transaction down, unless it lies in the future."""
        if at > self.now:
            return
        rows = self.transactions[source.key]
        transaction = Transaction(
            at=at,
            kind=kind,
            received=Amount(*received) if received else None,
            sent=Amount(*sent) if sent else None,
            fee=Amount(*fee) if fee and fee[0] else None,
            account=source.label,
            about=about,
            note=note,
            external_id=f"{source.key}-{len(rows) + 1:05}",
        )
        rows.append(transaction)
        for asset, change in transaction.movements():
            self.held[source.key, asset] += change

    def trade(self, source: DemoSource, at: datetime, sold: AssetId, bought: AssetId, spend: Decimal) -> None:
        """Sell at most ``spend`` of ``sold`` for what the market gives; the fee, in ``sold``, is a quarter percent."""
        step = _CENT if sold == EUR else _SATOSHI
        digits = self.step(bought, at.date())
        spend = min(spend, self.balance(source, sold) / Decimal("1.003")).quantize(step, ROUND_DOWN)
        quantity = (spend * self.euros(sold, at.date()) / self.euros(bought, at.date())).quantize(
            digits, ROUND_DOWN
        )
        if spend > 0 and quantity > 0:
            fee = (spend * Decimal("0.0025")).quantize(step)
            self.record(
                source,
                at,
                TransactionKind.TRADE,
                received=(quantity, bought),
                sent=(spend, sold),
                fee=(fee, sold),
            )

    def move(
        self, at: datetime, origin: DemoSource, target: DemoSource, asset: AssetId, quantity: Decimal
    ) -> None:
        """Send coins to another own account: two records, as the two sources would tell them."""
        quantity = quantity.quantize(_SATOSHI, ROUND_DOWN)
        fee = (quantity * Decimal("0.0004")).quantize(_SATOSHI)
        if quantity > 0 and quantity + fee <= self.balance(origin, asset):
            self.record(origin, at, TransactionKind.WITHDRAWAL, sent=(quantity, asset), fee=(fee, asset))
            arrival = at + timedelta(minutes=23)
            self.record(target, arrival, TransactionKind.DEPOSIT, received=(quantity, asset))

    def euros(self, asset: AssetId, day: date) -> Decimal:
        """Return what one unit was worth in EUR."""
        if asset == EUR:
            return Decimal(1)
        return self.market.price(asset, day) / self.market.rate(_QUOTED_IN[asset], day)

    def step(self, asset: AssetId, day: date) -> Decimal:
        """Return the smallest quantity the asset is bought in: single shares, small parts of funds and coins."""
        if asset in (USDT, USDC):
            return _CENT
        if asset in _DIVIDENDS or asset.endswith("IE00B4ND3602"):
            return _ONE
        if asset.startswith("stock:"):
            return _PART
        return _SATOSHI if self.euros(asset, day) > 50 else _PART if self.euros(asset, day) > _ONE else _ONE

    def months_in(self, day: date) -> int:
        """Return how many months after the start a day is."""
        return (day.year - self.first.year) * 12 + day.month - self.first.month


def play(market: DemoMarket, now: datetime) -> Plan:
    """Return the household as it stands at ``now`` (UTC); the same instant always gives the same household."""
    plan = Plan(market, first_day(now.date()), now)
    day = plan.first
    while day <= now.date():
        for habit in (_stake, _save_in_coins, _keep_cold, _swing, _save_in_shares, _collect):
            habit(plan, day)
        day += timedelta(days=1)
    return plan


def first_day(today: date) -> date:
    """Return the day on which the household's story begins."""
    return date(today.year - YEARS, today.month, 1)


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), UTC)


def _luck(habit: str, day: date) -> random.Random:
    return random.Random(f"{SEED}:{habit}:{day}")


def _fancy(luck: random.Random) -> AssetId:
    return crypto(luck.choices(list(_FANCIES), list(_FANCIES.values()))[0])


def _save_in_coins(plan: Plan, day: date) -> None:
    """Kraken: 1000 EUR come in on the 2nd; bitcoin on the 3rd, ether and solana in the week after."""
    if day.day == 2:
        plan.record(
            KRAKEN, _at(day, 8), TransactionKind.DEPOSIT, received=(Decimal(1000), EUR), note="Savings plan"
        )
    elif day.day == 3:
        plan.trade(KRAKEN, _at(day, 9, 12), EUR, BTC, Decimal(480))
    elif day.day == 7:
        plan.trade(KRAKEN, _at(day, 18, 40), EUR, ETH, Decimal(300))
    elif day.day == 10:
        plan.trade(KRAKEN, _at(day, 20, 5), EUR, SOL, Decimal(190))


def _keep_cold(plan: Plan, day: date) -> None:
    """Every quarter most of the bitcoin, and some ether, goes to the hardware wallet."""
    if day.day == 15 and plan.months_in(day) % 3 == 2:
        plan.move(_at(day, 21), KRAKEN, LEDGER, BTC, plan.balance(KRAKEN, BTC) * Decimal("0.9"))
        plan.move(_at(day, 21, 30), KRAKEN, LEDGER, ETH, plan.balance(KRAKEN, ETH) * Decimal("0.4"))


def _swing(plan: Plan, day: date) -> None:
    """Binance: money in three times, then small bets on whatever is fashionable, and profits taken now and then."""
    months, luck = plan.months_in(day), _luck("swing", day)
    if day.day == 5 and months in (0, 5, 14):
        plan.record(BINANCE, _at(day, 7), TransactionKind.DEPOSIT, received=(Decimal(7000), EUR))
        plan.trade(BINANCE, _at(day, 8), EUR, USDT, Decimal(4700))
        plan.trade(BINANCE, _at(day, 8, 10), EUR, USDC, Decimal(1500))
    if months == 16 and day.day == 20:
        plan.record(BINANCE, _at(day, 3), TransactionKind.AIRDROP, received=(Decimal(1450), UNPRICED.id))
        plan.record(
            BINANCE, _at(day, 3, 1), TransactionKind.AIRDROP, received=(Decimal("310.5"), crypto("ARB"))
        )
    if luck.random() < 0.17:
        coin = _fancy(luck)
        stake = plan.balance(BINANCE, USDT) * Decimal(str(round(luck.uniform(0.04, 0.13), 3)))
        if stake > 25:
            at = _at(day, luck.randrange(6, 23), luck.randrange(60))
            plan.trade(BINANCE, at, USDT, coin, stake)
    elif luck.random() < 0.09:
        coin = _fancy(luck)
        part = Decimal(str(round(luck.uniform(0.2, 0.55), 3)))
        if plan.balance(BINANCE, coin) * plan.euros(coin, day) > 60:
            plan.trade(BINANCE, _at(day, 22), coin, USDT, plan.balance(BINANCE, coin) * part)


def _stake(plan: Plan, day: date) -> None:
    """Rewards on Mondays, for what Kraken and Binance hold."""
    if day.weekday() != 0:
        return
    for source, assets in ((KRAKEN, (ETH, SOL)), (BINANCE, (DOT,))):
        for asset in assets:
            reward = (plan.balance(source, asset) * _STAKING[asset] / 52).quantize(_SATOSHI, ROUND_DOWN)
            if reward > 0:
                plan.record(source, _at(day, 4), TransactionKind.STAKING, received=(reward, asset))


def _save_in_shares(plan: Plan, day: date) -> None:
    """The broker: a savings plan into funds each month, and a share picked now and then."""
    if day.day == 1:
        amount = Decimal(sum(_MONTHLY.values()) + 15)
        plan.record(BROKER, _at(day, 6), TransactionKind.DEPOSIT, received=(amount, EUR), note="Savings plan")
    if day.day == 4:
        for fund, saved in _MONTHLY.items():
            plan.trade(BROKER, _at(day, 10), EUR, fund, Decimal(saved))
    pick = _SINGLE.get(plan.months_in(day))
    if pick is not None and day.day == 17:
        euros, asset = Decimal(pick[0]), pick[1]
        plan.record(
            BROKER,
            _at(day, 7),
            TransactionKind.DEPOSIT,
            received=((euros * Decimal("1.004")).quantize(_CENT), EUR),
        )
        whole = (euros / plan.euros(asset, day)).quantize(Decimal(1), ROUND_DOWN)
        plan.trade(BROKER, _at(day, 15, 35), EUR, asset, whole * plan.euros(asset, day) + _CENT)


def _collect(plan: Plan, day: date) -> None:
    """Dividends on the 18th of their months, interest on idle cash each quarter, and the broker's fee in January."""
    if day.day == 18:
        for asset, (part, months) in _DIVIDENDS.items():
            paid = (plan.balance(BROKER, asset) * plan.euros(asset, day) * part).quantize(_CENT)
            if day.month in months and paid > 0:
                tax = (paid * Decimal("0.15")).quantize(_CENT)
                plan.record(
                    BROKER,
                    _at(day, 11),
                    TransactionKind.DIVIDEND,
                    received=(paid, EUR),
                    fee=(tax, EUR),
                    about=asset,
                    note="Withholding tax 15 %",
                )
    if day.day == 28 and day.month % 3 == 0:
        interest = (plan.balance(BROKER, EUR) * Decimal("0.004")).quantize(_CENT)
        if interest > 0:
            plan.record(BROKER, _at(day, 12), TransactionKind.INTEREST, received=(interest, EUR))
    if day.day == 6 and day.month == 1 and plan.balance(BROKER, EUR) > 30:
        plan.record(
            BROKER, _at(day, 12), TransactionKind.FEE, sent=(Decimal("24.00"), EUR), note="Custody fee"
        )
