"""How long risk takes: ``python -m benchmarks.risk [assets] [years]``.

Times are processor time of this process, so that a busy machine does not count. Prices are in memory, as they are in
a running server: reading them is measured by ``benchmarks.wealth``.
"""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from benchmarks.wealth import measured
from smartfolio_app.analytics.prices import PriceBook, PricePoint, RatePoint
from smartfolio_app.analytics.risk.panel import Exposure, build_panel
from smartfolio_app.analytics.risk.report import Question, assess
from smartfolio_app.analytics.risk.simulation import METHODS, Plan, simulate
from smartfolio_app.ledger.assets import Asset, AssetClass

LAST = date(2026, 6, 30)


def main() -> None:
    """Ask for the dashboard of many assets, cold and again, and for both simulations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assets", nargs="?", type=int, default=200)
    parser.add_argument("years", nargs="?", type=int, default=5)
    chosen = parser.parse_args()
    days = chosen.years * 365
    rng = np.random.default_rng(1)
    held, points = [], []
    for number in range(chosen.assets):
        kind = AssetClass.STOCK if number % 4 == 3 else AssetClass.CRYPTO
        one = Exposure(
            Asset(f"{kind.value}:A{number}", kind, f"A{number}"), 1000.0 + number, f"G{number % 9}", ""
        )
        held.append(one)
        path = 100 * np.exp(np.cumsum(rng.standard_normal(days) * 0.03))
        for back, price in enumerate(path[::-1]):
            at = datetime(LAST.year, LAST.month, LAST.day, 23, tzinfo=UTC) - timedelta(days=back)
            if kind is AssetClass.CRYPTO or at.weekday() < 5:
                points.append(PricePoint(one.asset.id, "USD", Decimal(f"{price:.4f}"), at, "x"))
    rates = [RatePoint("USD", LAST - timedelta(days=back), Decimal("1.1")) for back in range(days + 30)]
    book = PriceBook(points, rates)
    panel = measured(
        f"prices of {chosen.assets} assets, {chosen.years} years, cold",
        lambda: build_panel(book, held, "EUR", LAST),
    )
    question = Question(365, "held", held[0].asset.id)
    measured("dashboard of one year on them", lambda: assess(panel, (), "EUR", question))
    measured("dashboard of all there is", lambda: assess(panel, (), "EUR", Question(None)))
    past = rng.standard_normal((1826, 50)) * 0.02
    for method in METHODS:
        measured(
            f"10,000 futures of 50 assets, {method}",
            lambda method=method: simulate(past, np.full(50, 100.0), 365, Plan(12, method)),
        )


if __name__ == "__main__":
    main()
