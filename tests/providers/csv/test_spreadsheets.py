"""Workbooks: real dates, numbers as text, formulas, hidden sheets, and archives that are meant to hurt."""

import io
import zipfile
from datetime import UTC, datetime

import pytest

from smartfolio_app.providers.csv import ReadOptions, UnreadableFileError, claims, parse, read_table
from smartfolio_app.providers.csv.archive import inspect
from tests.providers.csv.helpers import balances, codes, described, kinds
from tests.providers.csv.workbooks import lying, open_document, open_document_of, repacked, workbook

HEADINGS = ["Type", "Buy", "Cur.", "Sell", "Cur.", "Fee", "Cur.", "Exchange", "Group", "Comment", "Date"]
TRADE = ["Trade", 0.1, "BTC", "4000,5", "EUR", None, None, "Kraken", None, None, datetime(2024, 1, 5, 10)]  # noqa: DTZ001
STAKING = ["Staking", 0.2, "ETH", None, None, None, None, "Kraken", None, None, 45297.4791666667]
SHEET = "xl/worksheets/sheet1.xml"


def refused(data, options=None):
    with pytest.raises(UnreadableFileError) as error:
        read_table(data, options=options)
    return error.value.code


def test_real_dates_day_numbers_and_numbers_as_text():
    parsed = parse(workbook(HEADINGS, TRADE, STAKING))
    assert parsed.format == "cointracking_trades"
    assert [transaction.at for transaction in parsed.transactions] == [
        datetime(2024, 1, 5, 10, tzinfo=UTC),
        datetime(2024, 1, 6, 11, 30, tzinfo=UTC),
    ]
    assert balances(parsed) == {"crypto:BTC": "0.1", "crypto:ETH": "0.2", "fiat:EUR": "-4000.5"}
    assert [transaction.row for transaction in parsed.transactions] == [2, 3]


def test_numbers_come_as_they_were_typed_and_not_as_their_binary_neighbours():
    table = read_table(workbook(["a", "b", "c", "d"], [0.1, 1e-8, 12345678.0, 1e22]))
    assert table.rows[0].cells == ["0.1", "1e-08", "12345678", "1e+22"]


def test_hidden_sheets_are_ignored_and_other_sheets_are_named():
    secret = [
        ("Hidden", "hidden", [HEADINGS, TRADE, TRADE, TRADE]),
        ("Very", "veryHidden", [HEADINGS, TRADE]),
    ]
    parsed = parse(workbook(HEADINGS, TRADE, hidden=secret))
    assert len(parsed.transactions) == 1
    assert "import.warn.other_sheets" not in codes(parsed.warnings)
    visible = [("Summary", "visible", [["Total", 1]])]
    data = workbook(HEADINGS, TRADE, title="Trades", hidden=visible)
    parsed = parse(data)
    (message,) = [message for message in parsed.warnings if message.code == "import.warn.other_sheets"]
    assert message.params == {"sheet": "Trades", "count": 1}
    assert read_table(data, options=ReadOptions(sheet="Summary")).rows[0].cells == ["Total", "1"]
    assert refused(data, ReadOptions(sheet="Other")) == "import.sheet_not_found"
    assert refused(workbook(HEADINGS, hidden=secret), ReadOptions(sheet="Hidden")) == "import.sheet_not_found"


def test_a_formula_counts_with_its_last_result_and_is_told():
    data = workbook(HEADINGS, TRADE)

    def cached(sheet):
        return sheet.replace(b'<c r="B2" t="n"><v>0.1</v></c>', b'<c r="B2"><f>SUM(1,2)/30</f><v>0.1</v></c>')

    parsed = parse(repacked(data, {SHEET: cached}))
    assert balances(parsed)["crypto:BTC"] == "0.1"
    (message,) = [message for message in parsed.warnings if message.code == "import.warn.formula_cells"]
    assert message.params == {"count": 1}


def test_a_formula_that_was_never_computed_is_text_and_not_a_zero():
    parsed = parse(workbook(HEADINGS, TRADE, formulas={"B2": "=1+1"}))
    assert parsed.transactions == []
    assert [(one.reason, one.params["value"]) for one in parsed.rejected] == [
        ("import.reject.not_a_number", "=1+1")
    ]
    assert {"import.warn.formula_cells", "import.warn.formulas_without_value"} <= set(codes(parsed.warnings))


def test_an_empty_workbook_or_one_without_a_visible_sheet():
    assert refused(workbook()) == "import.empty_file"
    only_hidden = repacked(
        workbook(HEADINGS),
        {"xl/workbook.xml": lambda text: text.replace(b'state="visible"', b'state="hidden"')},
    )
    assert refused(only_hidden) == "import.no_sheet"


def test_open_document_sheets_are_read():
    text = "string", "", "{}"
    head = [(text[0], text[1], name) for name in ("Date", "Symbol", "Quantity", "Price", "Currency", "Type")]
    row = [
        ("date", 'office:date-value="2024-01-05T10:00:00"', "05.01.24"),
        ("string", "", "EXMP"),
        ("float", 'office:value="2.5"', "2,5"),
        ("float", 'office:value="10"', "10"),
        ("string", "", "EUR"),
        ("string", "", "Buy"),
    ]
    parsed = parse(open_document([head, row]))
    assert balances(parsed) == {"fiat:EUR": "-25", "stock:EXMP": "2.5"}
    assert parsed.transactions[0].at == datetime(2024, 1, 5, 10, tzinfo=UTC)


