"""Portfolio Performance's true time-weighted return where most days have no quote: its client file, our ledger.

Its delivery comes in at a stated amount, which is a purchase at that amount here; the last quote is that of the last
day. The return expected is the quotient of the two, as its definition (daily chain linking around flows) has it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from smartfolio_app.analytics.ledger_view import LedgerView, SourceView
from smartfolio_app.analytics.performance import performance_series
from smartfolio_app.analytics.prices import PriceBook, PricePoint
from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.ledger.assets import AssetClass, asset_id, fiat
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind

pytestmark = pytest.mark.shared
#: Its file keeps shares in units of 1e-5, amounts and prices in cents.
SHARES, CENTS = Decimal(10) ** 5, Decimal(100)


def at(day):
    return datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)


def test_days_without_a_quote_are_chained_over(shared_dir):
    name = "security_performance_with_missing_historical_quotes.xml"
    root = ET.parse(shared_dir / "samples/golden/performance/pp_scenarios" / name).getroot()
    share = asset_id(AssetClass.STOCK, "BAS.DE")
    (delivery,) = root.iter("portfolio-transaction")
    quantity = Decimal(delivery.findtext("shares")) / SHARES
    paid = Amount(Decimal(delivery.findtext("amount")) / CENTS, fiat("EUR"))
    day = delivery.findtext("date")
    quotes = {
        one.get("t"): Decimal(one.get("v")) / CENTS for one in (*root.iter("price"), *root.iter("latest"))
    }
    points = [PricePoint(share, "EUR", price, at(when), "golden") for when, price in quotes.items()]
    points.append(PricePoint(share, "EUR", paid.quantity / quantity, at(day), "trade"))
    ledger = LedgerView(
        transactions=[
            Transaction(at(day), TransactionKind.DEPOSIT, paid, source="s"),
            Transaction(at(day), TransactionKind.TRADE, Amount(quantity, share), paid, source="s"),
        ],
        sources={"s": SourceView("s", "S", Category.STOCKS)},
    )
    series = performance_series(ledger, PriceBook(points), Scope(), "EUR", date(2014, 12, 4))
    found = series.between(series.days[0], series.days[-1])
    assert found.end == pytest.approx(float(quantity * quotes["2014-12-04"]))
    assert found.twr == pytest.approx(7288 / 7748 - 1)
    assert found.simple == pytest.approx(found.twr)  # nothing came or went in between
    assert (
        series.known[-2] < 1 or series.known[10] < 1
    )  # and the days in between are told to be without a quote
