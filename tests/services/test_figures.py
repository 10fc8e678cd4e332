"""An arrow never says more than the figure beside it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from smartfolio_app.services.figures import Figures


@pytest.mark.parametrize(
    ("amount", "currency", "text", "way"),
    [
        ("0.004", "EUR", "€0.00", "flat"),
        ("-0.004", "EUR", "€0.00", "flat"),
        ("0.006", "EUR", "+€0.01", "up"),
        ("-0.006", "EUR", "−€0.01", "down"),
        ("0.4", "JPY", "¥0", "flat"),
        ("0.000001", "BTC", "+₿0.00000100", "up"),
    ],
)
def test_an_amount_that_is_written_as_nothing_has_no_arrow(amount, currency, text, way):
    figures = Figures(currency=currency)
    assert (figures.money(Decimal(amount), sign=True), figures.direction(Decimal(amount))) == (text, way)


@pytest.mark.parametrize(
    ("ratio", "decimals", "text", "way"),
    [
        ("0.0004", 1, "0.0%", "flat"),
        ("0.0004", 2, "+0.04%", "up"),
        ("-0.0006", 1, "−0.1%", "down"),
        ("-0.00004", 2, "0.00%", "flat"),
    ],
)
def test_a_rate_that_is_written_as_nothing_has_no_arrow(ratio, decimals, text, way):
    figures, value = Figures(), Decimal(ratio)
    shown = figures.percent(value, sign=True, decimals=decimals)
    assert (shown, figures.rate_direction(value, decimals=decimals)) == (text, way)


def test_what_is_not_known_has_no_way_to_go_and_hidden_amounts_keep_theirs():
    assert Figures().direction(None) == Figures().rate_direction(None) == "none"
    assert Figures(privacy=True).direction(Decimal(-5)) == "down"
    assert Figures().direction(Decimal("0.3"), decimals=0) == "flat"
