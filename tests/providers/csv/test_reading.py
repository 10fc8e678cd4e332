"""Bytes to a table: encodings, delimiters, newlines, what stands above the headings, and what is no table at all."""

import gzip
import json

import pytest

from smartfolio_app.providers.csv import ReadOptions, UnreadableFileError, parse, read_table
from smartfolio_app.providers.csv.limits import MAX_COLUMNS
from tests.providers.csv.helpers import balances, codes, read

TEXT = "Datum;Währung;Betrag\n05.01.2024;Zürich – Ünïcode;1,5\n06.01.2024;plain;2,5\n"
TRADES = (
    '"Type","Buy","Cur.","Sell","Cur.","Fee","Cur.","Exchange","Group","Comment","Date"\n'
    '"Trade","0.1","BTC","4000.00","EUR","6.00","EUR","Kraken","","été – über","05.01.2024 10:00:00"\n'
    '"Staking","0.2","ETH","","","","","Kraken","","","06.01.2024 11:30:00"\n'
)
WANTED = {"crypto:BTC": "0.1", "crypto:ETH": "0.2", "fiat:EUR": "-4006"}


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
def test_encodings_are_found_out(encoding, told):
    table = read_table(TEXT.encode(encoding))
    assert table.headers == ("Datum", "Währung", "Betrag")
    assert table.rows[0].cells[1] == "Zürich – Ünïcode"
    assert table.encoding == told
    assert table.delimiter == ";"


def test_a_byte_order_mark_is_no_part_of_the_first_heading():
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe"):
        body = TRADES.encode("utf-16-le" if mark == b"\xff\xfe" else "utf-8")
        assert read_table(mark + body).headers[0] == "Type"


def test_bytes_that_windows_1252_does_not_have_are_read_as_latin_1_and_said():
    data = "Date;Libellé;Montant\n05/01/2024;caf\x81é;1,5\n".encode("latin-1")
    table = read_table(data)
    assert table.headers[1] == "Libellé"
    assert codes(table.warnings) == ["import.warn.encoding_guessed"]


def test_the_encoding_can_be_said():
    data = "Дата;Сумма\n05.01.2024;1,5\n".encode("cp1251")
    assert read_table(data, options=ReadOptions(encoding="cp1251")).headers == ("Дата", "Сумма")


@pytest.mark.parametrize(("encoding", "code"), [("utf-8", "wrong_encoding"), ("klingon", "unknown_encoding")])
def test_a_wrong_or_unknown_encoding_is_said(encoding, code):
    with pytest.raises(UnreadableFileError) as refused:
        read_table("Libellé;x\n1;2\n".encode("cp1252"), options=ReadOptions(encoding=encoding))
    assert refused.value.code == f"import.{code}"
    assert refused.value.params == {"encoding": encoding}


def test_a_codec_that_is_no_text_encoding_is_refused():
    for name in ("zlib_codec", "base64", "rot13", "idna", "unicode_escape", "undefined"):
        with pytest.raises(UnreadableFileError):
            read_table(b"a;b\n1;2\n", options=ReadOptions(encoding=name))


def test_nul_characters_are_left_out_and_said():
    parsed = read(TRADES.replace("BTC", "B\x00TC\x00").encode())
    assert balances(parsed) == WANTED
    assert parsed.warnings[0].code == "import.warn.nul_characters"
    assert parsed.warnings[0].params == {"count": 2}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found_out(delimiter):
    table = read_table(TRADES.replace(",", delimiter).encode())
    assert table.delimiter == delimiter
    assert len(table.headers) == 11


def test_a_delimiter_inside_quotes_or_numbers_does_not_count():
    table = read_table(b'Name;Amount\n"a, b, c";1,5\n"d, e, f";2,5\n"g, h";3,5\n')
    assert table.headers == ("Name", "Amount")
    assert table.rows[0].cells == ["a, b, c", "1,5"]


def test_the_delimiter_can_be_said():
    assert read_table(b"a,b;c\n1,2;3\n", options=ReadOptions(delimiter=",")).headers == ("a", "b;c")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_newlines_are_all_understood(newline):
    assert balances(read(TRADES.replace("\n", newline))) == WANTED


def test_newlines_may_be_mixed_and_lines_blank():
    head, trade, staking, _ = TRADES.split("\n")
    parsed = read(f"{head}\r\n\n{trade}\r\n \r\n\r{staking}")
    assert balances(parsed) == WANTED
    assert [transaction.row for transaction in parsed.transactions] == [3, 6]


def test_quoted_cells_hold_newlines_quotes_and_delimiters():
    parsed = read(TRADES.replace("été – über", 'line one\nline ""two"", with comma'))
    assert parsed.transactions[0].note == 'line one\nline "two", with comma'
    assert [transaction.row for transaction in parsed.transactions] == [2, 4]


def test_a_file_may_end_without_a_newline():
    assert balances(read(TRADES.rstrip("\n"))) == WANTED


def test_doubled_headings_stay_apart_by_position():
    table = read_table(b"Date,Amount,Amount,Currency,Currency\n2024-01-05,1.5,3000,ETH,EUR\n")
    assert table.headers == ("Date", "Amount", "Amount", "Currency", "Currency")
    assert table.rows[0].cells == ["2024-01-05", "1.5", "3000", "ETH", "EUR"]


