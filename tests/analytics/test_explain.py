"""Why this number? Every figure's explanation adds up to the figure, and names where its inputs come from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from smartfolio_app.analytics.explain import Subject, UnknownFigureError, explain
from smartfolio_app.analytics.portfolio import WealthItemView
from smartfolio_app.analytics.prices import PriceBook
from smartfolio_app.analytics.results import Measure
from smartfolio_app.i18n import LANGUAGES, known, translate
from tests.analytics.conftest import HOUR


@pytest.fixture
def subject(world):
    ledger = world.ledger(
        world.tx("deposit", "100 EUR", at=-99),
        world.tx("trade", "1 BTC", "10 EUR", "1 EUR", at=-90, account="Spot"),
        world.tx("trade", "1 BTC", "30 EUR", at=-80),
        world.tx("deposit", "2 ETH", at=-70, source="b"),
        world.tx("deposit", "1 XYZ", at=-70),
        world.tx("deposit", "5 USD", at=-1, source="x"),
        items=[
            WealthItemView("i", "House", "real_estate", "EUR", False, [(date(2024, 1, 1), Decimal(1000))])
        ],
    )
    prices = [
        world.price("BTC 45 EUR", at=-13),
        world.price("BTC 50 EUR"),
        world.price("ETH 20 USD", at=-13),
        world.price("ETH 20 USD", at=-2),
    ]
    book = PriceBook(prices, [world.rate("2 USD", days=-1)])
    return Subject(world.portfolio(ledger, prices, [world.rate("2 USD", days=-1)]), ledger, book)


FIGURES = [
    "net_worth",
    "category:crypto",
    "category:wealth",
    "change_today",
    "coverage",
    "history:2024-05-12",
    "holding:crypto:BTC",
    "holding:crypto:XYZ",
    "holding:item:i",
    "cost_basis:crypto:BTC",
    "cost_basis:crypto:ETH",
    "unrealised:crypto:BTC",
    "allocation:group",
    "allocation:group:BTC",
    "allocation:class:item",
    "allocation:category:stocks",
    "allocation:source:binance",
    "allocation:currency:USD",
]


def walk(steps):
    for step in steps:
        yield step
        yield from walk(step.children)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_exists_in_every_language_with_its_values(subject, figure, language):
    found = explain(figure, subject)
    assert found.figure == figure
    for text in (found.title, found.formula, *found.notes):
        if "." in text:
            assert known(text), text
            translate(language, text, **found.params)
    for step in walk(found.steps):
        for text in (step.label, step.source):
            if text.startswith(("explain.", "holding.", "lots.")):
                translate(language, text, **step.params)


def test_net_worth_is_the_sum_of_its_categories_and_each_of_its_holdings(subject):
    found = explain("net_worth", subject)
    assert found.amount == subject.portfolio.total == Decimal("1181.5")
    assert found.result == "1181.5"
    owned, owed, *categories = found.steps
    assert owned.amount + owed.amount == found.amount
    assert sum(step.amount for step in categories) == found.amount
    for step in categories:
        assert sum(child.amount for child in step.children if child.amount is not None) == step.amount
    assert found.notes == ("explain.note.unpriced", "explain.note.stale")
    assert (found.params["unpriced"], found.params["stale"]) == ("1", "1")


def test_a_holding_is_quantity_times_price_with_places_and_rates(subject):
    found = explain("holding:crypto:ETH", subject)
    quantity, price, _share = found.steps
    assert found.amount == quantity.amount * price.amount == 20
    assert [(step.label, step.amount, step.source) for step in quantity.children] == [
        ("Binance", 2, "explain.origin.ledger")
    ]
    assert [(step.amount, step.unit, step.source, step.at) for step in price.children] == [
        (
            20,
            "USD",
            "CoinGecko",
            subject.portfolio.at - 2 * HOUR,
        ),
        (2, "USD", "explain.provider.ecb", price.children[1].at),
    ]
    assert found.notes == ("explain.stale_price",)
    assert quantity.children[0].link == "/transactions?asset=crypto:ETH"


def test_accounts_are_named_and_a_missing_price_says_why(subject):
    places = explain("holding:crypto:BTC", subject).steps[0].children
    assert {step.label for step in places} == {"Kraken", "Kraken · Spot"}
    found = explain("holding:crypto:XYZ", subject)
    assert (found.amount, found.result, found.notes) == (None, "", ("holding.no_price",))


def test_the_change_is_then_to_now_with_flows_apart(subject):
    found = explain("change_today", subject)
    steps = {step.label.rpartition(".")[2]: step.amount for step in found.steps}
    assert found.amount == subject.portfolio.change.gain == 10
    assert found.amount == steps["now"] - steps["then"] - steps["deposits"] - steps["withdrawals"]
    assert found.amount == steps["market"] + steps["income"] + steps["fees"]
    assert found.params["assets"] == "XYZ"
    assert found.steps[2].children[0].label == "BTC"


def test_a_change_that_is_not_known_says_why(world):
    portfolio = world.portfolio(world.ledger(), anchor="snapshot")
    found = explain("change_today", Subject(portfolio, world.ledger(), PriceBook()))
    assert (found.amount, found.notes) == (None, ("change.no_snapshot",))


def test_the_cost_is_the_sum_of_the_open_lots(subject):
    found = explain("cost_basis:crypto:BTC", subject)
    average, *lots = found.steps
    assert (average.amount, average.measure) == (Decimal("20.5"), Measure.PRICE)
    assert [step.amount for step in lots] == [11, 30]
    assert sum(step.amount for step in lots) == found.amount == 41
    assert lots[0].children[0].measure is Measure.QUANTITY
    assert found.notes == ("explain.method.fifo",)
    unknown = explain("cost_basis:crypto:ETH", subject)
    assert (unknown.amount, unknown.notes) == (None, ("explain.method.fifo", "lots.unknown_deposit"))


def test_what_is_too_much_to_list_is_summed_up_and_no_input_is_left_out(world):
    coins = [f"C{number}" for number in range(1, 15)]
    rows = [world.tx("deposit", "9000 EUR", at=-200)]
    for number, coin in enumerate(coins, 1):
        rows.append(world.tx("trade", f"2 {coin}", f"{2 * number} EUR", at=-199 + number))
        rows.append(world.tx("trade", f"{number * 4} EUR", f"1 {coin}", at=-150 + number))
        rows.append(world.tx("trade", "1 BTC", f"{number} EUR", at=-100 + number))
    prices = [world.price(f"{coin} {number} EUR") for number, coin in enumerate([*coins, "BTC"], 1)]
    ledger = world.ledger(*rows)
    subject = Subject(world.portfolio(ledger, prices), ledger, PriceBook(prices))

    crypto = next(s for s in explain("net_worth", subject).steps if s.label == "explain.category.crypto")
    cost, realised = explain("cost_basis:crypto:BTC", subject), explain("realised:all", subject)
    proceeds, paid, _fees, _long, _short, _income, *by_asset = realised.steps
    whole = 14 * 15 // 2
    for lines, amount, count in (
        (crypto.children, 9000 + whole + 15 * 14 + whole, "4"),
        (cost.steps[1:], whole, "2"),
        (tuple(by_asset), 3 * whole, "2"),
    ):
        assert sum(step.amount for step in lines) == amount
        assert [(step.params["count"], len(lines)) for step in lines if "count" in step.params] == [
            (count, 13)
        ]
    assert (cost.amount, realised.amount, proceeds.amount - paid.amount) == (whole, 3 * whole, 3 * whole)
    for step in by_asset[:-1]:
        got, gave, match = step.children
        assert got.amount - gave.amount == match.amount == step.amount


def test_money_that_is_held_is_told_with_its_places(subject):
    (held,) = (step for step in explain("cost_basis:fiat:USD", subject).steps if step.children)
    assert held.amount == 5
    assert [(place.label, place.amount) for place in held.children] == [("Saxo", 5)]


def test_the_unrealised_gain_is_value_less_cost(subject):
    found = explain("unrealised:crypto:BTC", subject)
    *parts, rate = found.steps
    assert [step.amount for step in parts] == [100, 41]
    assert found.amount == 59
    assert (rate.measure, round(rate.amount, 4)) == (Measure.SHARE, Decimal("1.4390"))


def test_coverage_names_what_is_missing_and_what_is_old(subject):
    found = explain("coverage", subject)
    assert (found.amount, found.measure) == (subject.portfolio.coverage.share, Measure.SHARE)
    assert [step.amount for step in found.steps] == [5, 6, 1, 1]
    assert [child.label for child in found.steps[2].children] == ["XYZ"]
    assert [child.label for child in found.steps[3].children] == ["ETH"]


@pytest.mark.parametrize(
    "figure", [name for name in FIGURES if name.startswith("allocation:") and name.count(":") == 2]
)
def test_a_slice_is_the_sum_of_its_holdings(subject, figure):
    part, whole, share = explain(figure, subject).steps
    assert sum(child.amount for child in part.children if child.amount is not None) == part.amount
    assert share.amount == pytest.approx(part.amount / whole.amount)


def test_a_past_day_is_explained_with_what_was_held_then(subject):
    found = explain("history:2024-05-12", subject)
    assert found.params["day"] == "2024-05-12"
    assert found.steps[0].amount == 1059  # the house and the cash; nothing else had a price yet


@pytest.mark.parametrize(
    "figure",
    [
        "",
        "nonsense",
        "category:x",
        "holding:crypto:NONE",
        "allocation:x",
        "allocation:group:SOL",
        "history:x",
    ],
)
def test_a_figure_that_does_not_exist_is_refused(subject, figure):
    with pytest.raises(UnknownFigureError):
        explain(figure, subject)
