"""Numbers: every way of writing them, and never a guess."""

import string
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartfolio_app.providers.csv.base import RowError
from smartfolio_app.providers.csv.numbers import UNKNOWN, Style, detect, is_empty, parse, parse_with_unit
from tests.providers.csv.helpers import attempt

REASON = "import.reject."
POINT, COMMA = Style(".", evident=True), Style(",", evident=True)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"),
        ("-0.5", "-0.5"),
        ("12", "12"),
        ("1234.56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1\u202f234\u202f567,8", "1234567.8"),
        ("1'234.56", "1234.56"),
        ("1’234’567.89", "1234567.89"),
        ("12,34,567.89", "1234567.89"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("3843,208.00000000", "3843208"),
        ("0,123", "0.123"),
        ("0.123", "0.123"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1.5E-7", "0.00000015"),
        ("1,00E+02", "100"),
        ("2.5e-03", "0.0025"),
        ("4.134324E+6", "4134324"),
        ("0E-8", "0"),
        ("−1,5", "-1.5"),
        ("–1.5", "-1.5"),
        ("(1,234.56)", "-1234.56"),
        ("1,234.56-", "-1234.56"),
        ("+7.5", "7.5"),
        ("$1,000.00", "1000"),
        ("-$30.93", "-30.93"),
        ("$-30.93", "-30.93"),
        ("€0.12649", "0.12649"),
        ("516 USD", "516"),
        ("5 207 USD", "5207"),
        ("3,00 €", "3"),
        ("CHF 1'250.00", "1250"),
        ("0,06%", "0.06"),
        ("45.44 %", "45.44"),
        ("2.00000000 ETH", "2"),
        ("0.00000001", "0.00000001"),
        ("123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"),
    ],
)
def test_a_number_is_read_exactly(text, number):
    assert parse(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    ["abc", "12 34", "1.2.3", "1,2,3", "1,234.567.8", "--5", "(-5)-", "5 USD EUR", "0x10", "1/2", "12:30", "=1+1", "∞",
     "1e", "٣", "1_000", "", " ", "NaN", "Infinity", "sNaN", "€", "1 2345"],
)  # fmt: skip
def test_what_is_no_number_is_refused(text):
    with pytest.raises(RowError) as refused:
        parse(text)
    assert refused.value.reason == "import.reject.not_a_number"


@pytest.mark.parametrize("text", ["1E+999999", "1e-99999", "1e41", "9" * 60, "5" * 201, "0." + "1" * 60])
def test_no_amount_is_that_large_or_that_small(text):
    with pytest.raises(RowError) as refused:
        parse(text)
    assert refused.value.reason in {"import.reject.number_out_of_range", "import.reject.not_a_number"}


@pytest.mark.parametrize("text", ["1,234", "12.345", "-123,456", "€1.234", "1,234 USD"])
def test_a_thousand_or_a_fraction_is_asked_and_not_guessed(text):
    with pytest.raises(RowError) as refused:
        parse(text)
    assert refused.value.reason == "import.reject.ambiguous_number"
    assert refused.value.params["value"] == text


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [("1,234", "1234", "1.234"), ("12.345", "12.345", "12345"), ("-1.000", "-1", "-1000")],
)
def test_its_column_settles_a_thousand_or_a_fraction(text, point, comma):
    assert parse(text, POINT) == Decimal(point)
    assert parse(text, COMMA) == Decimal(comma)


def test_a_style_that_is_only_usual_does_not_make_a_thousand():
    usual = Style(".")
    assert parse("1.234", usual) == Decimal("1.234")
    with pytest.raises(RowError):
        parse("1,234", usual)


@pytest.mark.parametrize(
    ("cells", "style"),
    [
        (["1,234", "5.5"], POINT),
        (["1.234", "5,5"], COMMA),
        (["1.234,56"], COMMA),
        (["1,234.56"], POINT),
        (["1.234.567"], COMMA),
        (["1 234,5"], COMMA),
        (["0.123"], POINT),
        (["1,234"], UNKNOWN),
        (["12", ""], UNKNOWN),
        (["1.5", "2,5"], UNKNOWN),
        ([], UNKNOWN),
    ],
)
def test_a_column_proves_its_style_or_nothing(cells, style):
    assert detect(cells) == style


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("516 USD", "USD"),
        ("$5", "$"),
        ("5€", "€"),
        ("5", ""),
        ("0,06%", "%"),
        ("2.0 BTC", "BTC"),
        ("-£3.20", "£"),
    ],
)
def test_the_unit_is_kept(text, unit):
    assert parse_with_unit(text)[1] == unit


@pytest.mark.parametrize("text", ["", " ", "-", "–", "n/a", "N/A", "null", "Not available"])
def test_a_cell_can_be_empty_on_purpose(text):
    assert is_empty(text)


def test_zero_is_not_empty():
    assert not is_empty("0")


amounts = st.decimals(
    min_value=Decimal("-1e15"), max_value=Decimal("1e15"), places=8, allow_nan=False, allow_infinity=False
)


def written(number, group, point):
    """``number`` in a locale's style."""
    whole, _, fraction = format(abs(number), "f").partition(".")
    groups = []
    while whole:
        groups.insert(0, whole[-3:])
        whole = whole[:-3]
    return ("-" if number < 0 else "") + group.join(groups) + (point + fraction if fraction else "")


@given(
    amounts,
    st.sampled_from(
        [
            (",", "."),
            (".", ","),
            (" ", ","),
            ("\u00a0", ","),
            ("\u202f", "."),
            ("'", "."),
            ("", "."),
            ("", ","),
        ]
    ),
)
def test_every_amount_survives_every_style(number, style):
    assert parse(written(number, *style)) == number


@given(st.lists(amounts, min_size=1, max_size=20), st.sampled_from([(",", "."), (".", ",")]))
def test_a_column_in_one_style_is_read_whole(numbers, style):
    cells = [written(number, *style) for number in numbers]
    found = detect(cells)
    assert [parse(cell, found) for cell in cells] == numbers


@given(st.integers(-999_999, 999_999), st.sampled_from([",", "."]))
def test_a_whole_number_of_thousands_is_never_read_as_a_fraction_by_chance(number, group):
    read, reason = attempt(parse, written(Decimal(number), group, "."))
    assert read == number if reason is None else reason == "import.reject.ambiguous_number"


@given(st.text(alphabet=string.digits + ".,' -+eE%$€()USD\u00a0", max_size=30))
def test_any_text_is_a_sensible_number_or_refused_with_a_reason(text):
    number, reason = attempt(parse, text)
    assert (
        (number.is_finite() and abs(number) < Decimal("1e42"))
        if reason is None
        else reason.startswith(REASON)
    )


@given(st.text(max_size=60))
def test_text_of_any_alphabet_never_breaks_the_reader(text):
    number, reason = attempt(parse, text)
    assert number.is_finite() if reason is None else reason.startswith(REASON)
