"""Two years of made-up signals, stored as if providers had told them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import numpy as np
from sqlmodel import Session

from smartfolio_app.services.signals import references as known
from smartfolio_app.storage.repo_signals import Told, put_signals

DAYS = 760
COINS = ("BTC", "ETH", "BNB", "XRP", "SOL")


def store_signals(db: Session, now: datetime, days: int = DAYS) -> None:
    """Store closes of five coins and an index, moods, rates of a contract, and bitcoin's share, up to now. Commits."""
    chance = np.random.default_rng(11)
    today = now.date()
    dates = [today - timedelta(days=back) for back in range(days, 0, -1)]

    def end(day: object) -> datetime:
        return datetime.combine(day, time(23, 59, 59), UTC)  # type: ignore[arg-type]

    told: list[Told] = []
    for name, provider in (*((coin, "binance") for coin in COINS), (known.INDEX, "yahoo")):
        closes = 100 * np.exp(np.cumsum(chance.normal(0.0005, 0.03, days)))
        told += [
            Told(known.CLOSE, name, end(day), Decimal(f"{close:.4f}"), provider)
            for day, close in zip(dates, closes.tolist(), strict=True)
            if provider == "binance" or day.weekday() < 5
        ]
    moods = np.clip(50 + np.cumsum(chance.normal(0, 4, days + 1)) % 40, 0, 100).astype(int)
    told += [
        Told(
            known.FEAR_GREED,
            known.MARKET,
            datetime.combine(day, time(), UTC),
            Decimal(int(mood)),
            "fear_greed",
            "Neutral",
        )
        for day, mood in zip([*dates, today], moods, strict=True)
    ]
    settled = now.replace(hour=now.hour // 8 * 8, minute=0, second=0, microsecond=0)
    rates = chance.normal(0.0001, 0.0001, days * 3)
    told += [
        Told(
            known.FUNDING,
            "BTCUSDT",
            settled - timedelta(hours=8 * back),
            Decimal(f"{rate:.8f}"),
            "binance_futures",
        )
        for back, rate in enumerate(rates.tolist())
    ]
    told.append(Told(known.FUNDING_NOW, "BTCUSDT", now, Decimal("0.00012"), "binance_futures"))
    told.append(Told(known.DOMINANCE, known.MARKET, now, Decimal("0.5731"), "coingecko"))
    put_signals(db, told, now)
    db.commit()
