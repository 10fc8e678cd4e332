"""Ghostfolio's calculator, where its definitions are ours.

Compared: value now; its investment with our average cost without fees; its net performance (with currency effect) with
our gain, money being put in for every purchase and taken out after every sale; its fees with ours. Its dividend is not
part of its net performance, so ours is compared less income. Its splits are already in the quantities it is asked
with; ours are booked as they happened and must end at the same position. Not compared: its percentages, which are on
the average capital over time and so neither our time-weighted nor our money-weighted return.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.analytics.ledger_view import LedgerView, SourceView, WealthItemView
from smartfolio_app.analytics.money_returns import annualised
from smartfolio_app.analytics.performance import performance_series
from smartfolio_app.analytics.periods import Period
from smartfolio_app.analytics.portfolio import build
from smartfolio_app.analytics.prices import PriceBook, PricePoint, RatePoint
from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.ledger.assets import AssetClass, asset_id, fiat
from smartfolio_app.ledger.lots import Method, Policy
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind

pytestmark = pytest.mark.shared
CASES = [
    ("baln-buy-and-sell", 0),
    ("baln-buy", 0),
    ("btcusd", 0),
    ("googl-buy", 0),
    ("msft-buy-with-dividend", 0),
    ("novn-buy-and-sell-partially", 0),
]


def noon(day):
    return datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)


def number(value):
    return Decimal(str(value))


class Case:
    """A calculator test as a ledger with its prices."""

    def __init__(self, shared_dir, name, index):
        path = shared_dir / f"samples/golden/performance/ghostfolio/{name}.json"
        self.data = json.loads(path.read_text())["cases"][index]
        settings = self.data["activitiesAndSettings"][0]
        self.currency = settings["currency"]
        self.as_of = date.fromisoformat(self.data["asOf"])
        self.rows = [row for activity in settings["activities"] for row in self.transactions(activity)]
        expected = (
            one for one in self.data["expectations"] if one["subject"] == "calculator0.computeSnapshot()"
        )
        self.expected = next(expected)["expected"]
        self.position = self.expected["positions"][0]

    def transactions(self, activity, *, fees=True):
        profile = activity["assetProfile"]
        money = fiat(profile["currency"])
        at = noon(activity["date"])
        share = asset_id(AssetClass.STOCK, profile["symbol"])
        quantity = number(activity["quantity"])
        paid = quantity * number(activity["unitPriceInAssetProfileCurrency"])
        fee = number(activity["feeInAssetProfileCurrency"])
        charge = Amount(fee, money) if fee and fees else None
        kinds = TransactionKind

        def row(kind, received, sent, fee=None):
            return Transaction(at, kind, received, sent, fee, source="s")

        if activity["type"] == "DIVIDEND":
            return [
                row(kinds.DIVIDEND, Amount(paid, money), None),
                row(kinds.WITHDRAWAL, None, Amount(paid, money)),
            ]
        if activity["type"] == "BUY":
            return [
                row(kinds.DEPOSIT, Amount(paid + fee, money), None),
                row(kinds.TRADE, Amount(quantity, share), Amount(paid, money), charge),
            ]
        return [
            row(kinds.TRADE, Amount(paid, money), Amount(quantity, share), charge),
            row(kinds.WITHDRAWAL, None, Amount(paid - fee, money)),
        ]

    def book(self):
        prices = [
            PricePoint(
                asset_id(AssetClass.STOCK, symbol), self.asset_currency, number(price), noon(day), "golden"
            )
            for symbol, days in self.data["marketPrices"].items()
            for day, price in days.items()
        ]
        prices += [  # where the calculator has no price it takes the activity's own
            PricePoint(
                row.received.asset,
                self.asset_currency,
                row.sent.quantity / row.received.quantity,
                row.at,
                "trade",
            )
            for row in self.rows
            if row.kind is TransactionKind.TRADE and row.sent.asset == fiat(self.asset_currency)
        ]
        rates = []
        if self.asset_currency != self.currency:
            table = self.data["exchangeRates"][self.asset_currency + self.currency]
            for day, rate in table.items():  # the pivot stands in for the asset's currency
                rates.append(RatePoint(self.asset_currency, date.fromisoformat(day), Decimal(1)))
                rates.append(RatePoint(self.currency, date.fromisoformat(day), number(rate)))
        return PriceBook(prices, rates)

    @property
    def asset_currency(self):
        return self.data["activitiesAndSettings"][0]["activities"][0]["assetProfile"]["currency"]

    def ledger(self, rows=None):
        return LedgerView(
            transactions=rows or self.rows, sources={"s": SourceView("s", "S", Category.STOCKS)}
        )


@pytest.mark.parametrize(("name", "index"), CASES)
def test_value_gain_and_fees_are_the_calculator_s(shared_dir, name, index):
    case = Case(shared_dir, name, index)
    series = performance_series(case.ledger(), case.book(), Scope(), case.currency, case.as_of)
    whole = series.period(Period.MAX)
    net = case.position["netPerformanceWithCurrencyEffectMap"]["max"]
    if "currentValueInBaseCurrency" in case.expected:
        assert whole.end == pytest.approx(float(case.expected["currentValueInBaseCurrency"]))
    assert whole.gain - whole.income == pytest.approx(float(net))
    assert whole.fees == pytest.approx(float(case.expected["totalFeesWithCurrencyEffect"]))
    assert whole.income == pytest.approx(float(case.position.get("dividendInBaseCurrency", 0)))


@pytest.mark.parametrize(("name", "index"), CASES)
def test_average_cost_without_fees_is_the_calculator_s_investment(shared_dir, name, index):
    case = Case(shared_dir, name, index)
    activities = case.data["activitiesAndSettings"][0]["activities"]
    rows = [row for activity in activities for row in case.transactions(activity, fees=False)]
    lots = case.ledger(rows).lots(case.book(), case.currency, Policy(method=Method.AVERAGE))
    basis = lots.bases().get(asset_id(AssetClass.STOCK, activities[0]["assetProfile"]["symbol"]))
    cost, quantity = (0, 0) if basis is None else (basis.cost, basis.quantity)
    assert float(cost) == pytest.approx(float(case.expected["totalInvestmentWithCurrencyEffect"]))
    assert quantity == Decimal(case.position["quantity"])


def test_the_price_of_a_day_is_in_its_gain(shared_dir):
    """Bought under the close: the difference is the day's own gain, less the fee."""
    case = Case.__new__(Case)
    path = shared_dir / "samples/golden/performance/ghostfolio/baln-buy.json"
    case.data = json.loads(path.read_text())["cases"][1]
    settings = case.data["activitiesAndSettings"][0]
    case.currency = settings["currency"]
    case.rows = [row for activity in settings["activities"] for row in case.transactions(activity)]
    series = performance_series(case.ledger(), case.book(), Scope(), "CHF", date(2021, 12, 18))
    day = date(2021, 11, 30)
    expected = case.data["expectations"][0]["expected"]
    assert series.between(day - timedelta(days=1), day).gain == pytest.approx(expected)


