"""Files that are wrong on purpose: each behaves as its line in the index says, and none leaves anything half done."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smartfolio_app.providers.csv import (
    ReadOptions,
    UnknownFormatError,
    UnreadableFileError,
    parse,
    read_table,
)
from tests.providers.csv.helpers import SAMPLES, answer, balances, codes, events, kinds, plain

pytestmark = pytest.mark.shared

HOSTILE = SAMPLES / "hostile"
LEFT = {"crypto:BTC": "-0.0001", "crypto:ETH": "1.5012", "fiat:EUR": "-4814.7"}


def hostile(name):
    return parse((HOSTILE / name).read_bytes(), name)


def test_the_reference_file():
    parsed = hostile("00_base.csv")
    assert parsed.format == "cointracking_trades"
    assert balances(parsed) == LEFT
    assert kinds(parsed) == {"trade": 3, "staking": 1, "withdrawal": 1}
    assert not parsed.rejected


@pytest.mark.parametrize(
    "name", ["01_semicolon.csv", "04_utf8_bom.csv", "14_reversed_dates.csv", "28_mixed_newlines.csv"]
)
def test_a_variant_is_the_same_five_events(name):
    parsed = hostile(name)
    assert events(parsed) == events(hostile("00_base.csv"))
    assert not parsed.rejected
    assert not parsed.suspected


def test_a_byte_order_mark_is_no_part_of_the_first_heading():
    assert read_table((HOSTILE / "04_utf8_bom.csv").read_bytes()).headers[0] == "Type"


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-32"]
)
def test_any_encoding_is_the_same_five_events(encoding):
    text = (HOSTILE / "00_base.csv").read_text()
    assert events(parse(text.encode(encoding))) == events(hostile("00_base.csv"))


def test_nul_bytes_do_not_change_the_five_events():
    data = (HOSTILE / "00_base.csv").read_bytes()
    parsed = parse(data.replace(b"Kraken", b"Kra\x00ken").replace(b"\n", b"\x00\n"))
    assert events(parsed) == events(hostile("00_base.csv"))
    assert "import.warn.nul_characters" in codes(parsed.warnings)


def test_a_bank_file_of_an_old_windows():
    name = "07_cp1252_french.csv"
    data = (HOSTILE / name).read_bytes()
    table = read_table(data)
    assert table.encoding == "cp1252"
    assert "é" in " ".join((*table.headers, *(cell for row in table.rows for cell in row.cells)))
    parsed = parse(data, name)
    changes = [
        plain(side.quantity * sign)
        for transaction in parsed.transactions
        for side, sign in ((transaction.received, 1), (transaction.sent, -1))
        if side is not None
    ]
    assert changes == ["-1234.56", "12.3", "1000"]
    assert "–" in "".join(transaction.note for transaction in parsed.transactions)


def test_thousands_with_dots_and_decimals_with_commas():
    assert balances(hostile("09_decimal_comma_thousands_dot.csv")) == {
        "crypto:BTC": "0.1",
        "crypto:DOGE": "1234.56",
        "fiat:EUR": "-4106.15",
    }


def test_scientific_notation_with_points_and_commas():
    parsed = hostile("12_scientific.csv")
    assert balances(parsed) == {"crypto:BTC": "0.00000015", "crypto:BONK": "4134324", "fiat:EUR": "-200.0025"}
    assert parsed.transactions[0].fee.quantity == Decimal("0.0025")


def test_identical_rows_are_all_kept_and_pointed_out():
    parsed = hostile("13_duplicate_rows.csv")
    assert len(parsed.transactions) == 5
    assert len(parsed.suspected) == 3
    assert parsed.suspected == [3, 5, 6]


def test_a_minus_before_a_fee_never_adds_it_to_the_balance():
    parsed = hostile("18_negative_fees.csv")
    assert balances(parsed)["fiat:EUR"] == plain(-Decimal(4000) - 6 - 3300 - Decimal("4.95"))
    (message,) = [message for message in parsed.warnings if message.code == "import.warn.sign_dropped"]
    assert message.params == {"count": 2}


def test_a_formula_in_a_text_stays_a_text():
    first, second = hostile("21_formula_injection.csv").transactions
    assert first.account == "=cmd|'/C calc'!A0"
    assert first.note == "+1+1|'x'"
    assert second.account.startswith("=HYPERLINK(")
    assert balances(hostile("21_formula_injection.csv")) == {"crypto:BTC": "0.2", "fiat:EUR": "-200"}


def test_a_file_cut_off_keeps_its_four_complete_rows():
    parsed = hostile("25_truncated.csv")
    assert len(parsed.transactions) == 4
    assert [message.params for message in parsed.warnings if message.code == "import.warn.truncated"] == [
        {"row": 6}
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [("26_html_instead_of_csv.csv", "import.html_page"), ("31_empty.csv", "import.empty_file")],
)
def test_what_is_no_table_is_refused_by_what_it_is(name, code):
    with pytest.raises(UnreadableFileError) as refused:
        hostile(name)
    assert refused.value.code == code


def test_quoted_newlines_keep_their_comment():
    parsed = hostile("29_quoted_newlines.csv")
    assert len(parsed.transactions) == 2
    assert parsed.transactions[0].note == 'line one\nline "two", with comma'


def test_headings_without_rows():
    parsed = hostile("34_header_only.csv")
    assert parsed.format == "cointracking_trades"
    assert (parsed.rows, parsed.transactions) == (0, [])
    assert codes(parsed.warnings) == ["import.warn.no_rows"]


def test_unknown_columns_are_asked_about_by_name():
    with pytest.raises(UnknownFormatError) as asked:
        hostile("36_unknown_columns.csv")
    assert asked.value.headers == ("foo", "bar", "baz")
    assert asked.value.params["headers"] == "foo, bar, baz"
    assert not asked.value.suggestion.complete


def test_doubled_headings_lose_no_column_and_are_asked_about():
    with pytest.raises(UnknownFormatError) as asked:
        hostile("38_duplicated_headers.csv")
    assert asked.value.headers == ("Date", "Amount", "Amount", "Currency", "Currency")
    suggestion = asked.value.suggestion
    assert {"total", "currency"} <= {*suggestion.ambiguous, *suggestion.missing}
    resolved = suggestion.assign("quantity", 1).assign("total", 2).assign("asset", 3).assign("currency", 4)
    parsed = parse((HOSTILE / "38_duplicated_headers.csv").read_bytes(), mapping=resolved)
    assert parsed.transactions


def test_the_workbook_with_every_kind_of_cell():
    parsed = hostile("53_xlsx_types.xlsx")
    assert [transaction.at for transaction in parsed.transactions] == [
        datetime(2024, 1, 5, 10, tzinfo=UTC),
        datetime(2024, 1, 6, 11, 30, tzinfo=UTC),
    ]
    assert parsed.rows == 2
    assert not parsed.rejected


def test_a_hostile_file_never_ends_in_anything_but_a_clear_answer():
    for path in sorted(HOSTILE.iterdir()):
        for options in (
            ReadOptions(),
            ReadOptions(delimiter=";"),
            ReadOptions(decimal=",", date_order="mdy"),
        ):
            parsed, code = answer(path.read_bytes(), path.name, options)
            reasons = [code] if code else [one.reason for one in parsed.rejected]
            assert all(reason.startswith("import.") for reason in reasons), path.name
