"""The holdings table shows the portfolio's own figures, however it is cut; the export runs nothing."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smartfolio_app.analytics.results import (
    ChangeToday,
    Coverage,
    Holding,
    Portfolio,
    Position,
    Rate,
    UnitPrice,
)
from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.errors import InvalidInputError
from smartfolio_app.ledger.assets import Asset, AssetClass
from smartfolio_app.services import holdings_csv, wealth
from smartfolio_app.services.holdings import Query, arrange, table, threshold

AT = datetime(2024, 3, 31, 12, 0, tzinfo=UTC)

#: Each worth is rounded to twelve decimals; what is summed over places may differ in the last of them.
NOTHING = Decimal("1e-9")


def holding(symbol, quantity, value, places, *, group="OTHERS", cost=None, name="", reason=""):
    """``places`` are (source, account, quantity)."""
    asset = Asset(f"crypto:{symbol}", AssetClass.CRYPTO, symbol, name)
    worth = None if value is None else Decimal(value)
    price = None
    if worth is not None:
        unit = worth / Decimal(quantity)
        price = UnitPrice(unit, "EUR", AT, (Rate(asset.id, "EUR", unit, AT, "coingecko"),))
    return Holding(
        asset=asset,
        category=Category.CRYPTO,
        group=group,
        quantity=Decimal(quantity),
        positions=tuple(
            Position(asset, Decimal(part), source, Category.CRYPTO, account)
            for source, account, part in places
        ),
        price=price,
        value=worth,
        share=None if worth is None else worth / 1000,
        cost_basis=None if cost is None else Decimal(cost),
        unrealised=None if cost is None or worth is None else worth - Decimal(cost),
        reason=reason,
    )


BTC = holding(
    "BTC",
    "2",
    "800",
    [("kraken", "Spot", "1.5"), ("ledger", "", "0.5")],
    group="BTC",
    cost="300",
    name="Bitcoin",
)
ETH = holding("ETH", "4", "150", [("kraken", "Spot", "4")], group="ETH")
SOL = holding("SOL", "1", "50", [("ledger", "", "1")], group="SOL", cost="10")
DUST = holding("DUST", "9", "0.5", [("kraken", "Earn", "9")])
SHORT = holding("SHORT", "-1", "-20", [("kraken", "Margin", "-1")])
WHAT = holding("WHAT", "7", None, [("kraken", "Spot", "7")], reason="holding.no_price")


@pytest.fixture
def portfolio():
    found = (BTC, ETH, SOL, DUST, SHORT, WHAT)
    return Portfolio(
        at=AT,
        currency="EUR",
        scope=Scope(),
        holdings=found,
        total=Decimal("980.5"),
        assets=Decimal("1000.5"),
        liabilities=Decimal(20),
        by_category={},
        coverage=Coverage(5, 6, 0),
        change=ChangeToday("midnight", None),
    )


def symbols(table):
    return [row.asset.symbol for row in table.rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(), ["BTC", "ETH", "SOL", "DUST", "SHORT", "WHAT"]),
        (Query(descending=False), ["SHORT", "DUST", "SOL", "ETH", "BTC", "WHAT"]),
        (Query(sort="symbol", descending=False), ["BTC", "DUST", "ETH", "SHORT", "SOL", "WHAT"]),
        (Query(sort="cost_basis"), ["BTC", "SOL", "DUST", "ETH", "SHORT", "WHAT"]),
        (Query(sort="price"), ["BTC", "SOL", "ETH", "SHORT", "DUST", "WHAT"]),
        (Query(search="bitcoin"), ["BTC"]),
        (Query(search="earn"), ["DUST"]),
        (Query(search="  "), ["BTC", "ETH", "SOL", "DUST", "SHORT", "WHAT"]),
        (Query(search="nothing"), []),
        (Query(size=4, page=2), ["SHORT", "WHAT"]),
        (Query(size=4, page=9), ["SHORT", "WHAT"]),
    ],
)
def test_searching_sorting_and_paging(portfolio, query, expected):
    assert symbols(arrange(portfolio, query)) == expected


def test_small_balances_are_hidden_and_counted_but_never_what_is_not_priced(portfolio):
    table = arrange(portfolio, Query(), limit=Decimal(30))
    assert symbols(table) == ["BTC", "ETH", "SOL", "WHAT"]
    assert table.hidden == 2
    assert table.total == 4


@pytest.mark.parametrize("grouping", ["group", "source", "location"])
def test_however_it_is_grouped_the_values_add_up(portfolio, grouping):
    table = arrange(portfolio, Query(group_by=grouping))
    assert abs(sum(row.value for row in table.rows if row.value is not None) - portfolio.total) < NOTHING
    assert abs(sum(one.value for one in table.sections if one.value is not None) - portfolio.total) < NOTHING
    assert sum(section.count for section in table.sections) == table.total == len(table.rows)
    assert [row.section for row in table.rows] == [
        key for section in table.sections for key in [section.key] * section.count
    ]


def test_a_holding_in_two_sources_is_cut_by_quantity_and_its_cost_is_not_guessed(portfolio):
    table = arrange(portfolio, Query(group_by="source", search="BTC"))
    assert [(row.section, row.quantity, row.value, row.cost_basis) for row in table.rows] == [
        ("kraken", Decimal("1.5"), Decimal(600), None),
        ("ledger", Decimal("0.5"), Decimal(200), None),
    ]
    whole = arrange(portfolio, Query(group_by="source", search="SOL")).rows[0]
    assert (whole.section, whole.cost_basis) == ("ledger", Decimal(10))


@pytest.mark.parametrize("wrong", [{"sort": "colour"}, {"group_by": "colour"}, {"size": 0}, {"size": 501}])
def test_a_question_that_makes_no_sense_is_refused(portfolio, wrong):
    with pytest.raises(InvalidInputError):
        arrange(portfolio, Query(**wrong))


def test_the_export_has_every_holding_with_plain_numbers(portfolio):
    rows = list(csv.DictReader(io.StringIO(holdings_csv.write(portfolio.holdings, "EUR"))))
    assert [row["symbol"] for row in rows] == ["BTC", "ETH", "SOL", "DUST", "SHORT", "WHAT"]
    assert rows[0]["sources"] == "kraken, ledger"
    assert rows[0]["price_providers"] == "coingecko"
    assert (rows[4]["quantity"], rows[4]["value"]) == ("-1", "-20")
    assert (rows[5]["value"], rows[5]["not_priced_because"]) == ("", "holding.no_price")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_text_that_looks_like_a_formula_is_neutralised(start):
    evil = start + 'HYPERLINK("http://evil.example","x")'
    line = holding(evil, "1", "1", [("kraken", evil, "1")], name=evil)
    (row,) = csv.DictReader(io.StringIO(holdings_csv.write([line], "EUR"), newline=""))
    assert row["symbol"] == row["name"] == row["accounts"] == "'" + evil
    assert row["quantity"] == "1"


class TestOnARealLedger:
    @pytest.fixture
    def user_id(self, db):
        from smartfolio_app.services import accounts, imports
        from tests.services.cointracking_files import balance

        user_id = accounts.create_user(db, "Ann", "correct horse battery", currency="EUR").id
        imports.commit(db, user_id, balance([("BTC", "0.5", "40000"), ("ETH", "0.0001", "2000")]), "a.csv")
        return user_id

    def test_the_page_shows_what_the_portfolio_says(self, db, user_id):
        view = wealth.view_of(db, user_id)
        shown = table(db, view)
        assert [(row.asset.symbol, row.value) for row in shown.rows] == [
            ("BTC", Decimal(20000)),
            ("ETH", Decimal("0.2")),
        ]
        assert abs(sum(row.value for row in shown.rows) - wealth.portfolio(db, view).total) < NOTHING
        assert holdings_csv.export(db, view).count("\r\n") == 3

    def test_the_threshold_is_in_the_base_currency_and_without_a_rate_nothing_is_hidden(self, db, user_id):
        view = wealth.view_of(db, user_id)
        assert threshold(db, view) == Decimal(1)
        assert table(db, view, Query(hide_small=True)).hidden == 1
        elsewhere = wealth.view_of(db, user_id, currency="JPY")
        assert threshold(db, elsewhere) is None
        assert table(db, elsewhere, Query(hide_small=True)).hidden == 0
        in_coins = wealth.view_of(db, user_id, currency="BTC")
        assert threshold(db, in_coins) == Decimal(1) / Decimal(40000)
