"""The income calendar, what exchange rates did, and the parts of a history: by hand-computed examples and by law."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartfolio_app.analytics.history import BREAKDOWNS, history
from smartfolio_app.analytics.income_calendar import dividends, income_calendar, receipts
from smartfolio_app.analytics.ledger_view import WealthItemView
from smartfolio_app.analytics.prices import PriceBook
from smartfolio_app.analytics.risk.drawdowns import falls, max_drawdown
from smartfolio_app.analytics.scope import Scope
from smartfolio_app.ledger.assets import Asset, AssetClass
from tests.analytics.conftest import NOW, World

TODAY = NOW.date()
SERIES = ("value", "invested", "flows", "income", "fees", "realised", "fx")


# -------------------------------------------------------------------------------------------------- income
@pytest.fixture
def calendar(world):
    ledger = world.ledger(
        world.tx("dividend", "3 EUR", at=-24 * 40, source="x", about="stock:AAPL"),
        world.tx("dividend", "5 EUR", at=-24 * 10, source="x", about="stock:AAPL"),
        world.tx("staking", "2 BTC", None, "1 EUR", at=-24 * 10),
        world.tx("airdrop", "7 XYZ", at=0),
    )
    book = ledger.lots(PriceBook([world.price("BTC 10 EUR", at=-24 * 11)]), "EUR")
    return income_calendar(receipts(book, NOW.tzinfo), "EUR")


def test_income_is_told_by_month_asset_and_kind_at_its_value_on_the_day(calendar):
    months = {key: total.value for key, total in calendar.months.items()}
    assert months == {(2024, 4): 3, (2024, 5): 5 + 2 * 10 + 1}  # a reward with a fee counts with its fee
    assert {key: total.value for key, total in calendar.kinds.items()} == {
        "staking": 21, "dividend": 8, "airdrop": 0,
    }  # fmt: skip
    assert list(calendar.assets) == ["crypto:BTC", "stock:AAPL", "crypto:XYZ"]
    assert {asset: total.value for asset, total in dividends(calendar).items()} == {"stock:AAPL": 8}


def test_a_receipt_without_a_value_is_counted_and_never_valued(calendar):
    total = calendar.assets["crypto:XYZ"]
    assert (total.value, total.count, total.unknown) == (0, 1, 1)
    assert calendar.years[2024].unknown == 1


def test_a_receipt_belongs_to_the_day_of_its_reader(world):
    from zoneinfo import ZoneInfo

    ledger = world.ledger(world.tx("interest", "1 EUR", at=-24 * 15 + 11))  # the 30th of April, 23:00 UTC
    book = ledger.lots(PriceBook(), "EUR")
    assert [row.day for row in receipts(book, ZoneInfo("UTC"))] == [date(2024, 4, 30)]
    assert [row.day for row in receipts(book, ZoneInfo("Europe/Paris"))] == [date(2024, 5, 1)]


# --------------------------------------------------------------------------------------------- currency effect
def test_exchange_rates_move_money_securities_and_items_and_no_coin(world):
    share = Asset("stock:AAPL", AssetClass.STOCK, "AAPL", quote_currency="USD")
    ledger = world.ledger(
        world.tx("deposit", "100 USD", at=-72),
        world.tx("deposit", "1 .AAPL", at=-72, source="x"),
        world.tx("deposit", "1 BTC", at=-72),
        items=[
            WealthItemView("a", "a", "bank_account", "USD", False, [(TODAY - timedelta(days=3), Decimal(50))])
        ],
        assets={share.id: share},
    )
    prices = PriceBook(
        [
            world.price(".AAPL 30 USD", at=-72),
            world.price(".AAPL 60 USD", at=0),
            world.price("BTC 10 USD", at=-72),
        ],
        [world.rate("2 USD", -4), world.rate("1.6 USD", -1)],
    )
    found = history(ledger, prices, Scope(), "EUR", TODAY - timedelta(days=3), TODAY, "asset")
    # 180 dollars are 90 EUR, and the dollar rises by a quarter; what the share did itself is not its currency
    assert found.fx.tolist() == pytest.approx([0, 0, 90 * 0.25, 0])
    assert found.parts["crypto:BTC"].fx.tolist() == [0, 0, 0, 0]
    assert found.parts["stock:AAPL"].fx.tolist() == pytest.approx([0, 0, 15 * 0.25, 0])
    in_dollars = history(ledger, prices, Scope(), "USD", TODAY - timedelta(days=3), TODAY)
    assert in_dollars.fx.tolist() == [0, 0, 0, 0]


# -------------------------------------------------------------------------------------------------------- falls
def test_falls_are_told_from_peak_to_recovery_the_deepest_first():
    days = [TODAY + timedelta(days=step) for step in range(7)]
    returns = np.array([0.1, -0.1, 1 / 9, -0.5, 0.2, 0.1])
    found = falls(returns, days)
    assert [(round(one.depth, 6), one.peak, one.trough, one.recovered) for one in found] == [
        (-0.5, days[3], days[4], None),
        (-0.1, days[1], days[2], days[3]),
    ]
    assert found[0].depth == pytest.approx(max_drawdown(returns))
    assert falls(np.array([0.1, 0.2]), days[:3]) == []


# --------------------------------------------------------------------------------------------------------- laws
WORLD = World()
amounts = st.sampled_from(["1 BTC", "3 BTC", "2 ETH", "40 EUR", "5 .ACME", "4 USD", "7 CHF"])
events = st.lists(
    st.builds(
        lambda kind, received, sent, fee, at, source: WORLD.tx(
            kind, received, sent, fee, at=-at, source=source
        ),
        st.sampled_from(["trade", "deposit", "withdrawal", "staking", "lost", "swap", "dividend", "spend"]),
        amounts,
        amounts,
        st.none() | amounts,
        st.integers(0, 110),
        st.sampled_from(["k", "b", "x"]),
    ),
    max_size=8,
)
PRICES = [
    WORLD.price("BTC 50 EUR", at=-150),
    WORLD.price("BTC 60 EUR", at=-30),
    WORLD.price("ETH 10 USD", at=-120),
    WORLD.price(".ACME 3 CHF", at=-120),
    WORLD.price(".ACME 4 CHF", at=-20),
]
RATES = [
    WORLD.rate("2 USD", -9),
    WORLD.rate("1.6 USD", -2),
    WORLD.rate("0.5 CHF", -9),
    WORLD.rate("0.8 CHF", -3),
]
ACME = Asset("stock:ACME", AssetClass.STOCK, "ACME", quote_currency="CHF")


def whole(transactions, currency="EUR", by=None):
    ledger = WORLD.ledger(*transactions, assets={ACME.id: ACME})
    return history(ledger, PriceBook(PRICES, RATES), Scope(), currency, TODAY - timedelta(days=6), TODAY, by)


@settings(max_examples=60, deadline=None)
@given(events, st.sampled_from(BREAKDOWNS))
def test_the_parts_of_every_series_add_up_to_the_whole(transactions, by):
    found = whole(transactions, by=by)
    for name in SERIES:
        total = sum((np.nan_to_num(getattr(part, name)) for part in found.parts.values()), np.zeros(7))
        assert total == pytest.approx(np.nan_to_num(getattr(found, name)), abs=1e-9), name
    told = sum((np.nan_to_num(part.unrealised) for part in found.parts.values()), np.zeros(7))
    assert told == pytest.approx(np.nan_to_num(found.unrealised), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(events)
def test_converting_currency_commutes_with_summing_on_a_day(transactions):
    """A day's total in dollars is its total in euros at the day's rate: for worth, and for what moved it that day."""
    euros, dollars = whole(transactions, "EUR", "asset"), whole(transactions, "USD", "asset")
    ends = np.array(
        [
            int(NOW.replace(hour=23, minute=59, second=59).timestamp() * 1e6) - step * 86_400_000_000
            for step in range(6, -1, -1)
        ]
    )
    rate = PriceBook([], RATES).daily(["fiat:EUR"], "USD", ends).price[:, 0]
    for name in ("value", "flows", "income", "fees"):
        assert getattr(euros, name) * rate == pytest.approx(
            getattr(dollars, name), rel=1e-9, abs=1e-9, nan_ok=True
        )
        for key, part in euros.parts.items():
            other = getattr(dollars.parts[key], name)
            assert getattr(part, name) * rate == pytest.approx(other, rel=1e-9, abs=1e-9, nan_ok=True)