def test_a_year_s_rate_is_the_calculator_s(shared_dir):
    path = shared_dir / "samples/golden/performance/ghostfolio/calculation-helper.json"
    expectations = json.loads(path.read_text())["cases"][0]["expectations"]
    compared = 0
    for one in expectations:
        given = json.loads(one["subject"].partition("(")[2].rpartition(").")[0])
        if given["daysInMarket"]:
            rate = annualised(float(given["netPerformancePercentage"]), given["daysInMarket"])
            assert rate == pytest.approx(one["expected"], abs=5e-3)
            compared += 1
    assert compared == 3


SPLITS = {0: [(2, 1)], 1: [(1, 10)], 2: [(2, 1)], 3: [(3, 2), (2, 1)], 4: [(2, 1)], 5: []}


@pytest.mark.parametrize("index", SPLITS)
def test_a_position_after_splits_is_the_calculator_s(shared_dir, index):
    """Bought before the splits and sold after them: the same quantity and cost as with adjusted activities."""
    case = Case.__new__(Case)
    path = shared_dir / "samples/golden/performance/ghostfolio/stock-split.json"
    data = json.loads(path.read_text())["cases"][index]
    activities = data["activitiesAndSettings"][0]["activities"]
    share, splits = asset_id(AssetClass.STOCK, "MSFT"), SPLITS[index]
    factor = Decimal(1)
    for after, before in splits:
        factor = factor * after / before
    rows, held = [], Decimal(0)
    for activity in activities:
        if activity["type"] == "BUY":  # as it was traded, before the splits
            paid = number(activity["quantity"]) * number(activity["unitPriceInAssetProfileCurrency"])
            held = number(activity["quantity"]) / factor
            money = Amount(paid, fiat("USD"))
            rows.append(
                Transaction(
                    noon(activity["date"]), TransactionKind.TRADE, Amount(held, share), money, source="s"
                )
            )
            for number_, (after, before) in enumerate(splits):
                now = held * after / before
                at = noon("2020-06-01") + timedelta(days=number_)
                split = Transaction(
                    at, TransactionKind.SPLIT, Amount(now, share), Amount(held, share), source="s"
                )
                rows.append(split)
                held = now
        else:
            rows += case.transactions(activity)
    ledger = LedgerView(transactions=rows, sources={"s": SourceView("s", "S", Category.STOCKS)})
    lots = ledger.lots(PriceBook([], []), "USD", Policy(method=Method.AVERAGE))
    basis = lots.bases().get(share)
    quantity, cost = (0.0, 0.0) if basis is None else (float(basis.quantity), float(basis.cost))
    for one in data["expectations"]:
        expected = one["expected"]
        if isinstance(expected, dict):
            assert quantity == pytest.approx(float(expected["quantity"]))
            assert cost == pytest.approx(float(expected["investment"]))
        elif "quantity" in one["subject"]:
            assert quantity == pytest.approx(float(expected))
        elif "investment" in one["subject"]:
            assert cost == pytest.approx(float(expected[0] if isinstance(expected, list) else expected))


