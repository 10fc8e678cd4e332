"""Numbers as people type them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from smartfolio_app.state.figures import Figures
from smartfolio_app.state.reading import read_number, write_number

ENGLISH = Figures(language="en")
FRENCH = Figures(language="fr")
SWISS = Figures(language="fr", style="1'234.56")


@pytest.mark.parametrize(
    ("text", "figures", "number"),
    [
        ("1234.5", ENGLISH, "1234.5"),
        ("1,234.50", ENGLISH, "1234.50"),
        ("1.234,50", ENGLISH, "1234.50"),
        ("1,234", ENGLISH, "1234"),
        ("1,5", ENGLISH, "1.5"),
        ("0,125", ENGLISH, "0.125"),
        ("1,234,567", ENGLISH, "1234567"),
        ("1,234", FRENCH, "1.234"),
        ("1.234", FRENCH, "1234"),
        ("1 234,56", FRENCH, "1234.56"),
        ("1\u202f234,56", FRENCH, "1234.56"),
        ("12,5", FRENCH, "12.5"),
        ("12.5", FRENCH, "12.5"),
        ("1'234.56", SWISS, "1234.56"),
        ("−3", ENGLISH, "-3"),
        (".5", ENGLISH, "0.5"),
        ("0.000000000000000001", ENGLISH, "0.000000000000000001"),
    ],
)
def test_a_number_is_read_as_its_writer_meant_it(text: str, figures: Figures, number: str) -> None:
    assert read_number(text, figures) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["", " ", "abc", "1e5", "NaN", "Infinity", "1..2", "1,2,3", "--1", "1 €", "٣x"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        read_number(text, ENGLISH)


def test_an_edited_number_comes_back_digit_for_digit() -> None:
    value = Decimal("1234567.000000000000000001")
    for figures in (ENGLISH, FRENCH, SWISS):
        assert read_number(write_number(value, figures), figures) == value
    assert write_number(None, ENGLISH) == ""