def test_what_stands_above_the_headings_is_passed_over():
    preamble = "Report of account 123\n\nFrom;01.01.2024\nTo;31.12.2024\n\n"
    table = read_table((preamble + TEXT).encode())
    assert table.headers == ("Datum", "Währung", "Betrag")
    assert table.header_line == 6
    assert len(table.rows) == 2
    assert len(table.records) == 6


def test_known_headings_are_found_below_a_preamble():
    assert balances(read("Some title\nmade, today, for, you\n\n" + TRADES)) == WANTED


def test_a_table_without_headings_gets_numbered_ones_and_says_so():
    table = read_table(b"2024-01-05,10,5.5\n2024-01-06,11,6.5\n")
    assert table.headers == ("Column 1", "Column 2", "Column 3")
    assert len(table.rows) == 2
    assert codes(table.warnings) == ["import.warn.no_headings"]


@pytest.mark.parametrize("cut", ['"Tra', '"Trade","0.1","BT', '"Trade","0.1","BTC","40'])
def test_a_file_cut_off_keeps_its_complete_rows_and_says_so(cut):
    parsed = read(TRADES + cut)
    assert balances(parsed) == WANTED
    told = [message for message in parsed.warnings if message.code == "import.warn.truncated"]
    assert [message.params for message in told] == [{"row": 4}]


def test_a_file_cut_inside_a_character_says_so():
    data = (TRADES + '"Staking","0.2","ETH","","","","","Kraken","","é').encode()[:-1]
    parsed = read(data)
    assert balances(parsed) == WANTED
    assert "import.warn.truncated" in codes(parsed.warnings)


def test_a_wide_file_cut_inside_a_character_says_so():
    parsed = read(TRADES.encode("utf-16-le")[:-1])
    assert "import.warn.truncated" in codes(parsed.warnings)
    assert balances(parsed) == WANTED


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b" \r\n\t\n", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (b"\x00\x00\x00", "empty_file"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "html_page"),
        (b"  \n<html lang=en><head></head></html>", "html_page"),
        (b"<table><tr><td>1</td></tr></table>", "html_page"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "pdf_file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "image_file"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image_file"),
        (gzip.compress(b"a;b\n1;2\n", mtime=0), "compressed_file"),
        (b"BZh91AY&SY" + b"\x00" * 20, "compressed_file"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "compressed_file"),
        (b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)), "binary_file"),
        (bytes(range(256)) * 8, "binary_file"),
        (b"SQLite format 3\x00" + b"\x10\x00\x01\x01" * 50, "binary_file"),
        (b"just a sentence without any columns", "not_a_table"),
        (b"{broken json", "damaged_json"),
        (b"[" * 100_000, "damaged_json"),
        (b"<a><b></a>", "damaged_xml"),
        (b"<a>" * 100, "damaged_xml"),
    ],
)
def test_what_is_no_table_is_said_by_what_it_is(data, code):
    with pytest.raises(UnreadableFileError) as refused:
        read_table(data)
    assert refused.value.code == f"import.{code}"


@pytest.mark.parametrize(
    ("data", "code"), [(b'{"a": 1}', "json_file"), (b"<feed><entry/></feed>", "xml_file")]
)
def test_a_document_of_an_unknown_kind_is_said(data, code):
    with pytest.raises(UnreadableFileError) as refused:
        parse(data)
    assert refused.value.code == f"import.{code}"


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a/>',
    ],
)
def test_xml_with_entities_is_never_expanded(document):
    with pytest.raises(UnreadableFileError) as refused:
        read_table(document.encode())
    assert refused.value.code == "import.xml_entities"


def test_json_numbers_stay_exact():
    document = read_table(
        json.dumps({"a": 1}).replace("1", "0.1000000000000000055511151231257827").encode()
    ).document
    assert str(document["a"]) == "0.1000000000000000055511151231257827"


def test_far_too_many_columns_are_refused():
    line = ",".join("x" for _ in range(MAX_COLUMNS + 5))
    with pytest.raises(UnreadableFileError) as refused:
        read_table(f"{line}\n{line}\n".encode())
    assert refused.value.code == "import.too_many_columns"
    assert refused.value.params["row"] == 1


def test_far_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr("smartfolio_app.providers.csv.delimited.MAX_ROWS", 50)
    with pytest.raises(UnreadableFileError) as refused:
        read_table(b"a;b\n" + b"1;2\n" * 60)
    assert refused.value.code == "import.too_many_rows"


def test_headings_alone_are_a_file_without_rows():
    parsed = read(TRADES.splitlines()[0])
    assert parsed.rows == 0
    assert parsed.transactions == []
    assert codes(parsed.warnings) == ["import.warn.no_rows"]


def test_a_row_with_a_delimiter_too_many_is_refused_and_the_others_are_kept():
    parsed = read(TRADES + '"Staking","0.2","ETH","","","","","Kraken","","a","b","06.01.2024 11:30:00"\n')
    assert balances(parsed) == WANTED
    assert [(one.row, one.reason, one.params) for one in parsed.rejected] == [
        (4, "import.reject.column_count", {"row": 4, "found": 12, "expected": 11})
    ]
