"""Numbers, money and dates read as people of each language write them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.i18n import format as fmt

NOW = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "currency", "lang", "style", "text"),
    [
        ("-1234567.891", "EUR", "en", "language", "−€1,234,567.89"),
        ("-1234567.891", "EUR", "fr", "language", "−1\u202f234\u202f567,89\u00a0€"),
        ("12.3", "BTC", "en", "language", "₿12.30000000"),
        ("12.3", "CHF", "en", "language", "CHF\u00a012.30"),
        ("1234.4", "JPY", "en", "language", "¥1,234"),
        ("1234.5", "EUR", "en", "1'234.56", "€1’234.50"),
        ("1234.5", "EUR", "fr", "1,234.56", "1,234.50\u00a0€"),
        ("-0.001", "EUR", "en", "language", "€0.00"),
        (
            "123456789012345678901234567890.12",
            "EUR",
            "en",
            "language",
            "€123,456,789,012,345,678,901,234,567,890.12",
        ),
    ],
)
def test_money(value, currency, lang, style, text):
    assert fmt.money(Decimal(value), currency, lang, style) == text


def test_money_parts_cut_off_the_cents():
    assert fmt.money_parts(Decimal("1234.56"), "EUR", "fr") == fmt.MoneyParts("1\u202f234", ",56", "\u00a0€")
    assert fmt.money_parts(Decimal("1234.56"), "EUR", "en") == fmt.MoneyParts("€1,234", ".56", "")
    assert fmt.money_parts(Decimal(5), "JPY", "en") == fmt.MoneyParts("¥5", "", "")


def test_what_rounds_to_zero_has_no_sign():
    assert fmt.number(Decimal("-0.004"), "en") == "0.00"
    assert fmt.percent(Decimal("-0.0004"), "en", sign=True) == "0.0%"


def test_a_gain_can_carry_its_sign():
    assert fmt.money(Decimal("1.5"), "EUR", "en", sign=True) == "+€1.50"
    assert fmt.percent(Decimal("0.1234"), "en", sign=True) == "+12.3%"
    assert fmt.percent(Decimal("-0.1234"), "fr", sign=True) == "−12,3\u00a0%"
    assert fmt.money(Decimal(0), "EUR", "en", sign=True) == "€0.00"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.50", "1.5"),
        ("12345.678901234", "12,345.6789"),
        ("0.0000000012345", "0.000000001234"),
        ("0", "0"),
        ("-3", "−3"),
    ],
)
def test_quantities_keep_their_significant_digits(value, text):
    assert fmt.quantity(Decimal(value), "en") == text


def test_a_tiny_unit_price_is_never_written_as_zero():
    assert fmt.unit_price(Decimal("0.00001234"), "USD", "en") == "$0.00001234"
    assert fmt.unit_price(Decimal("65432.1"), "USD", "en") == "$65,432.10"


def test_dates_and_times_are_those_of_the_users_zone():
    assert fmt.moment(NOW, "fr", "Europe/Paris") == "2 mars 2026, 00:30"
    assert fmt.day(date(2026, 3, 1), "en") == "Mar 1, 2026"
    assert fmt.clock_or_day(NOW, "en", "UTC", now=NOW + timedelta(minutes=5)) == "23:30"
    assert fmt.clock_or_day(NOW, "en", "Europe/Paris", now=NOW + timedelta(days=1)) == "Mar 2, 2026"


def test_ages_are_told_in_words_and_never_lie_in_the_future():
    assert fmt.ago(NOW - timedelta(minutes=3), "fr", now=NOW) == "il y a 3 minutes"
    assert "second" in fmt.ago(NOW + timedelta(minutes=3), "en", now=NOW)


@pytest.mark.parametrize(
    ("size", "english", "french"),
    [
        (0, "0 kB", "0 ko"),
        (12, "1 kB", "1 ko"),
        (206_400, "206 kB", "206 ko"),
        (13_640_000, "13.6 MB", "13,6 Mo"),
        (25_000_000_000, "25.0 GB", "25,0 Go"),
    ],
)
def test_sizes_are_written_in_the_readers_units(size, english, french):
    assert fmt.size(size, "en") == english
    assert fmt.size(size, "fr").replace("\u202f", " ") == french
