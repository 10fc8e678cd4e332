"""A household of many assets with years of daily prices, made by rule, for benchmarks and tests of size."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
from sqlmodel import Session

from smartfolio_app.ledger.assets import Asset, AssetClass, asset_id
from smartfolio_app.ledger.dedupe import fingerprint
from smartfolio_app.ledger.transactions import Amount, PriceQuote, Transaction, TransactionKind
from smartfolio_app.services.sources import new_source
from smartfolio_app.storage.repo_ledger import bump_revision, insert_transactions, remember_assets
from smartfolio_app.storage.repo_market import Observer, put_daily_prices
from smartfolio_app.storage.repo_prices import RateRow, put_rates

SEED = 20_260_101


def fill_wide(db: Session, user_id: str, assets: int, years: int, today: date) -> list[Asset]:
    """Give a user ``assets`` assets, three coins to each share, with ``years`` of dollar closes up to ``today``.
    Commits.

    They move together by a third, as markets do.
    """
    days = years * 365
    chance = np.random.default_rng(SEED)
    together = chance.standard_normal(days) * 0.02
    dates = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    ends = [datetime.combine(day, time(23, 59), UTC) for day in dates]
    ends[-1] = datetime.now(UTC)
    made, gifts = [], []
    for number in range(assets):
        kind = AssetClass.STOCK if number % 4 == 3 else AssetClass.CRYPTO
        one = Asset(asset_id(kind, f"A{number:03d}"), kind, f"A{number:03d}", quote_currency="USD")
        path = 100 * np.exp(np.cumsum(together + chance.standard_normal(days) * 0.03 - 0.0006))
        quotes = [
            PriceQuote(one.id, "USD", Decimal(f"{price:.6f}"), at)
            for price, at in zip(path.tolist(), ends, strict=True)
            if kind is AssetClass.CRYPTO or at.weekday() < 5
        ]
        put_daily_prices(db, Observer("coingecko" if kind is AssetClass.CRYPTO else "yahoo"), quotes)
        made.append(one)
        gifts.append(
            Transaction(
                at=ends[0],
                kind=TransactionKind.DEPOSIT,
                received=Amount(Decimal(1 + number % 7), one.id),
                account="Wallet",
                row=number,
            )
        )
    remember_assets(db, made)
    source = new_source(db, user_id, "file_crypto")
    insert_transactions(db, user_id, source.id, gifts, [fingerprint(one) for one in gifts])
    rates = [RateRow("USD", day, Decimal("1.1"), "ecb") for day in dates if day.weekday() < 5]
    put_rates(db, rates, datetime.now(UTC))
    bump_revision(db, user_id)
    db.commit()
    return made