def test_a_price_of_the_market_is_not_adjusted_a_second_time(shared_dir):
    path = shared_dir / "samples/golden/performance/ghostfolio/stock-split.json"
    case = Case.__new__(Case)
    case.data = json.loads(path.read_text())["cases"][6]
    settings = case.data["activitiesAndSettings"][0]
    case.currency = settings["currency"]
    case.rows = [row for activity in settings["activities"] for row in case.transactions(activity)]
    expected = case.data["expectations"][0]["expected"]
    series = performance_series(case.ledger(), case.book(), Scope(), "USD", date(2023, 7, 10))
    assert series.value[-1] == pytest.approx(float(expected["valueInBaseCurrency"]))
    bases = case.ledger().lots(case.book(), "USD", Policy(method=Method.AVERAGE)).bases()
    (basis,) = bases.values()
    assert (float(basis.cost), float(basis.quantity)) == (
        float(expected["investment"]),
        float(expected["quantity"]),
    )


def test_a_fee_for_nothing_is_a_fee_and_no_investment(shared_dir):
    """Its fee stands apart from performance; ours is part of what was lost."""
    data = json.loads((shared_dir / "samples/golden/performance/ghostfolio/fee.json").read_text())["cases"][0]
    (activity,) = data["activitiesAndSettings"][0]["activities"]
    fee = Amount(number(activity["feeInBaseCurrency"]), fiat("USD"))
    at = noon(activity["date"])
    ledger = LedgerView(
        transactions=[
            Transaction(at, TransactionKind.DEPOSIT, fee, source="s"),
            Transaction(at, TransactionKind.FEE, sent=fee, source="s"),
        ],
        sources={"s": SourceView("s", "S", Category.STOCKS)},
    )
    whole = performance_series(ledger, PriceBook([], []), Scope(), "USD", date.fromisoformat(data["asOf"]))
    expected = data["expectations"][0]["expected"]
    found = whole.period(Period.MAX)
    assert found.fees == pytest.approx(float(expected["totalFeesWithCurrencyEffect"]))
    assert found.end == pytest.approx(float(expected["currentValueInBaseCurrency"]))


def test_a_liability_is_a_thing_owed(shared_dir):
    path = shared_dir / "samples/golden/performance/ghostfolio/liability.json"
    data = json.loads(path.read_text())["cases"][0]
    (activity,) = data["activitiesAndSettings"][0]["activities"]
    owed = number(activity["unitPriceInAssetProfileCurrency"]) * number(activity["quantity"])
    item = WealthItemView("1", "Loan", "loan", "USD", True, [(date(2022, 1, 31), owed)])
    sources = {"s": SourceView("wealth_items", "Items", Category.WEALTH)}
    whole = build(
        LedgerView(items=[item], sources=sources), PriceBook([], []), Scope(), "USD", noon("2022-01-31")
    )
    assert whole.liabilities == number(data["expectations"][0]["expected"])


def test_nothing_is_worth_nothing(shared_dir):
    path = shared_dir / "samples/golden/performance/ghostfolio/no-activities.json"
    data = json.loads(path.read_text())["cases"][0]
    expected = data["expectations"][0]["expected"]
    whole = build(LedgerView(), PriceBook([], []), Scope(), "CHF", noon(data["asOf"]))
    assert whole.total == number(expected["currentValueInBaseCurrency"])
    assert list(whole.holdings) == expected["positions"]
