"""What the dashboard says about a portfolio."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from smartfolio_app.analytics.results import (
    Breakdown,
    ChangeToday,
    Coverage,
    Holding,
    Portfolio,
    UnitPrice,
)
from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.ledger.assets import Asset, AssetClass
from smartfolio_app.state import dashboard_view as view
from smartfolio_app.state.figures import UNKNOWN, Figures

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
FIGURES = Figures(language="en", currency="EUR", now=NOW)
D = Decimal
HOUSE = Asset("item:1", AssetClass.ITEM, "House")


def holding(symbol, value, *, category=Category.CRYPTO, change=None, stale=False, reason=""):
    price = None if value is None else UnitPrice(D(abs(D(value))), "EUR", NOW, (), stale=stale)
    return Holding(
        asset=Asset(f"crypto:{symbol}", AssetClass.CRYPTO, symbol),
        category=category,
        group="OTHERS",
        quantity=D(1),
        positions=(),
        price=price,
        value=None if value is None else D(value),
        change_today=None if change is None else D(change),
        change_today_pct=None if change is None or value is None else D(change) / D(value),
        reason=reason,
    )


def portfolio(*holdings, change=None):
    known = [one.value for one in holdings if one.value is not None]
    return Portfolio(
        at=NOW,
        currency="EUR",
        scope=Scope(),
        holdings=holdings,
        total=sum(known) if known else None,
        assets=sum((value for value in known if value > 0), D(0)),
        liabilities=-sum((value for value in known if value < 0), D(0)),
        by_category={
            category: sum(
                (one.value for one in holdings if one.category is category and one.value is not None), D(0)
            )
            for category in Category
        },
        coverage=Coverage(len(known), len(holdings), 0, NOW),
        change=change or ChangeToday("midnight", NOW),
    )


def test_a_tile_says_worth_share_and_todays_move():
    whole = portfolio(holding("BTC", "80", change="8"), holding("A", "20", category=Category.STOCKS))
    crypto = view.tiles(whole, FIGURES)[0]
    assert (crypto.value, crypto.share, crypto.change, crypto.direction) == (
        "€80.00",
        "80.0%",
        "+€8.00",
        "up",
    )
    assert crypto.change_pct == "+11.11%"


def test_the_wealth_tile_sets_what_is_owned_against_what_is_owed():
    whole = portfolio(
        holding("HOUSE", "300", category=Category.WEALTH), holding("LOAN", "-100", category=Category.WEALTH)
    )
    wealth = view.tiles(whole, FIGURES)[2]
    assert wealth.value == "€200.00"
    assert "€300.00" in wealth.detail
    assert "€100.00" in wealth.detail


def test_a_tile_tells_no_change_of_less_than_half_of_it():
    whole = portfolio(holding("USDT", "40", change="0"), holding("BTC", "100"))
    assert view.tiles(whole, FIGURES)[0].change == UNKNOWN
    half = portfolio(holding("USDT", "100", change="1"), holding("BTC", "100"))
    assert view.tiles(half, FIGURES)[0].change == "+€1.00"


def test_a_move_that_is_not_known_is_not_drawn_as_flat():
    stocks = view.tiles(portfolio(holding("A", "20", category=Category.STOCKS)), FIGURES)[1]
    assert (stocks.change, stocks.direction) == (UNKNOWN, "none")


def test_money_that_came_or_went_has_no_gains_colour():
    change = ChangeToday(
        "midnight",
        NOW,
        total=D(110),
        market=D(10),
        deposits=D(100),
        withdrawals=D(0),
        income=D(0),
        fees=D(0),
        pct=D("0.01"),
    )
    today = view.today(change, FIGURES)
    assert [(line.key, line.value, line.direction) for line in today.lines] == [
        ("market", "+€10.00", "up"),
        ("deposits", "+€100.00", "flat"),
    ]


def test_fees_and_withdrawals_are_subtracted():
    change = ChangeToday(
        "midnight", NOW, market=D(0), fees=D(2), withdrawals=D(3), deposits=D(0), income=D(0), total=D(-5)
    )
    lines = {line.key: line.value for line in view.today(change, FIGURES).lines}
    assert lines == {"market": "€0.00", "fees": "−€2.00", "withdrawals": "−€3.00"}


def test_a_change_that_cannot_be_told_says_why():
    today = view.today(ChangeToday("snapshot", None, reason="change.no_snapshot"), FIGURES)
    assert today.total == UNKNOWN
    assert today.note == "There is no earlier snapshot to compare with yet."


def test_the_ring_covers_what_is_there_and_closes():
    slices, whole = view.ring(
        [
            Breakdown("BTC", "BTC", D(75), None),
            Breakdown("ETH", "ETH", D(25), None),
            Breakdown("D", "D", D(-9), None),
        ],
        "group",
        FIGURES,
    )
    assert [one.share for one in slices] == ["75.0%", "25.0%"]
    assert whole == "€100"
    assert slices[1].offset == "-75.000"
    assert slices[0].figure == "allocation:group:BTC"


def test_a_ring_of_many_slices_sums_the_smallest():
    many = [Breakdown(str(n), str(n), D(100 - n), None) for n in range(20)]
    slices, _ = view.ring(many, "source", FIGURES)
    assert len(slices) == view.SLICES
    assert slices[-1].key == "rest"


def test_a_group_keeps_its_colour_whatever_its_rank():
    first, _ = view.ring(
        [Breakdown("ETH", "ETH", D(5), None), Breakdown("BTC", "BTC", D(1), None)], "group", FIGURES
    )
    second, _ = view.ring(
        [Breakdown("ETH", "ETH", D(1), None), Breakdown("BTC", "BTC", D(5), None)], "group", FIGURES
    )
    assert {one.key: one.hue for one in first} == {one.key: one.hue for one in second}


def test_top_holdings_are_the_largest_with_bars_relative_to_the_first():
    rows = view.top_holdings(
        portfolio(holding("BTC", "80"), holding("ETH", "20"), holding("X", None)), FIGURES
    )
    assert [(row.symbol, row.width) for row in rows] == [("BTC", "100.00%"), ("ETH", "25.00%")]


def test_what_is_not_priced_or_old_is_listed_with_its_reason():
    found = view.concerns(
        portfolio(holding("OLD", "5", stale=True), holding("X", None, reason="holding.no_rate")), FIGURES
    )
    assert [(one.symbol, one.missing) for one in found] == [("X", True), ("OLD", False)]
    assert found[0].reason == "No exchange rate is known"


def test_with_privacy_no_amount_is_left_in_what_the_page_gets():
    figures = replace(FIGURES, privacy=True)
    house = replace(holding("HOUSE", "98765", category=Category.WEALTH), asset=HOUSE)
    coin = replace(holding("BTC", "123456.78", change="8"), price=UnitPrice(D("61728.39"), "EUR", NOW, ()))
    whole = portfolio(coin, house)
    shown = repr(
        (
            view.tiles(whole, figures),
            view.top_holdings(whole, figures),
            view.ring([Breakdown("BTC", "BTC", D("123456.78"), None)], "group", figures),
        )
    )
    assert "123,456" not in shown
    assert "98,765" not in shown, "a house has one unit: its price is its worth"
    assert "61,728" in shown, "a coin's price is public"


def test_the_map_shows_what_the_markets_move():
    house = replace(holding("HOUSE", "900", category=Category.WEALTH), asset=HOUSE)
    fields = view.heat_map(
        portfolio(
            house, holding("BTC", "60", change="3"), holding("ETH", "40", change="-0.1"), holding("X", None)
        ),
        FIGURES,
        1000,
        300,
    )
    assert [(one.symbol, one.tone) for one in fields] == [("BTC", "up-3"), ("ETH", "down-1")]
    assert float(fields[0].width) / float(fields[1].width) > 1.4
    many = [holding(f"C{number}", str(1000 + number)) for number in range(300)]
    fields = view.heat_map(portfolio(*many), FIGURES, 1000, 300)
    assert [one.symbol for one in fields] == [f"C{299 - rank}" for rank in range(view.FIELDS)]