def test_the_binance_trade_history_workbook():
    rows = [
        ["Date(UTC)", "Market", "Type", "Price", "Amount", "Total", "Fee", "Fee Coin"],
        ["2018-01-02 10:00:00", "ETHBTC", "BUY", "0.05", "2", "0.1", "0.002", "ETH"],
        ["2018-01-03 10:00:00", "BNBETH", "SELL", "0.01", "30", "0.3", "0.05", "BNB"],
    ]
    data = workbook(*rows)
    assert claims(read_table(data)) == ["binance_trades"]
    told = described(parse(data))
    assert told["balances"] == {"crypto:ETH": "2.298", "crypto:BTC": "-0.1", "crypto:BNB": "-30.05"}
    assert told["warnings"] == ["cash_not_in_file"]


def test_the_degiro_workbook_has_the_columns_of_the_csv():
    heads = [
        "Date",
        "Time",
        "Product",
        "ISIN",
        "Reference exchange",
        "Venue",
        "Quantity",
        "Price",
        "",
        "Local value",
        "",
        "Value",
        "",
        "Exchange rate",
        "Transaction and/or third",
        "",
        "Total",
        "",
        "Order ID",
    ]
    row = ["26-10-2022", "15:30", "EXAMPLE SE", "DE0000000001", "XET", "XETA", 30, 97, "EUR", -2910, "EUR", -2910,
           "EUR", None, -2.5, "EUR", -2912.5, "EUR", "a-1"]  # fmt: skip
    parsed = parse(workbook(heads, row))
    assert parsed.format == "degiro_transactions"
    assert balances(parsed) == {"stock:DE0000000001": "30", "fiat:EUR": "-2912.5"}
    assert kinds(parsed) == {"trade": 1}


# ------------------------------------------------------------------------------------------- meant to hurt


def bomb(size):
    """An .xlsx whose one sheet unpacks to ``size`` bytes of nothing."""
    return repacked(workbook(HEADINGS, TRADE), {SHEET: b"<worksheet>" + b" " * size + b"</worksheet>"})


def test_a_zip_bomb_is_refused_by_its_directory_before_anything_is_unpacked(monkeypatch):
    data = bomb(16 * 1024 * 1024)
    assert len(data) < 200_000
    monkeypatch.setattr(zipfile.ZipFile, "read", None)
    monkeypatch.setattr("smartfolio_app.providers.csv.archive._inflate", None)
    assert refused(data) == "import.archive_too_large"


def test_many_parts_that_are_large_together_are_refused(monkeypatch):
    monkeypatch.setattr("smartfolio_app.providers.csv.archive.MAX_UNPACKED", 10_000_000)
    parts = {f"xl/media/image{number}.bin": b"\x00" * 3_000_000 for number in range(5)}
    assert refused(repacked(workbook(HEADINGS, TRADE), parts)) == "import.archive_too_large"


def test_a_directory_that_lies_about_a_size_is_found_out():
    data = lying(bomb(8 * 1024 * 1024), SHEET, 2000)
    assert refused(data) == "import.archive_too_large"


def test_an_archive_inside_an_archive_is_no_workbook():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("inner.zip", bomb(1024))
    assert refused(stream.getvalue()) == "import.zip_file"


@pytest.mark.parametrize(
    ("name", "code"), [("trades.csv", "import.zip_file"), ("Index/Document.iwa", "import.numbers_file")]
)
def test_an_archive_that_is_no_workbook_is_said(name, code):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "a;b\n1;2\n")
    assert refused(stream.getvalue()) == code


def test_entities_in_a_workbook_are_never_expanded():
    entities = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    data = repacked(workbook(HEADINGS, TRADE), {SHEET: lambda sheet: entities + sheet})
    assert refused(data) == "import.xml_entities"
    data = repacked(workbook(HEADINGS, TRADE), {"xl/sharedStrings.xml": entities + b"<sst/>"})
    assert refused(data) == "import.xml_entities"


def test_one_filled_cell_in_the_far_corner_does_not_fill_the_memory():
    def far(sheet):
        return sheet.replace(
            b"</row></sheetData>", b'</row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
        )

    assert refused(repacked(workbook(HEADINGS, TRADE), {SHEET: far})) == "import.sheet_too_large"


def test_a_repeated_cell_of_an_open_document_does_not_fill_the_memory():
    cell = '<table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="{}"/>'
    wide = f"<table:table-row>{cell.format(900_000_000)}</table:table-row>"
    tall = f'<table:table-row table:number-rows-repeated="900000000">{cell.format(2)}</table:table-row>'
    assert refused(open_document_of(wide)) == "import.sheet_too_large"
    assert refused(open_document_of(tall)) == "import.sheet_too_large"


@pytest.mark.parametrize("size", [10, 200, 1000, 3000])
def test_a_workbook_that_was_cut_off_is_damaged(size):
    assert refused(workbook(HEADINGS, TRADE)[:size]) in {"import.damaged_archive", "import.damaged_workbook"}


def test_a_workbook_of_rubbish_is_damaged():
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 4096) == "import.damaged_workbook"
    broken = repacked(workbook(HEADINGS, TRADE), {SHEET: b"<worksheet><sheetData><row"})
    assert refused(broken) == "import.damaged_workbook"


def test_a_protected_workbook_is_said_to_be_protected():
    data = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 4096)
    data[1024:1056] = "EncryptedPackage".encode("utf-16-le")
    assert refused(bytes(data)) == "import.password_protected"
    zipped = bytearray(workbook(HEADINGS, TRADE))
    position = zipped.find(b"PK\x01\x02")
    zipped[position + 8] |= 1
    assert refused(bytes(zipped)) == "import.password_protected"


def test_what_an_honest_workbook_holds_is_told():
    found = inspect(workbook(HEADINGS, TRADE, formulas={"B2": "=1+1"}))
    assert found.family == "xlsx"
    assert found.formulas == {"B2": "1+1"}
