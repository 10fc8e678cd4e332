"""Figures as text: what is not known says so, and privacy hides how much there is but not how it moves."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.analytics.results import Measure
from smartfolio_app.state.figures import HIDDEN, UNKNOWN, Figures, direction

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
OPEN = Figures(language="en", currency="EUR", time_zone="Europe/Paris", now=NOW)
PRIVATE = Figures(language="en", currency="EUR", privacy=True, now=NOW)


def test_what_is_not_known_is_a_dash_and_never_zero():
    assert {
        OPEN.money(None),
        OPEN.quantity(None),
        OPEN.price(None),
        OPEN.percent(None),
        OPEN.day(None),
        OPEN.moment(None),
        OPEN.ago(None),
        str(OPEN.parts(None)),
    } == {UNKNOWN}


def test_privacy_hides_amounts_and_quantities():
    assert PRIVATE.money(Decimal("1234.5")) == HIDDEN
    assert str(PRIVATE.parts(Decimal("1234.5"))) == HIDDEN
    assert PRIVATE.quantity(Decimal(3)) == HIDDEN


def test_privacy_leaves_what_tells_nothing_about_how_much_there_is():
    assert PRIVATE.percent(Decimal("0.031"), sign=True) == "+3.1%"
    assert PRIVATE.price(Decimal("61234.5")) == "€61,234.50"


def test_times_are_the_viewers():
    assert OPEN.moment(NOW) == "Nov 23, 2026, 15:05"
    assert OPEN.clock_or_day(NOW - timedelta(hours=1)) == "14:05"
    assert OPEN.clock_or_day(NOW - timedelta(days=2)) == "Nov 21, 2026"


@pytest.mark.parametrize(("value", "word"), [("1", "up"), ("-0.01", "down"), ("0", "flat"), (None, "none")])
def test_a_direction_has_a_word(value, word):
    assert direction(None if value is None else Decimal(value)) == word


@pytest.mark.parametrize(
    ("measure", "amount", "unit", "text"),
    [
        (Measure.MONEY, "12.5", "CHF", "CHF\u00a012.50"),
        (Measure.PRICE, "0.00001", "EUR", "€0.00001000"),
        (Measure.QUANTITY, "1.5", "BTC", "1.5\u00a0BTC"),
        (Measure.SHARE, "0.25", "", "25.0%"),
        (Measure.COUNT, "1200", "", "1,200"),
        (Measure.TEXT, None, "", "as told"),
        (Measure.MONEY, None, "EUR", UNKNOWN),
    ],
)
def test_an_explained_amount_is_written_by_its_measure(measure, amount, unit, text):
    value = None if amount is None else Decimal(amount)
    assert OPEN.measured(value, measure, unit, "as told") == text
